/* The commands of perch, one file each.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_COMMAND_H
#define OPS_PERCH_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "ops/client/event.h"

struct app;

struct command {
    const char *name;
    const char *usage; /* What follows its name. */
    const char *help;  /* A line. */
    size_t words_min, words_max;
    bool goes_on; /* Until it is interrupted: then it is done. */

    /* Begin; the client is about to connect. */
    void (*begin)(struct app *app);

    /* Take an event. */
    void (*event)(struct app *app, const struct client_event *event);

    /* The end, whatever the reason: free what begin made. May be NULL. */
    void (*end)(struct app *app);
};

extern const struct command command_check, command_rooms, command_who,
    command_history, command_search, command_post, command_follow, command_chat,
    command_news, command_read, command_followed, command_unfollow,
    command_feeds, command_feed, command_people, command_invitations,
    command_correct, command_withdraw;

/** Find a command by name. NULL: there is none. */
const struct command *command_find(const char *name);

/** The command at a place of the list; NULL behind the last. */
const struct command *command_at(size_t index);

#endif
