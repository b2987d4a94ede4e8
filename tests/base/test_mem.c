/* test_mem.c: heap, arena, shared bytes, lists and error texts. */
#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "base/mem.h"

#include <stdalign.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_heap(void **state)
{
    (void)state;
    char *p = mem_alloc(0);
    assert_non_null(p);
    p = mem_realloc(p, 10);
    mem_free(p);
    p = mem_zalloc(3);
    assert_int_equal(p[0] | p[1] | p[2], 0);
    mem_free(p);
    p = mem_dup("abc", 2);
    assert_string_equal(p, "ab");
    mem_free(p);
    p = mem_dup(NULL, 0);
    assert_string_equal(p, "");
    mem_free(p);
    mem_free(NULL);
}

static void test_arena(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    arena_reset(&a);
    for (int turn = 0; turn < 3; turn++) {
        for (size_t n = 0; n < 3000; n += 7) {
            unsigned char *p = arena_alloc(&a, n);
            assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
            memset(p, 0xaa, n);
        }
        assert_true(a.used >= 600000);
        unsigned char *z = arena_zalloc(&a, 1000000);
        for (size_t i = 0; i < 1000000; i += 999)
            assert_int_equal(z[i], 0);
        struct str s = arena_str(&a, STR("copy"));
        assert_string_equal(s.p, "copy");
        assert_int_equal(s.n, 4);
        assert_int_equal(arena_str(&a, STR_NULL).n, 0);
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    arena_alloc(&a, 10);
    arena_reset(&a);
    struct arena_block *kept = a.head;
    assert_non_null(kept);
    arena_alloc(&a, 10);
    assert_ptr_equal(a.head, kept);
    arena_deinit(&a);
    assert_null(a.head);
}

struct item {
    int value;
    struct list link;
};

static void test_list(void **state)
{
    (void)state;
    struct list head;
    struct item items[4] = {{.value = 0}, {.value = 1}, {.value = 2}, {.value = 3}};
    list_init(&head);
    assert_true(list_empty(&head));
    for (int i = 1; i < 4; i++)
        list_push_back(&head, &items[i].link);
    list_push_front(&head, &items[0].link);
    int want = 0;
    LIST_FOREACH(it, &head)
    {
        assert_int_equal(LIST_ENTRY(it, struct item, link)->value, want);
        want++;
    }
    LIST_FOREACH_SAFE(it, nx, &head)
    {
        list_remove(it);
        list_remove(it); /* harmless */
    }
    assert_true(list_empty(&head));
}

static void test_err(void **state)
{
    (void)state;
    assert_string_equal(err_text(0), "ok");
    assert_string_equal(err_text(ERR_FENCED), "another owner holds the slot");
    assert_string_equal(err_text(-999), "unknown error");
    assert_string_equal(err_text(1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heap),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_err),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
