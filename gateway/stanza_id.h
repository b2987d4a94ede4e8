/* stanza_id.h: the durable name of a message as a stanza-id (XEP-0359) that reveals nothing.
 *
 * The 16 bytes (epoch, seq) are AES-128-encrypted under a key derived from the cluster's, each room
 * with a tweak of its own (xor before and after), and written in base32, lower case. The same
 * message has the same id at every gateway, for ever; ids of different rooms or messages look
 * unrelated. */
#ifndef MUC_GATEWAY_STANZA_ID_H
#define MUC_GATEWAY_STANZA_ID_H

#include "base/mem.h"
#include "base/str.h"

#include <stdint.h>

#define STANZA_ID_LEN 26u

struct stanza_ids;
struct stanza_id_room {
    uint8_t tweak[16];
};

/* cluster_key: cluster_meta.key; ids of all gateways of a cluster are the same. */
struct stanza_ids *stanza_ids_new(const uint8_t cluster_key[32]);
void stanza_ids_destroy(struct stanza_ids **s_p);

/* The tweak of a room, by its prepared bare JID. */
void stanza_id_room(const struct stanza_ids *s, struct str room, struct stanza_id_room *out);
/* Writes STANZA_ID_LEN characters and a NUL. */
void stanza_id_make(struct stanza_ids *s, const struct stanza_id_room *room, uint64_t e,
                    uint64_t seq, char out[STANZA_ID_LEN + 1]);
/* Back to the name. Errors: ERR_INVALID: not of that form (another room's id gives a wrong name).
 */
MUST_CHECK int stanza_id_read(struct stanza_ids *s, const struct stanza_id_room *room,
                              struct str id, uint64_t *e, uint64_t *seq);

#endif
