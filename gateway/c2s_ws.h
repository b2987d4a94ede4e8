/* c2s_ws.h: a client's stream over WebSocket (RFC 7395): what of it is not as over TCP. */
#ifndef MUC_C2S_WS_H
#define MUC_C2S_WS_H

#include "gateway/edge.h"
#include "gateway/ws_frame.h"

struct ws {
    bool open; /* the request was answered */
    bool pumping, closed;
    struct ws_reader reader;
    struct buf rest;     /* bytes not looked at: of the request, or what came while held */
    uint32_t n_elements; /* of the message in hand */
    uint16_t status;     /* to close with; 0: as the reason of the end says */
    struct loop_task lost_task;
};

/* A connection that begins. */
void c2s_ws_begin(struct client *c);
void c2s_ws_bytes(struct client *c, const void *p, size_t n);
/* Not held any more. */
void c2s_ws_go_on(struct client *c);
/* From the parser: an element came. False: it must not be looked at, for the stream ends. */
bool c2s_ws_element(struct client *c);
/* As conn_put_stanza(), as a message of its own; head begins with '<' and a name. */
void c2s_ws_put(struct client *c, struct str head, struct str to, struct str tail, bool bulk);
void c2s_ws_put_whole(struct client *c, struct str xml, bool bulk);
void c2s_ws_ping(struct client *c);
/* The close frame, if none was sent. */
void c2s_ws_close(struct client *c);
void c2s_ws_stop(struct client *c); /* gives up what it holds, but for itself */

#endif
