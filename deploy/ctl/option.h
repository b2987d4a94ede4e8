/* option.h: the one table of options, and reading them with getopt_long. */
#ifndef CTL_OPTION_H
#define CTL_OPTION_H

#include "deploy/ctl/ctl.h"

/* Which options a command takes: a set of these. */
enum option_group {
    OPTS_ALWAYS = 1 << 0, /* help, quiet, color */
    OPTS_PRINT = 1 << 1,  /* json, plain */
    OPTS_REDIS = 1 << 2,  /* redis */
    OPTS_DATA = 1 << 3,   /* data */
    OPTS_CONFIG = 1 << 4, /* config, set */
    OPTS_UP = 1 << 5,
    OPTS_WAIT = 1 << 6,
    OPTS_PASSWORD = 1 << 7,
    OPTS_MATCH = 1 << 8,
    OPTS_TIMEOUT = 1 << 9,
    OPTS_YES = 1 << 10,
};

/* Fills *o; *rest is the index of the first argument that is no option (they are moved behind the
 * options). On a mistake: a message on stderr and false. */
MUST_CHECK bool options_parse(int argc, char **argv, unsigned groups, const char *command,
                              struct options *o, int *rest);
void options_deinit(struct options *o);
/* Lines of help for these groups. */
void options_help(unsigned groups);

#endif
