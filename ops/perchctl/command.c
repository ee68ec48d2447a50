#include "ops/perchctl/command.h"

#include <string.h>

#include "ops/perchctl/command_parts.h"

/* In the order of help and manual. */
static const struct command *const tables[] = {
    command_servers,  command_rooms,   command_users,
    command_messages, command_archive,
};

const struct command *command_at(size_t i)
{
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        const struct command *command = tables[t];

        for (; command->group != NULL; command++) {
            if (i == 0) {
                return command;
            }
            i--;
        }
    }
    return NULL;
}

const ProtobufCMessageDescriptor *command_request(const struct command *command)
{
    return command->own != NULL ? command->own
                                : admin_fact(command->kind)->request;
}

bool command_is_of(const struct command *command, const char *group)
{
    static const struct {
        const char *other, *group;
    } others[] = {{"node", "nodes"},
                  {"room", "rooms"},
                  {"category", "categories"},
                  {"user", "users"},
                  {"group", "groups"},
                  {"session", "sessions"},
                  {"administrator", "administrators"},
                  {"addin", "addins"},
                  {"filter", "filters"},
                  {"message", "messages"},
                  {"hold", "holds"},
                  {"settings", "pool"}};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(group, others[i].other) == 0) {
            group = others[i].group;
        }
    }
    return strcmp(command->group, group) == 0;
}

bool command_has_group(const char *group)
{
    const struct command *command;

    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        if (command_is_of(command, group)) {
            return true;
        }
    }
    return false;
}

bool command_verb_goes_on(const char *group, const char *verb)
{
    size_t len = strlen(verb);
    const struct command *command;

    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        if (command_is_of(command, group) &&
            strncmp(command->verb, verb, len) == 0 &&
            command->verb[len] == ' ') {
            return true;
        }
    }
    return false;
}

const struct command *command_find(const char *group, const char *verb)
{
    const struct command *command;

    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        if (command_is_of(command, group) &&
            (command->verb[0] == '\0' ||
             (verb != NULL && strcmp(command->verb, verb) == 0))) {
            return command;
        }
    }
    return NULL;
}
