/* cmd_user.c: `verona user ...`: accounts of the standalone mode. */
#include "deploy/ctl/commands.h"

#include "base/err.h"
#include "base/jid.h"
#include "deploy/ctl/account.h"
#include "deploy/ctl/find.h"
#include "deploy/ctl/prep.h"
#include "deploy/ctl/secret.h"
#include "deploy/ctl/term.h"
#include "rt/config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int prepare(const char *raw, bool new_account, struct buf *jid)
{
    if (!prep_bare_jid(str_of(raw), new_account, jid))
        return CTL_OK;
    return ctl_fail(CTL_USAGE, "it looks like alice@localhost",
                    "\"%s\" is not the JID of an account", raw);
}

/* An account of another domain than the cluster's can never log in. */
static void warn_domain(const struct ctl *c, const struct found *f, struct str jid)
{
    const char *domain = config_str(c->cfg, CFG_DOMAIN);
    bool known = strcmp(config_origin(c->cfg, CFG_DOMAIN), "default") != 0;
    if (f->has_state) {
        domain = f->state.domain;
        known = true;
    }
    if (known && !str_is(jid_domain(jid), domain))
        ctl_note(c, "note:  users of this cluster are @%s; this account cannot log in", domain);
}

static int explain(int rc, const struct buf *err, const char *hint)
{
    int code = rc == ERR_CONFLICT   ? CTL_CONFLICT
               : rc == ERR_NOTFOUND ? CTL_NOTFOUND
               : rc == ERR_INVALID  ? CTL_USAGE
                                    : CTL_UNREACHABLE;
    return ctl_fail(code, hint, "%.*s", (int)err->len, err->data);
}

typedef int set_fn(struct rds *r, struct str jid, struct str password, uint32_t iterations,
                   struct buf *err);

/* Adding and changing are the same but for one call. */
static int set_password(struct ctl *c, const char *raw, bool adding, set_fn *set, const char *done,
                        const char *hint)
{
    char made[ACCOUNT_PASSWORD_LEN + 1] = "";
    struct buf jid, password, err;
    struct found f;
    struct rds *r = NULL;
    buf_init(&jid);
    buf_init(&password);
    buf_init(&err);
    int rc = prepare(raw, adding, &jid);
    if (!rc)
        rc = find_redis(c, &f, &r);
    if (rc)
        goto out;
    rc = account_check(r, buf_as_str(&jid), !adding, &err); /* before anybody types a password */
    if (rc) {
        rc = explain(rc, &err, rc == ERR_CONFLICT || rc == ERR_NOTFOUND ? hint : NULL);
        goto out_found;
    }
    rc = secret_get(c, &password);
    if (rc)
        goto out_found;
    if (!password.len) {
        account_make_password(made);
        buf_z(&password, made);
    }
    rc = set(r, buf_as_str(&jid), buf_as_str(&password),
             (uint32_t)config_int(c->cfg, CFG_AUTH_ITERATIONS), &err);
    if (rc) {
        rc = explain(rc, &err, rc == ERR_CONFLICT || rc == ERR_NOTFOUND ? hint : NULL);
    } else {
        warn_domain(c, &f, buf_as_str(&jid));
        ctl_note(c, "%s %.*s", done, (int)jid.len, jid.data);
        if (made[0])
            printf("%s\n", made);
    }
out_found:
    rds_close(&r);
    found_deinit(&f);
out:
    buf_deinit(&jid);
    secret_wipe(&password);
    buf_deinit(&err);
    return rc;
}

int cmd_user_add(struct ctl *c, int argc, char **argv)
{
    (void)argc;
    return set_password(c, argv[0], true, account_add, "Added",
                        "verona user passwd JID changes it");
}

int cmd_user_passwd(struct ctl *c, int argc, char **argv)
{
    (void)argc;
    return set_password(c, argv[0], false, account_passwd, "New password for", "verona user list");
}

/* "yes" on a terminal, --yes without one. An exit code. */
static int confirm(const struct ctl *c, struct str jid)
{
    char answer[16] = "";
    if (c->o.yes)
        return CTL_OK;
    if (!isatty(STDIN_FILENO))
        return ctl_fail(CTL_USAGE, "--yes", "removing %.*s wants to be confirmed", STR_FMT(jid));
    fprintf(stderr, "Remove %.*s for good? (yes/no) ", STR_FMT(jid));
    if (fgets(answer, sizeof answer, stdin) && (!strcmp(answer, "yes\n") || !strcmp(answer, "y\n")))
        return CTL_OK;
    return ctl_fail(CTL_FAILED, NULL, "nothing was removed");
}

int cmd_user_del(struct ctl *c, int argc, char **argv)
{
    struct buf jid, err;
    struct found f;
    struct rds *r = NULL;
    (void)argc;
    buf_init(&jid);
    buf_init(&err);
    int rc = prepare(argv[0], false, &jid);
    if (!rc)
        rc = confirm(c, buf_as_str(&jid));
    if (!rc)
        rc = find_redis(c, &f, &r);
    if (!rc) {
        rc = account_del(r, buf_as_str(&jid), &err);
        if (rc)
            rc = explain(rc, &err, "verona user list");
        else
            ctl_note(c, "Removed %.*s", (int)jid.len, jid.data);
        rds_close(&r);
        found_deinit(&f);
    }
    buf_deinit(&jid);
    buf_deinit(&err);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const redisReply *x = *(redisReply *const *)a, *y = *(redisReply *const *)b;
    size_t n = (size_t)(x->len < y->len ? x->len : y->len);
    int d = memcmp(x->str, y->str, n);
    return d ? d : (x->len > y->len) - (x->len < y->len);
}

static void print_users(const struct ctl *c, const redisReply *reply)
{
    json_t *list = json_array();
    struct term_table t;
    term_table_init(&t, 1);
    term_cell(&t, STR("ACCOUNT"));
    for (size_t i = 0; i < reply->elements; i++) {
        struct str jid = rds_at(reply, i);
        if (c->o.match && (!jid.n || !memmem(jid.p, jid.n, c->o.match, strlen(c->o.match))))
            continue;
        term_cell(&t, jid);
        json_array_append_new(list, json_stringn(jid.p, jid.n));
    }
    if (c->o.json) {
        ctl_print_json(list);
    } else {
        json_decref(list);
        term_table_print(&t, c->o.plain);
    }
    term_table_deinit(&t);
}

int cmd_user_list(struct ctl *c, int argc, char **argv)
{
    struct found f;
    struct rds *r = NULL;
    (void)argc;
    (void)argv;
    int rc = find_redis(c, &f, &r);
    if (rc)
        return rc;
    redisReply *reply = RDS(r, STR("SMEMBERS"), STR("verona:users"));
    if (!reply || reply->type != REDIS_REPLY_ARRAY) {
        rc = ctl_fail(CTL_UNREACHABLE, NULL, "Redis did not answer: %s",
                      reply ? reply->str : rds_error(r));
    } else {
        qsort(reply->element, reply->elements, sizeof *reply->element, by_name);
        print_users(c, reply);
    }
    freeReplyObject(reply);
    rds_close(&r);
    found_deinit(&f);
    return rc;
}
