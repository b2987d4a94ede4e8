# packages.sh: what Verona is built from, run with and tested with, as Debian names it. Sourced.

build_packages=(gcc cmake ninja-build pkg-config libuv1-dev libzmq3-dev libsodium-dev libhiredis-dev
    libprotobuf-c-dev protobuf-c-compiler libexpat1-dev libexpat1 libssl-dev libidn-dev
    libmicrohttpd-dev libjansson-dev libinih-dev uthash-dev)
run_packages=(redis-tools)
# What the programs are linked with: all that a machine or image needs that only runs them.
library_packages=(libuv1 libzmq5 libsodium23 libhiredis0.14 libprotobuf-c1 libexpat1 libssl3 libidn12
    libmicrohttpd12 libjansson4 libinih1)
test_packages=(libcmocka-dev redis-server redis-tools prometheus python3 python3-pytest
    python3-slixmpp python3-websocket libstrophe-dev nodejs node-ws
    node-xmldom libjs-strophe clang-format binutils ca-certificates)

# Installs those of its arguments that are missing; asks apt for new lists only then.
install_packages() {
    local want=() name sudo=()
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || want+=("$name")
    done
    ((${#want[@]})) || return 0
    if ((EUID != 0)); then
        command -v sudo >/dev/null || {
            echo "error: these packages are missing and this user cannot install them: ${want[*]}" >&2
            echo "hint: as root: apt-get install ${want[*]}" >&2
            return 1
        }
        sudo=(sudo)
    fi
    echo "installing ${want[*]}"
    # Debian starts the servers it installs; a machine that only builds and tests wants none.
    local policy=/usr/sbin/policy-rc.d made=
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee $policy >/dev/null
        "${sudo[@]}" chmod 755 $policy
        made=1
    fi
    local log rc=0
    log=$(mktemp)
    {
        "${sudo[@]}" apt-get -qq -o DPkg::Lock::Timeout=600 update &&
            DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get -qq -y -o DPkg::Lock::Timeout=600 \
                install --no-install-recommends "${want[@]}"
    } </dev/null >"$log" 2>&1 || rc=$?
    [[ -z $made ]] || "${sudo[@]}" rm -f $policy
    ((rc == 0)) || tail -n 20 "$log" >&2
    rm -f "$log"
    return $rc
}
