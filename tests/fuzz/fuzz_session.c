/* fuzz_session.c: a stream from its first byte on. Any cutting gives the same answers; no stanza
 * comes from who is not bound, nor with another `from` than his own; without the password nobody
 * is. First byte: mode and cutting. */
#include "gateway/lib_session.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void resume(struct lib_session *h)
{
    struct buf jid;
    buf_init(&jid);
    buf_str(&jid, session_bare(h->session));
    buf_z(&jid, "/resumed");
    h->resume_asked = false;
    session_take(h->session, buf_as_str(&jid));
    session_resumed(h->session, STR("known"), 1);
    buf_deinit(&jid);
}

/* Everybody exists; nobody's password is known. */
static void answer(struct lib_session *h)
{
    struct account account = {.asked = true, .exists = true, .has_sha_256 = true};
    account.sha_256.iterations = 2;
    account.sha_256.salt_len = 4;
    memset(account.sha_256.stored_key, 0x5f, sizeof account.sha_256.stored_key);
    while (h->held && session_state(h->session) != SESSION_ENDED) {
        if (h->job)
            lib_session_work(h);
        else if (h->resume_asked)
            resume(h);
        else if (session_state(h->session) == SESSION_AUTHED)
            session_bound(h->session, 0);
        else
            session_account(h->session, &account);
    }
}

static void check(const struct lib_session *h)
{
    enum session_state state = session_state(h->session);
    struct str jid = session_jid(h->session);
    if (h->stanzas.len && (jid.n == 0 || (state != SESSION_BOUND && state != SESSION_ENDED)))
        abort();
    if (h->cfg.sasl.mode == AUTH_ACCOUNTS && session_bare(h->session).n)
        abort();
}

static void run(const uint8_t *data, size_t size, size_t chunk, enum auth_mode mode,
                struct buf *out)
{
    struct lib_session h;
    lib_session_open(&h, mode, false, SASL_LINK_LOCAL);
    h.cfg.sasl.plain_without_tls = true;
    for (size_t at = 0; at < size; at += chunk) {
        xml_stream_feed(h.xml, data + at, size - at < chunk ? size - at : chunk);
        answer(&h);
        check(&h);
    }
    xml_stream_flush(h.xml);
    answer(&h);
    check(&h);
    buf_str(out, buf_as_str(&h.out));
    buf_str(out, buf_as_str(&h.events));
    buf_str(out, buf_as_str(&h.stanzas));
    lib_session_close(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct buf whole, pieces;
    enum auth_mode mode = (enum auth_mode)(data[0] % 3);
    buf_init(&whole);
    buf_init(&pieces);
    run(data + 1, size - 1, size, mode, &whole);
    run(data + 1, size - 1, 1 + data[0] / 4 % 7, mode, &pieces);
    if (!str_eq(buf_as_str(&whole), buf_as_str(&pieces))) {
        fprintf(stderr, "whole:  %.*s\npieces: %.*s\n", STR_FMT(buf_as_str(&whole)),
                STR_FMT(buf_as_str(&pieces)));
        abort();
    }
    buf_deinit(&whole);
    buf_deinit(&pieces);
    return 0;
}
