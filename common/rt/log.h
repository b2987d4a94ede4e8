/* log.h: one logfmt line per event to stderr: time, level, event, fields. Never message bodies.
 *
 *   ts=2026-01-01T00:00:00.000Z level=info event=slot_claimed slots=256 epoch=...
 *
 * On a terminal lines are coloured and short; log.format = logfmt | json | pretty. Values are
 * escaped (C0, C1, U+2028, bidi controls) and cut at LIMIT_LOG_FIELD. Never blocks: what stderr
 * does not take goes to a ring, then is counted as dropped. */
#ifndef MUC_LOG_H
#define MUC_LOG_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *key;
    struct str value;
};

/* format: log.format; NULL: auto. role, id: on every line from now on; copied, NULL or empty: not
 * there. Before it, lines from LOG_INFO on go to stderr without them. */
void log_setup(enum log_level min, const char *format, const char *role, const char *id);
void log_set_level(enum log_level min);
/* "debug", "info", "warn", "error"; false if it is none of them. */
bool log_level_parse(const char *text, enum log_level *level);
/* log.pii = full. */
void log_set_pii(bool full);
/* The key of log_jid: 16 bytes that all processes of a cluster share, so that their lines can be
 * joined. Until then it is a random one. */
void log_set_jid_key(const uint8_t key[16]);
/* Lines that stderr did not take are retried from the loop too, not only at the next line. NULL
 * before the loop is destroyed. */
void log_attach(struct loop *l);
/* Fields end with a NULL key. Use the macros. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);
/* A JID for a log line: keyed hash (8 hex digits) unless log.pii = full. Static storage, 4 in turn.
 */
struct str log_jid(struct str jid);
/* Decimal in static storage, 16 in turn. */
struct str log_u64(uint64_t v);

#define LOG_AT(level, event, ...)                                                                  \
    log_write(level, event, (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){NULL, {NULL, 0}}})
#define log_debug(event, ...) LOG_AT(LOG_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...) LOG_AT(LOG_INFO, event, __VA_ARGS__)
#define log_warn(event, ...) LOG_AT(LOG_WARN, event, __VA_ARGS__)
#define log_error(event, ...) LOG_AT(LOG_ERROR, event, __VA_ARGS__)
/* log_info("x", KV("room", str), KV_Z("why", "text"), KV_U("n", 3)) */
#define KV(key, s)                                                                                 \
    {                                                                                              \
        key, s                                                                                     \
    }
#define KV_Z(key, z)                                                                               \
    {                                                                                              \
        key, str_of(z)                                                                             \
    }
#define KV_U(key, v)                                                                               \
    {                                                                                              \
        key, log_u64(v)                                                                            \
    }

#endif
