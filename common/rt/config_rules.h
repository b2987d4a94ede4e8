/* config_rules.h: which values an option accepts, beyond its type. Internal to rt. */
#ifndef MUC_CONFIG_RULES_H
#define MUC_CONFIG_RULES_H

#include "rt/config.h"

enum config_type { STR_TYPE, INT_TYPE, BOOL_TYPE, MS_TYPE, SECRET_TYPE };

/* 0, or ERR_INVALID with "not one of ...: ..." in why: what is accepted, never the value itself (it
 * may be a secret). */
int config_check(enum config_id id, enum config_type type, struct str text, int64_t *number,
                 struct buf *why);

#endif
