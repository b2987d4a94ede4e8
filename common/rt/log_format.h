/* log_format.h: one log line as text. Internal to rt, pure. */
#ifndef MUC_LOG_FORMAT_H
#define MUC_LOG_FORMAT_H

#include "base/buf.h"
#include "rt/log.h"

enum log_style { LOG_STYLE_LOGFMT, LOG_STYLE_JSON, LOG_STYLE_PRETTY, LOG_STYLE_COLOUR };

struct log_line {
    uint64_t wall_ms;
    enum log_level level;
    const char *event;
    const struct log_field
        *process; /* role and node, left out of pretty lines; NULL key at the end */
    const struct log_field *fields; /* NULL key at the end */
};

/* Appends the line with its LF. */
void log_format(struct buf *out, enum log_style style, const struct log_line *line);

#endif
