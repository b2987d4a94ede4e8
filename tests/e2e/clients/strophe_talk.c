/* strophe_talk.c: a libstrophe client joins a room, says "ping" and waits for "pong".
 *
 * strophe_talk PORT JID PASSWORD ROOM    exit 0 when it was answered */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>

static const char *room;
static int result = 1;

static void send_groupchat(xmpp_conn_t *conn, const char *body)
{
    xmpp_stanza_t *msg =
        xmpp_message_new(xmpp_conn_get_context(conn), "groupchat", room, "strophe-1");
    xmpp_message_set_body(msg, body);
    xmpp_send(conn, msg);
    xmpp_stanza_release(msg);
}

static int on_message(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data)
{
    (void)data;
    char *body = xmpp_message_get_body(stanza);
    if (xmpp_stanza_get_child_by_name(stanza, "subject") && !body)
        send_groupchat(conn, "ping"); /* the subject ends a join */
    if (body && strcmp(body, "pong") == 0) {
        puts("answered");
        result = 0;
        xmpp_disconnect(conn);
    }
    if (body)
        xmpp_free(xmpp_conn_get_context(conn), body);
    return 1;
}

static void on_connection(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
                          xmpp_stream_error_t *stream_error, void *data)
{
    xmpp_ctx_t *ctx = data;
    (void)error;
    (void)stream_error;
    if (event != XMPP_CONN_CONNECT) {
        xmpp_stop(ctx);
        return;
    }
    if (!xmpp_conn_is_secured(conn)) {
        puts("not encrypted");
        xmpp_disconnect(conn);
        return;
    }
    xmpp_handler_add(conn, on_message, NULL, "message", NULL, NULL);
    char here[512];
    snprintf(here, sizeof here, "%s/Strophe", room);
    xmpp_stanza_t *presence = xmpp_presence_new(ctx);
    xmpp_stanza_set_to(presence, here);
    xmpp_stanza_t *x = xmpp_stanza_new(ctx);
    xmpp_stanza_set_name(x, "x");
    xmpp_stanza_set_ns(x, "http://jabber.org/protocol/muc");
    xmpp_stanza_add_child(presence, x);
    xmpp_send(conn, presence);
    xmpp_stanza_release(x);
    xmpp_stanza_release(presence);
}

static int always_trust(const xmpp_tlscert_t *cert, const char *error)
{
    (void)cert;
    (void)error;
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    room = argv[4];
    xmpp_initialize();
    xmpp_ctx_t *ctx = xmpp_ctx_new(NULL, xmpp_get_default_logger(XMPP_LEVEL_INFO));
    xmpp_conn_t *conn = xmpp_conn_new(ctx);
    xmpp_conn_set_flags(conn, XMPP_CONN_FLAG_MANDATORY_TLS);
    xmpp_conn_set_certfail_handler(conn, always_trust);
    xmpp_conn_set_jid(conn, argv[2]);
    xmpp_conn_set_pass(conn, argv[3]);
    if (xmpp_connect_client(conn, "127.0.0.1", (unsigned short)atoi(argv[1]), on_connection, ctx) ==
        0)
        xmpp_run(ctx);
    xmpp_conn_release(conn);
    xmpp_ctx_free(ctx);
    xmpp_shutdown();
    return result;
}
