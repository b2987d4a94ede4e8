/* test_proc.c: who is who among processes, and starting one. */
#include "deploy/ctl/proc.h"

#include "base/err.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct buf err;

static int set_up(void **state)
{
    (void)state;
    buf_init(&err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_deinit(&err);
    return 0;
}

static const char *message(void)
{
    static char text[256];
    snprintf(text, sizeof text, "%.*s", (int)err.len, err.len ? err.data : "");
    buf_reset(&err);
    return text;
}

static void a_pid_alone_is_nobody(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    assert_true(pid > 0);
    struct proc_id id = proc_of(pid), other = id;
    assert_int_equal(id.pid, pid);
    assert_true(id.start > 0);
    other.start++; /* the number, used again */
    assert_true(proc_alive(id));
    assert_false(proc_alive(other));
    assert_false(proc_alive((struct proc_id){0, 0}));
    assert_false(proc_alive((struct proc_id){-1, id.start}));
    proc_kill(other, SIGKILL);
    proc_kill((struct proc_id){0, 0}, SIGKILL);
    proc_kill((struct proc_id){-1, id.start}, SIGKILL);
    assert_true(proc_alive(id));
    proc_kill(id, SIGTERM);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_false(proc_alive(id));
}

static void programs_are_found(void **state)
{
    char path[PATH_MAX], want[PATH_MAX];
    (void)state;
    assert_true(proc_find("sh", false, path, sizeof path));
    assert_true(path[0] == '/');
    assert_true(proc_find("/bin/sh", false, path, sizeof path));
    assert_false(proc_find("/etc/passwd", false, path, sizeof path)); /* cannot be run */
    assert_false(proc_find("/tmp", false, path, sizeof path));
    assert_false(proc_find("no-such-program", true, path, sizeof path));
    ssize_t n = readlink("/proc/self/exe", want, sizeof want - 1);
    assert_true(n > 0);
    want[n] = '\0';
    assert_true(proc_find("ctl_test_proc", true, path, sizeof path)); /* beside us: ourselves */
    assert_string_equal(path, want);
}

static void a_start_that_fails_says_why(void **state)
{
    const char *argv[] = {"nothing", NULL};
    struct proc_id id;
    (void)state;
    int log = open("/dev/null", O_WRONLY);
    struct proc_start how = {"/nonexistent/program", argv, log, SIGKILL};
    assert_int_equal(proc_start(&how, &id, &err), ERR_IO);
    assert_string_equal(message(), "cannot start /nonexistent/program: No such file or directory");
    close(log);
}

/* stdin is empty, signals are not blocked, and nobody inherits our files. */
static void a_started_process_has_a_clean_place(void **state)
{
    const char *argv[] = {"sh", "-c",
                          "cat; ls /proc/self/fd | wc -l; grep SigBlk /proc/self/status; "
                          "cut -d' ' -f6 /proc/$$/stat; echo $$",
                          NULL};
    char path[64], text[512];
    struct proc_id id;
    (void)state;
    int spare = open("/dev/null", O_RDONLY); /* would be inherited */
    snprintf(path, sizeof path, "/tmp/verona-proc-XXXXXX");
    int log = mkostemp(path, O_CLOEXEC);
    assert_true(log >= 0);
    unlink(path);
    sigset_t block, was;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &was);
    struct proc_start how = {"/bin/sh", argv, log, SIGKILL};
    assert_int_equal(proc_start(&how, &id, &err), 0);
    sigprocmask(SIG_SETMASK, &was, NULL);
    int status;
    assert_int_equal(waitpid((pid_t)id.pid, &status, 0), id.pid);
    assert_int_equal(status, 0);
    ssize_t n = pread(log, text, sizeof text - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    unsigned fds;
    unsigned long long blocked;
    long long sid, pid;
    assert_int_equal(sscanf(text, "%u SigBlk: %llx %lld %lld", &fds, &blocked, &sid, &pid), 4);
    assert_int_equal(fds, 4); /* 0, 1, 2 and the folder that ls reads */
    assert_int_equal(blocked, 0);
    assert_int_equal(sid, pid);
    assert_int_equal(pid, id.pid);
    close(log);
    close(spare);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pid_alone_is_nobody),
        TEST(programs_are_found),
        TEST(a_start_that_fails_says_why),
        TEST(a_started_process_has_a_clean_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
