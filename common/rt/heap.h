/* heap.h: giving memory back to the system. */
#ifndef MUC_HEAP_H
#define MUC_HEAP_H

/* After much was freed: glibc keeps what lies between pieces that live on, unless it is asked.
 * Takes milliseconds on a large heap, so not often. Does nothing with another C library. */
void heap_give_back(void);

#endif
