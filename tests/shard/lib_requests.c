#include "lib_requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static ProtobufCBinaryData z(struct arena *a, const char *text)
{
    return wire_bytes(text ? arena_str(a, str_of(text)) : STR_NULL);
}

#define NEW(a, var, type, init)                                                                    \
    type *var = arena_alloc((a), sizeof *var);                                                     \
    init(var)

Verona__RoomEvent *req(const struct request *r)
{
    NEW(r->arena, ev, Verona__RoomEvent, verona__room_event__init);
    ev->slot = r->slot;
    ev->epoch = r->epoch;
    ev->room = z(r->arena, r->room);
    ev->rseq = r->rseq;
    ev->sid = r->sid;
    ev->jid = z(r->arena, r->jid);
    ev->nick = z(r->arena, r->nick);
    ev->id = z(r->arena, r->id);
    ev->strict_ok = true;
    return ev;
}

Verona__RoomEvent *req_join(const struct request *r)
{
    Verona__RoomEvent *ev = req(r);
    NEW(r->arena, p, Verona__PresenceIn, verona__presence_in__init);
    p->join = true;
    p->max_chars = p->max_stanzas = p->seconds = p->since_ms = -1;
    p->payload = z(r->arena, "<show>chat</show>");
    ev->body_case = VERONA__ROOM_EVENT__BODY_PRESENCE;
    ev->presence = p;
    return ev;
}

Verona__RoomEvent *req_leave(const struct request *r)
{
    Verona__RoomEvent *ev = req(r);
    NEW(r->arena, l, Verona__LeaveIn, verona__leave_in__init);
    ev->body_case = VERONA__ROOM_EVENT__BODY_LEAVE;
    ev->leave = l;
    return ev;
}

Verona__RoomEvent *req_message(const struct request *r, const char *payload)
{
    Verona__RoomEvent *ev = req(r);
    NEW(r->arena, m, Verona__MessageIn, verona__message_in__init);
    m->type = VERONA__MESSAGE_IN__TYPE__GROUPCHAT;
    m->has_body = true;
    m->payload = z(r->arena, payload);
    ev->body_case = VERONA__ROOM_EVENT__BODY_MESSAGE;
    ev->message = m;
    return ev;
}

Verona__RoomEvent *req_submit(const struct request *r)
{
    Verona__RoomEvent *ev = req(r);
    NEW(r->arena, o, Verona__OwnerIn, verona__owner_in__init);
    o->action = VERONA__OWNER_IN__ACTION__SUBMIT;
    ev->body_case = VERONA__ROOM_EVENT__BODY_OWNER;
    ev->owner = o;
    return ev;
}

struct str req_item(struct arena *a, Verona__RoomEvent *ev)
{
    struct buf b;
    Verona__Item item = VERONA__ITEM__INIT;
    item.kind_case = VERONA__ITEM__KIND_EVENT;
    item.event = ev;
    buf_init(&b);
    wire_pack(&item.base, &b);
    struct str bytes = arena_str(a, buf_as_str(&b));
    buf_deinit(&b);
    return bytes;
}

const Verona__Item *item_of(struct arena *a, struct str bytes)
{
    const Verona__Item *m = (const Verona__Item *)wire_unpack(&verona__item__descriptor, bytes, a);
    assert_non_null(m);
    return m;
}

static const char *enum_name(const ProtobufCEnumDescriptor *d, int value)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);
    return v ? v->name : "?";
}

const char *parts_of(struct arena *a, const Verona__Delivery *d)
{
    static const char *const kinds[] = {
        [0] = "?",       [1] = "roster",    [2] = "presence", [3] = "message",
        [4] = "history", [5] = "notice",    [6] = "status",   [7] = "reply",
        [8] = "post",    [9] = "destroyed", [10] = "facts",   [20] = "archive"};
    static const char *const answers[] = {[5] = "error",
                                          [6] = "empty",
                                          [7] = "items",
                                          [8] = "config",
                                          [9] = "register",
                                          [10] = "disco_info",
                                          [11] = "disco_items",
                                          [12] = "own_nick",
                                          [13] = "not_inside",
                                          [30] = "archive_fin",
                                          [31] = "archive_metadata",
                                          [32] = "archive_form"};
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < d->n_parts; i++) {
        const Verona__Part *p = d->parts[i];
        buf_printf(&b, "%s%s", i ? " " : "", kinds[p->kind_case]);
        if (p->kind_case == VERONA__PART__KIND_PRESENCE)
            buf_printf(&b, ":%s",
                       enum_name(&verona__presence__kind__descriptor, (int)p->presence->kind));
        else if (p->kind_case == VERONA__PART__KIND_MESSAGE)
            buf_printf(&b, ":%s",
                       enum_name(&verona__message__kind__descriptor, (int)p->message->kind));
        else if (p->kind_case == VERONA__PART__KIND_REPLY)
            buf_printf(&b, ":%s", answers[p->reply->answer_case]);
    }
    struct str s = arena_str(a, buf_as_str(&b));
    buf_deinit(&b);
    return s.p;
}
