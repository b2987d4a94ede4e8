/* commands.c: finding a command, its help, running it. */
#include "deploy/ctl/commands.h"

#include "deploy/ctl/option.h"
#include "base/suggest.h"
#include "deploy/ctl/term.h"
#include "rt/config.h"

#include <stdio.h>

static const char *bold(void)
{
    return term_on(TERM_OUT, TERM_BOLD);
}

static const char *off(void)
{
    return term_off(TERM_OUT);
}

static void print_lines(FILE *to, const char *text, const char *prefix)
{
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");
        fprintf(to, "%s%.*s\n", prefix, (int)n, p);
        p += n + (p[n] == '\n');
    }
}

/* to: stdout for who asked, stderr for who gave no command. */
static void overview(FILE *to)
{
    const char *on = to == stdout ? bold() : "", *end = to == stdout ? off() : "";
    fprintf(to, "verona %s: the operator's tool of a sharded XMPP group chat\n\n%sExamples%s\n",
            VERONA_VERSION, on, end);
    print_lines(to,
                "verona up                       a cluster on this machine, in one command\n"
                "verona status                   its processes\n"
                "verona user add alice@localhost\n",
                "  ");
    fprintf(to, "\n%sCommands%s\n", on, end);
    for (unsigned i = 0; i < n_commands; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", commands[i].name, commands[i].args);
        fprintf(to, "  %-20s %s\n", left, commands[i].summary);
    }
    fputs("\nverona help COMMAND tells more. Settings come from --set, VERONA_SECTION_KEY, "
          "--config FILE.\n"
          "Exit: 0 ok, 1 failed, 2 usage, 3 unreachable, 4 not found, 5 denied, 6 conflict,\n"
          "      7 partial, 75 try again later, 78 bad settings.\n",
          to);
}

static int help_of(const struct command *c)
{
    printf("%sExamples%s\n", bold(), off());
    print_lines(stdout, c->examples, "  ");
    printf("\n%sverona %s%s%s%s: %s\n", bold(), c->name, *c->args ? " " : "", c->args, off(),
           c->summary);
    if (c->more)
        print_lines(stdout, c->more, "");
    printf("\n%sOptions%s\n", bold(), off());
    options_help(c->options);
    return CTL_OK;
}

/* The command that the first words name; *words says how many. */
static const struct command *find(int argc, char **argv, int *words)
{
    char two[128];
    snprintf(two, sizeof two, "%s %s", argc > 0 ? argv[0] : "", argc > 1 ? argv[1] : "");
    for (unsigned i = 0; i < n_commands; i++) {
        if (argc > 0 && !strcmp(commands[i].name, argv[0])) {
            *words = 1;
            return &commands[i];
        }
        if (argc > 1 && !strcmp(commands[i].name, two)) {
            *words = 2;
            return &commands[i];
        }
    }
    return NULL;
}

/* "user" alone, or with a word that is none of its commands. */
static bool is_group(const char *word)
{
    size_t n = strlen(word);
    for (unsigned i = 0; i < n_commands; i++)
        if (!strncmp(commands[i].name, word, n) && commands[i].name[n] == ' ')
            return true;
    return false;
}

static int list_group(const char *word, bool asked)
{
    size_t n = strlen(word);
    FILE *to = asked ? stdout : stderr;
    for (unsigned i = 0; i < n_commands; i++) {
        char left[64];
        if (strncmp(commands[i].name, word, n) || commands[i].name[n] != ' ')
            continue;
        snprintf(left, sizeof left, "%s %s", commands[i].name, commands[i].args);
        fprintf(to, "  verona %-18s %s\n", left, commands[i].summary);
    }
    return asked ? CTL_OK : CTL_USAGE;
}

static int not_found(int argc, char **argv)
{
    char typed[128], hint[128];
    bool group = is_group(argv[0]);
    struct suggest s;
    if (group && argc > 1 && argv[1][0] == '-')
        return list_group(argv[0], !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"));
    if (group && argc < 2) {
        ctl_fail(CTL_USAGE, "one of these:", "verona %s wants one more word", argv[0]);
        return list_group(argv[0], false);
    }
    bool two = argc > 1 && argv[1][0] != '-';
    snprintf(typed, sizeof typed, "%s%s%s", argv[0], two ? " " : "", two ? argv[1] : "");
    suggest_init(&s, str_of(typed));
    for (unsigned i = 0; i < n_commands; i++)
        suggest_offer(&s, commands[i].name);
    if (!s.best && two) {
        suggest_init(&s, str_of(argv[0]));
        for (unsigned i = 0; i < n_commands; i++)
            suggest_offer(&s, commands[i].name);
    }
    if (s.best)
        snprintf(hint, sizeof hint, "did you mean verona %s?", s.best);
    else
        snprintf(hint, sizeof hint, "verona help lists all commands");
    return ctl_fail(CTL_USAGE, hint, "unknown command \"%s\"", typed);
}

int cmd_help(struct ctl *c, int argc, char **argv)
{
    int words;
    (void)c;
    if (!argc) {
        overview(stdout);
        return CTL_OK;
    }
    const struct command *command = find(argc, argv, &words);
    if (command)
        return help_of(command);
    if (is_group(argv[0]) && argc == 1)
        return list_group(argv[0], true);
    return not_found(argc, argv);
}

/* The configuration as file, environment and --set make it. */
static int load_config(struct ctl *c)
{
    struct buf err;
    int rc = 0;
    buf_init(&err);
    c->cfg = config_new();
    rc = config_load_env(c->cfg, &err);
    if (!rc && c->o.config)
        rc = config_load_file(c->cfg, c->o.config, &err);
    for (size_t i = 0; i < c->o.sets.n && !rc; i++)
        rc = config_set(c->cfg, str_of(c->o.sets.v[i]), &err);
    if (rc)
        ctl_fail(CTL_CONFIG, "verona-shard --print-config lists all settings", "%.*s", (int)err.len,
                 err.data);
    buf_deinit(&err);
    return rc ? CTL_CONFIG : CTL_OK;
}

static int run_with_options(const struct command *command, struct ctl *c, int argc, char **argv)
{
    int rest;
    if (!options_parse(argc, argv, command->options, command->name, &c->o, &rest))
        return CTL_USAGE;
    if (c->o.color && strcmp(c->o.color, "auto") && strcmp(c->o.color, "always") &&
        strcmp(c->o.color, "never"))
        return ctl_fail(CTL_USAGE, "--color auto", "--color \"%s\" is not auto, always or never",
                        c->o.color);
    term_setup(c->o.color);
    if (c->o.help)
        return help_of(command);
    int n = argc - rest;
    if (n < command->min_args || n > command->max_args) {
        char hint[160];
        snprintf(hint, sizeof hint, "usage: verona %s%s%s [options]", command->name,
                 *command->args ? " " : "", command->args);
        return ctl_fail(CTL_USAGE, hint,
                        n < command->min_args ? "%s is missing" : "too many arguments",
                        command->args);
    }
    int rc = load_config(c);
    return rc ? rc : command->run(c, n, argv + rest);
}

int commands_run(int argc, char **argv, const char *revision)
{
    struct ctl c = {.revision = revision};
    int words = 0;
    term_setup(NULL);
    if (argc < 2) {
        overview(stderr);
        return CTL_USAGE;
    }
    if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))
        return cmd_help(&c, 0, NULL);
    if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version"))
        return cmd_version(&c, 0, NULL);
    if (argv[1][0] == '-')
        return ctl_fail(CTL_USAGE, "verona help", "a command comes before its options");
    const struct command *command = find(argc - 1, argv + 1, &words);
    if (!command)
        return not_found(argc - 1, argv + 1);
    int rc = run_with_options(command, &c, argc - words, argv + words);
    config_destroy(&c.cfg);
    options_deinit(&c.o);
    return rc;
}
