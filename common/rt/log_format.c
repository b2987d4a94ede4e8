/* log_format.c: logfmt, JSON and what people read on a terminal.
 *
 * Values come from the network: no byte of theirs may end a line, move a cursor, or turn text
 * around (C0, C1, line separators, bidi controls). Those become \n, \t, \uXXXX, and broken UTF-8
 * \xNN. */
#include "rt/log_format.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <time.h>

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

static bool is_forbidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Length of the UTF-8 sequence at s.p; 1 and *ok false if there is none. */
static size_t next_char(struct str s, uint32_t *c, bool *ok)
{
    const uint8_t *p = (const uint8_t *)s.p;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    *ok = len <= s.n && utf8_valid(str_n(s.p, len));
    if (!*ok)
        return 1;
    static const uint8_t first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    *c = p[0] & first_mask[len];
    for (size_t i = 1; i < len; i++)
        *c = *c << 6 | (p[i] & 0x3f);
    return len;
}

static void put_escaped(struct buf *out, struct str s, bool json)
{
    bool cut = s.n > LIMIT_LOG_FIELD;
    size_t end = cut ? LIMIT_LOG_FIELD : s.n;
    if (cut) /* not in the middle of a character */
        while (end > LIMIT_LOG_FIELD - 4 && ((uint8_t)s.p[end] & 0xc0) == 0x80)
            end--;
    for (size_t i = 0; i < end;) {
        uint32_t c = 0;
        bool ok;
        size_t len = next_char(str_n(s.p + i, end - i), &c, &ok);
        if (!ok && json)
            buf_z(out, "\\ufffd"); /* JSON has no way to write a byte */
        else if (!ok)
            buf_printf(out, "\\x%02x", (unsigned)(uint8_t)s.p[i]);
        else if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", (int)c);
        else if (c == '\n' || c == '\r' || c == '\t')
            buf_z(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (is_forbidden(c))
            buf_printf(out, "\\u%04x", (unsigned)c);
        else
            buf_put(out, s.p + i, len);
        i += len;
    }
    if (cut)
        buf_z(out, "...");
}

/* logfmt: bare where nobody could misread it. */
static bool needs_quotes(struct str s)
{
    if (s.n == 0 || s.n > LIMIT_LOG_FIELD)
        return true;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = (uint8_t)s.p[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
            return true;
    }
    return false;
}

static void put_quoted(struct buf *out, struct str s, bool json)
{
    buf_c(out, '"');
    put_escaped(out, s, json);
    buf_c(out, '"');
}

static void put_pair(struct buf *out, const struct log_field *f)
{
    buf_z(out, f->key);
    buf_c(out, '=');
    if (needs_quotes(f->value))
        put_quoted(out, f->value, false);
    else
        buf_str(out, f->value);
}

static void put_time(struct buf *out, uint64_t wall_ms, bool with_date)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    char text[32];
    gmtime_r(&seconds, &tm);
    size_t n = with_date ? strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm)
                         : strftime(text, sizeof text, "%H:%M:%S", &tm);
    buf_put(out, text, n);
    buf_printf(out, ".%03u", (unsigned)(wall_ms % 1000));
}

static void put_logfmt(struct buf *out, const struct log_line *line)
{
    buf_z(out, "ts=");
    put_time(out, line->wall_ms, true);
    buf_printf(out, "Z level=%s event=%s", level_names[line->level], line->event);
    for (int list = 0; list < 2; list++) {
        for (const struct log_field *f = list ? line->fields : line->process; f && f->key; f++) {
            buf_c(out, ' ');
            put_pair(out, f);
        }
    }
}

static void put_json(struct buf *out, const struct log_line *line)
{
    buf_z(out, "{\"ts\":\"");
    put_time(out, line->wall_ms, true);
    buf_printf(out, "Z\",\"level\":\"%s\",\"event\":\"%s\"", level_names[line->level], line->event);
    for (int list = 0; list < 2; list++) {
        for (const struct log_field *f = list ? line->fields : line->process; f && f->key; f++) {
            buf_printf(out, ",\"%s\":", f->key);
            put_quoted(out, f->value, true);
        }
    }
    buf_c(out, '}');
}

static void put_pretty(struct buf *out, const struct log_line *line, bool colour)
{
    static const char *const words[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info ", [LOG_WARN] = "WARN ", [LOG_ERROR] = "ERROR"};
    static const char *const colours[] = {[LOG_DEBUG] = "\033[2m",
                                          [LOG_INFO] = "\033[32m",
                                          [LOG_WARN] = "\033[33m",
                                          [LOG_ERROR] = "\033[31m"};
    const char *dim = colour ? "\033[2m" : "", *bold = colour ? "\033[1m" : "";
    const char *plain = colour ? "\033[0m" : "";
    buf_z(out, dim);
    put_time(out, line->wall_ms, false);
    buf_printf(out, "%s %s%s%s %s%s%s", plain, colour ? colours[line->level] : "",
               words[line->level], plain, bold, line->event, plain);
    for (const struct log_field *f = line->fields; f && f->key; f++) {
        buf_printf(out, " %s%s=%s", dim, f->key, plain);
        if (needs_quotes(f->value))
            put_quoted(out, f->value, false);
        else
            buf_str(out, f->value);
    }
}

void log_format(struct buf *out, enum log_style style, const struct log_line *line)
{
    switch (style) {
    case LOG_STYLE_LOGFMT:
        put_logfmt(out, line);
        break;
    case LOG_STYLE_JSON:
        put_json(out, line);
        break;
    case LOG_STYLE_PRETTY:
    case LOG_STYLE_COLOUR:
        put_pretty(out, line, style == LOG_STYLE_COLOUR);
        break;
    }
    buf_c(out, '\n');
}
