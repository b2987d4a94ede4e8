/* lib_run.h: run a loop until something is true, never for a fixed time. */
#ifndef MUC_TEST_LIB_RUN_H
#define MUC_TEST_LIB_RUN_H

#include "rt/loop.h"

/* For what must come. It is reached only by what fails: a machine may be slow and busy. */
enum { RUN_WAIT_MS = 30000 };

typedef bool run_cond(void *ctx);

/* Runs the loop until cond(ctx) holds (asked about every 10 ms), true; false after limit_ms. */
bool run_until(struct loop *l, run_cond *cond, void *ctx, uint64_t limit_ms);
/* The same, for a flag or counter to become at least `want`. */
bool run_until_int(struct loop *l, const int *value, int want, uint64_t limit_ms);
/* Runs the loop for some time: only to show that something does not happen. */
void run_for(struct loop *l, uint64_t ms);

#endif
