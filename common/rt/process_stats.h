/* process_stats.h: what the kernel knows of this process, for the process_* metrics. */
#ifndef MUC_PROCESS_STATS_H
#define MUC_PROCESS_STATS_H

struct process_stats {
    double cpu_seconds; /* user and system */
    double resident_bytes, virtual_bytes;
    double open_fds, max_fds;
    double start_seconds; /* Unix time */
};

/* What cannot be read stays 0. */
void process_stats_read(struct process_stats *s);

#endif
