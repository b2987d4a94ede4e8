/* test_large.c: a room whose roster does not fit into one Delivery (W21, proto/muc.proto: Roster).
 */
#include "wire/lib_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* 900 kB of presence: several Rosters, several Deliveries. */
enum { OCCUPANTS = 16, STATUS = 60000 };
struct count {
    uint32_t presences, selves, subjects;
};

static void count(void *ctx, struct client *to, const struct xnode *st)
{
    struct count *n = ctx;
    const struct xnode *x = xnode_child(st, NS_MUC_USER, "x");
    if (!str_is(wire_jid(to), "juliet@example.org/r"))
        return;
    n->presences += str_is(st->name, "presence");
    n->subjects += str_is(st->name, "message");
    if (x && x->last && str_is(xnode_attr(x->last, "code"), "110")) {
        assert_int_equal(n->presences, OCCUPANTS + 1); /* her own is the last one */
        n->selves++;
    }
}

/* The first of a gateway gets everybody, and the gateway goes on with all of them. */
static void test_W21_large_roster(void **state)
{
    (void)state;
    static char text[STATUS + 200], status[STATUS + 1];
    struct wire *w = wire_new();
    struct count n = {0, 0, 0};
    wire_open(w, "");
    memset(status, 's', STATUS);
    for (int i = 1; i < OCCUPANTS; i++) {
        snprintf(text, sizeof text,
                 "user%d: <presence to='R/User%d'><x xmlns='M'/><status>%s</status></presence>", i,
                 i, status);
        (void)wire_do(w, text);
    }
    wire_on_stanza(w, count, &n);
    (void)wire_do(w, "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>");
    assert_int_equal(n.presences, OCCUPANTS + 1);
    assert_int_equal(n.selves, 1);
    assert_int_equal(n.subjects, 1);
    wire_on_stanza(w, NULL, NULL);
    for (int i = 1; i < OCCUPANTS; i++) {
        snprintf(text, sizeof text, "user%d: <presence to='R' type='unavailable'/>", i);
        snprintf(status, sizeof status,
                 "  juliet@2 <presence from='R/User%d' type='unavailable'><x xmlns='U'>"
                 "<item affiliation='none' role='none'/></x></presence>\n",
                 i);
        assert_non_null(strstr(wire_do(w, text), status));
    }
    wire_destroy(&w);
}

/* A list that is far larger than a message of the bus, and the changes that made it. */
enum { LISTED = 10000, PER_REQUEST = 100 };

struct list_seen {
    uint32_t results, items, reasons;
};

static uint32_t occurrences(struct str in, const char *what)
{
    uint32_t n = 0;
    const char *end = in.p + in.n;
    for (const char *p = in.p; (p = memmem(p, (size_t)(end - p), what, strlen(what))); p++)
        n++;
    return n;
}

static void count_items(void *ctx, struct client *to, struct str tail)
{
    struct list_seen *n = ctx;
    (void)to;
    n->results += occurrences(tail, " type='result'");
    n->items += occurrences(tail, "<item affiliation='member' jid='somebody-");
    n->reasons += occurrences(tail, ".</reason></item>");
}

static void test_W55_large_list(void **state)
{
    (void)state;
    static char text[PER_REQUEST * 300 + 200];
    struct wire *w = wire_new();
    struct list_seen n = {0, 0, 0};
    wire_open(w, "");
    for (int i = 0; i < LISTED; i += PER_REQUEST) {
        int at =
            snprintf(text, sizeof text, "romeo: <iq type='set' id='a' to='R'><query xmlns='A'>");
        for (int k = i; k < i + PER_REQUEST; k++)
            at += snprintf(
                text + at, sizeof text - (size_t)at,
                "<item affiliation='member' jid='somebody-with-a-long-name-%d@example.org'>"
                "<reason>He asked to be let in, and two members vouched for number "
                "%d.</reason></item>",
                k, k);
        snprintf(text + at, sizeof text - (size_t)at, "</query></iq>");
        assert_non_null(strstr(wire_do(w, text), "type='result'"));
    }
    wire_on_bulk(w, count_items, &n);
    (void)wire_do(w, "romeo: <iq type='get' id='l' to='R'><query xmlns='A'>"
                     "<item affiliation='member'/></query></iq>");
    assert_int_equal(n.results, 1);
    assert_int_equal(n.items, LISTED);
    assert_int_equal(n.reasons, LISTED);
    wire_destroy(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W21_large_roster),
        cmocka_unit_test(test_W55_large_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
