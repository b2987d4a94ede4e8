/* redis_command.c: a command from its making to its one end: its bytes, its place in the queues,
 * its deadline. */
#include "rt/redis_priv.h"

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "rt/metrics.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_DEADLINE_MS = 5000 };

static void set_name(struct command *c, struct str name)
{
    size_t n = name.n < sizeof c->name ? name.n : sizeof c->name - 1;
    for (size_t i = 0; i < n; i++)
        c->name[i] = (char)toupper((unsigned char)name.p[i]);
    c->name[n] = '\0';
}

static size_t encoded_size(uint32_t argc, const struct str *argv)
{
    size_t n = 16;
    for (uint32_t i = 0; i < argc; i++)
        n += 26 + argv[i].n; /* '$', 20 digits at most, two line ends */
    return n;
}

struct command *redis_command_new(uint32_t argc, const struct str *argv)
{
    struct command *c = mem_alloc(sizeof *c + encoded_size(argc, argv));
    c->n = (size_t)sprintf(c->bytes, "*%u\r\n", (unsigned)argc);
    for (uint32_t i = 0; i < argc; i++) {
        c->n += (size_t)sprintf(c->bytes + c->n, "$%zu\r\n", argv[i].n);
        if (argv[i].n)
            memcpy(c->bytes + c->n, argv[i].p, argv[i].n);
        c->n += argv[i].n;
        memcpy(c->bytes + c->n, "\r\n", 2);
        c->n += 2;
    }
    set_name(c, argv[0]);
    return c;
}

static void count_error(const char *text)
{
    static const struct {
        const char *prefix, *kind;
    } kinds[] = {
        {"MISCONF ", "misconf"},       {"OOM ", "oom"},         {"READONLY ", "readonly"},
        {"NOREPLICAS ", "noreplicas"}, {"LOADING ", "loading"}, {"BUSY ", "busy"},
    };
    const char *kind = "other";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            kind = kinds[i].kind;
    metric_add_l(METRIC_REDIS_ERRORS_TOTAL, kind, NULL, 1);
}

void redis_finish(struct redis *r, struct command *c, const redisReply *reply, int err)
{
    list_remove(&c->link);
    list_remove(&c->in_deadline);
    r->queued_bytes -= c->n;
    if (c->sent) {
        r->n_inflight--;
        metric_gauge_add(METRIC_REDIS_INFLIGHT_COMMANDS, -1);
    }
    bool is_error = reply && reply->type == REDIS_REPLY_ERROR;
    metric_add_l(METRIC_REDIS_COMMANDS_TOTAL, c->name,
                 !reply     ? "lost"
                 : is_error ? "error"
                            : "ok",
                 1);
    if (reply)
        metric_observe_l(METRIC_REDIS_COMMAND_DURATION_SECONDS, c->name, NULL,
                         (double)(loop_clock_ns() - c->started_ns) / 1e9);
    if (is_error)
        count_error(reply->str);
    redis_fn *fn = c->fn;
    void *ctx = c->ctx;
    mem_free(c);
    if (fn)
        fn(ctx, reply, err);
}

struct command *redis_first(struct list *queue)
{
    return list_empty(queue) ? NULL : LIST_ENTRY(queue->next, struct command, link);
}

void redis_fail_all(struct redis *r, struct list *queue, int err)
{
    for (struct command *c; (c = redis_first(queue));)
        redis_finish(r, c, NULL, err);
}

/* ---- deadlines ---- */

static void on_deadline(void *ctx)
{
    struct redis *r = ctx;
    uint64_t now = loop_now_ms(r->loop);
    while (!r->dead && !list_empty(&r->by_deadline)) {
        struct command *c = LIST_ENTRY(r->by_deadline.next, struct command, in_deadline);
        if (c->deadline_ms > now)
            break;
        /* A reply that still came would be taken for the next command's: the connection has to go,
         * and everything that is under way with it. */
        if (c->sent) {
            redis_lose(r, "timeout");
            continue;
        }
        if (r->head_sent > 0 && c == redis_first(&r->waiting)) { /* its half cannot be taken back */
            redis_lose(r, "timeout");
            if (r->dead)
                return;
        }
        redis_finish(r, c, NULL, ERR_UNAVAILABLE);
    }
    if (!r->dead)
        redis_arm_deadline(r);
}

void redis_arm_deadline(struct redis *r)
{
    if (list_empty(&r->by_deadline)) {
        loop_timer_stop(&r->deadline);
        return;
    }
    struct command *c = LIST_ENTRY(r->by_deadline.next, struct command, in_deadline);
    uint64_t now = loop_now_ms(r->loop);
    uint64_t after = c->deadline_ms > now ? c->deadline_ms - now : 0;
    if (loop_timer_armed(&r->deadline) && r->deadline.due_ms <= c->deadline_ms)
        return; /* early is harmless: it looks again. Re-arming for each command is not needed. */
    loop_timer_start(r->loop, &r->deadline, after, 0, on_deadline, r);
}

/* Mostly all have the same time limit: the place is the end. */
static void insert_by_deadline(struct redis *r, struct command *c)
{
    struct list *after = r->by_deadline.prev;
    while (after != &r->by_deadline &&
           LIST_ENTRY(after, struct command, in_deadline)->deadline_ms > c->deadline_ms)
        after = after->prev;
    list_insert_before(after->next, &c->in_deadline);
}

void redis_command(struct redis *r, uint32_t argc, const struct str *argv, uint32_t deadline_ms,
                   redis_fn *fn, void *ctx)
{
    assert(argc > 0);
    struct command *c = redis_command_new(argc, argv);
    uint64_t now = loop_now_ms(r->loop);
    c->deadline_ms = now + (deadline_ms ? deadline_ms : DEFAULT_DEADLINE_MS);
    if (r->state != UP && r->queued_bytes > LIMIT_SHARD_QUEUE)
        c->deadline_ms = now; /* too much is waiting for Redis to come back: refuse at once */
    c->started_ns = loop_clock_ns();
    c->sent = false;
    c->fn = fn;
    c->ctx = ctx;
    list_push_back(&r->waiting, &c->link);
    insert_by_deadline(r, c);
    r->queued_bytes += c->n;
    if (r->dead)
        return; /* redis_destroy() is on the stack and answers it */
    redis_arm_deadline(r);
    if (r->state == UP)
        loop_defer(r->loop, &r->flush, LOOP_PRIO_SEND, redis_flush, r);
}
