/* state.c: see state.h. */
#include "deploy/ctl/state.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void path_of(const struct folder *f, const char *suffix, char *out, size_t room)
{
    snprintf(out, room, "%s/cluster.json%s", f->run, suffix);
}

static json_t *process_json(const struct state_process *p)
{
    json_t *ports = json_pack("{s:i}", "admin", p->admin_port);
    if (p->c2s_port)
        json_object_set_new(ports, "c2s", json_integer(p->c2s_port));
    if (p->ws_port)
        json_object_set_new(ports, "ws", json_integer(p->ws_port));
    return json_pack("{s:s, s:s, s:I, s:I, s:s, s:o, s:I}", "role", p->role, "id", p->id, "pid",
                     (json_int_t)p->proc.pid, "start", (json_int_t)p->proc.start, "admin", p->admin,
                     "ports", ports, "restarts", (json_int_t)p->restarts);
}

int state_save(const struct state *s, const struct folder *f)
{
    char path[PATH_MAX + 32], tmp[PATH_MAX + 32];
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_processes; i++)
        json_array_append_new(list, process_json(&s->processes[i]));
    json_t *j =
        json_pack("{s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:s, s:s, s:o}", "supervisor_pid",
                  (json_int_t)s->supervisor.pid, "supervisor_start",
                  (json_int_t)s->supervisor.start, "started_ms", (json_int_t)s->started_ms,
                  "redis_url", s->redis_url, "redis_pid", (json_int_t)s->redis.pid, "redis_start",
                  (json_int_t)s->redis.start, "redis_restarts", (json_int_t)s->redis_restarts,
                  "domain", s->domain, "muc_domain", s->muc_domain, "processes", list);
    path_of(f, "", path, sizeof path);
    path_of(f, ".new", tmp, sizeof tmp);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc = fd < 0 || !j || json_dumpfd(j, fd, JSON_INDENT(1)) ? ERR_IO : 0;
    if (fd >= 0 && close(fd))
        rc = ERR_IO;
    if (!rc && rename(tmp, path))
        rc = ERR_IO;
    json_decref(j);
    return rc;
}

static int64_t get_int(const json_t *j, const char *key)
{
    return json_integer_value(json_object_get(j, key));
}

static void get_text(const json_t *j, const char *key, char *out, size_t room)
{
    const char *z = json_string_value(json_object_get(j, key));
    snprintf(out, room, "%s", z ? z : "");
}

static void read_process(const json_t *j, struct state_process *p)
{
    const json_t *ports = json_object_get(j, "ports");
    get_text(j, "role", p->role, sizeof p->role);
    get_text(j, "id", p->id, sizeof p->id);
    get_text(j, "admin", p->admin, sizeof p->admin);
    p->c2s_port = (int)get_int(ports, "c2s");
    p->ws_port = (int)get_int(ports, "ws");
    p->admin_port = (int)get_int(ports, "admin");
    p->restarts = get_int(j, "restarts");
    p->proc = (struct proc_id){get_int(j, "pid"), (uint64_t)get_int(j, "start")};
}

/* The file's JSON, if it is ours. */
static int read_json(const struct folder *f, json_t **out)
{
    char path[PATH_MAX + 32];
    struct stat st;
    path_of(f, "", path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == EACCES || errno == ELOOP ? ERR_DENIED : ERR_NOTFOUND;
    int rc = fstat(fd, &st) || !S_ISREG(st.st_mode) ? ERR_PROTO
             : st.st_uid != geteuid()               ? ERR_DENIED
                                                    : 0;
    *out = rc ? NULL : json_loadfd(fd, 0, NULL);
    close(fd);
    return rc ? rc : json_is_object(*out) ? 0 : ERR_PROTO;
}

int state_load(struct state *s, const struct folder *f)
{
    json_t *j = NULL;
    memset(s, 0, sizeof *s);
    int rc = read_json(f, &j);
    if (rc) {
        json_decref(j);
        return rc;
    }
    s->supervisor =
        (struct proc_id){get_int(j, "supervisor_pid"), (uint64_t)get_int(j, "supervisor_start")};
    s->redis = (struct proc_id){get_int(j, "redis_pid"), (uint64_t)get_int(j, "redis_start")};
    s->started_ms = (uint64_t)get_int(j, "started_ms");
    s->redis_restarts = get_int(j, "redis_restarts");
    get_text(j, "redis_url", s->redis_url, sizeof s->redis_url);
    get_text(j, "domain", s->domain, sizeof s->domain);
    get_text(j, "muc_domain", s->muc_domain, sizeof s->muc_domain);
    const json_t *list = json_object_get(j, "processes");
    s->n_processes = json_array_size(list);
    s->processes = mem_zalloc(s->n_processes * sizeof *s->processes);
    for (size_t i = 0; i < s->n_processes; i++)
        read_process(json_array_get(list, i), &s->processes[i]);
    json_decref(j);
    return 0;
}

void state_deinit(struct state *s)
{
    mem_free(s->processes);
    memset(s, 0, sizeof *s);
}

const struct state_process *state_find(const struct state *s, const char *role, struct str id)
{
    for (size_t i = 0; i < s->n_processes; i++)
        if (!strcmp(s->processes[i].role, role) && str_is(id, s->processes[i].id))
            return &s->processes[i];
    return NULL;
}

void state_remove(const struct folder *f)
{
    char path[PATH_MAX + 32];
    path_of(f, "", path, sizeof path);
    unlink(path);
}
