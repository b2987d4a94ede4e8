/* private_xml.c: one element per namespace and name, at most 64 of them, 64 KiB each. */
#include "gateway/private_xml.h"
#include "gateway/home.h"
#include "base/muc.h"
#include "rt/redis.h"

#define NS_PRIVATE "jabber:iq:private"

enum { ELEMENT_MAX = 64 * 1024, ELEMENTS_MAX = 64 };

struct job {
    struct home_iq iq;
    struct buf key, field, value; /* get: value is the empty element */
    bool known;                   /* set: the field exists */
};

static void job_free(struct job *j)
{
    buf_deinit(&j->key);
    buf_deinit(&j->field);
    buf_deinit(&j->value);
    mem_free(j);
}

static void on_got(void *ctx, const redisReply *r, int err)
{
    struct job *j = ctx;
    if (err || r->type == REDIS_REPLY_ERROR) {
        home_iq_error(&j->iq, SE_RESOURCE_CONSTRAINT);
    } else {
        struct buf b;
        struct str kept = redis_str(r);
        buf_init(&b);
        buf_z(&b, "<query xmlns='" NS_PRIVATE "'>");
        buf_str(&b, kept.n ? kept : buf_as_str(&j->value));
        buf_z(&b, "</query>");
        home_iq_result(&j->iq, buf_as_str(&b));
        buf_deinit(&b);
    }
    job_free(j);
}

static void on_set(void *ctx, const redisReply *r, int err)
{
    struct job *j = ctx;
    if (err || r->type == REDIS_REPLY_ERROR)
        home_iq_error(&j->iq, SE_RESOURCE_CONSTRAINT);
    else
        home_iq_result(&j->iq, STR_NULL);
    job_free(j);
}

static void on_exists(void *ctx, const redisReply *r, int err)
{
    ((struct job *)ctx)->known = !err && redis_int(r, 0) == 1;
}

static void on_length(void *ctx, const redisReply *r, int err)
{
    struct job *j = ctx;
    if (err || r->type == REDIS_REPLY_ERROR || (!j->known && redis_int(r, 0) >= ELEMENTS_MAX)) {
        home_iq_error(&j->iq, err ? SE_RESOURCE_CONSTRAINT : SE_POLICY_VIOLATION);
        job_free(j);
        return;
    }
    const struct str argv[] = {STR("HSET"), buf_as_str(&j->key), buf_as_str(&j->field),
                               buf_as_str(&j->value)};
    redis_command(j->iq.g->redis, 4, argv, 0, on_set, j);
}

void private_xml(struct gateway *g, struct client *c, const struct xnode *st,
                 const struct xnode *query)
{
    struct xnode *child = xnode_elem(query->first);
    bool get = str_is(xnode_attr(st, "type"), "get");
    if (!child || xnode_elem(child->next)) {
        client_send_error(c, st, SE_BAD_REQUEST, STR_NULL, STR_NULL);
        return;
    }
    if (child->ns.n == 0 || str_is(child->ns, NS_CLIENT) || str_is(child->ns, NS_PRIVATE)) {
        client_send_error(c, st, SE_NOT_ACCEPTABLE, STR_NULL, STR_NULL); /* XEP-0049 §2.4 */
        return;
    }
    struct job *j = mem_zalloc(sizeof *j);
    buf_z(&j->key, "verona:private:");
    buf_str(&j->key, client_bare(c));
    buf_str(&j->field, child->ns);
    buf_c(&j->field, ' ');
    buf_str(&j->field, child->name);
    if (get) {
        struct xnode empty = {.ns = child->ns, .name = child->name};
        xnode_write(&j->value, &empty, STR(NS_PRIVATE));
    } else {
        xnode_write(&j->value, child, STR(NS_PRIVATE));
    }
    if (j->value.len > ELEMENT_MAX || j->field.len > 2048) {
        client_send_error(c, st, SE_POLICY_VIOLATION, STR_NULL, STR_NULL);
        job_free(j);
        return;
    }
    home_iq_save(&j->iq, g, c, st);
    const struct str field[] = {get ? STR("HGET") : STR("HEXISTS"), buf_as_str(&j->key),
                                buf_as_str(&j->field)};
    const struct str length[] = {STR("HLEN"), buf_as_str(&j->key)};
    redis_command(g->redis, 3, field, 0, get ? on_got : on_exists, j);
    if (!get)
        redis_command(g->redis, 2, length, 0, on_length, j);
}
