/* service_info.h: the disco#info of the server, the rooms' service and an account, as configured;
 * its hashes; and the nodes under which it can be asked for. */
#ifndef MUC_SERVICE_INFO_H
#define MUC_SERVICE_INFO_H

#include "base/buf.h"

#include <stdbool.h>

struct config;
struct service_info;

enum info_target { INFO_ACCOUNT, INFO_SERVER, INFO_SERVICE };

/* Copies what it needs of cfg. */
struct service_info *service_info_new(const struct config *cfg);
void service_info_destroy(struct service_info **si_p);

/* The <query/> of disco#info with that node (empty: none). false: there is no such node. */
bool service_info_put(const struct service_info *si, enum info_target target, struct str node,
                      struct buf *out);
/* The <c/>s of XEP-0115 and XEP-0390 for the stream's features. */
struct str service_info_caps(const struct service_info *si);

#endif
