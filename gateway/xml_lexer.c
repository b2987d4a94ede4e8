/* xml_lexer.c: seven states over the bytes of a document. */
#include "gateway/xml_lexer.h"

enum { TEXT, OPEN, TAG, SINGLE, DOUBLE, BANG, CDATA, DECLARATION };

static size_t skip_to(const char *p, size_t i, size_t n, char c)
{
    const char *hit = memchr(p + i, c, n - i);
    return hit ? (size_t)(hit - p) : n;
}

bool xml_lexer_scan(struct xml_lexer *l, const char *p, size_t n, size_t *feed)
{
    size_t done = 0;
    for (size_t i = 0; i < n; i++) {
        char c = p[i];
        switch (l->state) {
        case TEXT:
            i = skip_to(p, i, n, '<');
            if (i < n)
                l->state = OPEN;
            break;
        case OPEN:
            if (c == '!') {
                l->state = BANG;
            } else if (c == '?') {
                if (l->started) {
                    *feed = i;
                    return false;
                }
                l->state = DECLARATION;
                l->tail = 0;
            } else if (c == '>') {
                l->state = TEXT;
                done = i + 1;
            } else {
                l->state = TAG;
            }
            l->started = true;
            break;
        case TAG:
            if (c == '>') {
                l->state = TEXT;
                done = i + 1;
            } else if (c == '\'') {
                l->state = SINGLE;
            } else if (c == '"') {
                l->state = DOUBLE;
            }
            break;
        case SINGLE:
        case DOUBLE:
            i = skip_to(p, i, n, l->state == SINGLE ? '\'' : '"');
            if (i < n)
                l->state = TAG;
            break;
        case BANG:
            if (c != '[') {
                *feed = i;
                return false;
            }
            l->state = CDATA;
            l->tail = 0;
            break;
        case CDATA:
            if (c == '>' && l->tail >= 2)
                l->state = TEXT;
            l->tail = c == ']' ? (uint8_t)(l->tail < 2 ? l->tail + 1 : 2) : 0;
            break;
        case DECLARATION:
            if (c == '>' && l->tail) {
                l->state = TEXT;
                done = i + 1;
            }
            l->tail = c == '?';
            break;
        default:
            break;
        }
    }
    *feed = done;
    return true;
}
