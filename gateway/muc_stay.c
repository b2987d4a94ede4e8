/* muc_stay.c: which rooms a session must leave when it goes.
 *
 * A stay begins when a join is sent, not when it succeeds, and ends when the session is not inside
 * and no join is unanswered: so a session that dies between join and answer still leaves. */
#include "gateway/muc_priv.h"

struct stay {
    UT_hash_handle hh;
    uint32_t joining; /* joins without an answer */
    bool inside;
    size_t n;
    char room[];
};

static struct stay *find(struct client *c, struct str room)
{
    struct stay *head = client_muc(c), *s;
    HASH_FIND(hh, head, room.p, room.n, s);
    return s;
}

static struct stay *get(struct client *c, struct str room)
{
    struct stay *s = find(c, room), *head = client_muc(c);
    if (s)
        return s;
    s = mem_zalloc(sizeof *s + room.n);
    s->n = room.n;
    memcpy(s->room, room.p, room.n);
    HASH_ADD_KEYPTR(hh, head, s->room, s->n, s);
    client_set_muc(c, head);
    return s;
}

static void settle(struct client *c, struct stay *s)
{
    struct stay *head = client_muc(c);
    if (s->inside || s->joining > 0)
        return;
    HASH_DELETE(hh, head, s);
    client_set_muc(c, head);
    mem_free(s);
}

void stay_joining(struct client *c, struct str room)
{
    get(c, room)->joining++;
}

void stay_join_over(struct client *c, struct str room)
{
    struct stay *s = find(c, room);
    if (!s)
        return;
    if (s->joining > 0)
        s->joining--;
    settle(c, s);
}

void stay_entered(struct client *c, struct str room)
{
    get(c, room)->inside = true;
}

void stay_left(struct client *c, struct str room)
{
    struct stay *s = find(c, room);
    if (!s)
        return;
    s->inside = false;
    settle(c, s);
}

void stay_each(struct client *c, void (*fn)(void *ctx, struct client *c, struct str room),
               void *ctx)
{
    struct stay *head = client_muc(c), *s, *next;
    HASH_ITER(hh, head, s, next)
    fn(ctx, c, (struct str){s->room, s->n});
}

void stay_forget(struct client *c)
{
    struct stay *head = client_muc(c), *s, *next;
    HASH_ITER(hh, head, s, next)
    {
        HASH_DELETE(hh, head, s);
        mem_free(s);
    }
    client_set_muc(c, NULL);
}
