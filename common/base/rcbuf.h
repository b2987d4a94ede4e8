/* rcbuf.h: immutable bytes shared by reference counting. One thread. */
#ifndef MUC_RCBUF_H
#define MUC_RCBUF_H

#include "base/str.h"

#include <stdint.h>

struct rcbuf {
    uint32_t refs;
    uint32_t len; /* bytes in data, followed by an uncounted NUL */
    char data[];
};

struct rcbuf *rcbuf_new(const void *p, size_t n); /* refs = 1 */
struct rcbuf *rcbuf_ref(struct rcbuf *r);
void rcbuf_unref(struct rcbuf **r_p); /* sets *r_p to NULL; NULL is fine */
static inline struct str rcbuf_str(const struct rcbuf *r)
{
    return r ? (struct str){r->data, r->len} : STR_NULL;
}

#endif
