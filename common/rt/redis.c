/* redis.c: one connection to Redis: commands out, replies in, and what becomes of them when it does
 * not live up to that. A command's own life is redis_command.c.
 *
 *   redis_command -> [ waiting ] -> socket -> [ inflight ] -> reply -> callback
 *                        |  never fully written: ERR_UNAVAILABLE   |  lost: ERR_UNKNOWN
 *
 *   IDLE --retry timer--> DIALING --connected--> GREETING --AUTH, SELECT, PING ok--> UP
 *    ^                       |                       |                               |
 *    +-----------------------+----- redis_lose() -----+-------------------------------+
 *
 * A command counts as sent when its last byte was handed to the kernel: before that Redis cannot
 * have run it. Callbacks may issue commands and may destroy the connection; its memory stays until
 * the end of the turn, and `dead` is tested after each of them. */
#include "rt/redis_priv.h"

#include "base/err.h"
#include "base/mem.h"
#include "rt/log.h"
#include "rt/metrics.h"
#include "rt/redis_dial.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    CONNECT_MS = 2000, /* for the way from DIALING to UP */
    RETRY_MIN_MS = 50,
    RETRY_MAX_MS = 1000,
    IOV_PER_WRITE = 64,
    READ_CHUNK = 64 * 1024,
    READS_PER_CALL = 16, /* then the other descriptors of the loop have their turn */
};

static void start_dial(void *ctx);

/* ---- writing ---- */

static void watch(struct redis *r)
{
    bool more = r->state == GREETING ? r->greeting_sent < r->greeting.len
                                     : r->state == UP && !list_empty(&r->waiting);
    if (r->poll)
        loop_poll_set(r->poll, LOOP_READ | (more ? LOOP_WRITE : 0));
}

/* Moves what the kernel took to inflight. */
static void account_sent(struct redis *r, size_t n)
{
    while (n) {
        struct command *c = redis_first(&r->waiting);
        size_t rest = c->n - r->head_sent;
        if (n < rest) {
            r->head_sent += n;
            return;
        }
        n -= rest;
        r->head_sent = 0;
        list_remove(&c->link);
        list_push_back(&r->inflight, &c->link);
        c->sent = true;
        r->n_inflight++;
        metric_gauge_add(METRIC_REDIS_INFLIGHT_COMMANDS, 1);
    }
}

static unsigned gather(struct redis *r, struct iovec iov[IOV_PER_WRITE], size_t *total)
{
    unsigned n = 0;
    *total = 0;
    LIST_FOREACH(it, &r->waiting)
    {
        struct command *c = LIST_ENTRY(it, struct command, link);
        size_t skip = n ? 0 : r->head_sent;
        iov[n++] = (struct iovec){c->bytes + skip, c->n - skip};
        *total += c->n - skip;
        if (n == IOV_PER_WRITE)
            break;
    }
    return n;
}

static void write_greeting(struct redis *r)
{
    struct buf *g = &r->greeting;
    ssize_t n = send(r->fd, g->data + r->greeting_sent, g->len - r->greeting_sent, MSG_NOSIGNAL);
    if (n > 0)
        r->greeting_sent += (size_t)n;
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        redis_lose(r, "closed");
    else
        watch(r);
}

static void write_commands(struct redis *r)
{
    while (!list_empty(&r->waiting)) {
        struct iovec iov[IOV_PER_WRITE];
        size_t total;
        struct msghdr msg = {.msg_iov = iov, .msg_iovlen = gather(r, iov, &total)};
        ssize_t n = sendmsg(r->fd, &msg, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            redis_lose(r, "closed");
            return;
        }
        if (n > 0)
            account_sent(r, (size_t)n);
        if (n < (ssize_t)total)
            break;
    }
    watch(r);
}

void redis_flush(void *ctx)
{
    struct redis *r = ctx;
    if (r->state == UP)
        write_commands(r);
}

/* ---- the first words on a connection ---- */

static void greet_with(struct redis *r, uint32_t argc, const struct str *argv)
{
    struct command *c = redis_command_new(argc, argv);
    buf_put(&r->greeting, c->bytes, c->n);
    explicit_bzero(c->bytes, c->n); /* it may be the password */
    mem_free(c);
    r->greeting_replies++;
}

static void forget_greeting(struct redis *r)
{
    if (r->greeting.data)
        explicit_bzero(r->greeting.data, r->greeting.len);
    buf_deinit(&r->greeting);
    r->greeting_sent = 0;
    r->greeting_replies = r->greeting_auth = 0;
}

static void greet(struct redis *r)
{
    forget_greeting(r);
    const char *password = r->password_set ? r->password : r->url.password;
    if (password) {
        const struct str auth[] = {STR("AUTH"), str_of(r->url.user), str_of(password)};
        const struct str auth_default[] = {STR("AUTH"), str_of(password)};
        if (r->url.user)
            greet_with(r, 3, auth);
        else
            greet_with(r, 2, auth_default);
        r->greeting_auth = 1;
    }
    if (r->url.db) {
        char db[12];
        snprintf(db, sizeof db, "%u", (unsigned)r->url.db);
        const struct str select[] = {STR("SELECT"), str_of(db)};
        greet_with(r, 2, select);
    }
    /* Last, so that its reply means all was well; it also tells whether the data set is loaded. */
    const struct str ping[] = {STR("PING")};
    greet_with(r, 1, ping);
    write_greeting(r);
}

static bool is_error(const redisReply *reply, const char *prefix)
{
    return reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, prefix, strlen(prefix)) == 0;
}

static void set_gauges(bool up)
{
    metric_set(METRIC_REDIS_STATE, up);
    metric_gauge_add_l(METRIC_REDIS_CONNECTED, "command", NULL, up ? 1 : -1);
}

static void come_up(struct redis *r)
{
    loop_timer_stop(&r->connect_limit);
    forget_greeting(r);
    r->state = UP;
    if (r->failures || r->last_why)
        log_info("redis_up", KV_U("down_ms", loop_now_ms(r->loop) - r->down_since_ms));
    r->failures = 0;
    r->last_why = NULL;
    set_gauges(true);
    if (!list_empty(&r->waiting))
        loop_defer(r->loop, &r->flush, LOOP_PRIO_SEND, redis_flush, r);
    if (r->state_fn)
        r->state_fn(r->state_ctx, true);
}

static void on_greeting_reply(struct redis *r, const redisReply *reply)
{
    bool failed = reply->type == REDIS_REPLY_ERROR;
    bool auth = r->greeting_auth > 0, last = r->greeting_replies == 1;
    if (auth)
        r->greeting_auth = 0;
    r->greeting_replies--;
    if (is_error(reply, "LOADING"))
        redis_lose(r, "loading");
    else if (is_error(reply, "NOAUTH") || is_error(reply, "NOPERM") || (failed && auth))
        redis_lose(r, "auth");
    else if (failed && !last)
        redis_lose(r, "other"); /* no such database */
    else if (last)
        come_up(r); /* -MISCONF, -BUSY and the like are told to the commands that meet them */
}

/* ---- reading ---- */

static void on_reply(struct redis *r, const redisReply *reply)
{
    if (r->state == GREETING) {
        on_greeting_reply(r, reply);
        return;
    }
    struct command *c = redis_first(&r->inflight);
    if (!c)
        redis_lose(r, "protocol"); /* nobody asked */
    else
        redis_finish(r, c, reply, 0);
}

/* Hands out whole replies; false when the connection is not the same any more. */
static bool take_replies(struct redis *r)
{
    redisReader *reader = r->reader;
    for (;;) {
        void *reply = NULL;
        if (redisReaderGetReply(reader, &reply) != REDIS_OK) {
            redis_lose(r, "protocol");
            return false;
        }
        if (!reply)
            return true;
        on_reply(r, reply);
        freeReplyObject(reply);
        if (r->dead || r->reader != reader)
            return false;
    }
}

static void on_readable(struct redis *r)
{
    static char chunk[READ_CHUNK];
    for (int i = 0; i < READS_PER_CALL; i++) {
        ssize_t n = recv(r->fd, chunk, sizeof chunk, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            redis_lose(r, "closed");
            return;
        }
        if (redisReaderFeed(r->reader, chunk, (size_t)n) != REDIS_OK) {
            redis_lose(r, "protocol");
            return;
        }
        if (!take_replies(r) || n < (ssize_t)sizeof chunk)
            return;
    }
}

static void on_ready(void *ctx, int events)
{
    struct redis *r = ctx;
    struct loop_poll *poll = r->poll;
    if (events == 0) {
        on_readable(r); /* replies that came before the error count */
        if (!r->dead && r->poll == poll)
            redis_lose(r, "closed");
        return;
    }
    if (events & LOOP_WRITE) {
        if (r->state == GREETING)
            write_greeting(r);
        else
            write_commands(r);
    }
    /* Writing may have lost this connection and, through a callback, the object. */
    if ((events & LOOP_READ) && !r->dead && r->poll == poll)
        on_readable(r);
}

/* ---- connection ---- */

static void drop_connection(struct redis *r)
{
    redis_dial_cancel(&r->dial);
    loop_poll_close(&r->poll);
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
    if (r->reader)
        redisReaderFree(r->reader);
    r->reader = NULL;
    r->head_sent = 0; /* what was half written was not run, and is sent again from its start */
    forget_greeting(r);
    loop_timer_stop(&r->connect_limit);
    loop_timer_stop(&r->retry);
    r->state = IDLE;
}

/* 50 ms, 100, 200 ... 1 s, of which the upper half is random: many processes lose Redis at one
 * moment and should not come back at one. */
static uint64_t retry_after(const struct redis *r)
{
    uint64_t ms = RETRY_MIN_MS;
    for (unsigned i = 1; i < r->failures && ms < RETRY_MAX_MS; i++)
        ms *= 2;
    if (ms > RETRY_MAX_MS)
        ms = RETRY_MAX_MS;
    uint64_t jittered = ms / 2 + randombytes_uniform((uint32_t)(ms / 2 + 1));
    return jittered < RETRY_MIN_MS ? RETRY_MIN_MS : jittered;
}

void redis_lose(struct redis *r, const char *why)
{
    bool was_up = r->state == UP;
    drop_connection(r);
    r->failures++;
    metric_add_l(METRIC_REDIS_RECONNECTS_TOTAL, why, NULL, 1);
    if (was_up) {
        r->down_since_ms = loop_now_ms(r->loop);
        set_gauges(false);
    }
    if (!r->last_why || strcmp(why, r->last_why) != 0)
        log_warn("redis_down", KV_Z("why", why), KV_U("inflight", r->n_inflight));
    r->last_why = why;
    loop_timer_start(r->loop, &r->retry, retry_after(r), 0, start_dial, r);
    /* Commands issued by the callbacks go to `waiting`, so this list only shrinks. */
    if (was_up && r->state_fn)
        r->state_fn(r->state_ctx, false);
    redis_fail_all(r, &r->inflight, ERR_UNKNOWN);
    if (!r->dead)
        redis_arm_deadline(r);
}

static void on_connect_limit(void *ctx)
{
    redis_lose(ctx, "timeout");
}

static void on_dialed(void *ctx, int fd, const char *why)
{
    struct redis *r = ctx;
    r->dial = NULL;
    if (fd < 0) {
        redis_lose(r, why);
        return;
    }
    r->fd = fd;
    r->state = GREETING;
    r->reader = redisReaderCreate();
    assert(r->reader);
    r->poll = loop_poll_open(r->loop, fd, on_ready, r);
    greet(r);
}

static void start_dial(void *ctx)
{
    struct redis *r = ctx;
    r->state = DIALING;
    r->dial = redis_dial_new(r->loop, &r->url, on_dialed, r);
    loop_timer_start(r->loop, &r->connect_limit, CONNECT_MS, 0, on_connect_limit, r);
}

/* ---- life ---- */

struct redis *redis_new(struct loop *l, const char *url, redis_state_fn *state, void *ctx)
{
    struct redis_url parsed;
    if (redis_url_parse(str_of(url), &parsed) != 0)
        return NULL;
    struct redis *r = mem_zalloc(sizeof *r);
    r->loop = l;
    r->url = parsed;
    r->state_fn = state;
    r->state_ctx = ctx;
    r->fd = -1;
    r->down_since_ms = loop_now_ms(l);
    buf_init(&r->greeting);
    list_init(&r->waiting);
    list_init(&r->inflight);
    list_init(&r->by_deadline);
    start_dial(r);
    return r;
}

void redis_set_password(struct redis *r, const char *password)
{
    mem_free(r->password);
    r->password = password && *password ? mem_dup(password, strlen(password)) : NULL;
    r->password_set = true;
}

static void free_redis(void *ctx)
{
    struct redis *r = ctx;
    redis_url_deinit(&r->url);
    mem_free(r->password);
    mem_free(r);
}

void redis_destroy(struct redis **r_p)
{
    struct redis *r = *r_p;
    *r_p = NULL;
    if (!r || r->dead)
        return;
    bool was_up = r->state == UP;
    r->dead = true;
    drop_connection(r);
    if (was_up)
        set_gauges(false);
    loop_timer_stop(&r->deadline);
    loop_cancel(&r->flush);
    redis_fail_all(r, &r->inflight, ERR_UNKNOWN);
    redis_fail_all(r, &r->waiting, ERR_UNAVAILABLE);
    /* A function of ours may be on the stack: it looks at `dead` when it comes back. */
    loop_defer(r->loop, &r->end, LOOP_PRIO_CLEAN, free_redis, r);
}

bool redis_up(const struct redis *r)
{
    return r->state == UP;
}

size_t redis_queued_bytes(const struct redis *r)
{
    return r->queued_bytes;
}

uint32_t redis_inflight(const struct redis *r)
{
    return r->n_inflight;
}

/* ---- replies ---- */

struct str redis_str(const redisReply *reply)
{
    if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS &&
                   reply->type != REDIS_REPLY_ERROR))
        return STR_NULL;
    return str_n(reply->str, (size_t)reply->len);
}

int64_t redis_int(const redisReply *reply, int64_t none)
{
    if (!reply)
        return none;
    if (reply->type == REDIS_REPLY_INTEGER)
        return reply->integer;
    if (reply->type != REDIS_REPLY_STRING || reply->len == 0 || reply->len > 20)
        return none;
    char *end;
    errno = 0;
    long long v = strtoll(reply->str, &end, 10);
    bool digits = isdigit((unsigned char)reply->str[0]) || reply->str[0] == '-';
    return errno == 0 && digits && end == reply->str + reply->len ? v : none;
}
