/* commands.h: the table of commands, from which help, suggestions and dispatch follow. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "deploy/ctl/ctl.h"

struct command {
    const char *name;     /* "user add" */
    const char *args;     /* "JID"; "" for none */
    const char *summary;  /* one line */
    const char *examples; /* lines, shown first */
    const char *more;     /* what else to know, or NULL */
    unsigned options;     /* enum option_group */
    int min_args, max_args;
    int (*run)(struct ctl *c, int argc, char **argv); /* argv: the arguments alone */
};

extern const struct command commands[];
extern const unsigned n_commands;

/* argv[0] is the program. revision: the commit it was built from; "": not known. Returns the exit
 * code. */
int commands_run(int argc, char **argv, const char *revision);

int cmd_up(struct ctl *c, int argc, char **argv);
int cmd_down(struct ctl *c, int argc, char **argv);
int cmd_status(struct ctl *c, int argc, char **argv);
int cmd_cluster_init(struct ctl *c, int argc, char **argv);
int cmd_user_add(struct ctl *c, int argc, char **argv);
int cmd_user_passwd(struct ctl *c, int argc, char **argv);
int cmd_block_add(struct ctl *c, int argc, char **argv);
int cmd_block_del(struct ctl *c, int argc, char **argv);
int cmd_block_list(struct ctl *c, int argc, char **argv);
int cmd_user_del(struct ctl *c, int argc, char **argv);
int cmd_user_list(struct ctl *c, int argc, char **argv);
int cmd_room_list(struct ctl *c, int argc, char **argv);
int cmd_room_show(struct ctl *c, int argc, char **argv);
int cmd_healthcheck(struct ctl *c, int argc, char **argv);
int cmd_version(struct ctl *c, int argc, char **argv);
int cmd_help(struct ctl *c, int argc, char **argv);

#endif
