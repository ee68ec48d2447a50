#include "ops/perch/command.h"

#include <string.h>

static const struct command *const commands[] = {
    &command_chat,        &command_follow,   &command_post,   &command_history,
    &command_correct,     &command_withdraw, &command_search, &command_rooms,
    &command_who,         &command_news,     &command_read,   &command_followed,
    &command_unfollow,    &command_feeds,    &command_feed,   &command_people,
    &command_invitations, &command_check,
};

const struct command *command_find(const char *name)
{
    const struct command *command;

    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        if (strcmp(command->name, name) == 0) {
            return command;
        }
    }
    return NULL;
}

const struct command *command_at(size_t index)
{
    return index < sizeof(commands) / sizeof(commands[0]) ? commands[index]
                                                          : NULL;
}
