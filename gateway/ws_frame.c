/* ws_frame.c: see ws_frame.h.
 *
 *    0               1               2 ..            then, if there
 *   |F|RSV|opcode    |M| length      | longer length | mask          | payload
 *
 * length 126: two bytes of length follow, 127: eight. A client masks always, a server never. */
#include "gateway/ws_frame.h"
#include "base/utf8.h"

enum { FINAL = 0x80, RESERVED = 0x70, OPCODE = 0x0f, MASKED = 0x80, LENGTH = 0x7f, MASK = 4 };

static bool is_control(uint8_t opcode)
{
    return opcode & 8;
}

static size_t length_bytes(uint8_t second)
{
    uint8_t n = second & LENGTH;
    return n == 126 ? 2 : n == 127 ? 8 : 0;
}

/* 0, or why a frame cannot begin so: as soon as its first two bytes say it. */
static uint16_t check_first(const struct ws_reader *r)
{
    uint8_t opcode = r->head[0] & OPCODE, n = r->head[1] & LENGTH;
    bool final = r->head[0] & FINAL;
    if ((r->head[0] & RESERVED) || !(r->head[1] & MASKED)) /* no extension was agreed on; §5.1 */
        return WS_PROTOCOL_ERROR;
    switch (opcode) {
    case WS_CONTINUATION:
        return r->in_message ? 0 : WS_PROTOCOL_ERROR;
    case WS_TEXT:
        return r->in_message ? WS_PROTOCOL_ERROR : 0;
    case WS_BINARY:
        return r->in_message ? WS_PROTOCOL_ERROR : WS_UNSUPPORTED;
    case WS_CLOSE:
    case WS_PING:
    case WS_PONG:
        return !final || n > WS_CONTROL_MAX ? WS_PROTOCOL_ERROR : 0; /* §5.5 */
    default:
        return WS_PROTOCOL_ERROR;
    }
}

/* The head is whole. 0, or why its length will not do. */
static uint16_t begin(struct ws_reader *r, size_t max)
{
    size_t extra = length_bytes(r->head[1]);
    uint64_t n = extra ? 0 : r->head[1] & LENGTH;
    for (size_t i = 0; i < extra; i++)
        n = n << 8 | r->head[2 + i];
    /* §5.2: in the shortest form; the highest bit is 0. */
    if ((extra == 2 && n < 126) || (extra == 8 && (n <= UINT16_MAX || n >> 63)))
        return WS_PROTOCOL_ERROR;
    r->opcode = r->head[0] & OPCODE;
    r->final = r->head[0] & FINAL;
    r->left = n;
    r->mask_at = 0;
    r->in_frame = true;
    if (is_control(r->opcode))
        return 0;
    r->in_message = true;
    return r->text.len > max || n > max - r->text.len ? WS_TOO_BIG : 0;
}

static void unmask(struct ws_reader *r, char *p, size_t n)
{
    const uint8_t *mask = r->head + r->n_head - MASK;
    uint8_t at = r->mask_at;
    for (size_t i = 0; i < n; i++)
        p[i] = (char)((uint8_t)p[i] ^ mask[(at + i) % MASK]);
    r->mask_at = (uint8_t)((at + n) % MASK);
}

/* §7.4: those that may be sent. */
static bool status_ok(uint16_t s)
{
    return (s >= 1000 && s <= 1003) || (s >= 1007 && s <= 1014) || (s >= 3000 && s <= 4999);
}

static enum ws_event failed(struct ws_reader *r, struct ws_frame *out, uint16_t status)
{
    r->over = true;
    out->status = status;
    return WS_EV_ERROR;
}

static enum ws_event closed(struct ws_reader *r, struct ws_frame *out)
{
    struct str d = buf_as_str(&r->control);
    out->status = WS_NORMAL;
    if (d.n) {
        const uint8_t *p = (const void *)d.p;
        uint16_t said = 0;
        if (d.n > 1)
            said = (uint16_t)((uint16_t)(p[0] << 8) | p[1]);
        if (!status_ok(said))
            return failed(r, out, WS_PROTOCOL_ERROR);
        if (!utf8_valid(str_n(d.p + 2, d.n - 2)))
            return failed(r, out, WS_BAD_DATA);
        out->status = said;
    }
    r->over = true;
    return WS_EV_CLOSE;
}

/* All of a frame is there. */
static enum ws_event done(struct ws_reader *r, struct ws_frame *out)
{
    r->in_frame = false;
    r->n_head = 0;
    if (!is_control(r->opcode)) {
        if (!r->final)
            return WS_EV_PART;
        r->in_message = false;
        out->data = buf_as_str(&r->text);
        return WS_EV_MESSAGE;
    }
    if (r->opcode == WS_CLOSE)
        return closed(r, out);
    out->data = buf_as_str(&r->control);
    return r->opcode == WS_PING ? WS_EV_PING : WS_EV_PONG;
}

/* What the last event was about is read. */
static void forget(struct ws_reader *r)
{
    if (r->in_frame)
        return;
    if (!r->in_message)
        buf_deinit(&r->text);
    buf_deinit(&r->control);
}

enum ws_event ws_read(struct ws_reader *r, struct str *in, size_t max, struct ws_frame *out)
{
    *out = (struct ws_frame){STR_NULL, 0};
    forget(r);
    while (!r->over) {
        if (!r->in_frame) {
            size_t need = 2;
            if (r->n_head >= 2)
                need = 2 + length_bytes(r->head[1]) + MASK;
            if (in->n == 0)
                return WS_EV_NONE;
            r->head[r->n_head++] = (uint8_t)*in->p;
            *in = str_n(in->p + 1, in->n - 1);
            uint16_t wrong = r->n_head == 2 ? check_first(r) : 0;
            if (!wrong && r->n_head == need && need > 2)
                wrong = begin(r, max);
            if (wrong)
                return failed(r, out, wrong);
            if (!r->in_frame)
                continue;
        }
        struct buf *b = is_control(r->opcode) ? &r->control : &r->text;
        size_t n = r->left < in->n ? (size_t)r->left : in->n, at = b->len;
        buf_put(b, in->p, n);
        if (n)
            unmask(r, b->data + at, n);
        *in = str_n(in->p + n, in->n - n);
        r->left -= n;
        if (r->left)
            return WS_EV_NONE;
        return done(r, out);
    }
    return WS_EV_NONE;
}

void ws_reader_deinit(struct ws_reader *r)
{
    buf_deinit(&r->text);
    buf_deinit(&r->control);
}

size_t ws_head(uint8_t out[WS_HEAD_MAX], enum ws_opcode opcode, uint64_t n)
{
    size_t extra = n < 126 ? 0 : n <= UINT16_MAX ? 2 : 8;
    out[0] = (uint8_t)(FINAL | opcode);
    out[1] = (uint8_t)(extra == 0 ? n : extra == 2 ? 126 : 127);
    for (size_t i = 0; i < extra; i++)
        out[2 + i] = (uint8_t)(n >> (8 * (extra - 1 - i)));
    return 2 + extra;
}

size_t ws_close_frame(uint8_t out[4], uint16_t status)
{
    out[0] = FINAL | WS_CLOSE;
    out[1] = 2;
    out[2] = (uint8_t)(status >> 8);
    out[3] = (uint8_t)status;
    return 4;
}
