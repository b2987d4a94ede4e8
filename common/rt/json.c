/* json.c: see json.h. */
#include "rt/json.h"

#include <stdlib.h>

json_t *json_of_str(struct str s)
{
    json_t *v = json_stringn(s.p ? s.p : "", s.n);
    return v ? v : json_null();
}

void json_put_u64(json_t *object, const char *key, uint64_t v)
{
    (void)json_object_set_new(object, key, json_integer((json_int_t)v));
}

void json_put_str(json_t *object, const char *key, struct str s)
{
    (void)json_object_set_new(object, key, json_of_str(s));
}

void json_put_bool(json_t *object, const char *key, bool v)
{
    (void)json_object_set_new(object, key, json_boolean(v));
}

int json_answer(json_t *o, struct buf *body, const char **content_type)
{
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    *content_type = "application/json";
    if (!text)
        return 500;
    buf_z(body, text);
    buf_c(body, '\n');
    free(text); /* jansson's own memory */
    return 200;
}
