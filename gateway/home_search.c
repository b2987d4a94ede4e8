/* home_search.c: Extended Channel Search (XEP-0433) over the directory: it is read a piece at a
 * time until a page of rooms that fit is full. Nothing is kept between two pages of a client. */
#include "gateway/home.h"
#include "gateway/search.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/muc.h"
#include "proto/wire.h"

enum {
    PIECE = 200,
    MOST_LOOKED_AT = 100000, /* rooms for one page: the client may go on behind them */
    MOST_SEARCHES = 16,      /* at once at one gateway */
    RETRY_AFTER_S = 2,
};

/* Who it was for does not matter; `xml` is rendered. */
struct hit {
    struct buf xml, mark;
};

struct search {
    struct home_iq iq;
    struct home *home;
    struct arena arena; /* of the query */
    struct search_query query;
    bool backwards;
    uint32_t max, n, looked_at;
    int64_t total;
    struct buf place; /* where the next piece begins */
    struct hit hits[LIMIT_PAGE];
};

static void search_free(struct search *s)
{
    if (s->iq.g->home)
        s->home->n_searches--;
    for (uint32_t i = 0; i < s->n; i++) {
        buf_deinit(&s->hits[i].xml);
        buf_deinit(&s->hits[i].mark);
    }
    buf_deinit(&s->place);
    arena_deinit(&s->arena);
    mem_free(s);
}

/* index and count only where nothing is left out: of others nobody counts the rest. */
static void answer(struct search *s)
{
    struct buf b;
    struct str first = STR_NULL, last = STR_NULL;
    const struct search_query *q = &s->query;
    bool whole = q->n_terms == 0 && q->min_users == 0 && !q->nothing;
    buf_init(&b);
    buf_z(&b, "<result xmlns='urn:xmpp:channel-search:0:search'>");
    for (uint32_t i = 0; i < s->n; i++) {
        const struct hit *h = &s->hits[s->backwards ? s->n - 1 - i : i];
        buf_str(&b, buf_as_str(&h->xml));
        if (i == 0)
            first = buf_as_str(&h->mark);
        last = buf_as_str(&h->mark);
    }
    rsm_put(&b, first, last, -1, whole ? s->total : q->nothing ? 0 : -1);
    buf_z(&b, "</result>");
    home_iq_result(&s->iq, buf_as_str(&b));
    buf_deinit(&b);
    search_free(s);
}

static void on_piece(void *ctx, int err, const struct directory_page *p);

static void next_piece(struct search *s, enum directory_how how)
{
    directory_page(s->iq.g->redis, s->query.order, how, buf_as_str(&s->place), PIECE, on_piece, s);
}

static void look_at(struct search *s, const struct directory_room *r)
{
    buf_reset(&s->place);
    search_put_mark(&s->place, s->query.order, r);
    s->looked_at++;
    if (!search_fits(&s->query, r))
        return;
    struct hit *h = &s->hits[s->n++];
    buf_init(&h->xml);
    buf_init(&h->mark);
    search_put_item(&h->xml, r);
    search_put_mark(&h->mark, s->query.order, r);
}

static void on_piece(void *ctx, int err, const struct directory_page *p)
{
    struct search *s = ctx;
    if (err) {
        home_iq_error(&s->iq, err == ERR_INVALID ? SE_ITEM_NOT_FOUND : SE_SERVICE_UNAVAILABLE_WAIT);
        search_free(s);
        return;
    }
    s->total = (int64_t)p->total;
    for (size_t i = 0; i < p->n && s->n < s->max; i++)
        look_at(s, &p->rooms[s->backwards ? p->n - 1 - i : i]);
    if (s->n == s->max || p->n < PIECE || s->looked_at >= MOST_LOOKED_AT)
        answer(s);
    else
        next_piece(s, s->backwards ? DIRECTORY_BEFORE : DIRECTORY_AFTER);
}

static void begin(struct home *h, struct client *c, const struct xnode *st, struct search *s)
{
    const struct rsm *page = &s->query.page;
    s->home = h;
    s->backwards = page->has_before;
    s->max = page->has_max && page->max < LIMIT_PAGE ? page->max : LIMIT_PAGE;
    if (page->has_before)
        buf_str(&s->place, page->before);
    else if (page->has_after)
        buf_str(&s->place, page->after);
    else
        buf_u64(&s->place, page->index);
    home_iq_save(&s->iq, h->g, c, st);
    h->n_searches++;
    next_piece(s, page->has_before  ? DIRECTORY_BEFORE
                  : page->has_after ? DIRECTORY_AFTER
                                    : DIRECTORY_INDEX);
}

void home_search(struct home *h, struct client *c, const struct xnode *st,
                 const struct xnode *search)
{
    struct buf b;
    buf_init(&b);
    if (!xnode_child(search, NS_DATA, "x")) {
        search_put_form(&b);
        home_result(c, st, buf_as_str(&b));
    } else if (h->n_searches >= MOST_SEARCHES) {
        buf_printf(&b,
                   "<error type='wait'><resource-constraint xmlns='" NS_STANZAS
                   "'/><rate-limit xmlns='urn:xmpp:channel-search:0:error' "
                   "retry-after='%d'/></error>",
                   RETRY_AFTER_S);
        home_error(c, st, buf_as_str(&b));
    } else {
        struct search *s = mem_zalloc(sizeof *s);
        arena_init(&s->arena);
        buf_init(&s->place);
        if (search_read(search, &s->arena, &s->query, &b)) {
            begin(h, c, st, s);
        } else {
            home_error(c, st, buf_as_str(&b));
            buf_deinit(&s->place);
            arena_deinit(&s->arena);
            mem_free(s);
        }
    }
    buf_deinit(&b);
}
