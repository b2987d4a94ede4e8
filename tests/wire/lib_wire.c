/* lib_wire.c: see lib_wire.h. The edge, the bus and the store are stood in for here; the rest is
 * real. */
#include "wire/lib_wire.h"

#include "base/jid.h"
#include "base/limits.h"
#include "common/cluster/cluster.h"
#include "gateway/lib_stanza.h"
#include "gateway/client.h"
#include "gateway/gateway.h"
#include "gateway/link.h"
#include "gateway/muc.h"
#include "proto/wire.h"
#include "room/other_defaults.h"
#include "shard/codec.h"
#include "shard/deliver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROOM "room@muc.example.org"

struct client {
    char tag[64], jid[128];
    uint32_t gw;
    uint64_t sid;
    void *rooms; /* client_muc() */
    bool gone;
};

struct wire {
    struct room_service service;
    struct room_config shipped; /* if `other`: what its room is made to be (other_defaults.h) */
    bool other;
    struct room *room;
    struct room_effects fx;
    struct deliver_out deliver;
    struct gateway gateways[WIRE_GATEWAYS];
    struct client clients[WIRE_CLIENTS];
    uint32_t n_clients;
    uint64_t n_sessions, now_ms, rseq;
    struct event_name last;
    bool fail;
    char tickets[8][LIMIT_TICKET + 1]; /* ids that rooms gave to iqs, written '#1', '#2', ... */
    uint32_t n_tickets;
    struct arena arena; /* of the command under way */
    struct buf out;
    struct buf request; /* packed RoomEvent, from link_request() */
    uint32_t request_gw;
    wire_watch *watch;
    void *watch_ctx;
    wire_bulk *bulk;
    void *bulk_ctx;
};

static struct wire *world; /* for what stands in for the edge and the bus */

/* ---- words */

static const struct {
    const char *word, *means;
} words[] = {
    {"'R", "'" ROOM},
    {"'M'", "'" NS_MUC "'"},
    {"'U'", "'" NS_MUC_USER "'"},
    {"'A'", "'" NS_MUC_ADMIN "'"},
    {"'O'", "'" NS_MUC_OWNER "'"},
    {"'D'", "'" NS_DATA "'"},
    {"'G'", "'" NS_REGISTER "'"},
    {"'S'", "'" NS_STANZAS "'"},
};

static void translate(struct buf *to, struct str s, bool out)
{
    for (size_t i = 0; i < s.n;) {
        if (!out && s.n - i > 3 && memcmp(s.p + i, "'#", 2) == 0 && s.p[i + 3] == '\'') {
            buf_printf(to, "'%s'", world->tickets[s.p[i + 2] - '1']);
            i += 4;
            continue;
        }
        size_t k = 0, n = sizeof words / sizeof *words;
        for (; k < n; k++) {
            const char *from = out ? words[k].means : words[k].word;
            size_t len = strlen(from);
            if (len > s.n - i || memcmp(s.p + i, from, len) != 0)
                continue;
            /* a JID, not a word that begins like one */
            if (k > 0 || out || s.n == i + len || s.p[i + len] == '\'' || s.p[i + len] == '/') {
                buf_z(to, out ? words[k].word : words[k].means);
                i += len;
                break;
            }
        }
        if (k == n)
            buf_c(to, s.p[i++]);
    }
}

static char *find(char *in, size_t n, const char *what)
{
    size_t len = strlen(what);
    for (char *at = in; (at = memchr(at, what[0], n - (size_t)(at - in))) != NULL; at++) {
        if (n - (size_t)(at - in) < len)
            return NULL;
        if (memcmp(at, what, len) == 0)
            return at;
    }
    return NULL;
}

/* Takes every element of that beginning out of the text, up to its end. */
static void strip(struct buf *b, const char *begin, const char *end)
{
    for (char *at; b->len && (at = find(b->data, b->len, begin)) != NULL;) {
        size_t head = strlen(begin);
        char *stop = find(at + head, b->len - (size_t)(at - b->data) - head, end);
        assert_non_null(stop);
        stop += strlen(end);
        size_t rest = b->len - (size_t)(stop - b->data);
        memmove(at, stop, rest);
        b->len -= (size_t)(stop - at);
    }
}

/* ---- clients */

struct client *client_by_sid(struct gateway *g, uint64_t sid)
{
    for (uint32_t i = 0; i < world->n_clients; i++) {
        struct client *c = &world->clients[i];
        if (c->sid == sid && &world->gateways[c->gw] == g && !c->gone)
            return c;
    }
    return NULL;
}

uint64_t client_sid(const struct client *c)
{
    return c->sid;
}

struct str client_jid(const struct client *c)
{
    return str_of(c->jid);
}

void *client_muc(const struct client *c)
{
    return c->rooms;
}

void client_set_muc(struct client *c, void *p)
{
    c->rooms = p;
}

/* W10, W13: what holds for every stanza of a room. */
static void check(const struct xnode *st)
{
    const struct xnode *x = xnode_child(st, NS_MUC_USER, "x");
    struct str from = xnode_attr(st, "from"), type = xnode_attr(st, "type");
    uint32_t ids = 0, goodbyes_of_none = 0;
    for (const struct xnode *k = st->first; k; k = k->next)
        ids += xnode_is(k, NS_OCCUPANT_ID, "occupant-id");
    for (const struct xnode *k = x ? x->first : NULL; k; k = k->next) {
        if (!xnode_is(k, NS_MUC_USER, "status"))
            continue;
        if (str_is(xnode_attr(k, "code"), "110") && k->next)
            fail_msg("110 is not the last child of x");
        goodbyes_of_none += str_is(xnode_attr(k, "code"), "333");
    }
    bool spoken = !str_is(st->name, "iq") && !str_is(type, "error") && jid_resource(from).n > 0;
    /* who was never inside is told so without one (W28) */
    if (spoken && ids != 1 && !goodbyes_of_none)
        fail_msg("%u occupant-ids", ids);
    if (!spoken && ids)
        fail_msg("an occupant-id of nobody");
}

/* An iq that a room hands on has an id that cannot be foretold. */
static void number_ticket(struct buf *line)
{
    char *at = find(line->data, line->len, " id='");
    if (!at || (!find(line->data, line->len, " type='get'>") &&
                !find(line->data, line->len, " type='set'>")))
        return;
    at += strlen(" id='");
    char *end = find(at, line->len - (size_t)(at - line->data), "'");
    uint32_t n = world->n_tickets++;
    assert_true(n < sizeof world->tickets / sizeof world->tickets[0]);
    snprintf(world->tickets[n], sizeof world->tickets[n], "%.*s", (int)(end - at), at);
    struct buf out;
    buf_init(&out);
    buf_put(&out, line->data, (size_t)(at - line->data));
    buf_printf(&out, "#%u", n + 1);
    buf_put(&out, end, line->len - (size_t)(end - line->data));
    buf_deinit(line);
    *line = out;
}

static void put_line(const char *who, struct str kind, struct str tail)
{
    struct buf line;
    buf_init(&line);
    buf_c(&line, '<');
    buf_str(&line, kind);
    buf_str(&line, tail);
    strip(&line, "<occupant-id ", "/>");
    strip(&line, "<stanza-id ", "/>");
    strip(&line, "<x xmlns='" NS_VCARD_UPDATE "'><photo/>", "</x>");
    strip(&line, " stamp='", "'");
    if (str_is(kind, "iq"))
        number_ticket(&line);
    buf_printf(&world->out, "  %s ", who);
    translate(&world->out, buf_as_str(&line), true);
    buf_c(&world->out, '\n');
    buf_deinit(&line);
}

void client_send(struct client *c, enum stanza_kind kind, struct str tail, bool bulk)
{
    (void)bulk;
    if (tail.n > LIMIT_BUS_CHUNK) {
        assert_non_null(world->bulk);
        world->bulk(world->bulk_ctx, c, tail);
        return;
    }
    struct buf whole;
    struct arena a;
    arena_init(&a);
    buf_init(&whole);
    buf_printf(&whole, "<%s to='%s'", stanza_kind_name(kind), c->jid);
    buf_str(&whole, tail);
    buf_c(&whole, '\0');
    const struct xnode *st = lib_stanza(&a, whole.data);
    check(st);
    if (world->watch)
        world->watch(world->watch_ctx, c, st);
    put_line(c->tag, str_of(stanza_kind_name(kind)), tail);
    buf_deinit(&whole);
    arena_deinit(&a);
}

void client_send_error(struct client *c, const struct xnode *st, int condition, struct str text,
                       struct str by)
{
    (void)st;
    (void)text;
    (void)by;
    buf_printf(&world->out, "  %s refused %s\n", c->tag,
               stanza_error_condition((enum stanza_error)condition));
}

/* XEP-0198 is the edge's: link_origin() knows nothing here, so nothing is waited for. */
void client_waits(struct gateway *g, uint64_t sid, uint64_t rseq)
{
    (void)g;
    (void)sid;
    (void)rseq;
}

void client_done(struct gateway *g, uint64_t sid, uint64_t rseq)
{
    (void)g;
    (void)sid;
    (void)rseq;
}

/* ---- the bus */

bool cluster_ready(const struct cluster *c)
{
    (void)c;
    return true;
}

const struct cluster_meta *cluster_meta(const struct cluster *c)
{
    static const struct cluster_meta meta = {.cluster_id = "test", .key = {1, 2, 3}};
    (void)c;
    return &meta;
}

uint64_t link_request(struct link *l, Verona__RoomEvent *ev)
{
    world->request_gw = (uint32_t)((struct gateway *)(void *)l - world->gateways);
    ev->rseq = ++world->rseq;
    size_t n = verona__room_event__get_packed_size(ev);
    assert_int_equal(world->request.len, 0);
    uint8_t *bytes = arena_alloc(&world->arena, n);
    verona__room_event__pack(ev, bytes);
    buf_put(&world->request, bytes, n);
    return ev->rseq;
}

bool link_origin(const struct link *l, uint64_t rseq, struct link_origin *out)
{
    (void)l;
    (void)rseq;
    (void)out;
    return false;
}

void link_from_inside(struct link *l, uint64_t rseq)
{
    (void)l;
    (void)rseq;
}

void link_acknowledge(struct link *l, uint64_t rseq)
{
    (void)l;
    (void)rseq;
}

void link_route(struct link *l, struct str to, int kind, struct str stanza, uint64_t by_sid,
                uint64_t ref, struct str session)
{
    (void)l;
    (void)kind;
    (void)by_sid;
    (void)ref;
    (void)session;
    struct arena a;
    struct buf whole;
    arena_init(&a);
    buf_init(&whole);
    buf_str(&whole, stanza);
    buf_c(&whole, '\0');
    (void)lib_stanza(&a, whole.data); /* well-formed */
    put_line(arena_str(&a, to).p, STR_NULL, (struct str){stanza.p + 1, stanza.n - 1});
    buf_deinit(&whole);
    arena_deinit(&a);
}

uint64_t home_remember(struct home *h, uint64_t sid, struct str to, struct str id)
{
    (void)h;
    (void)sid;
    (void)to;
    (void)id;
    return 0;
}

/* ---- the shard */

static struct str gateway_name(void *ctx, gateway_ref gw)
{
    struct wire *w = ctx;
    return str_of(w->gateways[gw - 1].ref);
}

struct gateways {
    gateway_ref list[WIRE_GATEWAYS];
    uint32_t n;
};

static void add_gateway(void *ctx, gateway_ref gw, uint32_t n_sessions)
{
    struct gateways *g = ctx;
    (void)n_sessions;
    g->list[g->n++] = gw;
}

static void show(struct wire *w, const struct gateways *before, bool durable,
                 struct event_name name)
{
    struct deliver_env env = {3, 7, STR(ROOM), gateway_name, w};
    struct deliver_step step = {.state = w->room,
                                .origin = &w->fx.origin,
                                .fx = &w->fx,
                                .before = before->list,
                                .n_before = before->n,
                                .name = durable ? name : w->last,
                                .prev = w->last,
                                .durable = durable};
    deliver(&env, &step, &w->deliver);
    if (durable)
        w->last = name;
    for (uint32_t i = 0; i < w->deliver.n; i++) {
        struct str bytes = w->deliver.items[i].item;
        Verona__Item *item = verona__item__unpack(NULL, bytes.n, (const uint8_t *)bytes.p);
        assert_non_null(item);
        assert_int_equal(item->kind_case, VERONA__ITEM__KIND_DELIVERY);
        muc_delivery(w->gateways[w->deliver.items[i].gw - 1].muc, item->delivery);
        verona__item__free_unpacked(item, NULL);
    }
}

/* The event and the commits that follow from it. */
static void step(struct wire *w, struct room_event *ev)
{
    bool more = true;
    struct event_name name = {0, 0};
    while (more) {
        struct gateways before = {.n = 0};
        room_each_gateway(w->room, add_gateway, &before);
        ev->now_ms = w->now_ms += 1000;
        ev->epoch = 7;
        memset(ev->random, 0xab, sizeof ev->random);
        room_effects_reset(&w->fx);
        assert_int_equal(room_step(w->room, ev, &w->fx), 0);
        room_check(w->room);
        show(w, &before, ev->type == ROOM_EV_PERSISTED, name);
        bool gone = false;
        more = false;
        for (uint32_t i = 0; i < w->fx.n; i++) {
            gone = gone || w->fx.list[i].type == FX_GONE;
            if (w->fx.list[i].type != FX_PERSIST)
                continue;
            more = true;
            name = (struct event_name){7, w->fx.list[i].persist.name.s};
        }
        if (gone) {
            room_destroy(&w->room);
            if (w->other) /* what a transcript makes itself, it makes with what is shipped */
                w->service.defaults = w->shipped;
            w->room = room_new(STR(ROOM), &w->service);
            room_set_last(w->room, w->last);
        }
        memset(ev, 0, sizeof *ev);
        ev->type = w->fail ? ROOM_EV_PERSIST_FAILED : ROOM_EV_PERSISTED;
        ev->refuse.error = SE_RESOURCE_CONSTRAINT;
        w->fail = w->fail && !more;
    }
}

static void request(struct wire *w, uint32_t gw)
{
    if (!w->request.len)
        return;
    Verona__RoomEvent *in =
        verona__room_event__unpack(NULL, w->request.len, (const uint8_t *)w->request.data);
    struct room_event ev;
    assert_non_null(in);
    buf_reset(&w->request);
    memset(&ev, 0, sizeof ev);
    assert_int_equal(codec_event(in, &w->arena, &ev), 0);
    ev.origin.gw = gw + 1;
    step(w, &ev);
    verona__room_event__free_unpacked(in, NULL);
    request(w, w->request_gw); /* what a gateway asks because of what it was told */
}

/* ---- commands */

static struct client *client_get(struct wire *w, struct str tag)
{
    for (uint32_t i = 0; i < w->n_clients; i++) {
        if (str_is(tag, w->clients[i].tag) && !w->clients[i].gone)
            return &w->clients[i];
    }
    struct client *c = w->clients;
    while (c < w->clients + w->n_clients && !c->gone)
        c++;
    w->n_clients += c == w->clients + w->n_clients;
    assert_true(w->n_clients <= WIRE_CLIENTS);
    memset(c, 0, sizeof *c);
    char name[32] = "", resource[32] = "r";
    unsigned gw = 1;
    snprintf(c->tag, sizeof c->tag, "%.*s", STR_FMT(tag));
    char *at = strchr(c->tag, '@'), *slash = strchr(c->tag, '/');
    if (at)
        gw = (unsigned)strtoul(at + 1, NULL, 10);
    size_t end = at ? (size_t)(at - c->tag) : strlen(c->tag);
    size_t n = slash ? (size_t)(slash - c->tag) : end;
    snprintf(name, sizeof name, "%.*s", (int)n, c->tag);
    if (slash)
        snprintf(resource, sizeof resource, "%.*s", (int)(end - n - 1), slash + 1);
    snprintf(c->jid, sizeof c->jid, "%s@example.org/%s", name, resource);
    c->gw = gw - 1;
    c->sid = 100 + w->n_sessions++;
    return c;
}

static void stanza(struct wire *w, struct client *c, struct str text)
{
    struct buf xml;
    buf_init(&xml);
    translate(&xml, text, false);
    buf_c(&xml, '\0');
    const struct xnode *st = lib_stanza(&w->arena, xml.data);
    buf_deinit(&xml);
    muc_stanza(w->gateways[c->gw].muc, c, st, xnode_attr(st, "to"));
    request(w, c->gw);
}

static void leave(struct wire *w, struct client *c, bool broken, struct str payload)
{
    muc_client_gone(w->gateways[c->gw].muc, c, broken, true, payload);
    c->gone = true;
    request(w, c->gw);
}

static bool begins(struct str s, const char *with, struct str *rest)
{
    size_t n = strlen(with);
    if (s.n < n || memcmp(s.p, with, n) != 0)
        return false;
    *rest = (struct str){s.p + n, s.n - n};
    return true;
}

static void command(struct wire *w, struct str line)
{
    struct str rest;
    world = w;
    if (begins(line, "fail", &rest)) {
        w->fail = true;
    } else if (begins(line, "close ", &rest)) {
        const char *blank = memchr(rest.p, ' ', rest.n);
        size_t n = blank ? (size_t)(blank - rest.p) : rest.n;
        struct str payload = blank ? (struct str){blank + 1, rest.n - n - 1} : STR_NULL;
        leave(w, client_get(w, (struct str){rest.p, n}), false, payload);
    } else if (begins(line, "break ", &rest)) {
        leave(w, client_get(w, rest), true, STR_NULL);
    } else if (begins(line, "vanish ", &rest)) {
        struct client *c = client_get(w, rest);
        muc_client_forget(w->gateways[c->gw].muc, c);
        c->gone = true;
    } else if (begins(line, "gateway ", &rest)) {
        uint32_t gw = (uint32_t)(rest.p[0] - '1');
        struct room_event ev;
        memset(&ev, 0, sizeof ev);
        for (uint32_t i = 0; i < w->n_clients; i++) {
            struct client *c = &w->clients[i];
            if (c->gone || c->gw != gw)
                continue;
            muc_client_gone(w->gateways[gw].muc, c, true, true, STR_NULL);
            buf_reset(&w->request); /* nobody is left to send it */
            c->gone = true;
        }
        ev.type = ROOM_EV_GATEWAY_LOST;
        ev.origin.gw = gw + 1;
        step(w, &ev);
    } else {
        const char *colon = memchr(line.p, ':', line.n);
        assert_non_null(colon);
        size_t n = (size_t)(colon - line.p);
        stanza(w, client_get(w, (struct str){line.p, n}), (struct str){colon + 2, line.n - n - 2});
    }
    arena_reset(&w->arena);
}

const char *wire_do(struct wire *w, const char *text)
{
    buf_reset(&w->out);
    command(w, str_of(text));
    buf_c(&w->out, '\0');
    return w->out.data;
}

static struct str next_line(const char **at)
{
    const char *end = strchr(*at, '\n');
    size_t n = end ? (size_t)(end - *at) : strlen(*at);
    struct str line = {*at, n};
    *at += n + (end != NULL);
    return line;
}

void wire_run(struct wire *w, const char *transcript)
{
    const char *at = transcript;
    while (*at) {
        struct str line = next_line(&at);
        const char *want = at;
        while (at[0] == ' ')
            (void)next_line(&at);
        buf_reset(&w->out);
        command(w, line);
        struct str expected = {want, (size_t)(at - want)};
        if (!str_eq(buf_as_str(&w->out), expected))
            fail_msg("%.*s\ngot\n%.*swant\n%.*s", STR_FMT(line), STR_FMT(buf_as_str(&w->out)),
                     STR_FMT(expected));
    }
}

/* ---- life */

struct wire *wire_new(void)
{
    struct wire *w = mem_zalloc(sizeof *w);
    w->service.defaults.public_room = true;
    w->service.defaults.presence_broadcast =
        ROLE_BIT(ROLE_VISITOR) | ROLE_BIT(ROLE_PARTICIPANT) | ROLE_BIT(ROLE_MODERATOR);
    w->service.lock_new_rooms = true;
    w->service.history_default = 20;
    w->service.avatar_max = 65536;
    w->now_ms = 1700000000000;
    w->room = room_new(STR(ROOM), &w->service);
    room_effects_init(&w->fx);
    deliver_out_init(&w->deliver);
    arena_init(&w->arena);
    buf_init(&w->out);
    buf_init(&w->request);
    for (uint32_t i = 0; i < WIRE_GATEWAYS; i++) {
        snprintf(w->gateways[i].ref, sizeof w->gateways[i].ref, "gw%u:5", i + 1);
        w->gateways[i].link = (struct link *)(void *)&w->gateways[i];
        w->gateways[i].muc = muc_new(&w->gateways[i]);
    }
    return w;
}

void wire_destroy(struct wire **w_p)
{
    struct wire *w = *w_p;
    world = w;
    for (uint32_t i = 0; i < w->n_clients; i++) {
        if (!w->clients[i].gone)
            leave(w, &w->clients[i], false, STR_NULL);
        arena_reset(&w->arena);
    }
    for (uint32_t i = 0; i < WIRE_GATEWAYS; i++)
        muc_destroy(&w->gateways[i].muc);
    room_destroy(&w->room);
    room_effects_deinit(&w->fx);
    deliver_out_deinit(&w->deliver);
    arena_deinit(&w->arena);
    buf_deinit(&w->out);
    buf_deinit(&w->request);
    mem_free(w);
    *w_p = world = NULL;
}

struct room_service *wire_service(struct wire *w)
{
    return &w->service;
}

struct room *wire_room(struct wire *w)
{
    return w->room;
}

void wire_on_bulk(struct wire *w, wire_bulk *fn, void *ctx)
{
    w->bulk = fn;
    w->bulk_ctx = ctx;
}

void wire_on_stanza(struct wire *w, wire_watch *fn, void *ctx)
{
    w->watch = fn;
    w->watch_ctx = ctx;
}

static void put_element(struct buf *b, const char *var, const char *values)
{
    buf_printf(b, "<field var='%s'>", var);
    for (const char *p = values; *p;) {
        size_t n = strcspn(p, "|");
        buf_printf(b, "<value>%.*s</value>", (int)n, p);
        p += n + (p[n] == '|');
    }
    buf_z(b, "</field>");
}

static void make_other(struct wire *w)
{
    w->other = true;
    w->shipped = w->service.defaults;
    w->service.defaults = other_config(&w->shipped);
    room_destroy(&w->room);
    w->room = room_new(STR(ROOM), &w->service);
}

void wire_open(struct wire *w, const char *fields)
{
    struct buf text;
    buf_init(&text);
    if (other_defaults())
        make_other(w);
    (void)wire_do(w, "romeo: <presence to='R/Romeo'><x xmlns='M'/></presence>");
    buf_z(&text, "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' "
                 "type='submit'>");
    if (w->other)
        put_config(&text, &w->shipped, fields, put_element);
    buf_z(&text, fields);
    buf_z(&text, "</x></query></iq>");
    buf_c(&text, '\0');
    assert_non_null(strstr(wire_do(w, text.data), "type='result'"));
    buf_deinit(&text);
}

void wire_in(const char *fields, const char *transcript)
{
    struct wire *w = wire_new();
    wire_open(w, fields);
    wire_run(w, transcript);
    wire_destroy(&w);
}

struct str wire_jid(const struct client *c)
{
    return str_of(c->jid);
}

struct search {
    const struct client *c;
    struct room_record *out;
    bool found;
};

static void match(void *ctx, const struct room_record *r)
{
    struct search *s = ctx;
    if (r->sid == s->c->sid && r->gw == s->c->gw + 1) {
        *s->out = *r;
        s->found = true;
    }
}

bool wire_record(struct wire *w, const struct client *c, struct room_record *out)
{
    struct search s = {c, out, false};
    room_each_record(w->room, match, &s);
    return s.found;
}
