/* metrics_table.h: every metric family, one row each. Included by metrics.h and metrics.c only.
 *
 * X(id, name without "verona_", kind, roles, labels, help)
 *   kind    COUNTER, GAUGE, HISTOGRAM_L (seconds), HISTOGRAM_F (counts), HISTOGRAM_B (bytes)
 *   roles   G gateway, S shard: who exports it
 *   labels  "name:value,value;name:value,value", at most two labels. The lists are closed; anything
 *           else counts under the last value, so a list that callers feed from outside ends in a
 *           value that means "the rest".
 *
 * Names follow prometheus.io's conventions: base units, counters end in _total. */
#ifndef METRICS_TABLE
/* Lists that several rows share. */
#define ML_TRANSPORT "transport:tcp,tls,ws,wss"
#define ML_KIND_LINK "kind:message,presence,iq;link:c2s"
#define ML_PEER "peer_role:gateway,shard"
#define ML_PEER_TYPE                                                                               \
    ML_PEER ";type:hello,event,delivery,ack,wrong_slot,new_owner,route,routed,ask_slots,gave_slots," \
            "route_failed,link_report,route_done,forget,forgot,routed_done,other"
#define ML_REDIS_COMMAND                                                                           \
    "command:FCALL,HGET,HSET,HMGET,HGETALL,HDEL,SMEMBERS,XRANGE,PING,FUNCTION,other"
#define ML_STREAM_CONDITION                                                                        \
    "condition:bad-format,bad-namespace-prefix,conflict,connection-timeout,host-gone,host-unknown," \
    "improper-addressing,internal-server-error,invalid-from,invalid-namespace,invalid-xml,"        \
    "not-authorized,not-well-formed,policy-violation,remote-connection-failed,reset,"              \
    "resource-constraint,restricted-xml,see-other-host,system-shutdown,unsupported-encoding,"      \
    "unsupported-feature,unsupported-stanza-type,unsupported-version,undefined-condition"
#define ML_STANZA_CONDITION                                                                        \
    "condition:bad-request,conflict,feature-not-implemented,forbidden,gone,internal-server-error," \
    "item-not-found,jid-malformed,not-acceptable,not-allowed,not-authorized,policy-violation,"     \
    "recipient-unavailable,redirect,registration-required,remote-server-not-found,"                \
    "remote-server-timeout,resource-constraint,service-unavailable,subscription-required,"         \
    "unexpected-request,undefined-condition"
#define ML_HANDLER "handler:metrics,livez,readyz,healthz,version,status,other"

#define METRICS_TABLE(X)                                                                           \
    /* process */                                                                                  \
    X(METRIC_READY, "ready", GAUGE, "GS", "", "1 when the process may take traffic.")              \
    X(METRIC_DRAINING, "draining", GAUGE, "GS", "", "1 while draining before exit.")               \
    X(METRIC_CONFIG_LAST_RELOAD_SUCCESSFUL, "config_last_reload_successful", GAUGE, "GS", "", "Whether the last configuration reload succeeded.") \
    X(METRIC_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS, "config_last_reload_success_timestamp_seconds", GAUGE, "GS", "", "Time of the last successful configuration reload.") \
    X(METRIC_LOG_MESSAGES_TOTAL, "log_messages_total", COUNTER, "GS", "level:debug,info,warn,error", "Log lines emitted.") \
    X(METRIC_LOG_MESSAGES_DROPPED_TOTAL, "log_messages_dropped_total", COUNTER, "GS", "", "Log lines dropped because the log ring was full.") \
    X(METRIC_LOOP_BUSY_SECONDS_TOTAL, "loop_busy_seconds_total", COUNTER, "GS", "", "Time the event loop spent running callbacks.") \
    X(METRIC_LOOP_ITERATIONS_TOTAL, "loop_iterations_total", COUNTER, "GS", "", "Event loop turns.") \
    X(METRIC_LOOP_LAG_SECONDS, "loop_lag_seconds", HISTOGRAM_L, "GS", "", "Lateness of a periodic 100 ms timer.") \
    /* clients */                                                                                  \
    X(METRIC_C2S_CONNECTIONS, "c2s_connections", GAUGE, "G", ML_TRANSPORT, "Client connections open.") \
    X(METRIC_C2S_SESSIONS, "c2s_sessions", GAUGE, "G", "state:negotiating,bound,detached", "Client sessions by state; detached awaits stream resumption.") \
    X(METRIC_C2S_CONNECTIONS_OPENED_TOTAL, "c2s_connections_opened_total", COUNTER, "G", ML_TRANSPORT, "Client connections accepted.") \
    X(METRIC_C2S_CONNECTIONS_CLOSED_TOTAL, "c2s_connections_closed_total", COUNTER, "G", ML_TRANSPORT ";reason:client,idle,policy,slow,replaced,shutdown,tls,error", "Client connections closed.") \
    X(METRIC_C2S_AUTH_ATTEMPTS_TOTAL, "c2s_auth_attempts_total", COUNTER, "G", "mechanism:SCRAM-SHA-256-PLUS,SCRAM-SHA-256,SCRAM-SHA-1-PLUS,SCRAM-SHA-1,PLAIN,ANONYMOUS,other;result:ok,bad_credentials,aborted,limited,error", "SASL attempts finished.") \
    X(METRIC_C2S_RATE_LIMITED_TOTAL, "c2s_rate_limited_total", COUNTER, "G", "scope:ip,account,stanza,bytes", "Actions delayed or refused by rate limits.") \
    X(METRIC_C2S_SEND_QUEUE_BYTES, "c2s_send_queue_bytes", GAUGE, "G", "", "Bytes queued for clients and not yet written.") \
    X(METRIC_SM_RESUMPTIONS_TOTAL, "sm_resumptions_total", COUNTER, "G", "result:ok,expired,unknown,failed", "Stream resumption attempts.") \
    X(METRIC_SM_UNACKED_STANZAS, "sm_unacked_stanzas", GAUGE, "G", "", "Stanzas sent and not yet acknowledged by clients.") \
    X(METRIC_C2S_SLOW_CONSUMERS_TOTAL, "c2s_slow_consumers_total", COUNTER, "G", "action:paused,dropped,closed", "Times a client could not keep up.") \
    X(METRIC_STREAM_ERRORS_TOTAL, "stream_errors_total", COUNTER, "G", ML_STREAM_CONDITION ";direction:in,out", "Stream errors sent or received.") \
    X(METRIC_STREAM_RECEIVED_BYTES_TOTAL, "stream_received_bytes_total", COUNTER, "G", "link:c2s", "Bytes of XML received after decryption.") \
    X(METRIC_STREAM_SENT_BYTES_TOTAL, "stream_sent_bytes_total", COUNTER, "G", "link:c2s", "Bytes of XML sent before encryption.") \
    X(METRIC_STANZAS_RECEIVED_TOTAL, "stanzas_received_total", COUNTER, "G", ML_KIND_LINK, "Stanzas received.") \
    X(METRIC_STANZAS_SENT_TOTAL, "stanzas_sent_total", COUNTER, "G", ML_KIND_LINK, "Stanzas sent.") \
    X(METRIC_STANZA_ERRORS_TOTAL, "stanza_errors_total", COUNTER, "G", ML_STANZA_CONDITION ";link:c2s", "Error stanzas generated.") \
    X(METRIC_STANZA_SIZE_BYTES, "stanza_size_bytes", HISTOGRAM_B, "G", "link:c2s", "Size of received stanzas.") \
    X(METRIC_XML_PARSER_RECYCLES_TOTAL, "xml_parser_recycles_total", COUNTER, "G", "", "Stream parsers replaced after exceeding their memory budget.") \
    X(METRIC_TLS_HANDSHAKES_TOTAL, "tls_handshakes_total", COUNTER, "G", "version:TLSv1.2,TLSv1.3,other;result:ok,error", "TLS handshakes finished.") \
    X(METRIC_TLS_HANDSHAKE_DURATION_SECONDS, "tls_handshake_duration_seconds", HISTOGRAM_L, "G", "", "Time spent in server TLS handshakes.") \
    X(METRIC_TLS_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS, "tls_certificate_expiry_timestamp_seconds", GAUGE, "G", "name:c2s", "Not-after time of a configured certificate.") \
    X(METRIC_GROUPCHAT_ECHO_DURATION_SECONDS, "groupchat_echo_duration_seconds", HISTOGRAM_L, "G", "", "Time from reading a groupchat message at a gateway to queueing its reflection to the sender.") \
    /* rooms */                                                                                    \
    X(METRIC_MUC_ROOMS, "muc_rooms", GAUGE, "S", "state:active,idle", "Rooms loaded on this shard.") \
    X(METRIC_MUC_OCCUPANTS, "muc_occupants", GAUGE, "S", "", "Occupants in rooms on this shard.")  \
    X(METRIC_MUC_ROOMS_CREATED_TOTAL, "muc_rooms_created_total", COUNTER, "S", "kind:temporary,persistent", "Rooms created.") \
    X(METRIC_MUC_ROOMS_DESTROYED_TOTAL, "muc_rooms_destroyed_total", COUNTER, "S", "reason:owner,empty,admin,expired", "Rooms destroyed.") \
    X(METRIC_MUC_ROOM_LOADS_TOTAL, "muc_room_loads_total", COUNTER, "S", "result:ok,not_found,error", "Rooms loaded from Redis.") \
    X(METRIC_MUC_ROOM_EVICTIONS_TOTAL, "muc_room_evictions_total", COUNTER, "S", "reason:idle,memory,moved", "Rooms unloaded from memory.") \
    X(METRIC_MUC_ROOM_LOAD_DURATION_SECONDS, "muc_room_load_duration_seconds", HISTOGRAM_L, "S", "", "Time to load a room from Redis.") \
    X(METRIC_MUC_JOINS_TOTAL, "muc_joins_total", COUNTER, "S", "result:ok,conflict,banned,members_only,password,full,limited,error", "Join attempts.") \
    X(METRIC_MUC_LEAVES_TOTAL, "muc_leaves_total", COUNTER, "S", "reason:user,kick,ban,gateway_lost,timeout,destroyed,other", "Occupants that left.") \
    X(METRIC_MUC_MESSAGES_TOTAL, "muc_messages_total", COUNTER, "S", "type:groupchat,private,subject,invite,retract,other", "Messages accepted by rooms.") \
    X(METRIC_MUC_MESSAGES_REJECTED_TOTAL, "muc_messages_rejected_total", COUNTER, "S", "reason:visitor,not_occupant,limited,too_large,forbidden,other", "Messages refused by rooms.") \
    X(METRIC_MUC_PRESENCE_BROADCASTS_TOTAL, "muc_presence_broadcasts_total", COUNTER, "S", "", "Presence broadcasts made by rooms.") \
    X(METRIC_MUC_FANOUT_RECIPIENTS, "muc_fanout_recipients", HISTOGRAM_F, "S", "", "Recipients per room broadcast.") \
    X(METRIC_MUC_BROADCAST_DURATION_SECONDS, "muc_broadcast_duration_seconds", HISTOGRAM_L, "S", "", "Time from stepping a room with a message to the last bus send of its broadcast.") \
    X(METRIC_MUC_ADMIN_ACTIONS_TOTAL, "muc_admin_actions_total", COUNTER, "S", "action:kick,ban,role,affiliation,config,destroy,other", "Kicks, bans, role, affiliation and configuration changes.") \
    X(METRIC_MAM_ARCHIVED_MESSAGES_TOTAL, "mam_archived_messages_total", COUNTER, "S", "result:ok,error", "Messages written to room archives.") \
    X(METRIC_MAM_QUERIES_TOTAL, "mam_queries_total", COUNTER, "S", "result:ok,forbidden,not_found,unavailable,limited,error", "Archive queries.") \
    X(METRIC_MAM_QUERY_DURATION_SECONDS, "mam_query_duration_seconds", HISTOGRAM_L, "S", "", "Archive query time.") \
    X(METRIC_GHOSTS_REMOVED_TOTAL, "ghosts_removed_total", COUNTER, "S", "", "Occupants removed because their gateway was lost.") \
    X(METRIC_COMMIT_SECONDS, "commit_seconds", HISTOGRAM_L, "S", "", "Time from a durable request to the answer of the store.") \
    X(METRIC_HELD_OPS, "held_ops", GAUGE, "S", "", "Durable requests held while Redis is away.") \
    X(METRIC_DATA_LOSS_SUSPECTED, "data_loss_suspected", GAUGE, "S", "", "1 when the store was found older than what this shard had seen committed.") \
    /* slots, leases, takeovers */                                                                 \
    X(METRIC_SLOTS_OWNED, "slots_owned", GAUGE, "S", "state:stable,importing,migrating", "Hash slots held by this shard.") \
    X(METRIC_SLOTS_UNASSIGNED, "slots_unassigned", GAUGE, "GS", "", "Hash slots without a live owner, as seen by this node.") \
    X(METRIC_SLOT_MIGRATIONS_TOTAL, "slot_migrations_total", COUNTER, "S", "direction:in,out;result:ok,error", "Slot hand-overs finished.") \
    X(METRIC_SLOT_REDIRECTS_TOTAL, "slot_redirects_total", COUNTER, "GS", "reason:moved,ask", "Requests redirected because the sender's slot map was stale.") \
    X(METRIC_TAKEOVERS_TOTAL, "takeovers_total", COUNTER, "S", "", "Slots taken over from shards that were down.") \
    X(METRIC_TAKEOVER_SECONDS, "takeover_seconds", HISTOGRAM_L, "S", "", "Time from noticing that an owner is down to serving its slots.") \
    X(METRIC_CLUSTER_NODES, "cluster_nodes", GAUGE, "GS", "role:gateway,shard;state:up,draining,suspect", "Nodes in the registry.") \
    X(METRIC_LEASE_RENEWALS_TOTAL, "lease_renewals_total", COUNTER, "GS", "result:ok,fenced,unknown,error", "Ownership lease renewals.") \
    X(METRIC_LEASE_RENEWAL_AGE_SECONDS, "lease_renewal_age_seconds", GAUGE, "GS", "", "Time since the last successful lease renewal.") \
    X(METRIC_FENCED_WRITES_TOTAL, "fenced_writes_total", COUNTER, "S", "", "Writes refused because a newer owner holds the slot.") \
    /* bus */                                                                                      \
    X(METRIC_BUS_MESSAGES_SENT_TOTAL, "bus_messages_sent_total", COUNTER, "GS", ML_PEER_TYPE, "Messages sent on the bus.") \
    X(METRIC_BUS_MESSAGES_RECEIVED_TOTAL, "bus_messages_received_total", COUNTER, "GS", ML_PEER_TYPE, "Messages received from the bus.") \
    X(METRIC_BUS_SENT_BYTES_TOTAL, "bus_sent_bytes_total", COUNTER, "GS", ML_PEER, "Bytes sent on the bus.") \
    X(METRIC_BUS_RECEIVED_BYTES_TOTAL, "bus_received_bytes_total", COUNTER, "GS", ML_PEER, "Bytes received from the bus.") \
    X(METRIC_BUS_SEND_FAILURES_TOTAL, "bus_send_failures_total", COUNTER, "GS", "reason:unreachable,full,encode,other", "Bus sends that failed.") \
    X(METRIC_BUS_DECODE_ERRORS_TOTAL, "bus_decode_errors_total", COUNTER, "GS", "", "Bus messages that could not be decoded.") \
    X(METRIC_BUS_PEERS, "bus_peers", GAUGE, "GS", "role:gateway,shard;state:up,suspect,down", "Bus peers.") \
    X(METRIC_BUS_REQUEST_DURATION_SECONDS, "bus_request_duration_seconds", HISTOGRAM_L, "G", "type:event,route,other", "Round-trip time of bus requests.") \
    X(METRIC_ROUTES, "routes", GAUGE, "GS", "", "Stanzas between users under way: at a gateway those it sent, at a shard those it passed on, until they are answered for.") \
    X(METRIC_STALE_FRAMES_TOTAL, "stale_frames_total", COUNTER, "GS", "", "Bus items of an older life, epoch or sequence that were dropped.") \
    X(METRIC_OVERRUN_TOTAL, "overrun_total", COUNTER, "S", "", "Links reset because a peer fell too far behind.") \
    X(METRIC_RESYNCS_TOTAL, "resyncs_total", COUNTER, "GS", "", "Room replicas rebuilt from a snapshot after a gap.") \
    /* redis */                                                                                    \
    X(METRIC_REDIS_CONNECTED, "redis_connected", GAUGE, "GS", "purpose:command", "Live Redis connections.") \
    X(METRIC_REDIS_STATE, "redis_state", GAUGE, "GS", "", "1 while Redis takes commands, 0 while it does not.") \
    X(METRIC_REDIS_COMMANDS_TOTAL, "redis_commands_total", COUNTER, "GS", ML_REDIS_COMMAND ";result:ok,error,lost", "Redis commands finished.") \
    X(METRIC_REDIS_COMMAND_DURATION_SECONDS, "redis_command_duration_seconds", HISTOGRAM_L, "GS", ML_REDIS_COMMAND, "Redis command time.") \
    X(METRIC_REDIS_INFLIGHT_COMMANDS, "redis_inflight_commands", GAUGE, "GS", "", "Redis commands awaiting a reply.") \
    X(METRIC_REDIS_RECONNECTS_TOTAL, "redis_reconnects_total", COUNTER, "GS", "reason:refused,resolve,closed,timeout,protocol,auth,loading,other", "Redis reconnects.") \
    X(METRIC_REDIS_ERRORS_TOTAL, "redis_errors_total", COUNTER, "GS", "kind:misconf,oom,readonly,noreplicas,loading,busy,other", "Error replies of Redis.") \
    /* admin listener */                                                                           \
    X(METRIC_HTTP_REQUESTS_TOTAL, "http_requests_total", COUNTER, "GS", ML_HANDLER ";code:200,400,404,405,500,503,other", "Admin HTTP requests.") \
    X(METRIC_HTTP_REQUEST_DURATION_SECONDS, "http_request_duration_seconds", HISTOGRAM_L, "GS", ML_HANDLER, "Admin HTTP request time.")
#endif
