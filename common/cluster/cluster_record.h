/* cluster_record.h: what Redis holds of a cluster and its members, read into structs. No I/O. */
#ifndef MUC_CLUSTER_RECORD_H
#define MUC_CLUSTER_RECORD_H

#include "base/str.h"
#include "cluster/cluster.h"

#include <hiredis/hiredis.h>

/* One reading of a member's record. */
struct cluster_record {
    struct cluster_member m; /* boot, nonce and what it says of itself; alive: UP or DRAINING */
    uint64_t renew;
    bool exists; /* and is complete */
};

/* reply: of HGETALL. */
void cluster_record_read(const redisReply *reply, struct cluster_record *out);

/* Reads verona:meta (reply of HGETALL). Returns NULL, or why this is not a cluster for us, in words
 * for people. */
const char *cluster_meta_read(const redisReply *reply, struct cluster_meta *out);
#define CLUSTER_ABSENT "no cluster here: run verona cluster init"

/* "shard:<id>" -> role and id; false if it is none. */
bool cluster_field_parse(struct str field, enum cluster_role *role, struct str *id);
void cluster_field(struct buf *out, enum cluster_role role, struct str id);

void cluster_hex(char *out /* 2n + 1 */, const uint8_t *bytes, size_t n);

#endif
