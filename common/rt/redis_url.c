/* redis_url.c: see the header. */
#include "rt/redis_url.h"
#include "base/err.h"

static bool take_prefix(struct str *s, const char *prefix)
{
    size_t n = strlen(prefix);
    if (s->n < n || memcmp(s->p, prefix, n) != 0)
        return false;
    *s = str_n(s->p + n, s->n - n);
    return true;
}

/* Splits s at the last or first c: true, and `before` and the rest of s, if there is one. */
static bool cut(struct str *s, char c, bool last, struct str *before)
{
    if (s->n == 0)
        return false;
    const char *at = last ? memrchr(s->p, c, s->n) : memchr(s->p, c, s->n);
    if (!at)
        return false;
    *before = str_n(s->p, (size_t)(at - s->p));
    *s = str_n(at + 1, s->n - before->n - 1);
    return true;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL for a broken escape or a NUL. */
static char *decode(struct str s)
{
    char *out = mem_alloc(s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int c = (unsigned char)s.p[i];
        if (c == '%') {
            int high = s.n - i > 2 ? hex(s.p[i + 1]) : -1;
            int low = s.n - i > 2 ? hex(s.p[i + 2]) : -1;
            c = high < 0 || low < 0 ? 0 : high * 16 + low;
            i += 2;
        }
        if (c == 0) {
            mem_free(out);
            return NULL;
        }
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return out;
}

static int parse_user(struct str user_info, struct redis_url *u)
{
    struct str user;
    bool has_password = cut(&user_info, ':', false, &user);
    if (!has_password)
        user = user_info;
    if (user.n && !(u->user = decode(user)))
        return ERR_INVALID;
    if (has_password && user_info.n && !(u->password = decode(user_info)))
        return ERR_INVALID;
    return 0;
}

/* "host", "host:port", "[address]", "[address]:port" */
static int parse_host(struct str s, struct redis_url *u)
{
    struct str host = s, port = STR_NULL;
    bool has_port;
    if (s.n && s.p[0] == '[') {
        s = str_n(s.p + 1, s.n - 1);
        if (!cut(&s, ']', false, &host))
            return ERR_INVALID;
        has_port = s.n > 0;
        if (has_port && s.p[0] != ':')
            return ERR_INVALID;
        if (has_port)
            port = str_n(s.p + 1, s.n - 1);
    } else {
        has_port = cut(&s, ':', false, &host);
        port = s;
    }
    uint32_t number_of_port = 6379;
    if (host.n == 0 || host.n > 255 || memchr(host.p, '\0', host.n))
        return ERR_INVALID;
    if (has_port && (!str_u32(port, UINT16_MAX, &number_of_port) || number_of_port == 0))
        return ERR_INVALID;
    u->host = mem_dup(host.p, host.n);
    u->port = (uint16_t)number_of_port;
    return 0;
}

static int parse_tcp(struct str s, struct redis_url *u)
{
    struct str user_info, authority, db = STR_NULL;
    if (cut(&s, '@', true, &user_info) && parse_user(user_info, u) != 0)
        return ERR_INVALID;
    authority = s;
    if (cut(&s, '/', false, &authority))
        db = s;
    if (db.n && !str_u32(db, 1000000, &u->db))
        return ERR_INVALID;
    return parse_host(authority, u);
}

int redis_url_parse(struct str url, struct redis_url *out)
{
    struct redis_url u = {.port = 6379};
    int rc = ERR_INVALID;
    if (take_prefix(&url, "unix://")) {
        /* sun_path is 108 bytes with its NUL */
        if (url.n > 1 && url.n < 108 && url.p[0] == '/' && !memchr(url.p, '\0', url.n)) {
            u.path = mem_dup(url.p, url.n);
            rc = 0;
        }
    } else if (take_prefix(&url, "redis://")) {
        rc = parse_tcp(url, &u);
    }
    if (rc == 0)
        *out = u;
    else
        redis_url_deinit(&u);
    return rc;
}

void redis_url_deinit(struct redis_url *u)
{
    mem_free(u->path);
    mem_free(u->host);
    mem_free(u->user);
    mem_free(u->password);
    *u = (struct redis_url){NULL, NULL, NULL, NULL, 0, 0};
}
