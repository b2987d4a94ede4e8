/* rsm.c: see rsm.h. */
#include "gateway/rsm.h"

enum { NUMBER_MAX = 999999999 }; /* of what a client may ask for */

bool rsm_read(const struct xnode *query, struct arena *a, struct rsm *out)
{
    const struct xnode *set = xnode_child(query, NS_RSM, "set");
    *out = (struct rsm){.present = set != NULL};
    if (!set)
        return true;
    const struct xnode *max = xnode_child(set, NS_RSM, "max");
    const struct xnode *index = xnode_child(set, NS_RSM, "index");
    const struct xnode *after = xnode_child(set, NS_RSM, "after");
    const struct xnode *before = xnode_child(set, NS_RSM, "before");
    out->has_max = max != NULL;
    out->has_index = index != NULL;
    out->has_after = after != NULL;
    out->has_before = before != NULL;
    if (out->has_index + out->has_after + out->has_before > 1)
        return false;
    out->after = after ? xnode_text(after, a) : STR_NULL;
    out->before = before ? xnode_text(before, a) : STR_NULL;
    return (!max || str_u32(xnode_text(max, a), NUMBER_MAX, &out->max)) &&
           (!index || str_u32(xnode_text(index, a), NUMBER_MAX, &out->index));
}

void rsm_put(struct buf *out, struct str first, struct str last, int64_t index, int64_t count)
{
    buf_z(out, "<set xmlns='" NS_RSM "'>");
    if (first.n) {
        buf_z(out, "<first");
        if (index >= 0) {
            buf_z(out, " index='");
            buf_u64(out, (uint64_t)index);
            buf_c(out, '\'');
        }
        buf_c(out, '>');
        buf_xml(out, first);
        buf_z(out, "</first><last>");
        buf_xml(out, last);
        buf_z(out, "</last>");
    }
    if (count >= 0) {
        buf_z(out, "<count>");
        buf_u64(out, (uint64_t)count);
        buf_z(out, "</count>");
    }
    buf_z(out, "</set>");
}
