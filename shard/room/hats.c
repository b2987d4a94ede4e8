/* hats.c: XEP-0317. A command works out which kinds of hats the room has afterwards and whose hats
 * change; then it is committed, done and shown like any other change. */
#include "shard/room/hats.h"

#include "shard/room/command.h"

#include "base/jid.h"
#include "base/limits.h"
#include "base/siphash.h"
#include "base/utf8.h"

#define FORM_TYPE "urn:xmpp:hats:commands"

/* ---- what a room has, and who wears it */

struct room_hat *hats_copy(struct arena *a, const struct room_hat *hats, uint32_t n)
{
    struct room_hat *copy = arena_alloc(a, n * sizeof *copy);
    for (uint32_t i = 0; i < n; i++) {
        copy[i] = (struct room_hat){hats[i].id, arena_str(a, hats[i].uri),
                                    arena_str(a, hats[i].title), arena_str(a, hats[i].hue)};
    }
    return copy;
}

static void kinds_free(struct room_hat *hats, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        str_release(&hats[i].uri);
        str_release(&hats[i].title);
        str_release(&hats[i].hue);
    }
    mem_free(hats);
}

void hats_release(struct room *room)
{
    kinds_free(room->hats, room->n_hats);
    room->hats = NULL;
    room->n_hats = 0;
}

void hats_own(struct room *room, const struct room_hat *hats, uint32_t n)
{
    room->hats = n ? mem_alloc(n * sizeof *room->hats) : NULL;
    for (uint32_t i = 0; i < n; i++)
        room->hats[i] = (struct room_hat){hats[i].id, str_own(hats[i].uri), str_own(hats[i].title),
                                          str_own(hats[i].hue)};
    room->n_hats = n;
}

static const struct room_hat *by_id(const struct room *room, uint32_t id)
{
    for (uint32_t i = 0; i < room->n_hats; i++) {
        if (room->hats[i].id == id)
            return &room->hats[i];
    }
    return NULL;
}

static const struct room_hat *by_uri(const struct room *room, struct str uri)
{
    for (uint32_t i = 0; i < room->n_hats; i++) {
        if (str_eq(room->hats[i].uri, uri))
            return &room->hats[i];
    }
    return NULL;
}

static bool wears(const struct room_affiliation *a, uint32_t id)
{
    for (uint32_t i = 0; i < a->n_hats; i++) {
        if (a->hats[i] == id)
            return true;
    }
    return false;
}

bool hats_dress(const struct room *room, struct person *p)
{
    const struct affil *e = affils_get(&room->affils, p->bare);
    struct room_hat worn[LIMIT_HATS_WORN];
    uint32_t n = 0;
    for (uint32_t i = 0; e && i < e->a.n_hats; i++) {
        const struct room_hat *h = by_id(room, e->a.hats[i]);
        if (h)
            worn[n++] = *h;
    }
    bool other = n != p->n_hats;
    for (uint32_t i = 0; !other && i < n; i++) {
        other = worn[i].id != p->hats[i].id || !str_eq(worn[i].title, p->hats[i].title) ||
                !str_eq(worn[i].hue, p->hats[i].hue);
    }
    mem_free(p->hats);
    p->hats = n ? (void *)mem_dup(worn, n * sizeof *worn) : NULL;
    p->n_hats = n;
    return other;
}

void hats_hash(const struct room *room, char out[HATS_HASH])
{
    uint8_t hash[HATS_HASH / 2] = {0};
    for (uint32_t i = 0; i < room->n_hats; i++) {
        const struct str parts[] = {room->hats[i].uri, room->hats[i].title, room->hats[i].hue};
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
            /* each over what was before it: order and place count */
            uint8_t next[sizeof hash];
            siphash24_128(hash, parts[k].n ? parts[k].p : "", parts[k].n, next);
            memcpy(hash, next, sizeof hash);
        }
    }
    hex_write(out, hash, sizeof hash);
}

/* ---- a change: prepared, committed, done */

struct work {
    struct room_hat hats[LIMIT_HATS];
    uint32_t n_hats;
    struct room_affiliation *changes;
    uint32_t n_changes;
    bool kinds_changed;
};

static void begin(const struct step *st, struct work *w)
{
    memset(w, 0, sizeof *w);
    w->n_hats = st->room->n_hats;
    if (w->n_hats)
        memcpy(w->hats, st->room->hats, w->n_hats * sizeof *w->hats);
}

/* Another set of hats for one JID, whatever else is stored of it. */
static struct room_affiliation dressed(const struct room *room, struct str jid,
                                       const uint32_t *hats, uint32_t n)
{
    const struct affil *e = affils_get(&room->affils, jid);
    struct room_affiliation a = {.jid = jid, .affiliation = AFFIL_NONE};
    if (e)
        a = e->a;
    else if (affils_removed(&room->affils, jid))
        a.ver = affils_removed(&room->affils, jid)->ver;
    a.hats = hats;
    a.n_hats = n;
    a.hats_only = true;
    return a;
}

static struct room_affiliation without(struct step *st, const struct room_affiliation *a,
                                       uint32_t id)
{
    uint32_t *rest = arena_alloc(&st->fx->arena, a->n_hats * sizeof *rest), n = 0;
    for (uint32_t i = 0; i < a->n_hats; i++) {
        if (a->hats[i] != id)
            rest[n++] = a->hats[i];
    }
    return dressed(st->room, a->jid, rest, n);
}

static void commit(struct step *st, const struct command *c, const struct work *w)
{
    struct str session = command_session(st);
    struct pending *p = pending_new(st, P_HATS);
    struct room_affiliation *changes = arena_alloc(&p->arena, w->n_changes * sizeof *changes);
    p->hats.command = &c->is;
    p->hats.session = arena_str(&p->arena, session);
    p->hats.kinds_changed = w->kinds_changed;
    p->hats.hats = hats_copy(&p->arena, w->hats, w->n_hats);
    p->hats.n_hats = w->n_hats;
    for (uint32_t i = 0; i < w->n_changes; i++) {
        uint32_t *ids = arena_alloc(&p->arena, w->changes[i].n_hats * sizeof *ids);
        if (w->changes[i].n_hats)
            memcpy(ids, w->changes[i].hats, w->changes[i].n_hats * sizeof *ids);
        changes[i] = w->changes[i];
        changes[i].jid = arena_str(&p->arena, w->changes[i].jid);
        changes[i].reason = arena_str(&p->arena, w->changes[i].reason);
        changes[i].by = arena_str(&p->arena, w->changes[i].by);
        changes[i].nick = arena_str(&p->arena, w->changes[i].nick);
        changes[i].hats = ids;
    }
    p->hats.changes = changes;
    p->hats.n_changes = w->n_changes;
    struct fx *f = commit_add(st, p, w->kinds_changed ? FXS_CONFIG : FXS_AFFILIATIONS);
    commit_state(st, f, NULL);
    f->persist.state.hats = hats_copy(&st->fx->arena, w->hats, w->n_hats);
    f->persist.state.n_hats = w->n_hats;
    for (uint32_t i = 0; i < w->n_hats; i++) {
        if (w->hats[i].id > f->persist.state.hat_seq)
            f->persist.state.hat_seq = w->hats[i].id;
    }
    commit_affiliations(st, f, p->hats.changes, p->hats.n_changes);
}

static void dress_again(struct step *st, struct person *p)
{
    if (!hats_dress(st->room, p))
        return;
    LIST_FOREACH(it, &p->occupants)
    show_update(st, LIST_ENTRY(it, struct occupant, in_person), NULL, false, STR_NULL);
}

/* R6: presences, the result, one message. */
void hats_commit(struct step *st, struct pending *p)
{
    struct room *room = st->room;
    for (uint32_t i = 0; i < p->hats.n_changes; i++)
        affils_set(&room->affils, &p->hats.changes[i]);
    affils_trim(&room->affils);
    if (p->hats.kinds_changed) {
        struct room_hat *old = room->hats; /* persons still point into it */
        uint32_t n_old = room->n_hats;
        hats_own(room, p->hats.hats, p->hats.n_hats);
        for (uint32_t i = 0; i < room->n_hats; i++) {
            if (room->hats[i].id > room->hat_seq)
                room->hat_seq = room->hats[i].id;
        }
        for (struct person *one = room->roster.by_jid; one; one = one->hh.next)
            dress_again(st, one);
        kinds_free(old, n_old);
    } else {
        for (uint32_t i = 0; i < p->hats.n_changes; i++) {
            struct person *one = roster_person(&room->roster, p->hats.changes[i].jid);
            if (one)
                dress_again(st, one);
        }
    }
    command_reply(st, p->hats.command, p->hats.session, FXC_COMPLETED, NULL);
    if (p->hats.kinds_changed && room->roster.n_occupants) {
        struct fx *f = room_effects_add(st->fx, FX_STATUS);
        f->status.codes[f->status.n++] = 104;
    }
}

/* ---- forms */

static void ask(struct step *st, const struct command *c, const char *title,
                const char *instructions, const struct fx_form_field *fields, uint32_t n)
{
    struct fx_form form = {.title = title,
                           .instructions = instructions,
                           .form_type = FORM_TYPE,
                           .fields = fields,
                           .n_fields = n};
    command_reply(st, &c->is, command_session(st), FXC_EXECUTING, &form);
}

static struct fx_form_field hat_choice(struct step *st)
{
    const struct room *room = st->room;
    struct fx_form_option *options = arena_alloc(&st->fx->arena, room->n_hats * sizeof *options);
    for (uint32_t i = 0; i < room->n_hats; i++)
        options[i] = (struct fx_form_option){room->hats[i].title, room->hats[i].uri};
    return (struct fx_form_field){.type = "list-single",
                                  .var = "hats#uri",
                                  .label = "The hat",
                                  .required = true,
                                  .options = options,
                                  .n_options = room->n_hats};
}

/* ---- who may */

static bool by_admin(const struct step *st)
{
    return room_affil(st->room, step_bare(st)) >= AFFIL_ADMIN;
}

/* Who sees hats in presences, or could. */
static bool by_occupant(const struct step *st)
{
    return step_session(st) || room_affil(st->room, step_bare(st)) >= AFFIL_MEMBER;
}

/* ---- the commands */

static bool is_uri(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] <= ' ')
            return false;
    }
    return s.n && s.n <= LIMIT_HAT_URI;
}

/* 0 to 360 degrees (XEP-0392), as written. */
static bool is_hue(struct str s)
{
    uint32_t whole = 0;
    size_t i = 0, digits;
    if (s.n > LIMIT_HAT_HUE)
        return false;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && whole <= 360; i++)
        whole = whole * 10 + (uint32_t)(s.p[i] - '0');
    digits = i;
    if (i < s.n && s.p[i] == '.') {
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
            ;
    }
    return !s.n || (digits && i == s.n && s.p[i - 1] != '.' && whole <= 360);
}

/* Makes a kind of hats, or changes the one with this URI. */
static void create(struct step *st, const struct command *c)
{
    static const struct fx_form_field fields[] = {
        {.type = "text-single", .var = "hats#title", .label = "Hat title", .required = true},
        {.type = "text-single", .var = "hats#uri", .label = "Hat URI", .required = true},
        {.type = "text-single", .var = "hats#hue", .label = "Hat hue"},
    };
    if (!st->ev->command.has_form) {
        ask(st, c, "Creating a hat", "Fill out this form to create a hat.", fields, 3);
        return;
    }
    struct room_hat hat = {0, command_field(st, "hats#uri"), command_field(st, "hats#title"),
                           command_field(st, "hats#hue")};
    if (!is_uri(hat.uri) || str_blank(hat.title) || hat.title.n > LIMIT_HAT_TITLE ||
        !is_hue(hat.hue)) {
        reply_error(st, SE_NOT_ACCEPTABLE);
        return;
    }
    struct work w;
    begin(st, &w);
    const struct room_hat *old = by_uri(st->room, hat.uri);
    if (!old && w.n_hats == LIMIT_HATS) {
        reply_error_text(st, SE_RESOURCE_CONSTRAINT, STR("The room has too many hats"));
        return;
    }
    hat.id = old ? old->id : st->room->hat_seq + 1;
    w.hats[old ? old - st->room->hats : w.n_hats++] = hat;
    w.kinds_changed = true;
    commit(st, c, &w);
}

/* A destroyed kind is worn by nobody any more. */
static void destroy(struct step *st, const struct command *c)
{
    const struct room *room = st->room;
    if (!st->ev->command.has_form) {
        struct fx_form_field choice = hat_choice(st);
        ask(st, c, "Destroying a hat", "Fill out this form to destroy a hat.", &choice, 1);
        return;
    }
    const struct room_hat *hat = by_uri(room, command_field(st, "hats#uri"));
    if (!hat) {
        reply_error(st, SE_ITEM_NOT_FOUND);
        return;
    }
    struct work w;
    begin(st, &w);
    size_t at = (size_t)(hat - room->hats);
    memmove(&w.hats[at], &w.hats[at + 1], (w.n_hats - at - 1) * sizeof *w.hats);
    w.n_hats--;
    w.kinds_changed = true;
    w.changes = arena_alloc(&st->fx->arena, room->affils.n_hatted * sizeof *w.changes);
    for (const struct affil *e = room->affils.by_jid; e; e = e->hh.next) {
        if (wears(&e->a, hat->id))
            w.changes[w.n_changes++] = without(st, &e->a, hat->id);
    }
    commit(st, c, &w);
}

static void list(struct step *st, const struct command *c)
{
    static const struct fx_form_field columns[] = {
        {.var = "hats#title"}, {.var = "hats#uri"}, {.var = "hats#hue"}};
    const struct room *room = st->room;
    struct str *cells = arena_alloc(&st->fx->arena, 3 * room->n_hats * sizeof *cells);
    for (uint32_t i = 0; i < room->n_hats; i++) {
        cells[3 * i] = room->hats[i].title;
        cells[3 * i + 1] = room->hats[i].uri;
        cells[3 * i + 2] = room->hats[i].hue;
    }
    struct fx_form form = {.result = true,
                           .title = "Hats",
                           .form_type = FORM_TYPE,
                           .fields = columns,
                           .n_fields = 3,
                           .cells = cells,
                           .n_cells = 3 * room->n_hats};
    command_reply(st, &c->is, command_session(st), FXC_COMPLETED, &form);
}

/* Whom and which hat the form names; gives the refusal if it is none. */
static const struct room_hat *read_target(struct step *st, struct str *jid)
{
    struct jid parts;
    struct str text = command_field(st, "hats#jid");
    const struct room_hat *hat = by_uri(st->room, command_field(st, "hats#uri"));
    *jid = jid_bare(text);
    if (!text.n) {
        reply_error(st, SE_BAD_REQUEST);
        return NULL;
    }
    if (text.n > LIMIT_JID || jid_split(text, &parts) != 0) {
        reply_error(st, SE_JID_MALFORMED);
        return NULL;
    }
    if (!hat)
        reply_error(st, SE_ITEM_NOT_FOUND);
    return hat;
}

static bool ask_target(struct step *st, const struct command *c, const char *title)
{
    if (st->ev->command.has_form)
        return false;
    struct fx_form_field fields[] = {
        {.type = "jid-single", .var = "hats#jid", .label = "User address", .required = true},
        hat_choice(st)};
    ask(st, c, title, "Fill out this form.", fields, 2);
    return true;
}

static void assign(struct step *st, const struct command *c)
{
    const struct room *room = st->room;
    struct str jid;
    if (ask_target(st, c, "Assigning a hat"))
        return;
    const struct room_hat *hat = read_target(st, &jid);
    if (!hat)
        return;
    const struct affil *e = affils_get(&room->affils, jid);
    uint32_t n = e ? e->a.n_hats : 0;
    if (room_affil(room, jid) == AFFIL_OUTCAST) {
        reply_error(st, SE_NOT_ALLOWED); /* R119 */
        return;
    }
    if (e && wears(&e->a, hat->id)) {
        command_reply(st, &c->is, command_session(st), FXC_COMPLETED, NULL);
        return;
    }
    if (n == LIMIT_HATS_WORN || (!n && room->affils.n_hatted == LIMIT_HAT_WEARERS)) {
        reply_error_text(st, SE_RESOURCE_CONSTRAINT, STR("Too many hats are worn"));
        return;
    }
    uint32_t ids[LIMIT_HATS_WORN];
    for (uint32_t i = 0; i < n; i++)
        ids[i] = e->a.hats[i];
    ids[n++] = hat->id;
    struct work w;
    begin(st, &w);
    struct room_affiliation change = dressed(room, jid, ids, n);
    w.changes = &change;
    w.n_changes = 1;
    commit(st, c, &w);
}

static void unassign(struct step *st, const struct command *c)
{
    struct str jid;
    if (ask_target(st, c, "Removing a hat"))
        return;
    const struct room_hat *hat = read_target(st, &jid);
    if (!hat)
        return;
    const struct affil *e = affils_get(&st->room->affils, jid);
    if (!e || !wears(&e->a, hat->id)) {
        reply_error(st, SE_ITEM_NOT_FOUND);
        return;
    }
    struct work w;
    begin(st, &w);
    struct room_affiliation change = without(st, &e->a, hat->id);
    w.changes = &change;
    w.n_changes = 1;
    commit(st, c, &w);
}

static void list_assigned(struct step *st, const struct command *c)
{
    static const struct fx_form_field columns[] = {
        {.var = "hats#jid"}, {.var = "hats#uri"}, {.var = "hats#title"}, {.var = "hats#hue"}};
    const struct room *room = st->room;
    size_t n = 0;
    for (const struct affil *e = room->affils.by_jid; e; e = e->hh.next)
        n += e->a.n_hats;
    struct str *cells = arena_alloc(&st->fx->arena, 4 * n * sizeof *cells);
    n = 0;
    for (const struct affil *e = room->affils.by_jid; e; e = e->hh.next) {
        for (uint32_t i = 0; i < e->a.n_hats; i++) {
            const struct room_hat *h = by_id(room, e->a.hats[i]);
            if (!h)
                continue;
            cells[n++] = e->a.jid;
            cells[n++] = h->uri;
            cells[n++] = h->title;
            cells[n++] = h->hue;
        }
    }
    struct fx_form form = {.result = true,
                           .title = "Assigned hats",
                           .form_type = FORM_TYPE,
                           .fields = columns,
                           .n_fields = 4,
                           .cells = cells,
                           .n_cells = (uint32_t)n};
    command_reply(st, &c->is, command_session(st), FXC_COMPLETED, &form);
}

const struct command hat_commands[] = {
    {{"urn:xmpp:hats:commands:create", "Create a hat"}, by_admin, create},
    {{"urn:xmpp:hats:commands:destroy", "Destroy a hat"}, by_admin, destroy},
    {{"urn:xmpp:hats:commands:list", "List hats"}, by_occupant, list},
    {{"urn:xmpp:hats:commands:assign", "Assign a hat"}, by_admin, assign},
    {{"urn:xmpp:hats:commands:unassign", "Unassign a hat"}, by_admin, unassign},
    {{"urn:xmpp:hats:commands:list-assigned", "List assigned hats"}, by_admin, list_assigned},
};
const uint32_t n_hat_commands = sizeof hat_commands / sizeof *hat_commands;
