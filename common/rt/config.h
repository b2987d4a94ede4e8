/* config.h: settings from flags, environment, file and defaults, in this order of precedence.
 *
 * config_table.h has one row per option: INI key "section.name", default, help, who uses it. The
 * same row gives --set section.name=value, VERONA_SECTION_NAME (and VERONA_SECTION_NAME_FILE for
 * secrets), a line "name = value" under [section] in the file, --print-config and the README's
 * table. */
#ifndef MUC_CONFIG_H
#define MUC_CONFIG_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum config_id {
#define CONFIG_ENUM(id, key, type, def, roles, help) id,
#include "rt/config_table.h"
    CONFIG_TABLE(CONFIG_ENUM)
#undef CONFIG_ENUM
        CONFIG_COUNT
};

struct config;

struct config *config_new(void); /* defaults and environment */
void config_destroy(struct config **c_p);
/* Each returns 0 or ERR_INVALID with a message for people in err (one line, with a hint: the
 * nearest known key, the accepted values). */
int config_load_env(struct config *c, struct buf *err);
int config_load_file(struct config *c, const char *path, struct buf *err);
int config_set(struct config *c, struct str key_eq_value, struct buf *err);

const char *config_str(const struct config *c, enum config_id id);
int64_t config_int(const struct config *c, enum config_id id);
bool config_bool(const struct config *c, enum config_id id);
/* Milliseconds; values are written "200ms", "5s", "10m" or plain milliseconds. */
uint64_t config_ms(const struct config *c, enum config_id id);
/* "default", "environment", "file" or "flag". */
const char *config_origin(const struct config *c, enum config_id id);
const char *config_key(enum config_id id);
bool config_find(struct str key, enum config_id *id);
/* Every option with value and origin, secrets masked. */
void config_print(const struct config *c, struct buf *out);

#endif
