/* client.c: bound sessions by handle, and what is written to them. The slot map gives each a place;
 * its generation makes a handle of an earlier guest of the place a stale one. */
#include "gateway/c2s_ws.h"
#include "gateway/edge.h"
#include "base/muc.h"
#include "rt/metrics.h"

enum { FIRST_SLOTS = 64 };

void client_slot_take(struct client *c)
{
    struct edge *e = c->edge;
    if (e->free_slot == e->n_slots) {
        uint32_t n = e->n_slots ? e->n_slots * 2 : FIRST_SLOTS;
        e->slots = mem_realloc(e->slots, n * sizeof *e->slots);
        for (uint32_t i = e->n_slots; i < n; i++)
            e->slots[i] = (struct slot){NULL, 1, i + 1};
        e->n_slots = n;
    }
    uint32_t index = e->free_slot;
    struct slot *s = &e->slots[index];
    e->free_slot = s->next_free;
    s->client = c;
    c->sid = (uint64_t)s->generation << 32 | index;
}

void client_slot_free(struct client *c)
{
    struct edge *e = c->edge;
    if (c->sid == 0)
        return;
    uint32_t index = (uint32_t)c->sid;
    struct slot *s = &e->slots[index];
    s->client = NULL;
    if (++s->generation == 0)
        s->generation = 1;
    s->next_free = e->free_slot;
    e->free_slot = index;
    c->sid = 0;
}

void client_slot_move(struct client *c, struct client *former)
{
    client_slot_free(c);
    c->sid = former->sid;
    c->edge->slots[(uint32_t)c->sid].client = c;
    former->sid = 0;
}

void client_bind(struct client *c)
{
    struct buf b;
    buf_init(&b);
    buf_xml(&b, session_jid(c->session));
    buf_c(&b, '\'');
    mem_free(c->to);
    c->to = mem_dup(b.data, b.len);
    c->to_len = b.len;
    buf_deinit(&b);
    c->bound = true;
    c->edge->n_bound++;
}

struct client *client_guest(const struct edge *e, uint64_t sid)
{
    uint32_t index = (uint32_t)sid, generation = (uint32_t)(sid >> 32);
    if (e && index < e->n_slots && e->slots[index].generation == generation)
        return e->slots[index].client;
    return NULL;
}

struct client *client_by_sid(struct gateway *g, uint64_t sid)
{
    struct client *c = client_guest(g->edge, sid);
    if (c && c->bound)
        return c;
    if (g->edge)
        g->edge->stale_handles++;
    return NULL;
}

void client_replaced(struct gateway *g, uint64_t sid, struct str jid)
{
    struct client *c = client_guest(g->edge, sid);
    if (!c || c->ending)
        return;
    if (!c->bound)
        ask_outdone(c, jid);
    else if (str_eq(jid, client_jid(c)))
        client_close(c, "conflict", "replaced by a new session");
}

uint64_t client_sid(const struct client *c)
{
    return c->sid;
}

struct str client_jid(const struct client *c)
{
    return session_jid(c->session);
}

struct str client_bare(const struct client *c)
{
    return session_bare(c->session);
}

bool client_alive(const struct client *c)
{
    return c->bound && !c->ending;
}

bool client_available(const struct client *c, int *priority)
{
    if (priority)
        *priority = c->priority;
    return c->available;
}

void client_set_muc(struct client *c, void *p)
{
    c->muc = p;
}

void *client_muc(const struct client *c)
{
    return c->muc;
}

void client_each(struct gateway *g, void (*fn)(void *ctx, struct client *c), void *ctx)
{
    struct edge *e = g->edge;
    for (uint32_t i = 0; e && i < e->n_slots; i++)
        if (e->slots[i].client && e->slots[i].client->bound)
            fn(ctx, e->slots[i].client);
}

void client_pause(struct client *c)
{
    c->pauses++;
    if (c->conn)
        conn_pause(c->conn);
}

void client_resume(struct client *c)
{
    c->pauses--;
    if (c->conn)
        conn_resume(c->conn);
}

void client_waits(struct gateway *g, uint64_t sid, uint64_t rseq)
{
    struct client *c = client_guest(g->edge, sid);
    if (rseq && c && c->sm)
        sm_in_waits(c->sm, rseq);
}

void client_done(struct gateway *g, uint64_t sid, uint64_t rseq)
{
    struct client *c = client_guest(g->edge, sid);
    if (!c || !c->sm)
        return;
    sm_in_done(c->sm, rseq);
    c2s_settled(c);
}

void client_close(struct client *c, const char *condition, const char *text)
{
    c2s_error(c, condition, text);
}

/* ---------------------------------------------------------------- writing */

void client_send(struct client *c, enum stanza_kind kind, struct str tail, bool bulk)
{
    static const struct str heads[] = {
        [STANZA_MESSAGE] = {"<message to='", 13},
        [STANZA_PRESENCE] = {"<presence to='", 14},
        [STANZA_IQ] = {"<iq to='", 8},
    };
    if (!client_alive(c))
        return;
    struct str to = str_n(c->to, c->to_len);
    c->edge->stanzas_out[kind]++;
    if (c->conn && !c->resuming && c->ws)
        c2s_ws_put(c, heads[kind], to, tail, bulk);
    else if (c->conn && !c->resuming)
        conn_put_stanza(c->conn, heads[kind], to, tail, bulk);
    if (c->sm) {
        sm_out(c->sm, heads[kind], to, tail, bulk);
        c2s_sent(c);
    }
}

void client_send_error(struct client *c, const struct xnode *st, int condition, struct str text,
                       struct str by)
{
    enum stanza_kind kind = str_is(st->name, "message")    ? STANZA_MESSAGE
                            : str_is(st->name, "presence") ? STANZA_PRESENCE
                                                           : STANZA_IQ;
    struct str type = xnode_attr(st, "type"), id = xnode_attr(st, "id"), to = xnode_attr(st, "to");
    enum stanza_error e = (enum stanza_error)condition;
    /* RFC 6120 §8.3.1: an error is never answered with an error, nor is an answer. */
    if (str_is(type, "error") || (kind == STANZA_IQ && str_is(type, "result")))
        return;
    struct buf b;
    buf_init(&b);
    buf_z(&b, " type='error'");
    if (to.n) {
        buf_z(&b, " from='");
        buf_xml(&b, to);
        buf_c(&b, '\'');
    }
    if (id.p) {
        buf_z(&b, " id='");
        buf_xml(&b, id);
        buf_c(&b, '\'');
    }
    buf_printf(&b, "><error type='%s'", stanza_error_type(e));
    if (by.n) {
        buf_z(&b, " by='");
        buf_xml(&b, by);
        buf_c(&b, '\'');
    }
    buf_printf(&b, "><%s xmlns='" NS_STANZAS "'/>", stanza_error_condition(e));
    if (text.n) {
        buf_z(&b, "<text xmlns='" NS_STANZAS "'>");
        buf_xml(&b, text);
        buf_z(&b, "</text>");
    }
    buf_printf(&b, "</error></%s>", stanza_kind_name(kind));
    client_send(c, kind, buf_as_str(&b), false);
    buf_deinit(&b);
    metric_add_l(METRIC_STANZA_ERRORS_TOTAL, stanza_error_condition(e), "c2s", 1);
}
