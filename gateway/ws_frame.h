/* ws_frame.h: the server's side of WebSocket frames (RFC 6455 §5). Pure: bytes in, messages and
 * control frames out; any chunking of the same bytes gives the same events. */
#ifndef MUC_WS_FRAME_H
#define MUC_WS_FRAME_H

#include "base/buf.h"

enum { WS_CONTROL_MAX = 125, WS_HEAD_MAX = 10 /* of what a server sends: it does not mask */ };

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

enum ws_status { /* §7.4.1 */
                 WS_NORMAL = 1000,
                 WS_GOING_AWAY = 1001,
                 WS_PROTOCOL_ERROR = 1002,
                 WS_UNSUPPORTED = 1003, /* a binary message */
                 WS_BAD_DATA = 1007,    /* text that is no UTF-8 */
                 WS_POLICY = 1008,
                 WS_TOO_BIG = 1009,
                 WS_INTERNAL = 1011,
};

enum ws_event {
    WS_EV_NONE,    /* all bytes were taken, and more are needed */
    WS_EV_PART,    /* one frame of a message, not its last */
    WS_EV_MESSAGE, /* `data` is a whole text message, not checked to be UTF-8 */
    WS_EV_PING,    /* `data` is what a pong returns */
    WS_EV_PONG,
    WS_EV_CLOSE, /* `status` is what he said, or WS_NORMAL; nothing more is read */
    WS_EV_ERROR, /* `status` is what to close with; nothing more is read */
};

/* What is read of one connection. Zeroed is its beginning. An idle one holds no memory. */
struct ws_reader {
    uint8_t head[14];
    uint8_t n_head;
    bool in_frame, final, over;
    uint8_t opcode;     /* of the frame */
    bool in_message;    /* a text message has begun and not ended */
    uint64_t left;      /* bytes of the frame that are to come */
    uint8_t mask_at;    /* which byte of the mask is next */
    struct buf text;    /* the message so far, unmasked */
    struct buf control; /* of a control frame, which may come between the parts of a message */
};

struct ws_frame {
    struct str data; /* valid until the next call */
    uint16_t status;
};

/* Takes bytes off the front of *in up to the next event. max: bytes of a message. */
enum ws_event ws_read(struct ws_reader *r, struct str *in, size_t max, struct ws_frame *out);
void ws_reader_deinit(struct ws_reader *r);

/* The head of a frame of n bytes, whole and not masked; returns its length. */
size_t ws_head(uint8_t out[WS_HEAD_MAX], enum ws_opcode opcode, uint64_t n);
/* A close frame; returns its length. */
size_t ws_close_frame(uint8_t out[4], uint16_t status);

#endif
