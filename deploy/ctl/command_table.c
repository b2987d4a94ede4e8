/* command_table.c: every command of the tool, one row each. */
#include "deploy/ctl/commands.h"
#include "deploy/ctl/option.h"

#define FIND (OPTS_REDIS | OPTS_DATA | OPTS_CONFIG) /* how a cluster is found */

const struct command commands[] = {
    {"up", "", "start a whole cluster on this machine",
     "verona up\n"
     "verona up --gateways 2 --shards 4 --auth open\n"
     "verona up --detach --data /tmp/one --port-offset 1000\n",
     "Real gateway and shard processes, and a private Redis unless --redis is given. What ends is\n"
     "started again. Ctrl-C drains and stops. The data folder keeps rooms and accounts.",
     OPTS_UP | FIND, 0, 0, cmd_up},
    {"down", "", "end what `verona up --detach` started",
     "verona down\n"
     "verona down --data /tmp/one\n",
     "Waits until everything is gone. --timeout 60s: after that time by force.",
     OPTS_DATA | OPTS_TIMEOUT, 0, 0, cmd_down},
    {"status", "", "every process of the cluster, with its rooms and sessions",
     "verona status\n"
     "verona status --json --redis redis://redis:6379\n",
     "A process is up, draining (it leaves in order), unreachable (registered, but it does not\n"
     "answer), dead, or gone: left from an earlier `verona up` here, and not missed. The cluster "
     "is\n"
     "ready when all but the gone are up and every slot has an owner, else degraded.",
     OPTS_PRINT | FIND, 0, 0, cmd_status},
    {"cluster init", "", "make an empty Redis into a cluster; harmless if it is one",
     "verona cluster init\n"
     "verona cluster init --redis redis://redis:6379 --wait 30s\n",
     "`verona up` does it by itself. No gateway or shard ever creates a cluster.", OPTS_WAIT | FIND,
     0, 0, cmd_cluster_init},
    {"user add", "JID", "add an account",
     "verona user add alice@localhost\n"
     "verona user add alice@localhost --generate\n"
     "verona user add alice@localhost --password-file secret.txt\n"
     "pwgen 20 1 | verona user add alice@localhost\n",
     "On a terminal it asks for the password, without showing it; an empty answer makes one and\n"
     "prints it, as --generate does. Without a terminal the first line of stdin is the password.",
     OPTS_PASSWORD | FIND, 1, 1, cmd_user_add},
    {"user passwd", "JID", "change the password of an account",
     "verona user passwd alice@localhost\n"
     "verona user passwd alice@localhost --generate\n",
     "On a terminal it asks for the password, without showing it; an empty answer makes one and\n"
     "prints it, as --generate does. Without a terminal the first line of stdin is the password.",
     OPTS_PASSWORD | FIND, 1, 1, cmd_user_passwd},
    {"user del", "JID", "remove an account",
     "verona user del alice@localhost\n"
     "verona user del alice@localhost --yes\n",
     "Its private data goes too. Sessions that are online stay until they end.", OPTS_YES | FIND, 1,
     1, cmd_user_del},
    {"user list", "", "list accounts", "verona user list\n", NULL, OPTS_PRINT | OPTS_MATCH | FIND,
     0, 0, cmd_user_list},
    {"room list", "", "list rooms, with slot and shard",
     "verona room list\n"
     "verona room list --match dev --json\n",
     NULL, OPTS_PRINT | OPTS_MATCH | FIND, 0, 0, cmd_room_list},
    {"room show", "ROOM", "one room: where it is, who is in it",
     "verona room show dev@conference.localhost\n", NULL, OPTS_PRINT | FIND, 1, 1, cmd_room_show},
    {"block add", "JID|DOMAIN", "let no room admit a user, or anybody of a domain",
     "verona block add mallory@example.org\n"
     "verona block add spam.example\n",
     "Shards know within a second. Who is inside stays until he leaves. Only SHA-256 of the name "
     "is\n"
     "kept; a hash of somebody else's list can be given instead of a name.",
     FIND, 1, 1, cmd_block_add},
    {"block del", "JID|DOMAIN", "take it off the list again",
     "verona block del mallory@example.org\n", NULL, FIND, 1, 1, cmd_block_del},
    {"block list", "", "the list, as hashes", "verona block list\n", NULL, OPTS_PRINT | FIND, 0, 0,
     cmd_block_list},
    {"healthcheck", "", "exit 0 if the process of this container or machine is ready",
     "verona healthcheck\n"
     "VERONA_ADMIN_LISTEN=0.0.0.0:5290 verona healthcheck\n",
     "Asks /readyz of admin.listen.", OPTS_CONFIG, 0, 0, cmd_healthcheck},
    {"version", "", "version of this tool and of its libraries", "verona version\n", NULL,
     OPTS_PRINT, 0, 0, cmd_version},
    {"help", "[COMMAND]", "help for a command", "verona help up\n", NULL, 0, 0, 2, cmd_help},
};
const unsigned n_commands = sizeof commands / sizeof *commands;
