/* slot.h: room JID or user's bare JID -> slot (keyed SipHash-2-4 mod 4096). */
#ifndef MUC_SLOT_H
#define MUC_SLOT_H

#include "base/str.h"

#include <stdint.h>

#define SLOT_COUNT 4096u

/* seed: 16 bytes of verona:meta; jid: prepared bytes. The result is below SLOT_COUNT. */
uint32_t slot_of(const uint8_t seed[16], struct str jid);

#endif
