/* c2s_away.c: sessions whose stream broke and may be resumed (XEP-0198 §5). They stay in their
 * rooms and in the registry, what is sent to them is kept, until the time is over. */
#include "gateway/edge.h"
#include "base/limits.h"
#include "rt/log.h"

enum { SETTLE_MS = 10000 }; /* for what it had asked, when its time is over */

/* Sessions of one user, oldest first. */
struct away_user {
    UT_hash_handle hh;
    struct list clients; /* struct client.away_link */
    uint32_t n;
    size_t len;
    char bare[];
};

static struct away_user *find(const struct edge *e, struct str bare)
{
    struct away_user *u;
    HASH_FIND(hh, e->away, bare.p, bare.n, u);
    return u;
}

bool away_may(const struct client *c)
{
    const struct edge *e = c->edge;
    return c->bound && c->conn && !c->ending && c->sm && c->resume_ms && !e->g->draining &&
           e->n_away < e->max_conns;
}

static void remember(struct edge *e, const struct client *c)
{
    if (!e->past)
        e->past = mem_zalloc(EDGE_PAST * sizeof *e->past);
    struct past *p = &e->past[e->next_past++ % EDGE_PAST];
    *p = (struct past){.sid = c->sid, .used = true, .handled = sm_handled(c->sm)};
    memcpy(p->token, c->sm_token, SM_TOKEN);
}

bool away_was(const struct edge *e, uint64_t sid, const uint8_t token[SM_TOKEN], uint32_t *handled)
{
    for (uint32_t i = 0; e->past && i < EDGE_PAST; i++)
        if (e->past[i].used && e->past[i].sid == sid &&
            mem_same_secret(e->past[i].token, token, SM_TOKEN)) {
            *handled = e->past[i].handled;
            return true;
        }
    return false;
}

static void over(struct client *c)
{
    /* Of what is still open it may be done and not counted: then no number would be true. */
    if (sm_in_settled(c->sm))
        remember(c->edge, c);
    away_end(c);
    c2s_end(c, true, END_IDLE);
}

/* Too late: nobody resumed it. */
static void on_time_over(void *ctx)
{
    struct client *c = ctx;
    if (c->overdue || sm_in_settled(c->sm)) {
        over(c);
        return;
    }
    c->overdue = true;
    loop_timer_start(c->edge->g->loop, &c->timer, SETTLE_MS, 0, on_time_over, c);
}

void away_settled(struct client *c)
{
    if (c->away && c->overdue && !c->ending)
        loop_timer_start(c->edge->g->loop, &c->timer, 0, 0, on_time_over, c);
}

void away_begin(struct client *c)
{
    struct edge *e = c->edge;
    struct str bare = session_bare(c->session);
    struct away_user *u = find(e, bare);
    if (!u) {
        u = mem_zalloc(sizeof *u + bare.n);
        u->len = bare.n;
        memcpy(u->bare, bare.p, bare.n);
        list_init(&u->clients);
        HASH_ADD_KEYPTR(hh, e->away, u->bare, u->len, u);
    }
    if (u->n == LIMIT_AWAY_PER_USER) /* who never resumes what he left must not fill the place */
        over(LIST_ENTRY(u->clients.next, struct client, away_link));
    list_push_back(&u->clients, &c->away_link);
    u->n++;
    e->n_away++;
    c->away = true;
    c->resuming = c->overdue = false;
    sm_not_asked(c->sm);
    loop_timer_start(e->g->loop, &c->timer, c->resume_ms, 0, on_time_over, c);
    log_debug("stream_lost", KV("user", log_jid(bare)), KV_U("unacknowledged", sm_unacked(c->sm)));
}

void away_end(struct client *c)
{
    if (!c->away)
        return;
    struct edge *e = c->edge;
    struct away_user *u = find(e, session_bare(c->session));
    c->away = false;
    e->n_away--;
    list_remove(&c->away_link);
    loop_timer_stop(&c->timer);
    if (--u->n == 0) {
        HASH_DELETE(hh, e->away, u);
        mem_free(u);
    }
}
