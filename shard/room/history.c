/* history.c: messages kept for joiners. */
#include "shard/room/room_priv.h"

#include "base/limits.h"

static struct str put(char **at, struct str s)
{
    char *p = *at;
    if (s.n)
        memcpy(p, s.p, s.n);
    *at += s.n;
    return (struct str){p, s.n};
}

struct history_entry *history_entry_new(const struct room_message *m)
{
    size_t n = m->nick.n + m->occupant_id.n + m->id.n + m->payload.n + m->by.id.n + m->by.nick.n +
               m->by.occupant_id.n + m->by.reason.n;
    struct history_entry *e = mem_alloc(sizeof *e + n);
    list_init(&e->in_history);
    e->m = *m;
    e->size = sizeof *e + n;
    char *at = e->bytes;
    e->m.nick = put(&at, m->nick);
    e->m.occupant_id = put(&at, m->occupant_id);
    e->m.id = put(&at, m->id);
    e->m.payload = put(&at, m->payload);
    e->m.by.id = put(&at, m->by.id);
    e->m.by.nick = put(&at, m->by.nick);
    e->m.by.occupant_id = put(&at, m->by.occupant_id);
    e->m.by.reason = put(&at, m->by.reason);
    return e;
}

void history_entry_free(struct history_entry **e_p)
{
    mem_free(*e_p);
    *e_p = NULL;
}

void history_init(struct history *h)
{
    list_init(&h->entries);
    h->n = 0;
    h->bytes = 0;
}

static void drop_oldest(struct history *h)
{
    struct history_entry *e = LIST_ENTRY(h->entries.next, struct history_entry, in_history);
    list_remove(&e->in_history);
    h->n--;
    h->bytes -= e->size;
    history_entry_free(&e);
}

void history_deinit(struct history *h)
{
    while (h->n)
        drop_oldest(h);
}

static void fit(struct history *h)
{
    while (h->n > LIMIT_HISTORY || h->bytes > LIMIT_HISTORY_BYTES)
        drop_oldest(h);
}

void history_add(struct history *h, struct history_entry *e)
{
    list_push_back(&h->entries, &e->in_history);
    h->n++;
    h->bytes += e->size;
    fit(h);
}

/* R93 */
void history_retract(struct history *h, struct event_name name, struct str occupant_id,
                     const struct room_retraction *by)
{
    for (struct list *it = h->entries.prev; it != &h->entries; it = it->prev) {
        struct history_entry *e = LIST_ENTRY(it, struct history_entry, in_history);
        if (e->m.name.e != name.e || e->m.name.s != name.s)
            continue;
        if (occupant_id.n && (e->m.gone || !str_eq(e->m.occupant_id, occupant_id)))
            return;
        struct room_message tombstone = e->m;
        tombstone.payload = STR_NULL;
        tombstone.gone = true;
        tombstone.retracts = (struct event_name){0, 0};
        tombstone.by = *by;
        struct history_entry *fresh = history_entry_new(&tombstone);
        list_insert_before(it, &fresh->in_history);
        list_remove(it);
        h->bytes += fresh->size;
        h->bytes -= e->size;
        history_entry_free(&e);
        fit(h); /* a reason may be longer than what was said */
        return;
    }
}

/* R8, XEP-0045 §7.2.13: of several limits the one that gives least wins. The room's own number
 * counts only for who asked for nothing. */
const struct history_entry *history_select(const struct history *h, const struct history_wish *wish,
                                           uint32_t default_stanzas, uint32_t max_stanzas,
                                           uint64_t now_ms, uint32_t *n)
{
    *n = 0;
    bool asked =
        wish->max_chars >= 0 || wish->max_stanzas >= 0 || wish->seconds >= 0 || wish->since_ms >= 0;
    uint64_t most = asked ? LIMIT_HISTORY : default_stanzas;
    if (max_stanzas < most)
        most = max_stanzas;
    if (wish->max_stanzas >= 0 && (uint64_t)wish->max_stanzas < most)
        most = (uint64_t)wish->max_stanzas;
    if (wish->max_chars == 0)
        most = 0;
    uint64_t from_ms = wish->since_ms > 0 ? (uint64_t)wish->since_ms : 0;
    if (wish->seconds >= 0 && (uint64_t)wish->seconds < now_ms / 1000) {
        uint64_t since = now_ms - (uint64_t)wish->seconds * 1000;
        from_ms = since > from_ms ? since : from_ms;
    }
    const struct history_entry *oldest = NULL;
    for (struct list *it = h->entries.prev; it != &h->entries && *n < most; it = it->prev) {
        const struct history_entry *e = LIST_ENTRY(it, struct history_entry, in_history);
        if (e->m.stamp_ms < from_ms)
            break;
        oldest = e;
        ++*n;
    }
    return oldest;
}
