/* up_processes.c: steps "shards" and "gateway": real processes, ready when their /readyz says so.
 */
#include "deploy/ctl/up.h"

#include "base/slot.h"
#include "deploy/ctl/http_get.h"
#include "deploy/ctl/port.h"
#include "deploy/ctl/screen.h"
#include "deploy/ctl/term.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/wait.h>

enum {
    READY_MS = 60000,
    READY_TRY_MS = 1000,
    TURN_MS = 10,
    SHOW_MS = 200,
    SETTLE_MS = 5000,
    FIX_OFFSET = 10000,
    FIX_MOST = 50000
};

/* ---- ports, before anything runs */

int up_programs(struct up *u)
{
    static const char *const names[2] = {"verona-shard", "verona-gateway"};
    for (int i = 0; i < 2; i++) {
        if (proc_find(names[i], true, u->program[i], sizeof u->program[i]))
            continue;
        struct buf why;
        buf_init(&why);
        buf_printf(&why, "the program %s is neither beside this one nor in PATH", names[i]);
        int rc = up_failed(i ? "gateway" : "shards", CTL_FAILED,
                           "build all of Verona, and keep its three programs in one folder", &why);
        buf_deinit(&why);
        return rc;
    }
    return CTL_OK;
}

static int check_port(struct up *u, const char *step, const char *address, uint16_t port)
{
    struct buf why;
    bool in_use;
    char data[PATH_MAX + 16], fix[sizeof data + PATH_MAX + 64];
    unsigned offset = u->plan.port_offset;
    screen_data_option(&u->folder, data, sizeof data);
    buf_init(&why);
    bool free_port = port_is_free(address, port, &why, &in_use);
    snprintf(fix, sizeof fix, "%s up --port-offset %u%s", screen_program(),
             offset + FIX_OFFSET <= FIX_MOST ? offset + FIX_OFFSET : offset - FIX_OFFSET, data);
    int rc = free_port ? CTL_OK : up_failed(step, CTL_FAILED, in_use ? fix : NULL, &why);
    buf_deinit(&why);
    return rc;
}

int up_ports(struct up *u)
{
    for (unsigned i = plan_count(&u->plan); i-- > 0;) {
        struct plan_process p = plan_process(&u->plan, i);
        const char *step = p.is_gateway ? "gateway" : "shards";
        int rc = p.c2s_port ? check_port(u, step, u->plan.bind, p.c2s_port) : CTL_OK;
        if (!rc && p.ws_port)
            rc = check_port(u, step, u->plan.bind, p.ws_port);
        if (!rc)
            rc = check_port(u, step, "127.0.0.1", p.admin_port);
        if (rc)
            return rc;
    }
    return CTL_OK;
}

/* ---- starting and waiting */

static int start_one(struct up *u, unsigned i, const char *step, struct buf *err)
{
    struct plan_process p = plan_process(&u->plan, i);
    struct sup_child *c = sup_add(&u->sup, p.is_gateway ? SUP_GATEWAY : SUP_SHARD, p.id,
                                  PLAN_ARGS + 2 * u->plan.n_sets);
    c->c2s_port = p.c2s_port;
    c->ws_port = p.ws_port;
    c->admin_port = p.admin_port;
    plan_argv(&u->plan, i, u->redis_url, u->folder.sockets, &c->text, c->argv);
    memcpy(c->path, u->program[p.is_gateway], sizeof c->path);
    return sup_start(&u->sup, c, err) ? up_failed(step, CTL_FAILED, NULL, err) : CTL_OK;
}

static int start_all(struct up *u)
{
    struct buf err;
    int rc = CTL_OK;
    buf_init(&err);
    snprintf(u->sup.state.domain, sizeof u->sup.state.domain, "%s", u->plan.domain);
    snprintf(u->sup.state.muc_domain, sizeof u->sup.state.muc_domain, "%s", u->plan.muc_domain);
    for (unsigned i = 0; i < plan_count(&u->plan) && !rc; i++)
        rc = start_one(u, i, i < u->plan.shards ? "shards" : "gateway", &err);
    buf_deinit(&err);
    return rc;
}

static bool is_ready(const struct sup_child *c, struct buf *reasons)
{
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%u", c->admin_port);
    buf_reset(reasons);
    return http_get(address, "/readyz", READY_TRY_MS, reasons) == 200;
}

static int not_ready(struct up *u, const struct sup_child *c, const struct buf *reasons)
{
    static const char *const steps[] = {"redis", "shards", "gateway"};
    struct buf why;
    char fix[PATH_MAX + 128];
    buf_init(&why);
    buf_printf(&why, "%s ", c->id);
    if (c->running) {
        buf_printf(&why, "is not ready after %d s", READY_MS / 1000);
        for (size_t i = 0; i < reasons->len; i++)
            if (reasons->data[i] == '\n')
                buf_z(&why, i + 1 < reasons->len ? ", " : "");
            else
                buf_printf(&why, "%s%c", i ? "" : ": ", reasons->data[i]);
    } else {
        sup_describe_end(c, &why);
    }
    if (!c->running && WIFEXITED(c->status) && WEXITSTATUS(c->status) == CTL_CONFIG)
        snprintf(fix, sizeof fix, "correct the setting named below");
    else
        snprintf(fix, sizeof fix, "see all of %s/log/%s.log", u->folder.dir, c->id);
    int rc = up_failed(steps[c->role], CTL_FAILED, fix, &why);
    folder_print_log_tail(&u->folder, c->id, c->log_from, 6);
    buf_deinit(&why);
    return rc;
}

/* Any child that ended is the reason why none gets ready. */
static const struct sup_child *find_ended(const struct up *u)
{
    for (size_t i = 0; i < u->sup.n; i++)
        if (!u->sup.children[i].running)
            return &u->sup.children[i];
    return NULL;
}

/* As the shards themselves say. */
static unsigned slots_owned(struct up *u)
{
    struct buf body;
    unsigned owned = 0;
    buf_init(&body);
    for (size_t i = 0; i < u->sup.n; i++) {
        const struct sup_child *c = &u->sup.children[i];
        char address[32];
        if (c->role != SUP_SHARD)
            continue;
        snprintf(address, sizeof address, "127.0.0.1:%u", c->admin_port);
        buf_reset(&body);
        if (http_get(address, "/status", READY_TRY_MS, &body) == 200) {
            json_t *status = json_loadb(body.data, body.len, 0, NULL);
            owned += (unsigned)json_integer_value(json_object_get(status, "slots"));
            json_decref(status);
        }
    }
    buf_deinit(&body);
    return owned;
}

/* On a terminal, a few times a second. */
static void show_slots(struct up *u, uint64_t *shown)
{
    char text[128], bar[96];
    uint64_t now = ctl_now_ms();
    if (!term_live() || now - *shown < SHOW_MS)
        return;
    *shown = now;
    unsigned slots = slots_owned(u);
    term_bar(slots, SLOT_COUNT, bar, sizeof bar);
    snprintf(text, sizeof text, "%u/%u slots owned   %s", slots, SLOT_COUNT, bar);
    term_waiting("shards", text);
}

static int wait_role(struct up *u, enum sup_role role)
{
    uint64_t start = ctl_now_ms(), shown = start;
    struct buf reasons;
    int rc = CTL_OK;
    buf_init(&reasons);
    for (size_t i = 0; i < u->sup.n && !rc;) {
        const struct sup_child *c = &u->sup.children[i], *dead = find_ended(u);
        if (up_stopped(u))
            rc = UP_INTERRUPTED;
        else if (dead)
            rc = not_ready(u, dead, &reasons);
        else if (c->role != role || is_ready(c, &reasons))
            i++;
        else if (ctl_now_ms() - start > READY_MS)
            rc = not_ready(u, c, &reasons);
        else
            sup_turn(&u->sup, TURN_MS);
        if (role == SUP_SHARD && !rc)
            show_slots(u, &shown);
    }
    buf_deinit(&reasons);
    return rc;
}

/* A slot that is being given to a newcomer may be counted twice, or not at all, for a moment. */
static unsigned settled_slots(struct up *u)
{
    uint64_t start = ctl_now_ms();
    unsigned slots = slots_owned(u);
    while (slots != SLOT_COUNT && !up_stopped(u) && ctl_now_ms() - start < SETTLE_MS) {
        sup_turn(&u->sup, SHOW_MS / 4);
        slots = slots_owned(u);
    }
    return slots;
}

int up_shards(struct up *u)
{
    char text[128], bar[96];
    uint64_t t = ctl_now_ms();
    int rc = start_all(u); /* gateways too: they wait for the shards as we do */
    snprintf(text, sizeof text, "waiting for %u", u->plan.shards);
    term_waiting("shards", text);
    if (!rc)
        rc = wait_role(u, SUP_SHARD);
    if (rc)
        return rc;
    unsigned slots = settled_slots(u);
    term_bar(slots, SLOT_COUNT, bar, sizeof bar);
    snprintf(text, sizeof text, "%u up, %u/%u slots owned%s%s", u->plan.shards, slots, SLOT_COUNT,
             bar[0] ? "   " : "", bar);
    term_step("shards", text, ctl_now_ms() - t);
    return CTL_OK;
}

int up_gateways(struct up *u)
{
    char text[256], ports[96];
    uint64_t t = ctl_now_ms();
    term_waiting("gateway", "waiting");
    int rc = wait_role(u, SUP_GATEWAY);
    if (rc)
        return rc;
    screen_ports(&u->plan, term_fancy() ? " · " : ", ", ports, sizeof ports);
    snprintf(text, sizeof text, "%u up: %s STARTTLS", u->plan.gateways, ports);
    term_step("gateway", text, ctl_now_ms() - t);
    return CTL_OK;
}
