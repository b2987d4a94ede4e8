/* test_form.c: the configuration form, sent back as it came, causes nothing (W63, W64, W66). */
#include "wire/lib_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Answers the form field by field. */
static void fill_in(void *ctx, struct client *to, const struct xnode *st)
{
    struct buf *answer = ctx;
    const struct xnode *query = xnode_child(st, NS_MUC_OWNER, "query");
    const struct xnode *x = xnode_child(query, NS_DATA, "x");
    struct arena a;
    (void)to;
    if (!x)
        return;
    arena_init(&a);
    buf_reset(answer);
    buf_z(answer, "romeo: <iq to='R' type='set' id='s'><query xmlns='O'>"
                  "<x xmlns='D' type='submit'>");
    for (const struct xnode *f = x->first; f; f = f->next) {
        if (!xnode_is(f, NS_DATA, "field"))
            continue;
        buf_z(answer, "<field var='");
        buf_xml(answer, xnode_attr(f, "var"));
        buf_z(answer, "'>");
        for (const struct xnode *v = f->first; v; v = v->next) {
            if (!xnode_is(v, NS_DATA, "value"))
                continue;
            buf_z(answer, "<value>");
            buf_xml(answer, xnode_text(v, &a));
            buf_z(answer, "</value>");
        }
        buf_z(answer, "</field>");
    }
    buf_z(answer, "</x></query></iq>");
    buf_c(answer, '\0');
    arena_deinit(&a);
}

static void form_and_back(const char *fields)
{
    struct wire *w = wire_new();
    struct buf answer;
    buf_init(&answer);
    wire_open(w, fields);
    wire_on_stanza(w, fill_in, &answer);
    (void)wire_do(w, "romeo: <iq to='R' type='get' id='g'><query xmlns='O'/></iq>");
    assert_true(answer.len > 0);
    char text[16384];
    snprintf(text, sizeof text, "%s", answer.data);
    assert_string_equal(wire_do(w, text), "  romeo <iq from='R' id='s' type='result'/>\n");
    buf_deinit(&answer);
    wire_destroy(&w);
}

#define FIELD(name, value) "<field var='muc#roomconfig_" name "'><value>" value "</value></field>"

/* clang-format off */
static const char everything_else[] =
    FIELD("roomname", "a &lt; b")
    FIELD("roomdesc", "two&#10;lines")
    FIELD("lang", "it")
    FIELD("persistentroom", "1")
    FIELD("publicroom", "0")
    FIELD("membersonly", "1")
    FIELD("moderatedroom", "1")
    FIELD("roomsecret", "r&amp;j")
    FIELD("changesubject", "1")
    FIELD("enablelogging", "1")
    FIELD("allowinvites", "1")
    FIELD("whois", "anyone")
    FIELD("allowpm", "moderators")
    FIELD("maxusers", "33");
/* clang-format on */

static void test_W66_unchanged(void **state)
{
    (void)state;
    form_and_back("");
    form_and_back(everything_else);
    form_and_back("<field var='muc#roomconfig_presencebroadcast'><value>none</value>"
                  "<value>visitor</value></field>"
                  "<field var='muc#roomconfig_getmemberlist'><value>participant</value></field>"
                  "<field var='muc#roomconfig_roomadmins'><value>a@example.org</value>"
                  "<value>b@example.org</value></field>"
                  "<field var='muc#roomconfig_roomowners'><value>c@example.org</value>"
                  "<value>romeo@example.org</value></field>");
    form_and_back("<field var='muc#roomconfig_presencebroadcast'/>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W66_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
