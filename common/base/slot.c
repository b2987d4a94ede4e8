/* slot.c: JID -> slot. */
#include "base/slot.h"
#include "base/siphash.h"

uint32_t slot_of(const uint8_t seed[16], struct str jid)
{
    return (uint32_t)(siphash24(seed, jid.p, jid.n) % SLOT_COUNT);
}
