/* home_rooms.c: disco#items of the rooms' service: every public room of the cluster, by page
 * (XEP-0045 §6.3, XEP-0059; W76). */
#include "gateway/directory.h"
#include "gateway/home.h"
#include "gateway/rsm.h"
#include "base/err.h"
#include "base/jid.h"
#include "base/limits.h"
#include "base/muc.h"
#include "proto/wire.h"

struct listing {
    struct home_iq iq;
    bool paged;
};

struct str home_room_name(const struct directory_room *r)
{
    struct jid parts;
    struct str name = wire_str(r->entry->name);
    return name.n || jid_split(r->room, &parts) != 0 ? name : parts.local;
}

static void on_page(void *ctx, int err, const struct directory_page *p)
{
    struct listing *l = ctx;
    if (err) {
        home_iq_error(&l->iq, err == ERR_INVALID ? SE_ITEM_NOT_FOUND : SE_SERVICE_UNAVAILABLE_WAIT);
        mem_free(l);
        return;
    }
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<query xmlns='" NS_DISCO_ITEMS "'>");
    for (size_t i = 0; i < p->n; i++) {
        buf_z(&b, "<item jid='");
        buf_xml(&b, p->rooms[i].room);
        buf_z(&b, "' name='");
        buf_xml(&b, home_room_name(&p->rooms[i]));
        buf_z(&b, "'/>");
    }
    if (l->paged || p->n < p->total)
        rsm_put(&b, p->n ? p->rooms[0].room : STR_NULL, p->n ? p->rooms[p->n - 1].room : STR_NULL,
                (int64_t)p->first, (int64_t)p->total);
    buf_z(&b, "</query>");
    home_iq_result(&l->iq, buf_as_str(&b));
    buf_deinit(&b);
    mem_free(l);
}

void home_rooms(struct home *h, struct client *c, const struct xnode *st, const struct xnode *query)
{
    struct arena a;
    struct rsm rsm;
    arena_init(&a);
    if (!rsm_read(query, &a, &rsm)) {
        client_send_error(c, st, SE_BAD_REQUEST, STR_NULL, STR_NULL);
        arena_deinit(&a);
        return;
    }
    struct listing *l = mem_zalloc(sizeof *l);
    struct buf number;
    uint32_t max = rsm.present ? LIMIT_PAGE : LIMIT_PAGE_PLAIN;
    buf_init(&number);
    buf_u64(&number, rsm.index);
    l->paged = rsm.present;
    home_iq_save(&l->iq, h->g, c, st);
    directory_page(h->g->redis, DIRECTORY_BY_ADDRESS,
                   rsm.has_before  ? DIRECTORY_BEFORE
                   : rsm.has_after ? DIRECTORY_AFTER
                                   : DIRECTORY_INDEX,
                   rsm.has_before  ? rsm.before
                   : rsm.has_after ? rsm.after
                                   : buf_as_str(&number),
                   rsm.has_max && rsm.max < max ? rsm.max : max, on_page, l);
    buf_deinit(&number);
    arena_deinit(&a);
}
