/* c2s_end.c: the end of a stream, in steps: somebody asks (c2s_end, anywhere), the rooms are told
 * at the end of the turn (end_now), the parser goes when the turn is over, the struct when the
 * descriptor is closed. A stream that may be resumed is only lost: its session stays (c2s_away.c).
 */
#include "gateway/c2s_ws.h"
#include "gateway/edge.h"
#include "gateway/forgetting.h"
#include "gateway/registry.h"
#include "base/jid.h"
#include "rt/log.h"
#include "rt/metrics.h"

static const char *reason_name(enum end_reason r)
{
    switch (r) {
    case END_CLIENT:
        return "client";
    case END_IDLE:
        return "idle";
    case END_POLICY:
        return "policy";
    case END_SLOW:
        return "slow";
    case END_REPLACED:
        return "replaced";
    case END_SHUTDOWN:
        return "shutdown";
    case END_TLS:
        return "tls";
    case END_ERROR:
        break;
    }
    return "error";
}

static void free_parts(void *ctx)
{
    struct client *c = ctx;
    xml_stream_destroy(&c->xml);
    session_destroy(&c->session);
    mem_free(c->to);
    c->to = NULL;
    sm_destroy(&c->sm);
    c->over = true;
    if (c->conn || c->departing)
        return; /* c2s_closed() or on_departed() comes back here */
    list_remove(&c->link);
    mem_free(c->ws);
    mem_free(c);
}

/* The last bytes leave. */
static void finish(struct client *c)
{
    if (c->ws)
        c2s_ws_close(c);
    conn_finish(c->conn);
}

/* W85: nothing of this session counts any more. */
static void on_departed(void *ctx)
{
    struct client *c = ctx;
    c->departing = false;
    if (c->conn && c->late_close)
        c2s_put(c, str_of(c->ws ? SESSION_FRAMED_CLOSE : SESSION_STREAM_CLOSE));
    if (c->conn)
        finish(c);
    else if (c->over)
        loop_defer(c->edge->g->loop, &c->free_task, LOOP_PRIO_CLEAN, free_parts, c);
}

static void stop(struct client *c)
{
    loop_timer_stop(&c->timer);
    loop_timer_stop(&c->tag_timer);
    loop_timer_stop(&c->rate_timer);
    list_remove(&c->busy_link);
    list_remove(&c->owing_link);
    loop_cancel(&c->resume_task);
    if (c->ws)
        c2s_ws_stop(c);
}

static void end_now(void *ctx)
{
    struct client *c = ctx;
    struct gateway *g = c->edge->g;
    stop(c);
    away_end(c);
    ask_forget(c);
    if (c->bound) {
        struct str jid = session_jid(c->session);
        if (c->broken)
            c2s_sm_bounce(c);
        muc_client_gone(g->muc, c, c->broken, true, STR_NULL);
        home_client_gone(g->home, c);
        registry_unbind(g, session_bare(c->session), jid_resource(jid), c->sid);
        c->bound = c->available = false;
        c->edge->n_bound--;
        c->departing = g->forgetting != NULL;
    }
    uint64_t sid = c->sid;
    client_slot_free(c);
    if (c->conn)
        metric_add_l(METRIC_C2S_CONNECTIONS_CLOSED_TOTAL, c2s_transport(c), reason_name(c->reason),
                     1);
    log_debug("stream_end", KV_Z("reason", reason_name(c->reason)), KV_U("broken", c->broken));
    if (c->conn && c->reason == END_SLOW) /* its end may come before on_departed() */
        conn_abort(c->conn);
    else if (c->conn && !c->departing)
        finish(c);
    if (c->departing)
        forgetting_leave(g->forgetting, sid, on_departed, c);
    loop_defer(g->loop, &c->free_task, LOOP_PRIO_CLEAN, free_parts, c);
}

void c2s_end(struct client *c, bool broken, enum end_reason reason)
{
    if (c->ending)
        return;
    c->ending = true;
    c->broken = broken;
    c->reason = reason;
    if (c->xml)
        xml_stream_hold(c->xml);
    loop_defer(c->edge->g->loop, &c->end_task, LOOP_PRIO_WORK, end_now, c);
}

/* XEP-0198 §5: not closed, only interrupted. */
void c2s_lost(struct client *c, enum end_reason why)
{
    if (!away_may(c)) {
        c2s_end(c, true, why);
        return;
    }
    metric_add_l(METRIC_C2S_CONNECTIONS_CLOSED_TOTAL, c2s_transport(c), reason_name(why), 1);
    stop(c);
    xml_stream_destroy(&c->xml);
    conn_abort(c->conn);
    away_begin(c);
}

void c2s_closed(struct client *c)
{
    c->edge->bytes_out += conn_sent_bytes(c->conn);
    c->conn = NULL;
    edge_conn_closed(c->edge, c);
    if (c->over && !c->departing)
        loop_defer(c->edge->g->loop, &c->free_task, LOOP_PRIO_CLEAN, free_parts, c);
}

void c2s_abort(struct client *c, enum end_reason why)
{
    c2s_end(c, true, why);
}

void c2s_cut(struct client *c)
{
    c->ending = true;
    c->bound = c->available = false;
    if (c->departing)
        forgetting_abandon(c->edge->g->forgetting, c);
    c->departing = false;
    loop_cancel(&c->end_task);
    stop(c);
    away_end(c);
    list_remove(&c->link);
    ask_forget(c);
    muc_client_forget(c->edge->g->muc, c);
    if (c->conn)
        conn_abort(c->conn);
    loop_cancel(&c->free_task);
    free_parts(c);
}
