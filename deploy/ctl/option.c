/* option.c: see option.h. */
#include "deploy/ctl/option.h"

#include "base/suggest.h"

#include <getopt.h>
#include <stdio.h>

enum kind { FLAG, TEXT, LIST };

struct option_row {
    const char *name;
    char letter; /* 0: none */
    enum kind kind;
    const char *arg; /* NULL for a flag */
    unsigned group;
    size_t offset; /* in struct options */
    const char *help;
};

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"gateways", 0, TEXT, "N", OPTS_UP, AT(gateways), "gateway processes (1)"},
    {"shards", 0, TEXT, "N", OPTS_UP, AT(shards), "shard processes (2)"},
    {"auth", 0, TEXT, "MODE", OPTS_UP, AT(auth),
     "accounts, anonymous, or open: any password (accounts)"},
    {"domain", 0, TEXT, "D", OPTS_UP, AT(domain), "the domain users log in to (localhost)"},
    {"muc-domain", 0, TEXT, "D", OPTS_UP, AT(muc_domain),
     "the domain of rooms (conference.DOMAIN)"},
    {"admin", 0, LIST, "JID", OPTS_UP, AT(admins), "a service admin; may be repeated"},
    {"bind", 0, TEXT, "ADDR", OPTS_UP, AT(bind), "address for clients (127.0.0.1)"},
    {"port-offset", 0, TEXT, "K", OPTS_UP, AT(port_offset), "add K to every port (0)"},
    {"detach", 0, FLAG, NULL, OPTS_UP, AT(detach), "return when ready; end it with verona down"},
    {"password-file", 0, TEXT, "F", OPTS_PASSWORD, AT(password_file),
     "first line of F is the password"},
    {"generate", 0, FLAG, NULL, OPTS_PASSWORD, AT(generate), "make a password and print it"},
    {"password-stdin", 0, FLAG, NULL, OPTS_PASSWORD, AT(password_stdin),
     "read the password from stdin"},
    {"yes", 'y', FLAG, NULL, OPTS_YES, AT(yes), "do not ask"},
    {"match", 0, TEXT, "TEXT", OPTS_MATCH, AT(match), "only names that contain TEXT"},
    {"wait", 0, TEXT, "TIME", OPTS_WAIT, AT(wait), "wait so long for Redis, such as 30s"},
    {"timeout", 0, TEXT, "TIME", OPTS_TIMEOUT, AT(timeout), "how long this may take, such as 30s"},
    {"redis", 0, TEXT, "URL", OPTS_REDIS, AT(redis),
     "redis://[user:password@]host[:port][/db] or unix:///path"},
    {"data", 0, TEXT, "DIR", OPTS_DATA, AT(data), "data folder (~/.local/share/verona)"},
    {"config", 'c', TEXT, "FILE", OPTS_CONFIG, AT(config), "INI file with settings"},
    {"set", 0, LIST, "KEY=VALUE", OPTS_CONFIG, AT(sets), "one setting; may be repeated"},
    {"json", 0, FLAG, NULL, OPTS_PRINT, AT(json), "print JSON"},
    {"plain", 0, FLAG, NULL, OPTS_PRINT, AT(plain), "no head, columns separated by tabs"},
    {"quiet", 'q', FLAG, NULL, OPTS_ALWAYS, AT(quiet), "no remarks"},
    {"color", 0, TEXT, "WHEN", OPTS_ALWAYS, AT(color), "auto, always or never (auto)"},
    {"help", 'h', FLAG, NULL, OPTS_ALWAYS, AT(help), "this text"},
};
#undef AT
enum { N_ROWS = sizeof rows / sizeof rows[0] };

static void store(struct options *o, const struct option_row *r, const char *value)
{
    char *at = (char *)o + r->offset;
    switch (r->kind) {
    case FLAG:
        *(bool *)(void *)at = true;
        break;
    case TEXT:
        *(const char **)(void *)at = value;
        break;
    case LIST: {
        struct str_list *l = (struct str_list *)(void *)at;
        l->v = mem_realloc(l->v, (l->n + 1) * sizeof *l->v);
        l->v[l->n++] = value;
        break;
    }
    }
}

/* What getopt_long could not take: an option of another name, a letter among letters, or a flag
 * with a value. */
static bool refuse(const char *arg, unsigned groups, const char *command)
{
    char hint[160], letter[3] = {'-', (char)optopt, '\0'};
    struct suggest s;
    bool is_letter = optopt > 0 && optopt < 256;
    const char *name = arg + strspn(arg, "-");
    size_t n = strcspn(name, "=");
    snprintf(hint, sizeof hint, "verona %s --help", command);
    if (optopt >= 256) {
        ctl_fail(CTL_USAGE, hint, "option --%s takes no value", rows[optopt - 256].name);
        return false;
    }
    suggest_init(&s, str_n(name, n));
    for (int i = 0; i < N_ROWS && !is_letter; i++)
        if (rows[i].group & groups)
            suggest_offer(&s, rows[i].name);
    if (s.best)
        snprintf(hint, sizeof hint, "did you mean --%s?", s.best);
    ctl_fail(CTL_USAGE, hint, "unknown option \"%.*s\"",
             is_letter ? 2 : (int)(name - arg) + (int)(n < 64 ? n : 64), is_letter ? letter : arg);
    return false;
}

bool options_parse(int argc, char **argv, unsigned groups, const char *command, struct options *o,
                   int *rest)
{
    struct option longs[N_ROWS + 1];
    char shorts[2 * N_ROWS + 2] = ":";
    size_t n = 0, n_short = 1;
    groups |= OPTS_ALWAYS;
    for (int i = 0; i < N_ROWS; i++) {
        if (!(rows[i].group & groups))
            continue;
        longs[n++] = (struct option){rows[i].name, rows[i].arg ? required_argument : no_argument,
                                     NULL, 256 + i};
        if (rows[i].letter) {
            shorts[n_short++] = rows[i].letter;
            if (rows[i].arg)
                shorts[n_short++] = ':';
        }
    }
    longs[n] = (struct option){NULL, 0, NULL, 0};
    shorts[n_short] = '\0';
    opterr = 0;
    optind = 1;
    int got;
    while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (got == ':') {
            char hint[160];
            snprintf(hint, sizeof hint, "verona %s --help", command);
            ctl_fail(CTL_USAGE, hint, "option \"%s\" needs a value", argv[optind - 1]);
            return false;
        }
        if (got == '?')
            return refuse(argv[optind - 1], groups, command);
        for (int i = 0; i < N_ROWS; i++)
            if (got == 256 + i || (rows[i].letter && got == rows[i].letter))
                store(o, &rows[i], optarg);
    }
    *rest = optind;
    return true;
}

void options_deinit(struct options *o)
{
    mem_free(o->sets.v);
    mem_free(o->admins.v);
    o->sets = o->admins = (struct str_list){NULL, 0};
}

void options_help(unsigned groups)
{
    groups |= OPTS_ALWAYS;
    for (int i = 0; i < N_ROWS; i++) {
        const struct option_row *r = &rows[i];
        if (!(r->group & groups))
            continue;
        char left[64];
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", r->letter ? "-" : " ",
                 r->letter ? r->letter : ' ', r->letter ? ", " : "  ", r->name, r->arg ? " " : "",
                 r->arg ? r->arg : "");
        printf("  %-26s %s\n", left, r->help);
    }
}
