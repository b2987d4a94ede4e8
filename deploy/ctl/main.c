/* main.c: the operator's tool `verona`. */
#include "base/revision.h"
#include "deploy/ctl/commands.h"

#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a Redis that goes away is an error, not our end */
    int code = commands_run(argc, argv, verona_revision);
    if (fflush(stdout) && code == CTL_OK)
        return CTL_FAILED;
    return code;
}
