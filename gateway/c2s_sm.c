/* c2s_sm.c: stream management of a client (XEP-0198). What is counted and kept is sm's; here it
 * meets the connection, and a session goes from one connection to another.
 *
 * Resuming: <resume/> names the session by its handle and a secret. In a turn of its own the
 * session moves to the new stream (take_over); the old stream, if it is there still, ends with
 * "conflict". <resumed/> waits until everything that came over the old stream is settled: so its h
 * covers all that was taken, the client repeats what was lost and nothing else. */
#include "gateway/c2s_ws.h"
#include "gateway/edge.h"
#include "base/muc.h"
#include "rt/log.h"
#include "rt/metrics.h"
#include "rt/random.h"

#include <stdio.h>

enum {
    BULK_TIMES = 16,         /* with bulk, so many times limits.sm_queue */
    SMALL_QUEUE = 64 * 1024, /* is nobody's fault when the memory of all is used up */
};

/* ---------------------------------------------------------------- enabled */

/* 16 digits of the handle, 32 of the secret. */
static void write_id(char out[64], uint64_t sid, const uint8_t token[SM_TOKEN])
{
    int at = snprintf(out, 64, "%016llx", (unsigned long long)sid);
    for (int i = 0; i < SM_TOKEN; i++)
        at += snprintf(out + at, (size_t)(64 - at), "%02x", token[i]);
}

static bool read_id(struct str text, uint64_t *sid, uint8_t token[SM_TOKEN])
{
    uint8_t bytes[8 + SM_TOKEN] = {0};
    if (text.n != 2 * sizeof bytes)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | digit);
    }
    *sid = 0;
    for (int i = 0; i < 8; i++)
        *sid = *sid << 8 | bytes[i];
    memcpy(token, bytes + 8, SM_TOKEN);
    return true;
}

void c2s_sm_enable(void *ctx, bool resume, struct session_sm *out)
{
    struct client *c = ctx;
    struct edge *e = c->edge;
    c->sm = sm_new(&e->sm_bytes);
    /* An anonymous user is another one each time, and nobody resumes what is not his. */
    if (!resume || e->resume_ms == 0 || e->session.sasl.mode == AUTH_ANONYMOUS)
        return;
    uint64_t asked_ms = (uint64_t)out->max_s * 1000;
    c->resume_ms = asked_ms < e->resume_ms ? asked_ms : e->resume_ms;
    out->max_s = (uint32_t)(c->resume_ms / 1000);
    if (c->resume_ms == 0)
        return; /* he wants none */
    rt_random(c->sm_token, SM_TOKEN);
    write_id(out->id, c->sid, c->sm_token);
    out->location = e->resume_location;
}

/* ---------------------------------------------------------------- acknowledgements */

static void ask(struct client *c)
{
    sm_asked(c->sm);
    c->asked_ms = loop_now_ms(c->edge->g->loop);
    c2s_put(c, STR("<r xmlns='" NS_SM "'/>"));
}

static bool too_much(const struct client *c)
{
    const struct edge *e = c->edge;
    return sm_counted(c->sm) > e->sm_queue || sm_bytes(c->sm) > BULK_TIMES * e->sm_queue;
}

static void close_owing(struct client *c)
{
    metric_add_l(METRIC_C2S_SLOW_CONSUMERS_TOTAL, "closed", NULL, 1);
    c2s_error(c, "policy-violation", "too many stanzas without an acknowledgement");
}

/* Who owes most; in *going what those hold that end anyway. */
static struct client *greatest(const struct edge *e, size_t *going)
{
    struct client *most = NULL;
    *going = 0;
    LIST_FOREACH(it, &e->clients)
    {
        struct client *c = LIST_ENTRY(it, struct client, link);
        if (c->sm && c->ending)
            *going += sm_bytes(c->sm);
        else if (c->sm && (!most || sm_bytes(c->sm) > sm_bytes(most->sm)))
            most = c;
    }
    return most;
}

/* The memory of all is used up. Those end who hold most of it: not who comes last and asks for a
 * little, or a few that never acknowledge could shut out everybody else. */
static void relieve(void *ctx)
{
    struct edge *e = ctx;
    size_t going;
    struct client *most = greatest(e, &going);
    while (most && e->sm_bytes - going > e->sm_memory && sm_bytes(most->sm) > SMALL_QUEUE) {
        close_owing(most);
        most = greatest(e, &going);
    }
}

void c2s_sent(struct client *c)
{
    if (sm_unacked(c->sm) == 1)
        list_push_back(&c->edge->owing, &c->owing_link);
    if (c->edge->sm_bytes > c->edge->sm_memory && sm_bytes(c->sm) > SMALL_QUEUE)
        loop_defer(c->edge->g->loop, &c->edge->relief, LOOP_PRIO_WORK, relieve, c->edge);
    if (too_much(c)) {
        close_owing(c);
    } else if (c->conn && !c->resuming && sm_wants_ack(c->sm)) {
        ask(c);
    }
}

void c2s_sm_acked(void *ctx, uint32_t h)
{
    struct client *c = ctx;
    if (c->ending)
        return;
    if (!sm_ack(c->sm, h)) {
        session_too_high(c->session, h, sm_sent(c->sm));
        return;
    }
    if (sm_unacked(c->sm) == 0)
        list_remove(&c->owing_link);
    else if (sm_wants_ack(c->sm))
        ask(c);
}

uint32_t c2s_sm_handled(void *ctx)
{
    return sm_handled(((struct client *)ctx)->sm);
}

/* XEP-0198 §4: who was asked must answer. Who does not, for all that he could have heard it and we
 * his answer, is not there any more. */
static bool is_silent(struct client *c)
{
    const struct edge *e = c->edge;
    uint64_t now = loop_now_ms(e->g->loop), sent = conn_sent_ms(c->conn);
    if (!conn_is_reading(c->conn))
        c->asked_ms = now;
    else if (conn_queued(c->conn) && sent > c->asked_ms)
        c->asked_ms = sent; /* he is busy with what came before */
    return e->ack_ms && now - c->asked_ms > e->ack_ms;
}

void c2s_ask_for_acks(struct edge *e)
{
    LIST_FOREACH_SAFE(it, next, &e->owing)
    {
        struct client *c = LIST_ENTRY(it, struct client, owing_link);
        if (c->ending || !c->conn || c->resuming)
            continue;
        if (!sm_is_asked(c->sm))
            ask(c);
        else if (is_silent(c))
            c2s_lost(c, END_IDLE);
    }
}

/* ---------------------------------------------------------------- resumed */

static void count(const char *result)
{
    metric_add_l(METRIC_SM_RESUMPTIONS_TOTAL, result, NULL, 1);
}

/* The session that c asks for, if he may have it. */
static struct client *former(const struct client *c)
{
    const struct edge *e = c->edge;
    struct client *o = client_guest(e, c->resume_sid);
    bool his = o && o != c && o->bound && !o->ending && o->resume_ms &&
               mem_same_secret(o->sm_token, c->resume_token, SM_TOKEN) &&
               str_eq(session_bare(o->session), session_bare(c->session));
    return his ? o : NULL;
}

static void finish(struct client *c)
{
    char id[64];
    write_id(id, c->sid, c->sm_token);
    c->resuming = false;
    count("ok");
    log_debug("stream_resumed", KV("user", log_jid(session_bare(c->session))),
              KV_U("unacknowledged", sm_unacked(c->sm)));
    session_resumed(c->session, str_of(id), sm_handled(c->sm));
    c2s_arm(c);
}

static void finish_later(void *ctx)
{
    struct client *c = ctx;
    if (c->resuming && !c->ending)
        finish(c);
}

void c2s_settled(struct client *c)
{
    if (!sm_in_settled(c->sm))
        return;
    if (c->resuming)
        loop_defer(c->edge->g->loop, &c->resume_task, LOOP_PRIO_WORK, finish_later, c);
    away_settled(c);
}

/* All that makes o's session, to c. */
static void move(struct client *c, struct client *o)
{
    client_slot_move(c, o);
    session_take(c->session, session_jid(o->session));
    c->available = o->available;
    c->priority = o->priority;
    c->priority_out = o->priority_out;
    c->priority_changed = o->priority_changed;
    mem_free(c->to);
    c->to = o->to;
    c->to_len = o->to_len;
    o->to = NULL;
    c->muc = o->muc;
    o->muc = NULL;
    for (; o->pauses; o->pauses--)
        client_pause(c);
    c->sm = o->sm;
    o->sm = NULL;
    memcpy(c->sm_token, o->sm_token, SM_TOKEN);
    c->resume_ms = o->resume_ms;
    list_remove(&o->owing_link);
    if (sm_unacked(c->sm))
        list_push_back(&c->edge->owing, &c->owing_link);
    c->bound = true;
    o->bound = o->available = o->resuming = false;
}

static void take_over(void *ctx)
{
    struct client *c = ctx;
    struct client *o = former(c);
    if (c->ending)
        return;
    if (!o || !sm_can_ack(o->sm, c->resume_h)) { /* gone, or acknowledged more, meanwhile */
        count("failed");
        session_not_resumed(c->session, SE_ITEM_NOT_FOUND);
        return;
    }
    away_end(o);
    move(c, o);
    if (o->conn)
        c2s_error(o, "conflict", "resumed by another stream");
    else
        c2s_end(o, true, END_REPLACED);
    sm_not_asked(c->sm);
    if (sm_ack(c->sm, c->resume_h) && sm_unacked(c->sm) == 0)
        list_remove(&c->owing_link);
    c->resuming = true;
    if (sm_in_settled(c->sm))
        finish(c);
    else
        c2s_arm(c);
}

int c2s_sm_ask_resume(void *ctx, struct str previd, uint32_t h, uint32_t *last, bool *has_last)
{
    struct client *c = ctx;
    struct client *o = NULL;
    if (read_id(previd, &c->resume_sid, c->resume_token)) {
        o = former(c);
        *has_last = !o && away_was(c->edge, c->resume_sid, c->resume_token, last);
    }
    if (!o) {
        count(*has_last ? "expired" : "unknown");
        return SE_ITEM_NOT_FOUND;
    }
    if (!sm_can_ack(o->sm, h)) {
        count("failed");
        session_too_high(c->session, h, sm_sent(o->sm));
        return 0;
    }
    c->resume_h = h;
    loop_defer(c->edge->g->loop, &c->resume_task, LOOP_PRIO_WORK, take_over, c);
    return 0;
}

/* Neither "all of it was done" nor "none" would be true: he may try again. */
void c2s_resume_timed_out(struct client *c)
{
    count("failed");
    c2s_lost(c, END_ERROR);
}

static void resend(void *ctx, struct str stanza)
{
    struct client *c = ctx;
    if (c->ws)
        c2s_ws_put_whole(c, stanza, true);
    else
        conn_put_stanza(c->conn, stanza, STR_NULL, STR_NULL, true);
}

void c2s_sm_resend(void *ctx)
{
    struct client *c = ctx;
    sm_each(c->sm, resend, c);
    if (sm_unacked(c->sm))
        ask(c);
}
