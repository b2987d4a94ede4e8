/* cmd_health.c: `verona healthcheck` and `verona version`. */
#include "deploy/ctl/commands.h"

#include "deploy/ctl/http_get.h"
#include "rt/config.h"

#include <hiredis/hiredis.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>

enum { HEALTH_MS = 3000 };

int cmd_healthcheck(struct ctl *c, int argc, char **argv)
{
    const char *address = config_str(c->cfg, CFG_ADMIN_LISTEN);
    struct buf body;
    (void)argc;
    (void)argv;
    buf_init(&body);
    int code = http_get(address, "/readyz", HEALTH_MS, &body), rc = CTL_FAILED;
    while (body.len && body.data[body.len - 1] == '\n')
        body.len--;
    if (code == 200) {
        rc = CTL_OK;
        if (!c->o.quiet)
            puts("ready");
    } else if (code < 0) {
        rc = ctl_fail(CTL_FAILED, "--set admin.listen=HOST:PORT of the process that is meant",
                      "no answer at http://%s/readyz", address);
    } else {
        ctl_note(c, "not ready: %.*s", (int)body.len, body.len ? body.data : "");
    }
    buf_deinit(&body);
    return rc;
}

int cmd_version(struct ctl *c, int argc, char **argv)
{
    char hiredis[32];
    (void)argc;
    (void)argv;
    snprintf(hiredis, sizeof hiredis, "%d.%d.%d", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
    if (c->o.json)
        printf("{\"name\": \"verona\", \"version\": \"%s\", \"revision\": \"%s\"}\n",
               VERONA_VERSION, c->revision);
    else
        printf("verona %s%s%s%s\n%s, hiredis %s, jansson %s\n", VERONA_VERSION,
               c->revision[0] ? " (" : "", c->revision, c->revision[0] ? ")" : "",
               OpenSSL_version(OPENSSL_VERSION), hiredis, JANSSON_VERSION);
    return CTL_OK;
}
