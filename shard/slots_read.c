/* slots_read.c: rows of the slot table out of Redis: whole at the start, later those that others
 * may have changed, and all of them in turn. */
#include "shard/slots_priv.h"

#include "base/buf.h"
#include "base/err.h"
#include "rt/log.h"

enum { SWEEP_ROWS = 1024 /* read again per second by all shards together, whatever they are */ };

/* A row of a call that is being read. Replies need not come in the order of the questions: those
 * that were not sent end by their deadline. */
struct row {
    struct call *call;
    uint16_t slot;
};

static void end_reading(struct call *c)
{
    struct slots *s = c->s;
    s->reading--;
    if (!slots_call_is_void(c)) {
        if (!c->failed && c->whole && !s->table_read) {
            s->table_read = true;
            log_info("slot_table_read", KV_U("owned", ownership_n_mine(s->o)),
                     KV_U("unassigned", ownership_n_unassigned(s->o)));
        }
        slots_tell(s, c->slots, c->n, false);
    }
    if (!slots_call_is_void(c)) {
        slots_work(s);
    }
    slots_call_free(c);
}

static void on_row(void *ctx, const redisReply *reply, int err)
{
    struct row *row = ctx;
    struct call *c = row->call;
    struct slots *s = c->s;
    uint16_t slot = row->slot;
    mem_free(row);
    if (err || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        c->failed = true;
    } else if (!slots_call_is_void(c)) {
        struct slot_record rec = {.epoch = 0};
        int64_t epoch = redis_int(reply->element[0], -1);
        slots_copy(rec.owner, sizeof(rec.owner), redis_str(reply->element[1]));
        slots_copy(rec.nonce, sizeof(rec.nonce), redis_str(reply->element[2]));
        slots_note_readings(s);
        ownership_set_lost(s->o, slot, epoch < 0);
        if (epoch < 0) {
            slots_report_lost_row(s, slot);
        } else {
            rec.epoch = (uint64_t)epoch;
            ownership_set_slot(s->o, slot, &rec);
            if (s->unsure[slot]) { /* this says what became of the gift */
                slots_set_unsure(s, slot, false);
                s->giving[slot] = false;
                ownership_given(s->o, slot, NULL);
            }
        }
    }
    if (--c->pending == 0) {
        end_reading(c);
    }
}

void slots_read_rows(struct slots *s, const uint16_t *slots, uint32_t n)
{
    if (n == 0) {
        return;
    }
    struct call *c = slots_call_new(s, slots, n);
    c->pending = n;
    c->whole = n == SLOT_COUNT;
    s->reading++;
    for (uint32_t i = 0; i < n; i++) {
        struct buf key;
        buf_init(&key);
        cluster_slot_key(&key, slots[i], "own", STR_NULL);
        const struct str argv[] = {STR("HMGET"), buf_as_str(&key), STR("e"), STR("o"), STR("n")};
        struct row *row = mem_alloc(sizeof(*row));
        *row = (struct row){c, slots[i]};
        redis_command(s->redis, 5, argv, SLOTS_COMMAND_MS, on_row, row);
        buf_deinit(&key);
    }
}

void slots_read_table(struct slots *s)
{
    uint16_t *all = mem_alloc(SLOT_COUNT * sizeof(*all));
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        all[i] = (uint16_t)i;
    }
    slots_read_rows(s, all, SLOT_COUNT);
    mem_free(all);
}

void slots_reread(struct slots *s, bool moving)
{
    uint16_t *list = mem_alloc(3 * SLOT_COUNT * sizeof(*list));
    uint32_t n = ownership_ownerless(s->o, list, SLOT_COUNT);
    for (uint32_t i = 0; s->n_unsure > 0 && i < SLOT_COUNT; i++) {
        if (s->unsure[i]) {
            list[n++] = (uint16_t)i;
        }
    }
    if (moving) {
        n += ownership_moving(s->o, list + n, SLOT_COUNT);
    }
    slots_read_rows(s, list, n);
    mem_free(list);
}

void slots_sweep(struct slots *s)
{
    uint16_t list[SWEEP_ROWS];
    uint32_t n = SWEEP_ROWS / (ownership_n_members(s->o) + 1) + 1;
    for (uint32_t i = 0; i < n; i++) {
        list[i] = (uint16_t)s->sweep_next;
        s->sweep_next = (s->sweep_next + 1) % SLOT_COUNT;
    }
    slots_read_rows(s, list, n);
}
