/* fuzz_jid.c: preparation is idempotent and what it yields splits into valid parts. */
#include "base/utf8.h"
#include "prep/jid_prep.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    arena_init(&a);
    struct str text, again;
    struct jid parts;
    if (jid_prep(str_n(data, size), &a, &text, &parts) == 0) {
        assert(utf8_valid(text));
        assert(parts.domain.n > 0);
        struct jid split;
        assert(jid_split(text, &split) == 0);
        assert(str_eq(split.local, parts.local) && str_eq(split.domain, parts.domain) &&
               str_eq(split.resource, parts.resource));
        struct jid parts2;
        assert(jid_prep(text, &a, &again, &parts2) == 0 && str_eq(text, again));
        (void)jid_nick_strict(parts.resource);
    }
    (void)!jid_saslprep(str_n(data, size), &a, &text);
    arena_deinit(&a);
    return 0;
}
