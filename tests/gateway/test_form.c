/* test_form.c: data forms of the server: what is read, what is put together, what is written. */
#include "base/err.h"
#include "base/limits.h"
#include "gateway/form.h"
#include "gateway/lib_stanza.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static int read(const char *x, struct form *out)
{
    return form_read(lib_stanza(&arena, x), &arena, out);
}

static void values(void **state)
{
    (void)state;
    struct form f;
    assert_int_equal(read("<x xmlns='jabber:x:data' type='submit'><title>t</title>"
                          "<field var='a'><value>1</value><value>2 &amp; 3</value></field>"
                          "<field var='b'/><field><value>nameless</value></field></x>",
                          &f),
                     0);
    assert_int_equal(f.n, 2);
    assert_true(str_is(form_value(&f, "a"), "1"));
    assert_true(str_is(form_text(&f, "a", &arena), "1\n2 & 3"));
    assert_int_equal(form_find(&f, "b")->n_values, 0);
    assert_int_equal(form_value(&f, "b").n, 0);
    assert_null(form_find(&f, "c"));
    assert_int_equal(form_text(&f, "c", &arena).n, 0);
}

static void none(void **state)
{
    (void)state;
    struct form f;
    assert_int_equal(read("<x xmlns='jabber:x:data' type='cancel'/>", &f), ERR_INVALID);
    assert_int_equal(read("<x xmlns='jabber:x:data'/>", &f), ERR_INVALID);
    assert_int_equal(read("<x xmlns='other' type='submit'/>", &f), ERR_INVALID);
    assert_int_equal(form_read(NULL, &arena, &f), ERR_INVALID);
}

/* At the limit, and above it. */
static void limits(void **state)
{
    (void)state;
    for (int more = 0; more <= 1; more++) {
        struct form f;
        struct buf fields, values;
        buf_init(&fields);
        buf_init(&values);
        buf_z(&fields, "<x xmlns='jabber:x:data' type='submit'>");
        buf_z(&values, "<x xmlns='jabber:x:data' type='submit'><field var='a'>");
        for (int i = 0; i < LIMIT_FORM_FIELDS + more; i++)
            buf_printf(&fields, "<field var='%d'/>", i);
        for (int i = 0; i < LIMIT_FORM_VALUES + more; i++)
            buf_z(&values, "<value/>");
        buf_z(&fields, "</x>");
        buf_z(&values, "</field></x>");
        buf_c(&fields, '\0');
        buf_c(&values, '\0');
        assert_int_equal(read(fields.data, &f), more ? ERR_TOOBIG : 0);
        assert_int_equal(read(values.data, &f), more ? ERR_TOOBIG : 0);
        buf_deinit(&fields);
        buf_deinit(&values);
    }
}

static void merged(void **state)
{
    (void)state;
    struct form a, b, c;
    assert_int_equal(read("<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1</value>"
                          "</field><field var='b'><value>2</value></field></x>",
                          &a),
                     0);
    assert_int_equal(read("<x xmlns='jabber:x:data' type='submit'><field var='b'><value>3</value>"
                          "</field><field var='c'/></x>",
                          &b),
                     0);
    c = form_merge(&a, &b, &arena);
    assert_int_equal(c.n, 3);
    assert_true(str_is(form_value(&c, "a"), "1"));
    assert_true(str_is(form_value(&c, "b"), "3"));
    assert_non_null(form_find(&c, "c"));
}

static void written(void **state)
{
    (void)state;
    static const struct form_option options[] = {{{"1", 1}, {"One's", 5}}};
    struct form f;
    struct buf b;
    buf_init(&b);
    assert_int_equal(read("<x xmlns='jabber:x:data' type='submit'><field var='a'>"
                          "<value>&lt;</value></field></x>",
                          &f),
                     0);
    form_open(&b, "T&T", "do", "urn:form");
    form_put(&b, &f, "text-single", "a", "A", true);
    form_put_options(&b, NULL, "list-single", "b", "B", false, options, 1);
    form_close(&b);
    buf_c(&b, '\0');
    assert_string_equal(
        b.data, "<x xmlns='jabber:x:data' type='form'><title>T&amp;T</title>"
                "<instructions>do</instructions><field type='hidden' var='FORM_TYPE'>"
                "<value>urn:form</value></field><field type='text-single' var='a' label='A'>"
                "<required/><value>&lt;</value></field>"
                "<field type='list-single' var='b' label='B'><option label='One&apos;s'>"
                "<value>1</value></option></field></x>");
    buf_deinit(&b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(values), T(none), T(limits), T(merged), T(written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
