/* rooms: requests through a real room core and the store in memory. */
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

#include <cmocka.h>

#define ROOM "r@c.example"
#define NONCE "00112233445566778899aabbccddeeff"

/* What was sent to the gateways, oldest first. */
struct sent {
    gateway_ref gw;
    const Verona__Item *item;
};

static struct {
    struct loop *loop;
    struct store *store;
    struct rooms *rooms;
    struct room_service service;
    struct arena arena;
    struct sent sent[512];
    uint32_t n_sent, seen;
    uint64_t epoch[SLOT_COUNT];
    uint32_t fenced;
    bool giving; /* a gift of every slot is under way */
    uint64_t wall_ms, counter, rseq;
    uint32_t slot;
} t;

static const uint8_t seed[16] = {1};

static bool op_token(void *ctx, uint32_t slot, struct store_token *out)
{
    (void)ctx;
    *out = (struct store_token){slot, t.epoch[slot], NONCE};
    return t.epoch[slot] != 0 && !t.giving;
}

static void op_send(void *ctx, gateway_ref gw, struct str item)
{
    (void)ctx;
    assert_true(t.n_sent < sizeof t.sent / sizeof t.sent[0]);
    t.sent[t.n_sent++] = (struct sent){gw, item_of(&t.arena, arena_str(&t.arena, item))};
}

static struct str op_name(void *ctx, gateway_ref gw)
{
    (void)ctx;
    static const char *const names[] = {"", "g1:11", "g2:22", "g3:33"};
    return gw <= 3 ? str_of(names[gw]) : STR_NULL;
}

static void op_loaded(void *ctx, uint32_t slot, uint32_t n)
{
    (void)ctx, (void)slot, (void)n;
}

static void op_fenced(void *ctx, uint32_t slot)
{
    (void)ctx;
    t.fenced++;
    t.epoch[slot] = 0;
}

static uint64_t op_wall(void *ctx)
{
    (void)ctx;
    return t.wall_ms++;
}

static void op_random(void *ctx, uint8_t out[16])
{
    (void)ctx;
    memset(out, 0, 16);
    t.counter++;
    memcpy(out, &t.counter, sizeof t.counter);
}

static const struct rooms_ops ops = {
    .token = op_token,
    .send = op_send,
    .gateway_name = op_name,
    .loaded = op_loaded,
    .fenced = op_fenced,
    .wall_ms = op_wall,
    .random = op_random,
};

static void stop(void *ctx)
{
    loop_stop(ctx);
}

/* Lets the loop run for a while. */
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

static int setup(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    arena_init(&t.arena);
    t.loop = loop_new();
    t.store = store_mem_new(t.loop);
    t.service.defaults.public_room = true;
    t.service.defaults.presence_broadcast =
        ROLE_BIT(ROLE_VISITOR) | ROLE_BIT(ROLE_PARTICIPANT) | ROLE_BIT(ROLE_MODERATOR);
    t.service.history_default = 20;
    t.service.avatar_max = 65536;
    t.wall_ms = 1700000000000;
    const struct rooms_config cfg = {
        .service = &t.service, .unload_after_ms = 100, .orphan_after_ms = 150, .forget = true};
    t.rooms = rooms_new(t.loop, t.store, &cfg, &ops, NULL);
    rooms_set_seed(t.rooms, seed);
    t.slot = slot_of(seed, STR(ROOM));
    t.epoch[t.slot] = 5;
    rooms_slot_gained(t.rooms, t.slot, 5, true);
    run();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rooms_drop_all(t.rooms);
    t.store->ops->destroy(&t.store);
    rooms_destroy(&t.rooms);
    loop_destroy(&t.loop);
    arena_deinit(&t.arena);
    return 0;
}

static const char *const jids[] = {"", "a@d/1", "b@d/2", "c@d/3"};

/* A request of gateway gw's only session. */
static struct request from(gateway_ref gw, const char *nick)
{
    return (struct request){.arena = &t.arena,
                            .slot = t.slot,
                            .epoch = 5,
                            .room = ROOM,
                            .rseq = ++t.rseq,
                            .sid = 100 + gw,
                            .jid = jids[gw],
                            .nick = nick,
                            .id = "x"};
}

static void push(gateway_ref gw, Verona__RoomEvent *ev)
{
    rooms_request(t.rooms, gw, ev, req_item(&t.arena, ev));
}

static uint64_t join(gateway_ref gw, const char *nick)
{
    struct request r = from(gw, nick);
    push(gw, req_join(&r));
    return r.rseq;
}

static uint64_t say(gateway_ref gw, const char *text)
{
    struct request r = from(gw, NULL);
    push(gw, req_message(&r, text));
    return r.rseq;
}

static uint64_t leave(gateway_ref gw)
{
    struct request r = from(gw, NULL);
    push(gw, req_leave(&r));
    return r.rseq;
}

/* The next thing sent to gw (of those not looked at), which must be there. */
static const Verona__Item *next(gateway_ref gw)
{
    for (; t.seen < t.n_sent; t.seen++)
        if (t.sent[t.seen].gw == gw)
            return t.sent[t.seen++].item;
    fail_msg("nothing was sent to gateway %u", gw);
    return NULL;
}

static const Verona__Delivery *delivery(gateway_ref gw, const char *parts)
{
    const Verona__Item *m = next(gw);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_DELIVERY);
    assert_string_equal(parts_of(&t.arena, m->delivery), parts);
    assert_true(str_is(wire_str(m->delivery->room), ROOM));
    return m->delivery;
}

static void nothing_more(void)
{
    assert_int_equal(t.seen, t.n_sent);
}

/* All forgotten: the next look starts with what comes next. */
static void forget(void)
{
    t.seen = t.n_sent;
}

static void open_room(void)
{
    join(1, "alice");
    run();
    forget();
}

/* ------------------------------------------------------------------ tests */

static void test_create(void **state)
{
    (void)state;
    uint64_t rseq = join(1, "alice");
    assert_int_equal(t.n_sent, 0); /* nobody sees it before the store has it (I3) */
    run();
    const Verona__Delivery *d = delivery(1, "roster presence:JOIN message:SUBJECT");
    assert_true(d->durable);
    assert_int_equal(d->name->e, 5);
    assert_int_equal(d->name->s, 1);
    assert_int_equal(d->prev->s, 0);
    assert_int_equal(d->origin->rseq, rseq);
    assert_true(str_is(wire_str(d->origin->gateway), "g1:11"));
    assert_int_equal(d->parts[0]->roster->n_records, 0); /* the joiner comes with his presence */
    assert_true(str_is(wire_str(d->parts[1]->presence->records[0]->occ->gateway), "g1:11"));
    assert_false(d->last);
    nothing_more();
    struct rooms_totals totals;
    rooms_totals(t.rooms, &totals);
    assert_int_equal(totals.rooms, 1);
    assert_int_equal(totals.active, 1);
    assert_int_equal(totals.occupants, 1);
    assert_non_null(rooms_find(t.rooms, STR(ROOM)));
}

static void test_messages_share_a_commit(void **state)
{
    (void)state;
    open_room();
    uint64_t one = say(1, "<body>1</body>"), two = say(1, "<body>2</body>");
    run();
    const Verona__Delivery *d = delivery(1, "message:GROUPCHAT");
    assert_int_equal(d->origin->rseq, one);
    assert_int_equal(d->name->s, 2);
    assert_int_equal(d->prev->s, 1);
    d = delivery(1, "message:GROUPCHAT");
    assert_int_equal(d->origin->rseq, two);
    assert_int_equal(d->name->s, 3);
    assert_int_equal(d->prev->s, 2);
    assert_int_equal(d->parts[0]->message->name->s, 3);
    nothing_more();
}

static void test_two_gateways(void **state)
{
    (void)state;
    open_room();
    join(2, "bob");
    run();
    delivery(1, "presence:JOIN");
    t.seen = 0;
    while (t.sent[t.seen].gw != 2)
        t.seen++;
    const Verona__Delivery *d = delivery(2, "roster presence:JOIN message:SUBJECT");
    assert_false(d->durable);
    assert_int_equal(d->name->s, 1);
    assert_int_equal(d->parts[0]->roster->n_records, 1);
    assert_true(str_is(wire_str(d->parts[0]->roster->records[0]->nick), "alice"));
    forget();
    say(2, "<body>hi</body>");
    run();
    uint32_t at = t.seen;
    delivery(1, "message:GROUPCHAT");
    t.seen = at;
    delivery(2, "message:GROUPCHAT");
    forget();
    leave(2);
    run();
    at = t.seen;
    assert_false(delivery(1, "presence:LEAVE")->last);
    t.seen = at;
    assert_true(delivery(2, "presence:LEAVE")->last);
}

static void test_repeated_request(void **state)
{
    (void)state;
    open_room();
    uint64_t rseq = say(1, "<body>1</body>");
    run();
    forget();
    t.rseq = rseq - 1;
    say(1, "<body>1</body>");
    run();
    const Verona__Item *m = next(1);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_ACK);
    assert_int_equal(m->ack->rseq, rseq);
    nothing_more();
}

/* While the commit is under way, the same request waits for the answer and is then acknowledged. */
static void test_repeated_while_pending(void **state)
{
    (void)state;
    open_room();
    uint64_t rseq = say(1, "<body>1</body>");
    t.rseq = rseq - 1;
    say(1, "<body>1</body>");
    run();
    assert_int_equal(delivery(1, "message:GROUPCHAT")->origin->rseq, rseq);
    assert_int_equal(next(1)->kind_case, VERONA__ITEM__KIND_ACK);
    nothing_more();
}

/* The slot goes and comes again under epoch 6, as at another owner of the same store. */
static void take_over(void)
{
    t.epoch[t.slot] = 0;
    rooms_slot_lost(t.rooms, t.slot);
    store_mem_fence(t.store, t.slot, 6, NONCE);
    t.epoch[t.slot] = 6;
    rooms_slot_gained(t.rooms, t.slot, 6, true);
    run();
    forget();
}

static void test_change_again_at_another_owner(void **state)
{
    (void)state;
    open_room();
    struct request change = from(1, NULL);
    push(1, req_submit(&change));
    run();
    take_over();
    change.epoch = 6;
    push(1, req_submit(&change)); /* the result was lost with the owner */
    run();
    const Verona__Delivery *d = delivery(1, "reply:empty");
    assert_int_equal(d->origin->rseq, change.rseq);
    assert_true(str_is(wire_str(d->parts[0]->reply->id), "x"));
    nothing_more();
}

/* The store knows only of the last change of a gateway: what came before it may be done or not. */
static void test_requests_again_at_another_owner(void **state)
{
    (void)state;
    open_room();
    struct request change = from(1, NULL), comes = from(1, "bob"), said = from(1, NULL);
    push(1, req_submit(&change));
    comes.sid = 300;
    comes.jid = "b@d/2";
    push(1, req_join(&comes));
    push(1, req_message(&said, "<body>1</body>"));
    run();
    take_over();
    change.epoch = comes.epoch = said.epoch = 6;
    push(1, req_submit(&change));
    push(1, req_join(&comes));
    push(1, req_message(&said, "<body>1</body>"));
    run();
    const Verona__Delivery *d = delivery(1, "reply:error");
    assert_int_equal(d->origin->rseq, change.rseq);
    assert_int_equal(d->parts[0]->reply->error->condition, SE_REMOTE_TIMEOUT_WAIT);
    assert_int_equal(d->parts[0]->reply->stanza, VERONA__REFUSE_IN__STANZA__IQ);
    d = delivery(1, "roster presence:JOIN history message:SUBJECT");
    assert_int_equal(d->origin->rseq, comes.rseq);
    assert_int_equal(d->parts[2]->history->n_messages, 1);
    const Verona__Item *m = next(1);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_ACK);
    assert_int_equal(m->ack->rseq, said.rseq);
    nothing_more();
}

static void test_silent_request_is_acked(void **state)
{
    (void)state;
    open_room();
    uint64_t rseq = leave(2); /* not inside: nobody is told */
    run();
    const Verona__Item *m = next(2);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_ACK);
    assert_int_equal(m->ack->rseq, rseq);
    nothing_more();
}

static void test_wrong_slot(void **state)
{
    (void)state;
    struct request r = from(1, "alice");
    r.epoch = 4;
    push(1, req_join(&r));
    const Verona__Item *m = next(1);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_WRONG_SLOT);
    assert_int_equal(m->wrong_slot->slot, t.slot);
    assert_int_equal(m->wrong_slot->epoch, 5);
    assert_int_equal(m->wrong_slot->rseq, r.rseq);
    r = from(1, "alice");
    r.slot = (t.slot + 1) % SLOT_COUNT;
    push(1, req_join(&r));
    assert_int_equal(next(1)->kind_case, VERONA__ITEM__KIND_WRONG_SLOT);
    nothing_more();
}

/* The gateway knows of our claim before we do. */
static void test_early_request(void **state)
{
    (void)state;
    struct request r = from(1, "alice");
    r.epoch = 6;
    push(1, req_join(&r));
    run();
    nothing_more();
    t.epoch[t.slot] = 6;
    rooms_slot_gained(t.rooms, t.slot, 6, true);
    run();
    assert_int_equal(delivery(1, "roster presence:JOIN message:SUBJECT")->epoch, 6);
    r = from(2, "bob");
    r.epoch = 7;
    push(2, req_join(&r));
    run_ms(700);
    const Verona__Item *m = next(2);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_WRONG_SLOT);
    assert_int_equal(m->wrong_slot->epoch, 6);
}

/* A slot that is being given away takes nobody in: he would be forgotten without a word. */
static void test_request_while_giving(void **state)
{
    (void)state;
    struct rooms_totals totals;
    t.giving = true;
    uint64_t first = join(1, "alice"), second = say(1, "<body/>");
    run();
    nothing_more();
    rooms_totals(t.rooms, &totals);
    assert_int_equal(totals.rooms, 0);
    t.giving = false; /* it came to nothing: in their order, also before who comes now */
    say(1, "<body>2</body>");
    run();
    assert_int_equal(delivery(1, "roster presence:JOIN message:SUBJECT")->origin->rseq, first);
    assert_int_equal(delivery(1, "message:GROUPCHAT")->origin->rseq, second);
    (void)delivery(1, "message:GROUPCHAT");
    nothing_more();
    leave(1);
    run_ms(300); /* out of memory */
    forget();

    t.giving = true;
    first = join(1, "alice");
    run();
    t.giving = false; /* and without anybody else */
    run_ms(600);
    assert_int_equal(delivery(1, "roster presence:JOIN message:SUBJECT")->origin->rseq, first);
    leave(1);
    run_ms(300);
    forget();

    t.giving = true;
    first = join(1, "alice");
    t.epoch[t.slot] = 0; /* it is another's */
    rooms_slot_lost(t.rooms, t.slot);
    const Verona__Item *m = next(1);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_WRONG_SLOT);
    assert_int_equal(m->wrong_slot->rseq, first);
    nothing_more();
}

/* A gateway that is lost because it is slow is still there. */
static void test_early_request_of_a_lost_gateway(void **state)
{
    (void)state;
    struct request r = from(1, "alice");
    r.epoch = 6;
    push(1, req_join(&r));
    rooms_gateway_lost(t.rooms, 1);
    run();
    const Verona__Item *m = next(1);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_WRONG_SLOT);
    assert_int_equal(m->wrong_slot->rseq, r.rseq);
    nothing_more();
}

/* A message of gateway 1 that says its number. */
static Verona__RoomEvent *numbered(uint64_t *rseq, uint64_t epoch)
{
    struct request r = from(1, NULL);
    r.epoch = epoch;
    *rseq = r.rseq;
    return req_message(&r, "<body/>");
}

static void sent_back(gateway_ref gw, uint64_t rseq)
{
    const Verona__Item *m = next(gw);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_WRONG_SLOT);
    assert_int_equal(m->wrong_slot->rseq, rseq);
}

/* Each of them comes again and is done, in that order. */
static void come_again(Verona__RoomEvent *const *ev, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        push(1, ev[i]);
    run();
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(delivery(1, "message:GROUPCHAT")->origin->rseq, ev[i]->rseq);
    nothing_more();
}

/* What its gateway had sent before it heard of that goes back too: done first, it would stand
 * before the other, and the mark would say of that one that it was done. */
static void test_behind_what_was_sent_back(void **state)
{
    (void)state;
    Verona__RoomEvent *ev[4];
    uint64_t rseq[4];
    open_room();
    t.giving = true;
    push(1, ev[0] = numbered(&rseq[0], 5));
    run_ms(600);
    sent_back(1, rseq[0]);
    t.giving = false;
    push(1, ev[1] = numbered(&rseq[1], 5)); /* was under way */
    push(1, ev[2] = numbered(&rseq[2], 5));
    run();
    sent_back(1, rseq[1]);
    sent_back(1, rseq[2]);
    push(1, ev[0]);
    run();
    assert_int_equal(delivery(1, "message:GROUPCHAT")->origin->rseq, rseq[0]);
    push(1, ev[3] = numbered(&rseq[3], 5)); /* sent before the second and third were heard of */
    run();
    sent_back(1, rseq[3]);
    come_again(ev + 1, 3);
    push(1, ev[2]); /* what was done is not done twice */
    run();
    assert_int_equal(next(1)->kind_case, VERONA__ITEM__KIND_ACK);
    nothing_more();
    say(1, "<body/>");
    run();
    (void)delivery(1, "message:GROUPCHAT");
    nothing_more();
}

/* Those that wait with it go with it, though they have waited less. */
static void test_sent_back_together(void **state)
{
    (void)state;
    Verona__RoomEvent *ev[3];
    uint64_t rseq[3];
    open_room();
    join(2, "bob");
    run();
    forget();
    t.giving = true;
    push(1, ev[0] = numbered(&rseq[0], 5));
    run_ms(350);
    push(1, ev[1] = numbered(&rseq[1], 5));
    uint64_t other = say(2, "<body/>"); /* its gateway has nothing that was sent back */
    run_ms(250);
    sent_back(1, rseq[0]);
    sent_back(1, rseq[1]);
    nothing_more();
    push(1, ev[2] = numbered(&rseq[2], 5));
    sent_back(1, rseq[2]);
    t.giving = false;
    run_ms(100);
    (void)delivery(1, "message:GROUPCHAT");
    assert_int_equal(delivery(2, "message:GROUPCHAT")->origin->rseq, other);
    nothing_more();
    for (int i = 0; i < 3; i++)
        push(1, ev[i]);
    run();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(delivery(1, "message:GROUPCHAT")->origin->rseq, rseq[i]);
        (void)delivery(2, "message:GROUPCHAT");
    }
    nothing_more();
}

/* Twice sent back, then under another epoch: there the gateway begins with all that it has. */
static void test_sent_back_again(void **state)
{
    (void)state;
    Verona__RoomEvent *ev[2];
    uint64_t rseq[2];
    open_room();
    t.giving = true;
    push(1, ev[0] = numbered(&rseq[0], 5));
    push(1, ev[1] = numbered(&rseq[1], 5));
    run_ms(600);
    sent_back(1, rseq[0]);
    sent_back(1, rseq[1]);
    push(1, ev[0]);
    push(1, ev[1]);
    run_ms(600);
    sent_back(1, rseq[0]);
    sent_back(1, rseq[1]);
    t.giving = false;
    push(1, ev[1] = numbered(&rseq[1], 5)); /* not before the others */
    sent_back(1, rseq[1]);
    t.epoch[t.slot] = 6;
    rooms_slot_gained(t.rooms, t.slot, 6, true);
    struct request r = from(1, "alice");
    r.epoch = 6;
    push(1, req_join(&r));
    run();
    assert_int_equal(delivery(1, "roster presence:JOIN message:SUBJECT")->origin->rseq, r.rseq);
}

/* A gateway that was lost and is there after all; one whose life is over. */
static void test_sent_back_to_a_lost_gateway(void **state)
{
    (void)state;
    Verona__RoomEvent *ev[2];
    uint64_t rseq[2];
    open_room();
    t.giving = true;
    push(1, ev[0] = numbered(&rseq[0], 5));
    rooms_gateway_lost(t.rooms, 1);
    sent_back(1, rseq[0]);
    t.giving = false;
    run();
    forget();
    push(1, ev[1] = numbered(&rseq[1], 5));
    sent_back(1, rseq[1]);
    rooms_gateway_over(t.rooms, 1);
    join(1, "alice");
    run();
    (void)delivery(1, "roster presence:JOIN message:SUBJECT");
}

/* There is no room for it, but for a smaller one behind it. */
static void test_sent_back_for_want_of_room(void **state)
{
    (void)state;
    Verona__RoomEvent *ev[2];
    uint64_t rseq[2];
    size_t n = 1024 * 1024;
    char *text = mem_zalloc(n + 1);
    memset(text, 'x', n);
    open_room();
    t.giving = true;
    for (int i = 0; i < LIMIT_SHARD_QUEUE / (1024 * 1024) - 1; i++) {
        struct request r = from(2, NULL);
        push(2, req_message(&r, text));
        arena_reset(&t.arena);
    }
    forget();
    struct request r = from(1, NULL);
    ev[0] = req_message(&r, text);
    rseq[0] = r.rseq;
    push(1, ev[0]);
    sent_back(1, rseq[0]);
    push(1, ev[1] = numbered(&rseq[1], 5));
    sent_back(1, rseq[1]);
    mem_free(text);
}

static void test_no_creation_on_doubt(void **state)
{
    (void)state;
    store_mem_unavailable(t.store, true);
    join(1, "alice");
    say(1, "<body/>");
    leave(1);
    run();
    const Verona__Delivery *d = delivery(1, "reply:error");
    assert_int_equal(d->parts[0]->reply->error->condition, SE_RESOURCE_CONSTRAINT);
    assert_int_equal(d->parts[0]->reply->stanza, VERONA__REFUSE_IN__STANZA__PRESENCE);
    assert_true(str_is(wire_str(d->parts[0]->reply->from_nick), "alice"));
    d = delivery(1, "reply:error");
    assert_int_equal(d->parts[0]->reply->stanza, VERONA__REFUSE_IN__STANZA__MESSAGE);
    assert_int_equal(next(1)->kind_case, VERONA__ITEM__KIND_ACK);
    nothing_more();
    store_mem_unavailable(t.store, false);
    say(1, "<body/>"); /* the room really is not there */
    run();
    d = delivery(1, "reply:error");
    assert_int_equal(d->parts[0]->reply->error->condition, SE_ITEM_NOT_FOUND);
    struct rooms_totals totals;
    rooms_totals(t.rooms, &totals);
    assert_int_equal(totals.rooms, 0);
}

static void test_commit_unavailable(void **state)
{
    (void)state;
    open_room();
    store_mem_unavailable(t.store, true);
    uint64_t rseq = say(1, "<body>1</body>");
    run();
    const Verona__Delivery *d = delivery(1, "reply:error");
    assert_int_equal(d->parts[0]->reply->error->condition, SE_RESOURCE_CONSTRAINT);
    assert_int_equal(d->origin->rseq, rseq);
    store_mem_unavailable(t.store, false);
    say(1, "<body>2</body>");
    run();
    d = delivery(1, "message:GROUPCHAT");
    assert_int_equal(d->prev->s, 1);
    nothing_more();
}

static void test_unknown_outcome(void **state)
{
    (void)state;
    open_room();
    store_mem_unknown(t.store, 1);
    say(1, "<body>1</body>");
    run();
    const Verona__Delivery *d = delivery(1, "reply:error");
    assert_int_equal(d->parts[0]->reply->error->condition, SE_REMOTE_TIMEOUT_WAIT);
    d = delivery(1, "presence:LEAVE");
    assert_true(d->last);
    assert_int_equal(d->parts[0]->presence->statuses[0], 333);
    nothing_more();
    join(1, "alice"); /* the room is as the store has it: the message was stored */
    run();
    d = delivery(1, "roster presence:JOIN history message:SUBJECT");
    assert_int_equal(d->name->s, 2);
}

static void test_fenced(void **state)
{
    (void)state;
    open_room();
    store_mem_fence(t.store, t.slot, 9, NONCE);
    uint64_t rseq = say(1, "<body>1</body>");
    run();
    const Verona__Item *m = next(1);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_WRONG_SLOT);
    assert_int_equal(m->wrong_slot->rseq, rseq);
    nothing_more(); /* not a word to the occupants */
    assert_int_equal(t.fenced, 1);
    assert_null(rooms_find(t.rooms, STR(ROOM)));
}

static void test_slot_lost_while_loading(void **state)
{
    (void)state;
    uint64_t rseq = join(1, "alice");
    rooms_slot_lost(t.rooms, t.slot);
    const Verona__Item *m = next(1);
    assert_int_equal(m->kind_case, VERONA__ITEM__KIND_WRONG_SLOT);
    assert_int_equal(m->wrong_slot->rseq, rseq);
    run();
    nothing_more();
}

static void test_gateway_lost(void **state)
{
    (void)state;
    open_room();
    join(2, "bob");
    run();
    forget();
    rooms_gateway_lost(t.rooms, 2);
    run();
    const Verona__Delivery *d = delivery(1, "presence:LEAVE");
    assert_int_equal(d->parts[0]->presence->statuses[0], 333);
    assert_int_equal(d->origin ? d->origin->rseq : 0, 0);
    forget();
    rooms_gateway_lost(t.rooms, 2);
    run();
    nothing_more();
}

/* A join that was still waiting must not become a ghost. */
static void test_gateway_lost_with_a_waiting_join(void **state)
{
    (void)state;
    join(2, "bob");
    rooms_gateway_lost(t.rooms, 2);
    run();
    struct rooms_totals totals;
    rooms_totals(t.rooms, &totals);
    assert_int_equal(totals.occupants, 0);
    assert_int_equal(totals.rooms, 0);
}

static void test_temporary_room_ends_and_begins_again(void **state)
{
    (void)state;
    open_room();
    leave(1);
    join(1, "again"); /* at once: nothing is swallowed because the room is just ending */
    run();
    assert_true(delivery(1, "presence:LEAVE")->last);
    const Verona__Delivery *d = delivery(1, "roster presence:JOIN message:SUBJECT");
    assert_true(d->durable);
    assert_true(d->name->s > 2);
    assert_int_equal(d->parts[1]->presence->n_self_statuses, 1);
    assert_int_equal(d->parts[1]->presence->self_statuses[0], 201);
    nothing_more();
    leave(1);
    run();
    struct rooms_totals totals;
    rooms_totals(t.rooms, &totals);
    assert_int_equal(totals.rooms, 0);
    forget();
    join(2, "later");
    run();
    assert_true(delivery(2, "roster presence:JOIN message:SUBJECT")->name->s > d->name->s);
}

static void test_idle_room_is_unloaded(void **state)
{
    (void)state;
    t.service.defaults.persistent = true;
    open_room();
    leave(1);
    run();
    struct rooms_totals totals;
    rooms_totals(t.rooms, &totals);
    assert_int_equal(totals.rooms, 1);
    run_ms(900);
    rooms_totals(t.rooms, &totals);
    assert_int_equal(totals.rooms, 0);
    forget();
    join(2, "bob");
    run();
    const Verona__Delivery *d = delivery(2, "roster presence:JOIN message:SUBJECT");
    assert_false(d->durable);
    assert_int_equal(d->parts[1]->presence->records[0]->affiliation, VERONA__AFFILIATION__NONE);
}

/* A temporary room whose shard died is ended by the next owner, after a while. */
static void test_orphan(void **state)
{
    (void)state;
    open_room();
    rooms_slot_lost(t.rooms, t.slot);
    t.epoch[t.slot] = 6;
    rooms_slot_gained(t.rooms, t.slot, 6, true);
    run_ms(1500);
    forget();
    struct request r = from(2, "bob");
    r.epoch = 6;
    push(2, req_join(&r));
    run();
    const Verona__Delivery *d = delivery(2, "roster presence:JOIN message:SUBJECT");
    assert_true(d->durable); /* made anew */
    assert_int_equal(d->parts[1]->presence->records[0]->affiliation, VERONA__AFFILIATION__OWNER);
}

/* The store cannot be asked when its time has come: then later. */
static void test_orphan_in_an_outage(void **state)
{
    (void)state;
    open_room();
    rooms_slot_lost(t.rooms, t.slot);
    t.epoch[t.slot] = 6;
    rooms_set_unsafe(t.rooms, true); /* not asked for the list of its rooms either */
    rooms_slot_gained(t.rooms, t.slot, 6, true);
    run_ms(600);
    rooms_set_unsafe(t.rooms, false);
    run_ms(100);
    store_mem_unavailable(t.store, true);
    run_ms(600);
    store_mem_unavailable(t.store, false);
    run_ms(2500);
    forget();
    struct request r = from(2, "bob");
    r.epoch = 6;
    push(2, req_join(&r));
    run();
    const Verona__Delivery *d = delivery(2, "roster presence:JOIN message:SUBJECT");
    assert_true(d->durable); /* made anew */
}

/* W85: persistent rooms end as well, in memory and in the store, and temporary ones with them;
 * rooms that somebody is in stay. The answer comes when all is done. */
static void test_forgetting(void **state)
{
    (void)state;
    t.service.defaults.persistent = true;
    open_room();
    rooms_forget(t.rooms, 2, 7);
    run();
    const Verona__Item *it = next(2);
    assert_int_equal(it->kind_case, VERONA__ITEM__KIND_FORGOT);
    assert_int_equal(it->forgot->ref, 7);
    assert_non_null(rooms_find(t.rooms, STR(ROOM))); /* somebody is in */
    leave(1);
    run();
    for (int unloaded = 0; unloaded <= 1; unloaded++) {
        if (unloaded)
            run_ms(900);
        assert_int_equal(rooms_find(t.rooms, STR(ROOM)) == NULL, unloaded);
        forget();
        rooms_forget(t.rooms, 2, 8);
        rooms_forget(t.rooms, 2, 8); /* asked again: answered once */
        run_ms(60);
        it = next(2);
        assert_int_equal(it->kind_case, VERONA__ITEM__KIND_FORGOT);
        assert_int_equal(it->forgot->ref, 8);
        nothing_more();
        struct rooms_totals totals;
        rooms_totals(t.rooms, &totals);
        assert_int_equal(totals.rooms, 0);
        join(1, "again");
        run();
        const Verona__Delivery *d = delivery(1, "roster presence:JOIN message:SUBJECT");
        assert_int_equal(d->parts[1]->presence->self_statuses[0], 201);
        leave(1);
        run();
    }
}

/* The store is away: it waits. */
static void test_forgetting_in_an_outage(void **state)
{
    (void)state;
    t.service.defaults.persistent = true;
    open_room();
    leave(1);
    run();
    forget();
    store_mem_unavailable(t.store, true);
    rooms_forget(t.rooms, 2, 8);
    run_ms(60);
    nothing_more();
    store_mem_unavailable(t.store, false);
    run_ms(60);
    assert_int_equal(next(2)->kind_case, VERONA__ITEM__KIND_FORGOT);
}

static void test_full_queue(void **state)
{
    (void)state;
    static char big[200 * 1024];
    memset(big, 'x', sizeof big - 1);
    join(1, "alice"); /* loading: what follows waits */
    for (int i = 0; i < 8; i++)
        say(1, big);
    const Verona__Delivery *d = delivery(1, "reply:error");
    assert_int_equal(d->parts[0]->reply->error->condition, SE_RESOURCE_CONSTRAINT);
    run();
    struct rooms_totals totals;
    rooms_totals(t.rooms, &totals);
    assert_int_equal(totals.queued_bytes, 0);
}

static void test_bad_request(void **state)
{
    (void)state;
    open_room();
    struct request r = from(1, NULL);
    Verona__RoomEvent *ev = req_message(&r, "<body/>");
    ev->message->type = (Verona__MessageIn__Type)9;
    push(1, ev);
    run();
    const Verona__Delivery *d = delivery(1, "reply:error");
    assert_int_equal(d->parts[0]->reply->error->condition, SE_BAD_REQUEST);
    nothing_more();
}

static void configure(const char *var, const char *value)
{
    struct request r = from(1, NULL);
    Verona__RoomEvent *ev = req_submit(&r);
    Verona__Field field = VERONA__FIELD__INIT, *fields[] = {&field};
    ProtobufCBinaryData values[] = {wire_bytes(str_of(value))};
    field.var = wire_bytes(str_of(var));
    field.values = values;
    field.n_values = 1;
    ev->owner->fields = fields;
    ev->owner->n_fields = 1;
    push(1, ev);
    run();
    forget();
}

/* X0500-refused: what comes too soon is refused as that, be the message before it stored or not. */
static void test_slow_mode_behind_a_message(void **state)
{
    (void)state;
    open_room();
    configure("muc#roomconfig_slow_mode_duration", "60");
    join(2, "bob");
    run();
    forget();
    for (int i = 0; i < 2; i++) {
        say(2, "<body>1</body>");
        say(2, "<body>2</body>");
        run();
        uint32_t at = t.seen;
        delivery(1, "message:GROUPCHAT");
        t.seen = at;
        delivery(2, "message:GROUPCHAT");
        const Verona__Delivery *d = delivery(2, "reply:error");
        assert_int_equal(d->parts[0]->reply->error->condition, SE_POLICY_VIOLATION_WAIT);
        forget();
        t.wall_ms += 60000;
    }
}

/* X0500-survives: the next owner knows who spoke, of those whom the history names. What was no
 * message before is none then. */
static void test_slow_mode_at_another_owner(void **state)
{
    (void)state;
    open_room();
    configure("muc#roomconfig_slow_mode_duration", "60");
    join(2, "bob");
    join(3, "cid");
    say(2, "<body>1</body>");
    struct request r = from(3, NULL);
    Verona__RoomEvent *ev = req_message(&r, "<reactions/>");
    ev->message->has_body = false;
    ev->message->store = true;
    push(3, ev);
    run();
    take_over();
    for (gateway_ref gw = 2; gw <= 3; gw++) {
        struct request in = from(gw, gw == 2 ? "robert" : "cid"), said = from(gw, NULL);
        in.epoch = said.epoch = 6;
        push(gw, req_join(&in));
        push(gw, req_message(&said, "<body>2</body>"));
    }
    run();
    delivery(2, "roster presence:JOIN history message:SUBJECT");
    const Verona__Delivery *d = delivery(2, "reply:error");
    assert_int_equal(d->parts[0]->reply->error->condition, SE_POLICY_VIOLATION_WAIT);
    delivery(3, "roster presence:JOIN history message:SUBJECT");
    delivery(3, "message:GROUPCHAT");
}

/* S6.3-cluster-counts: once a second at most; of a room that gets on the list again; not of hidden
 * ones; when it leaves memory; and zero for those that a former owner counted. */
static void test_counts(void **state)
{
    (void)state;
    open_room();
    assert_int_equal(store_mem_counted(t.store, STR(ROOM)), UINT32_MAX);
    join(2, "bob");
    run_ms(1100);
    assert_int_equal(store_mem_counted(t.store, STR(ROOM)), 2);
    configure("muc#roomconfig_publicroom", "0");
    leave(2);
    run_ms(1100);
    assert_int_equal(store_mem_counted(t.store, STR(ROOM)), 2);
    configure("muc#roomconfig_publicroom", "1");
    run_ms(1100);
    assert_int_equal(store_mem_counted(t.store, STR(ROOM)), 1);
    configure("muc#roomconfig_persistentroom", "1");
    leave(1);
    run_ms(800); /* it leaves memory before the second is over */
    assert_null(rooms_find(t.rooms, STR(ROOM)));
    assert_int_equal(store_mem_counted(t.store, STR(ROOM)), 0);

    t.store->ops->count(t.store, STR(ROOM), 7);
    rooms_slot_lost(t.rooms, t.slot);
    rooms_slot_gained(t.rooms, t.slot, 5, true);
    run_ms(800); /* until it is listed */
    assert_int_equal(store_mem_counted(t.store, STR(ROOM)), 0);
}

/* S14.6-max-rooms: a room without a place does not come to be, and may later. */
static void test_no_place(void **state)
{
    (void)state;
    store_mem_full(t.store, 1);
    join(1, "alice");
    run();
    const Verona__Delivery *d = delivery(1, "reply:error");
    assert_int_equal(d->parts[0]->reply->error->condition, SE_RESOURCE_CONSTRAINT);
    nothing_more();
    assert_null(rooms_find(t.rooms, STR(ROOM)));
    join(1, "alice");
    run();
    delivery(1, "roster presence:JOIN message:SUBJECT");
}

/* S10.9-tombstone: at once, and read back. */
static void test_moved(void **state)
{
    (void)state;
    t.service.tombstone_ms = 60000;
    open_room();
    struct request r = from(1, NULL);
    Verona__RoomEvent *ev = req(&r);
    Verona__DestroyIn in = VERONA__DESTROY_IN__INIT;
    in.alternate = wire_bytes(STR("inn@c.example"));
    ev->body_case = VERONA__ROOM_EVENT__BODY_DESTROY;
    ev->destroy = &in;
    push(1, ev);
    join(2, "bob"); /* while it is being destroyed */
    run();
    forget();
    for (int i = 0; i < 2; i++) {
        join(2, "bob");
        run();
        const Verona__Delivery *d = delivery(2, "reply:error");
        assert_int_equal(d->parts[0]->reply->error->condition, SE_GONE);
        assert_true(str_is(wire_str(d->parts[0]->reply->error->moved_to), "inn@c.example"));
        rooms_slot_lost(t.rooms, t.slot);
        rooms_slot_gained(t.rooms, t.slot, 5, true);
        run();
        forget();
    }
    t.wall_ms += 60000;
    join(2, "bob");
    run();
    delivery(2, "roster presence:JOIN message:SUBJECT");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_create),
        T(test_messages_share_a_commit),
        T(test_two_gateways),
        T(test_repeated_request),
        T(test_repeated_while_pending),
        T(test_change_again_at_another_owner),
        T(test_requests_again_at_another_owner),
        T(test_silent_request_is_acked),
        T(test_wrong_slot),
        T(test_early_request),
        T(test_request_while_giving),
        T(test_early_request_of_a_lost_gateway),
        T(test_behind_what_was_sent_back),
        T(test_sent_back_together),
        T(test_sent_back_again),
        T(test_sent_back_to_a_lost_gateway),
        T(test_sent_back_for_want_of_room),
        T(test_no_creation_on_doubt),
        T(test_commit_unavailable),
        T(test_unknown_outcome),
        T(test_fenced),
        T(test_slot_lost_while_loading),
        T(test_gateway_lost),
        T(test_gateway_lost_with_a_waiting_join),
        T(test_temporary_room_ends_and_begins_again),
        T(test_idle_room_is_unloaded),
        T(test_orphan),
        T(test_forgetting),
        T(test_forgetting_in_an_outage),
        T(test_orphan_in_an_outage),
        T(test_full_queue),
        T(test_bad_request),
        T(test_slow_mode_behind_a_message),
        T(test_slow_mode_at_another_owner),
        T(test_counts),
        T(test_no_place),
        T(test_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
