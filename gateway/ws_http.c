/* ws_http.c: see ws_http.h. A request is read strictly (RFC 9112): what a proxy in front might
 * read otherwise than we do is refused. */
#include "gateway/ws_http.h"
#include "base/b64.h"

#include <openssl/evp.h>
#include <strings.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 §1.3 */

struct request {
    struct str method, path;
    struct str host, key, version, origin;
    bool upgrade, connection, xmpp; /* "websocket", "Upgrade" and "xmpp" are in their lists */
    bool has_origin, has_body;
};

size_t ws_http_end(struct str bytes)
{
    const char *end = bytes.n ? memmem(bytes.p, bytes.n, "\r\n\r\n", 4) : NULL;
    return end ? (size_t)(end - bytes.p) + 4 : 0;
}

static bool same(struct str s, const char *z)
{
    return s.n == strlen(z) && (s.n == 0 || strncasecmp(s.p, z, s.n) == 0);
}

/* ---- reading */

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c && strchr("!#$%&'*+-.^_`|~", c));
        if (!ok)
            return false;
    }
    return s.n > 0;
}

/* Printable, blanks and tabs; bytes above 127 are nobody's business. */
static bool is_value(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static struct str trim(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = str_n(s.p + 1, s.n - 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static bool has_entry(struct str list, const char *z, bool exact)
{
    struct str entry;
    while (str_list_next(&list, &entry))
        if (exact ? str_is(entry, z) : same(entry, z))
            return true;
    return false;
}

/* Where there may be only one. */
static bool once(struct str *slot, struct str value)
{
    if (slot->p)
        return false;
    *slot = value.p ? value : STR("");
    return true;
}

static bool read_field(struct request *r, struct str line)
{
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
    if (!colon)
        return false;
    struct str name = str_n(line.p, (size_t)(colon - line.p));
    struct str value = trim(str_n(colon + 1, line.n - name.n - 1));
    if (!is_token(name) || !is_value(value))
        return false;
    if (same(name, "Host"))
        return once(&r->host, value);
    if (same(name, "Sec-WebSocket-Key"))
        return once(&r->key, value);
    if (same(name, "Sec-WebSocket-Version"))
        return once(&r->version, value);
    if (same(name, "Origin"))
        return once(&r->origin, value);
    if (same(name, "Upgrade"))
        r->upgrade = r->upgrade || has_entry(value, "websocket", false);
    else if (same(name, "Connection"))
        r->connection = r->connection || has_entry(value, "upgrade", false);
    else if (same(name, "Sec-WebSocket-Protocol"))
        r->xmpp = r->xmpp || has_entry(value, "xmpp", true);
    else if (same(name, "Transfer-Encoding") ||
             (same(name, "Content-Length") && !str_is(value, "0")))
        r->has_body = true;
    return true;
}

/* "GET /xmpp-websocket HTTP/1.1" */
static bool read_first(struct request *r, struct str line)
{
    struct str rest = line, target;
    r->method = str_cut(&rest, ' ');
    target = str_cut(&rest, ' ');
    r->path = str_cut(&target, '?');
    return is_token(r->method) && r->path.n && r->path.p[0] == '/' && is_value(line) &&
           str_is(rest, "HTTP/1.1");
}

static bool read_request(struct request *r, struct str head)
{
    bool first = true;
    while (head.n) {
        const char *end = memmem(head.p, head.n, "\r\n", 2);
        struct str line = str_n(head.p, end ? (size_t)(end - head.p) : head.n);
        if (!end)
            return false;
        head = str_n(end + 2, head.n - line.n - 2);
        if (line.n == 0)
            return head.n == 0 && !first && r->host.p && !r->has_body;
        if (!(first ? read_first(r, line) : read_field(r, line)))
            return false;
        first = false;
    }
    return false;
}

/* ---- who may */

static bool matches(struct str allowed, struct str origin)
{
    if (str_is(allowed, "*"))
        return true;
    if (allowed.n > 2 && memcmp(allowed.p + allowed.n - 2, ":*", 2) == 0) {
        struct str stem = str_n(allowed.p, allowed.n - 2);
        if (origin.n < stem.n || strncasecmp(origin.p, stem.p, stem.n) != 0)
            return false;
        struct str port = str_n(origin.p + stem.n, origin.n - stem.n);
        if (port.n == 0)
            return true;
        for (size_t i = 1; i < port.n; i++)
            if (port.p[i] < '0' || port.p[i] > '9')
                return false;
        return port.p[0] == ':' && port.n > 1;
    }
    return allowed.n == origin.n && strncasecmp(allowed.p, origin.p, origin.n) == 0;
}

static bool origin_ok(struct str origins, struct str origin)
{
    struct str allowed;
    if (!origin.p)
        return true;
    while (str_list_next(&origins, &allowed))
        if (allowed.n && matches(allowed, origin))
            return true;
    return false;
}

/* ---- answering */

static void refuse(struct buf *out, const char *status, const char *more, const char *text)
{
    buf_printf(out,
               "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s"
               "Connection: close\r\n\r\n%s\n",
               status, strlen(text) + 1, more, text);
}

static bool key_ok(struct str key)
{
    uint8_t bytes[16];
    size_t n;
    return b64_decode_into(key, bytes, sizeof bytes, sizeof bytes, &n) == 0;
}

static void accept_key(struct str key, struct buf *out)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct buf b;
    buf_init(&b);
    buf_str(&b, key);
    buf_z(&b, GUID);
    EVP_Digest(b.data, b.len, hash, &n, EVP_sha1(), NULL);
    b64_encode(out, hash, n);
    buf_deinit(&b);
}

bool ws_http_answer(const struct ws_http_config *cfg, struct str head, struct buf *out)
{
    struct request r = {0};
    if (!read_request(&r, head)) {
        refuse(out, "400 Bad Request", "", "This is not a request that can be understood.");
    } else if (!str_is(r.path, "/xmpp-websocket") && !str_is(r.path, "/ws")) {
        refuse(out, "404 Not Found", "", "XMPP over WebSocket is at /xmpp-websocket.");
    } else if (!str_is(r.method, "GET")) {
        refuse(out, "405 Method Not Allowed", "Allow: GET\r\n", "Only GET is possible here.");
    } else if (!r.upgrade || !r.connection) {
        refuse(out, "426 Upgrade Required", "Upgrade: websocket\r\n",
               "This is for XMPP clients that speak WebSocket (RFC 7395).");
    } else if (!str_is(r.version, "13")) { /* RFC 6455 §4.4 */
        refuse(out, "426 Upgrade Required", "Sec-WebSocket-Version: 13\r\n",
               "Only version 13 of WebSocket is known here.");
    } else if (!key_ok(r.key)) {
        refuse(out, "400 Bad Request", "", "Sec-WebSocket-Key must be 16 bytes in base64.");
    } else if (!r.xmpp) { /* RFC 7395 §3.1 */
        refuse(out, "400 Bad Request", "", "The subprotocol xmpp must be offered.");
    } else if (!origin_ok(cfg->origins, r.origin)) {
        refuse(out, "403 Forbidden", "", "Pages of this origin may not connect (ws.origins).");
    } else {
        buf_z(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Protocol: xmpp\r\n"
                   "Sec-WebSocket-Accept: ");
        accept_key(r.key, out);
        buf_z(out, "\r\n\r\n");
        return true;
    }
    return false;
}

void ws_http_too_big(struct buf *out)
{
    refuse(out, "400 Bad Request", "", "The request is too long.");
}
