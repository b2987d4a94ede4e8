/* main.c: verona-shard: options, signals, exit codes. */
#include "base/err.h"
#include "base/hmap.h"
#include "rt/config.h"
#include "rt/log.h"
#include "rt/loop.h"
#include "rt/metrics.h"
#include "shard/shard.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { EXIT_USAGE = 2, EXIT_CONFIG = 78 };

static const char help[] =
    "verona-shard: owns rooms of a Verona cluster and keeps them in Redis.\n"
    "\n"
    "  verona-shard --set redis.url=redis://db:6379 --set bus.listen='tcp://*:5270'\n"
    "  verona-shard --config /etc/verona/shard.conf\n"
    "\n"
    "Usually `verona up`, Docker or systemd starts it.\n"
    "\n"
    "  -c, --config FILE   read settings from FILE\n"
    "      --set KEY=VALUE set one option (before environment and file)\n"
    "      --print-config  print every option with its value and origin, then exit\n"
    "      --check-config  check the settings, then exit\n"
    "  -V, --version       print the version, then exit\n"
    "  -h, --help          print this text, then exit\n"
    "\n"
    "Exit codes: 0 ok, 1 failed, 2 usage, 78 bad configuration.\n";

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
static int parse(int argc, char **argv, struct arguments *out)
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
            (void)puts("verona-shard " VERONA_VERSION);
            return 0;
        case 'h':
            (void)fputs(help, stdout);
            return 0;
        default:
            (void)fputs("Try verona-shard --help\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "verona-shard: unexpected argument \"%s\"\nTry verona-shard --help\n",
                      argv[optind]);
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

static int complain(const struct buf *err)
{
    (void)fprintf(stderr, "verona-shard: %.*s\n", STR_FMT(buf_as_str(err)));
    return EXIT_CONFIG;
}

static int print(const struct config *cfg)
{
    struct buf text;
    buf_init(&text);
    config_print(cfg, &text);
    bool ok = fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    buf_deinit(&text);
    return ok ? 0 : 1;
}

static enum log_level level(const struct config *cfg)
{
    const char *name = config_str(cfg, CFG_LOG_LEVEL);
    return strcmp(name, "debug") == 0   ? LOG_DEBUG
           : strcmp(name, "warn") == 0  ? LOG_WARN
           : strcmp(name, "error") == 0 ? LOG_ERROR
                                        : LOG_INFO;
}

static void on_term(void *ctx)
{
    shard_leave(ctx);
}

static int serve(const struct config *cfg, struct buf *err)
{
    uint8_t seed[16];
    struct shard *s = NULL;
    struct loop *l = loop_new();
    if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        abort();
    hmap_seed(seed);
    (void)signal(SIGPIPE, SIG_IGN);
    log_setup(level(cfg), config_str(cfg, CFG_LOG_FORMAT), "shard", config_str(cfg, CFG_NODE_ID));
    log_set_pii(strcmp(config_str(cfg, CFG_LOG_PII), "full") == 0);
    metrics_setup("shard", VERONA_VERSION, "");
    int rc = shard_new(l, cfg, &s, err);
    if (rc) {
        complain(err);
        loop_destroy(&l);
        return rc == ERR_INVALID ? EXIT_CONFIG : 1;
    }
    loop_on_signal(l, SIGTERM, on_term, s);
    loop_on_signal(l, SIGINT, on_term, s);
    loop_run(l);
    rc = shard_trouble(s) ? 1 : 0;
    shard_destroy(&s);
    loop_destroy(&l);
    return rc;
}

int main(int argc, char **argv)
{
    struct arguments args = {.sets = calloc((size_t)argc + 1, sizeof(char *))};
    struct config *cfg = NULL;
    struct buf err;
    buf_init(&err);
    int rc = args.sets ? parse(argc, argv, &args) : 1;
    if (rc >= 0)
        goto out;
    cfg = config_new();
    if (load(cfg, &args, &err) != 0)
        rc = complain(&err);
    else if (args.print)
        rc = print(cfg);
    else if (args.check)
        rc = shard_check(cfg, &err) == 0 ? 0 : complain(&err);
    else
        rc = serve(cfg, &err);
out:
    config_destroy(&cfg);
    buf_deinit(&err);
    free(args.sets);
    return rc;
}
