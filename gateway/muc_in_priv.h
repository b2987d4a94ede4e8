/* muc_in_priv.h: what the files of muc_in share. */
#ifndef MUC_GATEWAY_MUC_IN_PRIV_H
#define MUC_GATEWAY_MUC_IN_PRIV_H

#include "base/limits.h"
#include "base/muc.h"
#include "prep/jid_prep.h"
#include "gateway/muc_in.h"
#include "proto/wire.h"

struct in {
    const struct xnode *st;
    struct stanza_ids *ids; /* NULL: unknown */
    struct arena *a;
    struct str room, nick;
    Verona__RoomEvent *ev;
};

/* The event is an error to be answered in order. Always MUC_IN_EVENT. */
enum muc_in in_refuse(struct in *in, enum stanza_error condition);
/* Text of a child element, empty if there is none. */
struct str in_child_text(struct in *in, const struct xnode *n, const char *ns, const char *name);
/* Children of the stanza without what is not the client's to say (W11, W13, W14). */
ProtobufCBinaryData in_payload(struct in *in);
/* What was written into b, in the arena; b ends. */
ProtobufCBinaryData in_kept(struct in *in, struct buf *b);
/* A nick that an iq names: prepared and within its limit. Empty is fine. false: it can be nobody's.
 */
bool in_nick(struct in *in, struct str raw, struct str *out);

/* A stanza-id of this room as a name; false: it is none. *out is made in any case. */
bool in_name(struct in *in, struct str id, Verona__Name **out);

enum muc_in in_iq(struct in *in);
enum muc_in in_command(struct in *in, const struct xnode *command);
/* Fields of a data form, JIDs prepared; form_type may be NULL. SE_NONE: done. */
enum stanza_error in_fields(struct in *in, const struct xnode *x, Verona__Field ***out, size_t *n,
                            struct str *form_type);
enum muc_in in_vcard(struct in *in, const struct xnode *card, bool set);
enum muc_in in_archive(struct in *in, const struct xnode *query, bool set);
enum muc_in in_archive_metadata(struct in *in);
enum muc_in in_moderate(struct in *in, const struct xnode *moderate);
enum muc_in in_message(struct in *in);

/* Elements among n's children. */
static inline struct xnode *in_elem(struct xnode *n)
{
    while (n && n->name.n == 0)
        n = n->next;
    return n;
}
#define IN_EACH(k, parent) for (struct xnode *k = in_elem((parent)->first); k; k = in_elem(k->next))

#endif
