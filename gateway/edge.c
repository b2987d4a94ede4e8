/* edge.c: the outer rim as a whole: its settings, its limits, its counters, its beginning and end.
 */
#include "gateway/service_info.h"
#include "gateway/edge.h"
#include "gateway/edge_ops.h"
#include "gateway/register.h"
#include "gateway/tls.h"
#include "base/err.h"
#include "base/limits.h"
#include "rt/config.h"
#include "rt/heap.h"
#include "rt/metrics.h"
#include "rt/random.h"

#include <openssl/hmac.h>
#include <sys/resource.h>

enum { SWEEP_MS = 2000 };

/* ---------------------------------------------------------------- connections of an address */

static void ip_key(const uint8_t ip[16], uint8_t key[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    memcpy(key, ip, 16);
    if (memcmp(ip, mapped, 12) != 0)
        memset(key + 8, 0, 8);
}

bool edge_ip_enter(struct edge *e, const uint8_t ip[16])
{
    struct ip_count *i = NULL;
    uint8_t key[16];
    ip_key(ip, key);
    HASH_FIND(hh, e->ips, key, 16, i);
    if (i && i->n >= e->per_ip)
        return false;
    if (!i) {
        i = mem_zalloc(sizeof *i);
        memcpy(i->ip, key, 16);
        HASH_ADD_KEYPTR(hh, e->ips, i->ip, 16, i);
    }
    i->n++;
    return true;
}

void edge_conn_closed(struct edge *e, struct client *c)
{
    struct ip_count *i = NULL;
    uint8_t key[16];
    e->n_conns--;
    ip_key(c->ip, key);
    if (c->ip_counted)
        HASH_FIND(hh, e->ips, key, 16, i);
    if (i && --i->n == 0) {
        HASH_DELETE(hh, e->ips, i);
        mem_free(i);
    }
    if (e->listener)
        listener_resume(e->listener);
    if (e->ws_listener)
        listener_resume(e->ws_listener);
}

/* ---------------------------------------------------------------- housekeeping */

enum { MANY_CONNS = 256 };

/* Many are gone: so is what they needed. */
static void give_back(struct edge *e)
{
    if (e->n_conns > e->peak_conns)
        e->peak_conns = e->n_conns;
    if (e->peak_conns - e->n_conns < MANY_CONNS || e->n_conns > e->peak_conns / 2)
        return;
    e->peak_conns = e->n_conns;
    heap_give_back();
}

/* Parsers that were not used for a while are given up: an idle stream keeps none, and no memory for
 * stanzas that its client has. */
static void sweep(void *ctx)
{
    struct edge *e = ctx;
    LIST_FOREACH_SAFE(it, next, &e->busy)
    {
        struct client *c = LIST_ENTRY(it, struct client, busy_link);
        list_remove(it);
        if (!c->ending)
            xml_stream_idle(c->xml);
        if (c->sm)
            sm_idle(c->sm);
    }
    c2s_ask_for_acks(e);
    give_back(e);
}

static void hand_over(enum metric_id id, const char *a, uint64_t *n)
{
    metric_add_l(id, a, "c2s", *n);
    *n = 0;
}

static void collect(void *ctx)
{
    struct edge *e = ctx;
    uint64_t tls = 0, ws = 0, queued = 0, unacked = 0, out = e->bytes_out;
    LIST_FOREACH(it, &e->clients)
    {
        const struct client *c = LIST_ENTRY(it, struct client, link);
        unacked += c->sm ? sm_unacked(c->sm) : 0;
        if (!c->conn)
            continue;
        tls += conn_is_tls(c->conn);
        ws += c->ws != NULL;
        queued += conn_queued(c->conn);
        out += conn_sent_bytes(c->conn);
    }
    for (enum stanza_kind k = STANZA_MESSAGE; k <= STANZA_IQ; k++) {
        hand_over(METRIC_STANZAS_RECEIVED_TOTAL, stanza_kind_name(k), &e->stanzas_in[k]);
        hand_over(METRIC_STANZAS_SENT_TOTAL, stanza_kind_name(k), &e->stanzas_out[k]);
    }
    metric_add_l(METRIC_STREAM_RECEIVED_BYTES_TOTAL, "c2s", NULL, e->bytes_in);
    e->bytes_in = 0;
    metric_add_l(METRIC_STREAM_SENT_BYTES_TOTAL, "c2s", NULL, out - e->bytes_told);
    e->bytes_told = out;
    metric_add(METRIC_XML_PARSER_RECYCLES_TOTAL, xml_stream_recycles() - e->recycles_told);
    e->recycles_told = xml_stream_recycles();
    metric_add(METRIC_STALE_FRAMES_TOTAL, e->stale_handles);
    e->stale_handles = 0;
    metric_set_l(METRIC_C2S_CONNECTIONS, "tls", NULL, (double)tls);
    metric_set_l(METRIC_C2S_CONNECTIONS, "ws", NULL, (double)ws);
    metric_set_l(METRIC_C2S_CONNECTIONS, "tcp", NULL, (double)(e->n_conns - tls - ws));
    uint32_t attached = e->n_bound - e->n_away;
    metric_set_l(METRIC_C2S_SESSIONS, "bound", NULL, attached);
    metric_set_l(METRIC_C2S_SESSIONS, "negotiating", NULL, (double)(e->n_conns - attached));
    metric_set_l(METRIC_C2S_SESSIONS, "detached", NULL, e->n_away);
    metric_set(METRIC_SM_UNACKED_STANZAS, (double)unacked);
    metric_set(METRIC_C2S_SEND_QUEUE_BYTES, (double)queued);
    if (e->tls)
        metric_set_l(METRIC_TLS_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS, "c2s", NULL,
                     (double)tls_server_expiry(e->tls));
}

/* ---------------------------------------------------------------- beginning */

static enum auth_mode auth_mode(const struct config *cfg)
{
    const char *m = config_str(cfg, CFG_AUTH_MODE);
    return strcmp(m, "open") == 0        ? AUTH_OPEN
           : strcmp(m, "anonymous") == 0 ? AUTH_ANONYMOUS
                                         : AUTH_ACCOUNTS;
}

/* Whoever reaches a port of this machine may be anybody: nobody else is to reach it. */
static bool is_guarded_open(const struct config *cfg)
{
    return auth_mode(cfg) == AUTH_OPEN && !config_bool(cfg, CFG_AUTH_FORCE_OPEN);
}

/* Any page by default, for each stream has to log in; where that is no hurdle, a page that somebody
 * here looks at would reach what others outside do not. */
static struct str ws_origins(const struct config *cfg)
{
    const char *set = config_str(cfg, CFG_WS_ORIGINS);
    if (strcmp(set, "*") != 0 || !is_guarded_open(cfg))
        return str_of(set);
    return STR("http://localhost:*, http://127.0.0.1:*, http://[::1]:*, "
               "https://localhost:*, https://127.0.0.1:*, https://[::1]:*");
}

int edge_check(const struct config *cfg, struct buf *err)
{
    static const enum config_id listeners[] = {CFG_C2S_LISTEN, CFG_WS_LISTEN};
    for (size_t i = 0; i < 2 && is_guarded_open(cfg); i++) {
        if (listener_all_loopback(config_str(cfg, listeners[i])))
            continue;
        buf_printf(err,
                   "auth.mode = open lets anybody be anybody, and %s = %s is not "
                   "loopback: listen on 127.0.0.1, use accounts, or set auth.force_open",
                   config_key(listeners[i]), config_str(cfg, listeners[i]));
        return ERR_INVALID;
    }
    struct tls_server *t = NULL;
    int rc = tls_server_new(config_str(cfg, CFG_C2S_CERT), config_str(cfg, CFG_C2S_KEY),
                            config_str(cfg, CFG_DOMAIN), &t, err);
    tls_server_destroy(&t);
    return rc;
}

int edge_prepare(struct edge *e, struct buf *err)
{
    const struct config *cfg = e->g->cfg;
    int rc = edge_check(cfg, err);
    if (!rc)
        rc = tls_server_new(config_str(cfg, CFG_C2S_CERT), config_str(cfg, CFG_C2S_KEY),
                            e->g->domain, &e->tls, err);
    if (!rc)
        rc = xml_stream_selftest(loop_clock_ns, err);
    if (!rc)
        rc = listener_probe(config_str(cfg, CFG_C2S_LISTEN), err);
    if (!rc)
        rc = listener_probe(config_str(cfg, CFG_WS_LISTEN), err);
    e->session.starttls = e->tls != NULL;
    return rc;
}

struct edge *edge_new(struct gateway *g)
{
    const struct config *cfg = g->cfg;
    struct edge *e = mem_zalloc(sizeof *e);
    struct rlimit fds = {1024, 1024};
    e->g = g;
    e->session.sasl.mode = auth_mode(cfg);
    e->session.sasl.plain_without_tls = config_bool(cfg, CFG_C2S_PLAIN_NO_TLS);
    e->require_tls = config_bool(cfg, CFG_C2S_REQUIRE_TLS);
    e->ws_require_tls = config_bool(cfg, CFG_WS_REQUIRE_TLS);
    e->ws_http.origins = ws_origins(cfg);
    e->session.sasl.domain = str_of(g->domain);
    e->session.sasl.fake_iterations = (uint32_t)config_int(cfg, CFG_AUTH_ITERATIONS);
    e->session.sasl.random = rt_random;
    e->session.caps = service_info_caps(g->info);
    e->session.registration = register_configured(cfg);
    e->registrations = register_rate_new((uint32_t)config_int(cfg, CFG_AUTH_REGISTRATIONS));
    uint32_t stanza = (uint32_t)config_int(cfg, CFG_LIMIT_STANZA);
    e->before_auth =
        (struct xml_limits){LIMIT_STANZA_PREAUTH, LIMIT_CHILDREN_PREAUTH, LIMIT_STANZA_PREAUTH};
    e->after_auth = (struct xml_limits){stanza, 0, LIMIT_TOKEN};
    e->send_queue = (size_t)config_int(cfg, CFG_LIMIT_SEND_QUEUE);
    e->stanza_rate = config_int(cfg, CFG_LIMIT_STANZA_RATE);
    e->byte_rate = config_int(cfg, CFG_LIMIT_BYTE_RATE);
    int64_t joins = config_int(cfg, CFG_LIMIT_JOIN_RATE);
    if (joins && joins < e->stanza_rate)
        e->join_cost = e->stanza_rate * 1000 / joins - 1000;
    e->header_ms = config_ms(cfg, CFG_LIMIT_HEADER);
    e->auth_ms = config_ms(cfg, CFG_LIMIT_AUTH);
    e->keepalive_ms = config_ms(cfg, CFG_KEEPALIVE);
    e->sm_queue = (size_t)config_int(cfg, CFG_LIMIT_SM_QUEUE);
    e->sm_memory = (size_t)config_int(cfg, CFG_LIMIT_SM_MEMORY);
    e->resume_ms = config_ms(cfg, CFG_C2S_RESUME);
    e->ack_ms = config_ms(cfg, CFG_C2S_ACK);
    e->resume_location = str_of(config_str(cfg, CFG_C2S_RESUME_LOCATION));
    e->per_ip = config_int(cfg, CFG_LIMIT_CONNS_PER_IP);
    if (getrlimit(RLIMIT_NOFILE, &fds) == 0 && fds.rlim_cur < fds.rlim_max) {
        fds.rlim_cur = fds.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &fds);
    }
    (void)getrlimit(RLIMIT_NOFILE, &fds);
    rlim_t most = fds.rlim_cur > 10000000 ? 10000000 : fds.rlim_cur;
    e->max_conns = (uint32_t)(most / 5 * 4);
    list_init(&e->clients);
    list_init(&e->busy);
    list_init(&e->owing);
    loop_timer_start(g->loop, &e->sweep, SWEEP_MS, SWEEP_MS, sweep, e);
    metrics_on_collect(collect, e);
    return e;
}

int edge_listen(struct edge *e, struct buf *err)
{
    if (e->listener)
        return 0;
    /* A key of its own for the salts of users that do not exist, the same on every gateway. */
    const struct cluster_meta *meta = cluster_meta(e->g->cluster);
    static const char context[] = "verona scram salt";
    unsigned n = 0;
    HMAC(EVP_sha256(), meta->key, sizeof meta->key, (const unsigned char *)context,
         sizeof context - 1, e->session.sasl.fake_key, &n);
    const char *ws = config_str(e->g->cfg, CFG_WS_LISTEN);
    int rc = ws[0] ? listener_open(e, ws, true, &e->ws_listener, err) : 0;
    return rc ? rc
              : listener_open(e, config_str(e->g->cfg, CFG_C2S_LISTEN), false, &e->listener, err);
}

bool edge_listening(const struct edge *e)
{
    return e->listener != NULL;
}

void edge_ports(const struct edge *e, struct buf *out)
{
    listener_ports(e->listener, out);
}

int edge_reload(struct edge *e, struct buf *err)
{
    return e->tls ? tls_server_reload(e->tls, err) : 0;
}

/* ---------------------------------------------------------------- end */

static void end_all(struct edge *e, const char *condition, const char *text)
{
    LIST_FOREACH(it, &e->clients)
    c2s_error(LIST_ENTRY(it, struct client, link), condition, text);
}

void edge_reset(struct edge *e)
{
    end_all(e, "reset", "the server lost its place in the cluster");
}

void edge_drain(struct edge *e)
{
    listener_close(&e->listener);
    listener_close(&e->ws_listener);
    end_all(e, "system-shutdown", NULL);
}

uint32_t edge_sessions(const struct edge *e)
{
    return e->n_bound;
}

uint32_t edge_connections(const struct edge *e)
{
    return e->n_conns;
}

void edge_destroy(struct edge **e_p)
{
    struct edge *e = *e_p;
    if (!e)
        return;
    listener_close(&e->listener);
    listener_close(&e->ws_listener);
    /* Whoever is left is cut off; what the parts of a stream have deferred runs with the loop's
     * end, and must find nothing of us. */
    LIST_FOREACH_SAFE(it, next, &e->clients)
    {
        struct client *c = LIST_ENTRY(it, struct client, link);
        c2s_cut(c);
    }
    *e_p = NULL;
    metrics_off_collect(collect, e);
    loop_timer_stop(&e->sweep);
    loop_cancel(&e->relief);
    tls_server_destroy(&e->tls);
    register_rate_destroy(&e->registrations);
    mem_free(e->slots);
    mem_free(e->past);
    mem_free(e);
}
