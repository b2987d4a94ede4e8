/* metrics.h: counters, gauges and histograms of this process, in Prometheus' text format 0.0.4.
 *
 * metrics_table.h has one row per family; label values are closed lists in the row. Plain numbers,
 * single thread: a count on the hot path is one add. No room, JID or address is ever a label. */
#ifndef MUC_METRICS_H
#define MUC_METRICS_H

#include "base/buf.h"

#include <stdint.h>

enum metric_id {
#define METRIC_ENUM(id, name, kind, roles, labels, help) id,
#include "rt/metrics_table.h"
    METRICS_TABLE(METRIC_ENUM)
#undef METRIC_ENUM
        METRIC_COUNT
};

/* Once at start; role is "gateway" or "shard": only families with that letter are exported. */
void metrics_setup(const char *role, const char *version, const char *revision);

/* Families without labels. */
void metric_add(enum metric_id id, uint64_t n);
void metric_set(enum metric_id id, double v);
void metric_gauge_add(enum metric_id id, double d);
void metric_observe(enum metric_id id, double v);
/* Families with labels: values in the order of the row, each one of its list. An unknown value
 * counts under the last value of the list ("other"). Up to two labels; b is NULL for one. */
void metric_add_l(enum metric_id id, const char *a, const char *b, uint64_t n);
void metric_set_l(enum metric_id id, const char *a, const char *b, double v);
void metric_observe_l(enum metric_id id, const char *a, const char *b, double v);
void metric_gauge_add_l(enum metric_id id, const char *a, const char *b, double d);
/* The value of a series (sum of a histogram's counts), for tests and status. */
double metric_value(enum metric_id id, const char *a, const char *b);

/* Feeds the loop_* families until l is destroyed; NULL before that. */
struct loop;
void metrics_watch_loop(struct loop *l);

/* fn is called before each scrape to refresh gauges; up to eight may be set. */
void metrics_on_collect(void (*fn)(void *ctx), void *ctx);
void metrics_off_collect(void (*fn)(void *ctx), void *ctx);
/* The whole exposition, with the process_* families. */
void metrics_render(struct buf *out);

#endif
