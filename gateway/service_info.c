/* service_info.c: see service_info.h. A feature stands here only if it works. */
#include "gateway/service_info.h"
#include "gateway/disco.h"
#include "gateway/home_ns.h"
#include "gateway/register.h"
#include "gateway/stanza.h"
#include "base/limits.h"
#include "base/mem.h"
#include "rt/config.h"

#define CAPS_NODE "urn:xmpp:verona"
#define NODE_0390 NS_CAPS "#sha-256."

static const char *const server_features[] = {
    NS_DISCO_INFO, NS_DISCO_ITEMS, NS_VERSION,  NS_PING, NS_CAPS_0115,
    NS_CAPS,       NS_COMMANDS,    NS_REGISTER, /* the last one only with auth.registration */
};
static const char *const service_features[] = {
    NS_DISCO_INFO, NS_DISCO_ITEMS, NS_MUC,  NS_RSM,      NS_UNIQUE,
    NS_SEARCH,     NS_VERSION,     NS_PING, NS_COMMANDS, NS_OCCUPANT_ID, /* every room gives them */
    NS_VCARD,
};
static const char *const account_features[] = {NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PRIVATE, NS_PING};

/* XEP-0157, in order of their names. */
static const struct {
    enum config_id id;
    const char *var;
} contacts[] = {
    {CFG_CONTACT_ABUSE, "abuse-addresses"},
    {CFG_CONTACT_ADMIN, "admin-addresses"},
    {CFG_CONTACT_SUPPORT, "support-addresses"},
};
enum { CONTACTS = sizeof contacts / sizeof contacts[0] };

struct service_info {
    struct disco_info info[3]; /* by info_target */
    struct disco_field fields[CONTACTS];
    struct str values[CONTACTS][LIMIT_CONTACTS];
    struct buf bytes[CONTACTS];
    struct buf caps, ver, hash; /* of the server */
};

/* A list separated by commas. */
static size_t split(const char *text, struct buf *bytes, struct str *out)
{
    size_t n = 0;
    buf_z(bytes, text);
    struct str rest = buf_as_str(bytes);
    while (n < LIMIT_CONTACTS && str_list_next(&rest, &out[n]))
        n++;
    return n;
}

static size_t contact_fields(struct service_info *si, const struct config *cfg)
{
    size_t n = 0;
    for (size_t i = 0; i < CONTACTS; i++) {
        buf_init(&si->bytes[i]);
        size_t n_values = split(config_str(cfg, contacts[i].id), &si->bytes[i], si->values[i]);
        if (n_values)
            si->fields[n++] =
                (struct disco_field){contacts[i].var, "list-multi", si->values[i], n_values};
    }
    return n;
}

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct service_info *service_info_new(const struct config *cfg)
{
    struct service_info *si = mem_zalloc(sizeof *si);
    size_t n = contact_fields(si, cfg);
    si->info[INFO_ACCOUNT] = (struct disco_info){.category = "account",
                                                 .type = "registered",
                                                 .features = account_features,
                                                 .n_features = COUNT(account_features)};
    si->info[INFO_SERVER] =
        (struct disco_info){.category = "server",
                            .type = "im",
                            .name = "Verona",
                            .features = server_features,
                            .n_features = COUNT(server_features) - !register_configured(cfg)};
    si->info[INFO_SERVICE] = (struct disco_info){.category = "conference",
                                                 .type = "text",
                                                 .name = "Verona",
                                                 .features = service_features,
                                                 .n_features = COUNT(service_features)};
    /* The language that our streams declare, said again, so that both kinds of hash mean the same.
     */
    for (int t = INFO_SERVER; t <= INFO_SERVICE; t++)
        si->info[t].lang = "en";
    for (int t = INFO_SERVER; n > 0 && t <= INFO_SERVICE; t++) {
        si->info[t].form_type = "http://jabber.org/network/serverinfo";
        si->info[t].fields = si->fields;
        si->info[t].n_fields = n;
    }
    buf_init(&si->ver);
    buf_init(&si->hash);
    buf_init(&si->caps);
    disco_ver(&si->ver, &si->info[INFO_SERVER]);
    disco_hash(&si->hash, &si->info[INFO_SERVER]);
    buf_z(&si->caps, "<c xmlns='" NS_CAPS_0115 "' hash='sha-1' node='" CAPS_NODE "' ver='");
    buf_str(&si->caps, buf_as_str(&si->ver));
    buf_z(&si->caps, "'/><c xmlns='" NS_CAPS "'><hash xmlns='" NS_HASHES "' algo='sha-256'>");
    buf_str(&si->caps, buf_as_str(&si->hash));
    buf_z(&si->caps, "</hash></c>");
    return si;
}

void service_info_destroy(struct service_info **si_p)
{
    struct service_info *si = *si_p;
    if (!si)
        return;
    *si_p = NULL;
    for (size_t i = 0; i < CONTACTS; i++)
        buf_deinit(&si->bytes[i]);
    buf_deinit(&si->caps);
    buf_deinit(&si->ver);
    buf_deinit(&si->hash);
    mem_free(si);
}

/* Is `node` prefix and hash in one? */
static bool names(struct str node, const char *prefix, const struct buf *hash)
{
    size_t n = strlen(prefix);
    return node.n == n + hash->len && memcmp(node.p, prefix, n) == 0 &&
           memcmp(node.p + n, hash->data, hash->len) == 0;
}

bool service_info_put(const struct service_info *si, enum info_target target, struct str node,
                      struct buf *out)
{
    bool hashed = target == INFO_SERVER &&
                  (names(node, CAPS_NODE "#", &si->ver) || names(node, NODE_0390, &si->hash));
    if (node.n && !hashed)
        return false;
    disco_put(out, &si->info[target], node);
    return true;
}

struct str service_info_caps(const struct service_info *si)
{
    return buf_as_str(&si->caps);
}
