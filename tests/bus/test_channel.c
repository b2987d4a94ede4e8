/* One link as a state machine (common/bus/channel.c): two ends, a clock and a transport that loses,
 * repeats, reorders and delays. */
#include "base/err.h"
#include "base/limits.h"
#include "bus/channel.h"
#include "lib_bus.h"

#include <stdlib.h>

/* ---------------------------------------------------------------- a world of two ends */

struct packet {
    struct packet *next;
    uint64_t due_ms;
    size_t n;
    char data[];
};

struct world;
struct end {
    struct world *w;
    const char *id;
    uint64_t boot, link;
    struct channel *c;
    struct packet *inbox;          /* by due_ms */
    uint64_t queued;               /* items given to this channel */
    uint64_t taken;                /* items that came out of it, numbered 1, 2, ... */
    uint64_t from_boot, from_link; /* of whom they came */
    uint64_t taken_bytes;
    int fresh, again, down, refused, other, stale;
    bool drops_all; /* nothing reaches this end */
    bool refuses;   /* the transport takes nothing from this end */
};

struct world {
    uint64_t now_ms, seed;
    unsigned lose, repeat, late; /* of 1000 frames */
    uint64_t delay_ms;
    struct end end[2];
    uint64_t frames, items_on_wire;
};

static struct end *other(struct end *e)
{
    return e == &e->w->end[0] ? &e->w->end[1] : &e->w->end[0];
}

static void open_end(struct end *e, uint64_t peer_boot)
{
    struct channel_self self = {
        .id = str_of(e->id),
        .cluster_id = STR("cluster"),
        .boot = e->boot,
        .unicode = 3,
        .role = 1,
        .link = ++e->link,
    };
    channel_destroy(&e->c);
    e->c = channel_new(&self, str_of(other(e)->id), peer_boot, e->w->now_ms);
    e->queued = e->taken = e->taken_bytes = 0;
    e->from_boot = e->from_link = 0;
}

static void open_world(struct world *w, uint64_t seed)
{
    *w = (struct world){.now_ms = 1000, .seed = seed, .delay_ms = 1};
    w->end[0] = (struct end){.w = w, .id = "gw1", .boot = 10};
    w->end[1] = (struct end){.w = w, .id = "sh1", .boot = 20};
    open_end(&w->end[0], 20);
    open_end(&w->end[1], 10);
}

static void empty_inbox(struct end *e)
{
    while (e->inbox) {
        struct packet *p = e->inbox;
        e->inbox = p->next;
        mem_free(p);
    }
}

static void close_world(struct world *w)
{
    for (int i = 0; i < 2; i++) {
        channel_destroy(&w->end[i].c);
        channel_destroy(&w->end[i].c);
        empty_inbox(&w->end[i]);
    }
}

static void put(struct end *to, struct str bytes, uint64_t due_ms)
{
    struct packet *p = mem_alloc(sizeof *p + bytes.n);
    p->due_ms = due_ms;
    p->n = bytes.n;
    memcpy(p->data, bytes.p, bytes.n);
    struct packet **at = &to->inbox;
    while (*at && (*at)->due_ms <= due_ms)
        at = &(*at)->next;
    p->next = *at;
    *at = p;
}

static bool chance(struct world *w, unsigned of_1000)
{
    return of_1000 && rnd(&w->seed) % 1000 < of_1000;
}

static void flush(struct end *e)
{
    struct world *w = e->w;
    struct buf out;
    buf_init(&out);
    while (channel_next_frame(e->c, w->now_ms, LIMIT_BUS_CHUNK, true, &out)) {
        if (e->refuses) {
            channel_sent(e->c, false, w->now_ms);
            channel_broken(e->c, w->now_ms);
            break;
        }
        channel_sent(e->c, true, w->now_ms);
        w->frames++;
        int copies = chance(w, w->lose) ? 0 : chance(w, w->repeat) ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            uint64_t wait = w->delay_ms;
            if (chance(w, w->late))
                wait += rnd(&w->seed) % 300;
            put(other(e), buf_as_str(&out), w->now_ms + wait);
        }
    }
    buf_deinit(&out);
}

struct name {
    uint64_t boot, link, number;
};

static void send_item(struct end *e, size_t n)
{
    char bytes[4096] = {0};
    assert_true(n >= sizeof(struct name) && n <= sizeof bytes);
    struct name name = {e->boot, e->link, e->queued + 1};
    memcpy(bytes, &name, sizeof name);
    if (channel_queue(e->c, str_n(bytes, n)) == 0)
        e->queued++;
}

static void on_item(void *ctx, struct str item)
{
    struct end *e = ctx;
    struct name name;
    assert_true(item.n >= sizeof name);
    memcpy(&name, item.p, sizeof name);
    if (e->taken == 0) {
        e->from_boot = name.boot;
        e->from_link = name.link;
    }
    assert_int_equal(name.boot, e->from_boot);
    assert_int_equal(name.link, e->from_link);
    assert_int_equal(name.number, e->taken + 1); /* in order, each once */
    e->taken++;
    e->taken_bytes += item.n;
    assert_true(channel_state(e->c) == CHANNEL_UP);
}

static void note(struct end *e, int ev)
{
    e->fresh += (ev & CHANNEL_EV_UP_FRESH) != 0;
    e->again += (ev & CHANNEL_EV_UP_AGAIN) != 0;
    e->down += (ev & CHANNEL_EV_DOWN) != 0;
    e->refused += (ev & CHANNEL_EV_REFUSED) != 0;
    e->other += (ev & CHANNEL_EV_OTHER_BOOT) != 0;
    e->stale += (ev & CHANNEL_EV_STALE) != 0;
}

static int receive(struct end *e, struct str bytes)
{
    struct arena a;
    arena_init(&a);
    struct wire_frame f;
    assert_int_equal(wire_frame_parse(bytes, &a, &f), 0);
    int ev = channel_receive(e->c, &f, e->w->now_ms, on_item, e);
    if (ev >= 0)
        note(e, ev);
    if (ev >= 0 && (ev & CHANNEL_EV_OTHER_BOOT)) {
        open_end(e, f.header->src_boot);
        ev = channel_receive(e->c, &f, e->w->now_ms, on_item, e);
        assert_true(ev >= 0);
        note(e, ev);
    }
    arena_deinit(&a);
    return ev;
}

static void deliver(struct end *e)
{
    while (e->inbox && e->inbox->due_ms <= e->w->now_ms) {
        struct packet *p = e->inbox;
        e->inbox = p->next;
        if (!e->drops_all)
            assert_true(receive(e, str_n(p->data, p->n)) >= 0);
        mem_free(p);
    }
}

static void step(struct world *w)
{
    w->now_ms++;
    for (int i = 0; i < 2; i++)
        deliver(&w->end[i]);
    for (int i = 0; i < 2; i++) {
        if (w->now_ms % 100 == 0)
            note(&w->end[i], channel_tick(w->end[i].c, w->now_ms));
        flush(&w->end[i]);
    }
}

static void run(struct world *w, uint64_t ms)
{
    while (ms--)
        step(w);
}

/* ---------------------------------------------------------------- tests */

static void test_comes_up_and_carries(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    assert_int_equal(channel_state(a->c), CHANNEL_HELLO);
    send_item(a, 100); /* before the link is there */
    run(&w, 10);
    assert_int_equal(a->fresh, 1);
    assert_int_equal(b->fresh, 1);
    assert_int_equal(channel_state(a->c), CHANNEL_UP);
    assert_int_equal(b->taken, 1);
    for (int i = 0; i < 1000; i++) {
        send_item(a, 30);
        send_item(b, 50);
    }
    run(&w, 5);
    assert_int_equal(b->taken, 1001);
    assert_int_equal(a->taken, 1000);
    run(&w, 200); /* a heartbeat later everything is acked */
    assert_int_equal(channel_queued_bytes(a->c), 0);
    assert_int_equal(channel_queued_bytes(b->c), 0);
    assert_int_equal(channel_queued_items(a->c), 0);
    assert_int_equal(channel_resent(a->c) + channel_resent(b->c), 0);
    assert_int_equal(a->down + b->down + a->again + b->again + a->stale + b->stale, 0);
    close_world(&w);
}

/* A gateway calls a shard; the shard knows nobody until a Hello comes. */
static void test_listener_answers(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    flush(a); /* its Hello, alone */
    w.now_ms += 5;
    deliver(b);
    assert_int_equal(channel_state(b->c), CHANNEL_HELLO);
    flush(b);
    w.now_ms += 5;
    deliver(a);
    assert_int_equal(a->fresh, 1);
    send_item(a, 100);
    flush(a);
    w.now_ms += 5;
    deliver(b);
    assert_int_equal(b->fresh, 1);
    assert_int_equal(b->taken, 1);
    close_world(&w);
}

static void test_boot_is_learned(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    open_end(&w.end[0], 0);
    send_item(&w.end[0], 40);
    run(&w, 10);
    assert_int_equal(w.end[0].fresh, 1);
    assert_int_equal(w.end[1].taken, 1);
    close_world(&w);
}

static void test_idle_link_beats(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    run(&w, 100);
    uint64_t before = w.frames;
    run(&w, 1000);
    /* One frame per end and heartbeat, or a little less time. */
    assert_in_range(w.frames - before, 18, 26);
    assert_int_equal(w.end[0].down + w.end[1].down, 0);
    close_world(&w);
}

static void test_suspect_then_down_then_again(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    run(&w, 100);
    b->drops_all = true; /* half open: the other way works */
    uint64_t from = channel_last_heard_ms(b->c);
    while (channel_state(b->c) == CHANNEL_UP)
        step(&w);
    assert_int_equal(channel_state(b->c), CHANNEL_SUSPECT);
    assert_in_range(w.now_ms - from, LIMIT_BUS_SUSPECT_MS, LIMIT_BUS_SUSPECT_MS + 100);
    assert_int_equal(b->down, 0);
    while (channel_state(b->c) == CHANNEL_SUSPECT)
        step(&w);
    assert_in_range(w.now_ms - from, LIMIT_BUS_DOWN_MS, LIMIT_BUS_DOWN_MS + 100);
    assert_int_equal(b->down, 1);
    for (int i = 0; i < 50; i++) {
        send_item(a, 64);
        send_item(b, 64);
    }
    run(&w, 500);
    assert_int_equal(b->taken, 0);
    b->drops_all = false;
    run(&w, 400);
    assert_int_equal(b->again, 1);
    assert_int_equal(a->down + a->again, 0); /* this end noticed nothing */
    assert_int_equal(a->taken, 50);
    assert_int_equal(b->taken, 50);
    close_world(&w);
}

static void test_both_down_then_again(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    run(&w, 100);
    w.lose = 1000;
    for (int i = 0; i < 50; i++) {
        send_item(a, 64);
        send_item(b, 64);
    }
    run(&w, 5000);
    assert_int_equal(a->down, 1);
    assert_int_equal(b->down, 1);
    w.lose = 0;
    run(&w, 300);
    assert_int_equal(a->again, 1);
    assert_int_equal(b->again, 1);
    assert_int_equal(a->taken, 50);
    assert_int_equal(b->taken, 50);
    assert_int_equal(a->fresh + b->fresh, 2);
    close_world(&w);
}

static void test_send_refused(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    run(&w, 100);
    a->refuses = true;
    send_item(a, 64);
    run(&w, 2);
    assert_int_equal(channel_state(a->c), CHANNEL_SUSPECT);
    a->refuses = false;
    run(&w, 5);
    assert_int_equal(channel_state(a->c), CHANNEL_UP);
    assert_int_equal(b->taken, 1);
    assert_int_equal(a->down, 0);
    close_world(&w);
}

/* One frame vanishes: the next one shows it, and the way back takes no timer. */
static void test_hole_is_closed_at_once(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    run(&w, 200);
    w.lose = 1000;
    send_item(a, 64);
    step(&w);
    w.lose = 0;
    send_item(a, 64);
    run(&w, 6);
    assert_int_equal(b->taken, 2);
    assert_int_equal(channel_resent(a->c), 2);
    /* The last one vanishes: the heartbeat shows it. */
    w.lose = 1000;
    send_item(a, 64);
    step(&w);
    w.lose = 0;
    run(&w, 120);
    assert_int_equal(b->taken, 3);
    close_world(&w);
}

static void test_credit_bounds_what_is_in_flight(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    run(&w, 100);
    b->drops_all = true;
    for (int i = 0; i < 3000; i++)
        send_item(a, 4000); /* 12 MB */
    uint64_t before = w.frames;
    flush(a);
    assert_true(w.frames > before);
    size_t wire = 0;
    for (struct packet *p = b->inbox; p; p = p->next)
        wire += p->n;
    assert_in_range(wire, LIMIT_BUS_CREDIT - 4000, LIMIT_BUS_CREDIT + 64 * 1024);
    for (struct packet *p = b->inbox; p; p = p->next)
        assert_true(p->n <= LIMIT_BUS_CHUNK);
    assert_true(channel_full(a->c));
    assert_false(channel_has_room(a->c));
    b->drops_all = false;
    run(&w, 300);
    assert_int_equal(b->taken, 3000);
    assert_false(channel_full(a->c));
    assert_true(channel_has_room(a->c));
    /* The same in items. */
    b->drops_all = true;
    for (int i = 0; i < 20000; i++)
        send_item(a, sizeof(struct name));
    flush(a);
    wire = 0;
    for (struct packet *p = b->inbox; p; p = p->next)
        wire += p->n;
    assert_true(wire <= LIMIT_BUS_CREDIT_FRAMES * (sizeof(struct name) + WIRE_ITEM_PREFIX) + 8192);
    assert_true(channel_full(a->c));
    b->drops_all = false;
    run(&w, 300);
    assert_int_equal(b->taken, 23000);
    close_world(&w);
}

static void test_queue_is_bounded(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0];
    char *big = mem_zalloc(CHANNEL_ITEM_MAX + 1);
    assert_int_equal(channel_queue(a->c, str_n(big, CHANNEL_ITEM_MAX + 1)), ERR_TOOBIG);
    int n = 0;
    while (channel_queue(a->c, str_n(big, CHANNEL_ITEM_MAX)) == 0)
        n++;
    assert_int_equal(n, LIMIT_BUS_OVERRUN / CHANNEL_ITEM_MAX);
    assert_int_equal(channel_queue(a->c, str_n(big, CHANNEL_ITEM_MAX)), ERR_FULL);
    assert_true(channel_queued_bytes(a->c) <= LIMIT_BUS_OVERRUN);
    mem_free(big);
    /* Tiny items weigh what they cost. */
    open_end(a, 20);
    size_t tiny = 0;
    while (channel_queue(a->c, STR("x")) == 0)
        tiny++;
    assert_true(tiny < LIMIT_BUS_OVERRUN / 32);
    close_world(&w);
}

static void test_largest_item_passes(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    char *big = mem_zalloc(CHANNEL_ITEM_MAX);
    struct name name = {a->boot, a->link, 1};
    memcpy(big, &name, sizeof name);
    assert_int_equal(channel_queue(a->c, str_n(big, CHANNEL_ITEM_MAX)), 0);
    a->queued = 1;
    send_item(a, 30);
    run(&w, 10);
    assert_int_equal(b->taken, 2);
    assert_int_equal(b->taken_bytes, CHANNEL_ITEM_MAX + 30);
    mem_free(big);
    close_world(&w);
}

static void test_other_clusters_are_refused(void **state)
{
    (void)state;
    struct world w;
    for (int kind = 0; kind < 2; kind++) {
        open_world(&w, 1);
        struct end *a = &w.end[0], *b = &w.end[1];
        struct channel_self self = {
            .id = str_of(b->id),
            .cluster_id = kind ? STR("cluster") : STR("else"),
            .boot = b->boot,
            .unicode = kind ? 4 : 3,
            .role = 2,
        };
        channel_destroy(&b->c);
        b->c = channel_new(&self, STR("gw1"), 10, w.now_ms);
        send_item(a, 64);
        run(&w, 3000);
        assert_int_equal(a->refused, 1); /* said once */
        assert_int_equal(b->refused, 1);
        assert_int_equal(a->fresh + b->fresh, 0);
        assert_int_equal(b->taken, 0);
        assert_int_equal(channel_state(a->c), CHANNEL_DOWN);
        assert_true(w.frames < 40);
        close_world(&w);
    }
}

static void test_other_boot_makes_the_old_one_void(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    run(&w, 100);
    send_item(a, 64);
    send_item(b, 64);
    flush(b); /* a frame of the old life is still on its way */
    b->boot++;
    b->link = 0;
    open_end(b, a->boot);
    run(&w, 300);
    assert_int_equal(a->other, 1);
    assert_int_equal(a->fresh, 2);
    assert_int_equal(b->taken, 0); /* what was queued for the old life is not for the new one */
    assert_true(b->stale > 0);
    send_item(a, 64);
    send_item(b, 64);
    run(&w, 20);
    assert_int_equal(a->taken, 1);
    assert_int_equal(b->taken, 1);
    close_world(&w);
}

static void test_older_boot_is_void(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    run(&w, 100);
    b->boot--;
    open_end(b, a->boot);
    run(&w, 300);
    assert_int_equal(a->other, 0);
    assert_true(a->stale > 0);
    close_world(&w);
}

/* One end forgot the link within the same boots: both begin again, nothing of before is heard. */
static void test_forgotten_link(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    run(&w, 100);
    for (int i = 0; i < 10; i++) {
        send_item(a, 64);
        send_item(b, 64);
    }
    run(&w, 200);
    assert_int_equal(b->taken, 10);
    open_end(b, a->boot);
    send_item(b, 64);
    run(&w, 300);
    assert_int_equal(a->other, 1);
    assert_int_equal(b->other, 0);
    assert_int_equal(a->fresh, 2);
    assert_int_equal(b->fresh, 2);
    assert_int_equal(a->taken, 1);
    send_item(a, 64);
    run(&w, 300);
    assert_int_equal(b->taken, 1);
    close_world(&w);
}

static void test_reset_loses_nothing(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0], *b = &w.end[1];
    run(&w, 100);
    send_item(a, 64);
    send_item(b, 64);
    flush(a);
    flush(b);
    note(a, channel_reset(a->c, w.now_ms));
    assert_int_equal(a->down, 1);
    run(&w, 200);
    assert_int_equal(a->again, 1);
    assert_int_equal(a->taken, 1);
    assert_int_equal(b->taken, 1);
    close_world(&w);
}

/* ---- hostile peers ---- */

static int receive_header(struct end *e, const Verona__LinkHeader *h, int items)
{
    struct buf out;
    buf_init(&out);
    wire_frame_begin(&out, h);
    for (int i = 0; i < items; i++)
        wire_frame_item(&out, STR("................................"));
    wire_frame_end(&out, true);
    struct arena arena;
    arena_init(&arena);
    struct wire_frame f;
    assert_int_equal(wire_frame_parse(buf_as_str(&out), &arena, &f), 0);
    int ev = channel_receive(e->c, &f, e->w->now_ms, NULL, NULL); /* no item may come out */
    arena_deinit(&arena);
    buf_deinit(&out);
    return ev;
}

static void test_nonsense_is_refused(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, 1);
    struct end *a = &w.end[0];
    run(&w, 100);
    Verona__LinkHeader good = VERONA__LINK_HEADER__INIT;
    good.src = wire_bytes(STR("sh1"));
    good.src_boot = 20;
    good.dst_boot = 10;
    good.link = 1;
    good.peer_link = 1;
    good.first_seq = 1;
    assert_int_equal(receive_header(a, &good, 0), 0);

    Verona__LinkHeader h = good;
    h.src = wire_bytes(STR("sh2"));
    assert_int_equal(receive_header(a, &h, 1), ERR_PROTO);
    h = good;
    h.src_boot = 0;
    assert_int_equal(receive_header(a, &h, 1), ERR_PROTO);
    h = good;
    h.link = 0;
    assert_int_equal(receive_header(a, &h, 1), ERR_PROTO);
    h = good;
    h.first_seq = 0;
    assert_int_equal(receive_header(a, &h, 1), ERR_PROTO);
    h = good;
    h.first_seq = UINT64_MAX;
    assert_int_equal(receive_header(a, &h, 1), ERR_PROTO);
    h = good;
    h.first_seq = LIMIT_BUS_CREDIT_FRAMES + 2;
    assert_int_equal(receive_header(a, &h, 1), ERR_PROTO);
    h = good;
    h.ack = 1; /* nothing was sent */
    assert_int_equal(receive_header(a, &h, 1), ERR_PROTO);
    h = good;
    h.link = 2;
    assert_int_equal(receive_header(a, &h, 1), CHANNEL_EV_STALE);
    h = good;
    h.peer_link = 2;
    assert_int_equal(receive_header(a, &h, 1), CHANNEL_EV_STALE);
    h = good;
    h.dst_boot = 9;
    assert_int_equal(receive_header(a, &h, 1), CHANNEL_EV_STALE);
    h = good;
    h.dst_boot = 0;
    assert_int_equal(receive_header(a, &h, 1), CHANNEL_EV_STALE);
    h = good;
    h.src_boot = 21; /* a later life says Hello first */
    assert_int_equal(receive_header(a, &h, 1), CHANNEL_EV_STALE);
    Verona__Hello hello = VERONA__HELLO__INIT;
    hello.protocol = WIRE_PROTOCOL;
    hello.cluster_id = wire_bytes(STR("cluster"));
    hello.unicode = 3;
    h = good;
    h.hello = &hello;
    assert_int_equal(receive_header(a, &h, 1), ERR_PROTO); /* a Hello has no items */
    hello.rx_seq = 1;
    assert_int_equal(receive_header(a, &h, 0), ERR_PROTO);
    h = good;
    h.credit_bytes = h.credit_frames = UINT64_MAX; /* generous, no harm */
    assert_int_equal(receive_header(a, &h, 0), 0);
    send_item(a, 100);
    run(&w, 10);
    assert_int_equal(w.end[1].taken, 1);
    close_world(&w);
}

/* ---- seeded faults ---- */

static void fault_run(uint64_t seed)
{
    struct world w;
    open_world(&w, seed);
    struct end *a = &w.end[0], *b = &w.end[1];
    for (int phase = 0; phase < 12; phase++) {
        w.lose = (unsigned)(rnd(&w.seed) % 3) * 120;
        w.repeat = (unsigned)(rnd(&w.seed) % 3) * 120;
        w.late = (unsigned)(rnd(&w.seed) % 3) * 120;
        w.delay_ms = rnd(&w.seed) % 20;
        a->drops_all = rnd(&w.seed) % 8 == 0;
        b->drops_all = rnd(&w.seed) % 8 == 0;
        a->refuses = rnd(&w.seed) % 8 == 0;
        struct end *e = &w.end[rnd(&w.seed) % 2];
        switch (rnd(&w.seed) % 6) {
        case 0: /* restart */
            e->boot++;
            e->link = 0;
            open_end(e, rnd(&w.seed) % 2 ? other(e)->boot : 0);
            break;
        case 1: /* forget */
            open_end(e, other(e)->boot);
            break;
        case 2:
            note(e, channel_reset(e->c, w.now_ms));
            break;
        default:
            break;
        }
        uint64_t ms = 100 + rnd(&w.seed) % 2000;
        while (ms--) {
            for (int i = 0; i < 2; i++)
                if (rnd(&w.seed) % 4 == 0 && !channel_full(w.end[i].c))
                    send_item(&w.end[i], sizeof(struct name) + rnd(&w.seed) % 2000);
            step(&w);
        }
    }
    w.lose = w.repeat = w.late = 0;
    a->drops_all = b->drops_all = a->refuses = false;
    run(&w, 3000);
    assert_int_equal(channel_state(a->c), CHANNEL_UP);
    assert_int_equal(channel_state(b->c), CHANNEL_UP);
    /* Everything queued on the links that stayed has arrived and is acked. */
    assert_int_equal(a->taken, b->queued);
    assert_int_equal(b->taken, a->queued);
    assert_int_equal(channel_queued_items(a->c), 0);
    assert_int_equal(channel_queued_items(b->c), 0);
    int others = a->other + b->other;
    run(&w, 1000);
    assert_int_equal(a->other + b->other, others); /* and it is quiet */
    close_world(&w);
}

static void test_faults(void **state)
{
    (void)state;
    const char *from = getenv("SEED");
    uint64_t first = from ? strtoull(from, NULL, 0) : 1;
    const char *count = getenv("SEEDS");
    uint64_t n = count ? strtoull(count, NULL, 0) : from ? 1 : 20;
    for (uint64_t seed = first; seed < first + n; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        fault_run(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_up_and_carries),
        cmocka_unit_test(test_listener_answers),
        cmocka_unit_test(test_boot_is_learned),
        cmocka_unit_test(test_idle_link_beats),
        cmocka_unit_test(test_suspect_then_down_then_again),
        cmocka_unit_test(test_both_down_then_again),
        cmocka_unit_test(test_send_refused),
        cmocka_unit_test(test_hole_is_closed_at_once),
        cmocka_unit_test(test_credit_bounds_what_is_in_flight),
        cmocka_unit_test(test_queue_is_bounded),
        cmocka_unit_test(test_largest_item_passes),
        cmocka_unit_test(test_other_clusters_are_refused),
        cmocka_unit_test(test_other_boot_makes_the_old_one_void),
        cmocka_unit_test(test_older_boot_is_void),
        cmocka_unit_test(test_forgotten_link),
        cmocka_unit_test(test_reset_loses_nothing),
        cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
