#include <stdio.h>

#include "node/chat/adapter.h"
#include "node/chat/adapter_output.h"
#include "node/chat/record_value.h"
#include "node/chat/setting.h"
#include "node/chat/witness.h"
#include "proto/base/check.h"
#include "proto/tlog/hash.h"

static void pool_lines(const struct machine *machine, struct buffer *to)
{
    line_text(to, "domain", text_slice(machine->domain));
    line_text(to, "pool_uri", text_slice(machine->pool_uri));
    line_text(to, "web_url", text_slice(machine->web_url));
    for (int i = 0; i < SETTINGS; i++) {
        line_number(to, setting_fact((enum setting)i)->name,
                    machine->settings[i]);
    }
}

static const char *type_name(uint8_t type)
{
    static const char *const names[] = {
        [PERCH__ADAPTER_TYPE__XML] = "xml",
        [PERCH__ADAPTER_TYPE__FILEDUMP] = "filedump",
        [PERCH__ADAPTER_TYPE__CSV] = "csv",
        [PERCH__ADAPTER_TYPE__EML] = "eml",
        [PERCH__ADAPTER_TYPE__RSMF] = "rsmf",
        [PERCH__ADAPTER_TYPE__POSTGRESQL] = "postgresql",
        [PERCH__ADAPTER_TYPE__PROGRAM] = "program",
    };

    return type >= 1 && type < sizeof(names) / sizeof(names[0]) ? names[type]
                                                                : "unknown";
}

/* Of a text that is too long to be shown. */
static void line_digest(struct buffer *to, const char *name, struct slice text)
{
    struct merkle_hash hash;
    char shown[32];

    hash_bytes(text, &hash);
    snprintf(shown, sizeof(shown), "%zu bytes", text.len);
    line_hiding(to, name, slice_of_text(shown),
                slice_of(hash.bytes, sizeof(hash.bytes)));
}

/* A password in it is masked, and yet it tells that it was changed. */
static void output_line(struct slice output, struct buffer *to)
{
    struct buffer shown = BUFFER_EMPTY;
    struct merkle_hash hash;

    if (!adapter_output_hides(output)) {
        line_text(to, "output", output);
        return;
    }
    hash_bytes(output, &hash);
    adapter_output_show(output, &shown);
    CHECK(!buffer_failed(&shown));
    line_hiding(to, "output", buffer_slice(&shown),
                slice_of(hash.bytes, sizeof(hash.bytes)));
    buffer_deinit(&shown);
}

static void adapter_lines(const struct machine *machine,
                          ProtobufCBinaryData name, struct buffer *to)
{
    const struct adapter *adapter = adapter_find(machine, codec_slice(name));

    if (adapter == NULL) {
        return;
    }
    line_name(to, "type", type_name(adapter->type));
    output_line(text_slice(adapter->output), to);
    line_text(to, "program", text_slice(adapter->program));
    line_number(to, "run_interval_s", adapter->run_interval_s);
    line_switch(to, "one_room_per_file", adapter->one_room_per_file);
    line_switch(to, "room_details", adapter->room_details);
    line_switch(to, "user_details", adapter->user_details);
    line_switch(to, "attachments_manifest", adapter->attachments_manifest);
    line_switch(to, "disabled", adapter->disabled);
    line_digest(to, "transform", text_slice(adapter->transform));
}

static void witness_lines(const struct machine *machine,
                          ProtobufCBinaryData name, struct buffer *to)
{
    uint32_t slot = witness_find(machine, codec_slice(name));

    if (slot < ARCHIVE_WITNESSES_MAX) {
        const struct witness *witness = machine->witnesses[slot];

        line_text(to, "url", text_slice(witness->url));
        line_hiding(to, "key", SLICE_LITERAL("set"),
                    slice_of(witness->public_key, NOTE_KEY_BYTES));
    }
}

void record_lines_of_pool(const struct machine *machine,
                          const Perch__Command *command, struct buffer *to)
{
    switch ((int)command->kind_case) {
    case PERCH__COMMAND__KIND_POOL_PUT:
        pool_lines(machine, to);
        break;
    case PERCH__COMMAND__KIND_ADAPTER_PUT:
        adapter_lines(machine, command->adapter_put->name, to);
        break;
    case PERCH__COMMAND__KIND_ADAPTER_REMOVE:
        adapter_lines(machine, command->adapter_remove->name, to);
        break;
    case PERCH__COMMAND__KIND_WITNESS_PUT:
        witness_lines(machine, command->witness_put->name, to);
        break;
    case PERCH__COMMAND__KIND_WITNESS_REMOVE:
        witness_lines(machine, command->witness_remove->name, to);
        break;
    default:
        break;
    }
}
