/* form.h: data forms (XEP-0004) of the server itself: what was submitted, and fields to fill in.
 * Pure. */
#ifndef MUC_GATEWAY_FORM_H
#define MUC_GATEWAY_FORM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "gateway/stanza.h"

struct form_field {
    struct str var;
    struct str *values;
    size_t n_values;
};

struct form {
    struct form_field *fields;
    size_t n;
};

/* Reads <x type='submit'/>; fields and values are in the arena. Errors: ERR_INVALID (not a
 * submitted form), ERR_TOOBIG (more fields or values than LIMIT_FORM_FIELDS, LIMIT_FORM_VALUES). */
MUST_CHECK int form_read(const struct xnode *x, struct arena *a, struct form *out);
/* A copy of `to` with the fields of `more` in place of its own of that name, all bytes in the
 * arena. */
struct form form_merge(const struct form *to, const struct form *more, struct arena *a);
/* NULL: it is not there. */
const struct form_field *form_find(const struct form *f, const char *var);
/* The first value; empty if there is none. */
struct str form_value(const struct form *f, const char *var);
/* All values as lines of one text, in the arena. */
struct str form_text(const struct form *f, const char *var, struct arena *a);

/* <x type='form'> with title, instructions and FORM_TYPE (NULL: none). */
void form_open(struct buf *out, const char *title, const char *instructions, const char *form_type);
void form_close(struct buf *out);

struct form_option {
    struct str value, label;
};
/* One field with the values that f has for it (f NULL: none). */
void form_put(struct buf *out, const struct form *f, const char *type, const char *var,
              const char *label, bool required);
void form_put_options(struct buf *out, const struct form *f, const char *type, const char *var,
                      const char *label, bool required, const struct form_option *options,
                      size_t n);

#endif
