/* term.h: how output looks: colour only where a person reads it, steps with ticks, aligned tables.
 */
#ifndef CTL_TERM_H
#define CTL_TERM_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum term_stream { TERM_OUT, TERM_ERR };
enum term_style { TERM_BOLD, TERM_DIM, TERM_RED, TERM_GREEN, TERM_YELLOW };

/* mode: auto, always, never (NULL: auto). Auto honours NO_COLOR, TERM=dumb and whether it is a TTY.
 */
void term_setup(const char *mode);
/* Escape sequences, or "" where colour is off. */
const char *term_on(enum term_stream s, enum term_style st);
const char *term_off(enum term_stream s);
/* Ticks, dashes and lines beyond ASCII may be shown on stdout: it is a terminal or the locale says
 * UTF-8. Has nothing to do with colour. */
bool term_fancy(void);
/* stdout is a terminal that can overwrite a line. */
bool term_live(void);

/* "  ✔ name   text   0.1 s" */
void term_step(const char *name, const char *text, uint64_t took_ms);
/* "  ✖ name   text", then the lines of fixes (each begins with "fix:  " or the like). */
void term_step_failed(const char *name, const char *text);
/* "  ! name   text": it goes on, but you should know. */
void term_step_warn(const char *name, const char *text);
/* What is being waited for, on a terminal only; the next step overwrites it. */
void term_waiting(const char *name, const char *text);
/* Takes such a line away, before something that is no step. */
void term_clear(void);

/* "[████████------------]", 20 cells, at most 64 bytes; "" where only ASCII may be shown. */
void term_bar(unsigned n, unsigned of, char *out, size_t room);

/* A table: cells are added row by row, the first row is the head. */
struct term_table {
    struct buf cells; /* NUL-terminated texts, one after the other */
    size_t n_columns, n_cells;
};
void term_table_init(struct term_table *t, size_t n_columns);
void term_table_deinit(struct term_table *t);
void term_cell(struct term_table *t, struct str text);
void term_cellf(struct term_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* plain: no head, columns separated by one tab. Control characters are shown as '?'. */
void term_table_print(const struct term_table *t, bool plain);

#endif
