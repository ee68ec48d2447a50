#include "node/chat/adapter.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

bool adapter_is_name(struct slice name)
{
    if (name.len == 0 || name.len > ADAPTER_NAME_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'z') &&
            (c < 'A' || c > 'Z') && c != '.' && c != '-' && c != '_') {
            return false;
        }
    }
    return name.data[0] != '.'; /* It is a part of files' names. */
}

struct adapter *adapter_find(const struct machine *machine, struct slice name)
{
    for (int slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        struct adapter *adapter = machine->adapters[slot];

        if (adapter != NULL &&
            text_compare_nocase(text_slice(adapter->name), name) == 0) {
            return adapter;
        }
    }
    return NULL;
}

void adapter_free(struct adapter *adapter)
{
    if (adapter != NULL) {
        text_free(adapter->name);
        text_free(adapter->output);
        text_free(adapter->transform);
        text_free(adapter->program);
        text_free(adapter->error);
        free(adapter);
    }
}

static void mark(struct turn *turn, const struct adapter *adapter)
{
    changes_mark(&turn->machine->changes, ROW_ADAPTER, adapter->slot, 0, 0);
}

static void tell(struct turn *turn, const struct adapter *adapter, bool is_in)
{
    struct event *event = effects_event(turn->effects, EVENT_ADAPTER_CHANGED);

    event->position = adapter->slot;
    event->is_in = is_in;
    mark(turn, adapter);
}

static uint32_t free_slot(const struct machine *machine)
{
    uint32_t slot = 0;

    while (slot < ARCHIVE_ADAPTERS_MAX && machine->adapters[slot] != NULL) {
        slot += 1;
    }
    return slot;
}

/* What an adapter is to be: what it is, or a new one is at first, and what the
 * command says of it. Borrowed. */
struct wish {
    int type;
    uint32_t run_interval_s;
    struct slice output, transform, program;
};

static struct wish wish_of(const struct adapter *adapter,
                           const Perch__AdapterPut *command)
{
    struct wish wish = {.type = PERCH__ADAPTER_TYPE__XML,
                        .run_interval_s = ARCHIVE_INTERVAL_S};

    if (adapter != NULL) {
        wish = (struct wish){
            adapter->type, adapter->run_interval_s, text_slice(adapter->output),
            text_slice(adapter->transform), text_slice(adapter->program)};
    }
    if (command->has_type) {
        wish.type = (int)command->type;
    }
    if (command->has_run_interval_s) {
        wish.run_interval_s = command->run_interval_s;
    }
    if (command->has_output) {
        wish.output = codec_slice(command->output);
    }
    if (command->has_transform) {
        wish.transform = codec_slice(command->transform);
    }
    if (command->has_program) {
        wish.program = codec_slice(command->program);
    }
    return wish;
}

static bool is_text(struct slice text, size_t bytes_max)
{
    uint64_t characters;

    return text.len <= bytes_max && text_check(text, &characters) == TEXT_FINE;
}

/* A directory, a connection string, a mail URL: one line. */
static bool is_output(const struct wish *wish)
{
    if (wish->output.len == 0) {
        return wish->type == PERCH__ADAPTER_TYPE__PROGRAM;
    }
    return wish->output.len <= ARCHIVE_OUTPUT_BYTES_MAX &&
           text_check_line(wish->output, ARCHIVE_OUTPUT_BYTES_MAX,
                           OUTCOME_NAME_TOO_LONG) == OUTCOME_DONE;
}

static bool is_program(const struct wish *wish)
{
    return wish->type == PERCH__ADAPTER_TYPE__PROGRAM
               ? adapter_is_name(wish->program)
               : wish->program.len == 0;
}

static enum outcome check_wish(const struct wish *wish)
{
    if (wish->type < PERCH__ADAPTER_TYPE__XML ||
        wish->type > PERCH__ADAPTER_TYPE__PROGRAM) {
        return OUTCOME_ADAPTER_TYPE_INVALID;
    }
    if (!is_output(wish)) {
        return OUTCOME_ADAPTER_OUTPUT_INVALID;
    }
    if (wish->run_interval_s < ARCHIVE_INTERVAL_S_MIN ||
        wish->run_interval_s > ARCHIVE_INTERVAL_S_MAX) {
        return OUTCOME_ADAPTER_INTERVAL_INVALID;
    }
    if (!is_text(wish->transform, ARCHIVE_TRANSFORM_BYTES_MAX)) {
        return OUTCOME_ADAPTER_TRANSFORM_INVALID;
    }
    return is_program(wish) ? OUTCOME_DONE : OUTCOME_ADAPTER_PROGRAM_INVALID;
}

static enum outcome check_version(const struct adapter *adapter, bool is_given,
                                  uint32_t if_version)
{
    if (adapter == NULL) {
        return is_given && if_version != 0 ? OUTCOME_ADAPTER_UNKNOWN
                                           : OUTCOME_DONE;
    }
    if (is_given && if_version == 0) {
        return OUTCOME_ADAPTER_EXISTS;
    }
    return is_given && if_version != adapter->version ? OUTCOME_VERSION_STALE
                                                      : OUTCOME_DONE;
}

static enum outcome check_put(const struct machine *machine,
                              const struct adapter *adapter,
                              const Perch__AdapterPut *command)
{
    struct wish wish = wish_of(adapter, command);
    enum outcome outcome;

    if (!adapter_is_name(codec_slice(command->name))) {
        return OUTCOME_ADAPTER_NAME_INVALID;
    }
    outcome =
        check_version(adapter, command->has_if_version, command->if_version);
    if (outcome == OUTCOME_DONE) {
        outcome = check_wish(&wish);
    }
    if (outcome == OUTCOME_DONE && adapter == NULL &&
        free_slot(machine) == ARCHIVE_ADAPTERS_MAX) {
        outcome = OUTCOME_ADAPTERS_FULL;
    }
    return outcome;
}

static struct adapter *add(struct machine *machine, struct slice name)
{
    struct adapter *adapter = calloc(1, sizeof(*adapter));

    CHECK(adapter != NULL);
    adapter->slot = free_slot(machine);
    CHECK(adapter->slot < ARCHIVE_ADAPTERS_MAX);
    adapter->name = text_new(name);
    adapter->disabled = true; /* Until it is told; put_switches. */
    machine->adapters[adapter->slot] = adapter;
    machine->counts[ROW_ADAPTER] += 1;
    return adapter;
}

static void put_switch(bool *to, protobuf_c_boolean is_given,
                       protobuf_c_boolean value)
{
    if (is_given) {
        *to = value;
    }
}

/* Who is to have records lacks those that there are. */
static void enable(struct turn *turn, struct adapter *adapter)
{
    adapter->disabled = false;
    adapter->enabled_us = turn->sent_at_us;
    if (adapter->acked_csn < turn->machine->ledger.records_talk) {
        adapter->lacking_us = turn->sent_at_us;
    }
}

static void put_switches(struct turn *turn, struct adapter *adapter,
                         const Perch__AdapterPut *command)
{
    bool is_new = adapter->version == 0;

    put_switch(&adapter->one_room_per_file, command->has_one_room_per_file,
               command->one_room_per_file);
    put_switch(&adapter->room_details, command->has_room_details,
               command->room_details);
    put_switch(&adapter->user_details, command->has_user_details,
               command->user_details);
    put_switch(&adapter->attachments_manifest,
               command->has_attachments_manifest,
               command->attachments_manifest);
    if (adapter->disabled && (command->has_disabled || is_new) &&
        !command->disabled) {
        enable(turn, adapter);
    }
    put_switch(&adapter->disabled, command->has_disabled, command->disabled);
}

static void put(struct turn *turn, struct adapter *adapter,
                const Perch__AdapterPut *command)
{
    struct wish wish = wish_of(adapter->version == 0 ? NULL : adapter, command);

    adapter->type = (uint8_t)wish.type;
    adapter->run_interval_s = wish.run_interval_s;
    if (command->has_output) {
        text_replace(&adapter->output, wish.output);
    }
    if (command->has_transform) {
        text_replace(&adapter->transform, wish.transform);
    }
    if (command->has_program) {
        text_replace(&adapter->program, wish.program);
    }
    put_switches(turn, adapter, command);
    adapter->version += 1;
    turn->value = adapter->version;
    tell(turn, adapter, true);
}

enum outcome adapter_put(struct turn *turn, const Perch__AdapterPut *command)
{
    struct machine *machine = turn->machine;
    struct slice name = codec_slice(command->name);
    struct adapter *adapter = adapter_find(machine, name);
    enum outcome outcome = check_put(machine, adapter, command);

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }
    if (adapter == NULL) {
        adapter = add(machine, name);
    }
    put(turn, adapter, command);
    return OUTCOME_DONE;
}

enum outcome adapter_remove(struct turn *turn,
                            const Perch__AdapterRemove *command)
{
    struct machine *machine = turn->machine;
    struct adapter *adapter = adapter_find(machine, codec_slice(command->name));

    if (adapter == NULL) {
        return OUTCOME_ADAPTER_UNKNOWN;
    }
    if (command->has_if_version && command->if_version != adapter->version) {
        return OUTCOME_VERSION_STALE;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    turn->value = adapter->slot;
    tell(turn, adapter, false);
    machine->adapters[adapter->slot] = NULL;
    machine->counts[ROW_ADAPTER] -= 1;
    adapter_free(adapter);
    return OUTCOME_DONE;
}

static enum outcome check_cut(const struct machine *machine,
                              const struct adapter *adapter)
{
    if (adapter == NULL) {
        return OUTCOME_ADAPTER_UNKNOWN;
    }
    if (adapter->disabled) {
        return OUTCOME_ADAPTER_DISABLED;
    }
    if (machine->ledger.records_talk <= adapter->cut_csn) {
        return OUTCOME_CUT_EMPTY;
    }
    return adapter->n_cuts == ARCHIVE_CUTS_MAX ? OUTCOME_CUTS_FULL
                                               : OUTCOME_DONE;
}

enum outcome cut(struct turn *turn, const Perch__Cut *command)
{
    struct machine *machine = turn->machine;
    struct adapter *adapter =
        adapter_find(machine, codec_slice(command->adapter));
    enum outcome outcome = check_cut(machine, adapter);
    uint64_t records = machine->ledger.frontier.size;
    struct event *event;

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    adapter->cuts[adapter->n_cuts++] =
        (struct cut_view){adapter->cut_csn, records - 1, turn->sent_at_us};
    adapter->cut_csn = records;
    adapter->cut_us = turn->sent_at_us;
    mark(turn, adapter);
    event = effects_event(turn->effects, EVENT_CUT);
    event->position = adapter->slot;
    event->message_id = records - 1;
    turn->value = records - 1;
    return OUTCOME_DONE;
}

/* What it lacks now came after its oldest cut was made. */
static void acknowledge(struct turn *turn, struct adapter *adapter)
{
    struct cut_view *cuts = adapter->cuts;
    bool has_all;

    adapter->acked_csn = cuts[0].last_csn + 1;
    adapter->acked_us = turn->sent_at_us;
    has_all = adapter->acked_csn >= turn->machine->ledger.records_talk;
    adapter->lacking_us = has_all ? 0 : cuts[0].at_us;
    adapter->n_cuts -= 1;
    memmove(cuts, cuts + 1, adapter->n_cuts * sizeof(*cuts));
    text_replace(&adapter->error, SLICE_NONE);
    adapter->attempts = 0;
    mark(turn, adapter);
}

enum outcome cut_done(struct turn *turn, const Perch__CutDone *command)
{
    struct adapter *adapter =
        adapter_find(turn->machine, codec_slice(command->adapter));
    struct event *event;

    if (adapter == NULL) {
        return OUTCOME_ADAPTER_UNKNOWN;
    }
    if (adapter->n_cuts == 0 ||
        adapter->cuts[0].last_csn != command->last_csn) {
        return OUTCOME_CUT_UNKNOWN;
    }
    if (command->sheet.len != sizeof(adapter->sheet)) {
        return OUTCOME_CUT_SHEET_INVALID;
    }

    memcpy(adapter->sheet, command->sheet.data, sizeof(adapter->sheet));
    acknowledge(turn, adapter);
    event = effects_event(turn->effects, EVENT_DELIVERED);
    event->position = adapter->slot;
    event->message_id = command->last_csn;
    turn->value = command->last_csn;
    return OUTCOME_DONE;
}

enum outcome adapter_report(struct turn *turn,
                            const Perch__AdapterReport *command)
{
    struct adapter *adapter =
        adapter_find(turn->machine, codec_slice(command->adapter));
    struct slice error = codec_slice(command->error);

    if (adapter == NULL) {
        return OUTCOME_ADAPTER_UNKNOWN;
    }
    if (!is_text(error, ARCHIVE_ERROR_BYTES_MAX)) {
        return OUTCOME_ADAPTER_REPORT_INVALID;
    }
    text_replace(&adapter->error, error);
    adapter->attempts = command->attempts;
    mark(turn, adapter);
    return OUTCOME_DONE;
}

void adapter_begin(struct turn *turn, struct adapter *adapter)
{
    adapter->past_acked = adapter->acked_csn;
    adapter->from_csn = 0;
    adapter->cut_csn = 0;
    adapter->acked_csn = 0;
    adapter->cut_us = 0;
    adapter->acked_us = 0;
    adapter->lacking_us = 0;
    adapter->n_cuts = 0;
    memset(adapter->sheet, 0, sizeof(adapter->sheet));
    mark(turn, adapter);
}
