/* test_functions.c: verona.lua refuses what it cannot do whole: after an error nothing has changed.
 */
#include "cluster/redis_server.h"

#define NONCE "0123456789abcdef0123456789abcdef"

static struct redis_server server;

static int setup(void **state)
{
    (void)state;
    server = (struct redis_server){.pid = 0};
    redis_server_start(&server);
    init_cluster(&server);
    freeReplyObject(ask(&server, "HSET verona:{s5}:own e 100 o s1 n " NONCE " st OWNED"));
    freeReplyObject(ask(&server, "HSET verona:shard:s1 boot 7 nonce " NONCE " renew 1 state UP"));
    freeReplyObject(ask(&server, "HSET verona:members v 3 shard:s1 7"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    redis_server_end(&server);
    return 0;
}

static char digest[64];

static void remember(void)
{
    snprintf(digest, sizeof(digest), "%s", ask_text(&server, "DEBUG DIGEST"));
}

static void assert_unchanged(void)
{
    assert_string_equal(ask_text(&server, "DEBUG DIGEST"), digest);
}

static void assert_starts(const char *text, const char *prefix)
{
    if (strncmp(text, prefix, strlen(prefix)) != 0) {
        fail_msg("\"%s\" does not begin with \"%s\"", text, prefix);
    }
}

/* An error of that kind, and Redis is as it was. */
#define assert_refused(prefix, ...)                                                                \
    do {                                                                                           \
        remember();                                                                                \
        assert_starts(ask_text(&server, __VA_ARGS__), prefix);                                     \
        assert_unchanged();                                                                        \
    } while (0)

#define COMMIT                                                                                     \
    "FCALL verona_commit 8 verona:{s5}:own verona:{s5}:log:r verona:{s5}:meta:r "                  \
    "verona:{s5}:aff:r "                                                                           \
    "verona:{s5}:nicks:r verona:{s5}:rooms verona:{s5}:gone:r verona:{s5}:avatar:r 100 " NONCE " "
/* keep, since, archived, and nothing taken back */
#define REST " 0 0 0 0 ''"
#define CREATE COMMIT "0-0 256 1 1 g:1 1 created STATE create 1000 r "
#define SAY COMMIT "100-1 256 1 2 g:1 2 said '' '' 1000 r 0" REST

static void create(void)
{
    assert_string_equal(ask_text(&server, CREATE "1 a@d value Nick" REST), "OK");
}

static void commits_with_bad_arguments(void **state)
{
    (void)state;
    static const char *const bad[] = {
        COMMIT,
        COMMIT "0-0 256 0",
        COMMIT "0-0 256 1",
        COMMIT "0-0 256 x 1 g:1 1 p S create 1 r 0" REST,
        COMMIT "0-0 256 2 1 g:1 1 p S create 1 r 0" REST,
        COMMIT "0-0 256 -1 1 g:1 1 p S create 1 r 0" REST,
        COMMIT "0 256 1 1 g:1 1 p S create 1 r 0" REST,
        COMMIT "0-0 many 1 1 g:1 1 p S create 1 r 0" REST,
        COMMIT "0-0 256 1 0x1 g:1 1 p S create 1 r 0" REST,
        COMMIT "0-0 256 1 1e0 g:1 1 p S create 1 r 0" REST,
        COMMIT "0-0 256 1 -1 g:1 1 p S create 1 r 0" REST,
        COMMIT "0-0 256 1 12345678901234567890 g:1 1 p S create 1 r 0" REST,
        COMMIT "0-0 256 1 1 g:1 x p S create 1 r 0" REST,
        COMMIT "0-0 256 1 1 g:1 '' p S create 1 r 0" REST,
        COMMIT "0-0 256 1 1 g:1 1 p S make 1 r 0" REST,
        COMMIT "0-0 256 1 1 g:1 1 p S create now r 0" REST,
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r",
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r x" REST,
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r 1 a@d v" REST,
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r 0" REST " more",
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r 0",
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r 0 all 0 0 0",
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r 0 0 -1 0 0",
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r 0 0 0 x 0",
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r 0 0 0 0 0",
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r 0 0 0 0 0 picture",
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r 0 0 0 0 1",
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r 0 0 0 0 1 that who R",
        COMMIT "0-0 256 1 1 g:1 1 p S create 1 r 0 0 0 0 2 1-1 who R",
        "FCALL verona_commit 6 verona:{s5}:own verona:{s5}:log:r verona:{s5}:meta:r "
        "verona:{s5}:aff:r verona:{s5}:nicks:r verona:{s5}:rooms 100 " NONCE
        " 0-0 256 1 1 g:1 1 p S create 1 r 0" REST,
        "FCALL verona_commit 5 verona:{s5}:own verona:{s5}:log:r verona:{s5}:meta:r "
        "verona:{s5}:aff:r verona:{s5}:nicks:r 100 " NONCE " 0-0 256 1 1 g:1 1 p S create 1 r 0",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused("ERR arguments", "%s", bad[i]);
    }
    create();
}

/* X0486-survives: the vCard is written and removed with the event, and ends with the room. */
static void commits_with_a_vcard(void **state)
{
    (void)state;
    freeReplyObject(ask(&server, "SET verona:{s5}:avatar:r left"));
    create();
    assert_string_equal(ask_text(&server, "EXISTS verona:{s5}:avatar:r"), "0");
    assert_string_equal(ask_text(&server, COMMIT "100-1 256 1 2 g:1 2 p S '' 1 r 0 0 0 0 0 =card"),
                        "OK");
    assert_string_equal(ask_text(&server, "GET verona:{s5}:avatar:r"), "card");
    assert_string_equal(ask_text(&server, COMMIT "100-2 256 1 3 g:1 3 p S '' 1 r 0" REST), "OK");
    assert_string_equal(ask_text(&server, "GET verona:{s5}:avatar:r"), "card");
    assert_string_equal(ask_text(&server, COMMIT "100-3 256 1 4 g:1 4 p S '' 1 r 0 0 0 0 0 -"),
                        "OK");
    assert_string_equal(ask_text(&server, "EXISTS verona:{s5}:avatar:r"), "0");
    assert_string_equal(ask_text(&server, COMMIT "100-4 256 1 5 g:1 5 p S '' 1 r 0 0 0 0 0 =other"),
                        "OK");
    assert_string_equal(ask_text(&server, COMMIT "100-5 256 1 6 g:1 6 p '' destroy 1 r 0" REST),
                        "OK");
    assert_string_equal(ask_text(&server, "EXISTS verona:{s5}:avatar:r"), "0");
}

/* A key that holds another kind of value stops a script where it is first touched. */
static void commits_on_damaged_keys(void **state)
{
    (void)state;
    static const char *const at_create[] = {"log:r", "aff:r", "nicks:r", "rooms", "gone:r"};
    for (size_t i = 0; i < sizeof(at_create) / sizeof(at_create[0]); i++) {
        freeReplyObject(ask(&server, "SET verona:{s5}:%s text", at_create[i]));
        assert_refused("DAMAGED verona:{s5}:", CREATE "1 a@d value Nick" REST);
        freeReplyObject(ask(&server, "DEL verona:{s5}:%s", at_create[i]));
    }
    freeReplyObject(ask(&server, "SET verona:{s5}:meta:r text"));
    assert_refused("WRONGTYPE", CREATE "0" REST);
    freeReplyObject(ask(&server, "DEL verona:{s5}:meta:r"));
    create();

    /* The nick of a change that frees one is looked at last. The value is a StoredAffiliation {4:
     * "N"}. */
    freeReplyObject(ask(&server, "HSET verona:{s5}:aff:r b@d \"\x01N"));
    freeReplyObject(ask(&server, "RENAME verona:{s5}:nicks:r kept"));
    freeReplyObject(ask(&server, "SET verona:{s5}:nicks:r text"));
    assert_refused("DAMAGED", COMMIT "100-1 256 1 2 g:1 2 p '' '' 1 r 1 b@d '' ''" REST);
    freeReplyObject(ask(&server, "RENAME kept verona:{s5}:nicks:r"));

    freeReplyObject(ask(&server, "RENAME verona:{s5}:rooms kept"));
    freeReplyObject(ask(&server, "SET verona:{s5}:rooms text"));
    assert_refused("DAMAGED", COMMIT "100-1 256 1 2 g:1 2 p '' destroy 1 r 0" REST);
    assert_string_equal(ask_text(&server, SAY), "OK"); /* which does not need it */
    freeReplyObject(ask(&server, "RENAME verona:{s5}:own kept2"));
    freeReplyObject(ask(&server, "SET verona:{s5}:own text"));
    assert_refused("WRONGTYPE", SAY);
}

/* The same again is a retry; another event under the same name is not. */
static void commits_repeated(void **state)
{
    (void)state;
    create();
    assert_string_equal(ask_text(&server, SAY), "OK");
    remember();
    assert_string_equal(ask_text(&server, SAY), "DUP");
    assert_unchanged();
    assert_refused("DIVERGED 100-2", COMMIT "100-1 256 1 2 g:1 2 other '' '' 1000 r 0" REST);
    assert_refused("DIVERGED 100-2", COMMIT "100-1 256 1 3 g:1 3 other '' '' 1000 r 0" REST);
    assert_refused("FENCED 100",
                   "FCALL verona_commit 8 verona:{s5}:own verona:{s5}:log:r "
                   "verona:{s5}:meta:r verona:{s5}:aff:r verona:{s5}:nicks:r "
                   "verona:{s5}:rooms verona:{s5}:gone:r verona:{s5}:avatar:r 99 " NONCE
                   " 100-2 256 1 3 g:1 3 p '' '' 1 r 0" REST);
    freeReplyObject(ask(&server, "DEL verona:{s5}:own"));
    assert_refused("FENCED -", SAY);
}

#define DIRECTORY                                                                                  \
    "FCALL verona_directory 4 verona:rooms verona:{verona:rooms}:users "                           \
    "verona:{verona:rooms}:info verona:{verona:rooms}:all "
#define RESERVE "FCALL verona_reserve 2 verona:{verona:rooms}:all verona:{verona:rooms}:by:a@d "
#define PAGE                                                                                       \
    "FCALL_RO verona_page 3 verona:rooms verona:{verona:rooms}:users verona:{verona:rooms}:info "

static void the_directory_is_guarded(void **state)
{
    (void)state;
    static const char *const bad[] = {
        DIRECTORY "r@c 1 1",
        DIRECTORY "r@c 1 1 entry more",
        "FCALL verona_directory 3 verona:rooms a b r@c 1 1 entry",
        RESERVE "r@c 5",
        RESERVE "r@c 5 x",
        RESERVE "r@c -1 5",
        "FCALL verona_reserve 1 a r@c 5 5",
        PAGE,
        PAGE "address index 0",
        PAGE "address index x 5",
        PAGE "nusers index '' 5",
    };
    static const char *const keys[] = {"rooms", "{verona:rooms}:users", "{verona:rooms}:info",
                                       "{verona:rooms}:all"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused("ERR arguments", "%s", bad[i]);
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        freeReplyObject(ask(&server, "SET verona:%s text", keys[i]));
        assert_refused("DAMAGED verona:", DIRECTORY "r@c 1 1 entry");
        assert_refused("DAMAGED verona:", DIRECTORY "r@c 0 0 ''");
        if (i == 3) {
            assert_refused("DAMAGED verona:", RESERVE "r@c 5 5");
        }
        freeReplyObject(ask(&server, "DEL verona:%s", keys[i]));
    }
    freeReplyObject(ask(&server, "HSET verona:{verona:rooms}:by:a@d f v"));
    assert_refused("DAMAGED verona:", RESERVE "r@c 5 5");
    freeReplyObject(ask(&server, "DEL verona:{verona:rooms}:by:a@d"));
    assert_string_equal(ask_text(&server, RESERVE "r@c 1 1"), "OK");
    assert_refused("TOOMANY", RESERVE "s@c 1 1");
    assert_refused("TOOFAST", RESERVE "r@c 1 1");
    assert_string_equal(ask_text(&server, DIRECTORY "r@c 1 1 entry"), "OK");
    assert_string_equal(ask_text(&server, DIRECTORY "r@c 0 0 ''"), "OK");
}

#define ACCOUNT "FCALL verona_account 3 verona:user:u@d verona:users verona:private:u@d "

static void accounts(void **state)
{
    (void)state;
    static const char *const bad[] = {
        ACCOUNT "add u@d a b",
        ACCOUNT "add u@d a b x",
        ACCOUNT "remove u@d a",
        ACCOUNT "dance u@d a b 1",
        ACCOUNT "",
        "FCALL verona_account 2 verona:user:u@d verona:users remove u@d",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused("ERR arguments", "%s", bad[i]);
    }
    freeReplyObject(ask(&server, "SET verona:users text"));
    assert_refused("DAMAGED verona:users", ACCOUNT "add u@d a b 1");
    freeReplyObject(ask(&server, "DEL verona:users"));
    assert_string_equal(ask_text(&server, ACCOUNT "passwd u@d a b 1"), "NOTFOUND");
    assert_string_equal(ask_text(&server, ACCOUNT "remove u@d"), "NOTFOUND");
    freeReplyObject(ask(&server, "HSET verona:private:u@d old x"));
    assert_string_equal(ask_text(&server, ACCOUNT "add u@d a b 5"), "OK");
    assert_string_equal(ask_text(&server, ACCOUNT "add u@d c d 6"), "EXISTS");
    assert_string_equal(ask_text(&server, "HGET verona:user:u@d scram-sha-256"), "a");
    assert_string_equal(ask_text(&server, "HGET verona:user:u@d created"), "5");
    assert_string_equal(ask_text(&server, "EXISTS verona:private:u@d"), "0");
    assert_string_equal(ask_text(&server, "SISMEMBER verona:users u@d"), "1");
    assert_string_equal(ask_text(&server, ACCOUNT "passwd u@d c d 7"), "OK");
    assert_string_equal(ask_text(&server, "HGET verona:user:u@d scram-sha-1"), "d");
    assert_string_equal(ask_text(&server, "HGET verona:user:u@d created"), "5");
    freeReplyObject(ask(&server, "HSET verona:private:u@d new x"));
    assert_string_equal(ask_text(&server, ACCOUNT "remove u@d"), "OK");
    assert_string_equal(ask_text(&server, "EXISTS verona:user:u@d verona:private:u@d verona:users"),
                        "0");
}

#define ATTEND "FCALL verona_attend 1 verona:presence "

/* W85: who is the first, who waits, and whose sessions count. */
static void attendance(void **state)
{
    (void)state;
    assert_refused("ERR arguments", ATTEND "g1 5");
    assert_refused("ERR arguments", ATTEND "g1 x 1");
    assert_refused("ERR arguments", ATTEND "g1 5 2");
    freeReplyObject(ask(&server, "HSET verona:gateway:g1 boot 5 state UP"));
    freeReplyObject(ask(&server, "HSET verona:gateway:g2 boot 6 state UP"));
    assert_string_equal(ask_text(&server, ATTEND "g1 5 1"), "FIRST");
    assert_string_equal(ask_text(&server, ATTEND "g2 6 1"), "BUSY");
    freeReplyObject(ask(&server, "DEL verona:presence:gate"));
    assert_string_equal(ask_text(&server, ATTEND "g2 6 1"), "OK");
    assert_string_equal(ask_text(&server, ATTEND "g1 5 -1"), "OK");
    assert_string_equal(ask_text(&server, ATTEND "g1 5 1"), "OK");
    assert_string_equal(ask_text(&server, ATTEND "g1 5 -1"), "OK");
    assert_string_equal(ask_text(&server, ATTEND "g2 6 -1"), "OK");
    assert_string_equal(ask_text(&server, ATTEND "g2 6 1"), "FIRST");
    freeReplyObject(ask(&server, "DEL verona:presence:gate"));
    freeReplyObject(ask(&server, "HSET verona:gateway:g2 state DEAD"));
    assert_string_equal(ask_text(&server, ATTEND "g1 5 1"), "FIRST"); /* the dead do not count */
    freeReplyObject(ask(&server, "DEL verona:presence:gate"));
    freeReplyObject(ask(&server, "HSET verona:gateway:g1 boot 7"));
    assert_string_equal(ask_text(&server, ATTEND "g1 7 1"), "FIRST"); /* nor do former lives */
    freeReplyObject(ask(&server, "DEL verona:presence:gate"));
    assert_string_equal(ask_text(&server, ATTEND "g1 5 -1"),
                        "OK"); /* nor do they leave once more */
    assert_string_equal(ask_text(&server, "HGET verona:presence g1"), "7 1");
    freeReplyObject(ask(
        &server, "DEL verona:presence verona:presence:gate verona:gateway:g1 verona:gateway:g2"));
}

static void slots_with_bad_arguments(void **state)
{
    (void)state;
    assert_refused("ERR arguments", "FCALL verona_claim 1 verona:shard:s1 s1 " NONCE);
    assert_refused("ERR arguments",
                   "FCALL verona_claim 2 verona:shard:s1 verona:{s6}:own s1 " NONCE " 0 ''");
    assert_refused("ERR arguments",
                   "FCALL verona_claim 2 verona:shard:s1 verona:{s6}:own s1 " NONCE " 0 '' high");
    assert_refused("NOTMINE s1",
                   "FCALL verona_claim 2 verona:shard:s1 verona:{s6}:own s1 another 0 '' 0");
    assert_refused("ERR arguments",
                   "FCALL verona_give 2 verona:shard:s1 verona:{s5}:own " NONCE " s1 " NONCE " x");
    assert_refused("NOTTHERE s2", "FCALL verona_give 2 verona:shard:s2 verona:{s5}:own " NONCE
                                  " s2 " NONCE " 100");

    /* A damaged record is lost data; the others of the call are done. */
    freeReplyObject(ask(&server, "DEL verona:{s8}:own"));
    freeReplyObject(ask(&server, "SET verona:{s8}:own text"));
    redisReply *r =
        ask(&server, "FCALL verona_claim 4 verona:shard:s1 verona:{s7}:own "
                     "verona:{s8}:own verona:{s9}:own s1 " NONCE " 0 '' 0 0 '' 0 0 '' 0");
    assert_int_equal(r->type, REDIS_REPLY_ARRAY);
    assert_string_equal(r->element[0]->element[2]->str, "s1");
    assert_string_equal(r->element[1]->element[0]->str, "-1");
    assert_string_equal(r->element[2]->element[2]->str, "s1");
    freeReplyObject(r);
    assert_string_equal(ask_text(&server, "HGET verona:{s9}:own o"), "s1");
    assert_string_equal(ask_text(&server, "GET verona:{s8}:own"), "text");
}

static void members_with_bad_arguments(void **state)
{
    (void)state;
    assert_refused("ERR arguments",
                   "FCALL verona_register 2 verona:shard:s1 verona:members shard:s1");
    assert_refused("ERR arguments",
                   "FCALL verona_register 2 verona:shard:s1 verona:members shard:s1 "
                   "nonce endpoint");
    assert_refused("ERR arguments", "FCALL verona_renew 1 verona:shard:s1 7 " NONCE " DEAD");
    assert_refused("ERR arguments", "FCALL verona_bury 2 verona:shard:s1 verona:members 7");
    assert_refused("ERR arguments",
                   "FCALL verona_leave 2 verona:shard:s1 verona:members shard:s1 7");
    assert_refused("ERR arguments",
                   "FCALL verona_forget 2 verona:shard:s1 verona:members shard:s1");

    freeReplyObject(ask(&server, "HSET verona:members v many"));
    assert_refused("DAMAGED verona:members",
                   "FCALL verona_register 2 verona:shard:s1 verona:members shard:s1 another");
    assert_refused("DAMAGED verona:members",
                   "FCALL verona_bury 2 verona:shard:s1 verona:members 7 1");
    assert_refused("DAMAGED verona:members",
                   "FCALL verona_leave 2 verona:shard:s1 verona:members shard:s1 7 " NONCE);
    freeReplyObject(ask(&server, "SET verona:members text"));
    assert_refused("DAMAGED verona:members",
                   "FCALL verona_register 2 verona:shard:s2 verona:members shard:s2 another");
    freeReplyObject(ask(&server, "HSET verona:shard:s1 renew often"));
    assert_refused("NOTMINE", "FCALL verona_renew 1 verona:shard:s1 7 " NONCE " DRAINING");
    freeReplyObject(ask(&server, "SET verona:shard:s3 text"));
    assert_refused("DAMAGED verona:shard:s3",
                   "FCALL verona_register 2 verona:shard:s3 verona:members2 shard:s3 another");
}

static void sessions_with_bad_arguments(void **state)
{
    (void)state;
    assert_refused("ERR arguments", "FCALL verona_session_bind 1 verona:session:a@d r");
    assert_refused("ERR arguments", "FCALL verona_session_bind 1 verona:session:a@d r e most");
    assert_refused("ERR arguments", "FCALL verona_session_unbind 1 verona:session:a@d r");
    assert_refused("ERR arguments", "FCALL verona_session_priority 1 verona:session:a@d r e high");
    freeReplyObject(ask(&server, "SET verona:session:a@d text"));
    assert_refused("WRONGTYPE", "FCALL verona_session_bind 1 verona:session:a@d r e 5");
    assert_refused("WRONGTYPE", "FCALL verona_session_unbind 1 verona:session:a@d r e");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(commits_with_bad_arguments),
        TEST(commits_on_damaged_keys),
        TEST(commits_repeated),
        TEST(slots_with_bad_arguments),
        TEST(accounts),
        TEST(attendance),
        TEST(the_directory_is_guarded),
        TEST(commits_with_a_vcard),
        TEST(slots_with_bad_arguments),
        TEST(members_with_bad_arguments),
        TEST(sessions_with_bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
