/* random.h: bytes that nobody can guess, from the kernel. */
#ifndef MUC_RANDOM_H
#define MUC_RANDOM_H

#include <stddef.h>

/* Fills n bytes; aborts if the kernel has none, for nothing safe can be done then. */
void rt_random(void *p, size_t n);

#endif
