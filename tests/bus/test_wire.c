/* Frames, checksums and bounded unpacking (proto/wire.c). */
#include "base/err.h"
#include "base/limits.h"
#include "lib_bus.h"
#include "proto/wire.h"

static void test_crc32c_known_answers(void **state)
{
    (void)state;
    /* RFC 3720 §B.4 */
    uint8_t bytes[32];
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(wire_crc32c(bytes, sizeof bytes), 0x8a9136aa);
    assert_int_equal(wire_crc32c_portable(bytes, sizeof bytes), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(wire_crc32c(bytes, sizeof bytes), 0x62a8ab43);
    assert_int_equal(wire_crc32c_portable(bytes, sizeof bytes), 0x62a8ab43);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(wire_crc32c(bytes, sizeof bytes), 0x46dd794e);
    assert_int_equal(wire_crc32c_portable(bytes, sizeof bytes), 0x46dd794e);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(wire_crc32c(bytes, sizeof bytes), 0x113fdb5c);
    assert_int_equal(wire_crc32c_portable(bytes, sizeof bytes), 0x113fdb5c);
    assert_int_equal(wire_crc32c("123456789", 9), 0xe3069283);
    assert_int_equal(wire_crc32c("", 0), 0);
}

static void test_crc32c_both_ways_agree(void **state)
{
    (void)state;
    uint64_t seed = 7;
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)rnd(&seed);
    for (size_t at = 0; at < 8; at++)
        for (size_t n = 0; n + at <= sizeof bytes; n++)
            assert_int_equal(wire_crc32c(bytes + at, n), wire_crc32c_portable(bytes + at, n));
}

static void build(struct buf *out, bool with_crc)
{
    Verona__LinkHeader h = VERONA__LINK_HEADER__INIT;
    h.src = wire_bytes(STR("gw1"));
    h.src_boot = 11;
    h.dst_boot = 22;
    h.first_seq = 33;
    h.ack = 44;
    wire_frame_begin(out, &h);
    wire_frame_item(out, STR("first"));
    wire_frame_item(out, STR_NULL);
    wire_frame_item(out, STR("third \0 item"));
    wire_frame_end(out, with_crc);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct buf b;
    struct arena a;
    buf_init(&b);
    arena_init(&a);
    for (int with_crc = 0; with_crc < 2; with_crc++) {
        build(&b, with_crc);
        struct wire_frame f;
        assert_int_equal(wire_frame_parse(buf_as_str(&b), &a, &f), 0);
        assert_true(str_is(wire_str(f.header->src), "gw1"));
        assert_int_equal(f.header->src_boot, 11);
        assert_int_equal(f.header->dst_boot, 22);
        assert_int_equal(f.header->first_seq, 33);
        assert_int_equal(f.header->ack, 44);
        assert_null(f.header->hello);
        struct str item;
        assert_true(wire_frame_next(&f, &item));
        assert_true(str_is(item, "first"));
        assert_true(wire_frame_next(&f, &item));
        assert_int_equal(item.n, 0);
        assert_true(wire_frame_next(&f, &item));
        assert_true(str_eq(item, STR("third \0 item")));
        assert_false(wire_frame_next(&f, &item));
        assert_false(wire_frame_next(&f, &item));
    }
    buf_deinit(&b);
    arena_deinit(&a);
}

static int parse_copy(const char *p, size_t n)
{
    /* In a block of its own, so that the sanitizer sees any read beyond the end. */
    char *exact = mem_alloc(n);
    memcpy(exact, p, n);
    struct arena a;
    arena_init(&a);
    struct wire_frame f;
    int rc = wire_frame_parse(str_n(exact, n), &a, &f);
    if (rc == 0) {
        struct str item;
        while (wire_frame_next(&f, &item)) {
        }
    }
    arena_deinit(&a);
    mem_free(exact);
    return rc;
}

static void test_each_changed_bit_is_seen(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    build(&b, true);
    for (size_t i = 0; i < b.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            b.data[i] = (char)(b.data[i] ^ (1 << bit));
            assert_int_equal(parse_copy(b.data, b.len), ERR_PROTO);
            b.data[i] = (char)(b.data[i] ^ (1 << bit));
        }
    }
    assert_int_equal(parse_copy(b.data, b.len), 0);
    buf_deinit(&b);
}

static void test_truncated(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    build(&b, true);
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal(parse_copy(b.data, n), ERR_PROTO);
    /* Without a checksum a cut may fall between two items; nothing else may pass. */
    build(&b, false);
    int passed = 0;
    for (size_t n = 0; n < b.len; n++) {
        int rc = parse_copy(b.data, n);
        assert_true(rc == 0 || rc == ERR_PROTO);
        passed += rc == 0;
    }
    assert_int_equal(passed, 3);
    buf_deinit(&b);
}

static void test_random_bytes_do_no_harm(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    uint64_t seed = 99;
    for (int round = 0; round < 20000; round++) {
        build(&b, false);
        for (int k = 0; k < 3; k++)
            b.data[8 + rnd(&seed) % (b.len - 8)] = (char)rnd(&seed);
        (void)parse_copy(b.data, b.len);
    }
    buf_deinit(&b);
}

static void set_u32(char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (char)(v >> (8 * i));
}

static void test_giant_lengths(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    static const uint32_t lengths[] = {0xffffffffu, 0x80000000u, 0x7fffffffu, 0xfffffffcu,
                                       WIRE_HEADER_MAX + 1};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        build(&b, false);
        set_u32(b.data + 8, lengths[i]);
        assert_int_equal(parse_copy(b.data, b.len), ERR_PROTO);
        build(&b, false);
        set_u32(b.data + b.len - 16, lengths[i]); /* of the last item */
        assert_int_equal(parse_copy(b.data, b.len), ERR_PROTO);
    }
    buf_deinit(&b);
}

static void test_size_limit(void **state)
{
    (void)state;
    char *big = mem_zalloc(LIMIT_BUS_MESSAGE);
    struct buf b;
    struct arena a;
    struct wire_frame f;
    buf_init(&b);
    arena_init(&a);
    Verona__LinkHeader h = VERONA__LINK_HEADER__INIT;
    wire_frame_begin(&b, &h);
    size_t room = LIMIT_BUS_MESSAGE - b.len - WIRE_ITEM_PREFIX;
    for (size_t more = 0; more < 3; more++) {
        wire_frame_begin(&b, &h);
        wire_frame_item(&b, str_n(big, room - 1 + more));
        wire_frame_end(&b, true);
        assert_int_equal(b.len, (size_t)LIMIT_BUS_MESSAGE - 1 + more);
        assert_int_equal(wire_frame_parse(buf_as_str(&b), &a, &f), more == 2 ? ERR_TOOBIG : 0);
    }
    buf_deinit(&b);
    arena_deinit(&a);
    mem_free(big);
}

static void test_unpack(void **state)
{
    (void)state;
    struct buf b;
    struct arena a;
    buf_init(&b);
    arena_init(&a);
    Verona__Ack ack = VERONA__ACK__INIT;
    ack.rseq = 5;
    ack.room = wire_bytes(STR("r\0m@x"));
    Verona__Item item = VERONA__ITEM__INIT;
    item.kind_case = VERONA__ITEM__KIND_ACK;
    item.ack = &ack;
    size_t n = wire_pack(&item.base, &b);
    assert_int_equal(n, b.len);
    Verona__Item *got = (Verona__Item *)wire_unpack(&verona__item__descriptor, buf_as_str(&b), &a);
    assert_non_null(got);
    assert_int_equal(got->kind_case, VERONA__ITEM__KIND_ACK);
    assert_int_equal(got->ack->rseq, 5);
    assert_true(str_eq(wire_str(got->ack->room), STR("r\0m@x")));
    /* Nothing is a message without fields; half a message is none. */
    assert_non_null(wire_unpack(&verona__item__descriptor, STR_NULL, &a));
    assert_null(wire_unpack(&verona__item__descriptor, str_n(b.data, b.len - 1), &a));
    buf_deinit(&b);
    arena_deinit(&a);
}

/* Two bytes of input become a struct and a place in a list: the bound on what that may take. */
static void test_unpack_is_bounded(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    size_t n = LIMIT_BUS_CHUNK;
    char *bytes = mem_alloc(n);
    for (size_t i = 0; i + 1 < n; i += 2) {
        bytes[i] = 2 << 3 | 2; /* Roster.records, length delimited */
        bytes[i + 1] = 0;
    }
    assert_null(wire_unpack(&verona__roster__descriptor, str_n(bytes, n), &a));
    assert_true(a.used <= 64 * 1024 + 64 * n + 4096);
    assert_null(wire_unpack(&verona__roster__descriptor, str_n(bytes, LIMIT_BUS_MESSAGE + 1), &a));
    mem_free(bytes);
    arena_deinit(&a);
}

/* What is honest, if extreme, is within the bound. */
static void test_unpack_of_many_small_fields(void **state)
{
    (void)state;
    struct arena a;
    struct buf b;
    arena_init(&a);
    buf_init(&b);
    enum { N = 5000 };
    ProtobufCBinaryData *nicks = mem_alloc(N * sizeof *nicks);
    for (size_t i = 0; i < N; i++)
        nicks[i] = wire_bytes(STR("n"));
    Verona__DiscoItems list = VERONA__DISCO_ITEMS__INIT;
    list.n_nicks = N;
    list.nicks = nicks;
    wire_pack(&list.base, &b);
    assert_non_null(wire_unpack(&verona__disco_items__descriptor, buf_as_str(&b), &a));

    Verona__NewOwner owner = VERONA__NEW_OWNER__INIT;
    uint32_t slots[4096];
    uint64_t epochs[4096];
    for (size_t i = 0; i < 4096; i++) {
        slots[i] = (uint32_t)i;
        epochs[i] = 1;
    }
    owner.n_slots = owner.n_epochs = owner.n_planned_from = 4096;
    owner.slots = slots;
    owner.epochs = owner.planned_from = epochs;
    buf_reset(&b);
    wire_pack(&owner.base, &b);
    assert_non_null(wire_unpack(&verona__new_owner__descriptor, buf_as_str(&b), &a));
    mem_free(nicks);
    buf_deinit(&b);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c_known_answers),
        cmocka_unit_test(test_crc32c_both_ways_agree),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_each_changed_bit_is_seen),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_random_bytes_do_no_harm),
        cmocka_unit_test(test_giant_lengths),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_unpack),
        cmocka_unit_test(test_unpack_is_bounded),
        cmocka_unit_test(test_unpack_of_many_small_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
