/* home_disco.c: what the server, the rooms' service and an account say of themselves (XEP-0030),
 * and the directory of public rooms, which is a sorted set in Redis, paged as XEP-0059 says. */
#include "gateway/home.h"
#include "base/muc.h"
#include "rt/redis.h"

#define NS_RSM "http://jabber.org/protocol/rsm"

enum { PAGE_MAX = 500 };

static const char *const server_info =
    "<identity category='server' type='im' name='Verona'/>"
    "<feature var='" NS_DISCO_INFO "'/><feature var='" NS_DISCO_ITEMS "'/>"
    "<feature var='jabber:iq:version'/><feature var='" NS_PING "'/>";
static const char *const account_info =
    "<identity category='account' type='registered'/>"
    "<feature var='" NS_DISCO_INFO "'/><feature var='" NS_DISCO_ITEMS "'/>"
    "<feature var='jabber:iq:private'/><feature var='" NS_PING "'/>";
static const char *const service_info =
    "<identity category='conference' type='text' name='Verona'/>"
    "<feature var='" NS_DISCO_INFO "'/><feature var='" NS_DISCO_ITEMS "'/>"
    "<feature var='" NS_MUC "'/><feature var='" NS_RSM "'/>"
    "<feature var='jabber:iq:version'/><feature var='" NS_PING "'/>";

/* ---------------------------------------------------------------- rooms */

struct listing {
    struct home_iq iq;
    bool rsm, backwards, at_start;
    uint32_t max;
    int64_t total; /* -1: unknown */
};

static void put_item(struct buf *b, struct str room)
{
    const char *at = memchr(room.p, '@', room.n);
    buf_z(b, "<item jid='");
    buf_xml(b, room);
    if (at) {
        buf_z(b, "' name='");
        buf_xml(b, str_n(room.p, (size_t)(at - room.p)));
    }
    buf_z(b, "'/>");
}

static void put_set(struct buf *b, const struct listing *l, struct str first, struct str last)
{
    buf_z(b, "<set xmlns='" NS_RSM "'>");
    if (first.n) {
        buf_z(b, l->at_start ? "<first index='0'>" : "<first>");
        buf_xml(b, first);
        buf_z(b, "</first><last>");
        buf_xml(b, last);
        buf_z(b, "</last>");
    }
    if (l->total >= 0) {
        buf_z(b, "<count>");
        buf_u64(b, (uint64_t)l->total);
        buf_z(b, "</count>");
    }
    buf_z(b, "</set>");
}

static void on_page(void *ctx, const redisReply *r, int err)
{
    struct listing *l = ctx;
    if (err || r->type != REDIS_REPLY_ARRAY) {
        home_iq_error(&l->iq, SE_SERVICE_UNAVAILABLE_WAIT);
        mem_free(l);
        return;
    }
    struct buf b;
    struct str first = STR_NULL, last = STR_NULL;
    size_t n = l->max ? r->elements : 0;
    buf_init(&b);
    buf_z(&b, "<query xmlns='" NS_DISCO_ITEMS "'>");
    for (size_t i = 0; i < n; i++) {
        struct str room = redis_str(r->element[l->backwards ? n - 1 - i : i]);
        if (i == 0)
            first = room;
        last = room;
        put_item(&b, room);
    }
    if (l->rsm || l->total > (int64_t)n)
        put_set(&b, l, first, last);
    buf_z(&b, "</query>");
    home_iq_result(&l->iq, buf_as_str(&b));
    buf_deinit(&b);
    mem_free(l);
}

static void on_count(void *ctx, const redisReply *r, int err)
{
    struct listing *l = ctx; /* the page comes after the count, so it is still there */
    l->total = err ? -1 : redis_int(r, -1);
}

static bool small_number(struct str s, uint32_t *out)
{
    uint32_t v = 0;
    if (s.n == 0 || s.n > 8)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (uint32_t)(s.p[i] - '0');
    }
    *out = v;
    return true;
}

static void list_rooms(struct home *h, struct client *c, const struct xnode *st,
                       const struct xnode *query)
{
    const struct xnode *set = xnode_child(query, NS_RSM, "set");
    const struct xnode *after = xnode_child(set, NS_RSM, "after");
    const struct xnode *before = xnode_child(set, NS_RSM, "before");
    const struct xnode *index = xnode_child(set, NS_RSM, "index");
    const struct xnode *max = xnode_child(set, NS_RSM, "max");
    struct arena a;
    uint32_t limit = PAGE_MAX, offset = 0;
    arena_init(&a);
    if ((max && !small_number(xnode_text(max, &a), &limit)) ||
        (index && !small_number(xnode_text(index, &a), &offset))) {
        client_send_error(c, st, SE_BAD_REQUEST, STR_NULL, STR_NULL);
        arena_deinit(&a);
        return;
    }
    struct listing *l = mem_zalloc(sizeof *l);
    l->rsm = set != NULL;
    l->max = limit < PAGE_MAX ? limit : PAGE_MAX;
    l->backwards = before != NULL;
    l->at_start = !after && !before && offset == 0;
    home_iq_save(&l->iq, h->g, c, st);

    struct buf from, off, count;
    buf_init(&from);
    buf_init(&off);
    buf_init(&count);
    struct str mark = xnode_text(before ? before : after, &a);
    if (mark.n) {
        buf_c(&from, '(');
        buf_str(&from, mark);
    } else {
        buf_c(&from, before ? '+' : '-');
    }
    buf_u64(&off, offset);
    buf_u64(&count, l->max ? l->max : 1);
    const struct str card[] = {STR("ZCARD"), STR("verona:rooms")};
    const struct str range[] = {before ? STR("ZREVRANGEBYLEX") : STR("ZRANGEBYLEX"),
                                STR("verona:rooms"),
                                buf_as_str(&from),
                                before ? STR("-") : STR("+"),
                                STR("LIMIT"),
                                buf_as_str(&off),
                                buf_as_str(&count)};
    redis_command(h->g->redis, 2, card, 0, on_count, l);
    redis_command(h->g->redis, 7, range, 0, on_page, l);
    buf_deinit(&from);
    buf_deinit(&off);
    buf_deinit(&count);
    arena_deinit(&a);
}

/* ---------------------------------------------------------------- disco */

static void info(struct client *c, const struct xnode *st, enum home_target target)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<query xmlns='" NS_DISCO_INFO "'>");
    buf_z(&b, target == HOME_SERVER    ? server_info
              : target == HOME_SERVICE ? service_info
                                       : account_info);
    buf_z(&b, "</query>");
    home_result(c, st, buf_as_str(&b));
    buf_deinit(&b);
}

static void server_items(struct home *h, struct client *c, const struct xnode *st)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<query xmlns='" NS_DISCO_ITEMS "'><item jid='");
    buf_xml(&b, str_of(h->g->muc_domain));
    buf_z(&b, "' name='Chat rooms'/></query>");
    home_result(c, st, buf_as_str(&b));
    buf_deinit(&b);
}

bool home_disco(struct home *h, struct client *c, const struct xnode *st, const struct xnode *query,
                enum home_target target)
{
    bool wants_info = xnode_is(query, NS_DISCO_INFO, "query");
    if (!wants_info && !xnode_is(query, NS_DISCO_ITEMS, "query"))
        return false;
    if (xnode_attr(query, "node").n)
        client_send_error(c, st, SE_ITEM_NOT_FOUND, STR_NULL, STR_NULL);
    else if (wants_info)
        info(c, st, target);
    else if (target == HOME_SERVICE)
        list_rooms(h, c, st, query);
    else if (target == HOME_SERVER)
        server_items(h, c, st);
    else
        home_result(c, st, STR("<query xmlns='" NS_DISCO_ITEMS "'/>"));
    return true;
}
