/* rooms_gateways.c: which rooms a gateway is in, so that losing one costs its own rooms only. */
#include "shard/rooms_priv.h"

static struct gateway_rooms *gateway_rooms(struct rooms *rs, gateway_ref gw)
{
    struct gateway_rooms *g;
    HASH_FIND(hh, rs->gateways, &gw, sizeof gw, g);
    if (!g) {
        g = mem_zalloc(sizeof *g);
        g->gw = gw;
        list_init(&g->visits);
        HASH_ADD_KEYPTR(hh, rs->gateways, &g->gw, sizeof g->gw, g);
    }
    return g;
}

static void visit_end(struct rooms *rs, struct visit *v)
{
    struct gateway_rooms *g;
    list_remove(&v->by_gateway);
    HASH_FIND(hh, rs->gateways, &v->gw, sizeof v->gw, g);
    if (g && list_empty(&g->visits)) {
        HASH_DELETE(hh, rs->gateways, g);
        mem_free(g);
    }
    mem_free(v);
}

static void visit_begin(void *ctx, gateway_ref gw, uint32_t n_sessions)
{
    struct entry *e = ctx;
    if (n_sessions == 0 || gw == 0)
        return;
    for (uint32_t i = 0; i < e->n_visits; i++)
        if (e->gateways[i] == gw)
            return;
    if (e->n_visits == e->cap_visits) {
        e->cap_visits = e->cap_visits ? e->cap_visits * 2 : 4;
        e->visits = mem_realloc(e->visits, e->cap_visits * sizeof(struct visit *));
        e->gateways = mem_realloc(e->gateways, e->cap_visits * sizeof *e->gateways);
    }
    struct visit *v = mem_zalloc(sizeof *v);
    v->entry = e;
    v->gw = gw;
    list_push_back(&gateway_rooms(e->rs, gw)->visits, &v->by_gateway);
    e->visits[e->n_visits] = v;
    e->gateways[e->n_visits++] = gw;
}

void visits_update(struct rooms *rs, struct entry *e)
{
    for (uint32_t i = 0; i < e->n_visits;) {
        if (e->room && room_gateway_sessions(e->room, e->gateways[i])) {
            i++;
            continue;
        }
        visit_end(rs, e->visits[i]);
        e->n_visits--;
        e->visits[i] = e->visits[e->n_visits];
        e->gateways[i] = e->gateways[e->n_visits];
    }
    if (e->room)
        room_each_gateway(e->room, visit_begin, e);
}

static bool works_of(const struct list *works, gateway_ref gw)
{
    LIST_FOREACH(it, (struct list *)(uintptr_t)works)
    if (LIST_ENTRY(it, struct work, link)->origin.gw == gw)
        return true;
    return false;
}

/* Does something of that gateway wait here, that may yet bring a session of it in? */
static bool waits_for(const struct entry *e, gateway_ref gw)
{
    LIST_FOREACH(it, (struct list *)(uintptr_t)&e->queue)
    {
        const struct queued *q = LIST_ENTRY(it, struct queued, link);
        if (q->kind == QUEUED_REQUEST && q->gw == gw)
            return true;
    }
    return works_of(&e->batch, gw) || (e->call && works_of(&e->call->works, gw));
}

void rooms_gateway_lost(struct rooms *rs, gateway_ref gw)
{
    struct entry **list = NULL;
    uint32_t n = 0, cap = 0;
    struct gateway_rooms *g;
    early_forget_gateway(rs, gw);
    archive_forget_gateway(rs, gw);
    HASH_FIND(hh, rs->gateways, &gw, sizeof gw, g);
#define TAKE(e)                                                                                    \
    do {                                                                                           \
        if (n == cap) {                                                                            \
            cap = cap ? cap * 2 : 16;                                                              \
            list = mem_realloc(list, cap * sizeof(struct entry *));                                \
        }                                                                                          \
        list[n++] = (e);                                                                           \
    } while (0)
    if (g)
        LIST_FOREACH(it, &g->visits)
    TAKE(LIST_ENTRY(it, struct visit, by_gateway)->entry);
    LIST_FOREACH(it, &rs->need)
    {
        struct entry *e = LIST_ENTRY(it, struct entry, by_need);
        bool inside = e->room && room_gateway_sessions(e->room, gw);
        if (!inside && waits_for(e, gw))
            TAKE(e);
    }
#undef TAKE
    for (uint32_t i = 0; i < n; i++)
        entry_push(rs, list[i], QUEUED_LOST, gw, STR_NULL);
    for (uint32_t i = 0; i < n; i++)
        entry_drain(rs, list[i]); /* frees at most list[i] */
    mem_free(list);
}

void rooms_gateway_over(struct rooms *rs, gateway_ref gw)
{
    bounced_forget_gateway(rs, gw);
}
