/* test_folder.c: the data folder: its name, its owner, its lock. */
#include "deploy/ctl/folder.h"

#include "base/err.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static const char *message(void)
{
    static char text[PATH_MAX + 128];
    snprintf(text, sizeof text, "%.*s", (int)err.len, err.len ? err.data : "");
    buf_reset(&err);
    return text;
}

static void names_of_folders(void **state)
{
    struct folder g;
    char want[PATH_MAX + 16], cwd[PATH_MAX];
    (void)state;
    setenv("HOME", "/home/ann", 1);
    unsetenv("XDG_DATA_HOME");
    assert_int_equal(folder_name(NULL, &g, &err), 0);
    assert_string_equal(g.dir, "/home/ann/.local/share/verona");
    assert_true(g.is_default);
    char pretty[PATH_MAX];
    folder_pretty(&g, pretty, sizeof pretty);
    assert_string_equal(pretty, "~/.local/share/verona");
    setenv("XDG_DATA_HOME", "/xdg", 1);
    assert_int_equal(folder_name(NULL, &g, &err), 0);
    assert_string_equal(g.dir, "/xdg/verona");
    setenv("XDG_DATA_HOME", "relative", 1); /* the specification: to be ignored */
    assert_int_equal(folder_name(NULL, &g, &err), 0);
    assert_string_equal(g.dir, "/home/ann/.local/share/verona");
    assert_int_equal(folder_name("/a/b//", &g, &err), 0);
    assert_string_equal(g.dir, "/a/b");
    assert_string_equal(g.sockets, "/a/b/run");
    assert_false(g.is_default);
    assert_int_equal(folder_name("x", &g, &err), 0);
    snprintf(want, sizeof want, "%s/x", getcwd(cwd, sizeof cwd));
    assert_string_equal(g.dir, want);
    assert_int_equal(folder_name("", &g, &err), ERR_INVALID);
    assert_string_equal(message(), "--data wants the name of a folder");
    unsetenv("HOME");
    unsetenv("XDG_DATA_HOME");
    assert_int_equal(folder_name(NULL, &g, &err), ERR_INVALID);
    assert_string_equal(message(), "no data folder: HOME is not set (use --data DIR)");
}

/* A socket's path has 108 bytes, and URLs name it. */
static void sockets_have_short_plain_names(void **state)
{
    char deep[200];
    struct folder a, b;
    (void)state;
    memset(deep, 'd', sizeof deep);
    deep[0] = '/';
    deep[199] = '\0';
    assert_int_equal(folder_name(deep, &a, &err), 0);
    assert_true(strlen(a.sockets) < 90);
    deep[198] = 'e';
    assert_int_equal(folder_name(deep, &b, &err), 0);
    assert_string_not_equal(a.sockets, b.sockets);
    assert_int_equal(folder_name("/with a space", &a, &err), 0);
    assert_null(strchr(a.sockets, ' '));
}

static void a_folder_is_made_once_and_private(void **state)
{
    struct stat st;
    (void)state;
    assert_true(f.is_new);
    assert_int_equal(folder_make(&f, &err), 0);
    assert_false(f.is_new);
    assert_int_equal(stat(f.run, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void folders_that_cannot_be_used(void **state)
{
    struct folder g;
    char path[PATH_MAX], want[PATH_MAX + 64];
    (void)state;
    snprintf(path, sizeof path, "%s/file", root);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    snprintf(want, sizeof want, "%s is not a folder", path);
    assert_int_equal(folder_name(path, &g, &err), 0);
    assert_int_equal(folder_make(&g, &err), ERR_IO);
    assert_string_equal(message(), want);
    strcat(path, "/below");
    assert_int_equal(folder_name(path, &g, &err), 0);
    assert_int_equal(folder_make(&g, &err), ERR_IO);
    assert_string_equal(message(), want);
    assert_int_equal(folder_name("/proc/1/verona", &g, &err), 0); /* nobody may write there */
    assert_int_equal(folder_make(&g, &err), ERR_IO);
    assert_non_null(strstr(message(), "cannot make the folder /proc/1/verona: "));
    /* Somebody else's: root gives one away, anybody else finds one of root. */
    snprintf(path, sizeof path, "%s/theirs", root);
    if (geteuid() == 0) {
        assert_int_equal(mkdir(path, 0777), 0);
        assert_int_equal(chown(path, 12345, 12345), 0);
    } else {
        snprintf(path, sizeof path, "/usr/share");
    }
    assert_int_equal(folder_name(path, &g, &err), 0);
    assert_int_equal(folder_make(&g, &err), ERR_IO);
    assert_non_null(strstr(message(), " belongs to "));
}

static void one_lock_one_holder(void **state)
{
    (void)state;
    int fd = folder_lock(&f, &err);
    assert_true(fd >= 0);
    assert_int_equal(folder_lock(&f, &err), ERR_CONFLICT);
    close(fd);
    fd = folder_lock(&f, &err);
    assert_true(fd >= 0);
    close(fd);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sockets_have_short_plain_names),
        TEST(a_folder_is_made_once_and_private),
        TEST(folders_that_cannot_be_used),
        TEST(one_lock_one_holder),
        TEST(names_of_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
