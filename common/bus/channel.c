/* channel.c: the state of one link (channel.h). proto/README.md has the protocol in words.
 *
 *   queue:  | acked, freed | sent, not acked | not sent |
 *                          ^ head            ^ next     ^ tx_queued
 *
 * Loss is seen by the receiver: every frame names the sequence number it starts with, an empty one
 * the number that would come next, so a hole shows with the next frame or heartbeat. The receiver
 * then says Hello with what it has, and the sender goes back to there. Items are taken in order
 * only; what comes twice is skipped. */
#include "bus/channel.h"
#include "base/err.h"

#include <assert.h>

enum {
    /* Ticks come every LIMIT_BUS_HEARTBEAT_MS, a little early or late. */
    HEARTBEAT_DUE_MS = LIMIT_BUS_HEARTBEAT_MS - 20,
    HELLO_AGAIN_MS = 50,     /* between two Hellos that ask for what was lost */
    HELLO_REFUSED_MS = 1000, /* between two Hellos to a peer that can never agree */
};

struct item {
    struct list link; /* queue */
    uint64_t seq;
    uint64_t end; /* bytes of all items up to and with this one: what credit_bytes counts */
    size_t n;
    char data[];
};

struct channel {
    struct channel_self self; /* strings are ours */
    struct str peer_id;       /* ours */
    uint64_t peer_boot;       /* 0: taken from its first Hello */
    uint64_t peer_link;       /* 0: no Hello heard yet */
    enum channel_state state;
    bool ever_up;
    bool refused;

    struct list queue;  /* of struct item, by seq: tx_acked + 1 .. tx_queued */
    struct list *next;  /* first item not sent; &queue: none */
    uint64_t tx_queued; /* last number given */
    uint64_t tx_sent;   /* last number sent since the last way back */
    uint64_t tx_high;   /* last number ever sent */
    uint64_t tx_acked;
    uint64_t tx_end; /* bytes of all items ever queued */
    size_t queued_bytes, queued_items;
    uint64_t credit_bytes, credit_frames; /* as granted by the peer */
    uint64_t resent;

    uint64_t rx_seq, rx_bytes;     /* taken */
    uint64_t told_seq, told_bytes; /* of these, acked in a frame */

    uint64_t last_heard_ms, last_sent_ms, last_hello_ms;
    bool said_hello; /* last_hello_ms means something */
    bool owe_reply;  /* to a Hello */
    bool missing;    /* a hole was seen: Hello */
    bool speak;      /* just up: let the peer know */

    /* What channel_next_frame() put into the frame that channel_sent() reports on. */
    struct {
        bool open, hello;
        struct list *next;
        uint64_t sent;
        uint64_t told_seq, told_bytes;
    } frame;
};

static bool live(const struct channel *c)
{
    return c->state == CHANNEL_UP || c->state == CHANNEL_SUSPECT;
}

static struct str own(struct str s)
{
    return (struct str){mem_dup(s.p, s.n), s.n};
}

static void disown(struct str *s)
{
    mem_free((void *)(uintptr_t)s->p);
    *s = STR_NULL;
}

struct channel *channel_new(const struct channel_self *self, struct str peer_id, uint64_t peer_boot,
                            uint64_t now_ms)
{
    struct channel *c = mem_zalloc(sizeof *c);
    c->self = *self;
    c->self.id = own(self->id);
    c->self.cluster_id = own(self->cluster_id);
    if (c->self.link == 0)
        c->self.link = 1;
    c->peer_id = own(peer_id);
    c->peer_boot = peer_boot;
    c->state = CHANNEL_HELLO;
    list_init(&c->queue);
    c->next = &c->queue;
    c->last_heard_ms = c->last_sent_ms = now_ms;
    return c;
}

static void pop(struct channel *c)
{
    struct item *it = LIST_ENTRY(c->queue.next, struct item, link);
    if (c->next == &it->link)
        c->next = it->link.next;
    list_remove(&it->link);
    c->queued_bytes -= it->n;
    c->queued_items--;
    mem_free(it);
}

void channel_destroy(struct channel **c_p)
{
    struct channel *c = *c_p;
    *c_p = NULL;
    if (!c)
        return;
    while (!list_empty(&c->queue))
        pop(c);
    disown(&c->self.id);
    disown(&c->self.cluster_id);
    disown(&c->peer_id);
    mem_free(c);
}

int channel_queue(struct channel *c, struct str item)
{
    if (item.n > CHANNEL_ITEM_MAX)
        return ERR_TOOBIG;
    size_t weight = c->queued_bytes + c->queued_items * sizeof(struct item);
    if (weight + item.n + sizeof(struct item) > LIMIT_BUS_OVERRUN)
        return ERR_FULL;
    struct item *it = mem_alloc(sizeof *it + item.n);
    it->seq = ++c->tx_queued;
    it->end = c->tx_end += item.n;
    it->n = item.n;
    if (item.n)
        memcpy(it->data, item.p, item.n);
    list_push_back(&c->queue, &it->link);
    if (c->next == &c->queue)
        c->next = &it->link;
    c->queued_bytes += item.n;
    c->queued_items++;
    return 0;
}

/* ---------------------------------------------------------------- receiving */

static bool take_ack(struct channel *c, uint64_t ack)
{
    if (ack > c->tx_high)
        return false; /* acks what was never sent */
    while (c->tx_acked < ack) {
        pop(c);
        c->tx_acked++;
    }
    if (c->tx_sent < c->tx_acked)
        c->tx_sent = c->tx_acked;
    return true;
}

/* All that is not acked goes out again. */
static void go_back(struct channel *c)
{
    c->resent += c->tx_sent - c->tx_acked;
    c->tx_sent = c->tx_acked;
    c->next = c->queue.next;
}

static void take_credit(struct channel *c, const Verona__LinkHeader *h)
{
    if (h->credit_bytes > c->credit_bytes)
        c->credit_bytes = h->credit_bytes;
    if (h->credit_frames > c->credit_frames)
        c->credit_frames = h->credit_frames;
}

static int come_up(struct channel *c)
{
    if (live(c)) {
        c->state = CHANNEL_UP;
        return CHANNEL_EV_NONE;
    }
    int ev = c->ever_up ? CHANNEL_EV_UP_AGAIN : CHANNEL_EV_UP_FRESH;
    c->state = CHANNEL_UP;
    c->ever_up = true;
    c->refused = false;
    c->speak = true;
    c->missing = false;
    go_back(c);
    return ev;
}

static int go_down(struct channel *c)
{
    bool was_live = live(c);
    c->state = CHANNEL_DOWN;
    c->missing = false;
    c->said_hello = false; /* the next Hello does not wait */
    return was_live ? CHANNEL_EV_DOWN : CHANNEL_EV_NONE;
}

static int take_hello(struct channel *c, const Verona__LinkHeader *h, uint64_t now_ms)
{
    const Verona__Hello *hello = h->hello;
    if (c->peer_link != 0 && h->link < c->peer_link)
        return CHANNEL_EV_STALE;
    if (c->peer_link != 0 && h->link > c->peer_link && c->ever_up)
        return CHANNEL_EV_OTHER_BOOT; /* it forgot us and starts again */
    if (!hello->reply)
        c->owe_reply = true; /* also to one that is refused: both sides should know why */
    c->peer_boot = h->src_boot;
    c->peer_link = h->link;
    if (hello->protocol != WIRE_PROTOCOL || hello->unicode != c->self.unicode ||
        !str_eq(wire_str(hello->cluster_id), c->self.cluster_id)) {
        int ev = go_down(c);
        if (!c->refused)
            ev |= CHANNEL_EV_REFUSED;
        c->refused = true;
        c->said_hello = true;
        c->last_hello_ms = now_ms;
        return ev;
    }
    c->last_heard_ms = now_ms;
    if (c->state == CHANNEL_DOWN)
        c->state = CHANNEL_HELLO;
    if (h->peer_link != c->self.link)
        return CHANNEL_EV_NONE; /* it does not know this state of ours yet: our Hello tells it */
    if (!take_ack(c, hello->rx_seq))
        return ERR_PROTO;
    take_credit(c, h);
    if (hello->reply)
        c->missing = false; /* what was lost is on its way; if it is lost again, that shows again */
    else
        go_back(c);
    return come_up(c);
}

int channel_receive(struct channel *c, struct wire_frame *f, uint64_t now_ms, channel_item_fn *fn,
                    void *ctx)
{
    const Verona__LinkHeader *h = f->header;
    if (!str_eq(wire_str(h->src), c->peer_id) || h->src_boot == 0 || h->link == 0)
        return ERR_PROTO;
    if (h->dst_boot != c->self.boot && !(h->hello && h->dst_boot == 0))
        return CHANNEL_EV_STALE;
    if (c->peer_boot != 0 && h->src_boot != c->peer_boot)
        return h->hello && h->src_boot > c->peer_boot ? CHANNEL_EV_OTHER_BOOT : CHANNEL_EV_STALE;
    if (h->hello)
        return f->rest.n ? ERR_PROTO : take_hello(c, h, now_ms);

    if (c->peer_link == 0 || h->link != c->peer_link || h->peer_link != c->self.link)
        return CHANNEL_EV_STALE;
    if (c->refused)
        return CHANNEL_EV_STALE;
    /* No number is further ahead than the credit we gave, which grows with what we took. */
    if (h->first_seq == 0 || h->first_seq > c->rx_seq + LIMIT_BUS_CREDIT_FRAMES + 1)
        return ERR_PROTO;
    if (!live(c) && c->ever_up)
        return CHANNEL_EV_STALE; /* our Hello is under way; what we drop here comes again after it
                                  */
    if (!take_ack(c, h->ack))
        return ERR_PROTO;
    take_credit(c, h);
    c->last_heard_ms = now_ms;
    int ev = come_up(c);
    if (ev & (CHANNEL_EV_UP_FRESH | CHANNEL_EV_UP_AGAIN)) {
        /* The caller must hear of it before the first item: a peer that knows us up says so with an
         * empty frame first. If that was lost, what is dropped here comes again. */
        c->missing = f->rest.n != 0;
        return ev;
    }
    uint64_t seq = h->first_seq;
    struct str item;
    for (; wire_frame_next(f, &item); seq++) {
        if (seq > c->rx_seq + 1)
            break;
        if (seq <= c->rx_seq)
            continue;
        c->rx_seq = seq;
        c->rx_bytes += item.n;
        fn(ctx, item);
    }
    if (h->first_seq > c->rx_seq + 1)
        c->missing = true;
    return ev;
}

/* ---------------------------------------------------------------- time */

int channel_tick(struct channel *c, uint64_t now_ms)
{
    if (!live(c))
        return CHANNEL_EV_NONE;
    uint64_t silent_ms = now_ms > c->last_heard_ms ? now_ms - c->last_heard_ms : 0;
    if (silent_ms >= LIMIT_BUS_DOWN_MS)
        return go_down(c);
    if (silent_ms >= LIMIT_BUS_SUSPECT_MS)
        c->state = CHANNEL_SUSPECT;
    return CHANNEL_EV_NONE;
}

int channel_broken(struct channel *c, uint64_t now_ms)
{
    if (c->state == CHANNEL_UP)
        c->state = CHANNEL_SUSPECT;
    return channel_tick(c, now_ms);
}

int channel_reset(struct channel *c, uint64_t now_ms)
{
    (void)now_ms;
    return go_down(c);
}

/* ---------------------------------------------------------------- sending */

static bool hello_due(const struct channel *c, uint64_t now_ms)
{
    if (c->owe_reply)
        return true;
    uint64_t wait_ms = HEARTBEAT_DUE_MS;
    if (live(c)) {
        if (!c->missing)
            return false;
        wait_ms = HELLO_AGAIN_MS;
    } else if (c->refused) {
        wait_ms = HELLO_REFUSED_MS;
    }
    return !c->said_hello || now_ms - c->last_hello_ms >= wait_ms;
}

static bool ack_due(const struct channel *c)
{
    return c->rx_seq - c->told_seq >= CHANNEL_ACK_ITEMS ||
           c->rx_bytes - c->told_bytes >= CHANNEL_ACK_BYTES;
}

static bool may_send(const struct channel *c, const struct list *node)
{
    if (node == &c->queue)
        return false;
    const struct item *it = LIST_ENTRY(node, struct item, link);
    return it->seq <= c->credit_frames && it->end <= c->credit_bytes;
}

bool channel_next_frame(struct channel *c, uint64_t now_ms, size_t max, bool with_crc,
                        struct buf *out)
{
    bool hello = hello_due(c, now_ms);
    bool heartbeat = c->speak || now_ms - c->last_sent_ms >= HEARTBEAT_DUE_MS;
    if (!hello && !(live(c) && (heartbeat || ack_due(c) || may_send(c, c->next))))
        return false;

    Verona__LinkHeader h = VERONA__LINK_HEADER__INIT;
    Verona__Hello greeting = VERONA__HELLO__INIT;
    h.src = wire_bytes(c->self.id);
    h.src_boot = c->self.boot;
    h.dst_boot = c->peer_boot;
    h.link = c->self.link;
    h.peer_link = c->peer_link;
    h.ack = c->rx_seq;
    h.credit_bytes = c->rx_bytes + LIMIT_BUS_CREDIT;
    h.credit_frames = c->rx_seq + LIMIT_BUS_CREDIT_FRAMES;
    if (hello) {
        greeting.protocol = WIRE_PROTOCOL;
        greeting.cluster_id = wire_bytes(c->self.cluster_id);
        greeting.unicode = c->self.unicode;
        greeting.role = c->self.role;
        greeting.rx_seq = c->rx_seq;
        greeting.reply = c->owe_reply;
        h.hello = &greeting;
    } else {
        h.first_seq = c->tx_sent + 1;
    }
    c->frame.open = true;
    c->frame.hello = hello;
    c->frame.next = c->next;
    c->frame.sent = c->tx_sent;
    c->frame.told_seq = c->rx_seq;
    c->frame.told_bytes = c->rx_bytes;
    wire_frame_begin(out, &h);
    if (!hello && !c->speak) {
        while (may_send(c, c->frame.next)) {
            const struct item *it = LIST_ENTRY(c->frame.next, struct item, link);
            bool first = c->frame.sent == c->tx_sent;
            if (!first && out->len + WIRE_ITEM_PREFIX + it->n > max)
                break;
            wire_frame_item(out, str_n(it->data, it->n));
            c->frame.sent = it->seq;
            c->frame.next = it->link.next;
        }
    }
    wire_frame_end(out, with_crc);
    assert(out->len <= LIMIT_BUS_MESSAGE);
    return true;
}

void channel_sent(struct channel *c, bool ok, uint64_t now_ms)
{
    assert(c->frame.open);
    c->frame.open = false;
    if (!ok)
        return;
    c->last_sent_ms = now_ms;
    if (c->state == CHANNEL_SUSPECT && now_ms - c->last_heard_ms < LIMIT_BUS_SUSPECT_MS)
        c->state = CHANNEL_UP; /* only the transport had been in doubt */
    c->told_seq = c->frame.told_seq;
    c->told_bytes = c->frame.told_bytes;
    if (c->frame.hello) {
        c->owe_reply = false;
        c->said_hello = true;
        c->last_hello_ms = now_ms;
        return;
    }
    c->speak = false;
    c->tx_sent = c->frame.sent;
    c->next = c->frame.next;
    if (c->tx_high < c->tx_sent)
        c->tx_high = c->tx_sent;
}

/* ---------------------------------------------------------------- looking */

enum channel_state channel_state(const struct channel *c)
{
    return c->state;
}

size_t channel_queued_bytes(const struct channel *c)
{
    return c->queued_bytes;
}

size_t channel_queued_items(const struct channel *c)
{
    return c->queued_items;
}

bool channel_full(const struct channel *c)
{
    return c->queued_bytes >= LIMIT_BUS_CREDIT || c->queued_items >= LIMIT_BUS_CREDIT_FRAMES;
}

bool channel_has_room(const struct channel *c)
{
    return c->queued_bytes <= LIMIT_BUS_CREDIT / 2 &&
           c->queued_items <= LIMIT_BUS_CREDIT_FRAMES / 2;
}

uint64_t channel_last_heard_ms(const struct channel *c)
{
    return c->last_heard_ms;
}

uint64_t channel_resent(const struct channel *c)
{
    return c->resent;
}
