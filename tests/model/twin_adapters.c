/* The twin's compliance adapters and their cuts. */
#include <string.h>

#include "tests/model/twin.h"

static struct twin_adapter *find(struct twin *twin, ProtobufCBinaryData name)
{
    for (int i = 0; i < 16; i++) {
        struct twin_adapter *adapter = &twin->archive.adapters[i];

        if (adapter->exists &&
            twin_same_nocase(adapter->name.bytes, adapter->name.len, name.data,
                             name.len)) {
            return adapter;
        }
    }
    return NULL;
}

static uint32_t slot_of(const struct twin *twin,
                        const struct twin_adapter *adapter)
{
    return (uint32_t)(adapter - twin->archive.adapters);
}

static bool is_name(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (memchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                   "0123456789.-_",
                   bytes[i], 65) == NULL) {
            return false;
        }
    }
    return len >= 1 && len <= 64 && bytes[0] != '.';
}

static enum outcome check_version(const struct twin_adapter *adapter, bool has,
                                  uint32_t version)
{
    if (adapter == NULL) {
        return has && version > 0 ? OUTCOME_ADAPTER_UNKNOWN : OUTCOME_DONE;
    }
    if (has && version == 0) {
        return OUTCOME_ADAPTER_EXISTS;
    }
    return has && version != adapter->version ? OUTCOME_VERSION_STALE
                                              : OUTCOME_DONE;
}

/* What it would be, and how long its texts would be. */
struct would {
    int type;
    uint32_t interval;
    size_t transform;
    ProtobufCBinaryData output, program;
};

static ProtobufCBinaryData lend(const struct twin_text *text)
{
    return (ProtobufCBinaryData){text->len, (uint8_t *)(uintptr_t)text->bytes};
}

static struct would would_be(const struct twin_adapter *adapter,
                             const Perch__AdapterPut *c)
{
    struct would would = {.type = 1, .interval = 900};

    if (adapter != NULL) {
        would = (struct would){adapter->type, (uint32_t)adapter->interval,
                               adapter->transform.len, lend(&adapter->output),
                               lend(&adapter->program)};
    }
    would.type = c->has_type ? (int)c->type : would.type;
    would.interval = c->has_run_interval_s ? c->run_interval_s : would.interval;
    would.transform = c->has_transform ? c->transform.len : would.transform;
    would.output = c->has_output ? c->output : would.output;
    would.program = c->has_program ? c->program : would.program;
    return would;
}

static enum outcome check(const struct would *would, const Perch__AdapterPut *c)
{
    bool is_program = would->type == 7;

    if (would->type < 1 || would->type > 7) {
        return OUTCOME_ADAPTER_TYPE_INVALID;
    }
    if ((would->output.len == 0 && !is_program) || would->output.len > 1024 ||
        twin_characters(would->output) < 0 ||
        (would->output.len > 0 &&
         memchr(would->output.data, '\n', would->output.len) != NULL)) {
        return OUTCOME_ADAPTER_OUTPUT_INVALID;
    }
    if (would->interval < 60 || would->interval > 2592000) {
        return OUTCOME_ADAPTER_INTERVAL_INVALID;
    }
    if (would->transform > 262144 ||
        (c->has_transform && twin_characters(c->transform) < 0)) {
        return OUTCOME_ADAPTER_TRANSFORM_INVALID;
    }
    if (is_program) {
        return is_name((const char *)would->program.data, would->program.len)
                   ? OUTCOME_DONE
                   : OUTCOME_ADAPTER_PROGRAM_INVALID;
    }
    return would->program.len == 0 ? OUTCOME_DONE
                                   : OUTCOME_ADAPTER_PROGRAM_INVALID;
}

static void put(struct twin *twin, struct twin_adapter *adapter,
                const Perch__AdapterPut *c)
{
    struct would would = would_be(adapter->exists ? adapter : NULL, c);
    bool was_off = !adapter->exists || adapter->disabled;

    if (!adapter->exists) {
        twin_copy(&adapter->name, c->name, false);
    }
    adapter->exists = true;
    adapter->type = would.type;
    adapter->interval = would.interval;
    if (c->has_output) {
        twin_copy(&adapter->output, c->output, false);
    }
    if (c->has_transform) {
        twin_copy(&adapter->transform, c->transform, false);
    }
    if (c->has_program) {
        twin_copy(&adapter->program, c->program, false);
    }
    adapter->switches[0] =
        c->has_one_room_per_file ? c->one_room_per_file : adapter->switches[0];
    adapter->switches[1] =
        c->has_room_details ? c->room_details : adapter->switches[1];
    adapter->switches[2] =
        c->has_user_details ? c->user_details : adapter->switches[2];
    adapter->switches[3] = c->has_attachments_manifest ? c->attachments_manifest
                                                       : adapter->switches[3];
    adapter->disabled = c->has_disabled ? c->disabled : adapter->disabled;
    if (was_off && !adapter->disabled) {
        adapter->enabled = twin->now;
        if (adapter->acked < twin->archive.talk) {
            adapter->lacking = twin->now;
        }
    }
    adapter->version += 1;
}

enum outcome twin_adapter_put(struct twin *twin, const Perch__AdapterPut *c)
{
    struct twin_adapter *adapter = find(twin, c->name);
    struct would would = would_be(adapter, c);
    enum outcome outcome;
    struct event *event;

    if (!is_name((const char *)c->name.data, c->name.len)) {
        return OUTCOME_ADAPTER_NAME_INVALID;
    }
    outcome = check_version(adapter, c->has_if_version, c->if_version);
    if (outcome == OUTCOME_DONE) {
        outcome = check(&would, c);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    for (int i = 0; i < 16 && adapter == NULL; i++) {
        if (!twin->archive.adapters[i].exists) {
            adapter = &twin->archive.adapters[i];
        }
    }
    if (adapter == NULL) {
        return OUTCOME_ADAPTERS_FULL;
    }
    put(twin, adapter, c);
    twin->value = adapter->version;
    event = twin_event(twin, EVENT_ADAPTER_CHANGED);
    event->position = slot_of(twin, adapter);
    event->is_in = true;
    return OUTCOME_DONE;
}

enum outcome twin_adapter_remove(struct twin *twin,
                                 const Perch__AdapterRemove *c)
{
    struct twin_adapter *adapter = find(twin, c->name);

    if (adapter == NULL) {
        return OUTCOME_ADAPTER_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != adapter->version) {
        return OUTCOME_VERSION_STALE;
    }
    twin->value = slot_of(twin, adapter);
    twin_event(twin, EVENT_ADAPTER_CHANGED)->position = (uint32_t)twin->value;
    memset(adapter, 0, sizeof(*adapter));
    return OUTCOME_DONE;
}

static void tell(struct twin *twin, enum event_kind kind,
                 const struct twin_adapter *adapter, uint64_t last)
{
    struct event *event = twin_event(twin, kind);

    event->position = slot_of(twin, adapter);
    event->message_id = last;
    twin->value = last;
}

enum outcome twin_cut(struct twin *twin, const Perch__Cut *c)
{
    struct twin_adapter *adapter = find(twin, c->adapter);
    uint64_t size = twin->archive.tree.size;

    if (adapter == NULL) {
        return OUTCOME_ADAPTER_UNKNOWN;
    }
    if (adapter->disabled) {
        return OUTCOME_ADAPTER_DISABLED;
    }
    if (adapter->cut >= twin->archive.talk) {
        return OUTCOME_CUT_EMPTY;
    }
    if (adapter->n_cuts >= 64) {
        return OUTCOME_CUTS_FULL;
    }
    adapter->ends[adapter->n_cuts] = size;
    adapter->at[adapter->n_cuts] = twin->now;
    adapter->n_cuts += 1;
    adapter->cut = size;
    adapter->cut_at = twin->now;
    tell(twin, EVENT_CUT, adapter, size - 1);
    return OUTCOME_DONE;
}

enum outcome twin_cut_done(struct twin *twin, const Perch__CutDone *c)
{
    struct twin_adapter *adapter = find(twin, c->adapter);

    if (adapter == NULL) {
        return OUTCOME_ADAPTER_UNKNOWN;
    }
    if (adapter->n_cuts == 0 || adapter->ends[0] - 1 != c->last_csn) {
        return OUTCOME_CUT_UNKNOWN;
    }
    if (c->sheet.len != 32) {
        return OUTCOME_CUT_SHEET_INVALID;
    }
    adapter->acked = adapter->ends[0];
    adapter->acked_at = twin->now;
    adapter->sheet = c->sheet.data[0];
    adapter->lacking =
        adapter->acked >= twin->archive.talk ? 0 : adapter->at[0];
    for (size_t i = 1; i < adapter->n_cuts; i++) {
        adapter->ends[i - 1] = adapter->ends[i];
        adapter->at[i - 1] = adapter->at[i];
    }
    adapter->n_cuts -= 1;
    adapter->error.len = 0;
    adapter->attempts = 0;
    tell(twin, EVENT_DELIVERED, adapter, c->last_csn);
    return OUTCOME_DONE;
}

enum outcome twin_adapter_report(struct twin *twin,
                                 const Perch__AdapterReport *c)
{
    struct twin_adapter *adapter = find(twin, c->adapter);

    if (adapter == NULL) {
        return OUTCOME_ADAPTER_UNKNOWN;
    }
    if (c->error.len > 500 || twin_characters(c->error) < 0) {
        return OUTCOME_ADAPTER_REPORT_INVALID;
    }
    twin_copy(&adapter->error, c->error, false);
    adapter->attempts = c->attempts;
    return OUTCOME_DONE;
}
