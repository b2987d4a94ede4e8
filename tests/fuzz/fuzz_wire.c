/* fuzz_wire.c: frames from the bus. Whatever parses holds its invariants and packs again. */
#include "proto/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    arena_init(&a);
    struct wire_frame f;
    if (wire_frame_parse(str_n(data, size), &a, &f) == 0) {
        struct str item;
        while (wire_frame_next(&f, &item)) {
            Verona__Item *it = (Verona__Item *)wire_unpack(&verona__item__descriptor, item, &a);
            if (it) {
                struct buf again;
                buf_init(&again);
                wire_pack(&it->base, &again);
                buf_deinit(&again);
            }
        }
    }
    /* Items alone, too: the checksum keeps a fuzzer from getting far through frames. */
    (void)!wire_unpack(&verona__item__descriptor, str_n(data, size), &a);
    (void)!wire_unpack(&verona__stored_room__descriptor, str_n(data, size), &a);
    (void)!wire_unpack(&verona__log_entry__descriptor, str_n(data, size), &a);
    arena_deinit(&a);
    return 0;
}
