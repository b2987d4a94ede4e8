#!/usr/bin/env bash
# Who may include whom (tests/README.md has the picture). One wrong include is how purity is lost.
set -uo pipefail
cd "$(dirname "$0")/.."
bad=0
# deny GLOB... -- REGEX WHY: no file of the globs may include what matches
deny() {
    local files=() hits
    while [[ $1 != -- ]]; do files+=("$1"); shift; done
    # shellcheck disable=SC2086 # globs
    hits=$(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)" $(compgen -G "${files[0]}" ; for f in "${files[@]:1}"; do compgen -G "$f"; done) /dev/null)
    if [[ -n $hits ]]; then
        printf '%s\n%s\n' "include not allowed here: $3" "$hits"
        bad=1
    fi
}

deny 'common/base/*.[ch]' -- '(rt|bus|cluster|prep|proto|gateway|shard|deploy)/' 'base stands on libc alone'
deny 'common/base/*.[ch]' 'shard/room/*.[ch]' -- '(uv|zmq|expat|openssl|hiredis|sodium|microhttpd|jansson|idna|stringprep|ini|sys/socket|netinet|poll|unistd|time|sys/)' 'pure code does no I/O'
deny 'shard/room/*.[ch]' -- '(rt|bus|cluster|prep|proto|gateway|common|deploy)/' 'the room core stands on base'
deny 'shard/room/*.[ch]' -- 'shard/[a-z_]+\.h' 'the room core knows nothing of its shard'
deny 'shard/*.[ch]' -- 'shard/room/(room_priv|occupant|affil|history|privilege|config_form)' 'the inside of the room core'
deny 'common/rt/*.[ch]' -- '(prep|bus|cluster|proto|gateway|shard|deploy)/' 'the runtime stands on base'
deny 'common/prep/*.[ch]' -- '(rt|bus|cluster|proto|gateway|shard|deploy|uv|sys/socket|netinet|poll|unistd|time)' 'preparation is pure, over base'
deny 'common/bus/*.[ch]' 'common/cluster/*.[ch]' -- '(prep|gateway|shard|deploy)/' 'common code knows no process'
deny 'common/bus/*.[ch]' -- 'cluster/' 'the bus is told whom to connect to'
deny 'common/cluster/*.[ch]' -- '(bus|proto)/' 'the registry needs Redis alone'
deny 'proto/*.[ch]' -- '(rt|prep|bus|cluster|gateway|shard|deploy)/' 'the wire stands on base'
deny 'gateway/*.[ch]' -- '(shard|deploy)/' 'a gateway knows nothing of shards'
deny 'shard/*.[ch]' 'shard/room/*.[ch]' -- '(gateway|deploy)/' 'a shard knows nothing of gateways'
only_prep=$(grep -lE '"prep/' shard/*.[ch] | grep -v '^shard/service\.c$')
[[ -z $only_prep ]] || { printf 'a shard prepares its settings alone (shard/service.c):\n%s\n' "$only_prep"; bad=1; }
deny 'deploy/ctl/*.[ch]' -- '(gateway|shard|bus|proto)/' 'the tool asks processes, it does not contain them'
deny 'common/*/*.[ch]' 'proto/*.[ch]' 'gateway/*.[ch]' 'shard/*.[ch]' 'shard/room/*.[ch]' 'deploy/ctl/*.[ch]' -- 'tests/' 'nothing stands on tests'
deny 'gateway/xml_lexer.[ch]' 'gateway/stanza.[ch]' 'gateway/muc_in*.[ch]' 'gateway/render*.[ch]' 'gateway/replica.[ch]' 'gateway/session*.[ch]' 'gateway/sm.[ch]' 'gateway/ws_frame.[ch]' 'gateway/ws_http.[ch]' 'gateway/scram.[ch]' 'gateway/sasl.[ch]' 'gateway/pending.[ch]' 'gateway/slot_table.[ch]' 'gateway/routes.[ch]' 'gateway/seen.[ch]' -- '(rt/loop|rt/redis|bus/|sys/socket|netinet|poll|uv)' 'pure parts of the gateway'

# One file (or folder) per library.
only() { # LIBRARY-REGEX ALLOWED-PATH-REGEX
    local hits
    hits=$(grep -rlE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($1)" --include='*.[ch]' common gateway shard proto deploy | grep -vE "^($2)")
    if [[ -n $hits ]]; then
        printf 'only %s may include <%s>:\n%s\n' "$2" "$1" "$hits"
        bad=1
    fi
}
only 'zmq' 'common/bus/'
only 'expat' 'gateway/xml_parser\.c'
only 'stringprep|idna' 'common/prep/jid_prep\.c'
only 'openssl/' 'common/prep/|gateway/(tls|sasl|scram|stanza_id|edge|disco|ws_http|muc_in_vcard)\.c|deploy/ctl/'
only 'hiredis/' 'common/rt/redis|common/cluster/cluster_record\.h|deploy/ctl/'
only 'microhttpd' 'common/rt/http'
only 'ini\.h' 'common/rt/config'
only 'uthash' 'common/base/hmap\.h'
only 'uv\.h' 'common/rt/'

hits=$(grep -rnE '(^|[^>._a-z])(rand|random|srand|drand48)\(' --include='*.[ch]' common gateway shard proto deploy)
[[ -z $hits ]] || { printf 'weak randomness:\n%s\n' "$hits"; bad=1; }
((bad == 0)) && echo "includes: fine"
exit $bad
