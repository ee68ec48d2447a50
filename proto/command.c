#include "proto/command.h"

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

uint32_t command_needs_rules(const Perch__Command *command)
{
    uint32_t needs = command->has_needs_rules ? command->needs_rules : 1;

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
