/* port_owner.c: proc(5): the port's socket inode in /proc/net/tcp, then who has that socket open.
 */
#include "rt/port_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

enum { TCP_STATE_LISTEN = 0x0a };

static bool find_inode(const char *table, uint16_t port, unsigned long *inode)
{
    char line[512];
    bool found = false;
    FILE *f = fopen(table, "re");
    if (!f)
        return false;
    while (!found && fgets(line, sizeof line, f)) {
        unsigned local_port, state;
        unsigned long number;
        /* "sl: address:port address:port state queues timer retransmits uid timeout inode" */
        if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*s %*s %lu",
                   &local_port, &state, &number) != 3)
            continue;
        if (local_port == port && state == TCP_STATE_LISTEN) {
            *inode = number;
            found = true;
        }
    }
    fclose(f);
    return found;
}

static bool has_open(const char *pid, const char *target)
{
    char path[300], link[64];
    snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    bool found = false;
    for (struct dirent *e; !found && (e = readdir(dir));) {
        snprintf(path, sizeof path, "/proc/%.20s/fd/%.200s", pid, e->d_name);
        ssize_t n = readlink(path, link, sizeof link - 1);
        if (n <= 0)
            continue;
        link[n] = '\0';
        found = strcmp(link, target) == 0;
    }
    closedir(dir);
    return found;
}

static void put_process(struct buf *out, const char *pid)
{
    char path[64], name[64] = "a process";
    snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
    FILE *f = fopen(path, "re");
    if (f) {
        if (fgets(name, sizeof name, f))
            name[strcspn(name, "\n")] = '\0';
        fclose(f);
    }
    buf_printf(out, "%s, pid %s", name, pid);
}

bool port_owner(uint16_t port, struct buf *out)
{
    unsigned long inode;
    if (!find_inode("/proc/net/tcp", port, &inode) && !find_inode("/proc/net/tcp6", port, &inode))
        return false;
    char target[64];
    snprintf(target, sizeof target, "socket:[%lu]", inode);
    DIR *dir = opendir("/proc");
    if (!dir)
        return false;
    bool found = false;
    for (struct dirent *e; !found && (e = readdir(dir));) {
        found = isdigit((unsigned char)e->d_name[0]) && has_open(e->d_name, target);
        if (found)
            put_process(out, e->d_name);
    }
    closedir(dir);
    return found;
}
