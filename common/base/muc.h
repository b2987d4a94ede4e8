/* muc.h: the words of XEP-0045 that every part of the project uses: affiliations, roles, stanza
 * errors. */
#ifndef MUC_MUC_H
#define MUC_MUC_H

#include "base/str.h"

#include <stdint.h>

/* XEP-0045 §5.2. In rising rank; the numbers are on the wire and in Redis. */
enum affiliation {
    AFFIL_OUTCAST = 1,
    AFFIL_NONE = 2,
    AFFIL_MEMBER = 3,
    AFFIL_ADMIN = 4,
    AFFIL_OWNER = 5,
};

/* XEP-0045 §5.1. In rising rank; the numbers are on the wire. */
enum role {
    ROLE_NONE = 1,
    ROLE_VISITOR = 2,
    ROLE_PARTICIPANT = 3,
    ROLE_MODERATOR = 4,
};

enum { AVATAR_HASH = 40 }; /* hex digits of a SHA-1 (XEP-0153) */

/* RFC 6120 §8.3.3: the conditions that Verona sends, each with the error type that goes with it
 * here. A condition that appears with two types has two rows. */
#define STANZA_ERROR_MAP(X)                                                                        \
    X(SE_BAD_REQUEST, 1, "bad-request", "modify")                                                  \
    X(SE_CONFLICT, 2, "conflict", "cancel")                                                        \
    X(SE_FEATURE_NOT_IMPLEMENTED, 3, "feature-not-implemented", "cancel")                          \
    X(SE_FORBIDDEN, 4, "forbidden", "auth")                                                        \
    X(SE_GONE, 5, "gone", "cancel")                                                                \
    X(SE_INTERNAL, 6, "internal-server-error", "cancel")                                           \
    X(SE_ITEM_NOT_FOUND, 7, "item-not-found", "cancel")                                            \
    X(SE_JID_MALFORMED, 8, "jid-malformed", "modify")                                              \
    X(SE_NOT_ACCEPTABLE, 9, "not-acceptable", "cancel")                                            \
    X(SE_NOT_ALLOWED, 10, "not-allowed", "cancel")                                                 \
    X(SE_NOT_ALLOWED_MODIFY, 11, "not-allowed", "modify")                                          \
    X(SE_NOT_AUTHORIZED, 12, "not-authorized", "auth")                                             \
    X(SE_POLICY_VIOLATION, 13, "policy-violation", "modify")                                       \
    X(SE_REGISTRATION_REQUIRED, 14, "registration-required", "auth")                               \
    X(SE_REMOTE_TIMEOUT_WAIT, 15, "remote-server-timeout", "wait")                                 \
    X(SE_RESOURCE_CONSTRAINT, 16, "resource-constraint", "wait")                                   \
    X(SE_SERVICE_UNAVAILABLE, 17, "service-unavailable", "cancel")                                 \
    X(SE_SERVICE_UNAVAILABLE_WAIT, 18, "service-unavailable", "wait")                              \
    X(SE_SUBSCRIPTION_REQUIRED, 19, "subscription-required", "auth")                               \
    X(SE_UNEXPECTED_REQUEST, 20, "unexpected-request", "wait")                                     \
    X(SE_RECIPIENT_UNAVAILABLE, 21, "recipient-unavailable", "wait")                               \
    X(SE_POLICY_VIOLATION_WAIT, 60, "policy-violation", "wait")

enum stanza_error {
    SE_NONE = 0,
#define SE_ENUM(id, number, condition, type) id = number,
    STANZA_ERROR_MAP(SE_ENUM)
#undef SE_ENUM
};

/* What a room is for, as a set of values for its configuration (shard/presets.h). */
enum room_preset { PRESET_TEAM, PRESET_COMMUNITY, PRESET_BROADCAST, PRESET_STAGE, PRESETS };

/* Names as on the XMPP wire; "" for a value outside the enum. */
const char *affiliation_name(enum affiliation a);
const char *role_name(enum role r);
const char *stanza_error_condition(enum stanza_error e);
const char *stanza_error_type(enum stanza_error e);
/* false if the text names none. */
bool affiliation_parse(struct str s, enum affiliation *out);
bool role_parse(struct str s, enum role *out);
/* Name of a preset, of enum room_preset; NULL behind the last. */
const char *room_preset_name(uint32_t i);

#endif
