/* count.c: effects -> muc_* metrics. */
#include "shard/count.h"
#include "rt/metrics.h"
#include "shard/room/room.h"

static const char *leave_reason(const struct fx *fx)
{
    for (uint8_t i = 0; i < fx->presence.n_statuses; i++)
        switch (fx->presence.statuses[i]) {
        case 301:
            return "ban";
        case 307:
            return "kick";
        case 333:
            return "gateway_lost";
        case 321:
        case 322:
        case 332:
            return "other";
        default:
            break;
        }
    return "user";
}

static void presence(enum room_ev_type type, const struct fx *fx)
{
    switch (fx->presence.kind) {
    case FXP_JOIN:
        metric_add_l(METRIC_MUC_JOINS_TOTAL, "ok", NULL, 1);
        break;
    case FXP_LEAVE:
        metric_add_l(METRIC_MUC_LEAVES_TOTAL, leave_reason(fx), NULL, 1);
        if (type == ROOM_EV_GATEWAY_LOST)
            metric_add(METRIC_GHOSTS_REMOVED_TOTAL, fx->presence.n_records);
        break;
    case FXP_RESYNC:
    case FXP_UPDATE:
    case FXP_NICK:
        break;
    case FXP_SHOW:
        return;
    }
    metric_add(METRIC_MUC_PRESENCE_BROADCASTS_TOTAL, 1);
}

static void refused_join(enum stanza_error e)
{
    const char *why = e == SE_CONFLICT                   ? "conflict"
                      : e == SE_FORBIDDEN                ? "banned"
                      : e == SE_REGISTRATION_REQUIRED    ? "members_only"
                      : e == SE_NOT_AUTHORIZED           ? "password"
                      : e == SE_SERVICE_UNAVAILABLE_WAIT ? "full"
                                                         : "error";
    metric_add_l(METRIC_MUC_JOINS_TOTAL, why, NULL, 1);
}

static void refused_message(enum stanza_error e)
{
    metric_add_l(METRIC_MUC_MESSAGES_REJECTED_TOTAL,
                 e == SE_FORBIDDEN             ? "forbidden"
                 : e == SE_NOT_ACCEPTABLE      ? "not_occupant"
                 : e == SE_RESOURCE_CONSTRAINT ? "limited"
                 : e == SE_POLICY_VIOLATION    ? "too_large"
                                               : "other",
                 NULL, 1);
}

static void refused_query(enum stanza_error e)
{
    metric_add_l(METRIC_MAM_QUERIES_TOTAL,
                 e == SE_FORBIDDEN        ? "forbidden"
                 : e == SE_ITEM_NOT_FOUND ? "not_found"
                                          : "unavailable",
                 NULL, 1);
}

static void persisted(const struct fx *fx)
{
    switch (fx->persist.kind) {
    case FXS_CREATE:
        metric_add_l(METRIC_MUC_ROOMS_CREATED_TOTAL,
                     fx->persist.state.config.persistent ? "persistent" : "temporary", NULL, 1);
        break;
    case FXS_DESTROY:
        metric_add_l(METRIC_MUC_ADMIN_ACTIONS_TOTAL, "destroy", NULL, 1);
        break;
    case FXS_AFFILIATIONS:
        metric_add_l(METRIC_MUC_ADMIN_ACTIONS_TOTAL, "affiliation", NULL, 1);
        break;
    case FXS_CONFIG:
        metric_add_l(METRIC_MUC_ADMIN_ACTIONS_TOTAL, "config", NULL, 1);
        break;
    case FXS_MESSAGE:
    case FXS_SUBJECT:
    case FXS_MODERATE:
        break;
    }
}

void count_effects(enum room_ev_type type, const struct room *room, const struct room_effects *list)
{
    for (uint32_t i = 0; i < list->n; i++) {
        const struct fx *fx = &list->list[i];
        switch (fx->type) {
        case FX_PRESENCE:
            presence(type, fx);
            break;
        case FX_MESSAGE:
            metric_add_l(METRIC_MUC_MESSAGES_TOTAL,
                         fx->message.m.retracts.s ? "retract" : "groupchat", NULL, 1);
            if (room)
                metric_observe(METRIC_MUC_FANOUT_RECIPIENTS, room_sessions(room));
            break;
        case FX_PRIVATE:
            metric_add_l(METRIC_MUC_MESSAGES_TOTAL, "private", NULL, 1);
            break;
        case FX_POST:
            metric_add_l(METRIC_MUC_MESSAGES_TOTAL, "invite", NULL, 1);
            break;
        case FX_REPLY:
            if (fx->reply.kind == FXR_ERROR && type == ROOM_EV_PRESENCE &&
                fx->reply.stanza == ROOM_PRESENCE)
                refused_join(fx->reply.error);
            else if (fx->reply.kind == FXR_ERROR && type == ROOM_EV_MESSAGE)
                refused_message(fx->reply.error);
            else if (fx->reply.kind == FXR_ERROR && type == ROOM_EV_ARCHIVE)
                refused_query(fx->reply.error);
            break;
        case FX_DESTROYED:
            metric_add_l(METRIC_MUC_ROOMS_DESTROYED_TOTAL, "owner", NULL, 1);
            break;
        case FX_PERSIST:
            persisted(fx);
            break;
        case FX_ARCHIVE: /* counted when it is answered */
        case FX_PAGE:
        case FX_VOICE:
            metric_add_l(METRIC_MUC_MESSAGES_TOTAL, "other", NULL, 1);
            break;
        case FX_RELAY:
        case FX_HISTORY:
        case FX_SUBJECT:
        case FX_NOTICE:
        case FX_STATUS:
        case FX_FACTS:
        case FX_MAV:
        case FX_AVATAR:
        case FX_GONE:
            break;
        }
    }
}
