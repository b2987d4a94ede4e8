/* bus_status.c: see bus_status.h. */
#include "bus/bus_status.h"

#include "bus/bus.h"

static void add_peer(void *ctx, struct bus_peer *p)
{
    json_t *o = json_object();
    json_put_str(o, "role", bus_peer_role(p) == BUS_GATEWAY ? STR("gateway") : STR("shard"));
    json_put_str(o, "id", bus_peer_id(p));
    json_put_u64(o, "boot", bus_peer_boot(p));
    json_put_bool(o, "up", bus_peer_up(p));
    json_put_u64(o, "silent_ms", bus_peer_silent_ms(p));
    json_put_u64(o, "queued_bytes", bus_peer_queued(p));
    (void)json_array_append_new(ctx, o);
}

json_t *bus_status(struct bus *b)
{
    json_t *peers = json_array();
    if (b)
        bus_each_peer(b, add_peer, peers);
    return peers;
}
