/* privilege.c: roles, affiliations and what they allow, as tables. */
#include "shard/room/privilege.h"

/* clang-format off */
/* R14, XEP-0045 §5.1.2, table 4. */
static const enum role entering[AFFIL_OWNER + 1][2] = {
    /*                  open room          moderated room */
    [AFFIL_OUTCAST] = {ROLE_NONE, ROLE_NONE},
    [AFFIL_NONE] = {ROLE_PARTICIPANT, ROLE_VISITOR},
    [AFFIL_MEMBER] = {ROLE_PARTICIPANT, ROLE_PARTICIPANT},
    [AFFIL_ADMIN] = {ROLE_MODERATOR, ROLE_MODERATOR},
    [AFFIL_OWNER] = {ROLE_MODERATOR, ROLE_MODERATOR},
};

/* XEP-0045 §5.1.1, table 3: "Send Messages to All". Its footnote lets visitors of an unmoderated
 * room speak, and W33 takes that up. */
static const bool voice[ROLE_MODERATOR + 1][2] = {
    /*                    open   moderated */
    [ROLE_NONE] = {false, false},
    [ROLE_VISITOR] = {true, false},
    [ROLE_PARTICIPANT] = {true, true},
    [ROLE_MODERATOR] = {true, true},
};

/* R41: what an admin may do to affiliations; an owner may do all, others nothing (XEP-0045 §5.2.1, W44):
 * he has no privilege over the admin and owner lists, and banning is his, but not of these. */
#define NO SE_FORBIDDEN
#define HI SE_NOT_ALLOWED
static const enum stanza_error admin_edit[AFFIL_OWNER + 1][AFFIL_OWNER + 1] = {
    /* before \ after    outcast                none              member             admin owner */
    [AFFIL_OUTCAST] = {[AFFIL_OUTCAST] = 0,
                       [AFFIL_NONE] = 0,
                       [AFFIL_MEMBER] = 0,
                       [AFFIL_ADMIN] = NO,
                       [AFFIL_OWNER] = NO},
    [AFFIL_NONE] = {[AFFIL_OUTCAST] = 0,
                    [AFFIL_NONE] = 0,
                    [AFFIL_MEMBER] = 0,
                    [AFFIL_ADMIN] = NO,
                    [AFFIL_OWNER] = NO},
    [AFFIL_MEMBER] = {[AFFIL_OUTCAST] = 0,
                      [AFFIL_NONE] = 0,
                      [AFFIL_MEMBER] = 0,
                      [AFFIL_ADMIN] = NO,
                      [AFFIL_OWNER] = NO},
    [AFFIL_ADMIN] = {[AFFIL_OUTCAST] = HI,
                     [AFFIL_NONE] = NO,
                     [AFFIL_MEMBER] = NO,
                     [AFFIL_ADMIN] = NO,
                     [AFFIL_OWNER] = NO},
    [AFFIL_OWNER] = {[AFFIL_OUTCAST] = HI,
                     [AFFIL_NONE] = NO,
                     [AFFIL_MEMBER] = NO,
                     [AFFIL_ADMIN] = NO,
                     [AFFIL_OWNER] = NO},
};
#undef NO
#undef HI
/* clang-format on */

enum role role_default(enum affiliation a, bool moderated)
{
    return entering[a][moderated];
}

enum role role_after(enum role now, enum affiliation before, enum affiliation after, bool moderated)
{
    enum role given = role_default(after, moderated);
    if (after > before)
        return now > given ? now : given;
    if (after < before)
        return now < given ? now : given;
    return now;
}

bool role_has_voice(enum role r, bool moderated)
{
    return voice[r][moderated];
}

bool role_may_set_subject(enum role r, bool change_subject)
{
    return r == ROLE_MODERATOR || (r == ROLE_PARTICIPANT && change_subject);
}

bool role_may_pm(enum role r, enum allow_pm policy)
{
    switch (policy) {
    case PM_ANYONE:
        return r >= ROLE_VISITOR;
    case PM_PARTICIPANTS:
        return r >= ROLE_PARTICIPANT;
    case PM_MODERATORS:
        return r >= ROLE_MODERATOR;
    case PM_NONE:
        return false;
    }
    return false;
}

enum stanza_error affiliation_edit(enum affiliation actor, enum affiliation before,
                                   enum affiliation after)
{
    if (actor == AFFIL_OWNER)
        return SE_NONE;
    return actor == AFFIL_ADMIN ? admin_edit[before][after] : SE_FORBIDDEN;
}

bool role_privilege(struct standing actor, enum role after)
{
    bool admin = actor.affiliation >= AFFIL_ADMIN, moderator = actor.role == ROLE_MODERATOR;
    if (after == ROLE_MODERATOR)
        return admin;
    return after == ROLE_NONE ? moderator : admin || moderator;
}

enum stanza_error role_edit(struct standing actor, struct standing target, enum role after)
{
    bool high = target.affiliation >= AFFIL_ADMIN;
    /* §8.4: voice is a moderator's to take, but from no admin or owner. */
    if (after == ROLE_VISITOR && high && actor.role == ROLE_MODERATOR)
        return SE_NOT_ALLOWED;
    /* §9.6, §9.7: the moderator list belongs to admins. */
    if (after == ROLE_MODERATOR || (target.role == ROLE_MODERATOR && after != ROLE_NONE)) {
        if (actor.affiliation < AFFIL_ADMIN)
            return SE_FORBIDDEN;
        return after != ROLE_MODERATOR && high ? SE_NOT_ALLOWED : SE_NONE;
    }
    /* §8.2 to §8.4: kicks and voice belong to moderators. */
    if (actor.role != ROLE_MODERATOR)
        return SE_FORBIDDEN;
    if (after == ROLE_NONE)
        return target.affiliation > actor.affiliation ? SE_NOT_ALLOWED : SE_NONE;
    if (after == ROLE_VISITOR && (high || target.affiliation > actor.affiliation))
        return SE_NOT_ALLOWED;
    return SE_NONE;
}
