/* log.c: where log lines go: stderr, or a ring while stderr is full, or nowhere (and are counted).
 *
 *   log_write -> line -> [ ring ] -> stderr
 *
 * A stalled reader of our stderr must not stall rooms. stderr is shared with whoever started us, so
 * it is not set to O_NONBLOCK: that would be theirs too. Instead poll(2) is asked first; a pipe
 * that is writable then takes PIPE_BUF bytes without blocking, and lines are written one at a time
 * and kept below that. */
#include "rt/log.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "rt/log_format.h"
#include "rt/loop.h"
#include "rt/metrics.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RING_BYTES = 256 * 1024,
    LINE_BYTES = PIPE_BUF - 1,
    RETRY_MS = 50,
    FLUSH_MS = 200,
};

static struct {
    enum log_level min;
    enum log_style style;
    bool journal; /* "<N>" in front of each line, for systemd */
    bool pii_full;
    bool at_exit_set, key_set;
    uint8_t jid_key[16];
    char *role, *node;
    struct log_field process[3];
    struct buf line;
    struct buf ring; /* lines that stderr did not take, oldest first */
    struct loop *loop;
    struct loop_timer retry;
} logger = {.min = LOG_INFO};

/* ---- set-up ---- */

/* systemd tells us which descriptor is connected to the journal: "device:inode". */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDERR_FILENO) && !(no_colour && *no_colour) && !(term && !strcmp(term, "dumb"));
}

static enum log_style style_of(const char *format)
{
    if (strcmp(format, "json") == 0)
        return LOG_STYLE_JSON;
    bool pretty =
        strcmp(format, "pretty") == 0 || (strcmp(format, "auto") == 0 && isatty(STDERR_FILENO));
    if (!pretty)
        return LOG_STYLE_LOGFMT;
    return wants_colour() ? LOG_STYLE_COLOUR : LOG_STYLE_PRETTY;
}

static char *replace(char *old, const char *z)
{
    mem_free(old);
    return z && *z ? mem_dup(z, strlen(z)) : NULL;
}

static void flush_at_exit(void);

void log_setup(enum log_level min, const char *format, const char *role, const char *id)
{
    logger.min = min;
    logger.style = style_of(format ? format : "auto");
    logger.journal = is_journal();
    logger.role = replace(logger.role, role);
    logger.node = replace(logger.node, id);
    unsigned n = 0;
    if (logger.role)
        logger.process[n++] = (struct log_field){"role", str_of(logger.role)};
    if (logger.node)
        logger.process[n++] = (struct log_field){"node", str_of(logger.node)};
    logger.process[n] = (struct log_field){NULL, STR_NULL};
    if (!logger.at_exit_set)
        atexit(flush_at_exit);
    logger.at_exit_set = true;
}

void log_set_level(enum log_level min)
{
    logger.min = min;
}

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

bool log_level_parse(const char *text, enum log_level *level)
{
    for (unsigned i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_set_pii(bool full)
{
    logger.pii_full = full;
}

void log_set_jid_key(const uint8_t key[16])
{
    memcpy(logger.jid_key, key, sizeof logger.jid_key);
    logger.key_set = true;
}

/* ---- writing ---- */

/* How many bytes went out. A broken stderr swallows them all: there is no better place to complain.
 */
static size_t write_some(const char *p, size_t n, int wait_ms)
{
    struct pollfd pfd = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&pfd, 1, wait_ms) == 0)
        return 0;
    for (size_t gone = 0;;) {
        ssize_t done = send(STDERR_FILENO, p + gone, n - gone, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (done < 0 && errno == ENOTSOCK)
            done = write(STDERR_FILENO, p + gone, n - gone);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return gone;
        if (done < 0) {
            metric_add(METRIC_LOG_MESSAGES_DROPPED_TOTAL, 1);
            return n;
        }
        gone += (size_t)done;
        if (gone == n)
            return n;
    }
}

static void write_ring(int wait_ms)
{
    size_t done = 0;
    while (done < logger.ring.len) {
        const char *start = logger.ring.data + done;
        const char *end = memchr(start, '\n', logger.ring.len - done);
        size_t n = (size_t)(end - start) + 1;
        size_t gone = write_some(start, n, wait_ms);
        done += gone;
        if (gone < n)
            break;
    }
    buf_consume(&logger.ring, done);
}

static void on_retry(void *ctx)
{
    (void)ctx;
    write_ring(0);
    if (logger.ring.len == 0)
        loop_timer_stop(&logger.retry);
}

/* The rest of a line that has begun is kept in any case, so that lines stay whole. */
static void keep(struct str line, bool begun)
{
    if (!begun && logger.ring.len + line.n > RING_BYTES) {
        metric_add(METRIC_LOG_MESSAGES_DROPPED_TOTAL, 1);
        return;
    }
    buf_str(&logger.ring, line);
    if (logger.loop && !loop_timer_armed(&logger.retry))
        loop_timer_start(logger.loop, &logger.retry, RETRY_MS, RETRY_MS, on_retry, NULL);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    if (level < logger.min)
        return;
    metric_add_l(METRIC_LOG_MESSAGES_TOTAL, level_names[level], NULL, 1);
    static const int priorities[] = {
        [LOG_DEBUG] = 7, [LOG_INFO] = 6, [LOG_WARN] = 4, [LOG_ERROR] = 3}; /* syslog(3) */
    buf_reset(&logger.line);
    if (logger.journal)
        buf_printf(&logger.line, "<%d>", priorities[level]);
    struct log_line line = {loop_wall_ms(), level, event, logger.process, fields};
    log_format(&logger.line, logger.style, &line);
    if (logger.line.len > LINE_BYTES) {
        logger.line.len = LINE_BYTES;
        logger.line.data[LINE_BYTES - 1] = '\n';
    }
    if (logger.ring.len)
        write_ring(0);
    size_t n = logger.line.len;
    size_t gone = logger.ring.len ? 0 : write_some(logger.line.data, n, 0);
    if (gone < n)
        keep(str_n(logger.line.data + gone, n - gone), gone > 0);
}

void log_attach(struct loop *l)
{
    loop_timer_stop(&logger.retry);
    logger.loop = l;
    if (l && logger.ring.len)
        loop_timer_start(l, &logger.retry, RETRY_MS, RETRY_MS, on_retry, NULL);
}

/* Tries for up to 200 ms to write what the ring holds. */
static void flush_at_exit(void)
{
    uint64_t end = loop_clock_ns() + (uint64_t)FLUSH_MS * 1000000u, now;
    while (logger.ring.len && (now = loop_clock_ns()) < end)
        write_ring((int)((end - now) / 1000000u));
}

/* ---- values ---- */

struct str log_jid(struct str jid)
{
    static char storage[4][9];
    static unsigned turn;
    if (logger.pii_full)
        return jid;
    if (!logger.key_set) {
        randombytes_buf(logger.jid_key, sizeof logger.jid_key);
        logger.key_set = true;
    }
    char *text = storage[turn++ % 4];
    uint32_t hash = (uint32_t)siphash24(logger.jid_key, jid.p, jid.n);
    snprintf(text, sizeof storage[0], "%08x", (unsigned)hash);
    return (struct str){text, 8};
}

struct str log_u64(uint64_t v)
{
    static char storage[16][24];
    static unsigned turn;
    char *text = storage[turn++ % 16];
    int n = snprintf(text, sizeof storage[0], "%llu", (unsigned long long)v);
    return (struct str){text, (size_t)n};
}
