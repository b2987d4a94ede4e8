/* sm.c: see sm.h. Unacknowledged stanzas stand one behind the other in `bytes`, their sizes in
 * `sizes`. The memory of both stays while the client is at it: growing it again for each round of
 * stanzas costs more than copying them. */
#include "gateway/sm.h"

#include <assert.h>
#include <string.h>

enum {
    ASK_STANZAS = 64, /* so many unacknowledged ones are a reason to ask */
    ASK_BYTES = 64 * 1024,
    OVERHEAD = 64, /* counted for each, so that small ones are bounded as well */
    BULK = 1u << 31,
};

struct waiting {
    uint64_t rseq;
    uint32_t at; /* number of the stanza, the first is 1 */
};

struct sm {
    size_t *total;
    /* in */
    uint32_t taken;
    struct waiting *waiting; /* by the number of the stanza */
    size_t n_waiting, cap_waiting;
    /* out */
    uint32_t acked, n; /* sent: acked + n */
    struct buf bytes;
    size_t from; /* bytes that were acknowledged and are still there */
    uint32_t *sizes;
    size_t first, cap; /* of sizes; n of them are in use */
    size_t size, bulk;
    bool asked;
};

struct sm *sm_new(size_t *total)
{
    struct sm *m = mem_zalloc(sizeof *m);
    m->total = total;
    return m;
}

void sm_destroy(struct sm **m_p)
{
    struct sm *m = *m_p;
    if (!m)
        return;
    *m_p = NULL;
    *m->total -= m->size;
    buf_deinit(&m->bytes);
    mem_free(m->sizes);
    mem_free(m->waiting);
    mem_free(m);
}

/* ---- in */

void sm_in(struct sm *m)
{
    m->taken++;
}

void sm_in_waits(struct sm *m, uint64_t rseq)
{
    if (m->n_waiting == m->cap_waiting) {
        m->cap_waiting = m->cap_waiting ? m->cap_waiting * 2 : 4;
        m->waiting = mem_realloc(m->waiting, m->cap_waiting * sizeof *m->waiting);
    }
    m->waiting[m->n_waiting++] = (struct waiting){rseq, m->taken};
}

void sm_in_done(struct sm *m, uint64_t rseq)
{
    for (size_t i = 0; i < m->n_waiting; i++)
        if (m->waiting[i].rseq == rseq) {
            m->n_waiting--;
            memmove(m->waiting + i, m->waiting + i + 1, (m->n_waiting - i) * sizeof *m->waiting);
            return;
        }
}

bool sm_in_settled(const struct sm *m)
{
    return m->n_waiting == 0;
}

uint32_t sm_handled(const struct sm *m)
{
    return m->n_waiting ? m->waiting[0].at - 1 : m->taken;
}

/* ---- out */

static void start_over(struct sm *m)
{
    buf_reset(&m->bytes);
    m->from = m->first = 0;
}

void sm_idle(struct sm *m)
{
    if (m->n > 0)
        return;
    start_over(m);
    buf_deinit(&m->bytes);
    mem_free(m->sizes);
    m->sizes = NULL;
    m->cap = 0;
}

static void make_room(struct sm *m)
{
    if (m->first + m->n < m->cap)
        return;
    if (m->first > m->cap / 2) {
        memmove(m->sizes, m->sizes + m->first, m->n * sizeof *m->sizes);
        m->first = 0;
        return;
    }
    m->cap = m->cap ? m->cap * 2 : ASK_STANZAS;
    m->sizes = mem_realloc(m->sizes, m->cap * sizeof *m->sizes);
}

void sm_out(struct sm *m, struct str head, struct str to, struct str tail, bool bulk)
{
    size_t n = head.n + to.n + tail.n;
    assert(n < BULK);
    make_room(m);
    m->sizes[m->first + m->n++] = (uint32_t)n | (bulk ? BULK : 0);
    buf_reserve(&m->bytes, n);
    buf_str(&m->bytes, head);
    buf_str(&m->bytes, to);
    buf_str(&m->bytes, tail);
    m->size += n + OVERHEAD;
    *m->total += n + OVERHEAD;
    m->bulk += bulk ? n + OVERHEAD : 0;
}

bool sm_can_ack(const struct sm *m, uint32_t h)
{
    return h - m->acked <= m->n; /* modulo 2^32 (§4) */
}

bool sm_ack(struct sm *m, uint32_t h)
{
    if (!sm_can_ack(m, h))
        return false;
    m->asked = false;
    while (m->acked != h) {
        uint32_t size = m->sizes[m->first++];
        size_t n = size & ~BULK;
        m->acked++;
        m->n--;
        m->from += n;
        m->size -= n + OVERHEAD;
        *m->total -= n + OVERHEAD;
        m->bulk -= size & BULK ? n + OVERHEAD : 0;
    }
    if (m->n == 0) {
        start_over(m);
    } else if (m->from > m->bytes.len / 2) {
        buf_consume(&m->bytes, m->from);
        m->from = 0;
    }
    return true;
}

uint32_t sm_sent(const struct sm *m)
{
    return m->acked + m->n;
}

uint32_t sm_unacked(const struct sm *m)
{
    return m->n;
}

size_t sm_bytes(const struct sm *m)
{
    return m->size;
}

size_t sm_counted(const struct sm *m)
{
    return m->size - m->bulk;
}

bool sm_wants_ack(const struct sm *m)
{
    return !m->asked && (m->n >= ASK_STANZAS || m->size >= ASK_BYTES);
}

void sm_asked(struct sm *m)
{
    m->asked = true;
}

bool sm_is_asked(const struct sm *m)
{
    return m->asked;
}

void sm_not_asked(struct sm *m)
{
    m->asked = false;
}

void sm_each(const struct sm *m, void (*fn)(void *ctx, struct str stanza), void *ctx)
{
    size_t at = m->from;
    for (uint32_t i = 0; i < m->n; i++) {
        size_t n = m->sizes[m->first + i] & ~BULK;
        fn(ctx, str_n(m->bytes.data + at, n));
        at += n;
    }
}
