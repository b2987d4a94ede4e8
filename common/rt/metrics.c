/* metrics.c: the registry and its text form (Prometheus exposition format 0.0.4).
 *
 * All series of a family lie in one array, so a labelled count is: find the value of each label in
 * its short list, then one add. Every series exists from the start with 0, so that rates and alerts
 * see the first event. */
#include "rt/metrics.h"
#include "base/mem.h"
#include "rt/process_stats.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { COUNTER, GAUGE, HISTOGRAM_L, HISTOGRAM_F, HISTOGRAM_B };

static const double buckets_l[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                   0.05,   0.1,   0.25,   0.5,   1,    2.5};
static const double buckets_f[] = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000};
static const double buckets_b[] = {128, 256, 512, 1024, 2048, 4096, 8192, 16384, 65536, 262144};

enum { MAX_LABELS = 2, MAX_VALUES = 32, MAX_BUCKETS = 12, MAX_COLLECTORS = 8 };

struct label {
    const char *name;
    unsigned n_values;
    const char *values[MAX_VALUES];
};

struct histogram {
    uint64_t counts[MAX_BUCKETS + 1]; /* not cumulative; the last one is +Inf */
    double sum;
};

struct family {
    const char *name, *roles, *labels_spec, *help;
    enum kind kind;
    unsigned n_labels;
    struct label labels[MAX_LABELS];
    unsigned n_series;
    double *values;               /* counters and gauges; doubles count exactly up to 2^53 */
    struct histogram *histograms; /* the other kinds */
};

#define FAMILY_ROW(id, name, kind, roles, labels, help)                                            \
    [id] = {name, roles, labels, help, kind, 0, {{NULL, 0, {NULL}}}, 0, NULL, NULL},
static struct family families[METRIC_COUNT] = {METRICS_TABLE(FAMILY_ROW)};
#undef FAMILY_ROW

static struct {
    bool built;
    char role_letter; /* 0: all families are exported */
    char *role, *version, *revision;
    unsigned n_collectors;
    struct {
        void (*fn)(void *ctx);
        void *ctx;
    } collectors[MAX_COLLECTORS];
} registry;

/* ---- building the series from the table ---- */

/* Cuts "a,b,c" in place. The names live as long as the process. */
static void parse_values(struct label *label, char *list)
{
    char *rest = NULL;
    for (char *v = strtok_r(list, ",", &rest); v; v = strtok_r(NULL, ",", &rest)) {
        assert(label->n_values < MAX_VALUES);
        label->values[label->n_values++] = v;
    }
    assert(label->n_values > 0);
}

static void build_family(struct family *f)
{
    f->n_series = 1;
    char *spec = mem_dup(f->labels_spec, strlen(f->labels_spec)), *rest = NULL;
    for (char *part = strtok_r(spec, ";", &rest); part; part = strtok_r(NULL, ";", &rest)) {
        char *colon = strchr(part, ':');
        assert(colon && f->n_labels < MAX_LABELS);
        *colon = '\0';
        struct label *label = &f->labels[f->n_labels++];
        label->name = part;
        parse_values(label, colon + 1);
        f->n_series *= label->n_values;
    }
    if (f->n_labels == 0)
        mem_free(spec);
    if (f->kind == COUNTER || f->kind == GAUGE)
        f->values = mem_zalloc(f->n_series * sizeof *f->values);
    else
        f->histograms = mem_zalloc(f->n_series * sizeof *f->histograms);
}

/* At the first use of any metric: logging may count before metrics_setup() ran. */
static void build(void)
{
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        build_family(&families[i]);
    registry.built = true;
}

static char *copy_z(const char *z)
{
    return mem_dup(z ? z : "", z ? strlen(z) : 0);
}

void metrics_setup(const char *role, const char *version, const char *revision)
{
    mem_free(registry.role);
    mem_free(registry.version);
    mem_free(registry.revision);
    registry.role = copy_z(role);
    registry.version = copy_z(version);
    registry.revision = copy_z(revision);
    registry.role_letter = registry.role[0] == 'g' ? 'G' : 'S';
    if (!registry.built)
        build();
}

/* ---- counting ---- */

static unsigned value_index(const struct label *label, const char *value)
{
    assert(value);
    for (unsigned i = 0; i < label->n_values; i++)
        if (value == label->values[i] || strcmp(value, label->values[i]) == 0)
            return i;
    return label->n_values - 1;
}

static struct family *family_of(enum metric_id id)
{
    if (!registry.built)
        build();
    return &families[id];
}

static unsigned series_index(const struct family *f, const char *a, const char *b)
{
    assert((f->n_labels > 0) == (a != NULL) && (f->n_labels > 1) == (b != NULL));
    unsigned index = 0;
    if (a)
        index = value_index(&f->labels[0], a);
    if (b)
        index = index * f->labels[1].n_values + value_index(&f->labels[1], b);
    return index;
}

void metric_add_l(enum metric_id id, const char *a, const char *b, uint64_t n)
{
    struct family *f = family_of(id);
    assert(f->values);
    f->values[series_index(f, a, b)] += (double)n;
}

void metric_set_l(enum metric_id id, const char *a, const char *b, double v)
{
    struct family *f = family_of(id);
    assert(f->values);
    f->values[series_index(f, a, b)] = v;
}

void metric_gauge_add_l(enum metric_id id, const char *a, const char *b, double d)
{
    struct family *f = family_of(id);
    assert(f->values && f->kind == GAUGE);
    f->values[series_index(f, a, b)] += d;
}

static const double *buckets_of(enum kind kind, unsigned *n)
{
    switch (kind) {
    case HISTOGRAM_L:
        *n = sizeof buckets_l / sizeof *buckets_l;
        return buckets_l;
    case HISTOGRAM_F:
        *n = sizeof buckets_f / sizeof *buckets_f;
        return buckets_f;
    case HISTOGRAM_B:
        *n = sizeof buckets_b / sizeof *buckets_b;
        return buckets_b;
    case COUNTER:
    case GAUGE:
        break;
    }
    *n = 0;
    return NULL;
}

void metric_observe_l(enum metric_id id, const char *a, const char *b, double v)
{
    struct family *f = family_of(id);
    assert(f->histograms);
    struct histogram *h = &f->histograms[series_index(f, a, b)];
    unsigned n, i = 0;
    const double *bounds = buckets_of(f->kind, &n);
    while (i < n && v > bounds[i])
        i++;
    h->counts[i]++;
    h->sum += v;
}

void metric_add(enum metric_id id, uint64_t n)
{
    metric_add_l(id, NULL, NULL, n);
}

void metric_set(enum metric_id id, double v)
{
    metric_set_l(id, NULL, NULL, v);
}

void metric_gauge_add(enum metric_id id, double d)
{
    metric_gauge_add_l(id, NULL, NULL, d);
}

void metric_observe(enum metric_id id, double v)
{
    metric_observe_l(id, NULL, NULL, v);
}

double metric_value(enum metric_id id, const char *a, const char *b)
{
    const struct family *f = family_of(id);
    unsigned at = series_index(f, a, b);
    if (f->values)
        return f->values[at];
    double count = 0;
    for (unsigned i = 0; i <= MAX_BUCKETS; i++)
        count += (double)f->histograms[at].counts[i];
    return count;
}

void metrics_on_collect(void (*fn)(void *ctx), void *ctx)
{
    assert(registry.n_collectors < MAX_COLLECTORS);
    registry.collectors[registry.n_collectors].fn = fn;
    registry.collectors[registry.n_collectors].ctx = ctx;
    registry.n_collectors++;
}

void metrics_off_collect(void (*fn)(void *ctx), void *ctx)
{
    for (unsigned i = 0; i < registry.n_collectors; i++) {
        if (registry.collectors[i].fn != fn || registry.collectors[i].ctx != ctx)
            continue;
        registry.n_collectors--;
        for (unsigned j = i; j < registry.n_collectors; j++)
            registry.collectors[j] = registry.collectors[j + 1];
        return;
    }
}

/* ---- text ---- */

static void put_number(struct buf *out, double v)
{
    if (isnan(v) || isinf(v)) {
        buf_z(out, isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
        return;
    }
    /* The shortest form that reads back as the same number. */
    char text[32];
    for (int digits = 6; digits <= 17; digits += digits == 6 ? 9 : 2) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    buf_z(out, text);
}

/* Label values come from the table, from the version or the role: quotes and line ends are escaped
 * all the same, because a broken line hides every family behind it. */
static void put_label(struct buf *out, const char *name, const char *value, bool *any)
{
    buf_z(out, *any ? "," : "{");
    *any = true;
    buf_printf(out, "%s=\"", name);
    for (const char *p = value; *p; p++) {
        if (*p == '\\' || *p == '"')
            buf_c(out, '\\');
        if (*p == '\n')
            buf_z(out, "\\n");
        else
            buf_c(out, *p);
    }
    buf_c(out, '"');
}

static void put_series_name(struct buf *out, const struct family *f, unsigned index,
                            const char *suffix, const char *le)
{
    bool any = false;
    buf_printf(out, "verona_%s%s", f->name, suffix);
    for (unsigned i = 0; i < f->n_labels; i++) {
        const struct label *label = &f->labels[i];
        unsigned below = i + 1 < f->n_labels ? f->labels[i + 1].n_values : 1;
        put_label(out, label->name, label->values[index / below % label->n_values], &any);
    }
    if (le)
        put_label(out, "le", le, &any);
    buf_z(out, any ? "} " : " ");
}

static void put_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_histogram(struct buf *out, const struct family *f, unsigned index)
{
    const struct histogram *h = &f->histograms[index];
    unsigned n;
    const double *bounds = buckets_of(f->kind, &n);
    uint64_t total = 0;
    for (unsigned i = 0; i <= n; i++) {
        char le[32] = "+Inf";
        if (i < n)
            snprintf(le, sizeof le, "%.15g", bounds[i]);
        total += h->counts[i];
        put_series_name(out, f, index, "_bucket", le);
        buf_u64(out, total);
        buf_c(out, '\n');
    }
    put_series_name(out, f, index, "_sum", NULL);
    put_number(out, h->sum);
    buf_c(out, '\n');
    put_series_name(out, f, index, "_count", NULL);
    buf_u64(out, total);
    buf_c(out, '\n');
}

static void put_family(struct buf *out, const struct family *f)
{
    static const char *const types[] = {
        [COUNTER] = "counter",       [GAUGE] = "gauge",           [HISTOGRAM_L] = "histogram",
        [HISTOGRAM_F] = "histogram", [HISTOGRAM_B] = "histogram",
    };
    char name[96];
    snprintf(name, sizeof name, "verona_%s", f->name);
    put_head(out, name, types[f->kind], f->help);
    for (unsigned i = 0; i < f->n_series; i++) {
        if (f->histograms) {
            put_histogram(out, f, i);
            continue;
        }
        put_series_name(out, f, i, "", NULL);
        put_number(out, f->values[i]);
        buf_c(out, '\n');
    }
}

static void put_build_info(struct buf *out)
{
    bool any = false;
    put_head(out, "verona_build_info", "gauge", "Build metadata; always 1.");
    buf_z(out, "verona_build_info");
    put_label(out, "version", registry.version ? registry.version : "", &any);
    put_label(out, "revision", registry.revision ? registry.revision : "", &any);
    put_label(out, "role", registry.role ? registry.role : "", &any);
    buf_z(out, "} 1\n");
}

static void put_process(struct buf *out)
{
    struct process_stats s;
    process_stats_read(&s);
    const struct {
        const char *name, *type, *help;
        double value;
    } rows[] = {
        {"process_cpu_seconds_total", "counter", "User and system CPU time spent in seconds.",
         s.cpu_seconds},
        {"process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
         s.resident_bytes},
        {"process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", s.virtual_bytes},
        {"process_open_fds", "gauge", "Number of open file descriptors.", s.open_fds},
        {"process_max_fds", "gauge", "Maximum number of open file descriptors.", s.max_fds},
        {"process_start_time_seconds", "gauge",
         "Start time of the process since unix epoch in seconds.", s.start_seconds},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_head(out, rows[i].name, rows[i].type, rows[i].help);
        buf_printf(out, "%s ", rows[i].name);
        put_number(out, rows[i].value);
        buf_c(out, '\n');
    }
}

void metrics_render(struct buf *out)
{
    if (!registry.built)
        build();
    for (unsigned i = 0; i < registry.n_collectors; i++)
        registry.collectors[i].fn(registry.collectors[i].ctx);
    put_build_info(out);
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        if (!registry.role_letter || strchr(families[i].roles, registry.role_letter))
            put_family(out, &families[i]);
    put_process(out);
}
