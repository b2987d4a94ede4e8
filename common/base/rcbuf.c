/* rcbuf.c: immutable bytes, shared. */
#include "base/rcbuf.h"
#include "base/mem.h"

#include <assert.h>

struct rcbuf *rcbuf_new(const void *p, size_t n)
{
    assert(n < UINT32_MAX);
    struct rcbuf *r = mem_alloc(sizeof *r + n + 1);
    r->refs = 1;
    r->len = (uint32_t)n;
    if (n)
        memcpy(r->data, p, n);
    r->data[n] = '\0';
    return r;
}

struct rcbuf *rcbuf_ref(struct rcbuf *r)
{
    assert(r->refs > 0 && r->refs < UINT32_MAX);
    r->refs++;
    return r;
}

void rcbuf_unref(struct rcbuf **r_p)
{
    struct rcbuf *r = *r_p;
    *r_p = NULL;
    if (!r)
        return;
    assert(r->refs > 0);
    if (--r->refs == 0)
        mem_free(r);
}
