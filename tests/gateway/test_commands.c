/* test_commands.c: dialogues of commands at one gateway, with a Redis and no shard (XEP-0050). */
#include "gateway/commands.h"
#include "gateway/lib_edge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#define COMMAND(id, more, inside)                                                                  \
    "<iq type='set' id='" id "' to='conference.localhost'><command xmlns='" NS_COMMANDS            \
    "' node='list-rooms'" more ">" inside "</command></iq>"
#define BAD_SESSION                                                                                \
    "<error type='modify'><bad-request xmlns='" NS_STANZAS "'/><bad-sessionid xmlns='" NS_COMMANDS \
    "'/></error>"
#define FORM "<x xmlns='jabber:x:data' type='submit'/>"

static void admin(void)
{
    rig_open("auth.mode=open xmpp.admins=bob@elsewhere,,Ann@LOCALHOST");
    rig_log_in(0);
}

static void end(void)
{
    rig_hang_up_all();
    rig_close();
}

/* Begins a dialogue; its session id. */
static const char *begin(void)
{
    static char id[33];
    buf_reset(&rig_peers[0].heard);
    rig_say(0, COMMAND("1", "", ""));
    rig_hear(0, "</iq>");
    const char *at = memmem(rig_peers[0].heard.data, rig_peers[0].heard.len, "sessionid='", 11);
    assert_non_null(at);
    memcpy(id, at + 11, 32);
    return id;
}

static void go_on(const char *session, const char *want)
{
    char text[1024];
    snprintf(text, sizeof text,
             COMMAND("2", " action='complete' sessionid='%s'",
                     "<x xmlns='jabber:x:data' type='submit'/>"),
             session);
    buf_reset(&rig_peers[0].heard);
    rig_say(0, text);
    rig_hear(0, want);
}

/* What is wrong is repeated up to a number of bytes, and never a part of a character: that would
 * end the stream of whoever asked. */
static void a_refusal_is_utf8(void **state)
{
    (void)state;
    admin();
    char text[1024], want[512], name[101];
    memset(name, 'a', 99);
    name[99] = '\0';
    snprintf(text, sizeof text,
             COMMAND("1", "",
                     "<x xmlns='jabber:x:data' type='submit'><field var='after'>"
                     "<value>%s\xc3\xa9\xc3\xa9</value></field></x>"),
             name);
    snprintf(want, sizeof want, "&quot;%s&quot; is not the address of a room here", name);
    rig_say(0, text);
    rig_hear(0, want);
    end();
}

/* X0050-session: whoever waits too long begins anew. */
static void patience(void **state)
{
    (void)state;
    admin();
    go_on(begin(), "status='completed'><note type='info'>0 of 0 rooms</note>");
    commands_set_patience(rig_g.commands, 50);
    const char *session = begin();
    rig_run_until(NULL, NULL, 100);
    go_on(session, BAD_SESSION);
    end();
}

/* Who went takes his dialogues along: a session is his full JID's, and that stream's. */
static void gone(void **state)
{
    (void)state;
    admin();
    const char *session = begin();
    rig_hang_up_all();
    rig_log_in(0);
    go_on(session, BAD_SESSION);
    end();
}

/* At once, in one step; and what is no dialogue. */
static void at_once(void **state)
{
    (void)state;
    admin();
    rig_say(0, COMMAND("1", "", FORM));
    rig_hear(0, "<note type='info'>0 of 0 rooms</note>");
    rig_say(0, COMMAND("2", " action='complete' sessionid='none'", FORM));
    rig_hear(0, BAD_SESSION);
    rig_say(0, "<iq type='get' id='3' to='localhost'><command xmlns='" NS_COMMANDS
               "' node='list-rooms'/></iq>");
    rig_hear(0, "id='3'><error type='modify'><bad-request ");
    rig_say(0, "<iq type='set' id='4' to='localhost'><command xmlns='" NS_COMMANDS "'/></iq>");
    rig_hear(0, "id='4'><error type='cancel'><item-not-found ");
    rig_say(0, "<iq type='set' id='5'><command xmlns='" NS_COMMANDS "' node='list-rooms'/></iq>");
    rig_hear(0, "id='5'><error type='cancel'><service-unavailable ");
    end();
}

/* X0050-forbidden */
static void forbidden(void **state)
{
    (void)state;
    rig_open("auth.mode=open xmpp.admins=ann@localhost.example");
    rig_log_in(0);
    rig_say(0, COMMAND("1", "", FORM));
    rig_hear(0, "<error type='auth'><forbidden ");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_utf8), cmocka_unit_test(patience),  cmocka_unit_test(gone),
        cmocka_unit_test(at_once),           cmocka_unit_test(forbidden),
    };
    return cmocka_run_group_tests(tests, rig_start_redis, rig_end_redis);
}
