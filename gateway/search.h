/* search.h: Extended Channel Search (XEP-0433) without the searching: the form, what was submitted,
 * whether a room fits, and how it is shown. Pure. */
#ifndef MUC_SEARCH_H
#define MUC_SEARCH_H

#include "base/arena.h"
#include "base/buf.h"
#include "gateway/directory.h"
#include "gateway/rsm.h"
#include "gateway/stanza.h"

enum { SEARCH_TERMS = 16 };

struct search_query {
    struct str terms[SEARCH_TERMS]; /* folded; all of them must be found */
    uint32_t n_terms;
    bool in_name, in_description, in_address;
    bool nothing; /* asks for kinds of channels that we have none of */
    uint32_t min_users;
    enum directory_order order;
    struct rsm page;
};

/* Reads <search/> with a submitted form; the bytes are in the arena. false: `error` is the whole
 * <error/>. */
bool search_read(const struct xnode *search, struct arena *a, struct search_query *out,
                 struct buf *error);
/* The form to fill in, as <search/>. */
void search_put_form(struct buf *out);
bool search_fits(const struct search_query *q, const struct directory_room *r);
/* <item/> of the result. */
void search_put_item(struct buf *out, const struct directory_room *r);
/* The id of a result: its place in the order, as directory_page() takes it. */
void search_put_mark(struct buf *out, enum directory_order order, const struct directory_room *r);

#endif
