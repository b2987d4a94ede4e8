/* limits.h: every bound that a peer can meet, but for those that an operator may change: they are
 * settings (rt/config_table.h, limits.*). Bytes unless said. */
#ifndef MUC_LIMITS_H
#define MUC_LIMITS_H

enum {
    /* XML, per stanza (RFC 6120 §13.12) */
    LIMIT_STANZA = 256 * 1024,
    LIMIT_STANZA_PREAUTH = 10000,
    LIMIT_CHILDREN_PREAUTH = 32,
    LIMIT_DEPTH = 64,
    LIMIT_ATTRS = 64,
    LIMIT_NS_DECLS = 16,
    LIMIT_NAME = 256,
    LIMIT_TOKEN = 64 * 1024,
    LIMIT_PARSER_SOFT = 256 * 1024,
    LIMIT_PARSER_HARD = 1024 * 1024,
    LIMIT_TREE = 2 * 1024 * 1024, /* of one stanza in memory: small elements are far bigger there */
    /* fields */
    LIMIT_JID_PART = 1023,
    LIMIT_JID = 3071,
    LIMIT_NICK_CHARS = 128,
    LIMIT_ID = 1024,
    LIMIT_TICKET =
        2304, /* id of an iq that a room handed on: an id, a nick and 40 bytes in base64 */
    LIMIT_REASON = 4096,
    LIMIT_SUBJECT = 16 * 1024,
    LIMIT_LANG = 35, /* a language tag (RFC 5646 §4.4.1) */
    /* streams */
    LIMIT_SASL_TRIES = 5,
    LIMIT_SESSIONS_PER_USER = 64,
    LIMIT_SEND_STANZAS = 4096,
    LIMIT_AWAY_PER_USER = 16, /* sessions that wait to be resumed, at one gateway */
    /* bus */
    LIMIT_BUS_MESSAGE = 1024 * 1024,
    LIMIT_BUS_CHUNK = 256 * 1024,
    LIMIT_BUS_PART = 32 * 1024 * 1024, /* put together from fragments, at a gateway */
    LIMIT_BUS_CREDIT = 4 * 1024 * 1024,
    LIMIT_BUS_CREDIT_FRAMES = 8192,
    LIMIT_BUS_OVERRUN = 64 * 1024 * 1024,
    LIMIT_BUS_HEARTBEAT_MS = 100,
    LIMIT_BUS_SUSPECT_MS = 600,
    LIMIT_BUS_DOWN_MS = 1200,
    /* rooms */
    LIMIT_ADMIN_ITEMS = 100,
    LIMIT_FORM_FIELDS = 128,
    LIMIT_FORM_VALUES = 1024,
    LIMIT_INVITES = 32,
    LIMIT_HISTORY = 256, /* entries kept per room */
    LIMIT_HISTORY_BYTES = 1024 * 1024,
    LIMIT_ARCHIVE_MESSAGES = 100000, /* the most that an owner may let a room keep */
    LIMIT_ARCHIVE_DAYS = 3650,
    LIMIT_ARCHIVE_PAGE = 100, /* messages of one answer; a query that does not say gets half */
    LIMIT_ARCHIVE_PAGE_BYTES = 256 * 1024,
    LIMIT_ARCHIVE_IDS = 100,
    LIMIT_ARCHIVE_WAITING = 16, /* queries of one session to one room behind the one that runs */
    LIMIT_ARCHIVE_READS = 4096, /* queries of all sessions that a shard works on */
    LIMIT_ROOM_QUEUE = 1024 * 1024, /* events held for one room while a commit is under way */
    LIMIT_SHARD_QUEUE = 64 * 1024 * 1024,
    LIMIT_HOLD_MS = 5000, /* durable requests held while Redis is away */
    LIMIT_UNKNOWN_MS = 30000,
    LIMIT_ROOM_LOCK_MS = 300000,
    LIMIT_CONTACTS = 16,           /* of a room or service, shown in its disco#info */
    LIMIT_PAGE = 100,              /* items of one answer, where the asker pages (XEP-0059) */
    LIMIT_PAGE_PLAIN = 1000,       /* and where he does not */
    LIMIT_RELAY_MS = 600000,       /* an iq between occupants can be answered so long */
    LIMIT_EXTRA_PLACES = 5,        /* admins and owners in a full room (XEP-0045 §7.2.9) */
    LIMIT_SLOW_MODE_S = 86400,     /* seconds between two messages (XEP-0500) */
    LIMIT_SLOW_SPEAKERS = 10000,   /* whose last message is remembered, per room */
    LIMIT_RECENT = 1000,           /* users whose invitations and wishes are counted, per room */
    LIMIT_AVATAR_MAX = 128 * 1024, /* room.avatar_max: the pictures of a room's vCard, decoded */
    LIMIT_VCARD = 192 * 1024,      /* the whole vCard as XML */
    LIMIT_AVATARS = 4,             /* pictures in it */
    LIMIT_REMOVED = 256,           /* affiliations that ended and are remembered (XEP-0463) */
    LIMIT_MAV_SINCE = 64,          /* of a version that a client names */
    LIMIT_HATS = 32,               /* kinds of hats of a room (XEP-0317) */
    LIMIT_HATS_WORN = 8,           /* by one JID */
    LIMIT_HAT_WEARERS = 1000,      /* JIDs with hats, per room */
    LIMIT_HAT_URI = 256,
    LIMIT_HAT_TITLE = 256,
    LIMIT_HAT_HUE = 16,
    /* slots and leases */
    LIMIT_CLAIM_CHUNK = 256,
    LIMIT_RENEW_MS = 200,
    LIMIT_SHARD_LEASE_MS = 1200,
    LIMIT_GATEWAY_LEASE_MS = 5000,
    LIMIT_LOG_FIELD = 256,
};

#endif
