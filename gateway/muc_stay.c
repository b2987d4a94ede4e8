/* muc_stay.c: which rooms a session must leave when it goes.
 *
 * A stay begins when a join is sent, not when it succeeds, and ends when the session is not inside
 * and no join is unanswered: so a session that dies between join and answer still leaves. */
#include "gateway/muc_priv.h"
#include "base/jid.h"

struct stay {
    UT_hash_handle hh;
    uint32_t joining; /* joins without an answer */
    bool inside;
    bool leaving; /* and has said so */
    size_t n;
    char room[];
};

static struct stay *find(struct client *c, struct str room)
{
    struct stay *head = client_muc(c), *s;
    HASH_FIND(hh, head, room.p, room.n, s);
    return s;
}

static struct stay *get(struct muc *m, struct client *c, struct str room)
{
    struct stay *s = find(c, room), *head = client_muc(c);
    if (s)
        return s;
    s = mem_zalloc(sizeof *s + room.n);
    s->n = room.n;
    memcpy(s->room, room.p, room.n);
    HASH_ADD_KEYPTR(hh, head, s->room, s->n, s);
    muc_users_add(&m->users, jid_bare(client_jid(c)), room);
    client_set_muc(c, head);
    return s;
}

static void settle(struct muc *m, struct client *c, struct stay *s)
{
    struct stay *head = client_muc(c);
    if (s->inside || s->joining > 0)
        return;
    HASH_DELETE(hh, head, s);
    muc_users_remove(&m->users, jid_bare(client_jid(c)), str_n(s->room, s->n));
    client_set_muc(c, head);
    mem_free(s);
}

void stay_joining(struct muc *m, struct client *c, struct str room)
{
    get(m, c, room)->joining++;
}

void stay_join_over(struct muc *m, struct client *c, struct str room)
{
    struct stay *s = find(c, room);
    if (!s)
        return;
    if (s->joining > 0)
        s->joining--;
    settle(m, c, s);
}

void stay_entered(struct muc *m, struct client *c, struct str room)
{
    get(m, c, room)->inside = true;
}

void stay_leaving(struct client *c, struct str room)
{
    struct stay *s = find(c, room);
    if (s)
        s->leaving = s->inside;
}

bool stay_is_inside(struct client *c, struct str room)
{
    const struct stay *s = find(c, room);
    return s && s->inside;
}

bool stay_is_joining(struct client *c, struct str room)
{
    const struct stay *s = find(c, room);
    return s && s->joining > 0;
}

bool stay_is_leaving(struct client *c, struct str room)
{
    const struct stay *s = find(c, room);
    return s && s->leaving;
}

void stay_left(struct muc *m, struct client *c, struct str room)
{
    struct stay *s = find(c, room);
    if (!s)
        return;
    s->inside = s->leaving = false;
    settle(m, c, s);
}

void stay_each(struct client *c, void (*fn)(void *ctx, struct client *c, struct str room),
               void *ctx)
{
    struct stay *head = client_muc(c), *s, *next;
    HASH_ITER(hh, head, s, next)
    fn(ctx, c, (struct str){s->room, s->n});
}

void stay_forget(struct muc *m, struct client *c)
{
    struct stay *head = client_muc(c), *s, *next;
    HASH_ITER(hh, head, s, next)
    {
        HASH_DELETE(hh, head, s);
        muc_users_remove(&m->users, jid_bare(client_jid(c)), str_n(s->room, s->n));
        mem_free(s);
    }
    client_set_muc(c, NULL);
}
