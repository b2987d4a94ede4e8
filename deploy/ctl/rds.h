/* rds.h: a blocking connection to Redis for the tool (hiredis), commands as arguments with lengths.
 */
#ifndef CTL_RDS_H
#define CTL_RDS_H

#include "base/buf.h"
#include "base/mem.h"

#include <hiredis/hiredis.h>

struct rds;

/* Connects, authenticates, selects the database and PINGs. password: instead of the one in the
 * URL; "" if that has one or none is needed. Errors, with a line for people in err: ERR_INVALID the
 * URL, ERR_DENIED wrong password, ERR_AGAIN it is loading its data, ERR_UNAVAILABLE anything else.
 */
MUST_CHECK int rds_open(const char *url, const char *password, uint32_t timeout_ms,
                        struct rds **out, struct buf *err);
void rds_close(struct rds **r_p);

/* The reply, to be freed with freeReplyObject, or NULL if the connection is lost. An error reply of
 * Redis is a reply. */
redisReply *rds_call(struct rds *r, size_t argc, const struct str *argv);
/* The same in two halves, for many commands at once. */
void rds_send(struct rds *r, size_t argc, const struct str *argv);
redisReply *rds_receive(struct rds *r);
/* Why the connection is lost. */
const char *rds_error(const struct rds *r);

#define RDS(r, ...)                                                                                \
    rds_call(r, sizeof((struct str[]){__VA_ARGS__}) / sizeof(struct str),                          \
             (struct str[]){__VA_ARGS__})
#define RDS_SEND(r, ...)                                                                           \
    rds_send(r, sizeof((struct str[]){__VA_ARGS__}) / sizeof(struct str),                          \
             (struct str[]){__VA_ARGS__})

/* Bytes of a string, status or error reply; empty for anything else. */
struct str rds_str(const redisReply *reply);
/* Element i of an array reply as bytes; empty if there is none. */
struct str rds_at(const redisReply *reply, size_t i);
bool rds_is_error(const redisReply *reply);

#endif
