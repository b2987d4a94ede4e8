/* lib_relay.h: a stretch of network between two Unix sockets that can be cut and stopped. Runs in a
 * thread of its own. */
#ifndef MUC_TESTS_LIB_RELAY_H
#define MUC_TESTS_LIB_RELAY_H

struct relay;
/* Whoever connects to `from` is connected to `to` (paths of Unix sockets). */
struct relay *relay_open(const char *from, const char *to);
void relay_cut(struct relay *r);            /* ends all connections, whatever is under way */
void relay_hold(struct relay *r, int held); /* nothing passes, nothing breaks */
void relay_close(struct relay **r_p);

#endif
