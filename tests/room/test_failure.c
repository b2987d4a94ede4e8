/* test_failure.c: a commit that fails leaves the room exactly as it was, and until its answer comes
 * nothing of it is to be seen (rule R4, W4). Each durable use case once, refused and then done;
 * creation, the lock and the end of an empty room are in test_create.c. */
#include "room/lib_trace.h"
#include "shard/room/room_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- everything a room consists of, but the number of its next commit */

static void dump_affil(struct buf *b, const struct affil *e)
{
    buf_printf(b, "affil %.*s=%d nick=%.*s reason=%.*s by=%.*s ver=%u\n", STR_FMT(e->a.jid),
               (int)e->a.affiliation, STR_FMT(e->a.nick), STR_FMT(e->a.reason), STR_FMT(e->a.by),
               (unsigned)e->a.ver);
}

static void dump_session(struct buf *b, const struct session *s)
{
    buf_printf(b, "session %u/%u pos=%llx %.*s nick=%.*s %d/%d presence=%.*s id=%.32s\n",
               (unsigned)s->key.gw, (unsigned)s->key.sid, (unsigned long long)s->join_pos,
               STR_FMT(s->jid), STR_FMT(s->occupant->nick), (int)s->occupant->role,
               (int)s->occupant->person->affiliation, STR_FMT(s->presence),
               s->occupant->person->occupant_id);
}

static void dump(const struct room *r, struct buf *b)
{
    const struct room_config *c = &r->config;
    buf_reset(b);
    buf_printf(b, "exists=%d gone=%d locked=%d ends=%llu ver=%u last=%u-%u pos=%llx\n", r->exists,
               r->gone, r->locked, (unsigned long long)r->lock_ends_ms, (unsigned)r->ver,
               (unsigned)r->last.e, (unsigned)r->last.s, (unsigned long long)r->join_pos);
    buf_printf(b, "name=%.*s desc=%.*s lang=%.*s secret=%.*s", STR_FMT(c->name),
               STR_FMT(c->description), STR_FMT(c->lang), STR_FMT(c->secret));
    buf_printf(b, " %d%d%d%d%d%d%d%d pm=%d max=%u broadcast=%x list=%x\n", c->persistent,
               c->public_room, c->members_only, c->moderated, c->change_subject, c->logging,
               c->allow_invites, c->whois_anyone, (int)c->allow_pm, c->max_users,
               c->presence_broadcast, c->get_member_list);
    buf_printf(b, "subject=%.*s by %.*s %.*s at %llu creator=%.*s at %llu\n", STR_FMT(r->subject),
               STR_FMT(r->subject_nick), STR_FMT(r->subject_occupant_id),
               (unsigned long long)r->subject_stamp_ms, STR_FMT(r->creator),
               (unsigned long long)r->created_ms);
    for (size_t i = 0; i < sizeof r->occupant_secret; i++)
        buf_printf(b, "%02x", r->occupant_secret[i]);
    buf_c(b, '\n');
    for (const struct affil *e = r->affils.by_jid; e; e = e->hh.next)
        dump_affil(b, e);
    LIST_FOREACH(it, &r->roster.sessions)
    dump_session(b, LIST_ENTRY(it, struct session, in_roster));
    LIST_FOREACH(it, &r->history.entries)
    {
        const struct room_message *m = &LIST_ENTRY(it, struct history_entry, in_history)->m;
        buf_printf(b, "history %u-%u %.*s\n", (unsigned)m->name.e, (unsigned)m->name.s,
                   STR_FMT(m->payload));
    }
}

/* ---- the use cases */

/* '#' stands for the number of the commit. */
struct use_case {
    const char *fields;  /* of the room */
    const char *request; /* a command */
    const char *persist; /* what it asks of the store */
    const char *refusal;
    const char *done; /* what is shown once it is stored */
};

/* Both inside, a member with a nick, a message, a subject: something to lose in every corner. */
static const char before[] =
    "juliet: join Juliet payload=<show>chat</show>\n"
    "  join Juliet(juliet@example.org/r none/participant <show>chat</show>)\n"
    "  subject to=juliet\n"
    "romeo: set affiliation=member jid=nurse@example.org nick=Nurse reason=old\n"
    "  persist affiliations 3 by=romeo@example.org state nurse@example.org=member nick=Nurse "
    "reason=old\n"
    "ok\n"
    "  notice moderators nurse@example.org=member reason=old\n"
    "  reply romeo result\n"
    "romeo: say hark id=0\n"
    "  persist message 4 by=romeo@example.org Romeo hark 0-4 id=0 history\n"
    "ok\n"
    "  message Romeo hark 7-4 id=0\n"
    "romeo: subject Balcony id=s\n"
    "  persist subject 5 by=romeo@example.org subject=Balcony state\n"
    "ok\n"
    "  message Romeo Balcony 7-5 id=s\n";

static void numbered(struct trace *t, uint32_t number, const char *text)
{
    struct buf b;
    buf_init(&b);
    for (; *text; text++) {
        if (*text == '#')
            buf_u64(&b, number);
        else
            buf_c(&b, *text);
    }
    buf_c(&b, '\0');
    trace_run(t, b.data);
    buf_deinit(&b);
}

static void refuse_then_do(const struct use_case *u)
{
    bool members_only = strstr(u->fields, "membersonly") != NULL;
    uint32_t number = members_only ? 3 : 6;
    struct trace t;
    struct buf was, is;
    char text[2000];
    trace_init(&t);
    buf_init(&was);
    buf_init(&is);
    trace_room(&t, u->fields);
    if (!members_only)
        trace_run(&t, before);
    dump(t.room, &was);

    snprintf(text, sizeof text, "%s\n  persist %s\n", u->request, u->persist);
    numbered(&t, number, text);
    dump(t.room, &is);
    assert_true(str_eq(buf_as_str(&was), buf_as_str(&is)));

    snprintf(text, sizeof text, "fail resource-constraint\n  reply %s\n", u->refusal);
    trace_run(&t, text);
    dump(t.room, &is);
    if (!str_eq(buf_as_str(&was), buf_as_str(&is)))
        fail_msg("%s\nwas\n%.*s\nis\n%.*s", u->request, STR_FMT(buf_as_str(&was)),
                 STR_FMT(buf_as_str(&is)));

    snprintf(text, sizeof text, "%s\n  persist %s\nok\n%s", u->request, u->persist, u->done);
    numbered(&t, number + 1, text);
    dump(t.room, &is);
    assert_false(str_eq(buf_as_str(&was), buf_as_str(&is)));
    buf_deinit(&was);
    buf_deinit(&is);
    trace_deinit(&t);
}

static void test_R4_affiliation(void **state)
{
    (void)state;
    refuse_then_do(&(struct use_case){
        "", "romeo: set affiliation=outcast jid=juliet@example.org reason=why",
        "affiliations # by=romeo@example.org state juliet@example.org=outcast reason=why",
        "romeo error resource-constraint/wait",
        "  leave Juliet(juliet@example.org/r outcast/none) 301 actor=Romeo,romeo@example.org/r "
        "reason=why\n"
        "  reply romeo result\n"});
}

/* The role of the first item is not stored, but it waits for what is. */
static void test_R4_several_items(void **state)
{
    (void)state;
    refuse_then_do(&(struct use_case){
        "",
        "romeo: set nick=Juliet role=visitor ; affiliation=member jid=juliet@example.org nick=Jule "
        "; affiliation=none jid=nurse@example.org",
        "affiliations # by=romeo@example.org state juliet@example.org=member nick=Jule "
        "nurse@example.org=none",
        "romeo error resource-constraint/wait",
        "  update Juliet(juliet@example.org/r none/visitor) actor=Romeo,romeo@example.org/r\n"
        "  update Juliet(juliet@example.org/r member/participant) "
        "actor=Romeo,romeo@example.org/r\n"
        "  notice moderators nurse@example.org=none\n"
        "  reply romeo result\n"});
}

static void test_R4_eviction(void **state)
{
    (void)state;
    refuse_then_do(&(struct use_case){
        "", "romeo: set affiliation=member jid=nurse@example.org nick=Juliet",
        "affiliations # by=romeo@example.org state nurse@example.org=member nick=Juliet reason=old",
        "romeo error resource-constraint/wait",
        "  leave Juliet(juliet@example.org/r none/none) 307 reason='This nickname is reserved'\n"
        "  notice moderators nurse@example.org=member\n"
        "  reply romeo result\n"});
}

static void test_R4_registration(void **state)
{
    (void)state;
    refuse_then_do(&(struct use_case){
        "", "romeo: register Romeo",
        "affiliations # by=romeo@example.org state romeo@example.org=owner nick=Romeo",
        "romeo error resource-constraint/wait",
        "  update Romeo(romeo@example.org/r owner/moderator)\n"
        "  reply romeo result\n"});
    refuse_then_do(&(struct use_case){
        "", "nurse: unregister", "affiliations # by=nurse@example.org state nurse@example.org=none",
        "nurse error resource-constraint/wait",
        "  notice moderators nurse@example.org=none\n"
        "  reply nurse result\n"});
}

static void test_R4_configuration(void **state)
{
    (void)state;
    refuse_then_do(&(struct use_case){
        "",
        "romeo: submit membersonly=1 whois=anyone roomname=Verona roomsecret=rose maxusers=3 "
        "presencebroadcast=moderator roomadmins=nurse@example.org",
        "config # by=romeo@example.org state nurse@example.org=admin nick=Nurse",
        "romeo error resource-constraint/wait",
        "  facts anyone broadcast=10\n"
        "  notice all nurse@example.org=admin\n"
        "  leave Juliet(juliet@example.org/r none/none) 322\n"
        "  reply romeo result\n"
        "  status 104,172\n"});
}

static void test_R4_message(void **state)
{
    (void)state;
    refuse_then_do(&(struct use_case){
        "", "romeo: say hey id=x", "message # by=romeo@example.org Romeo hey 0-# id=x history",
        "romeo message error resource-constraint/wait id=x", "  message Romeo hey 7-# id=x\n"});
}

static void test_R4_subject(void **state)
{
    (void)state;
    refuse_then_do(&(struct use_case){
        "", "romeo: subject Tomb id=x", "subject # by=romeo@example.org subject=Tomb state",
        "romeo message error resource-constraint/wait id=x", "  message Romeo Tomb 7-# id=x\n"});
}

static void test_R4_invitation(void **state)
{
    (void)state;
    refuse_then_do(&(struct use_case){
        "membersonly=1", "romeo: invite paris@example.org reason=feast",
        "affiliations # by=romeo@example.org state paris@example.org=member reason=feast",
        "romeo message error resource-constraint/wait",
        "  notice moderators paris@example.org=member reason=feast\n"
        "  post invite to=paris@example.org from=room@muc.example.org/Romeo reason=feast\n"});
}

static void test_R4_destruction(void **state)
{
    (void)state;
    refuse_then_do(&(struct use_case){"", "romeo: destroy reason=plague",
                                      "destroy # by=romeo@example.org",
                                      "romeo error resource-constraint/wait",
                                      "  destroyed reason=plague\n"
                                      "  reply romeo result\n"
                                      "  gone\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_R4_affiliation),   cmocka_unit_test(test_R4_several_items),
        cmocka_unit_test(test_R4_eviction),      cmocka_unit_test(test_R4_registration),
        cmocka_unit_test(test_R4_configuration), cmocka_unit_test(test_R4_message),
        cmocka_unit_test(test_R4_subject),       cmocka_unit_test(test_R4_invitation),
        cmocka_unit_test(test_R4_destruction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
