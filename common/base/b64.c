/* b64.c: base64, by the table. */
#include "base/b64.h"
#include "base/err.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void b64_encode(struct buf *out, const void *p, size_t n)
{
    const uint8_t *in = p;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t v = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                     (left > 2 ? in[i + 2] : 0);
        buf_c(out, alphabet[v >> 18]);
        buf_c(out, alphabet[v >> 12 & 63]);
        buf_c(out, left > 1 ? alphabet[v >> 6 & 63] : '=');
        buf_c(out, left > 2 ? alphabet[v & 63] : '=');
    }
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int b64_decode(struct buf *out, struct str text)
{
    size_t had = out->len;
    if (text.n % 4 != 0)
        return ERR_INVALID;
    for (size_t i = 0; i < text.n; i += 4) {
        bool last = i + 4 == text.n;
        size_t pad = !last ? 0 : text.p[i + 3] != '=' ? 0 : text.p[i + 2] != '=' ? 1 : 2;
        uint32_t v = 0;
        for (size_t k = 0; k < 4; k++) {
            int d = k >= 4 - pad ? 0 : value_of(text.p[i + k]);
            if (d < 0)
                goto bad;
            v = v << 6 | (uint32_t)d;
        }
        if ((pad == 1 && (v & 0xff)) || (pad == 2 && (v & 0xffff)))
            goto bad;
        uint8_t bytes[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
        buf_put(out, bytes, 3 - pad);
    }
    return 0;
bad:
    out->len = had;
    return ERR_INVALID;
}

int b64_decode_into(struct str text, uint8_t *out, size_t min, size_t max, size_t *n)
{
    struct buf b;
    buf_init(&b);
    int err = b64_decode(&b, text);
    if (!err && (b.len < min || b.len > max))
        err = ERR_INVALID;
    if (!err) {
        memcpy(out, b.data, b.len);
        *n = b.len;
    }
    buf_deinit(&b);
    return err;
}
