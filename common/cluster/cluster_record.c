/* cluster_record.c: the keys of the cluster and what they hold. */
#include "cluster/cluster_record.h"

#include "base/slot.h"
#include "rt/redis.h"

#include <string.h>

void cluster_slot_key(struct buf *out, uint32_t slot, const char *kind, struct str room)
{
    buf_z(out, "verona:{s");
    buf_u64(out, slot);
    buf_z(out, "}:");
    buf_z(out, kind);
    if (room.n > 0) {
        buf_c(out, ':');
        buf_str(out, room);
    }
}

void cluster_field(struct buf *out, enum cluster_role role, struct str id)
{
    buf_z(out, role == CLUSTER_SHARD ? "shard:" : "gateway:");
    buf_str(out, id);
}

void cluster_record_key(struct buf *out, enum cluster_role role, struct str id)
{
    buf_z(out, "verona:");
    cluster_field(out, role, id);
}

bool cluster_field_parse(struct str field, enum cluster_role *role, struct str *id)
{
    struct str shard = STR("shard:"), gateway = STR("gateway:"), prefix = shard;
    *role = CLUSTER_SHARD;
    if (field.n > 0 && field.p[0] == 'g') {
        *role = CLUSTER_GATEWAY;
        prefix = gateway;
    }
    if (field.n <= prefix.n || memcmp(field.p, prefix.p, prefix.n) != 0) {
        return false;
    }
    *id = str_n(field.p + prefix.n, field.n - prefix.n);
    return id->n < sizeof(((struct cluster_member *)0)->id);
}

void cluster_hex(char *out, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool unhex(struct str hex, uint8_t *out, size_t n)
{
    if (hex.n != 2 * n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(hex.p[2 * i]), low = hex_digit(hex.p[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* A field of a HGETALL reply; NULL if it is not there. */
static const redisReply *field(const redisReply *reply, const char *name)
{
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements; i += 2) {
        if (str_is(redis_str(reply->element[i]), name)) {
            return reply->element[i + 1];
        }
    }
    return NULL;
}

/* What does not fit is left out: nothing of it decides anything. */
static void copy(const redisReply *reply, const char *name, char *out, size_t size)
{
    struct str s = redis_str(field(reply, name));
    out[0] = 0;
    if (s.n > 0 && s.n < size) {
        memcpy(out, s.p, s.n);
        out[s.n] = 0;
    }
}

void cluster_record_read(const redisReply *reply, struct cluster_record *out)
{
    *out = (struct cluster_record){0};
    struct cluster_member *m = &out->m;
    int64_t boot = redis_int(field(reply, "boot"), -1);
    int64_t renew = redis_int(field(reply, "renew"), -1);
    struct str state = redis_str(field(reply, "state"));
    if (boot <= 0 || renew < 0 || state.n == 0) {
        return;
    }
    out->exists = true;
    out->renew = (uint64_t)renew;
    m->boot = (uint64_t)boot;
    m->draining = str_is(state, "DRAINING");
    m->alive = m->draining || str_is(state, "UP");
    copy(reply, "nonce", m->nonce, sizeof(m->nonce));
    copy(reply, "endpoint", m->endpoint, sizeof(m->endpoint));
    copy(reply, "admin", m->admin, sizeof(m->admin));
    copy(reply, "host", m->host, sizeof(m->host));
    copy(reply, "ports", m->ports, sizeof(m->ports));
    int64_t weight = redis_int(field(reply, "weight"), 100);
    m->weight = weight < 0 ? 0 : weight > 1000000 ? 1000000 : (uint32_t)weight;
    m->pid = redis_int(field(reply, "pid"), 0);
    if (!unhex(redis_str(field(reply, "curve")), m->curve_key, sizeof(m->curve_key))) {
        memset(m->curve_key, 0, sizeof(m->curve_key));
    }
}

const char *cluster_meta_read(const redisReply *reply, struct cluster_meta *out)
{
    *out = (struct cluster_meta){0};
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
        return CLUSTER_ABSENT;
    }
    copy(reply, "cluster_id", out->cluster_id, sizeof(out->cluster_id));
    struct str gen = redis_str(field(reply, "gen"));
    if (out->cluster_id[0] == 0 || gen.n == 0) {
        return "verona:meta is not complete: cluster_id or gen is missing";
    }
    if (!str_u64(gen, UINT64_MAX, &out->gen)) {
        return "verona:meta: gen is not a number";
    }
    if (redis_int(field(reply, "nslots"), -1) != SLOT_COUNT) {
        return "this cluster has another number of slots than this program";
    }
    if (redis_int(field(reply, "unicode"), -1) != CLUSTER_UNICODE) {
        return "this cluster prepares JIDs for another version of Unicode";
    }
    if (redis_int(field(reply, "schema"), -1) != CLUSTER_SCHEMA) {
        return "this cluster keeps its data in another layout";
    }
    if (!unhex(redis_str(field(reply, "seed")), out->seed, sizeof(out->seed)) ||
        !unhex(redis_str(field(reply, "key")), out->key, sizeof(out->key))) {
        return "verona:meta: seed or key is damaged";
    }
    return NULL;
}
