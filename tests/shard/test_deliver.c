/* deliver: which gateway gets which parts, shared bytes, and what is too large for one Delivery. */
#include "base/limits.h"
#include "base/mem.h"
#include "lib_requests.h"
#include "shard/deliver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct {
    struct arena arena;
    struct room_service service;
    struct room *room;
    struct room_effects fx;
    struct deliver_out out;
    gateway_ref before[8];
    uint32_t n_before;
    uint64_t rseq;
} t;

static struct str name_of(void *ctx, gateway_ref gw)
{
    static char names[8][8];
    (void)ctx;
    (void)snprintf(names[gw % 8], sizeof names[0], "g%u:1", gw);
    return str_of(names[gw % 8]);
}

static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    arena_init(&t.arena);
    room_effects_init(&t.fx);
    deliver_out_init(&t.out);
    t.service.defaults.presence_broadcast = 14u << 1;
    t.service.defaults.persistent = true;
    t.service.history_default = 1000;
    t.room = room_new(STR("r@c"), &t.service);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    room_destroy(&t.room);
    room_effects_deinit(&t.fx);
    deliver_out_deinit(&t.out);
    arena_deinit(&t.arena);
    return 0;
}

static void note_before(void *ctx, gateway_ref gw, uint32_t n)
{
    (void)ctx, (void)n;
    t.before[t.n_before++] = gw;
}

/* One event; if it wants something stored, it is. The last effects stay in t.fx. */
static void step(struct room_event *ev)
{
    ev->epoch = 1;
    ev->now_ms = 1700000000000 + t.rseq;
    ev->random[0] = (uint8_t)++t.rseq;
    ev->origin.rseq = t.rseq;
    t.n_before = 0;
    room_each_gateway(t.room, note_before, NULL);
    room_effects_reset(&t.fx);
    assert_int_equal(room_step(t.room, ev, &t.fx), 0);
    if (room_pending(t.room)) {
        struct room_event done;
        memset(&done, 0, sizeof done);
        done.type = ROOM_EV_PERSISTED;
        done.epoch = 1;
        done.now_ms = ev->now_ms;
        done.origin = ev->origin;
        room_effects_reset(&t.fx);
        assert_int_equal(room_step(t.room, &done, &t.fx), 0);
    }
}

static struct room_event event(enum room_ev_type type, gateway_ref gw, uint64_t sid,
                               const char *jid)
{
    struct room_event ev;
    memset(&ev, 0, sizeof ev);
    ev.type = type;
    ev.strict_ok = true;
    ev.origin = (struct room_origin){gw, sid, 0, arena_str(&t.arena, str_of(jid))};
    return ev;
}

static struct room_event join_event(gateway_ref gw, uint64_t sid, const char *nick,
                                    struct str payload)
{
    char jid[64];
    (void)snprintf(jid, sizeof jid, "u%llu@d/r", (unsigned long long)sid);
    struct room_event ev = event(ROOM_EV_PRESENCE, gw, sid, jid);
    ev.nick = arena_str(&t.arena, str_of(nick));
    ev.presence.join = true;
    ev.presence.max_chars = ev.presence.max_stanzas = -1;
    ev.presence.seconds = ev.presence.since_ms = -1;
    ev.presence.payload = payload;
    return ev;
}

static void join(gateway_ref gw, uint64_t sid, const char *nick)
{
    struct room_event ev = join_event(gw, sid, nick, STR("<show>away</show>"));
    step(&ev);
}

static void spread(const struct room_event *ev, bool durable)
{
    const struct deliver_env env = {
        .slot = 3, .epoch = 1, .room = STR("r@c"), .gateway_name = name_of};
    const struct deliver_step s = {.state = t.room,
                                   .origin = &ev->origin,
                                   .fx = &t.fx,
                                   .before = t.before,
                                   .n_before = t.n_before,
                                   .name = {1, 9},
                                   .prev = {1, 8},
                                   .durable = durable};
    deliver(&env, &s, &t.out);
}

static const Verona__Delivery *got(uint32_t i, gateway_ref gw)
{
    assert_true(i < t.out.n);
    assert_int_equal(t.out.items[i].gw, gw);
    const Verona__Item *m = item_of(&t.arena, t.out.items[i].item);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_DELIVERY);
    return m->delivery;
}

/* ------------------------------------------------------------------ tests */

static void test_groupchat_is_packed_once(void **state)
{
    (void)state;
    join(1, 1, "a");
    join(2, 2, "b");
    join(3, 3, "c");
    struct room_event ev = event(ROOM_EV_MESSAGE, 2, 2, "u2@d/r");
    ev.message.type = 2;
    ev.message.has_body = true;
    ev.message.payload = STR("<body>hi</body>");
    step(&ev);
    spread(&ev, true);
    assert_int_equal(t.out.n, 3);
    assert_true(t.out.origin_served);
    assert_ptr_equal(t.out.items[0].item.p, t.out.items[1].item.p);
    assert_ptr_equal(t.out.items[0].item.p, t.out.items[2].item.p);
    const Verona__Delivery *d = got(0, 1);
    assert_string_equal(parts_of(&t.arena, d), "message:GROUPCHAT");
    assert_int_equal(d->slot, 3);
    assert_int_equal(d->name->s, 9);
    assert_int_equal(d->prev->s, 8);
    assert_true(d->durable);
    assert_true(str_is(wire_str(d->origin->gateway), "g2:1"));
    assert_true(str_is(wire_str(d->parts[0]->message->payload), "<body>hi</body>"));
}

static void test_private_goes_where_the_nick_is(void **state)
{
    (void)state;
    join(1, 1, "a");
    join(2, 2, "b");
    join(3, 3, "c");
    struct room_event ev = event(ROOM_EV_MESSAGE, 1, 1, "u1@d/r");
    ev.nick = STR("b");
    ev.message.type = 1;
    ev.message.has_body = true;
    ev.message.payload = STR("<body>psst</body>");
    step(&ev);
    spread(&ev, false);
    assert_int_equal(t.out.n, 1);
    assert_false(t.out.origin_served);
    assert_string_equal(parts_of(&t.arena, got(0, 2)), "message:PRIVATE");
    assert_true(str_is(wire_str(got(0, 2)->parts[0]->message->to_nick), "b"));
}

static void test_reply_goes_to_the_asker(void **state)
{
    (void)state;
    join(1, 1, "a");
    struct room_event ev = event(ROOM_EV_DISCO_INFO, 3, 9, "x@d/r");
    step(&ev);
    spread(&ev, false);
    assert_int_equal(t.out.n, 1);
    const Verona__Delivery *d = got(0, 3);
    assert_string_equal(parts_of(&t.arena, d), "reply:disco_info");
    assert_false(d->last);
    assert_false(d->durable);
    assert_null(d->prev);
    assert_int_equal(d->parts[0]->reply->to_sid, 9);
    assert_true(t.out.origin_served);
}

static void test_leave_ends_the_replica(void **state)
{
    (void)state;
    join(1, 1, "a");
    join(2, 2, "b");
    struct room_event ev = event(ROOM_EV_LEAVE, 2, 2, "u2@d/r");
    step(&ev);
    spread(&ev, false);
    assert_int_equal(t.out.n, 2);
    assert_false(got(0, 1)->last);
    assert_true(got(1, 2)->last);
}

static void test_second_local_join_brings_no_roster(void **state)
{
    (void)state;
    join(1, 1, "a");
    struct room_event ev = join_event(1, 2, "b", STR_NULL);
    step(&ev);
    spread(&ev, false);
    assert_int_equal(t.out.n, 1);
    assert_string_equal(parts_of(&t.arena, got(0, 1)), "presence:JOIN message:SUBJECT");
}

/* 3000 occupants with 300 bytes of presence each: about 1 MiB of roster. */
static void test_large_roster(void **state)
{
    (void)state;
    char nick[16], presence[300];
    memset(presence, 'p', sizeof presence);
    for (uint64_t i = 1; i <= 3000; i++) {
        (void)snprintf(nick, sizeof nick, "n%llu", (unsigned long long)i);
        struct room_event ev = join_event(1, i, nick, str_n(presence, sizeof presence));
        step(&ev);
    }
    struct room_event ev = join_event(2, 5000, "late", STR_NULL);
    step(&ev);
    spread(&ev, true);
    uint32_t records = 0, chunks = 0, deliveries = 0;
    bool joined = false;
    for (uint32_t i = 0; i < t.out.n; i++) {
        if (t.out.items[i].gw != 2)
            continue;
        assert_true(t.out.items[i].item.n < LIMIT_BUS_CHUNK + 64 * 1024);
        const Verona__Delivery *d = got(i, 2);
        deliveries++;
        for (size_t k = 0; k < d->n_parts; k++) {
            if (d->parts[k]->kind_case == VERONA__PART__KIND_ROSTER) {
                assert_false(joined);
                records += (uint32_t)d->parts[k]->roster->n_records;
                chunks++;
                assert_int_equal(d->parts[k]->roster->more, records < 3000);
            } else if (d->parts[k]->kind_case == VERONA__PART__KIND_PRESENCE) {
                joined = true;
            }
        }
        if (joined) {
            assert_true(d->durable);
            assert_int_equal(d->name->s, 9);
            assert_non_null(d->origin);
        } else { /* on the way: still where the event before stands */
            assert_false(d->durable);
            assert_int_equal(d->name->s, 8);
            assert_null(d->origin);
        }
    }
    assert_int_equal(records, 3000);
    assert_true(chunks > 4);
    assert_true(deliveries > 2);
    assert_true(joined);
}

/* A history of 1 MB fits no frame: without maxchars it is cut, with it only the tail is sent. */
static void test_large_history(void **state)
{
    (void)state;
    static char payload[30000];
    memset(payload, 'm', sizeof payload);
    struct room_message messages[40];
    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < 40; i++)
        messages[i] = (struct room_message){.name = {1, i + 1},
                                            .stamp_ms = i + 1,
                                            .nick = STR("a"),
                                            .payload = str_n(payload, sizeof payload)};
    struct room_event ev = event(ROOM_EV_PRESENCE, 1, 1, "u1@d/r");
    struct fx *fx = room_effects_add(&t.fx, FX_HISTORY);
    fx->history.to_sid = 1;
    fx->history.max_chars = -1;
    fx->history.messages = messages;
    fx->history.n = 40;
    spread(&ev, false);
    uint64_t n = 0;
    for (uint32_t i = 0; i < t.out.n; i++) {
        const Verona__Delivery *d = got(i, 1);
        for (size_t p = 0; p < d->n_parts; p++)
            for (size_t k = 0; k < d->parts[p]->history->n_messages; k++)
                assert_int_equal(d->parts[p]->history->messages[k]->stamp_ms, ++n);
    }
    assert_int_equal(n, 40);
    assert_true(t.out.n > 3);
    t.fx.list[0].history.max_chars = 100000;
    spread(&ev, false);
    assert_int_equal(t.out.n, 1);
    assert_int_equal(got(0, 1)->parts[0]->history->n_messages, 3);
    assert_int_equal(got(0, 1)->parts[0]->history->messages[2]->stamp_ms, 40);
    t.fx.list[0].history.max_chars = 0;
    spread(&ev, false);
    assert_int_equal(t.out.n, 0);
}

/* What all Deliveries to gateway 1 bring of one Part, put together. */
static Verona__Part *whole(void)
{
    struct buf b;
    buf_init(&b);
    for (uint32_t i = 0; i < t.out.n; i++) {
        const Verona__Delivery *d = got(i, 1);
        assert_true(t.out.items[i].item.n <= LIMIT_BUS_MESSAGE / 2);
        assert_int_equal(d->n_parts, 1);
        assert_int_equal(d->parts[0]->kind_case, VERONA__PART__KIND_FRAGMENT);
        assert_int_equal(d->parts[0]->fragment->more, i + 1 < t.out.n);
        assert_int_equal(d->origin != NULL, i + 1 == t.out.n); /* acknowledged when all is there */
        buf_str(&b, wire_str(d->parts[0]->fragment->data));
    }
    Verona__Part *part = (Verona__Part *)wire_unpack(&verona__part__descriptor,
                                                     arena_str(&t.arena, buf_as_str(&b)), &t.arena);
    buf_deinit(&b);
    return part;
}

static void test_large_answer_comes_in_pieces(void **state)
{
    (void)state;
    enum { N = 400 };
    static char reason[100000];
    static struct fx_list_item items[N];
    memset(reason, 'r', sizeof reason);
    for (size_t i = 0; i < N; i++)
        items[i] = (struct fx_list_item){
            .affiliation = AFFIL_OUTCAST, .jid = STR("x@d"), .reason = str_n(reason, 3000)};
    struct room_event ev = event(ROOM_EV_ADMIN_GET, 1, 1, "u1@d/r");
    ev.origin.rseq = 1;
    struct fx *fx = room_effects_add(&t.fx, FX_REPLY);
    fx->reply.kind = FXR_ITEMS;
    fx->reply.items = items;
    fx->reply.n_items = 100;
    spread(&ev, false);
    assert_string_equal(parts_of(&t.arena, got(0, 1)), "reply:items");
    t.fx.list[0].reply.n_items = N;
    spread(&ev, false);
    assert_true(t.out.n > 4);
    Verona__Part *part = whole();
    assert_non_null(part);
    assert_int_equal(part->kind_case, VERONA__PART__KIND_REPLY);
    assert_int_equal(part->reply->items->n_items, N);
    assert_int_equal(part->reply->items->items[N - 1]->reason.len, 3000);

    for (size_t i = 0; i < N; i++)
        items[i].reason.n = sizeof reason; /* 40 MB */
    spread(&ev, false);
    assert_string_equal(parts_of(&t.arena, got(0, 1)), "reply:error");
    assert_int_equal(got(0, 1)->parts[0]->reply->error->condition, SE_RESOURCE_CONSTRAINT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_groupchat_is_packed_once),
        T(test_private_goes_where_the_nick_is),
        T(test_reply_goes_to_the_asker),
        T(test_leave_ends_the_replica),
        T(test_second_local_join_brings_no_roster),
        T(test_large_roster),
        T(test_large_history),
        T(test_large_answer_comes_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
