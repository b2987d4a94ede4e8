/* test_state.c: cluster.json, what `verona up` started. */
#include "deploy/ctl/state.h"

#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char root[64];
static struct folder f;
static struct buf err;

static int set_up(void **state)
{
    (void)state;
    buf_init(&err);
    snprintf(root, sizeof root, "/tmp/verona-state-XXXXXX");
    if (!mkdtemp(root) || folder_name(root, &f, &err) || folder_make(&f, &err))
        return -1;
    return 0;
}

static void remove_all(const char *dir)
{
    char command[PATH_MAX + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    if (system(command))
        abort();
}

static int tear_down(void **state)
{
    (void)state;
    buf_deinit(&err);
    remove_all(root);
    return 0;
}

static void write_state_file(const char *bytes)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/cluster.json", f.run);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(bytes, out);
    fclose(out);
}

static void what_is_saved_is_loaded(void **state)
{
    struct state_process list[2] = {
        {"shard", "s1", "127.0.0.1:5291", 0, 0, 5291, 3, {41, 42}},
        {"gateway", "g1", "127.0.0.1:5290", 5222, 5280, 5290, 0, {43, UINT64_C(1) << 40}}};
    struct state s = {.supervisor = {7, 8},
                      .redis = {9, 10},
                      .started_ms = UINT64_C(1) << 41,
                      .redis_restarts = 1,
                      .redis_url = "unix:///x/redis.sock",
                      .domain = "localhost",
                      .muc_domain = "conference.localhost",
                      .processes = list,
                      .n_processes = 2};
    struct state got;
    struct stat st;
    char path[PATH_MAX + 32];
    (void)state;
    assert_int_equal(state_save(&s, &f), 0);
    snprintf(path, sizeof path, "%s/cluster.json", f.run);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(state_load(&got, &f), 0);
    assert_int_equal(got.supervisor.pid, 7);
    assert_true(got.started_ms == UINT64_C(1) << 41);
    assert_int_equal(got.supervisor.start, 8);
    assert_int_equal(got.redis.pid, 9);
    assert_int_equal(got.redis_restarts, 1);
    assert_string_equal(got.redis_url, s.redis_url);
    assert_string_equal(got.muc_domain, s.muc_domain);
    assert_int_equal(got.n_processes, 2);
    const struct state_process *g = state_find(&got, "gateway", STR("g1"));
    assert_non_null(g);
    assert_int_equal(g->c2s_port, 5222);
    assert_int_equal(g->ws_port, 5280);
    assert_int_equal(g->proc.start, UINT64_C(1) << 40);
    assert_int_equal(state_find(&got, "shard", STR("s1"))->restarts, 3);
    assert_null(state_find(&got, "gateway", STR("s1")));
    state_deinit(&got);
    state_remove(&f);
    assert_int_equal(state_load(&got, &f), ERR_NOTFOUND);
}

static void a_broken_file_is_told_from_none(void **state)
{
    struct state got;
    (void)state;
    assert_int_equal(state_load(&got, &f), ERR_NOTFOUND);
    static const char *const broken[] = {"", "{", "[]", "7", "{\"supervisor_pid\": "};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        write_state_file(broken[i]);
        assert_int_equal(state_load(&got, &f), ERR_PROTO);
    }
    /* Fields of other types are as good as missing. */
    write_state_file("{\"supervisor_pid\": \"x\", \"processes\": {\"a\": 1}}");
    assert_int_equal(state_load(&got, &f), 0);
    assert_int_equal(got.supervisor.pid, 0);
    assert_int_equal(got.n_processes, 0);
    state_deinit(&got);
    write_state_file("{\"processes\": [1, null, {\"pid\": -5, \"id\": \"s1\"}]}");
    assert_int_equal(state_load(&got, &f), 0);
    assert_int_equal(got.n_processes, 3);
    assert_false(proc_alive(got.processes[2].proc));
    state_deinit(&got);
}

/* It says which processes to end: a link could lead to a file of somebody else. */
static void a_link_is_not_followed(void **state)
{
    struct state got;
    char path[PATH_MAX + 32], target[PATH_MAX + 32];
    (void)state;
    snprintf(path, sizeof path, "%s/cluster.json", f.run);
    snprintf(target, sizeof target, "%s/elsewhere", root);
    write_state_file("{}");
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(state_load(&got, &f), ERR_DENIED);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_saved_is_loaded),
        TEST(a_broken_file_is_told_from_none),
        TEST(a_link_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
