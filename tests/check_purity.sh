#!/usr/bin/env bash
# The room core's archive may need memory and strings from libc, and base; nothing else.
set -uo pipefail
cd "$(dirname "$0")/.."
dir=build/purity
cmake -S . -B $dir -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null && cmake --build $dir --target room_core muc_base >/dev/null || {
    echo "purity: the release archive does not build"
    exit 1
}
allowed='^(mem(cpy|move|set|cmp|chr|rchr|mem)|str(len|cmp|ncmp|chr|rchr|tol|toul|toull|toll)|__?(v?snprintf|memcpy|memmove|memset|stack_chk_fail|assert_fail|vsnprintf|snprintf|fprintf|explicit_bzero|isoc.*)(_chk)?|v?snprintf|abort|malloc|calloc|realloc|free|qsort|bsearch|fprintf|fputs|fwrite|stderr|exit|_exit|_GLOBAL_OFFSET_TABLE_)$'
undefined=$(nm -u $dir/libroom_core.a $dir/libmuc_base.a | awk '$1 == "U" {print $2}' | sort -u)
defined=$(nm --defined-only $dir/libroom_core.a $dir/libmuc_base.a | awk 'NF == 3 {print $3}' | sort -u)
foreign=$(comm -23 <(echo "$undefined") <(echo "$defined") | grep -vE "$allowed")
if [[ -n $foreign ]]; then
    printf 'the room core must not need:\n%s\n' "$foreign"
    exit 1
fi
core_only=$(nm -u $dir/libroom_core.a | awk '$1 == "U" {print $2}' | sort -u | grep -E '^(malloc|calloc|realloc|free|abort|stderr|fprintf|exit|_exit)$')
if [[ -n $core_only ]]; then
    printf 'the room core takes memory through base/mem.h only, yet needs:\n%s\n' "$core_only"
    exit 1
fi
echo "purity: fine"
