/* test_views.c: random events of a few people at three gateways. Whatever happens, each of them
 * sees who is inside and nothing else (W21, W41), under 110 himself alone (W10), in the order of
 * W7 and W9, and no real JID that he may not see (W8). Each client's picture of the room is built
 * from its stanzas only. WIRE_SEED in the environment repeats a run; a failure prints its seed. */
#include "wire/lib_wire.h"

#include "base/jid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RUNS = 6, EVENTS = 1500, SESSIONS = 12, SEEN = 16 };

#define N(a) (sizeof(a) / sizeof *(a))

static const char *const tags[SESSIONS] = {
    "ann",   "ann/2@2", "ann/3@3", "bob@2",   "bob/2", "cat",
    "dan@3", "dan/2@3", "eve@2",   "eve/2@3", "fay",   "fay/2@2",
};
static const char *const names[] = {"ann", "bob", "cat", "dan", "eve", "fay"};
static const char *const nicks[] = {"Ann", "Bob", "Cat", "Dan", "Eve", "Fay", "Gus"};

/* Somebody as a client has last heard of him. */
struct seen {
    char nick[16], role[16], affiliation[16];
};

struct picture {
    char jid[64];
    bool inside, sees, inside_before, sees_before;
    bool sees_now; /* says his own newest presence: several items can give and take within a step */
    struct seen seen[SEEN];
    uint32_t n;
};

struct views {
    struct wire *w;
    uint64_t rng;
    char text[1024]; /* the event under way */
    struct picture pictures[SESSIONS];
    uint32_t n_presences, n_jids, n_hidden, n_own;
};

/* xorshift64*, Vigna 2016 */
static uint32_t rnd(struct views *v, uint32_t below)
{
    v->rng ^= v->rng >> 12;
    v->rng ^= v->rng << 25;
    v->rng ^= v->rng >> 27;
    return (uint32_t)((v->rng * 2685821657736338717u) >> 33) % below;
}

#define PICK(v, list) ((list)[rnd((v), (uint32_t)N(list))])

static struct picture *picture_of(struct views *v, struct str jid)
{
    uint32_t i = 0;
    while (v->pictures[i].jid[0] && !str_is(jid, v->pictures[i].jid))
        assert_true(++i < SESSIONS);
    snprintf(v->pictures[i].jid, sizeof v->pictures[i].jid, "%.*s", STR_FMT(jid));
    return &v->pictures[i];
}

/* ---- what a stanza says */

/* Does the text name a real JID that is not his own? */
static bool names_another(struct str s, const struct picture *p)
{
    static const char host[] = "@example.org";
    struct str own = jid_bare(str_of(p->jid));
    for (size_t i = 0; i + sizeof host - 1 <= s.n; i++) {
        if (memcmp(s.p + i, host, sizeof host - 1) != 0)
            continue;
        size_t local = own.n - (sizeof host - 1);
        if (i < local || memcmp(s.p + i - local, own.p, local) != 0)
            return true;
    }
    return false;
}

static bool tells(const struct xnode *n, const struct picture *p)
{
    if (names_another(n->text, p))
        return true;
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        if (names_another(n->attrs[i].value, p))
            return true;
    }
    for (const struct xnode *k = n->first; k; k = k->next) {
        if (tells(k, p))
            return true;
    }
    return false;
}

/* W9: actor, then reason, nothing else. */
static void check_item(const struct xnode *item, bool own)
{
    const struct xnode *actor = xnode_child(item, NS_MUC_USER, "actor");
    const struct xnode *reason = xnode_child(item, NS_MUC_USER, "reason");
    uint32_t n = 0;
    for (const struct xnode *k = item->first; k; k = k->next)
        n++;
    assert_int_equal(n, (actor != NULL) + (reason != NULL));
    assert_true(!actor || item->first == actor);
    assert_true(!actor || actor->n_attrs > 0);
    assert_false(actor && own && xnode_attr(actor, "jid").n > 0);
    assert_true(xnode_attr(item, "affiliation").n > 0 && xnode_attr(item, "role").n > 0);
}

/* W7, W10: statuses or destroy, items, 110. The last item; own: there was a 110. */
static const struct xnode *check_x(const struct xnode *x, bool *own)
{
    int at = 0;
    const struct xnode *item = NULL;
    *own = x->last && str_is(xnode_attr(x->last, "code"), "110");
    for (const struct xnode *k = x->first; k; k = k->next) {
        int place = xnode_is(k, NS_MUC_USER, "item")       ? 1
                    : str_is(xnode_attr(k, "code"), "110") ? 2
                                                           : 0;
        assert_true(place >= at && (place != 2 || !k->next));
        at = place;
        if (place == 1) {
            item = k;
            check_item(k, *own);
        }
    }
    assert_non_null(item);
    return item;
}

static bool has_status(const struct xnode *x, const char *code)
{
    for (const struct xnode *k = x->first; k; k = k->next) {
        if (xnode_is(k, NS_MUC_USER, "status") && str_is(xnode_attr(k, "code"), code))
            return true;
    }
    return false;
}

static void put(char to[16], struct str s)
{
    snprintf(to, 16, "%.*s", STR_FMT(s));
}

static void picture_set(struct picture *p, struct str nick, const struct xnode *item)
{
    uint32_t i = 0;
    while (i < p->n && !str_is(nick, p->seen[i].nick))
        i++;
    if (!item) {
        assert_true(i < p->n); /* a goodbye of somebody who was there */
        p->seen[i] = p->seen[--p->n];
        return;
    }
    assert_true(i < SEEN);
    p->n += i == p->n;
    put(p->seen[i].nick, nick);
    put(p->seen[i].role, xnode_attr(item, "role"));
    put(p->seen[i].affiliation, xnode_attr(item, "affiliation"));
}

struct owner {
    struct str nick, bare;
    bool his, others;
};

static void find_owner(void *ctx, const struct room_record *r)
{
    struct owner *o = ctx;
    if (str_eq(r->nick, o->nick)) {
        o->his = o->his || str_eq(jid_bare(r->jid), o->bare);
        o->others = o->others || !str_eq(jid_bare(r->jid), o->bare);
    }
}

/* Is the nick one of his, now? */
static bool is_his(const struct views *v, const struct picture *p, struct str nick)
{
    struct owner o = {nick, jid_bare(str_of(p->jid)), false, false};
    room_each_record(wire_room(v->w), find_owner, &o);
    return o.his && !o.others;
}

static void on_presence(struct views *v, struct picture *p, const struct xnode *st)
{
    const struct xnode *x = xnode_child(st, NS_MUC_USER, "x");
    struct str type = xnode_attr(st, "type"), nick = jid_resource(xnode_attr(st, "from"));
    bool own, gone = str_is(type, "unavailable");
    if (str_is(type, "error"))
        return;
    assert_non_null(x);
    const struct xnode *item = check_x(x, &own);
    if (has_status(x, "307") && has_status(x, "333")) { /* W28: he is not inside */
        assert_true(own && gone && p->n == 0);
        return;
    }
    v->n_presences++;
    v->n_own += own;
    if (own) {
        enum affiliation a = AFFIL_NONE;
        p->sees_now = str_is(xnode_attr(item, "role"), "moderator") ||
                      (affiliation_parse(xnode_attr(item, "affiliation"), &a) && a >= AFFIL_ADMIN);
    }
    if (xnode_attr(item, "jid").n == 0) {
        v->n_hidden++;
        /* W8: whoever may see JIDs is shown them, and everybody his own */
        if (own || is_his(v, p, nick) || (p->sees && p->sees_before && p->inside_before))
            fail_msg("%s: %s is not shown the JID of %.*s", v->text, p->jid, STR_FMT(nick));
    } else {
        v->n_jids++;
    }
    if (!own) {
        picture_set(p, nick, gone ? NULL : item);
    } else if (gone && !has_status(x, "303")) {
        assert_true(p->n > 0);
        p->n = 0; /* he is out */
    } else {
        picture_set(p, nick, gone ? NULL : item);
    }
}

static bool may_see(const struct views *v, const struct room_record *r)
{
    return room_config(wire_room(v->w))->whois_anyone || r->role == ROLE_MODERATOR ||
           r->affiliation >= AFFIL_ADMIN;
}

/* Who may see JIDs changes within a step; what either side of it allows, is allowed. */
static void watch(void *ctx, struct client *to, const struct xnode *st)
{
    struct views *v = ctx;
    struct picture *p = picture_of(v, wire_jid(to));
    struct room_record rec;
    p->inside = wire_record(v->w, to, &rec);
    p->sees = p->inside && may_see(v, &rec);
    if (str_is(st->name, "presence"))
        on_presence(v, p, st);
    bool list = str_is(st->name, "iq"); /* W55, W63: owners and admins read lists */
    /* who is removed by the form that opens the room sees what it is from then on (W3) */
    bool may = room_config(wire_room(v->w))->whois_anyone || p->sees || p->sees_now ||
               (p->inside_before && p->sees_before);
    if (!list && !may && tells(st, p)) {
        struct buf b;
        buf_init(&b);
        xnode_write(&b, st, STR(NS_CLIENT));
        fail_msg("%s: %s sees a JID he may not: %.*s", v->text, p->jid, STR_FMT(buf_as_str(&b)));
    }
}

/* ---- after each event */

struct compare {
    struct views *v;
    const struct room_record *self;
    const char *nick; /* looked for */
    bool found;
};

static void compare_with(void *ctx, const struct room_record *r)
{
    struct compare *c = ctx;
    const struct picture *p = picture_of(c->v, c->self->jid);
    uint32_t broadcast = room_config(wire_room(c->v->w))->presence_broadcast;
    bool shown = (broadcast & ROLE_BIT(r->role)) || str_eq(r->nick, c->self->nick);
    for (uint32_t i = 0; i < p->n; i++) {
        if (!str_is(r->nick, p->seen[i].nick))
            continue;
        if (!shown || !str_is(str_of(role_name(r->role)), p->seen[i].role) ||
            !str_is(str_of(affiliation_name(r->affiliation)), p->seen[i].affiliation))
            fail_msg("%s: %s sees %s as %s/%s, who is %s/%s%s", c->v->text, p->jid, p->seen[i].nick,
                     p->seen[i].affiliation, p->seen[i].role, affiliation_name(r->affiliation),
                     role_name(r->role), shown ? "" : ", hidden");
        return;
    }
    if (shown)
        fail_msg("%s: %s does not see %.*s", c->v->text, p->jid, STR_FMT(r->nick));
}

static void find_nick(void *ctx, const struct room_record *r)
{
    struct compare *c = ctx;
    c->found = c->found || str_is(r->nick, c->nick);
}

static void compare_one(void *ctx, const struct room_record *self)
{
    struct views *v = ctx;
    struct picture *p = picture_of(v, self->jid);
    struct compare c = {v, self, NULL, false};
    room_each_record(wire_room(v->w), compare_with, &c);
    for (uint32_t i = 0; i < p->n; i++) {
        c.nick = p->seen[i].nick;
        c.found = false;
        room_each_record(wire_room(v->w), find_nick, &c);
        assert_true(c.found);
    }
    p->inside_before = true;
    p->sees_before = may_see(v, self);
}

static void compare(struct views *v)
{
    for (size_t i = 0; i < SESSIONS; i++)
        v->pictures[i].inside_before = v->pictures[i].sees_before = false;
    room_each_record(wire_room(v->w), compare_one, v);
    bool cut = strncmp(v->text, "break", 5) == 0 || strncmp(v->text, "close", 5) == 0 ||
               strncmp(v->text, "gateway", 7) == 0; /* then nobody was told */
    for (size_t i = 0; i < SESSIONS; i++) {
        struct picture *p = &v->pictures[i];
        if (p->inside_before || p->n == 0)
            continue;
        if (!cut)
            fail_msg("%s: %s does not know that he is out", v->text, p->jid);
        p->n = 0;
    }
}

/* ---- random events */

static void admin_item(struct views *v, char *to, size_t size)
{
    static const char *const roles[] = {"none", "visitor", "participant", "moderator"};
    static const char *const affiliations[] = {"outcast", "none", "member", "admin", "owner"};
    if (rnd(v, 2))
        snprintf(to, size, "<item nick='%s' role='%s'><reason>r</reason></item>", PICK(v, nicks),
                 PICK(v, roles));
    else if (rnd(v, 4))
        snprintf(to, size, "<item jid='%s@example.org' affiliation='%s'/>", PICK(v, names),
                 PICK(v, affiliations));
    else
        snprintf(to, size, "<item jid='%s@example.org' affiliation='member' nick='%s'/>",
                 PICK(v, names), PICK(v, nicks));
}

static void form_field(struct views *v, char *to, size_t size)
{
    static const char *const fields[] = {
        "<field var='muc#roomconfig_whois'><value>anyone</value></field>",
        "<field var='muc#roomconfig_whois'><value>moderators</value></field>",
        "<field var='muc#roomconfig_whois'><value>moderators</value></field>",
        "<field var='muc#roomconfig_moderatedroom'><value>1</value></field>",
        "<field var='muc#roomconfig_moderatedroom'><value>0</value></field>",
        "<field var='muc#roomconfig_membersonly'><value>1</value></field>",
        "<field var='muc#roomconfig_membersonly'><value>0</value></field>",
        "<field var='muc#roomconfig_membersonly'><value>0</value></field>",
        "<field var='muc#roomconfig_presencebroadcast'><value>moderator</value></field>",
        "<field var='muc#roomconfig_presencebroadcast'><value>participant</value></field>",
        "<field var='muc#roomconfig_presencebroadcast'><value>moderator</value>"
        "<value>participant</value><value>visitor</value></field>",
        "<field var='muc#roomconfig_roomadmins'><value>bob@example.org</value></field>",
        "<field var='muc#roomconfig_roomadmins'/>",
    };
    snprintf(to, size, "%s", PICK(v, fields));
}

static void one_event(struct views *v)
{
    char a[256], b[256];
    const char *who = PICK(v, tags), *nick = PICK(v, nicks);
    if (rnd(v, 3)) { /* mostly one's own */
        for (size_t i = 0; i < N(names); i++) {
            if (strncmp(who, names[i], 3) == 0)
                nick = nicks[i];
        }
    }
    switch (rnd(v, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        snprintf(v->text, sizeof v->text, "%s: <presence to='R/%s'><x xmlns='M'/></presence>", who,
                 nick);
        break;
    case 5:
    case 6:
        snprintf(v->text, sizeof v->text, "%s: <presence to='R/%s'><show>%s</show></presence>", who,
                 nick, rnd(v, 2) ? "away" : "xa");
        break;
    case 7:
        snprintf(v->text, sizeof v->text, "%s: <presence to='R' type='unavailable'/>", who);
        break;
    case 8:
        snprintf(v->text, sizeof v->text, rnd(v, 2) ? "break %s" : "close %s", who);
        break;
    case 9:
    case 10:
    case 11:
        admin_item(v, a, sizeof a);
        admin_item(v, b, sizeof b);
        snprintf(v->text, sizeof v->text,
                 "%s: <iq to='R' type='set' id='a'><query xmlns='A'>%s%s</query></iq>",
                 rnd(v, 3) ? "ann" : who, a, rnd(v, 2) ? b : "");
        break;
    case 12:
    case 13:
        form_field(v, a, sizeof a);
        form_field(v, b, sizeof b);
        snprintf(v->text, sizeof v->text,
                 "%s: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'>%s%s"
                 "</x></query></iq>",
                 rnd(v, 3) ? "ann" : who, a, rnd(v, 2) ? b : "");
        break;
    case 14:
        if (rnd(v, 2)) {
            snprintf(v->text, sizeof v->text,
                     "%s: <iq to='R' type='set' id='r'><query xmlns='G'>%s</query></iq>", who,
                     rnd(v, 2) ? "<remove/>"
                               : "<x xmlns='D' type='submit'><field var='FORM_TYPE'><value>"
                                 "http://jabber.org/protocol/muc#register</value></field><field "
                                 "var='muc#register_roomnick'><value>Gus</value></field></x>");
            break;
        }
        snprintf(v->text, sizeof v->text,
                 "%s: <message to='R%s%s' type='%s'><body>x</body></message>", who,
                 rnd(v, 2) ? "" : "/", "", "groupchat");
        break;
    default:
        if (rnd(v, 8) == 0)
            snprintf(v->text, sizeof v->text, "gateway %u lost", rnd(v, 3) + 1);
        else if (rnd(v, 4) == 0)
            snprintf(v->text, sizeof v->text,
                     "ann: <iq to='R' type='set' id='d'><query xmlns='O'><destroy/></query></iq>");
        else
            snprintf(v->text, sizeof v->text, "%s: <presence to='R' type='error'/>", who);
        break;
    }
    if (rnd(v, 12) == 0)
        (void)wire_do(v->w, "fail");
    (void)wire_do(v->w, v->text);
}

static uint32_t n_presences, n_jids, n_hidden, n_own;

static void run(uint64_t seed)
{
    static struct views v;
    memset(&v, 0, sizeof v);
    v.rng = seed * 2654435761u + 1;
    v.w = wire_new();
    wire_service(v.w)->lock_new_rooms = false;
    wire_service(v.w)->defaults.persistent = seed % 2;
    wire_service(v.w)->defaults.whois_anyone = seed % 3 == 0;
    wire_service(v.w)->defaults.moderated = seed % 4 == 1;
    wire_service(v.w)->register_strangers = seed % 5 == 1;
    wire_on_stanza(v.w, watch, &v);
    print_message("seed %u\n", (unsigned)seed);
    for (int i = 0; i < EVENTS; i++) {
        one_event(&v);
        compare(&v);
    }
    n_presences += v.n_presences;
    n_jids += v.n_jids;
    n_hidden += v.n_hidden;
    n_own += v.n_own;
    wire_destroy(&v.w);
}

static void test_W8_everybody_sees_what_he_may(void **state)
{
    (void)state;
    const char *seed = getenv("WIRE_SEED");
    if (seed) {
        run(strtoull(seed, NULL, 10));
        return;
    }
    for (uint64_t s = 1; s <= RUNS; s++)
        run(s);
    /* a run that does nothing is no test */
    print_message("%u presences, %u JIDs, %u hidden, %u own\n", n_presences, n_jids, n_hidden,
                  n_own);
    assert_true(n_jids > 3000 && n_hidden > 3000 && n_own > 3000);
}

/* ---- every standing of who looks, every kind of copy */

struct standing {
    const char *affiliation, *role;
    bool sees; /* in a semi-anonymous room */
};

static const struct standing standings[] = {
    {"none", "visitor", false},   {"none", "participant", false},   {"none", "moderator", true},
    {"member", "visitor", false}, {"member", "participant", false}, {"member", "moderator", true},
    {"admin", "moderator", true}, {"owner", "moderator", true},
};

/* What happens to somebody whom he watches, with an actor and without. */
static const char *const events[] = {
    "juliet: <presence to='R/Juliet'><x xmlns='M'/></presence>",
    "juliet: <presence to='R/Juliet'><show>away</show></presence>",
    "juliet: <presence to='R/Julia'/>",
    "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Julia' role='visitor'/>"
    "</query></iq>",
    "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item jid='juliet@example.org' "
    "affiliation='member'><reason>r</reason></item></query></iq>",
    "juliet/phone@3: <presence to='R/Julia'><x xmlns='M'/></presence>",
    "break juliet/phone@3",
    "juliet: <presence to='R' type='unavailable'/>",
    "juliet: <presence to='R/Julia'><x xmlns='M'/></presence>",
    "juliet: <presence to='R' type='error'/>",
    "juliet: <presence to='R/Julia'><x xmlns='M'/></presence>",
    "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Julia' role='none'/>"
    "</query></iq>",
    "juliet: <presence to='R/Julia'><x xmlns='M'/></presence>",
    "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item jid='juliet@example.org' "
    "affiliation='outcast'/></query></iq>",
};

static uint32_t look(const char *out, bool sees)
{
    static const char mine[] = "  paris@2 <presence";
    uint32_t n = 0;
    char line[2048];
    for (const char *at = out; *at; at = strchr(at, '\n') + 1) {
        if (strncmp(at, mine, sizeof mine - 1) != 0)
            continue;
        snprintf(line, sizeof line, "%.*s", (int)(strchr(at, '\n') - at), at);
        if ((strstr(line, "juliet@example.org/") != NULL) != sees)
            fail_msg("%s", line);
        if (strstr(line, "<actor"))
            assert_int_equal(strstr(line, "jid='romeo@example.org/r'") != NULL, sees);
        assert_null(strstr(line, "'110'"));
        n++;
    }
    return n;
}

static void matrix(bool open, const struct standing *s)
{
    char text[512];
    struct wire *w = wire_new();
    wire_open(w, open ? "<field var='muc#roomconfig_whois'><value>anyone</value></field>" : "");
    (void)wire_do(w, "paris@2: <presence to='R/Paris'><x xmlns='M'/></presence>");
    snprintf(text, sizeof text,
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'>"
             "<item jid='paris@example.org' affiliation='%s'/></query></iq>",
             s->affiliation);
    (void)wire_do(w, text);
    snprintf(text, sizeof text,
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'>"
             "<item nick='Paris' role='%s'/></query></iq>",
             s->role);
    (void)wire_do(w, text);
    for (size_t i = 0; i < N(events); i++) {
        uint32_t n = look(wire_do(w, events[i]), open || s->sees);
        assert_int_equal(n, i == 2 ? 2 : 1); /* a new nick is a goodbye and a presence */
    }
    wire_destroy(&w);
}

static void test_W8_every_standing(void **state)
{
    (void)state;
    for (size_t i = 0; i < N(standings); i++) {
        matrix(false, &standings[i]);
        matrix(true, &standings[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W8_every_standing),
        cmocka_unit_test(test_W8_everybody_sees_what_he_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
