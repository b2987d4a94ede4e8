/* process_stats.c: proc(5). */
#include "rt/process_stats.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Fields of /proc/self/stat, counted from 1 as in proc(5). */
enum {
    FIELD_STATE = 3,
    FIELD_UTIME = 14,
    FIELD_STIME = 15,
    FIELD_START = 22,
    FIELD_VSIZE = 23,
    FIELD_RSS = 24
};

static double boot_seconds(void)
{
    char line[256];
    unsigned long long seconds = 0;
    FILE *f = fopen("/proc/stat", "re");
    if (!f)
        return 0;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "btime %llu", &seconds) == 1)
            break;
    fclose(f);
    return (double)seconds;
}

static void read_stat(struct process_stats *s)
{
    char text[1024];
    FILE *f = fopen("/proc/self/stat", "re");
    if (!f)
        return;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    /* Field 2 is the program's name in parentheses and may hold spaces: count from its end. */
    char *p = strrchr(text, ')'), *rest = NULL;
    if (!p)
        return;
    double tick = (double)sysconf(_SC_CLK_TCK);
    int field = FIELD_STATE;
    for (char *word = strtok_r(p + 1, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest), field++) {
        double v = strtod(word, NULL);
        if (field == FIELD_UTIME || field == FIELD_STIME)
            s->cpu_seconds += v / tick;
        if (field == FIELD_START)
            s->start_seconds = boot_seconds() + v / tick;
        if (field == FIELD_VSIZE)
            s->virtual_bytes = v;
        if (field == FIELD_RSS)
            s->resident_bytes = v * (double)sysconf(_SC_PAGESIZE);
    }
}

static double count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return 0;
    double n = -1; /* the descriptor of `dir` itself */
    for (struct dirent *e; (e = readdir(dir));)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

void process_stats_read(struct process_stats *s)
{
    memset(s, 0, sizeof *s);
    read_stat(s);
    s->open_fds = count_fds();
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        s->max_fds = limit.rlim_cur == RLIM_INFINITY ? 0 : (double)limit.rlim_cur;
}
