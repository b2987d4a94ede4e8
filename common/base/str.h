/* str.h: a borrowed run of bytes with its length. Not NUL-terminated unless said. */
#ifndef MUC_STR_H
#define MUC_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p; /* may be NULL only if n is 0 */
    size_t n;      /* bytes */
};

#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STR_NULL ((struct str){NULL, 0})
/* For printf's "%.*s". */
#define STR_FMT(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str str_of(const char *z)
{
    return (struct str){z, z ? strlen(z) : 0};
}

static inline struct str str_n(const void *p, size_t n)
{
    return (struct str){p, n};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *z)
{
    return str_eq(a, str_of(z));
}

/* The number that s says in decimal digits and nothing else. False: it is none (another byte, or no
 * digit at all), or above max; *out is as it was. */
bool str_u64(struct str s, uint64_t max, uint64_t *out);
bool str_u32(struct str s, uint32_t max, uint32_t *out);

/* Takes what stands before the first `at` off the front of *rest, and that `at` with it; all of
 * *rest where there is none. */
struct str str_cut(struct str *rest, char at);

/* The next entry of a list such as "a, b": separated by commas, without the blanks and tabs around
 * it; empty ones are passed over. False: there is none left. */
bool str_list_next(struct str *rest, struct str *entry);

#endif
