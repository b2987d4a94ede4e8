"""metrics_used.py TABLE FILE...: do rules (.yml) and dashboards (.json) ask for what there is?

TABLE is common/rt/metrics_table.h. Names, labels in braces and their values are looked up in it; each query of a
dashboard is given to promtool, and each panel must name the datasource that is provisioned.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
           "process_open_fds", "process_max_fds", "process_start_time_seconds"}
OF_PROMETHEUS = {"job", "instance", "le"}


def table(path):
    """Name of a series -> {label: values}, histograms under their three names."""
    text = re.sub(r"\\\n", " ", open(path).read())
    lists = {}
    for name, body in re.findall(r"#define (ML_\w+)\s+(.*)", text):
        lists[name] = strings(body, lists)
    found = {"up": {}, "verona_build_info": {}, **{name: {} for name in PROCESS}}
    row = r'X\(METRIC_\w+, "(\w+)", (\w+), "\w+", ((?:"[^"]*"|ML_\w+|\s)+),'
    for name, kind, labels in re.findall(row, text):
        label_values = {}
        for part in filter(None, strings(labels, lists).split(";")):
            label, values = part.split(":", 1)
            label_values[label] = set(values.split(","))
        for end in ("_bucket", "_sum", "_count") if kind.startswith("HISTOGRAM") else ("",):
            found["verona_" + name + end] = label_values
    return found


def strings(tokens, lists):
    return "".join(lists[name] if name else text
                   for text, name in re.findall(r'"([^"]*)"|(ML_\w+)', tokens))


def faults(query, known):
    for name, selector in re.findall(r"\b(verona_\w+|process_\w+|up)\b(\{[^}]*\})?", query):
        if name not in known:
            yield "no metric " + name
            continue
        for label, sign, values in re.findall(r'(\w+)\s*(=~|!=|!~|=)\s*"([^"]*)"', selector):
            if label in OF_PROMETHEUS:
                continue
            if label not in known[name]:
                yield "%s has no label %s" % (name, label)
                continue
            for value in values.split("|") if "~" in sign else [values]:
                if value not in known[name][label]:
                    yield "%s: %s is never %s" % (name, label, value)
    names = {name for name in re.findall(r"\bverona_\w+", query) if name in known}
    allowed = OF_PROMETHEUS.union(*[known[name] for name in names])
    for label in re.findall(r"\w+", " ".join(re.findall(r"\bby \(([^)]*)\)", query))):
        if label not in allowed:
            yield "grouped by %s, which nothing in it has" % label


def panels(dashboard):
    for panel in dashboard["panels"]:
        yield from panels(panel) if panel.get("panels") else [panel]


def dashboard_queries(path):
    folder = os.path.dirname(os.path.dirname(path))
    uid = re.search(r"uid: ([\w-]+)", open(os.path.join(folder, "datasources/prometheus.yml")).read())[1]
    for panel in panels(json.load(open(path))):
        for target in panel.get("targets", []):
            where = "%s: %s" % (os.path.basename(path), panel["title"])
            if {panel["datasource"]["uid"], target["datasource"]["uid"]} != {uid}:
                sys.exit(where + ": another datasource than " + uid)
            yield where, target["expr"].replace("$__rate_interval", "1m")


def rule_queries(path):
    """The expressions, and nothing of annotations; promtool has read the file already."""
    for block in re.split(r"^ *- alert: ", open(path).read(), flags=re.M)[1:]:
        expr = re.search(r"^ *expr: (?:>-)?(.*?)^ *(?:for|labels):", block, re.M | re.S)[1]
        yield "%s: %s" % (os.path.basename(path), block.split()[0]), " ".join(expr.split())


def promql_faults(queries):
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": [{"name": "all", "rules": [
            {"record": "query_%d" % n, "expr": query} for n, (_, query) in enumerate(queries)]}]}, file)
        file.flush()
        done = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
        return [] if done.returncode == 0 else [done.stdout + done.stderr]


def main(header, *files):
    known, queries = table(header), []
    if len(known) < 60:
        sys.exit("%s: only %d metrics could be read" % (header, len(known)))
    for path in files:
        queries += dashboard_queries(path) if path.endswith(".json") else rule_queries(path)
    wrong = ["%s: %s" % (where, fault) for where, query in queries for fault in faults(query, known)]
    wrong += promql_faults(queries)
    if wrong or not queries:
        sys.exit("\n".join(wrong) or "no query was found")


if __name__ == "__main__":
    main(*sys.argv[1:])
