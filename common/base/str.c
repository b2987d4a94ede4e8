/* str.c: see str.h. */
#include "base/str.h"

bool str_u64(struct str s, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (digit > max || v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    if (s.n == 0)
        return false;
    *out = v;
    return true;
}

bool str_u32(struct str s, uint32_t max, uint32_t *out)
{
    uint64_t v;
    if (!str_u64(s, max, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

struct str str_cut(struct str *rest, char at)
{
    const char *p = rest->n ? memchr(rest->p, at, rest->n) : NULL;
    struct str head = p ? str_n(rest->p, (size_t)(p - rest->p)) : *rest;
    *rest = p ? str_n(p + 1, rest->n - head.n - 1) : STR_NULL;
    return head;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool str_list_next(struct str *rest, struct str *entry)
{
    while (rest->n) {
        struct str word = str_cut(rest, ',');
        while (word.n && is_blank(word.p[0]))
            word = str_n(word.p + 1, word.n - 1);
        while (word.n && is_blank(word.p[word.n - 1]))
            word.n--;
        if (word.n) {
            *entry = word;
            return true;
        }
    }
    return false;
}
