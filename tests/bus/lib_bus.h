/* lib_bus.h: what the tests of the bus share. */
#ifndef MUC_TESTS_LIB_BUS_H
#define MUC_TESTS_LIB_BUS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* SplitMix64: the same numbers for the same seed everywhere. */
static inline uint64_t rnd(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#endif
