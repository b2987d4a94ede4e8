/* config_rules.c: parsing of values, and the bounds of single options. */
#include "rt/config_rules.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/slot.h"
#include "rt/redis_url.h"

#include <strings.h>

/* Texts that are one of a few words, or a comma-separated list of them. */
static const struct {
    enum config_id id;
    bool list;
    const char *words; /* separated by spaces */
} word_rules[] = {
    {CFG_AUTH_MODE, false, "accounts anonymous open"},
    {CFG_AUTH_REGISTRATION, false, "off on"},
    {CFG_LOG_LEVEL, false, "debug info warn error"},
    {CFG_LOG_FORMAT, false, "auto logfmt json pretty"},
    {CFG_LOG_PII, false, "hash full"},
    {CFG_ROOM_CREATE, false, "anyone local admins"},
    {CFG_ROOM_REGISTER, false, "members anyone off"},
    {CFG_ROOM_PRESET, false, "none team community broadcast stage"},
    {CFG_ROOM_WHOIS, false, "moderators anyone"},
    {CFG_ROOM_ALLOWPM, false, "anyone participants moderators none"},
    {CFG_ROOM_PRESENCEBROADCAST, true, "visitor participant moderator none"},
    {CFG_ROOM_GETMEMBERLIST, true, "visitor participant moderator"},
};

/* Numbers with bounds of their own; the others lie between 0 and DEFAULT_MAX. Times are
 * milliseconds. */
enum { DEFAULT_MAX = INT32_MAX, DAY_MS = 24 * 3600 * 1000 };

static const struct {
    enum config_id id;
    int64_t min, max;
} number_rules[] = {
    {CFG_CLUSTER_EXPECT, 0, SLOT_COUNT},
    {CFG_SHARD_WEIGHT, 0, 1000000},
    {CFG_AUTH_ITERATIONS, 4096, 10000000},
    {CFG_LIMIT_STANZA, LIMIT_STANZA_PREAUTH, 16 * 1024 * 1024},
    {CFG_LIMIT_SEND_QUEUE, 64 * 1024, 1024 * 1024 * 1024},
    {CFG_LIMIT_CONNS_PER_IP, 1, 1000000},
    {CFG_LIMIT_AUTH, 1000, 3600 * 1000},
    {CFG_LIMIT_HEADER, 1000, 3600 * 1000},
    {CFG_ROOM_HISTORY, 0, LIMIT_HISTORY},
    {CFG_ROOM_MAX_OCCUPANTS, 0, 1000000},
    {CFG_ROOM_PRESENCE_LIMIT, 0, 1000000},
    {CFG_ROOM_MAX_MESSAGE, 0, LIMIT_STANZA},
    {CFG_ROOM_MESSAGE_RATE, 0, 1000000},
    {CFG_ROOM_PRESENCE_RATE, 0, 1000000},
    {CFG_ROOM_INVITE_RATE, 0, 1000000},
    {CFG_LIMIT_JOIN_RATE, 0, 1000000},
    {CFG_ROOM_MAXUSERS, 0, 1000000},
    {CFG_ROOM_ARCHIVE_MESSAGES, 1, LIMIT_ARCHIVE_MESSAGES},
    {CFG_ROOM_ARCHIVE_DAYS, 0, LIMIT_ARCHIVE_DAYS},
    {CFG_ROOM_MAXHISTORYFETCH, 0, LIMIT_HISTORY},
    {CFG_ROOM_NAME_MAX, 0, LIMIT_JID_PART},
    {CFG_ROOM_MAX_NAME, 0, LIMIT_REASON},
    {CFG_ROOM_MAX_DESC, 0, LIMIT_REASON},
};

static int64_t min_of(enum config_id id)
{
    for (size_t i = 0; i < sizeof number_rules / sizeof *number_rules; i++)
        if (number_rules[i].id == id)
            return number_rules[i].min;
    return 0;
}

static int64_t max_of(enum config_id id, enum config_type type)
{
    for (size_t i = 0; i < sizeof number_rules / sizeof *number_rules; i++)
        if (number_rules[i].id == id)
            return number_rules[i].max;
    return type == MS_TYPE ? 365 * (int64_t)DAY_MS : DEFAULT_MAX;
}

/* The digits at the front of s, and s behind them. False without any, or beyond 10^15. */
static bool take_number(struct str *s, int64_t *out)
{
    size_t i = 0;
    int64_t v = 0;
    for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++) {
        v = v * 10 + (s->p[i] - '0');
        if (v > INT64_C(1000000000000000))
            return false;
    }
    *out = v;
    *s = str_n(s->p + i, s->n - i);
    return i > 0;
}

static bool parse_ms(struct str text, int64_t *out)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", DAY_MS}};
    if (!take_number(&text, out))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (str_is(text, units[i].unit)) {
            if (*out > INT64_C(1000000000000000) / units[i].ms)
                return false;
            *out *= units[i].ms;
            return true;
        }
    }
    return false;
}

static void put_ms(struct buf *out, int64_t ms)
{
    if (ms % 1000 || ms == 0)
        buf_printf(out, "%lldms", (long long)ms);
    else if (ms % DAY_MS == 0)
        buf_printf(out, "%lldd", (long long)(ms / DAY_MS));
    else if (ms % 3600000 == 0)
        buf_printf(out, "%lldh", (long long)(ms / 3600000));
    else
        buf_printf(out, "%llds", (long long)(ms / 1000));
}

static int check_number(enum config_id id, enum config_type type, struct str text, int64_t *number,
                        struct buf *why)
{
    int64_t min = min_of(id), max = max_of(id, type);
    bool is_number =
        type == MS_TYPE ? parse_ms(text, number) : take_number(&text, number) && !text.n;
    if (is_number && *number >= min && *number <= max)
        return 0;
    if (type == MS_TYPE) {
        buf_z(why, "must be a time such as 200ms, 5s, 10m or 1h, between ");
        put_ms(why, min);
        buf_z(why, " and ");
        put_ms(why, max);
    } else {
        buf_printf(why, "must be a number between %lld and %lld", (long long)min, (long long)max);
    }
    return ERR_INVALID;
}

static int check_bool(struct str text, int64_t *number, struct buf *why)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (text.n == strlen(words[i]) && strncasecmp(text.p, words[i], text.n) == 0) {
            *number = (int64_t)(i % 2);
            return 0;
        }
    }
    buf_z(why, "must be true or false (or yes, no, on, off, 1, 0)");
    return ERR_INVALID;
}

static bool is_word_of(struct str word, const char *words)
{
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, " ");
        if (word.n && str_eq(word, str_n(p, n)))
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

static bool are_words_of(struct str list, const char *words)
{
    while (list.n) {
        if (!is_word_of(str_cut(&list, ','), words))
            return false;
    }
    return true;
}

static int check_words(enum config_id id, struct str text, struct buf *why)
{
    for (size_t i = 0; i < sizeof word_rules / sizeof *word_rules; i++) {
        if (word_rules[i].id != id)
            continue;
        bool list = word_rules[i].list;
        const char *words = word_rules[i].words;
        if (list ? are_words_of(text, words) : is_word_of(text, words))
            return 0;
        buf_printf(why, "must be %s of: %s", list ? "a list, separated by commas," : "one", words);
        return ERR_INVALID;
    }
    return 0;
}

static int check_url(struct str text, struct buf *why)
{
    struct redis_url url;
    if (redis_url_parse(text, &url) == 0) {
        redis_url_deinit(&url);
        return 0;
    }
    buf_z(why, "must be redis://[user:password@]host[:port][/db] or unix:///path");
    return ERR_INVALID;
}

int config_check(enum config_id id, enum config_type type, struct str text, int64_t *number,
                 struct buf *why)
{
    *number = 0;
    if (text.n && memchr(text.p, '\0', text.n)) {
        buf_z(why, "must not contain a NUL byte");
        return ERR_INVALID;
    }
    switch (type) {
    case BOOL_TYPE:
        return check_bool(text, number, why);
    case INT_TYPE:
    case MS_TYPE:
        return check_number(id, type, text, number, why);
    case STR_TYPE:
        return id == CFG_REDIS_URL ? check_url(text, why) : check_words(id, text, why);
    case SECRET_TYPE:
        return 0;
    }
    return ERR_INVALID;
}
