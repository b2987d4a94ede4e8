/* mem.h: memory from the heap. Running out of it ends the process.
 *
 * Why: every size a peer can choose is capped by base/limits.h, so an allocation that fails means
 * the machine is out of memory. A shard or a gateway that dies is a fault the cluster survives; one
 * that goes on with half a change applied is not (invariant I13, fail-stop). So no caller tests for
 * NULL. */
#ifndef MUC_MEM_H
#define MUC_MEM_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))

/* Never NULL, also for 0 bytes. Aborts when the heap is exhausted. */
void *mem_alloc(size_t n);
void *mem_zalloc(size_t n);
void *mem_realloc(void *p, size_t n);
/* A copy of n bytes, followed by a NUL that is not counted. */
char *mem_dup(const void *p, size_t n);
void mem_free(void *p);
/* Takes as long whatever differs: for secrets. */
bool mem_same_secret(const void *a, const void *b, size_t n);

#endif
