#!/usr/bin/env bash
# README.md's table of settings is the one in common/rt/config_table.h.   --write brings it up to date.
# docker-compose.yml passes each of them on, but for those that it decides itself (.env.example says which).
set -uo pipefail
cd "$(dirname "$0")/.."
table() {
    echo '| setting | default | for | what |'
    echo '|---|---|---|---|'
    sed -nE 's/^ *X\(CFG_[A-Z0-9_]+, "([^"]+)", ([A-Z]+), "([^"]*)", "([GSC]+)", "(.*)"\) *\\?$/\1\x1f\3\x1f\4\x1f\5/p' \
        common/rt/config_table.h |
        while IFS=$'\x1f' read -r key default roles help; do
            roles=$(sed 's/G/gateway /;s/S/shard /;s/C/verona /;s/ $//;s/ /, /g' <<<"$roles")
            echo "| \`$key\` | ${default:+\`$default\`} | $roles | $help |"
        done
}
wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT
awk -v table="$(table | sed 's/\\/\\\\/g')" '
    /<!-- settings -->/ {print; print ""; print table; print ""; skip = 1; next}
    /<!-- \/settings -->/ {skip = 0}
    !skip' README.md >"$wanted"
if [[ ${1-} == --write ]]; then
    cat "$wanted" >README.md
elif ! diff -u README.md "$wanted"; then
    echo "readme: run tests/check_readme.sh --write"
    exit 1
fi
decided='node.id redis.url redis.password bus.listen bus.advertise admin.listen admin.advertise c2s.listen'
missing=$(comm -3 \
    <(sed -nE 's/^ *X\(CFG_[A-Z0-9_]+, "([^"]+)".*/\1/p' common/rt/config_table.h |
        grep -vxF "${decided// /$'\n'}" | sed 's/.*/VERONA_\U&/; s/\./_/g' | sort) \
    <(sed -nE '/^x-settings/,/^$/s/^  (VERONA_[A-Z0-9_]+):$/\1/p' docker-compose.yml | sort))
if [[ -n $missing ]]; then
    printf 'settings (docker-compose.yml lacks those on the left, and has those on the right too many):\n%s\n' "$missing"
    exit 1
fi
echo "readme: fine"
