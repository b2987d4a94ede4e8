/* test_resume.c: streams that break and are resumed (XEP-0198), at the rim of a gateway with a real
 * Redis behind it. */
#include "gateway/lib_edge.h"

#include "base/limits.h"
#include "gateway/edge_ops.h"
#include "rt/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define AUTH_ANN "<auth xmlns='" NS_SASL "' mechanism='PLAIN'>AGFubgBzZWNyZXQ=</auth>"
#define AUTH_BOB "<auth xmlns='" NS_SASL "' mechanism='PLAIN'>AGJvYgBzZWNyZXQ=</auth>"
#define PING(id) "<iq type='get' id='" id "'><ping xmlns='urn:xmpp:ping'/></iq>"
#define PONG(id) "<iq to='ann@localhost/r' type='result' id='" id "'/>"
#define ENABLE "<enable xmlns='" NS_SM "' resume='true'/>"
#define ASK "<r xmlns='" NS_SM "'/>"
#define ANSWER(h) "<a xmlns='" NS_SM "' h='" h "'/>"
#define CONDITION(c) "<" c " xmlns='urn:ietf:params:xml:ns:xmpp-s"

static char the_id[64];

/* Bound, with stream management on; the_id is its name. */
static void managed(int peer)
{
    rig_log_in(peer);
    rig_say(peer, ENABLE);
    rig_hear(peer, "<enabled xmlns='" NS_SM "' resume='true' id='");
    rig_hear(peer, "max='");
    struct buf *heard = &rig_peers[peer].heard;
    buf_c(heard, '\0');
    const char *id = strstr(strstr(heard->data, "<enabled"), "id='") + 4;
    size_t n = strcspn(id, "'");
    assert_in_range(n, 32, sizeof the_id - 1);
    memcpy(the_id, id, n);
    the_id[n] = '\0';
    buf_reset(heard);
}

static void ask_to_resume(int peer, const char *auth, const char *id, const char *h)
{
    char in[256];
    rig_connect(peer);
    rig_say(peer, RIG_HEADER);
    rig_say(peer, auth);
    rig_say(peer, RIG_HEADER);
    snprintf(in, sizeof in, "<resume xmlns='" NS_SM "' previd='%s' h='%s'/>", id, h);
    rig_say(peer, in);
}

static void hear_resumed(int peer, const char *h)
{
    char want[256];
    snprintf(want, sizeof want, "<resumed xmlns='" NS_SM "' previd='%s' h='%s'/>", the_id, h);
    rig_hear(peer, want);
}

static bool is_away(void *ctx)
{
    (void)ctx;
    return rig_g.edge->n_away == 1 && edge_connections(rig_g.edge) == 0;
}

static void cut(int peer)
{
    rig_hang_up(peer);
    assert_true(rig_run_until(is_away, NULL, RIG_WAIT_MS));
}

static bool nobody_is_there(void *ctx)
{
    (void)ctx;
    return edge_sessions(rig_g.edge) == 0 && list_empty(&rig_g.edge->clients);
}

static bool entry_is_gone(void *ctx)
{
    (void)ctx;
    return strcmp(rig_ask("EXISTS verona:session:ann@localhost"), "0") == 0;
}

static void end(int peer)
{
    rig_say(peer, "</stream:stream>");
    rig_hear(peer, NULL);
    rig_hang_up(peer);
    assert_true(rig_run_until(nobody_is_there, NULL, RIG_WAIT_MS));
    assert_int_equal(rig_g.edge->sm_bytes, 0);
    assert_true(list_empty(&rig_g.edge->owing));
    rig_close();
}

static void send_number(struct client *c, int i)
{
    char tail[64];
    snprintf(tail, sizeof tail, " id='m%d'/>", i);
    client_send(c, STANZA_MESSAGE, str_of(tail), false);
}

#define NUMBER(i) "<message to='ann@localhost/r' id='m" #i "'/>"

/* ---------------------------------------------------------------- acknowledgements */

/* X0198-acks */
static void acknowledged(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    managed(0);
    struct client *c = rig_bound_client();
    rig_say(0, ASK);
    rig_hear(0, ANSWER("0"));
    rig_say(0, PING("1") PING("2") ASK);
    rig_hear(0, PONG("1") PONG("2") ANSWER("2"));
    assert_int_equal(sm_unacked(c->sm), 2);
    rig_hear(0, ASK); /* soon we ask as well */
    rig_say(0, ANSWER("2") PING("3"));
    rig_hear(0, PONG("3"));
    assert_int_equal(sm_unacked(c->sm), 1);
    client_waits(&rig_g, client_sid(c), 70); /* of the ping, say: its room has not answered yet */
    rig_say(0, PING("4") ASK);
    rig_hear(0, PONG("4") ANSWER("2"));
    client_done(&rig_g, client_sid(c), 70);
    rig_say(0, ASK);
    rig_hear(0, ANSWER("4"));
    rig_say(0, ANSWER("5"));
    rig_hear(0, CONDITION("undefined-condition"));
    rig_hear(0, "<handled-count-too-high xmlns='" NS_SM "' h='5' send-count='4'/>");
    rig_hear(0, NULL);
    rig_hang_up(0);
    assert_true(rig_run_until(nobody_is_there, NULL, RIG_WAIT_MS)); /* he does not come back */
    rig_close();
}

/* X0198-bounded: whoever never acknowledges anything is not kept things for without end. */
static void never_acknowledged(void **state)
{
    (void)state;
    rig_open("auth.mode=open limits.sm_queue=100000");
    managed(0);
    struct client *c = rig_bound_client();
    int n = 0;
    while (client_alive(c) && n < 100000)
        send_number(c, n++);
    assert_in_range(n, 500, 2000);
    rig_hear(0, CONDITION("policy-violation"));
    rig_hear(0, NULL);
    rig_hang_up(0);
    assert_true(rig_run_until(nobody_is_there, NULL, RIG_WAIT_MS));
    assert_int_equal(rig_g.edge->sm_bytes, 0);
    rig_close();
    /* What lists and history bring is bounded as well. */
    rig_open("auth.mode=open limits.sm_queue=10000");
    managed(0);
    c = rig_bound_client();
    for (n = 0; client_alive(c) && n < 100000; n++)
        client_send(c, STANZA_MESSAGE, STR(" id='bulk'/>"), true);
    assert_in_range(n, 500, 2000);
    rig_hear(0, CONDITION("policy-violation"));
    rig_hang_up(0);
    assert_true(rig_run_until(nobody_is_there, NULL, RIG_WAIT_MS));
    rig_close();
}

static void send_bytes(struct client *c, size_t n)
{
    while (client_alive(c) && sm_bytes(c->sm) < n)
        client_send(c, STANZA_MESSAGE, STR(" id='bulk'/>"), true);
}

static bool one_is_there(void *ctx)
{
    (void)ctx;
    return edge_sessions(rig_g.edge) == 1;
}

/* X0198-bounded: when the memory of all is used up those end who hold most of it, here and away,
 * and nobody else. */
static void all_together(void **state)
{
    (void)state;
    rig_open("auth.mode=open limits.sm_memory=400000");
    managed(0);
    send_bytes(rig_bound_client(), 180000);
    cut(0);
    static const char *const resource[] = {"", "a", "b"};
    struct client *c[3];
    for (int i = 1; i < 3; i++) {
        char in[600];
        rig_connect(i);
        snprintf(in, sizeof in,
                 RIG_HEADER AUTH_BOB RIG_HEADER "<iq type='set' id='b'><bind xmlns='" NS_BIND
                                                "'><resource>%s</resource></bind></iq>" ENABLE,
                 resource[i]);
        rig_say(i, in);
        rig_hear(i, "<enabled ");
        c[i] = rig_bound_client();
    }
    send_bytes(c[1], 100000);
    send_bytes(c[2], 119000);
    rig_hear(2, "id='bulk'/>");
    assert_int_equal(edge_sessions(rig_g.edge), 3);
    send_bytes(c[1], 130000); /* too much in all: who is away goes, and that is enough */
    rig_say(1, PING("1"));
    rig_hear(1, "id='1'/>");
    assert_int_equal(edge_sessions(rig_g.edge), 2);
    assert_int_equal(rig_g.edge->n_away, 0);
    send_bytes(c[2], 390000); /* who is there as well */
    rig_hear(2, CONDITION("policy-violation"));
    rig_hang_up(2);
    assert_true(rig_run_until(one_is_there, NULL, RIG_WAIT_MS));
    rig_say(1, PING("2"));
    rig_hear(1, "id='2'/>");
    rig_hang_up(1);
    rig_close();
}

/* A connection on which nobody answers is none. */
static void silent(void **state)
{
    (void)state;
    rig_open("auth.mode=open c2s.ack_timeout=1s");
    managed(0);
    rig_say(0, PING("1"));
    rig_hear(0, PONG("1"));
    rig_hear(0, ASK);
    assert_true(rig_run_until(is_away, NULL, RIG_WAIT_MS));
    rig_hear(0, NULL);
    rig_hang_up(0);
    ask_to_resume(0, AUTH_ANN, the_id, "1");
    hear_resumed(0, "1");
    end(0);
}

/* ---------------------------------------------------------------- resumed */

/* X0198-resume */
static void resumed(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    managed(0);
    struct client *c = rig_bound_client();
    uint64_t sid = client_sid(c);
    rig_say(0, "<presence><priority>3</priority></presence>" PING("1"));
    rig_hear(0, PONG("1")); /* after his own presence: two stanzas */
    client_set_muc(c, &the_id);
    client_pause(c);
    cut(0);
    assert_int_equal(edge_sessions(rig_g.edge), 1);
    assert_ptr_equal(client_by_sid(&rig_g, sid), c);
    assert_true(client_alive(c));
    send_number(c, 1);
    send_number(c, 2);
    assert_string_equal(rig_ask("EXISTS verona:session:ann@localhost"), "1");

    ask_to_resume(1, AUTH_ANN, the_id, "1"); /* he has his presence, not the pong */
    hear_resumed(1, "2");
    rig_hear(1, "h='2'/>" PONG("1") NUMBER(1) NUMBER(2) ASK);
    struct client *now = rig_bound_client();
    int priority = 0;
    assert_ptr_not_equal(now, c);
    assert_int_equal(client_sid(now), sid);
    assert_true(str_is(client_jid(now), "ann@localhost/r"));
    assert_true(client_available(now, &priority));
    assert_int_equal(priority, 3);
    assert_ptr_equal(client_muc(now), &the_id);
    client_set_muc(now, NULL);
    assert_int_equal(edge_sessions(rig_g.edge), 1);
    assert_int_equal(rig_g.edge->n_away, 0);
    /* Whoever paused him does so still. */
    rig_say(1, PING("2"));
    assert_false(conn_is_reading(now->conn));
    client_resume(now);
    rig_hear(1, PONG("2"));
    rig_say(1, ANSWER("5"));
    /* Once more, over another connection, with nothing to repeat. */
    send_number(now, 3);
    rig_hear(1, NUMBER(3));
    cut(1);
    ask_to_resume(2, AUTH_ANN, the_id, "6");
    hear_resumed(2, "3");
    rig_say(2, PING("9"));
    rig_hear(2, "h='3'/>" PONG("9"));
    end(2);
}

/* The old connection is there still: it ends, the session does not. */
static void taken_over(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    managed(0);
    uint64_t sid = client_sid(rig_bound_client());
    send_number(rig_bound_client(), 1);
    ask_to_resume(1, AUTH_ANN, the_id, "0");
    rig_hear(0, CONDITION("conflict"));
    rig_hear(0, NULL);
    rig_hang_up(0);
    hear_resumed(1, "0");
    rig_hear(1, "h='0'/>" NUMBER(1));
    assert_int_equal(client_sid(rig_bound_client()), sid);
    rig_say(1, PING("1") ASK);
    rig_hear(1, PONG("1") ANSWER("1"));
    assert_string_equal(rig_ask("EXISTS verona:session:ann@localhost"), "1");
    end(1);
}

/* Nothing is said of what was asked of rooms before they have answered: else it would be done twice
 * or not at all. */
static void unsettled(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    managed(0);
    rig_say(0, PING("1"));
    rig_hear(0, PONG("1"));
    uint64_t sid = client_sid(rig_bound_client());
    client_waits(&rig_g, sid, 70);
    cut(0);
    ask_to_resume(1, AUTH_ANN, the_id, "0");
    rig_say(1, PING("2"));
    assert_false(rig_run_until(is_away, NULL, 200));
    assert_int_equal(rig_g.edge->n_away, 0); /* it is his already */
    send_number(rig_bound_client(), 1);
    c2s_resume_timed_out(rig_bound_client()); /* and is lost again */
    rig_hear(1, NULL);
    rig_hang_up(1);
    assert_true(is_away(NULL));
    ask_to_resume(1, AUTH_ANN, the_id, "0"); /* and again, without our knowing */
    assert_false(rig_run_until(is_away, NULL, 200));
    rig_hang_up(1);
    ask_to_resume(2, AUTH_ANN, the_id, "0");
    rig_say(2, PING("3"));
    rig_hear(2, "<sm xmlns='" NS_SM "'/>");
    assert_false(rig_run_until(is_away, NULL, 200));
    struct buf *heard = &rig_peers[2].heard;
    assert_null(memmem(heard->data, heard->len, "<resumed", 8));
    send_number(rig_bound_client(), 2);
    client_done(&rig_g, sid, 70);
    hear_resumed(2, "1");
    rig_hear(2, "h='1'/>" PONG("1") NUMBER(1) NUMBER(2) ASK PONG("3"));
    end(2);
}

/* ---------------------------------------------------------------- not resumed */

/* X0198-refused */
static void refused(void **state)
{
    (void)state;
    char other[64];
    rig_open("auth.mode=open");
    managed(0);
    cut(0);
    static const char *const nonsense[] = {"", "x",
                                           "000000010000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
        ask_to_resume(1, AUTH_ANN, nonsense[i], "0");
        rig_hear(1, i ? "<failed xmlns='" NS_SM "'><item-not-found " : "<bad-request ");
        rig_hang_up(1);
    }
    memcpy(other, the_id, sizeof other); /* the secret is wrong by a bit */
    other[40] = other[40] == '0' ? '1' : '0';
    ask_to_resume(1, AUTH_ANN, other, "0");
    rig_hear(1, "<failed xmlns='" NS_SM "'><item-not-found ");
    rig_hang_up(1);
    ask_to_resume(1, AUTH_BOB, the_id, "0"); /* whoever has it: only its user */
    rig_hear(1, "<failed xmlns='" NS_SM "'><item-not-found ");
    rig_hang_up(1);
    ask_to_resume(1, AUTH_ANN, the_id, "1");
    rig_hear(1, "<handled-count-too-high xmlns='" NS_SM "' h='1' send-count='0'/>");
    rig_hear(1, NULL);
    rig_hang_up(1);
    ask_to_resume(1, AUTH_ANN, the_id, "0"); /* none of that has done it any harm */
    hear_resumed(1, "0");
    end(1);
}

/* Asking for what is not there costs as much as a stanza, an acknowledgement less. */
static void rated(void **state)
{
    (void)state;
    for (int asks = 0; asks < 2; asks++) {
        rig_open("auth.mode=open limits.stanza_rate=10");
        rig_connect(0);
        rig_say(0, RIG_HEADER AUTH_ANN RIG_HEADER);
        rig_hear_times(0, "</stream:features>", 2);
        struct client *c = LIST_ENTRY(rig_g.edge->clients.next, struct client, link);
        struct buf in;
        buf_init(&in);
        for (int i = 0; i < 60; i++)
            buf_z(&in, asks ? "<resume xmlns='" NS_SM "' previd='x' h='0'/>" : ASK);
        buf_c(&in, '\0');
        rig_say(0, in.data);
        rig_hear_times(0, "</failed>", 60);
        assert_int_equal(loop_timer_armed(&c->rate_timer), asks);
        buf_deinit(&in);
        rig_hang_up(0);
        rig_close();
    }
}

/* Two at once: one of them. */
static void raced(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    managed(0);
    cut(0);
    ask_to_resume(1, AUTH_ANN, the_id, "0");
    ask_to_resume(2, AUTH_ANN, the_id, "0");
    hear_resumed(1, "0");
    hear_resumed(2, "0");
    rig_hear(1, CONDITION("conflict"));
    rig_hang_up(1);
    rig_say(2, PING("1"));
    rig_hear(2, PONG("1"));
    assert_int_equal(edge_sessions(rig_g.edge), 1);
    end(2);
}

static void too_late(void **state)
{
    (void)state;
    rig_open("auth.mode=open c2s.resume_time=200ms");
    managed(0);
    rig_say(0, PING("1"));
    rig_hear(0, PONG("1"));
    cut(0);
    assert_true(rig_run_until(nobody_is_there, NULL, RIG_WAIT_MS));
    assert_true(rig_run_until(entry_is_gone, NULL, RIG_WAIT_MS));
    assert_int_equal(rig_g.edge->sm_bytes, 0);
    char other[64]; /* the secret alone is nobody's name */
    memcpy(other, the_id, sizeof other);
    other[0] = other[0] == '0' ? '1' : '0';
    ask_to_resume(2, AUTH_ANN, other, "0");
    rig_hear(2, "<failed xmlns='" NS_SM "'><item-not-found ");
    rig_hang_up(2);
    ask_to_resume(1, AUTH_ANN, the_id, "0");
    rig_hear(1, "<failed xmlns='" NS_SM "' h='1'><item-not-found ");
    /* A new session can begin at once. */
    rig_say(1,
            "<iq type='set' id='b'><bind xmlns='" NS_BIND "'><resource>r</resource></bind></iq>");
    rig_hear(1, "<jid>ann@localhost/r</jid>");
    rig_say(1, ENABLE);
    rig_hear(1, "<enabled ");
    end(1);
}

static bool is_overdue(void *ctx)
{
    return ((struct client *)ctx)->overdue;
}

/* X0198-refused: its time is over while a room has yet to answer. What he is told then must be all
 * that is done, or he does it twice. */
static void too_late_unsettled(void **state)
{
    (void)state;
    rig_open("auth.mode=open c2s.resume_time=200ms");
    managed(0);
    struct client *c = rig_bound_client();
    uint64_t sid = client_sid(c);
    rig_say(0, PING("1"));
    rig_hear(0, PONG("1"));
    client_waits(&rig_g, sid, 70); /* of the ping, say */
    client_waits(&rig_g, sid, 71);
    cut(0);
    assert_true(rig_run_until(is_overdue, c, RIG_WAIT_MS));
    client_done(&rig_g, sid, 70);
    assert_false(rig_run_until(nobody_is_there, NULL, 100));
    client_done(&rig_g, sid, 71);
    assert_true(rig_run_until(nobody_is_there, NULL, RIG_WAIT_MS));
    ask_to_resume(1, AUTH_ANN, the_id, "0");
    rig_hear(1, "<failed xmlns='" NS_SM "' h='1'><item-not-found ");
    rig_hang_up(1);
    rig_close();
}

/* The resource is taken by a new session: the old one waits for nobody any more. */
static void replaced(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    managed(0);
    cut(0);
    rig_log_in(1);
    ask_to_resume(2, AUTH_ANN, the_id, "0");
    rig_hear(2, "<failed xmlns='" NS_SM "'><item-not-found ");
    rig_hang_up(2);
    assert_int_equal(rig_g.edge->n_away, 0);
    assert_int_equal(edge_sessions(rig_g.edge), 1);
    end(1);
}

static void not_resumable(void **state)
{
    (void)state;
    static const char *const enable[] = {
        "<enable xmlns='" NS_SM "'/>", "<enable xmlns='" NS_SM "' resume='true' max='0'/>", ENABLE};
    for (int i = 0; i < 3; i++) { /* not asked for; for no time; not offered */
        rig_open(i == 2 ? "auth.mode=open c2s.resume_time=0" : "auth.mode=open");
        rig_log_in(0);
        rig_say(0, enable[i]);
        rig_hear(0, "<enabled xmlns='" NS_SM "'/>");
        rig_say(0, PING("1") ASK);
        rig_hear(0, PONG("1") ANSWER("1"));
        rig_hang_up(0);
        assert_true(rig_run_until(nobody_is_there, NULL, RIG_WAIT_MS));
        rig_close();
    }
    /* Who is anonymous is somebody else when he comes again. */
    rig_open("auth.mode=anonymous");
    rig_connect(0);
    rig_say(0, RIG_HEADER "<auth xmlns='" NS_SASL "' mechanism='ANONYMOUS'/>" RIG_HEADER
                          "<iq type='set' id='b'><bind xmlns='" NS_BIND "'/></iq>" ENABLE);
    rig_hear(0, "<enabled xmlns='" NS_SM "'/>");
    rig_hang_up(0);
    assert_true(rig_run_until(nobody_is_there, NULL, RIG_WAIT_MS));
    rig_close();
    rig_open("auth.mode=open"); /* closed is closed */
    managed(0);
    end(0);
}

static bool limit_is_kept(void *ctx)
{
    (void)ctx;
    return rig_g.edge->n_away == LIMIT_AWAY_PER_USER &&
           edge_sessions(rig_g.edge) == LIMIT_AWAY_PER_USER;
}

/* Who leaves session after session behind keeps the newest. */
static void too_many(void **state)
{
    (void)state;
    char id[2][64];
    rig_open("auth.mode=open");
    for (int i = 0; i < LIMIT_AWAY_PER_USER + 2; i++) {
        char bind[200];
        rig_connect(0);
        rig_say(0, RIG_HEADER AUTH_ANN RIG_HEADER);
        snprintf(bind, sizeof bind,
                 "<iq type='set' id='b'><bind xmlns='" NS_BIND
                 "'><resource>r%d</resource></bind></iq>" ENABLE,
                 i);
        rig_say(0, bind);
        rig_hear(0, "max='");
        if (i < 2) {
            buf_c(&rig_peers[0].heard, '\0');
            memcpy(id[i], strstr(strstr(rig_peers[0].heard.data, "<enabled"), "id='") + 4, 48);
            id[i][48] = '\0';
        }
        if (i == 1)
            client_waits(&rig_g, client_sid(rig_bound_client()), 70);
        rig_hang_up(0);
    }
    assert_true(rig_run_until(limit_is_kept, NULL, RIG_WAIT_MS));
    ask_to_resume(1, AUTH_ANN, id[0], "0");
    rig_hear(1, "<failed xmlns='" NS_SM "' h='0'><item-not-found ");
    rig_hang_up(1);
    ask_to_resume(1, AUTH_ANN, id[1], "0"); /* nobody knows yet what will be done of it */
    rig_hear(1, "<failed xmlns='" NS_SM "'><item-not-found ");
    rig_hang_up(1);
    rig_g.edge->max_conns = LIMIT_AWAY_PER_USER; /* of all users: as many as connections */
    rig_connect(1);
    rig_say(1, RIG_HEADER AUTH_BOB RIG_HEADER "<iq type='set' id='b'><bind xmlns='" NS_BIND
                                              "'/></iq>" ENABLE);
    rig_hear(1, "resume='true'");
    rig_hang_up(1);
    assert_true(rig_run_until(limit_is_kept, NULL, RIG_WAIT_MS));
    edge_drain(rig_g.edge); /* which ends those that are away as well */
    assert_true(rig_run_until(nobody_is_there, NULL, RIG_WAIT_MS));
    rig_close();
}

/* The process ends with sessions away and on their way back. */
static void cut_off(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    managed(0);
    send_number(rig_bound_client(), 1);
    cut(0);
    client_waits(&rig_g, client_sid(rig_bound_client()), 70);
    rig_close();
    rig_open("auth.mode=open");
    managed(0);
    client_waits(&rig_g, client_sid(rig_bound_client()), 70);
    cut(0);
    ask_to_resume(1, AUTH_ANN, the_id, "0");
    assert_false(rig_run_until(is_away, NULL, 100));
    rig_close();
}

int main(void)
{
    log_setup(LOG_ERROR, "logfmt", "gateway", "test");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acknowledged), cmocka_unit_test(never_acknowledged),
        cmocka_unit_test(all_together), cmocka_unit_test(silent),
        cmocka_unit_test(resumed),      cmocka_unit_test(taken_over),
        cmocka_unit_test(unsettled),    cmocka_unit_test(refused),
        cmocka_unit_test(rated),        cmocka_unit_test(raced),
        cmocka_unit_test(too_late),     cmocka_unit_test(too_late_unsettled),
        cmocka_unit_test(replaced),     cmocka_unit_test(not_resumable),
        cmocka_unit_test(too_many),     cmocka_unit_test(cut_off),
    };
    return cmocka_run_group_tests(tests, rig_start_redis, rig_end_redis);
}
