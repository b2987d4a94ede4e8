/* config.c: the option table, and the four places where a value may come from.
 *
 *   default < file < environment < flag      whatever the order in which they are read */
#include "rt/config.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "rt/config_rules.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>

enum origin { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct row {
    const char *key, *default_text;
    enum config_type type;
};

#define ROW(id, key, type, def, roles, help) [id] = {key, def, type##_TYPE},
static const struct row rows[CONFIG_COUNT] = {CONFIG_TABLE(ROW)};
#undef ROW

struct value {
    char *text;
    int64_t number;
    enum origin origin;
};

struct config {
    struct value values[CONFIG_COUNT];
};

enum { SECRET_FILE_MAX = 4096, NAME_MAX_LEN = 96 };

/* ---- names ---- */

const char *config_key(enum config_id id)
{
    return rows[id].key;
}

bool config_find(struct str key, enum config_id *id)
{
    for (unsigned i = 0; i < CONFIG_COUNT; i++) {
        if (str_is(key, rows[i].key)) {
            *id = (enum config_id)i;
            return true;
        }
    }
    return false;
}

static void env_name(enum config_id id, const char *suffix, char out[NAME_MAX_LEN])
{
    int n = snprintf(out, NAME_MAX_LEN, "VERONA_%s%s", rows[id].key, suffix);
    for (int i = 0; i < n && i < NAME_MAX_LEN; i++)
        out[i] = out[i] == '.' ? '_' : (char)toupper((unsigned char)out[i]);
}

/* What stands behind the last dot; all of it without one. */
static struct str key_name(struct str key)
{
    const char *dot = key.n ? memrchr(key.p, '.', key.n) : NULL;
    return dot ? str_n(dot + 1, key.n - (size_t)(dot + 1 - key.p)) : key;
}

static void put_unknown(struct buf *err, struct str key)
{
    enum { SECTION_EDITS = 2 }; /* the right name in another section, or in none, is near */
    struct suggest s;
    suggest_init(&s, key);
    for (unsigned i = 0; i < CONFIG_COUNT; i++) {
        suggest_offer(&s, rows[i].key);
        if (str_eq(key_name(key), key_name(str_of(rows[i].key))))
            suggest_offer_at(&s, rows[i].key, SECTION_EDITS);
    }
    buf_printf(err, "unknown option %.*s", STR_FMT(key));
    if (s.best)
        buf_printf(err, " (did you mean %s?)", s.best);
    else
        buf_z(err, " (--print-config lists all)");
}

/* ---- setting ---- */

/* A place of lower rank is checked, but does not replace a value of a higher one. */
static int assign(struct config *c, enum config_id id, struct str text, enum origin origin,
                  struct buf *err)
{
    struct value *v = &c->values[id];
    int64_t number;
    struct buf why;
    buf_init(&why);
    int rc = config_check(id, rows[id].type, text, &number, &why);
    if (rc != 0) {
        buf_printf(err, "%s %.*s", rows[id].key, (int)why.len, why.data);
    } else if (origin >= v->origin) {
        mem_free(v->text);
        v->text = mem_dup(text.p, text.n);
        v->number = number;
        v->origin = origin;
    }
    buf_deinit(&why);
    return rc;
}

struct config *config_new(void)
{
    struct config *c = mem_zalloc(sizeof *c);
    struct buf err;
    buf_init(&err);
    for (unsigned i = 0; i < CONFIG_COUNT; i++) {
        if (assign(c, (enum config_id)i, str_of(rows[i].default_text), FROM_DEFAULT, &err) != 0) {
            fprintf(stderr, "config_table.h: default: %.*s\n", (int)err.len, err.data);
            abort();
        }
    }
    /* What is wrong in the environment is said when the caller asks: config_load_env(). */
    (void)config_load_env(c, &err);
    buf_deinit(&err);
    return c;
}

void config_destroy(struct config **c_p)
{
    struct config *c = *c_p;
    *c_p = NULL;
    if (!c)
        return;
    for (unsigned i = 0; i < CONFIG_COUNT; i++)
        mem_free(c->values[i].text);
    mem_free(c);
}

int config_set(struct config *c, struct str key_eq_value, struct buf *err)
{
    const char *eq = key_eq_value.n ? memchr(key_eq_value.p, '=', key_eq_value.n) : NULL;
    if (!eq) {
        buf_printf(err, "%.*s: expected section.name=value", STR_FMT(key_eq_value));
        return ERR_INVALID;
    }
    struct str key = str_n(key_eq_value.p, (size_t)(eq - key_eq_value.p));
    struct str text = str_n(eq + 1, key_eq_value.n - key.n - 1);
    enum config_id id;
    if (!config_find(key, &id)) {
        put_unknown(err, key);
        return ERR_INVALID;
    }
    if (rows[id].type == SECRET_TYPE) {
        char name[NAME_MAX_LEN];
        env_name(id, "_FILE", name);
        buf_printf(err, "%s does not belong on a command line, where others can read it: use %s",
                   rows[id].key, name);
        return ERR_INVALID;
    }
    return assign(c, id, text, FROM_FLAG, err);
}

/* ---- environment ---- */

/* The file's bytes without line ends behind them. */
static int read_secret(const char *path, struct buf *out, struct buf *err)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        buf_printf(err, "cannot read %s: %s", path, strerror(errno));
        return ERR_INVALID;
    }
    buf_reserve(out, SECRET_FILE_MAX + 1);
    out->len = fread(out->data, 1, SECRET_FILE_MAX + 1, f);
    bool failed = ferror(f) != 0;
    fclose(f);
    if (failed || out->len > SECRET_FILE_MAX) {
        buf_printf(err, "%s: %s", path, failed ? "read error" : "larger than 4096 bytes");
        return ERR_INVALID;
    }
    while (out->len && (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == '\r'))
        out->len--;
    return 0;
}

static int load_secret_file(struct config *c, enum config_id id, struct buf *err)
{
    char name[NAME_MAX_LEN], file_name[NAME_MAX_LEN];
    env_name(id, "", name);
    env_name(id, "_FILE", file_name);
    const char *path = getenv(file_name);
    if (!path || !*path)
        return 0;
    if (getenv(name)) {
        buf_printf(err, "%s and %s are both set: use one", name, file_name);
        return ERR_INVALID;
    }
    struct buf text;
    buf_init(&text);
    size_t mark = err->len;
    buf_printf(err, "%s: ", file_name);
    int rc = read_secret(path, &text, err);
    if (rc == 0)
        rc = assign(c, id, buf_as_str(&text), FROM_ENVIRONMENT, err);
    if (rc == 0)
        err->len = mark;
    if (text.data)
        explicit_bzero(text.data, text.len);
    buf_deinit(&text);
    return rc;
}

int config_load_env(struct config *c, struct buf *err)
{
    for (unsigned i = 0; i < CONFIG_COUNT; i++) {
        enum config_id id = (enum config_id)i;
        char name[NAME_MAX_LEN];
        env_name(id, "", name);
        const char *text = getenv(name);
        if (text) {
            size_t mark = err->len;
            buf_printf(err, "%s: ", name);
            if (assign(c, id, str_of(text), FROM_ENVIRONMENT, err) != 0)
                return ERR_INVALID;
            err->len = mark;
        }
        if (rows[i].type == SECRET_TYPE && load_secret_file(c, id, err) != 0)
            return ERR_INVALID;
    }
    return 0;
}

/* ---- file ---- */

struct reading {
    struct config *c;
    struct buf *err;
    FILE *file;
    const char *path;
    unsigned line;
    bool failed;
    unsigned seen_at[CONFIG_COUNT]; /* line, 0: not yet */
};

static void put_place(struct reading *r)
{
    buf_printf(r->err, "%s:%u: ", r->path, r->line);
    r->failed = true;
}

/* fgets() that counts lines and refuses those that the library would cut in two. */
static char *read_line(char *out, int size, void *arg)
{
    struct reading *r = arg;
    if (r->failed || !fgets(out, size, r->file))
        return NULL;
    r->line++;
    if (!strchr(out, '\n') && !feof(r->file)) {
        put_place(r);
        buf_printf(r->err, "the line is longer than %d bytes", size - 2);
        return NULL;
    }
    return out;
}

static int on_pair(void *arg, const char *section, const char *name, const char *text)
{
    struct reading *r = arg;
    char key[NAME_MAX_LEN];
    enum config_id id;
    if (r->failed)
        return 0;
    snprintf(key, sizeof key, "%s%s%s", section, *section ? "." : "", name);
    if (!config_find(str_of(key), &id)) {
        put_place(r);
        put_unknown(r->err, str_of(key));
        return 0;
    }
    if (r->seen_at[id]) {
        /* inih also takes an indented line for a second value of the name above it. */
        put_place(r);
        buf_printf(r->err, "%s is set a second time (first in line %u)", key, r->seen_at[id]);
        return 0;
    }
    r->seen_at[id] = r->line;
    struct buf why;
    buf_init(&why);
    if (assign(r->c, id, str_of(text), FROM_FILE, &why) != 0) {
        put_place(r);
        buf_str(r->err, buf_as_str(&why));
    }
    buf_deinit(&why);
    return !r->failed;
}

int config_load_file(struct config *c, const char *path, struct buf *err)
{
    struct reading r = {.c = c, .err = err, .path = path, .file = fopen(path, "re")};
    if (!r.file) {
        buf_printf(err, "cannot read %s: %s", path, strerror(errno));
        return ERR_INVALID;
    }
    size_t mark = err->len;
    int rc = ini_parse_stream(read_line, &r, on_pair, &r);
    /* The library's own complaint has no text, and goes on to the next line: the first one counts.
     */
    if (rc != 0 && (!r.failed || rc < (int)r.line)) {
        err->len = mark;
        buf_printf(err, "%s:%d: neither [section] nor name = value", path, rc > 0 ? rc : 0);
    }
    if (ferror(r.file) && !r.failed && rc == 0) {
        buf_printf(err, "cannot read %s: %s", path, strerror(errno));
        rc = ERR_INVALID;
    }
    fclose(r.file);
    return rc != 0 || r.failed ? ERR_INVALID : 0;
}

/* ---- reading ---- */

const char *config_str(const struct config *c, enum config_id id)
{
    return c->values[id].text;
}

int64_t config_int(const struct config *c, enum config_id id)
{
    return c->values[id].number;
}

bool config_bool(const struct config *c, enum config_id id)
{
    return c->values[id].number != 0;
}

uint64_t config_ms(const struct config *c, enum config_id id)
{
    return (uint64_t)c->values[id].number;
}

const char *config_origin(const struct config *c, enum config_id id)
{
    static const char *const names[] = {[FROM_DEFAULT] = "default",
                                        [FROM_FILE] = "file",
                                        [FROM_ENVIRONMENT] = "environment",
                                        [FROM_FLAG] = "flag"};
    return names[c->values[id].origin];
}

/* A URL's password is a secret, too. */
static void put_masked(struct buf *out, enum config_id id, struct str text)
{
    if (rows[id].type == SECRET_TYPE) {
        buf_z(out, text.n ? "********" : "");
        return;
    }
    const char *scheme = text.n ? memmem(text.p, text.n, "://", 3) : NULL;
    const char *at = text.n ? memrchr(text.p, '@', text.n) : NULL;
    if (!scheme || !at || at < scheme) {
        buf_str(out, text);
        return;
    }
    const char *user = scheme + 3;
    const char *colon = memchr(user, ':', (size_t)(at - user));
    if (!colon) {
        buf_str(out, text);
        return;
    }
    buf_put(out, text.p, (size_t)(colon + 1 - text.p));
    buf_z(out, "********");
    buf_put(out, at, text.n - (size_t)(at - text.p));
}

void config_print(const struct config *c, struct buf *out)
{
    struct str section = STR_NULL;
    for (unsigned i = 0; i < CONFIG_COUNT; i++) {
        const char *key = rows[i].key, *dot = strrchr(key, '.');
        struct str mine = str_n(key, dot ? (size_t)(dot - key) : 0);
        if (!str_eq(mine, section)) {
            buf_printf(out, "%s[%.*s]\n", i ? "\n" : "", STR_FMT(mine));
            section = mine;
        }
        size_t start = out->len;
        buf_printf(out, "%s = ", dot ? dot + 1 : key);
        put_masked(out, (enum config_id)i, str_of(c->values[i].text));
        size_t used = out->len - start;
        buf_printf(out, "%*s; %s\n", used < 40 ? (int)(40 - used) : 1, "",
                   config_origin(c, (enum config_id)i));
    }
}
