/* render.c: the pieces that stanzas of rooms are made of. */
#include "gateway/render.h"

void render_attr(struct buf *out, const char *name, struct str value)
{
    buf_c(out, ' ');
    buf_z(out, name);
    buf_z(out, "='");
    buf_xml(out, value);
    buf_c(out, '\'');
}

void render_from(struct buf *out, struct str room, struct str nick)
{
    buf_z(out, " from='");
    buf_xml(out, room);
    if (nick.n) {
        buf_c(out, '/');
        buf_xml(out, nick);
    }
    buf_c(out, '\'');
}

void render_id(struct buf *out, struct str id)
{
    if (id.n)
        render_attr(out, "id", id);
}

void render_payload(struct buf *out, struct str payload)
{
    static const char open[] = STANZA_LANG_OPEN, close[] = STANZA_LANG_CLOSE;
    size_t n = sizeof open - 1;
    const char *end = NULL;
    if (payload.n > n && memcmp(payload.p, open, n) == 0)
        end = memchr(payload.p + n, '\'', payload.n - n); /* the tag is escaped: it has no quote */
    if (end) {
        buf_z(out, " xml:lang='");
        buf_put(out, payload.p + n, (size_t)(end - payload.p) - n);
        buf_c(out, '\'');
        size_t used = (size_t)(end - payload.p) + sizeof close - 1;
        payload = used < payload.n ? (struct str){payload.p + used, payload.n - used} : STR_NULL;
    }
    buf_c(out, '>');
    buf_str(out, payload);
}

void render_text(struct buf *out, const char *element, struct str text)
{
    buf_c(out, '<');
    buf_z(out, element);
    if (text.n == 0) {
        buf_z(out, "/>");
        return;
    }
    buf_c(out, '>');
    buf_xml(out, text);
    buf_z(out, "</");
    buf_z(out, element);
    buf_c(out, '>');
}

void render_statuses(struct buf *out, const uint32_t *codes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_z(out, "<status code='");
        buf_u64(out, codes[i]);
        buf_z(out, "'/>");
    }
}

void render_occupant_id(struct buf *out, struct str id)
{
    if (id.n == 0)
        return;
    buf_z(out, "<occupant-id xmlns='" NS_OCCUPANT_ID "'");
    render_attr(out, "id", id);
    buf_z(out, "/>");
}

void render_mav(struct buf *out, struct str since, struct str until)
{
    if (!since.n && !until.n)
        return;
    buf_z(out, "<mav xmlns='" NS_MAV "'");
    if (since.n)
        render_attr(out, "since", since);
    if (until.n)
        render_attr(out, "until", until);
    buf_z(out, "/>");
}

/* Days since the epoch -> year, month, day (proleptic Gregorian). */
static void civil(uint64_t days, unsigned *y, unsigned *m, unsigned *d)
{
    uint64_t z = days + 719468, era = z / 146097, doe = z % 146097;
    uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *d = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    *m = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    *y = (unsigned)(yoe + era * 400 + (*m <= 2));
}

void render_stamp(struct buf *out, uint64_t ms)
{
    unsigned y, m, d;
    uint64_t s = ms / 1000;
    if (s > 253402300799u)
        s = 253402300799u; /* the end of year 9999 */
    civil(s / 86400, &y, &m, &d);
    unsigned in_day = (unsigned)(s % 86400);
    buf_printf(out, "%04u-%02u-%02uT%02u:%02u:%02uZ", y, m, d, in_day / 3600, in_day / 60 % 60,
               in_day % 60);
}

void render_stanza_id(struct buf *out, struct str room, struct str id)
{
    if (id.n == 0)
        return;
    buf_z(out, "<stanza-id xmlns='" NS_SID "'");
    render_attr(out, "by", room);
    render_attr(out, "id", id);
    buf_z(out, "/>");
}

void render_said(struct buf *out, struct str room, const Verona__Message *m, struct str retracts)
{
    if (m->retraction) {
        buf_c(out, '>');
        render_retraction(out, room, m, retracts);
    } else {
        render_payload(out, str_n(m->payload.data, m->payload.len));
    }
}

void render_delay(struct buf *out, struct str room, uint64_t stamp_ms)
{
    buf_z(out, "<delay xmlns='" NS_DELAY "'");
    render_attr(out, "from", room);
    buf_z(out, " stamp='");
    render_stamp(out, stamp_ms);
    buf_z(out, "'/>");
}

void render_field_open(struct buf *out, const char *type, const char *var, const char *label)
{
    buf_z(out, "<field type='");
    buf_z(out, type);
    buf_z(out, "' var='");
    buf_z(out, var);
    buf_c(out, '\'');
    if (label)
        render_attr(out, "label", str_of(label));
    buf_c(out, '>');
}

void render_option(struct buf *out, struct str label, struct str value)
{
    buf_z(out, "<option");
    render_attr(out, "label", label);
    buf_c(out, '>');
    render_text(out, "value", value);
    buf_z(out, "</option>");
}

void render_field(struct buf *out, const char *type, const char *var, const char *label,
                  struct str value)
{
    render_field_open(out, type, var, label);
    render_text(out, "value", value);
    buf_z(out, "</field>");
}
