/* Any bytes as commands: they are read and applied to a small pool, one after
 * the other, and the pool is then made anew from its rows.
 *
 * The input is a run of entries: one byte of header (which node, which number)
 * and two of length, then a command. What matters is that nothing breaks and
 * that memory stays its rows.
 */
#include <stdlib.h>
#include <string.h>

#include "node/chat/machine.h"
#include "node/chat/query.h"
#include "node/chat/rows.h"
#include "proto/base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct guid start_id = {"fuzz"};

enum { HEADER_START = 225 }; /* From here on: number 0 and epoch 0. */

struct fuzz {
    struct machine *machine;
    struct effects effects;
    struct arena *arena;
    uint64_t index;
};

/* Whatever was committed, its records can be read. */
static void check_records(const struct effects *effects)
{
    struct record record;

    for (size_t i = 0; i < effects->records.n; i++) {
        CHECK(record_read(effects_record_at(effects, i), &record) ==
              ERROR_NONE);
        CHECK(record.csn == effects->records.csn + i && record.ordinal == i);
    }
}

static void apply(struct fuzz *fuzz, uint8_t header, Perch__Command *command)
{
    struct applied_entry entry = {.index = ++fuzz->index, .term = 1};
    struct node_view node = {0};
    struct buffer bytes = BUFFER_EMPTY;
    struct applied applied;

    entry.node = (uint8_t)(1 + header % 3);
    query_node(fuzz->machine, entry.node, &node);
    entry.epoch = node.epoch;
    /* Mostly the next number; sometimes a duplicate, a gap or a start. */
    entry.number = header < 192 ? node.number_last + 1 : header % 5;
    if (header >= HEADER_START) {
        entry.number = 0;
        entry.epoch = 0;
    }
    entry.sent_at_us = (int64_t)fuzz->index * (header + 1) * 1000000;
    if (command != NULL) {
        codec_write(&command->base, &bytes);
    }
    entry.bytes = buffer_slice(&bytes);
    applied = machine_apply(fuzz->machine, &entry, command, &fuzz->effects);
    CHECK(applied.outcome < OUTCOMES);
    CHECK(!fuzz->effects.has_message || applied.outcome == OUTCOME_DONE);
    if (fuzz->effects.has_message) {
        struct buffer row = BUFFER_EMPTY;

        message_write(&fuzz->effects.message, &row);
        buffer_deinit(&row);
    }
    check_records(&fuzz->effects);
    buffer_deinit(&bytes);
}

static void give(struct fuzz *fuzz, uint8_t header, Perch__Command *command)
{
    CODEC_SET_BYTES(command, administrator, SLICE_LITERAL("root"));
    apply(fuzz, header, command);
}

/* A pool with a domain, a category and three nodes, so that short inputs get
 * far. */
static void begin(struct fuzz *fuzz)
{
    Perch__NodeStarted start = PERCH__NODE_STARTED__INIT;
    Perch__PoolPut put = PERCH__POOL_PUT__INIT;
    Perch__CategoryCreate category = PERCH__CATEGORY_CREATE__INIT;
    Perch__UserCreate user = PERCH__USER_CREATE__INIT;
    Perch__RulesRaise raise = PERCH__RULES_RAISE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET_BYTES(&start, start_id, slice_of(start_id.bytes, GUID_BYTES));
    CODEC_SET(&start, rules_known, COMMAND_RULES_KNOWN);
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &start;
    for (uint8_t node = 0; node < 3; node++) {
        apply(fuzz, (uint8_t)(HEADER_START + node), &command);
    }
    CODEC_SET(&raise, version, COMMAND_RULES_KNOWN);
    command.kind_case = PERCH__COMMAND__KIND_RULES_RAISE;
    command.rules_raise = &raise;
    apply(fuzz, 0, &command);
    CODEC_SET_BYTES(&put, domain, SLICE_LITERAL("x"));
    command.kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    command.pool_put = &put;
    give(fuzz, 0, &command);
    CODEC_SET_BYTES(&category, category, slice_of(start_id.bytes, GUID_BYTES));
    CODEC_SET_BYTES(&category, name, SLICE_LITERAL("c"));
    command.kind_case = PERCH__COMMAND__KIND_CATEGORY_CREATE;
    command.category_create = &category;
    give(fuzz, 0, &command);
    CODEC_SET_BYTES(&user, uri, SLICE_LITERAL("sip:a@x"));
    command.kind_case = PERCH__COMMAND__KIND_USER_CREATE;
    command.user_create = &user;
    give(fuzz, 0, &command);
}

static void load(void *context, const struct row_key *key,
                 const struct slice *value)
{
    CHECK(machine_load(context, key, *value) == ERROR_NONE);
}

static void end(struct fuzz *fuzz)
{
    struct machine *again = machine_new(COMMAND_RULES_KNOWN);

    machine_write_all(fuzz->machine, load, again);
    CHECK(machine_load_end(again) == ERROR_NONE);
    CHECK(machine_hash(again) == machine_hash(fuzz->machine));
    machine_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz = {
        machine_new(COMMAND_RULES_KNOWN), {0}, arena_new(4096), 0};
    struct slice rest = slice_of(data, size);

    begin(&fuzz);
    while (rest.len >= 3) {
        uint8_t header = rest.data[0];
        size_t len = (size_t)rest.data[1] << 8 | rest.data[2];
        Perch__Command *command = NULL;

        rest = slice_after(rest, 3);
        len = len < rest.len ? len : rest.len;
        arena_reset(fuzz.arena);
        if (command_read(fuzz.arena, slice_of(rest.data, len), &command) !=
            ERROR_NONE) {
            command = NULL;
        }
        apply(&fuzz, header, command);
        rest = slice_after(rest, len);
    }
    end(&fuzz);
    machine_free(fuzz.machine);
    effects_deinit(&fuzz.effects);
    arena_free(fuzz.arena);
    return 0;
}
