/* json.h: jansson as the admin listener's answers need it. */
#ifndef MUC_JSON_H
#define MUC_JSON_H

#include "base/buf.h"

#include <jansson.h>
#include <stdint.h>

/* null if the bytes are not UTF-8. */
json_t *json_of_str(struct str s);
void json_put_u64(json_t *object, const char *key, uint64_t v);
void json_put_str(json_t *object, const char *key, struct str s);
void json_put_bool(json_t *object, const char *key, bool v);
/* Writes o as the body of an http_fn's answer and frees it. Returns the status code: 200, or 500
 * when out of memory. */
int json_answer(json_t *o, struct buf *body, const char **content_type);

#endif
