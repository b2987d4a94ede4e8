/* muc_users.c: see muc_users.h. A user is a hash of his rooms. */
#include "gateway/muc_users.h"
#include "base/hmap.h"
#include "base/mem.h"

struct user_room {
    UT_hash_handle hh;
    uint32_t n_sessions;
    size_t n;
    char room[];
};

struct muc_users {
    UT_hash_handle hh;
    struct user_room *rooms;
    size_t n;
    char bare[];
};

static struct muc_users *user_find(const struct muc_users *u, struct str bare)
{
    struct muc_users *user;
    HASH_FIND(hh, u, bare.p, bare.n, user);
    return user;
}

static struct user_room *room_find(const struct muc_users *user, struct str room)
{
    struct user_room *r;
    HASH_FIND(hh, user->rooms, room.p, room.n, r);
    return r;
}

void muc_users_add(struct muc_users **u, struct str bare, struct str room)
{
    struct muc_users *user = user_find(*u, bare);
    if (!user) {
        user = mem_zalloc(sizeof *user + bare.n);
        user->n = bare.n;
        memcpy(user->bare, bare.p, bare.n);
        HASH_ADD_KEYPTR(hh, *u, user->bare, user->n, user);
    }
    struct user_room *r = room_find(user, room);
    if (!r) {
        r = mem_zalloc(sizeof *r + room.n);
        r->n = room.n;
        memcpy(r->room, room.p, room.n);
        HASH_ADD_KEYPTR(hh, user->rooms, r->room, r->n, r);
    }
    r->n_sessions++;
}

void muc_users_remove(struct muc_users **u, struct str bare, struct str room)
{
    struct muc_users *user = user_find(*u, bare);
    struct user_room *r = user ? room_find(user, room) : NULL;
    if (!r || --r->n_sessions > 0)
        return;
    HASH_DELETE(hh, user->rooms, r);
    mem_free(r);
    if (user->rooms)
        return;
    HASH_DELETE(hh, *u, user);
    mem_free(user);
}

bool muc_users_may_enter(const struct muc_users *u, struct str bare, struct str room, uint32_t most)
{
    const struct muc_users *user = most ? user_find(u, bare) : NULL;
    return !user || HASH_COUNT(user->rooms) < most || room_find(user, room);
}

void muc_users_destroy(struct muc_users **u)
{
    struct muc_users *user, *next;
    HASH_ITER(hh, *u, user, next)
    {
        struct user_room *r, *after;
        HASH_ITER(hh, user->rooms, r, after)
        {
            HASH_DELETE(hh, user->rooms, r);
            mem_free(r);
        }
        HASH_DELETE(hh, *u, user);
        mem_free(user);
    }
    *u = NULL;
}
