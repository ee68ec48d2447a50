#include "proto/command.h"

#include <string.h>

static const struct {
    Perch__Command__KindCase kind;
    const char *name;
    uint32_t since;
} kinds[] = {
#define KIND_ROW(upper, lower, since)                                          \
    {PERCH__COMMAND__KIND_##upper, #lower, since},
    COMMAND_KIND_LIST(KIND_ROW)
#undef KIND_ROW
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

enum error command_read(struct arena *arena, struct slice bytes,
                        Perch__Command **command_out)
{
    return codec_read(arena, &perch__command__descriptor, bytes, command_out);
}

static const struct {
    Perch__Command__KindCase kind;
    uint32_t first;
    uint32_t since;
} fields[] = {
#define FIELD_ROW(upper, lower, first, since)                                  \
    {PERCH__COMMAND__KIND_##upper, first, since},
    COMMAND_FIELD_LIST(FIELD_ROW)
#undef FIELD_ROW
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* Optional fields have a flag, lists a count; both lie where the descriptor
 * says. */
static bool is_set(const ProtobufCMessage *message,
                   const ProtobufCFieldDescriptor *field)
{
    const char *at = (const char *)message + field->quantifier_offset;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t n;

        memcpy(&n, at, sizeof(n));
        return n > 0;
    }
    return *(const protobuf_c_boolean *)at != 0;
}

static bool has_field_from(const ProtobufCMessage *message, uint32_t first)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (descriptor->fields[i].id >= first &&
            is_set(message, &descriptor->fields[i])) {
            return true;
        }
    }
    return false;
}

/* What the fields that a kind was given later ask for. */
static uint32_t fields_need(const Perch__Command *command)
{
    uint32_t needs = 1;

    for (size_t i = 0; i < FIELDS; i++) {
        /* Every member of the union is a pointer to a message. */
        if (fields[i].kind == command->kind_case && fields[i].since > needs &&
            has_field_from(&command->post->base, fields[i].first)) {
            needs = fields[i].since;
        }
    }
    return needs;
}

/* What is said of the actor asks for. */
static uint32_t envelope_needs(const Perch__Command *command)
{
    uint32_t needs = 1;

#define ENVELOPE_NEEDS(field, since)                                           \
    if (command->has_##field && needs < (since)) {                             \
        needs = since;                                                         \
    }
    COMMAND_ENVELOPE_LIST(ENVELOPE_NEEDS)
#undef ENVELOPE_NEEDS
    return needs;
}

uint32_t command_needs_rules(const Perch__Command *command)
{
    uint32_t needs = fields_need(command);

    if (envelope_needs(command) > needs) {
        needs = envelope_needs(command);
    }

    if (command->has_needs_rules && command->needs_rules > needs) {
        needs = command->needs_rules;
    }
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].kind == command->kind_case && kinds[i].since > needs) {
            needs = kinds[i].since;
        }
    }
    return needs;
}

void command_write(Perch__Command *command, struct buffer *to)
{
    uint32_t needs = command_needs_rules(command);

    if (needs > 1) {
        CODEC_SET(command, needs_rules, needs);
    }
    codec_write(&command->base, to);
}

const char *command_kind_name(Perch__Command__KindCase kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].name;
        }
    }
    return "unknown";
}
