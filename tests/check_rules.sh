#!/usr/bin/env bash
# tests/rules.txt is in order, and tests name no rule that it does not have.
set -uo pipefail
cd "$(dirname "$0")/.."
/usr/bin/python3 -B tests/list_rules.py --check || { echo "rules: mend the id, or add the rule to tests/rules.txt"; exit 1; }
echo "rules: fine"
