/* term.c: see term.h. */
#include "deploy/ctl/term.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool colour[2], fancy, live;

static bool is_dumb(void)
{
    const char *t = getenv("TERM");
    return t && !strcmp(t, "dumb");
}

static bool wants_colour(const char *mode, int fd)
{
    if (mode && !strcmp(mode, "always"))
        return true;
    if (mode && !strcmp(mode, "never"))
        return false;
    const char *no = getenv("NO_COLOR");
    return isatty(fd) && !(no && *no) && !is_dumb();
}

/* The locale's character set is UTF-8; `otherwise` where it names none. */
static bool is_utf8(bool otherwise)
{
    const char *v = getenv("LC_ALL");
    if (!v || !*v)
        v = getenv("LC_CTYPE");
    if (!v || !*v)
        v = getenv("LANG");
    const char *dot = v ? strchr(v, '.') : NULL;
    return dot ? !strncasecmp(dot, ".utf8", 5) || !strncasecmp(dot, ".utf-8", 6) : otherwise;
}

void term_setup(const char *mode)
{
    colour[TERM_OUT] = wants_colour(mode, STDOUT_FILENO);
    colour[TERM_ERR] = wants_colour(mode, STDERR_FILENO);
    bool tty = isatty(STDOUT_FILENO) == 1;
    /* A terminal is UTF-8 unless it says otherwise, a file only if it says so. */
    fancy = !is_dumb() && is_utf8(tty);
    live = tty && !is_dumb();
}

const char *term_on(enum term_stream s, enum term_style st)
{
    static const char *const seq[] = {"\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m"};
    return colour[s] ? seq[st] : "";
}

const char *term_off(enum term_stream s)
{
    return colour[s] ? "\033[0m" : "";
}

bool term_fancy(void)
{
    return fancy;
}

bool term_live(void)
{
    return live;
}

void term_clear(void)
{
    if (live)
        fputs("\r\033[K", stdout);
}

/* Columns that a text takes: code points, good enough for what we print. */
static int width(const char *z)
{
    struct str s = str_of(z);
    return (int)(utf8_valid(s) ? utf8_count(s) : s.n);
}

static void step(enum term_style st, const char *mark, const char *name, const char *text,
                 bool timed, uint64_t took_ms)
{
    term_clear();
    printf("  %s%s%s %-12s%s", term_on(TERM_OUT, st), mark, term_off(TERM_OUT), name, text);
    if (timed) {
        int pad = 58 - width(text);
        printf("%*s%s%.1f s%s", pad > 1 ? pad : 1, "", term_on(TERM_OUT, TERM_DIM),
               (double)took_ms / 1000.0, term_off(TERM_OUT));
    }
    putchar('\n');
    fflush(stdout);
}

void term_step(const char *name, const char *text, uint64_t took_ms)
{
    step(TERM_GREEN, fancy ? "✔" : "ok  ", name, text, true, took_ms);
}

void term_step_failed(const char *name, const char *text)
{
    step(TERM_RED, fancy ? "✖" : "FAIL", name, text, false, 0);
}

void term_step_warn(const char *name, const char *text)
{
    step(TERM_YELLOW, fancy ? "!" : "WARN", name, text, false, 0);
}

void term_bar(unsigned n, unsigned of, char *out, size_t room)
{
    enum { CELLS = 20 };
    unsigned full = of ? n * CELLS / of : 0;
    size_t used = 0;
    out[0] = '\0';
    if (!fancy)
        return;
    for (unsigned i = 0; i < CELLS && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%s%s", i ? "" : "[",
                                 i < full ? "█" : "-", i + 1 < CELLS ? "" : "]");
}

void term_waiting(const char *name, const char *text)
{
    if (!live)
        return;
    term_clear();
    printf("  %s%s %-12s%s%s", term_on(TERM_OUT, TERM_DIM), fancy ? "·" : "..  ", name, text,
           term_off(TERM_OUT));
    fflush(stdout);
}

void term_table_init(struct term_table *t, size_t n_columns)
{
    buf_init(&t->cells);
    t->n_columns = n_columns;
    t->n_cells = 0;
}

void term_table_deinit(struct term_table *t)
{
    buf_deinit(&t->cells);
}

void term_cell(struct term_table *t, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        buf_c(&t->cells, c < 0x20 || c == 0x7f ? '?' : (char)c);
    }
    buf_c(&t->cells, '\0');
    t->n_cells++;
}

void term_cellf(struct term_table *t, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    term_cell(t, str_of(text));
}

void term_table_print(const struct term_table *t, bool plain)
{
    int *widest = mem_zalloc(t->n_columns * sizeof *widest);
    const char *p = t->cells.data;
    for (size_t i = 0; i < t->n_cells; i++, p += strlen(p) + 1) {
        int w = width(p);
        if (w > widest[i % t->n_columns])
            widest[i % t->n_columns] = w;
    }
    p = t->cells.data;
    for (size_t i = 0; i < t->n_cells; i++, p += strlen(p) + 1) {
        size_t col = i % t->n_columns;
        bool last = col + 1 == t->n_columns, head = i < t->n_columns;
        if (head && plain)
            continue;
        if (head && col == 0)
            fputs(term_on(TERM_OUT, TERM_BOLD), stdout);
        fputs(p, stdout);
        if (!last && plain)
            putchar('\t');
        else if (!last)
            printf("%*s", widest[col] - width(p) + 2, "");
        if (head && last)
            fputs(term_off(TERM_OUT), stdout);
        if (last)
            putchar('\n');
    }
    mem_free(widest);
}
