/* c2s_rate.c: how many stanzas and bytes of one stream are read in a second. */
#include "gateway/edge.h"
#include "rt/metrics.h"

static int64_t refill(int64_t credit, int64_t rate, uint64_t ms, int64_t burst)
{
    credit += rate * (int64_t)ms;
    return credit < burst ? credit : burst;
}

static void on_rate_timer(void *ctx)
{
    conn_resume(((struct client *)ctx)->conn);
}

void c2s_charge(struct client *c, size_t bytes)
{
    struct edge *e = c->edge;
    uint64_t now = loop_now_ms(e->g->loop), ms = now - c->credit_ms, wait = 0;
    if (ms > 10000)
        ms = 10000;
    c->credit_ms = now;
    if (e->stanza_rate) {
        c->stanza_credit = refill(c->stanza_credit, e->stanza_rate, ms, e->stanza_rate * 2000);
        if (c->stanza_credit < 0)
            wait = (uint64_t)(-c->stanza_credit / e->stanza_rate) + 1;
    }
    bool by_stanzas = wait > 0;
    if (e->byte_rate) {
        c->byte_credit -= (int64_t)bytes * 1000;
        c->byte_credit = refill(c->byte_credit, e->byte_rate, ms, e->byte_rate * 2000);
        uint64_t need = c->byte_credit < 0 ? (uint64_t)(-c->byte_credit / e->byte_rate) + 1 : 0;
        if (need > wait) {
            wait = need;
            by_stanzas = false;
        }
    }
    if (wait == 0 || loop_timer_armed(&c->rate_timer))
        return;
    metric_add_l(METRIC_C2S_RATE_LIMITED_TOTAL, by_stanzas ? "stanza" : "bytes", NULL, 1);
    conn_pause(c->conn);
    loop_timer_start(e->g->loop, &c->rate_timer, wait, 0, on_rate_timer, c);
}
