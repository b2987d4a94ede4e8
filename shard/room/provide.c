/* provide.c: a room made by command of the service, which nobody enters (R131). */
#include "shard/room/show.h"

/* The owners that the form names, else the admin himself; then its admins. */
static void plan_people(struct step *st, struct plan *plan, const struct config_submit *in)
{
    const struct room *room = st->room;
    if (!in->n_owners)
        plan_affiliation(plan, room, step_bare(st), AFFIL_OWNER, false, STR_NULL);
    for (uint32_t i = 0; i < in->n_owners; i++)
        plan_affiliation(plan, room, in->owners[i], AFFIL_OWNER, false, STR_NULL);
    for (uint32_t i = 0; i < in->n_admins; i++) {
        if (plan_lookup(plan, room, in->admins[i]) < AFFIL_ADMIN)
            plan_affiliation(plan, room, in->admins[i], AFFIL_ADMIN, false, STR_NULL);
    }
}

static enum stanza_error read(struct step *st, struct config_submit *in)
{
    const struct room_service *service = st->room->service;
    struct str preset = st->ev->owner.preset;
    struct room_config base = service->defaults;
    if (st->room->exists)
        return SE_CONFLICT;
    if (preset.n && (!service->preset || !service->preset(preset, &base)))
        return SE_NOT_ACCEPTABLE;
    return config_form_read(st->room, &base, st->ev, &st->fx->arena, in);
}

void provide_step(struct step *st)
{
    struct config_submit in;
    enum stanza_error e = SE_FORBIDDEN;
    if (st->ev->by_service && is_service_admin(st->room, step_bare(st)))
        e = read(st, &in);
    if (e) {
        reply_error(st, e);
        return;
    }
    in.config.persistent = true; /* nobody is inside to keep it */
    struct pending *p = pending_new(st, P_PROVIDE);
    p->create.config = config_copy(&p->arena, &in.config);
    plan_people(st, &p->plan, &in);
    create_persist(st, p, false);
}

void provide_commit(struct step *st, struct pending *p)
{
    create_begin(st, p, false);
    reply_empty(st);
}
