/* seen: what was shown is known as long as promised, and nothing else is. */
#include "gateway/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void keys(void **state)
{
    (void)state;
    struct seen *s = seen_new();
    assert_false(seen_has(s, (struct seen_key){0, 0, 0}));
    seen_add(s, (struct seen_key){1, 2, 3});
    assert_true(seen_has(s, (struct seen_key){1, 2, 3}));
    assert_false(seen_has(s, (struct seen_key){2, 2, 3}));
    assert_false(seen_has(s, (struct seen_key){1, 3, 3}));
    assert_false(seen_has(s, (struct seen_key){1, 2, 4})); /* another session of his */
    seen_destroy(&s);
    assert_null(s);
}

static void the_newest(void **state)
{
    (void)state;
    struct seen *s = seen_new();
    for (uint64_t i = 0; i < 3 * SEEN_MAX; i++) {
        seen_add(s, (struct seen_key){7, i, i % 5});
        uint64_t oldest = i < SEEN_MAX ? 0 : i - SEEN_MAX + 1;
        assert_true(seen_has(s, (struct seen_key){7, i, i % 5}));
        assert_true(seen_has(s, (struct seen_key){7, oldest, oldest % 5}));
        if (oldest)
            assert_false(seen_has(s, (struct seen_key){7, oldest - 1, (oldest - 1) % 5}));
    }
    seen_destroy(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys), cmocka_unit_test(the_newest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
