/* lib_edge.h: the edge of a gateway with a real Redis, a real cluster record and home.c behind it,
 * and up to four clients on socket pairs; a bus, but no shards.
 * One at a time. */
#ifndef MUC_TESTS_GATEWAY_LIB_EDGE_H
#define MUC_TESTS_GATEWAY_LIB_EDGE_H

#include "base/buf.h"
#include "gateway/edge.h"

enum { RIG_WAIT_MS = 20000, RIG_PEERS = 4 };

#define RIG_HEADER                                                                                 \
    "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAMS                               \
    "' to='localhost' version='1.0'>"

struct peer {
    int fd; /* -1: not open */
    struct buf heard;
    bool eof;
};
extern struct gateway rig_g;
extern struct peer rig_peers[RIG_PEERS];

/* Of the whole group of tests: a redis-server. */
int rig_start_redis(void **state);
int rig_end_redis(void **state);
/* One text or number from it; static. Words are separated by spaces. */
const char *rig_ask(const char *command);
void rig_signal_redis(int signum);
/* Redis is stopped (SIGSTOP) as soon as the gateway finds its record taken away. */
extern bool rig_stop_when_lost;

/* settings: "key=value key=value". Closing is in the order of gateway_destroy(). */
void rig_open(const char *settings);
void rig_close(void);

void rig_connect(int i);
void rig_connect_ws(int i, bool loopback); /* to the listener for WebSocket */
void rig_hang_up(int i);
/* All, and waits until the gateway knows it. */
void rig_hang_up_all(void);
bool rig_all_closed(void *ctx);
void rig_say(int i, const char *z);
void rig_say_bytes(int i, const void *p, size_t n);
/* Waits for text among all that came since the connection began (or the buffer was reset); NULL:
 * for the end. Fails the test after RIG_WAIT_MS. */
void rig_hear(int i, const char *text);
void rig_hear_times(int i, const char *text, size_t times);
/* ann@localhost/r, in open mode. */
void rig_log_in(int i);
/* The last that is bound. */
struct client *rig_bound_client(void);

/* Runs the loop until cond(ctx) holds: true; false after limit_ms. NULL: just runs so long. */
bool rig_run_until(bool (*cond)(void *ctx), void *ctx, uint64_t limit_ms);

#endif
