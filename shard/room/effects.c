/* effects.c: the list of effects and the bytes it owns. */
#include "shard/room/effects.h"

#include "base/mem.h"

#include <string.h>

enum {
    FIRST_CAP = 8,
    KEEP_CAP = 64, /* a list that grew beyond this for one event is not kept */
};

void room_effects_init(struct room_effects *fx)
{
    memset(fx, 0, sizeof *fx);
    arena_init(&fx->arena);
}

void room_effects_deinit(struct room_effects *fx)
{
    arena_deinit(&fx->arena);
    mem_free(fx->list);
    memset(fx, 0, sizeof *fx);
}

void room_effects_reset(struct room_effects *fx)
{
    arena_reset(&fx->arena);
    fx->n = 0;
    memset(&fx->origin, 0, sizeof fx->origin);
    if (fx->cap > KEEP_CAP) {
        mem_free(fx->list);
        fx->list = NULL;
        fx->cap = 0;
    }
}

struct fx *room_effects_add(struct room_effects *fx, enum fx_type type)
{
    if (fx->n == fx->cap) {
        fx->cap = fx->cap ? fx->cap * 2 : FIRST_CAP;
        fx->list = mem_realloc(fx->list, fx->cap * sizeof *fx->list);
    }
    struct fx *f = &fx->list[fx->n++];
    memset(f, 0, sizeof *f);
    f->type = type;
    return f;
}

struct str room_effects_str(struct room_effects *fx, struct str s)
{
    return arena_str(&fx->arena, s);
}
