/* mem.c: the heap, without a failure path (the reason is in mem.h). */
#include "base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* assert() is the one way to leave a message that needs nothing but libc's core: base has no stdio
 * streams. abort() behind it holds the promise even if somebody builds with NDEBUG. */
static void *or_die(void *p)
{
    if (!p) {
        assert(p && "out of memory");
        abort();
    }
    return p;
}

void *mem_alloc(size_t n)
{
    return or_die(malloc(n ? n : 1));
}

void *mem_zalloc(size_t n)
{
    return or_die(calloc(1, n ? n : 1));
}

void *mem_realloc(void *p, size_t n)
{
    return or_die(realloc(p, n ? n : 1));
}

char *mem_dup(const void *p, size_t n)
{
    char *copy = mem_alloc(n + 1);
    if (n)
        memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

void mem_free(void *p)
{
    free(p);
}

bool mem_same_secret(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a, *y = b;
    uint8_t differ = 0;
    for (size_t i = 0; i < n; i++)
        differ |= x[i] ^ y[i];
    return differ == 0;
}
