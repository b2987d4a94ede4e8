/* rooms: questions to archives, through a real room core and the store in memory. */
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/slot.h"
#include "lib_requests.h"
#include "rt/loop.h"
#include "shard/rooms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define ROOM "r@c.example"
#define NONCE "00112233445566778899aabbccddeeff"

static struct {
    struct loop *loop;
    struct store *store;
    struct rooms *rooms;
    struct room_service service;
    struct arena arena;
    const Verona__Item *sent[512]; /* to gateway 1, in order */
    uint32_t n_sent, seen;
    uint64_t epoch, wall_ms, counter, rseq, sid;
    uint32_t slot;
} t;

static const uint8_t seed[16] = {1};

static bool op_token(void *ctx, uint32_t slot, struct store_token *out)
{
    (void)ctx;
    *out = (struct store_token){slot, t.epoch, NONCE};
    return slot == t.slot && t.epoch != 0;
}

static void op_send(void *ctx, gateway_ref gw, struct str item)
{
    (void)ctx, (void)gw;
    assert_true(t.n_sent < sizeof t.sent / sizeof t.sent[0]);
    assert_true(item.n <= LIMIT_BUS_MESSAGE);
    t.sent[t.n_sent++] = item_of(&t.arena, arena_str(&t.arena, item));
}

static struct str op_name(void *ctx, gateway_ref gw)
{
    (void)ctx, (void)gw;
    return STR("g1:11");
}

static void op_loaded(void *ctx, uint32_t slot, uint32_t n)
{
    (void)ctx, (void)slot, (void)n;
}

static void op_fenced(void *ctx, uint32_t slot)
{
    (void)ctx, (void)slot;
}

static uint64_t op_wall(void *ctx)
{
    (void)ctx;
    return t.wall_ms += 1000;
}

static void op_random(void *ctx, uint8_t out[16])
{
    (void)ctx;
    memset(out, 0, 16);
    t.counter++;
    memcpy(out, &t.counter, sizeof t.counter);
}

static const struct rooms_ops ops = {.token = op_token,
                                     .send = op_send,
                                     .gateway_name = op_name,
                                     .loaded = op_loaded,
                                     .fenced = op_fenced,
                                     .wall_ms = op_wall,
                                     .random = op_random};

static void stop(void *ctx)
{
    loop_stop(ctx);
}

static void run_ms(uint64_t ms)
{
    struct loop_timer timer;
    loop_timer_init(&timer);
    loop_timer_start(t.loop, &timer, ms, 0, stop, t.loop);
    loop_run(t.loop);
    loop_timer_stop(&timer);
}

static void run(void)
{
    run_ms(20);
}

static struct request request(void)
{
    return (struct request){.arena = &t.arena,
                            .slot = t.slot,
                            .epoch = t.epoch,
                            .room = ROOM,
                            .rseq = ++t.rseq,
                            .sid = t.sid,
                            .jid = t.sid == 101 ? "a@d/1" : "b@d/1",
                            .id = "x"};
}

static void push(Verona__RoomEvent *ev)
{
    rooms_request(t.rooms, 1, ev, req_item(&t.arena, ev));
}

static void say_as(const char *text, bool archive)
{
    struct request r = request();
    Verona__RoomEvent *ev = req_message(&r, text);
    ev->message->archive = archive;
    push(ev);
}

static void say(const char *text)
{
    say_as(text, true);
    run();
}

static Verona__RoomEvent *query(Verona__ArchiveIn__Kind kind)
{
    struct request r = request();
    Verona__RoomEvent *ev = req(&r);
    Verona__ArchiveIn *q = arena_alloc(&t.arena, sizeof *q);
    verona__archive_in__init(q);
    q->kind = kind;
    q->start_ms = q->end_ms = q->max = -1;
    q->query_id = wire_bytes(STR("f27"));
    ev->body_case = VERONA__ROOM_EVENT__BODY_ARCHIVE;
    ev->archive = q;
    return ev;
}

static Verona__Name *name(uint64_t s)
{
    Verona__Name *n = arena_alloc(&t.arena, sizeof *n);
    verona__name__init(n);
    n->e = 5;
    n->s = s;
    return n;
}

/* What came, as text: the messages of a page as their numbers, the end of the page, errors. */
static const char *answers(void)
{
    static char text[4096];
    int n = 0;
    text[0] = '\0';
#define PUT(...) n += snprintf(text + n, sizeof text - (size_t)n, __VA_ARGS__)
    for (; t.seen < t.n_sent; t.seen++) {
        const Verona__Item *item = t.sent[t.seen];
        if (item->kind_case != VERONA__ITEM__KIND_DELIVERY) {
            PUT("%s ", item->kind_case == VERONA__ITEM__KIND_ACK ? "ack" : "elsewhere");
            continue;
        }
        const Verona__Delivery *d = item->delivery;
        for (size_t i = 0; i < d->n_parts; i++) {
            const Verona__Part *p = d->parts[i];
            if (p->kind_case == VERONA__PART__KIND_ARCHIVE) {
                assert_true(str_is(wire_str(p->archive->query_id), "f27"));
                assert_int_equal(p->archive->to_sid, t.sid);
                for (size_t k = 0; k < p->archive->n_messages; k++) {
                    const Verona__ArchivedMessage *m = p->archive->messages[k];
                    assert_true(m->message->stamp_ms > 0);
                    PUT("%u%s ", (unsigned)m->message->name->s, m->jid.len ? "j" : "");
                }
                continue;
            }
            if (p->kind_case != VERONA__PART__KIND_REPLY)
                continue;
            const Verona__Reply *r = p->reply;
            if (r->answer_case == VERONA__REPLY__ANSWER_ERROR) {
                PUT("%s ", stanza_error_condition((enum stanza_error)r->error->condition));
            } else if (r->answer_case == VERONA__REPLY__ANSWER_ARCHIVE_FIN) {
                const Verona__ArchiveFin *f = r->archive_fin;
                PUT("fin");
                if (f->first)
                    PUT(" %u..%u", (unsigned)f->first->s, (unsigned)f->last->s);
                if (f->has_count)
                    PUT(" count=%u", f->count);
                PUT("%s ", f->complete ? " complete" : "");
            } else if (r->answer_case == VERONA__REPLY__ANSWER_ARCHIVE_METADATA) {
                const Verona__ArchiveMetadata *m = r->archive_metadata;
                PUT("metadata");
                if (m->start) {
                    PUT(" %u..%u", (unsigned)m->start->s, (unsigned)m->end->s);
                    assert_true(m->start_ms > 0 && m->end_ms >= m->start_ms);
                }
                PUT(" ");
            } else {
                PUT("result ");
            }
        }
    }
#undef PUT
    if (n > 0)
        text[n - 1] = '\0';
    return text;
}

static void forget(void)
{
    run();
    t.seen = t.n_sent;
}

/* The answer to one question. */
static const char *asked(Verona__RoomEvent *ev)
{
    t.seen = t.n_sent;
    push(ev);
    run();
    return answers();
}

static const char *page(int64_t max, bool backward, uint64_t after, uint64_t before)
{
    Verona__RoomEvent *ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    ev->archive->max = max;
    ev->archive->backward = backward;
    ev->archive->after = after ? name(after) : NULL;
    ev->archive->before = before ? name(before) : NULL;
    return asked(ev);
}

/* alice owns the room; its creation is number 1. */
static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    arena_init(&t.arena);
    t.loop = loop_new();
    t.store = store_mem_new(t.loop);
    t.service.defaults.public_room = true;
    t.service.defaults.persistent = true;
    t.service.defaults.archive = true;
    t.service.defaults.archive_messages = 500;
    t.service.defaults.presence_broadcast =
        ROLE_BIT(ROLE_VISITOR) | ROLE_BIT(ROLE_PARTICIPANT) | ROLE_BIT(ROLE_MODERATOR);
    t.wall_ms = 1700000000000;
    t.sid = 101;
    t.epoch = 5;
    const struct rooms_config cfg = {
        .service = &t.service, .unload_after_ms = 100, .orphan_after_ms = 150, .forget = true};
    t.rooms = rooms_new(t.loop, t.store, &cfg, &ops, NULL);
    rooms_set_seed(t.rooms, seed);
    t.slot = slot_of(seed, STR(ROOM));
    rooms_slot_gained(t.rooms, t.slot, 5, true);
    struct request r = request();
    r.nick = "alice";
    push(req_join(&r));
    forget();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rooms_drop_all(t.rooms);
    if (t.store)
        t.store->ops->destroy(&t.store);
    rooms_destroy(&t.rooms);
    loop_destroy(&t.loop);
    arena_deinit(&t.arena);
    return 0;
}

/* ------------------------------------------------------------------ pages */

/* X0313-page-forwards, X0313-fin, X0313-complete, X0313-ids */
static void test_pages_forward(void **state)
{
    (void)state;
    assert_string_equal(page(-1, false, 0, 0), "fin complete");
    for (int i = 2; i <= 8; i++)
        say("<body>x</body>");
    assert_string_equal(page(-1, false, 0, 0), "2j 3j 4j 5j 6j 7j 8j fin 2..8 complete");
    assert_string_equal(page(3, false, 0, 0), "2j 3j 4j fin 2..4");
    assert_string_equal(page(3, false, 4, 0), "5j 6j 7j fin 5..7");
    assert_string_equal(page(3, false, 7, 0), "8j fin 8..8 complete");
    assert_string_equal(page(3, false, 8, 0), "fin complete");
    assert_string_equal(page(4, false, 4, 0), "5j 6j 7j 8j fin 5..8 complete");
    assert_string_equal(page(9, false, 3, 6), "4j 5j fin 4..5 complete");
    assert_string_equal(page(0, false, 0, 0), "fin count=7");
    assert_string_equal(page(0, false, 7, 0), "fin count=1");
    assert_string_equal(page(0, false, 8, 0), "fin count=0 complete");
}

/* X0313-page-backwards, X0313-flip-page */
static void test_pages_backward(void **state)
{
    (void)state;
    for (int i = 2; i <= 8; i++)
        say("<body>x</body>");
    assert_string_equal(page(3, true, 0, 0), "6j 7j 8j fin 6..8");
    assert_string_equal(page(3, true, 0, 6), "3j 4j 5j fin 3..5");
    assert_string_equal(page(3, true, 0, 3), "2j fin 2..2 complete");
    assert_string_equal(page(3, true, 0, 2), "fin complete");
    Verona__RoomEvent *ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    ev->archive->max = 3;
    ev->archive->backward = ev->archive->flip = true;
    assert_string_equal(asked(ev), "8j 7j 6j fin 6..8");
    ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    ev->archive->max = 2;
    ev->archive->flip = true;
    assert_string_equal(asked(ev), "3j 2j fin 2..3");
}

/* X0313-before-after-id, X0313-by-ids: they bound the result, before and after the page; ids name
 * what is wanted. */
static void test_ids(void **state)
{
    (void)state;
    for (int i = 2; i <= 6; i++)
        say("<body>x</body>");
    say_as("<composing/>", false); /* 7: shown, not kept */
    say("<body>x</body>");
    Verona__RoomEvent *ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    ev->archive->after_id = name(2);
    ev->archive->before_id = name(6);
    ev->archive->max = 2;
    ev->archive->backward = true;
    assert_string_equal(asked(ev), "4j 5j fin 4..5");
    ev->archive->before = name(4);
    ev->rseq = ++t.rseq;
    assert_string_equal(asked(ev), "3j fin 3..3 complete");
    assert_string_equal(page(9, false, 7, 0), "8j fin 8..8 complete"); /* of what was not kept */

    Verona__Name *ids[] = {name(6), name(2), name(4), name(2)};
    ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    ev->archive->ids = ids;
    ev->archive->n_ids = 4;
    assert_string_equal(asked(ev), "2j 4j 6j fin 2..6 complete");
    ev->archive->max = 2;
    ev->rseq = ++t.rseq;
    assert_string_equal(asked(ev), "2j 4j fin 2..4");
    ev->archive->after = name(4);
    ev->rseq = ++t.rseq;
    assert_string_equal(asked(ev), "6j fin 6..6 complete");
    ids[1] = name(7);
    ev->rseq = ++t.rseq;
    assert_string_equal(asked(ev), "item-not-found");
    ids[1] = name(1); /* the creation */
    ev->rseq = ++t.rseq;
    assert_string_equal(asked(ev), "item-not-found");
}

/* X0313-unknown-id */
static void test_unknown_ids(void **state)
{
    (void)state;
    say("<body>x</body>");
    assert_string_equal(page(9, false, 3, 0), "item-not-found");
    assert_string_equal(page(9, false, 1, 0), "item-not-found");
    assert_string_equal(page(9, true, 0, 99), "item-not-found");
    Verona__RoomEvent *ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    ev->archive->after_id = name(2);
    ev->archive->after_id->e = 4;
    assert_string_equal(asked(ev), "item-not-found");
    ev->archive->after_id = NULL;
    ev->archive->before_id = name(77);
    ev->rseq = ++t.rseq;
    assert_string_equal(asked(ev), "item-not-found");
}

/* X0313-with, X0313-start-end, X0313-item-jid */
static void test_filters(void **state)
{
    (void)state;
    say("<body>x</body>");
    uint64_t between = t.wall_ms;
    say("<body>x</body>");
    t.sid = 102;
    struct request r = request();
    r.nick = "bob";
    push(req_join(&r));
    run();
    say("<body>x</body>");
    Verona__RoomEvent *ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    assert_string_equal(asked(ev), "2 3 4 fin 2..4 complete"); /* bob sees no JIDs */
    t.sid = 101;
    ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    ev->archive->with = wire_bytes(STR("b@d"));
    assert_string_equal(asked(ev), "4j fin 4..4 complete");
    ev->archive->with = wire_bytes(STR(ROOM "/alice"));
    ev->rseq = ++t.rseq;
    assert_string_equal(asked(ev), "2j 3j fin 2..3 complete");
    ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    ev->archive->start_ms = (int64_t)between;
    assert_string_equal(asked(ev), "3j 4j fin 3..4 complete");
    ev->archive->start_ms = -1;
    ev->archive->end_ms = (int64_t)between;
    ev->rseq = ++t.rseq;
    assert_string_equal(asked(ev), "2j fin 2..2 complete");
}

/* X0313-page-limit, X0313-metadata: many entries, few matches: several reads, and still the right
 * page. */
static void test_a_long_log(void **state)
{
    (void)state;
    say("<body>first</body>"); /* 2 */
    for (int i = 0; i < 200; i++)
        say_as("<composing/>", false);
    run();
    say("<body>last</body>"); /* 203 */
    forget();
    assert_string_equal(page(-1, false, 0, 0), "2j 203j fin 2..203 complete");
    assert_string_equal(page(1, false, 0, 0), "2j fin 2..2");
    assert_string_equal(page(1, true, 0, 0), "203j fin 203..203");
    assert_string_equal(page(1, true, 0, 203), "2j fin 2..2 complete");
    Verona__RoomEvent *ev = query(VERONA__ARCHIVE_IN__KIND__METADATA);
    assert_string_equal(asked(ev), "metadata 2..203");
    for (int i = 0; i < 60; i++)
        say_as("<body>x</body>", true);
    forget();
    const char *fifty = page(-1, false, 0, 0); /* a page that was not asked for otherwise */
    assert_non_null(strstr(fifty, "fin 2..251"));
    assert_null(strstr(fifty, "complete"));
    for (int i = 0; i < 60; i++)
        say_as("<body>x</body>", true);
    forget();
    fifty = page(1000, true, 0, 0);
    assert_non_null(strstr(fifty, "fin 224..323"));
}

/* X0313-metadata-empty */
static void test_metadata_of_nothing(void **state)
{
    (void)state;
    Verona__RoomEvent *ev = query(VERONA__ARCHIVE_IN__KIND__METADATA);
    assert_string_equal(asked(ev), "metadata");
    say("<body>x</body>");
    ev->rseq = ++t.rseq;
    assert_string_equal(asked(ev), "metadata 2..2");
}

/* Large messages: fewer in a page. The last Delivery is the answer. */
static void test_large_messages(void **state)
{
    (void)state;
    char *large = arena_alloc(&t.arena, 100 * 1024);
    memset(large, 'x', 100 * 1024 - 1);
    large[100 * 1024 - 1] = '\0';
    for (int i = 0; i < 5; i++)
        say(large);
    forget();
    uint32_t before = t.n_sent;
    Verona__RoomEvent *ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    push(ev);
    run();
    assert_true(t.n_sent > before);
    for (uint32_t i = before; i < t.n_sent; i++) {
        const Verona__Delivery *d = t.sent[i]->delivery;
        assert_int_equal(d->origin != NULL, i + 1 == t.n_sent);
        assert_false(d->durable);
    }
    assert_int_equal(t.sent[t.n_sent - 1]->delivery->origin->rseq, ev->rseq);
    assert_string_equal(answers(), "2j 3j fin 2..3");
    assert_string_equal(page(-1, false, 3, 0), "4j 5j fin 4..5");
    assert_string_equal(page(-1, false, 5, 0), "6j fin 6..6 complete");
}

/* X0313-retention-age: what is too old is not there, in the store still or not. */
static void test_age(void **state)
{
    (void)state;
    t.service.defaults.archive_days = 1; /* of the rooms that are made from now on */
    struct request r = request();
    Verona__RoomEvent *ev = req(&r);
    Verona__DestroyIn d = VERONA__DESTROY_IN__INIT;
    ev->body_case = VERONA__ROOM_EVENT__BODY_DESTROY;
    ev->destroy = &d;
    push(ev);
    r = request();
    r.nick = "alice";
    push(req_join(&r)); /* 3 */
    run();
    say("<body>old</body>");
    t.wall_ms += 24 * 3600 * 1000;
    say("<body>new</body>");
    forget();
    assert_string_equal(page(-1, false, 0, 0), "5j fin 5..5 complete");
    assert_string_equal(page(-1, true, 0, 0), "5j fin 5..5 complete");
    assert_string_equal(page(-1, false, 4, 0), "5j fin 5..5 complete"); /* known, though too old */
    assert_string_equal(asked(query(VERONA__ARCHIVE_IN__KIND__METADATA)), "metadata 5..5");
    Verona__Name *ids[] = {name(4)};
    ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    ev->archive->ids = ids;
    ev->archive->n_ids = 1;
    assert_string_equal(asked(ev), "item-not-found");
}

/* ------------------------------------------------------------------ under way */

static void test_one_at_a_time(void **state)
{
    (void)state;
    say("<body>x</body>");
    forget();
    for (uint32_t i = 0; i < LIMIT_ARCHIVE_WAITING + 2; i++)
        push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    assert_string_equal(answers(), "resource-constraint"); /* one too many */
    run();
    const char *got = answers();
    for (uint32_t i = 0; i < LIMIT_ARCHIVE_WAITING + 1; i++) {
        assert_int_equal(strncmp(got, "2j fin 2..2 complete", 20), 0);
        got += 20 + (got[20] == ' ');
    }
    assert_string_equal(got, "");
    /* of two sessions: none waits for the other, nor does the room */
    push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    say_as("<body>y</body>", true);
    run();
    assert_string_equal(answers(), "2j fin 2..2 complete");
}

/* X0313-access-now: what waited is asked again, with the rights of then. */
static void test_access_is_checked_when_its_turn_comes(void **state)
{
    (void)state;
    say("<body>x</body>");
    forget();
    t.sid = 102;
    push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    t.sid = 101;
    struct request r = request();
    Verona__RoomEvent *ev = req(&r);
    Verona__AdminIn admin = VERONA__ADMIN_IN__INIT;
    Verona__AdminItem ban = VERONA__ADMIN_ITEM__INIT, *items[] = {&ban};
    ban.affiliation = VERONA__AFFILIATION__OUTCAST;
    ban.jid = wire_bytes(STR("b@d"));
    admin.set = true;
    admin.n_items = 1;
    admin.items = items;
    ev->body_case = VERONA__ROOM_EVENT__BODY_ADMIN;
    ev->admin = &admin;
    push(ev);
    run();
    t.sid = 102;
    const char *got = answers();
    assert_non_null(strstr(got, "2 fin 2..2 complete"));
    assert_non_null(strstr(got, "forbidden"));
}

/* Its number may be below the mark of a later change: it is answered all the same. */
static void test_a_question_below_the_mark(void **state)
{
    (void)state;
    say("<body>x</body>");
    Verona__RoomEvent *ev = query(VERONA__ARCHIVE_IN__KIND__QUERY);
    ev->redo = true;
    say("<body>y</body>");
    forget();
    assert_string_equal(asked(ev), "2j 3j fin 2..3 complete");
    rooms_slot_lost(t.rooms,
                    t.slot); /* and so says another owner, who has the mark from the store */
    t.epoch = 6;
    rooms_slot_gained(t.rooms, t.slot, 6, true);
    forget();
    ev->epoch = 6;
    assert_string_equal(asked(ev), "2j 3j fin 2..3 complete");
    struct request r = request();
    r.rseq = ev->rseq;
    r.id = "d";
    Verona__RoomEvent *disco = req(&r);
    Verona__QueryIn q = VERONA__QUERY_IN__INIT;
    disco->body_case = VERONA__ROOM_EVENT__BODY_QUERY;
    disco->query = &q;
    assert_string_equal(asked(disco), "result");
    struct request again = request();
    again.rseq = ev->rseq;
    /* what would change something is not done: nobody knows whether it was */
    assert_string_equal(asked(req_message(&again, "<body>z</body>")), "remote-server-timeout");
    /* W35: an iq to an occupant that only asks is asked again, one that sets is not */
    struct request iq = request();
    iq.rseq = ev->rseq;
    Verona__RoomEvent *relay = req(&iq);
    Verona__RelayIn in = VERONA__RELAY_IN__INIT;
    relay->body_case = VERONA__ROOM_EVENT__BODY_RELAY;
    relay->relay = &in;
    relay->nick = wire_bytes(STR("Nobody"));
    assert_string_equal(asked(relay), "not-acceptable");
    in.set = true;
    assert_string_equal(asked(relay), "remote-server-timeout");
}

static void test_a_room_that_is_not_in_memory(void **state)
{
    (void)state;
    say("<body>x</body>");
    struct request r = request();
    push(req_leave(&r));
    run_ms(700);
    assert_null(rooms_find(t.rooms, STR(ROOM)));
    assert_string_equal(page(-1, false, 0, 0), "2j fin 2..2 complete");
}

static void test_the_slot_goes_while_it_is_read(void **state)
{
    (void)state;
    say("<body>x</body>");
    forget();
    push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    rooms_slot_lost(t.rooms, t.slot);
    run();
    assert_string_equal(answers(), "elsewhere elsewhere");
}

static void test_the_gateway_goes_while_it_is_read(void **state)
{
    (void)state;
    say("<body>x</body>");
    forget();
    push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    rooms_gateway_lost(t.rooms, 1);
    run();
    const char *got = answers(); /* of the second one nothing is asked any more */
    assert_non_null(strstr(got, "fin"));
    assert_null(strstr(strstr(got, "fin") + 1, "fin"));
}

static void test_the_store_is_away(void **state)
{
    (void)state;
    say("<body>x</body>");
    store_mem_unavailable(t.store, true);
    assert_string_equal(page(-1, false, 0, 0), "resource-constraint");
    assert_string_equal(page(-1, false, 2, 0), "resource-constraint");
    store_mem_unavailable(t.store, false);
    rooms_set_unsafe(t.rooms, true);
    assert_string_equal(page(-1, false, 0, 0), "resource-constraint");
    rooms_set_unsafe(t.rooms, false);
    assert_string_equal(page(-1, false, 0, 0), "2j fin 2..2 complete");
}

static void test_the_end_of_the_process(void **state)
{
    (void)state;
    say("<body>x</body>");
    push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    rooms_drop_all(t.rooms);
    t.store->ops->destroy(&t.store);
}

/* ------------------------------------------------------------------ moderation */

static Verona__RoomEvent *moderate(uint64_t s)
{
    struct request r = request();
    Verona__RoomEvent *ev = req(&r);
    Verona__ModerateIn *m = arena_alloc(&t.arena, sizeof *m);
    verona__moderate_in__init(m);
    m->target = name(s);
    m->reason = wire_bytes(STR("rude"));
    m->has_reason = true;
    ev->body_case = VERONA__ROOM_EVENT__BODY_MODERATE;
    ev->moderate = m;
    return ev;
}

static void test_moderation(void **state)
{
    (void)state;
    say("<body>x</body>");
    forget();
    push(moderate(2));
    run();
    const Verona__Delivery *d = t.sent[t.seen]->delivery;
    assert_string_equal(parts_of(&t.arena, d), "message:GROUPCHAT reply:empty");
    const Verona__Message *m = d->parts[0]->message;
    assert_int_equal(m->retracts->s, 2);
    assert_int_equal(m->retracts->e, 5);
    assert_int_equal(m->name->s, 3);
    assert_int_equal(m->nick.len + m->payload.len + m->occupant_id.len, 0);
    assert_true(m->retraction->moderated && m->retraction->has_reason);
    assert_true(str_is(wire_str(m->retraction->nick), "alice"));
    assert_true(str_is(wire_str(m->retraction->reason), "rude"));
    assert_true(d->durable);
    t.seen = t.n_sent;
    push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    run();
    const Verona__ArchivePage *p = t.sent[t.seen]->delivery->parts[0]->archive;
    assert_int_equal(p->n_messages, 2);
    assert_int_equal(p->messages[0]->message->payload.len, 0);
    assert_null(p->messages[0]->message->retracts);
    assert_true(p->messages[0]->message->retraction->moderated);
    assert_true(p->messages[0]->jid.len > 0);
    assert_int_equal(p->messages[1]->message->retracts->s, 2);
    assert_int_equal(p->messages[1]->jid.len, 0); /* the room speaks */
    t.seen = t.n_sent;
    assert_string_equal(asked(moderate(99)), "item-not-found");
    assert_string_equal(asked(moderate(3)),
                        "item-not-found"); /* the store knows it is the room's */
    assert_string_equal(page(-1, false, 0, 0), "2j 3 fin 2..3 complete");
}

static void test_own_retraction(void **state)
{
    (void)state;
    say("<body>x</body>");
    forget();
    struct request r = request();
    Verona__RoomEvent *ev = req_message(&r, "<retract/>");
    ev->message->archive = true;
    ev->message->retracts = name(2);
    push(ev);
    run();
    const Verona__Message *m = t.sent[t.seen]->delivery->parts[0]->message;
    assert_null(m->retraction); /* its payload says it */
    assert_null(m->retracts);
    t.seen = t.n_sent;
    push(query(VERONA__ARCHIVE_IN__KIND__QUERY));
    run();
    const Verona__ArchivePage *p = t.sent[t.seen]->delivery->parts[0]->archive;
    assert_int_equal(p->messages[0]->message->payload.len, 0);
    assert_false(p->messages[0]->message->retraction->moderated);
    assert_true(p->messages[0]->message->retraction->id.len > 0);
    assert_int_equal(p->messages[1]->message->payload.len, strlen("<retract/>"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_pages_forward),
        TEST(test_pages_backward),
        TEST(test_ids),
        TEST(test_unknown_ids),
        TEST(test_filters),
        TEST(test_a_long_log),
        TEST(test_metadata_of_nothing),
        TEST(test_large_messages),
        TEST(test_age),
        TEST(test_one_at_a_time),
        TEST(test_access_is_checked_when_its_turn_comes),
        TEST(test_a_question_below_the_mark),
        TEST(test_a_room_that_is_not_in_memory),
        TEST(test_the_slot_goes_while_it_is_read),
        TEST(test_the_gateway_goes_while_it_is_read),
        TEST(test_the_store_is_away),
        TEST(test_the_end_of_the_process),
        TEST(test_moderation),
        TEST(test_own_retraction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
