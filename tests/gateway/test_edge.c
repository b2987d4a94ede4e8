/* test_edge.c: streams at the rim of a gateway, with a real Redis behind it: login, bind and
 * conflicts, handles, time-outs, rates, limits, and every way to end. */
#include "gateway/lib_edge.h"

#include "base/err.h"
#include "gateway/account_ops.h"
#include "gateway/edge_ops.h"
#include "rt/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER RIG_HEADER
#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define AUTH_ANN "<auth xmlns='" NS_SASL "' mechanism='PLAIN'>AGFubgBzZWNyZXQ=</auth>"
#define BIND "<iq type='set' id='b'><bind xmlns='" NS_BIND "'><resource>r</resource></bind></iq>"
#define PING "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"

static bool entry_is_gone(void *ctx)
{
    (void)ctx;
    return strcmp(rig_ask("EXISTS verona:session:ann@localhost"), "0") == 0;
}

/* ---------------------------------------------------------------- streams */

static void a_life(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    rig_log_in(0);
    struct client *c = rig_bound_client();
    uint64_t sid = client_sid(c);
    assert_true(str_is(client_jid(c), "ann@localhost/r"));
    assert_true(str_is(client_bare(c), "ann@localhost"));
    assert_ptr_equal(client_by_sid(&rig_g, sid), c);
    assert_false(client_available(c, NULL));
    assert_int_equal(edge_sessions(rig_g.edge), 1);
    rig_say(0, "<presence><priority>5</priority></presence>" PING);
    rig_hear(0, "<iq to='ann@localhost/r' type='result' id='p'/>");
    /* W82, W84 */
    rig_hear(0, "<presence to='ann@localhost/r' from='ann@localhost/r'><priority>5</priority>"
                "<x xmlns='vcard-temp:x:update'><photo/></x></presence>");
    int priority;
    assert_true(client_available(c, &priority));
    assert_int_equal(priority, 5);
    rig_say(0, "</stream:stream>");
    rig_hear(0, "</stream:stream>");
    rig_hear(0, NULL);
    rig_hang_up_all();
    assert_null(client_by_sid(&rig_g, sid));
    assert_true(rig_g.edge->stale_handles > 0);
    assert_true(rig_run_until(entry_is_gone, NULL, RIG_WAIT_MS));
    rig_close();
}

/* The newest session has the resource; a handle of the old one is nobody's. */
static void conflict(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    rig_log_in(0);
    uint64_t first = client_sid(rig_bound_client());
    rig_log_in(1);
    rig_hear(0, "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
    rig_hear(0, NULL);
    rig_hang_up(0);
    rig_say(1, PING);
    rig_hear(1, "type='result' id='p'");
    assert_null(client_by_sid(&rig_g, first));
    uint64_t second = client_sid(rig_bound_client());
    /* The old one's farewell takes nothing from the new one. */
    rig_say(1, PING);
    rig_hear_times(1, "type='result' id='p'", 2);
    assert_string_equal(rig_ask("EXISTS verona:session:ann@localhost"), "1");
    rig_hang_up_all();
    assert_true(rig_run_until(entry_is_gone, NULL, RIG_WAIT_MS));
    for (int i = 0; i < 10; i++) { /* places are taken again, under other names */
        rig_log_in(0);
        uint64_t sid = client_sid(rig_bound_client());
        assert_true(sid != first && sid != second && (uint32_t)sid < 2 && sid >> 32 > 0);
        assert_null(client_by_sid(&rig_g, sid ^ 1));
        assert_null(client_by_sid(&rig_g, sid + (1ull << 32)));
        assert_null(client_by_sid(&rig_g, sid | 0xffffffff));
        rig_hang_up_all();
        assert_null(client_by_sid(&rig_g, sid));
    }
    assert_null(client_by_sid(&rig_g, 0));
    assert_int_equal(rig_g.edge->n_slots, 64);
    rig_close();
}

static void put_entry(int resource, const char *gateway, uint64_t boot)
{
    char command[400];
    snprintf(command, sizeof command,
             "EVAL redis.call('HSET',KEYS[1],ARGV[1],table.concat({ARGV[2],ARGV[3],ARGV[4],'0'},"
             "string.char(32))) 1 verona:session:ann@localhost x%d %s %llu %d",
             resource, gateway, (unsigned long long)boot, resource + 1000);
    rig_ask(command);
}

/* Entries of lives that are over make room; those of the living do not. */
static void crowded(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    for (int i = 0; i < 64; i++)
        put_entry(i, i % 2 ? "g1" : "left-long-ago", 1);
    rig_log_in(0);
    assert_string_equal(rig_ask("HLEN verona:session:ann@localhost"), "1");
    rig_hang_up_all();
    assert_true(rig_run_until(entry_is_gone, NULL, RIG_WAIT_MS));
    for (int i = 0; i < 64; i++)
        put_entry(i, i % 2 ? "g1" : "too-new-to-know",
                  cluster_boot(rig_g.cluster) + (i % 2 ? 0 : 1));
    rig_connect(0);
    rig_say(0, HEADER AUTH_ANN HEADER BIND);
    rig_hear(0, "<iq type='error' id='b'><error type='wait'><resource-constraint ");
    rig_ask("HDEL verona:session:ann@localhost x7");
    rig_say(0, BIND);
    rig_hear(0, "<jid>ann@localhost/r</jid>");
    rig_hang_up_all();
    rig_ask("DEL verona:session:ann@localhost");
    rig_close();
}

/* Redis took the entry and could not say so: it must not stay there for nobody. */
static void bind_unknown(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    rig_connect(0);
    rig_say(0, HEADER AUTH_ANN HEADER);
    rig_hear(0, "<bind ");
    rig_signal_redis(SIGSTOP);
    rig_say(0, BIND);
    rig_hear(0, "<iq type='error' id='b'><error type='wait'><resource-constraint ");
    assert_int_equal(edge_sessions(rig_g.edge), 0);
    rig_signal_redis(SIGCONT);
    assert_true(rig_run_until(entry_is_gone, NULL, RIG_WAIT_MS));
    rig_say(0, BIND);
    rig_hear(0, "<jid>ann@localhost/r</jid>");
    assert_string_equal(rig_ask("HLEN verona:session:ann@localhost"), "1");
    rig_hang_up_all();
    assert_true(rig_run_until(entry_is_gone, NULL, RIG_WAIT_MS));
    rig_close();
}

static struct client *only_client(void)
{
    return LIST_ENTRY(rig_g.edge->clients.next, struct client, link);
}

static bool has_handle(void *ctx)
{
    (void)ctx;
    return only_client()->sid != 0;
}

/* A later bind of another gateway can be known here before the answer to our own. */
static void replaced_before_bound(void **state)
{
    (void)state;
    static const char *const others[] = {"ann@localhost/other", "bob@localhost/r", "ann@localhost"};
    rig_open("auth.mode=open");
    for (int replaced = 0; replaced < 2; replaced++) {
        rig_connect(0);
        rig_say(0, HEADER AUTH_ANN HEADER);
        rig_hear(0, "<bind ");
        rig_signal_redis(SIGSTOP);
        rig_say(0, BIND);
        assert_true(rig_run_until(has_handle, NULL, RIG_WAIT_MS));
        uint64_t sid = only_client()->sid;
        assert_null(client_by_sid(&rig_g, sid));
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            home_routed(rig_g.home, str_of(others[i]), sid, 3, STR_NULL);
        if (replaced)
            home_routed(rig_g.home, STR("ann@localhost/r"), sid, 3, STR_NULL);
        rig_signal_redis(SIGCONT);
        rig_hear(0, "<jid>ann@localhost/r</jid>");
        if (replaced) {
            rig_hear(0, "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
            rig_hear(0, NULL);
        } else {
            rig_say(0, PING);
            rig_hear(0, "type='result' id='p'");
        }
        rig_hang_up_all();
        assert_true(rig_run_until(entry_is_gone, NULL, RIG_WAIT_MS));
    }
    rig_close();
}

static bool is_lost(void *ctx)
{
    (void)ctx;
    return !cluster_ready(rig_g.cluster);
}

/* Between two lives in the cluster: who comes then is entered in the second. */
static void between_lives(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    uint64_t first = cluster_boot(rig_g.cluster);
    rig_stop_when_lost = true;
    rig_ask("HSET verona:gateway:g1 state DEAD");
    assert_true(rig_run_until(is_lost, NULL, RIG_WAIT_MS));
    rig_stop_when_lost = false;
    for (int i = 0; i < 2; i++)
        rig_connect(i);
    rig_say(0, HEADER AUTH_ANN HEADER BIND);
    rig_say(1, HEADER AUTH_ANN HEADER "<iq type='set' id='b'><bind xmlns='" NS_BIND "'/></iq>");
    rig_hear(0, "<bind ");
    rig_hear(1, "<bind ");
    rig_run_until(NULL, NULL, 100);
    rig_hang_up(1); /* he does not wait for it; his end shows when he would be answered */
    rig_signal_redis(SIGCONT);
    rig_hear(0, "<jid>ann@localhost/r</jid>");
    uint64_t second = cluster_boot(rig_g.cluster);
    assert_true(second > first);
    char entry[64];
    snprintf(entry, sizeof entry, "g1 %llu ", (unsigned long long)second);
    assert_non_null(strstr(rig_ask("HGET verona:session:ann@localhost r"), entry));
    rig_hang_up_all();
    assert_true(rig_run_until(entry_is_gone, NULL, RIG_WAIT_MS));

    rig_stop_when_lost = true; /* and the process may end meanwhile */
    rig_ask("HSET verona:gateway:g1 state DEAD");
    assert_true(rig_run_until(is_lost, NULL, RIG_WAIT_MS));
    rig_stop_when_lost = false;
    rig_connect(0);
    rig_say(0, HEADER AUTH_ANN HEADER BIND);
    rig_hear(0, "<bind ");
    rig_run_until(NULL, NULL, 100);
    rig_close();
    rig_signal_redis(SIGCONT);
}

static bool priority_is_8(void *ctx)
{
    (void)ctx;
    const char *entry = rig_ask("HGET verona:session:ann@localhost r");
    const char *last = strrchr(entry, ' ');
    return last && strcmp(last, " 8") == 0;
}

/* Redis was away for longer than a command waits: it learns the last priority all the same. */
static void late_priority(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    rig_log_in(0);
    rig_signal_redis(SIGSTOP);
    for (int i = 0; i <= 8; i++) {
        char presence[80];
        snprintf(presence, sizeof presence, "<presence><priority>%d</priority></presence>", i);
        rig_say(0, presence);
    }
    rig_hear(0, "<priority>8</priority>");
    rig_run_until(NULL, NULL, 6000); /* five seconds are a command's time */
    assert_true(rig_bound_client()->priority_out);
    rig_signal_redis(SIGCONT);
    assert_true(rig_run_until(priority_is_8, NULL, RIG_WAIT_MS));
    rig_say(0, "<presence type='unavailable'/><presence><priority>3</priority></presence>"
               "<presence><priority>8</priority></presence>" PING);
    rig_hear(0, "type='result' id='p'");
    rig_run_until(NULL, NULL, 100);
    assert_true(priority_is_8(NULL));
    assert_false(rig_bound_client()->priority_out);
    rig_hang_up_all();
    assert_true(rig_run_until(entry_is_gone, NULL, RIG_WAIT_MS));
    rig_close();
}

static void many_slots(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    enum { N = 200 };
    static struct client many[N];
    for (uint32_t i = 0; i < N; i++) {
        many[i] = (struct client){.edge = rig_g.edge, .bound = true};
        client_slot_take(&many[i]);
        assert_int_equal(many[i].sid, 1ull << 32 | i);
    }
    for (uint32_t i = 0; i < N; i++)
        assert_ptr_equal(client_by_sid(&rig_g, many[i].sid), &many[i]);
    for (uint32_t i = 0; i < N; i += 2) {
        uint64_t sid = many[i].sid;
        client_slot_free(&many[i]);
        client_slot_free(&many[i]);
        assert_null(client_by_sid(&rig_g, sid));
    }
    for (uint32_t i = 0; i < N; i += 2) {
        client_slot_take(&many[i]);
        assert_int_equal(many[i].sid >> 32, 2);
        assert_true((uint32_t)many[i].sid < N);
        assert_ptr_equal(client_by_sid(&rig_g, many[i].sid), &many[i]);
    }
    rig_g.edge->slots[0].generation = UINT32_MAX; /* it wraps to 1: no handle is 0 */
    many[0].sid = (uint64_t)UINT32_MAX << 32;
    rig_g.edge->slots[0].client = &many[0];
    client_slot_free(&many[0]);
    assert_int_equal(rig_g.edge->slots[0].generation, 1);
    for (uint32_t i = 0; i < N; i++)
        client_slot_free(&many[i]);
    rig_close();
}

static void injection(void **state)
{
    (void)state;
    rig_open("auth.mode=accounts");
    rig_connect(0);
    rig_say(0, HEADER "<starttls xmlns='" NS_TLS "'/>" HEADER AUTH_ANN);
    rig_hear(0, "<policy-violation ");
    rig_hear(0, NULL);
    rig_connect(1);
    rig_say(1, HEADER "<starttls xmlns='" NS_TLS "'/>\n");
    rig_hear(1, "<proceed xmlns='" NS_TLS "'/>");
    rig_say(1, HEADER); /* in clear, where a handshake should be */
    rig_hear(1, NULL);
    assert_null(memmem(rig_peers[1].heard.data, rig_peers[1].heard.len, "policy-violation", 16));
    rig_hang_up_all();
    rig_close();
}

/* The question is out: what he sends meanwhile stays where it is. */
static void held(void **state)
{
    (void)state;
    rig_open("auth.mode=accounts c2s.plain_without_tls=true limits.byte_rate=0");
    rig_connect(0);
    rig_say(0, HEADER);
    rig_hear(0, "</stream:features>");
    rig_signal_redis(SIGSTOP);
    rig_say(0, AUTH_ANN);
    static char spaces[65536];
    memset(spaces, ' ', sizeof spaces);
    size_t total = 0;
    for (int idle = 0; idle < 20;) {
        ssize_t n = send(rig_peers[0].fd, spaces, sizeof spaces, MSG_NOSIGNAL);
        if (n > 0)
            total += (size_t)n;
        idle = n > 0 ? 0 : idle + 1;
        rig_run_until(NULL, NULL, 10);
        assert_true(total < 4 * 1024 * 1024);
    }
    assert_true(rig_g.edge->bytes_in < 256 * 1024);
    rig_signal_redis(SIGCONT);
    rig_hear(0, "<failure xmlns='" NS_SASL "'><not-authorized/></failure>");
    rig_say(0, "</stream:stream>"); /* the stream goes on */
    rig_hear(0, "</stream:stream>");
    rig_hang_up_all();
    rig_close();
}

static void on_made(void *ctx, enum account_result r)
{
    *(int *)ctx = (int)r;
}

static bool is_made(void *ctx)
{
    return *(int *)ctx >= 0;
}

static int account_does(const char *user, bool add)
{
    int result = -1;
    if (add)
        account_set(&rig_g, str_of(user), STR("secret"), true, on_made, &result);
    else
        account_remove(&rig_g, str_of(user), on_made, &result);
    assert_true(rig_run_until(is_made, &result, RIG_WAIT_MS));
    return result;
}

/* X0133-delete-user, X0077-remove: whoever has logged in and binds when his account is gone gets no
 * session, and leaves no entry. */
static void removed_before_bind(void **state)
{
    (void)state;
    rig_open("auth.mode=accounts c2s.plain_without_tls=true auth.iterations=4096");
    assert_int_equal(account_does("ann@localhost", true), ACCOUNT_DONE);
    assert_int_equal(account_does("ann@localhost", true), ACCOUNT_EXISTS);
    for (int gone = 0; gone <= 1; gone++) {
        rig_connect(gone);
        rig_say(gone, HEADER AUTH_ANN HEADER);
        rig_hear(gone, "<bind ");
        if (gone)
            assert_int_equal(account_does("ann@localhost", false), ACCOUNT_DONE);
        rig_say(gone,
                "<iq type='set' id='b'><bind "
                "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>");
        rig_hear(gone, gone ? "<not-authorized " : "<jid>ann@localhost/r</jid>");
        if (gone)
            rig_hear(gone, NULL);
        rig_hang_up_all();
        assert_true(rig_run_until(entry_is_gone, NULL, RIG_WAIT_MS));
    }
    assert_int_equal(account_does("ann@localhost", false), ACCOUNT_NOTFOUND);
    rig_close();
}

static void timeouts(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    rig_g.edge->header_ms = 500;
    rig_g.edge->auth_ms = 2500;
    for (int i = 0; i < RIG_PEERS; i++)
        rig_connect(i);
    rig_say(1, HEADER);
    rig_say(2, HEADER "<starttls xmlns='" NS_TLS "'/>");
    rig_say(3, HEADER AUTH_ANN);
    rig_hear(0, "<connection-timeout ");
    rig_hear(3, "<success");
    rig_hear(3, "<connection-timeout "); /* no header after the login */
    rig_hear(2, NULL);
    assert_null(memmem(rig_peers[2].heard.data, rig_peers[2].heard.len, "timeout", 7));
    assert_false(rig_peers[1].eof);
    uint64_t began = loop_now_ms(rig_g.loop);
    rig_hear(1, "<connection-timeout ");
    assert_true(loop_now_ms(rig_g.loop) - began > 100); /* later than a header's time */
    rig_hang_up_all();
    rig_close();
}

static void keepalive(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    rig_g.edge->keepalive_ms = 300;
    rig_g.edge->auth_ms = 700;
    rig_log_in(0);
    uint64_t began = loop_now_ms(rig_g.loop);
    buf_reset(&rig_peers[0].heard);
    rig_hear_times(0, " ", 3); /* and no time-out of what is over */
    uint64_t took = loop_now_ms(rig_g.loop) - began;
    assert_true(took >= 850);
    /* Not while other things are sent; then after the whole time, not up to twice as late. One try
     * may meet a busy moment. */
    took = 1000;
    for (int i = 0; i < 5 && took >= 550; i++) {
        rig_say(0, PING);
        rig_hear(0, "type='result'");
        buf_reset(&rig_peers[0].heard);
        began = loop_now_ms(rig_g.loop);
        rig_hear(0, " ");
        took = loop_now_ms(rig_g.loop) - began;
        assert_true(took >= 250);
    }
    assert_true(took < 550);
    rig_hang_up_all();
    rig_close();
}

static void rates(void **state)
{
    (void)state;
    rig_open("auth.mode=open limits.stanza_rate=100");
    rig_log_in(0);
    struct buf pings;
    buf_init(&pings);
    for (int i = 0; i < 300; i++)
        buf_z(&pings, PING);
    buf_c(&pings, '\0');
    rig_say(0, pings.data);
    buf_deinit(&pings);
    rig_hear_times(0, "type='result' id='p'",
                   300); /* 200 at once, the others at their rate; none lost */
    uint64_t began = loop_now_ms(rig_g.loop);
    rig_say(0, PING);
    rig_hear_times(0, "type='result' id='p'", 301);
    assert_true(loop_now_ms(rig_g.loop) - began > 300);
    rig_hang_up_all();
    rig_close();
}

/* ---------------------------------------------------------------- slow and stuffed */

static void slow(void **state)
{
    (void)state;
    rig_open("auth.mode=open limits.send_queue=65536");
    rig_log_in(0);
    static char tail[60000];
    memset(tail, 'x', sizeof tail);
    memcpy(tail, ">", 1);
    for (int i = 0; i < 20 && edge_sessions(rig_g.edge) > 0; i++) {
        client_send(rig_bound_client(), STANZA_MESSAGE, str_n(tail, sizeof tail), false);
        rig_run_until(NULL, NULL, 20);
    }
    assert_int_equal(edge_sessions(rig_g.edge), 0);
    assert_true(rig_run_until(rig_all_closed, NULL, RIG_WAIT_MS)); /* without a wait for him */
    rig_hang_up_all();
    rig_close();
}

/* ---------------------------------------------------------------- who may come in */

static void addresses(void **state)
{
    (void)state;
    rig_open("auth.mode=open limits.connections_per_ip=3");
    static const uint8_t one[16] = {1}, other[16] = {2};
    for (int i = 0; i < 3; i++)
        assert_true(edge_ip_enter(rig_g.edge, one));
    assert_false(edge_ip_enter(rig_g.edge, one));
    assert_false(edge_ip_enter(rig_g.edge, one));
    assert_true(edge_ip_enter(rig_g.edge, other));
    struct client gone = {.edge = rig_g.edge, .ip_counted = true},
                  not_counted = {.edge = rig_g.edge};
    rig_g.edge->n_conns += 6;
    memcpy(gone.ip, one, 16);
    memcpy(not_counted.ip, one, 16);
    edge_conn_closed(rig_g.edge, &not_counted);
    assert_false(edge_ip_enter(rig_g.edge, one));
    edge_conn_closed(rig_g.edge, &gone);
    assert_true(edge_ip_enter(rig_g.edge, one));
    for (int i = 0; i < 3; i++)
        edge_conn_closed(rig_g.edge, &gone);
    memcpy(gone.ip, other, 16);
    edge_conn_closed(rig_g.edge, &gone);
    assert_null(rig_g.edge->ips);
    assert_int_equal(rig_g.edge->n_conns, 0);
    /* IPv6 by its /64, IPv4 whole. */
    uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5},
            v4[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};
    for (int i = 0; i < 4; i++) {
        v6[15] = v4[15] = (uint8_t)i;
        assert_int_equal(edge_ip_enter(rig_g.edge, v6), i < 3);
        assert_true(edge_ip_enter(rig_g.edge, v4));
    }
    v6[7]++;
    assert_true(edge_ip_enter(rig_g.edge, v6));
    rig_g.edge->n_conns += 8;
    for (uint8_t i = 0; i < 8; i++) {
        struct client left = {.edge = rig_g.edge, .ip_counted = true};
        memcpy(left.ip, i < 4 ? v6 : v4, 16);
        left.ip[15] = i % 4;
        left.ip[7] = (uint8_t)(left.ip[7] - (i > 0 && i < 4));
        edge_conn_closed(rig_g.edge, &left);
    }
    assert_null(rig_g.edge->ips);
    rig_close();
}

static uint16_t open_listener(void)
{
    struct buf err, ports;
    buf_init(&err);
    buf_init(&ports);
    assert_int_equal(listener_open(rig_g.edge, "127.0.0.1:0", false, &rig_g.edge->listener, &err),
                     0);
    edge_ports(rig_g.edge, &ports);
    buf_c(&ports, '\0');
    uint16_t port = (uint16_t)atoi(ports.data);
    buf_deinit(&err);
    buf_deinit(&ports);
    return port;
}

static void dial(int i, uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (rig_peers[i].fd < 0)
        rig_peers[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    rig_peers[i].eof = false;
    buf_reset(&rig_peers[i].heard);
    assert_true(connect(rig_peers[i].fd, (struct sockaddr *)&to, sizeof to) == 0 ||
                errno == EINPROGRESS);
}

static void too_many(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    uint16_t port = open_listener();
    rig_g.edge->max_conns = 2;
    for (int i = 0; i < 3; i++)
        dial(i, port);
    rig_run_until(NULL, NULL, 50);
    assert_int_equal(edge_connections(rig_g.edge), 2);
    for (int i = 0; i < 3; i++)
        rig_say(i, HEADER); /* the third waits in the accept queue */
    rig_hear(0, "</stream:features>");
    rig_hear(1, "</stream:features>");
    assert_int_equal(rig_peers[2].heard.len, 0);
    rig_say(0, "</stream:stream>");
    rig_hear(0, NULL);
    rig_hang_up(0);
    rig_hear(2, "</stream:features>");
    rig_hang_up_all();
    rig_close();
}

/* No descriptor left: no busy loop, nobody lost. */
static void no_descriptors(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    uint16_t port = open_listener();
    for (int i = 0; i < 2; i++)
        rig_peers[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct rlimit limit, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    int next = dup(rig_peers[1].fd);
    close(next);
    none = (struct rlimit){(rlim_t)next, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    dial(0, port);
    dial(1, port);
    uint64_t turns = loop_turns(rig_g.loop);
    rig_run_until(NULL, NULL, 300);
    assert_true(loop_turns(rig_g.loop) - turns < 200);
    assert_int_equal(edge_connections(rig_g.edge), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    rig_say(0, HEADER);
    rig_say(1, HEADER);
    rig_hear(0, "</stream:features>");
    rig_hear(1, "</stream:features>");
    rig_hang_up_all();
    rig_close();
}

/* ---------------------------------------------------------------- all ends */

static void drain(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    (void)open_listener();
    rig_log_in(0);
    rig_connect(1);
    rig_connect(2);
    rig_say(2, HEADER "<starttls xmlns='" NS_TLS "'/>");
    rig_hear(2, "<proceed ");
    rig_g.draining = true;
    edge_drain(rig_g.edge);
    assert_false(edge_listening(rig_g.edge));
    rig_hear(0, "<system-shutdown ");
    rig_hear(1, "<system-shutdown ");
    for (int i = 0; i < 3; i++)
        rig_hear(i, NULL);
    rig_hang_up_all();
    rig_close();
}

/* Every state a stream can be in when the process ends; the sanitizer sees what is left. */
static void cut(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    (void)open_listener();
    rig_log_in(0);
    rig_connect(1);
    rig_say(1, HEADER "<mess");
    rig_connect(2);
    rig_say(2, HEADER "<starttls xmlns='" NS_TLS "'/>");
    rig_hear(1, "</stream:features>");
    rig_hear(2, "<proceed ");
    rig_signal_redis(SIGSTOP);
    rig_connect(3);
    rig_say(3, HEADER AUTH_ANN HEADER "<iq type='set' id='b'><bind xmlns='" NS_BIND "'/></iq>");
    rig_hear(3, "<bind ");
    rig_run_until(NULL, NULL, 50);
    rig_close(); /* with a question to Redis out */
    rig_signal_redis(SIGCONT);

    rig_open("auth.mode=open"); /* lingering: the last word was said, the peer has not closed */
    rig_log_in(0);
    rig_say(0, "</stream:stream>");
    rig_hear(0, "</stream:stream>");
    rig_run_until(NULL, NULL, 50);
    assert_int_equal(edge_connections(rig_g.edge), 1);
    rig_close();

    rig_open("auth.mode=open"); /* a farewell that Redis has not taken yet */
    rig_log_in(0);
    rig_signal_redis(SIGSTOP);
    rig_hang_up(0);
    assert_true(rig_run_until(rig_all_closed, NULL, RIG_WAIT_MS));
    rig_close();
    rig_signal_redis(SIGCONT);
}

int main(void)
{
    log_setup(LOG_ERROR, "logfmt", "gateway", "test");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_life),
        cmocka_unit_test(conflict),
        cmocka_unit_test(replaced_before_bound),
        cmocka_unit_test(many_slots),
        cmocka_unit_test(crowded),
        cmocka_unit_test(late_priority),
        cmocka_unit_test(bind_unknown),
        cmocka_unit_test(between_lives),
        cmocka_unit_test(injection),
        cmocka_unit_test(held),
        cmocka_unit_test(removed_before_bind),
        cmocka_unit_test(timeouts),
        cmocka_unit_test(keepalive),
        cmocka_unit_test(rates),
        cmocka_unit_test(slow),
        cmocka_unit_test(addresses),
        cmocka_unit_test(too_many),
        cmocka_unit_test(no_descriptors),
        cmocka_unit_test(drain),
        cmocka_unit_test(cut),
    };
    return cmocka_run_group_tests(tests, rig_start_redis, rig_end_redis);
}
