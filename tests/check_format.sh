#!/usr/bin/env bash
# Every C file is as .clang-format has it.
set -uo pipefail
cd "$(dirname "$0")/.."
files=$(git ls-files '*.c' '*.h' | grep -v '_table\.h$')
[[ -n $files ]] || exit 0
# shellcheck disable=SC2086 # file names of ours
if ! report=$(clang-format --dry-run -Werror $files 2>&1); then
    grep 'error:' <<<"$report" | cut -d: -f1 | sort | uniq -c
    echo "format: run clang-format -i on these files"
    exit 1
fi
echo "format: fine"
