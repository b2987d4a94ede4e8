/* deliver_pieces.c: see deliver_pieces.h. Field by field what muc.proto says. */
#include "shard/deliver_pieces.h"
#include "proto/wire.h"

void part_add(struct arena *a, struct parts *out, const Verona__Part *msg, enum part_to to)
{
    if (out->n == out->cap) {
        uint32_t cap = out->cap ? out->cap * 2 : 8;
        struct part *list = arena_alloc(a, cap * sizeof *list);
        if (out->n)
            memcpy(list, out->list, out->n * sizeof *list);
        out->list = list;
        out->cap = cap;
    }
    size_t n = verona__part__get_packed_size(msg);
    uint8_t *bytes = arena_alloc(a, n);
    verona__part__pack(msg, bytes);
    out->list[out->n++] = (struct part){.to = to, .bytes = str_n(bytes, n)};
}

static Verona__Hat **piece_hats(const struct room_hat *in, uint32_t n, struct arena *a)
{
    Verona__Hat **list = arena_alloc(a, n * sizeof *list);
    for (uint32_t i = 0; i < n; i++) {
        list[i] = arena_alloc(a, sizeof **list);
        verona__hat__init(list[i]);
        list[i]->uri = wire_bytes(in[i].uri);
        list[i]->title = wire_bytes(in[i].title);
        list[i]->hue = wire_bytes(in[i].hue);
    }
    return list;
}

Verona__Record *piece_record(const struct deliver_env *env, const struct room_record *in,
                             struct arena *a)
{
    Verona__Record *r = arena_alloc(a, sizeof *r);
    Verona__Occupancy *o = arena_alloc(a, sizeof *o);
    verona__record__init(r);
    verona__occupancy__init(o);
    if (in->gw)
        o->gateway = wire_bytes(env->gateway_name(env->ctx, in->gw));
    o->sid = in->sid;
    o->join_pos = in->join_pos;
    r->occ = o;
    r->nick = wire_bytes(in->nick);
    r->jid = wire_bytes(in->jid);
    r->role = (Verona__Role)in->role;
    r->affiliation = (Verona__Affiliation)in->affiliation;
    r->occupant_id = wire_bytes(in->occupant_id);
    r->keep_presence = in->keep_presence;
    r->mav = in->mav;
    r->n_hats = in->n_hats;
    r->hats = piece_hats(in->hats, in->n_hats, a);
    if (!in->keep_presence)
        r->presence = wire_bytes(in->presence);
    return r;
}

/* NULL for no name. */
Verona__Name *piece_name(struct event_name in, struct arena *a)
{
    if (!in.s)
        return NULL;
    Verona__Name *name = arena_alloc(a, sizeof *name);
    verona__name__init(name);
    name->e = in.e;
    name->s = in.s;
    return name;
}

static Verona__Retraction *piece_retraction(const struct room_retraction *in, struct arena *a)
{
    Verona__Retraction *r = arena_alloc(a, sizeof *r);
    verona__retraction__init(r);
    r->id = wire_bytes(in->id);
    r->stamp_ms = in->stamp_ms;
    r->moderated = in->moderated;
    r->nick = wire_bytes(in->nick);
    r->occupant_id = wire_bytes(in->occupant_id);
    r->reason = wire_bytes(in->reason);
    r->has_reason = in->has_reason;
    return r;
}

Verona__Message *piece_message(const struct room_message *in, struct arena *a)
{
    Verona__Message *m = arena_alloc(a, sizeof *m);
    verona__message__init(m);
    m->nick = wire_bytes(in->nick);
    m->occupant_id = wire_bytes(in->occupant_id);
    m->id = wire_bytes(in->id);
    m->type = (Verona__MessageIn__Type)in->type;
    m->payload = wire_bytes(in->payload);
    m->name = piece_name(in->name, a);
    /* A sender's own retraction says what it is in its payload. */
    if (in->gone || in->by.moderated)
        m->retraction = piece_retraction(&in->by, a);
    if (!in->gone && in->by.moderated)
        m->retracts = piece_name(in->retracts, a);
    return m;
}

Verona__RoomConfig *piece_config(const struct room_config *in, bool with_secret, struct arena *a)
{
    Verona__RoomConfig *c = arena_alloc(a, sizeof *c);
    verona__room_config__init(c);
    c->name = wire_bytes(in->name);
    c->description = wire_bytes(in->description);
    c->lang = wire_bytes(in->lang);
    if (with_secret)
        c->secret = wire_bytes(in->secret);
    c->persistent = in->persistent;
    c->public_ = in->public_room;
    c->members_only = in->members_only;
    c->moderated = in->moderated;
    c->change_subject = in->change_subject;
    c->logging = in->logging;
    c->allow_invites = in->allow_invites;
    c->whois_anyone = in->whois_anyone;
    c->allow_pm = (uint32_t)in->allow_pm;
    c->max_users = in->max_users;
    c->presence_broadcast = in->presence_broadcast;
    c->get_member_list = in->get_member_list;
    c->archive = in->archive;
    c->archive_messages = in->archive_messages;
    c->archive_days = in->archive_days;
    c->hide_occupants = in->hide_occupants;
    c->no_registration = in->no_registration;
    c->has_max_history = in->has_max_history;
    c->max_history = in->max_history;
    c->slow_mode_s = in->slow_mode_s;
    return c;
}

ProtobufCBinaryData *piece_strings(const struct str *in, uint32_t n, struct arena *a)
{
    ProtobufCBinaryData *out = arena_alloc(a, n * sizeof *out);
    for (uint32_t i = 0; i < n; i++)
        out[i] = wire_bytes(in[i]);
    return out;
}

uint32_t *piece_numbers(const uint16_t *in, uint32_t n, struct arena *a)
{
    uint32_t *out = arena_alloc(a, n * sizeof *out);
    for (uint32_t i = 0; i < n; i++)
        out[i] = in[i];
    return out;
}

Verona__ListItem **piece_list_items(const struct fx_list_item *in, uint32_t n, struct arena *a)
{
    Verona__ListItem **items = arena_alloc(a, n * sizeof *items);
    for (uint32_t i = 0; i < n; i++) {
        items[i] = arena_alloc(a, sizeof **items);
        verona__list_item__init(items[i]);
        items[i]->affiliation = (Verona__Affiliation)in[i].affiliation;
        items[i]->role = (Verona__Role)in[i].role;
        items[i]->jid = wire_bytes(in[i].jid);
        items[i]->nick = wire_bytes(in[i].nick);
        items[i]->reason = wire_bytes(in[i].reason);
    }
    return items;
}
