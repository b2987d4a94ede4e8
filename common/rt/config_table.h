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
    X(CFG_ADMIN_LISTEN, "admin.listen", STR, "127.0.0.1:5290", "GSC", "HOST:PORT of metrics, health and status") \
    X(CFG_ADMIN_ADVERTISE, "admin.advertise", STR, "", "GS", "HOST:PORT that verona status uses; default: admin.listen") \
    X(CFG_LOG_LEVEL, "log.level", STR, "info", "GS", "debug, info, warn or error") \
    X(CFG_LOG_FORMAT, "log.format", STR, "auto", "GS", "logfmt, json, pretty, or auto: pretty on a terminal") \
    X(CFG_LOG_PII, "log.pii", STR, "hash", "GS", "hash or full: how JIDs appear in logs") \
    X(CFG_DOMAIN, "xmpp.domain", STR, "localhost", "GSC", "the domain that users log in to") \
    X(CFG_MUC_DOMAIN, "xmpp.muc_domain", STR, "", "GC", "the domain of the rooms; default: conference.<xmpp.domain>") \
    X(CFG_ADMINS, "xmpp.admins", STR, "", "GSC", "bare JIDs of service admins, separated by commas") \
    X(CFG_CONTACT_ADMIN, "xmpp.contact_admin", STR, "", "G", "addresses (mailto:, xmpp:, https:) of the admins, separated by commas (XEP-0157)") \
    X(CFG_CONTACT_ABUSE, "xmpp.contact_abuse", STR, "", "G", "addresses for reports of abuse, separated by commas") \
    X(CFG_CONTACT_SUPPORT, "xmpp.contact_support", STR, "", "G", "addresses of user support, separated by commas") \
    X(CFG_C2S_LISTEN, "c2s.listen", STR, "127.0.0.1:5222", "G", "HOST:PORT for clients (STARTTLS)") \
    X(CFG_C2S_CERT, "c2s.certificate", STR, "", "G", "PEM file with the certificate chain; default: a self-signed one, made at start") \
    X(CFG_C2S_KEY, "c2s.key", STR, "", "G", "PEM file with the private key; default: in c2s.certificate") \
    X(CFG_C2S_REQUIRE_TLS, "c2s.require_tls", BOOL, "true", "G", "clients from other machines log in under TLS only") \
    X(CFG_C2S_PLAIN_NO_TLS, "c2s.plain_without_tls", BOOL, "false", "G", "offer PLAIN on connections without TLS") \
    X(CFG_WS_LISTEN, "ws.listen", STR, "127.0.0.1:5280", "G", "HOST:PORT for clients over WebSocket, without TLS (empty: none)") \
    X(CFG_WS_ORIGINS, "ws.origins", STR, "*", "G", "web pages that may connect, as https://chat.example.org or http://localhost:* (any port), separated by commas; * is all of them, but with auth.mode = open on loopback those of this machine") \
    X(CFG_WS_REQUIRE_TLS, "ws.require_tls", BOOL, "true", "G", "clients over WebSocket log in from this machine only, where a proxy that speaks TLS stands; false: also from others") \
    X(CFG_AUTH_MODE, "auth.mode", STR, "accounts", "GC", "accounts, anonymous, or open (any password; for development)") \
    X(CFG_AUTH_FORCE_OPEN, "auth.force_open", BOOL, "false", "GC", "allow auth.mode = open on addresses other than loopback") \
    X(CFG_AUTH_ITERATIONS, "auth.iterations", INT, "10000", "GC", "PBKDF2 rounds for new passwords") \
    X(CFG_AUTH_REGISTRATION, "auth.registration", STR, "off", "G", "off or on: people make accounts themselves (XEP-0077), with auth.mode = accounts") \
    X(CFG_AUTH_REGISTRATIONS, "auth.registrations_per_hour", INT, "5", "G", "accounts that one address may make in an hour (0: no limit)") \
    X(CFG_LIMIT_STANZA, "limits.stanza", INT, "262144", "G", "bytes of one stanza, at least 10000") \
    X(CFG_LIMIT_SEND_QUEUE, "limits.send_queue", INT, "1048576", "G", "bytes that may wait for one client") \
    X(CFG_LIMIT_CONNS_PER_IP, "limits.connections_per_ip", INT, "50", "G", "connections of one address; loopback is exempt") \
    X(CFG_LIMIT_AUTH, "limits.auth_timeout", MS, "30s", "G", "time to authenticate") \
    X(CFG_LIMIT_HEADER, "limits.header_timeout", MS, "10s", "G", "time to send a stream header, and for the TLS handshake") \
    X(CFG_LIMIT_HOLD, "limits.hold", MS, "5s", "S", "how long durable requests wait for Redis before they are refused") \
    X(CFG_LIMIT_STANZA_RATE, "limits.stanza_rate", INT, "1000", "G", "stanzas per second of one session (0: no limit); above it reading is delayed") \
    X(CFG_LIMIT_BYTE_RATE, "limits.byte_rate", INT, "1048576", "G", "bytes per second of one session (0: no limit)") \
    X(CFG_KEEPALIVE, "c2s.keepalive", MS, "60s", "G", "a space is sent on a stream that was silent so long (0: never)") \
    X(CFG_C2S_RESUME, "c2s.resume_time", MS, "5m", "G", "how long a session whose stream broke stays in its rooms and can be resumed (XEP-0198; 0: not at all)") \
    X(CFG_C2S_RESUME_LOCATION, "c2s.resume_location", STR, "", "G", "HOST:PORT where this gateway is reached by who resumes a stream; sessions are resumed at their own gateway only") \
    X(CFG_C2S_ACK, "c2s.ack_timeout", MS, "60s", "G", "a client that does not acknowledge for so long what it was asked to is lost (0: never)") \
    X(CFG_LIMIT_SM_QUEUE, "limits.sm_queue", INT, "2097152", "G", "bytes that one client may leave unacknowledged, lists and history apart (XEP-0198)") \
    X(CFG_LIMIT_SM_MEMORY, "limits.sm_memory", INT, "268435456", "G", "bytes that all clients of a gateway may leave unacknowledged") \
    X(CFG_ROOM_UNLOAD, "room.unload_after", MS, "60s", "S", "an empty persistent room leaves memory after this time") \
    X(CFG_ROOM_LOCK, "room.lock", BOOL, "true", "S", "a new room is closed to others until its owner configured it") \
    X(CFG_ROOM_CREATE, "room.create", STR, "anyone", "S", "who may create rooms: anyone, local (users of xmpp.domain) or admins") \
    X(CFG_ROOM_ADMINS_OWN, "room.admins_own", BOOL, "false", "S", "whoever is in xmpp.admins owns every room") \
    X(CFG_ROOM_MAX_AFFILIATIONS, "room.max_affiliations", INT, "50000", "S", "members, outcasts and the rest of one room (0: no limit)") \
    X(CFG_ROOM_HISTORY, "room.history", INT, "20", "S", "messages of history for a join that does not say how many") \
    X(CFG_ROOM_ORPHAN, "room.orphan_after", MS, "5m", "S", "how long a temporary room whose shard died keeps its affiliations") \
    X(CFG_ROOM_REGISTER, "room.register", STR, "members", "S", "who may register with rooms: members, anyone (becomes a member by it) or off") \
    X(CFG_ROOM_NAME_MAX, "room.name_max", INT, "0", "S", "characters in the address of a new room (0: as many as an address may have)") \
    X(CFG_ROOM_NAME_PATTERN, "room.name_pattern", STR, "", "S", "POSIX extended regular expression that the address of a new room must match") \
    X(CFG_ROOM_MAX_NAME, "room.max_name", INT, "256", "S", "characters in the name of a room (0: no limit of its own)") \
    X(CFG_ROOM_MAX_DESC, "room.max_desc", INT, "2048", "S", "characters in the description of a room (0: no limit of its own)") \
    X(CFG_ROOM_MAX_ROOMS, "room.max_rooms", INT, "0", "S", "rooms of the service (0: no limit)") \
    X(CFG_ROOM_MAX_OCCUPANTS, "room.max_occupants", INT, "0", "S", "places in any room, whatever its owners say (0: no limit)") \
    X(CFG_ROOM_CREATIONS, "room.creations_per_minute", INT, "600", "S", "rooms that one user may create in a minute (0: no limit)") \
    X(CFG_ROOM_MAX_PER_USER, "room.max_per_user", INT, "1000", "G", "rooms that one user may be in at a time, at one gateway (0: no limit)") \
    X(CFG_ROOM_TOMBSTONE, "room.tombstone", MS, "31d", "S", "how long a destroyed room points to the room that took its place (0: it does not)") \
    X(CFG_ROOM_CONTACT, "room.contact", STR, "", "S", "bare JIDs that rooms name as contact when they hide who owns them, separated by commas") \
    X(CFG_ROOM_LOGS_URL, "room.logs_url", STR, "", "S", "URL of the logs of publicly logged rooms; {room} stands for the room") \
    X(CFG_ROOM_PRESET, "room.preset", STR, "none", "S", "what new rooms are for: none, team, community, broadcast or stage; room.default.* goes before it") \
    X(CFG_ROOM_ROOMNAME, "room.default.roomname", STR, "", "S", "name of new rooms") \
    X(CFG_ROOM_ROOMDESC, "room.default.roomdesc", STR, "", "S", "description of new rooms") \
    X(CFG_ROOM_LANG, "room.default.lang", STR, "", "S", "language of new rooms, as a tag such as en or pt-BR") \
    X(CFG_ROOM_PASSWORDPROTECTED, "room.default.passwordprotectedroom", BOOL, "false", "S", "new rooms have the password room.default.roomsecret") \
    X(CFG_ROOM_ROOMSECRET, "room.default.roomsecret", SECRET, "", "S", "password of new rooms") \
    X(CFG_ROOM_GETMEMBERLIST, "room.default.getmemberlist", STR, "", "S", "roles that may read the member list, besides admins: visitor, participant, moderator") \
    X(CFG_ROOM_MAXHISTORYFETCH, "room.default.maxhistoryfetch", INT, "256", "S", "messages of history that a join gets at most") \
    X(CFG_ROOM_LISTOCCUPANTS, "room.default.listoccupants", BOOL, "true", "S", "occupants of new rooms are listed in service discovery") \
    X(CFG_ROOM_REGISTRATION, "room.default.registration", BOOL, "true", "S", "users may register with new rooms, as room.register says") \
    X(CFG_ROOM_ENFORCE_NICK, "room.enforce_nick", BOOL, "false", "S", "who has reserved a nick enters under it, whatever nick is asked for, and keeps it") \
    X(CFG_ROOM_VOICE, "room.voice_interval", MS, "1m", "S", "time between two requests for voice of one user") \
    X(CFG_ROOM_PRESENCE_LIMIT, "room.presence_limit", INT, "0", "S", "occupants above which presence of others than moderators goes to moderators only (0: never)") \
    X(CFG_ROOM_MAX_MESSAGE, "room.max_message", INT, "0", "S", "bytes of a message's content that rooms accept (0: as much as limits.stanza)") \
    X(CFG_ROOM_MESSAGE_RATE, "room.message_rate", INT, "2000", "S", "messages per second that one room accepts (0: no limit); admins are exempt") \
    X(CFG_ROOM_PRESENCE_RATE, "room.presence_rate", INT, "500", "S", "changes of presence per second that one room shows (0: no limit); more are merged") \
    X(CFG_ROOM_INVITE_RATE, "room.invite_rate", INT, "60", "S", "invitations, and refusals of them, per minute of one user in one room (0: no limit); admins are exempt") \
    X(CFG_LIMIT_JOIN_RATE, "limits.join_rate", INT, "50", "G", "joins per second of one session (0: no limit); above it reading is delayed") \
    X(CFG_ROOM_AVATAR_MAX, "room.avatar_max", INT, "65536", "S", "bytes of a room's avatar, at most 131072; 0: rooms have none") \
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
    X(CFG_ROOM_SLOW_MODE, "room.default.slow_mode_duration", INT, "0", "S", "seconds between two messages of a user in new rooms (XEP-0500; 0: no limit, at most 86400)") \
    X(CFG_ROOM_PRESENCEBROADCAST, "room.default.presencebroadcast", STR, "visitor,participant,moderator", "S", "roles whose presence is shown to others") \
    X(CFG_TEST_FORGET, "test.forget_rooms", BOOL, "false", "GS", "for tests only: who logs in when nobody is online finds no room of earlier ones")
#endif
