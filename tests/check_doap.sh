#!/usr/bin/env bash
# verona.doap is well-formed XML and says what README.md's table of XEPs says.   --write makes it anew.
# (tests/e2e/test_doap.py compares the table with what a running cluster advertises.)
set -uo pipefail
cd "$(dirname "$0")/.."
exec /usr/bin/python3 -B tests/lib/doap.py "$@"
