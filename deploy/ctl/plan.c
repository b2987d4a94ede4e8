/* plan.c: see plan.h. */
#include "deploy/ctl/plan.h"

#include "base/err.h"
#include "base/jid.h"
#include "deploy/ctl/ctl.h"
#include "deploy/ctl/prep.h"
#include "rt/config.h"

#include <stdio.h>
#include <string.h>

enum {
    C2S_PORT = 5222,
    WS_PORT = 5280,
    GATEWAY_ADMIN_PORT = 5290,
    SHARD_ADMIN_PORT = 5291,
    PORT_STEP = 100
};

/* Settings that the plan itself decides. */
static const char *const own_keys[] = {
    "node.id",         "bus.listen",  "bus.advertise",         "admin.listen",
    "admin.advertise", "c2s.listen",  "cluster.expect_shards", "redis.url",
    "auth.mode",       "xmpp.domain", "xmpp.muc_domain",       "xmpp.admins",
    "ws.listen"};
static const char *const own_flags[] = {
    NULL,      NULL,     NULL,       "--port-offset", NULL,      "--bind", "--shards",
    "--redis", "--auth", "--domain", "--muc-domain",  "--admin", "--bind"};

static int check_sets(const struct options *o, struct buf *err)
{
    for (size_t i = 0; i < o->sets.n; i++) {
        size_t n = strcspn(o->sets.v[i], "=");
        for (size_t k = 0; k < sizeof own_keys / sizeof *own_keys; k++) {
            if (!str_is(str_n(o->sets.v[i], n), own_keys[k]))
                continue;
            buf_printf(err, "verona up sets %s itself", own_keys[k]);
            if (own_flags[k])
                buf_printf(err, ": use %s", own_flags[k]);
            return ERR_INVALID;
        }
    }
    return 0;
}

static int take_number(const char *text, const char *name, long min, long max, unsigned def,
                       unsigned *out, struct buf *err)
{
    long v = def;
    if (text && !ctl_number(text, min, max, &v)) {
        buf_printf(err, "--%s must be a number between %ld and %ld", name, min, max);
        return ERR_INVALID;
    }
    *out = (unsigned)v;
    return 0;
}

static int take_domain(const char *raw, char out[256], struct buf *err)
{
    struct buf b;
    buf_init(&b);
    int rc = prep_domain(str_of(raw), &b);
    if (rc || b.len > 255) {
        buf_printf(err, "\"%.80s%s\" is not a domain (of at most 255 bytes, 63 between dots)", raw,
                   strlen(raw) > 80 ? "…" : "");
        rc = ERR_INVALID;
    } else {
        memcpy(out, b.data, b.len);
        out[b.len] = '\0';
    }
    buf_deinit(&b);
    return rc;
}

static int add_admin(struct plan *p, struct str raw, struct buf *err)
{
    if (p->admins.len)
        buf_c(&p->admins, ',');
    if (!prep_bare_jid(raw, false, &p->admins))
        return 0;
    buf_printf(err, "\"%.*s\" is not a bare JID such as admin@%s", STR_FMT(raw), p->domain);
    return ERR_INVALID;
}

/* The account of an empty cluster: the first admin who can log in here; else a new admin. */
static void name_first_admin(struct plan *p)
{
    struct str rest = buf_as_str(&p->admins);
    while (rest.n) {
        struct str one = str_cut(&rest, ',');
        if (str_is(jid_domain(one), p->domain)) {
            buf_str(&p->first_admin, one);
            return;
        }
    }
    buf_printf(&p->first_admin, "admin@%s", p->domain);
    if (p->admins.len)
        buf_c(&p->admins, ',');
    buf_str(&p->admins, buf_as_str(&p->first_admin));
}

static int take_admins(struct plan *p, const struct options *o, const struct config *cfg,
                       struct buf *err)
{
    for (size_t i = 0; i < o->admins.n; i++)
        if (add_admin(p, str_of(o->admins.v[i]), err))
            return ERR_INVALID;
    const char *more = o->admins.n ? "" : config_str(cfg, CFG_ADMINS);
    while (*more) {
        size_t n = strcspn(more, ", ");
        if (n && add_admin(p, str_n(more, n), err))
            return ERR_INVALID;
        more += n + (more[n] != '\0');
    }
    if (strcmp(p->auth, "accounts"))
        return 0; /* there are no accounts, and anybody may take any name */
    name_first_admin(p);
    return 0;
}

static bool is_loopback(const char *bind)
{
    return !strncmp(bind, "127.", 4) || !strcmp(bind, "::1") || !strcmp(bind, "localhost");
}

static int take_auth(struct plan *p, const struct options *o, const struct config *cfg,
                     struct buf *err)
{
    static const char *const modes[] = {"accounts", "anonymous", "open"};
    const char *mode = o->auth ? o->auth : config_str(cfg, CFG_AUTH_MODE);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (!strcmp(mode, modes[i]))
            p->auth = modes[i];
    if (!p->auth) {
        buf_printf(err, "--auth must be accounts, anonymous or open");
        return ERR_INVALID;
    }
    if (!strcmp(p->auth, "open") && !is_loopback(p->bind) &&
        !config_bool(cfg, CFG_AUTH_FORCE_OPEN)) {
        buf_printf(err,
                   "--auth open lets anybody in with any name, and %s is not loopback "
                   "(if you mean it: --set auth.force_open=true)",
                   p->bind);
        return ERR_INVALID;
    }
    return 0;
}

/* "[::1]" is "::1". */
static void take_bind(struct plan *p, const char *address)
{
    size_t n = strlen(address);
    bool brackets = n > 2 && address[0] == '[' && address[n - 1] == ']';
    snprintf(p->bind, sizeof p->bind, "%.*s", (int)(brackets ? n - 2 : n), address + brackets);
}

static int check_ports(const struct plan *p, struct buf *err)
{
    unsigned n = p->gateways > p->shards ? p->gateways : p->shards;
    if (SHARD_ADMIN_PORT + PORT_STEP * (n - 1) + p->port_offset <= 65535)
        return 0;
    buf_printf(err, "--port-offset %u leaves no ports for %u processes of a role", p->port_offset,
               n);
    return ERR_INVALID;
}

int plan_make(struct plan *p, const struct options *o, const struct config *cfg, struct buf *err)
{
    memset(p, 0, sizeof *p);
    take_bind(p, o->bind ? o->bind : "127.0.0.1");
    p->config_file = o->config;
    p->sets = o->sets.v;
    p->n_sets = o->sets.n;
    p->redis_url = o->redis;
    if (!p->redis_url && strcmp(config_origin(cfg, CFG_REDIS_URL), "default"))
        p->redis_url = config_str(cfg, CFG_REDIS_URL);
    const char *muc = o->muc_domain ? o->muc_domain : config_str(cfg, CFG_MUC_DOMAIN);
    int rc;
    if ((rc = take_number(o->gateways, "gateways", 1, PLAN_MAX_PROCESSES, 1, &p->gateways, err)) ||
        (rc = take_number(o->shards, "shards", 1, PLAN_MAX_PROCESSES, 2, &p->shards, err)) ||
        (rc = take_number(o->port_offset, "port-offset", 0, 60000, 0, &p->port_offset, err)) ||
        (rc = check_ports(p, err)) || (rc = check_sets(o, err)) ||
        (rc = take_domain(o->domain ? o->domain : config_str(cfg, CFG_DOMAIN), p->domain, err)))
        return rc;
    char fallback[512];
    snprintf(fallback, sizeof fallback, "conference.%s", p->domain);
    if ((rc = take_domain(*muc ? muc : fallback, p->muc_domain, err)) ||
        (rc = take_auth(p, o, cfg, err)))
        return rc;
    if (!strcmp(p->muc_domain, p->domain)) {
        buf_printf(err, "users and rooms cannot share the domain %s", p->domain);
        return ERR_INVALID;
    }
    return take_admins(p, o, cfg, err);
}

void plan_deinit(struct plan *p)
{
    buf_deinit(&p->admins);
    buf_deinit(&p->first_admin);
}

struct plan_process plan_process(const struct plan *p, unsigned i)
{
    struct plan_process r = {.is_gateway = i >= p->shards};
    unsigned n = r.is_gateway ? i - p->shards : i;
    unsigned shift = PORT_STEP * n + p->port_offset;
    snprintf(r.id, sizeof r.id, "%c%u", r.is_gateway ? 'g' : 's', n + 1);
    r.c2s_port = (uint16_t)(r.is_gateway ? C2S_PORT + shift : 0);
    r.ws_port = (uint16_t)(r.is_gateway ? WS_PORT + shift : 0);
    r.admin_port = (uint16_t)((r.is_gateway ? GATEWAY_ADMIN_PORT : SHARD_ADMIN_PORT) + shift);
    return r;
}

/* ---- arguments */

static void arg(struct buf *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void arg(struct buf *text, const char *fmt, ...)
{
    char z[2048];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(z, sizeof z, fmt, ap);
    va_end(ap);
    buf_put(text, z, n < (int)sizeof z ? (size_t)n + 1 : sizeof z);
}

static void set(struct buf *text, const char *key, const char *value)
{
    arg(text, "--set");
    buf_z(text, key);
    buf_c(text, '=');
    buf_put(text, value, strlen(value) + 1);
}

static void setn(struct buf *text, const char *key, unsigned value)
{
    arg(text, "--set");
    arg(text, "%s=%u", key, value);
}

static void gateway_args(const struct plan *p, const struct plan_process *me, struct buf *text)
{
    bool v6 = strchr(p->bind, ':') != NULL;
    const char *open = v6 ? "[" : "", *close = v6 ? "]" : "";
    arg(text, "--set");
    arg(text, "c2s.listen=%s%s%s:%u", open, p->bind, close, me->c2s_port);
    arg(text, "--set");
    arg(text, "ws.listen=%s%s%s:%u", open, p->bind, close, me->ws_port);
    set(text, "auth.mode", p->auth);
}

static void shard_args(const struct plan *p, const struct plan_process *me, const char *sockets,
                       struct buf *text)
{
    arg(text, "--set");
    arg(text, "bus.listen=ipc://%s/%s.sock", sockets, me->id);
    setn(text, "cluster.expect_shards", p->shards);
}

bool plan_url_is_secret(const char *redis_url)
{
    return strchr(redis_url, '@') != NULL;
}

void plan_argv(const struct plan *p, unsigned i, const char *redis_url, const char *sockets,
               struct buf *text, const char **argv)
{
    struct plan_process me = plan_process(p, i);
    arg(text, me.is_gateway ? "verona-gateway" : "verona-shard");
    if (p->config_file) {
        arg(text, "-c");
        buf_put(text, p->config_file, strlen(p->config_file) + 1);
    }
    set(text, "node.id", me.id);
    if (!plan_url_is_secret(redis_url))
        set(text, "redis.url", redis_url);
    arg(text, "--set");
    arg(text, "admin.listen=127.0.0.1:%u", me.admin_port);
    set(text, "xmpp.domain", p->domain);
    set(text, "xmpp.muc_domain", p->muc_domain);
    arg(text, "--set");
    buf_z(text, "xmpp.admins=");
    buf_str(text, buf_as_str(&p->admins));
    buf_c(text, '\0');
    if (me.is_gateway)
        gateway_args(p, &me, text);
    else
        shard_args(p, &me, sockets, text);
    for (size_t k = 0; k < p->n_sets; k++) {
        arg(text, "--set");
        buf_put(text, p->sets[k], strlen(p->sets[k]) + 1);
    }
    size_t n = 0;
    for (const char *z = text->data; z < text->data + text->len; z += strlen(z) + 1)
        argv[n++] = z;
    argv[n] = NULL;
}
