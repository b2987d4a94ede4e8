/* config_table.h: every option, one row each. Included by config.h only.
 *
 * X(id, key, type, default, roles, help)
 *   type  STR INT BOOL MS SECRET   roles  G gateway, S shard, C the tool (letters in one string) */
#ifndef CONFIG_TABLE
#define CONFIG_TABLE(X)                                                                            \
    X(CFG_NODE_ID, "node.id", STR, "", "GS", "name of this process in the cluster; default: role and host name") \
    X(CFG_CLUSTER_EXPECT, "cluster.expect_shards", INT, "0", "S", "a new cluster claims its slots once so many shards are there (0: after 2 s)") \
    X(CFG_SHARD_WEIGHT, "shard.weight", INT, "100", "S", "share of the slots, relative to other shards") \
    X(CFG_REDIS_URL, "redis.url", STR, "redis://127.0.0.1:6379", "GSC", "redis://[user:password@]host[:port][/db] or unix:///path") \
    X(CFG_REDIS_PASSWORD, "redis.password", SECRET, "", "GSC", "password, when it is not in the URL") \
    X(CFG_BUS_LISTEN, "bus.listen", STR, "tcp://*:5270", "S", "where gateways and shards reach this shard: ipc://PATH or tcp://HOST:PORT") \
    X(CFG_BUS_ADVERTISE, "bus.advertise", STR, "", "S", "the endpoint to publish; default: from bus.listen and the host's address") \
    X(CFG_ADMIN_LISTEN, "admin.listen", STR, "127.0.0.1:5290", "GS", "HOST:PORT of metrics, health and status") \
    X(CFG_ADMIN_ADVERTISE, "admin.advertise", STR, "", "GS", "HOST:PORT that verona status uses; default: admin.listen") \
    X(CFG_LOG_LEVEL, "log.level", STR, "info", "GS", "debug, info, warn or error") \
    X(CFG_LOG_FORMAT, "log.format", STR, "auto", "GS", "logfmt, json, pretty, or auto: pretty on a terminal") \
    X(CFG_LOG_PII, "log.pii", STR, "hash", "GS", "hash or full: how JIDs appear in logs") \
    X(CFG_DOMAIN, "xmpp.domain", STR, "localhost", "GSC", "the domain that users log in to") \
    X(CFG_MUC_DOMAIN, "xmpp.muc_domain", STR, "", "GSC", "the domain of the rooms; default: conference.<xmpp.domain>") \
    X(CFG_ADMINS, "xmpp.admins", STR, "", "GSC", "bare JIDs of service admins, separated by commas") \
    X(CFG_C2S_LISTEN, "c2s.listen", STR, "127.0.0.1:5222", "G", "HOST:PORT for clients (STARTTLS)") \
    X(CFG_C2S_CERT, "c2s.certificate", STR, "", "G", "PEM file with the certificate chain; default: a self-signed one, made at start") \
    X(CFG_C2S_KEY, "c2s.key", STR, "", "G", "PEM file with the private key; default: in c2s.certificate") \
    X(CFG_C2S_REQUIRE_TLS, "c2s.require_tls", BOOL, "true", "G", "clients from other machines log in under TLS only") \
    X(CFG_C2S_PLAIN_NO_TLS, "c2s.plain_without_tls", BOOL, "false", "G", "offer PLAIN on connections without TLS") \
    X(CFG_AUTH_MODE, "auth.mode", STR, "accounts", "GC", "accounts, anonymous, or open (any password; for development)") \
    X(CFG_AUTH_FORCE_OPEN, "auth.force_open", BOOL, "false", "G", "allow auth.mode = open on addresses other than loopback") \
    X(CFG_AUTH_ITERATIONS, "auth.iterations", INT, "10000", "GC", "PBKDF2 rounds for new passwords") \
    X(CFG_LIMIT_STANZA, "limits.stanza", INT, "262144", "G", "bytes of one stanza, at least 10000") \
    X(CFG_LIMIT_SEND_QUEUE, "limits.send_queue", INT, "1048576", "G", "bytes that may wait for one client") \
    X(CFG_LIMIT_CONNS_PER_IP, "limits.connections_per_ip", INT, "50", "G", "connections of one address; loopback is exempt") \
    X(CFG_LIMIT_AUTH, "limits.auth_timeout", MS, "30s", "G", "time to authenticate") \
    X(CFG_LIMIT_HEADER, "limits.header_timeout", MS, "10s", "G", "time to send a stream header, and for the TLS handshake") \
    X(CFG_LIMIT_HOLD, "limits.hold", MS, "5s", "S", "how long durable requests wait for Redis before they are refused") \
    X(CFG_LIMIT_STANZA_RATE, "limits.stanza_rate", INT, "1000", "G", "stanzas per second of one session (0: no limit); above it reading is delayed") \
    X(CFG_LIMIT_BYTE_RATE, "limits.byte_rate", INT, "1048576", "G", "bytes per second of one session (0: no limit)") \
    X(CFG_KEEPALIVE, "c2s.keepalive", MS, "60s", "G", "a space is sent on a stream that was silent so long (0: never)") \
    X(CFG_ROOM_UNLOAD, "room.unload_after", MS, "60s", "S", "an empty persistent room leaves memory after this time") \
    X(CFG_ROOM_LOCK, "room.lock", BOOL, "true", "S", "a new room is closed to others until its owner configured it") \
    X(CFG_ROOM_CREATE, "room.create", STR, "anyone", "S", "who may create rooms: anyone or admins") \
    X(CFG_ROOM_HISTORY, "room.history", INT, "20", "S", "messages of history for a join that does not say how many") \
    X(CFG_ROOM_ORPHAN, "room.orphan_after", MS, "5m", "S", "how long a temporary room whose shard died keeps its affiliations") \
    X(CFG_ROOM_REGISTER, "room.register_strangers", BOOL, "false", "S", "users without an affiliation may register") \
    X(CFG_ROOM_WHOIS, "room.default.whois", STR, "moderators", "S", "moderators or anyone: who sees real JIDs in a new room") \
    X(CFG_ROOM_PUBLIC, "room.default.publicroom", BOOL, "true", "S", "new rooms are listed") \
    X(CFG_ROOM_MEMBERSONLY, "room.default.membersonly", BOOL, "false", "S", "new rooms admit members only") \
    X(CFG_ROOM_MODERATED, "room.default.moderatedroom", BOOL, "false", "S", "new rooms are moderated") \
    X(CFG_ROOM_PERSISTENT, "room.default.persistentroom", BOOL, "false", "S", "new rooms outlive their last occupant") \
    X(CFG_ROOM_CHANGESUBJECT, "room.default.changesubject", BOOL, "false", "S", "participants of new rooms may change the subject") \
    X(CFG_ROOM_LOGGING, "room.default.enablelogging", BOOL, "false", "S", "new rooms are marked as publicly logged") \
    X(CFG_ROOM_ALLOWINVITES, "room.default.allowinvites", BOOL, "false", "S", "members of new members-only rooms may invite") \
    X(CFG_ROOM_ALLOWPM, "room.default.allowpm", STR, "anyone", "S", "anyone, participants, moderators or none may send private messages") \
    X(CFG_ROOM_MAXUSERS, "room.default.maxusers", INT, "0", "S", "places in new rooms (0: no limit)") \
    X(CFG_ROOM_ARCHIVE, "room.default.archive", BOOL, "true", "S", "new rooms keep an archive that can be queried (XEP-0313)") \
    X(CFG_ROOM_ARCHIVE_MESSAGES, "room.default.archive_messages", INT, "1000", "S", "messages that the archive of a new room keeps") \
    X(CFG_ROOM_ARCHIVE_DAYS, "room.default.archive_days", INT, "7", "S", "days that the archive of a new room reaches back (0: no limit)") \
    X(CFG_ROOM_PRESENCEBROADCAST, "room.default.presencebroadcast", STR, "visitor,participant,moderator", "S", "roles whose presence is shown to others")
#endif
