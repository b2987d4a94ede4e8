#!/usr/bin/env bash
# Prometheus takes its settings; every alert fires when it should (tests/prometheus); rules and dashboard ask
# only for metrics, labels and label values that common/rt/metrics_table.h has; and their queries are PromQL.
set -uo pipefail
cd "$(dirname "$0")/.."
bad=0
run() {
    local out
    out=$("$@" 2>&1) || { printf '%s\n' "$out"; bad=1; }
}
run promtool check config deploy/prometheus/prometheus.yml
run promtool test rules tests/prometheus/alerts.yml
run /usr/bin/python3 tests/lib/metrics_used.py common/rt/metrics_table.h deploy/prometheus/alerts.yml \
    deploy/grafana/provisioning/dashboards/verona.json
((bad == 0)) && echo "monitoring: fine"
exit $bad
