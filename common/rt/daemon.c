/* daemon.c: see daemon.h. */
#include "rt/daemon.h"

#include "base/err.h"
#include "base/hmap.h"
#include "rt/config.h"
#include "rt/log.h"
#include "rt/loop.h"
#include "rt/metrics.h"
#include "rt/random.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, EXIT_CONFIG = 78 };

static const char help[] =
    "  -c, --config FILE   read settings from FILE\n"
    "      --set KEY=VALUE set one option (before environment and file)\n"
    "      --print-config  print every option with its value and origin, then exit\n"
    "      --check-config  check the settings, then exit\n"
    "  -V, --version       print the version, then exit\n"
    "  -h, --help          print this text, then exit\n"
    "\n"
    "SIGTERM leaves the cluster in order, a second one ends it at once.\n"
    "Exit codes: 0 ok, 1 failed, 2 usage, 78 bad settings.\n";

enum { OPT_SET = 256, OPT_PRINT, OPT_CHECK };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"set", required_argument, NULL, OPT_SET},
    {"print-config", no_argument, NULL, OPT_PRINT},
    {"check-config", no_argument, NULL, OPT_CHECK},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct arguments {
    const char *file;
    const char **sets; /* in argv */
    int n_sets;
    bool print, check;
};

/* -1: go on; else the exit code. */
static int parse(const struct daemon *d, int argc, char **argv, struct arguments *out)
{
    for (int c; (c = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1;) {
        switch (c) {
        case 'c':
            out->file = optarg;
            break;
        case OPT_SET:
            out->sets[out->n_sets++] = optarg;
            break;
        case OPT_PRINT:
            out->print = true;
            break;
        case OPT_CHECK:
            out->check = true;
            break;
        case 'V':
            (void)printf("%s %s%s%s%s\n", d->name, VERONA_VERSION, d->revision[0] ? " (" : "",
                         d->revision, d->revision[0] ? ")" : "");
            return 0;
        case 'h':
            (void)printf("%s\n%s", d->about, help);
            return 0;
        default:
            (void)fprintf(stderr, "Try %s --help\n", d->name);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "%s: unexpected argument \"%s\"\nTry %s --help\n", d->name,
                      argv[optind], d->name);
        return EXIT_USAGE;
    }
    return -1;
}

static int load(struct config *cfg, const struct arguments *args, struct buf *err)
{
    int rc = config_load_env(cfg, err);
    if (rc == 0 && args->file)
        rc = config_load_file(cfg, args->file, err);
    for (int i = 0; rc == 0 && i < args->n_sets; i++)
        rc = config_set(cfg, str_of(args->sets[i]), err);
    return rc;
}

static int complain(const struct daemon *d, const struct buf *err, int rc)
{
    (void)fprintf(stderr, "%s: %.*s\n", d->name, STR_FMT(buf_as_str(err)));
    return rc == ERR_INVALID ? EXIT_CONFIG : EXIT_FAILURE;
}

static int print(const struct config *cfg)
{
    struct buf text;
    buf_init(&text);
    config_print(cfg, &text);
    bool ok = fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    buf_deinit(&text);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

struct running {
    const struct daemon *d;
    void *ctx;
};

static void on_term(void *ctx)
{
    struct running *r = ctx;
    r->d->leave(r->ctx);
}

static void on_hup(void *ctx)
{
    struct running *r = ctx;
    struct buf err;
    buf_init(&err);
    int rc = r->d->reload ? r->d->reload(r->ctx, &err) : 0;
    metric_set(METRIC_CONFIG_LAST_RELOAD_SUCCESSFUL, rc == 0);
    if (rc) {
        log_error("reload_failed", KV("error", buf_as_str(&err)));
    } else {
        metric_set(METRIC_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,
                   (double)loop_wall_ms() / 1000.0);
        log_info("reloaded");
    }
    buf_deinit(&err);
}

static int serve(const struct daemon *d, const struct config *cfg, struct buf *err)
{
    uint8_t seed[16];
    struct running r = {d, NULL};
    struct loop *l = loop_new();
    rt_random(seed, sizeof seed);
    hmap_seed(seed);
    (void)signal(SIGPIPE, SIG_IGN);
    enum log_level min = LOG_INFO;
    (void)log_level_parse(config_str(cfg, CFG_LOG_LEVEL), &min); /* config_rules.c checked it */
    log_setup(min, config_str(cfg, CFG_LOG_FORMAT), d->role, config_str(cfg, CFG_NODE_ID));
    log_attach(l);
    log_set_pii(strcmp(config_str(cfg, CFG_LOG_PII), "full") == 0);
    metrics_setup(d->role, VERONA_VERSION, d->revision);
    metrics_watch_loop(l);
    metric_set(METRIC_CONFIG_LAST_RELOAD_SUCCESSFUL, 1);
    metric_set(METRIC_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,
               (double)loop_wall_ms() / 1000.0);
    int rc = d->start(l, cfg, &r.ctx, err);
    if (rc) {
        rc = complain(d, err, rc);
    } else {
        loop_on_signal(l, SIGTERM, on_term, &r);
        loop_on_signal(l, SIGINT, on_term, &r);
        loop_on_signal(l, SIGHUP, on_hup, &r);
        loop_run(l);
        rc = d->end(r.ctx) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    metrics_watch_loop(NULL);
    log_attach(NULL);
    loop_destroy(&l);
    return rc;
}

int daemon_main(const struct daemon *d, int argc, char **argv)
{
    struct arguments args = {.sets = calloc((size_t)argc + 1, sizeof(char *))};
    struct config *cfg = NULL;
    struct buf err;
    buf_init(&err);
    int rc = args.sets ? parse(d, argc, argv, &args) : EXIT_FAILURE;
    if (rc >= 0)
        goto out;
    cfg = config_new();
    rc = load(cfg, &args, &err);
    if (rc)
        rc = complain(d, &err, rc);
    else if (args.print)
        rc = print(cfg);
    else if (args.check)
        rc = (rc = d->check(cfg, &err)) == 0 ? EXIT_SUCCESS : complain(d, &err, rc);
    else
        rc = serve(d, cfg, &err);
out:
    config_destroy(&cfg);
    buf_deinit(&err);
    free(args.sets);
    return rc;
}
