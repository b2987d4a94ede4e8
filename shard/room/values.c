/* values.c: strings and configurations that a room owns. */
#include "shard/room/room_priv.h"

#include "base/limits.h"

struct str str_own(struct str s)
{
    return s.n ? (struct str){mem_dup(s.p, s.n), s.n} : STR_NULL;
}

void str_release(struct str *s)
{
    mem_free((void *)s->p);
    *s = STR_NULL;
}

void str_replace(struct str *s, struct str by)
{
    struct str copy = str_own(by);
    str_release(s);
    *s = copy;
}

bool str_blank(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != ' ' && s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r')
            return false;
    }
    return true;
}

uint32_t config_max_history(const struct room_config *c)
{
    return c->has_max_history && c->max_history < LIMIT_HISTORY ? c->max_history : LIMIT_HISTORY;
}

void config_own(struct room_config *to, const struct room_config *from)
{
    *to = *from;
    to->name = str_own(from->name);
    to->description = str_own(from->description);
    to->lang = str_own(from->lang);
    to->secret = str_own(from->secret);
}

void config_release(struct room_config *c)
{
    str_release(&c->name);
    str_release(&c->description);
    str_release(&c->lang);
    str_release(&c->secret);
}

struct room_config config_copy(struct arena *a, const struct room_config *c)
{
    struct room_config copy = *c;
    copy.name = arena_str(a, c->name);
    copy.description = arena_str(a, c->description);
    copy.lang = arena_str(a, c->lang);
    copy.secret = arena_str(a, c->secret);
    return copy;
}
