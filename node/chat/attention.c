#include "node/chat/attention.h"

#include <stdlib.h>

#include "node/chat/policy.h"
#include "node/chat/publication.h"
#include "node/chat/reading.h"
#include "node/chat/user.h"
#include "proto/base/check.h"

enum outcome attention_actor(const struct turn *turn,
                             const Perch__Command *command,
                             struct user **user_out)
{
    struct user *user = user_find(turn->machine, codec_slice(command->user));

    if (user == NULL) {
        return OUTCOME_USER_UNKNOWN;
    }
    if (user->disabled) {
        return OUTCOME_USER_DISABLED;
    }
    if (!policy_allows(turn->machine, user)) {
        return OUTCOME_CHAT_NOT_ENABLED;
    }
    *user_out = user;
    return OUTCOME_DONE;
}

struct attention *attention_of(struct user *user)
{
    if (user->attention == NULL) {
        user->attention = calloc(1, sizeof(*user->attention));
        CHECK(user->attention != NULL);
        RB_INIT(&user->attention->publications);
    }
    return user->attention;
}

void attention_follow(struct machine *machine, const struct user *user,
                      uint32_t number, bool follows)
{
    struct room *room = table_at(&machine->rooms, number);
    uint32_t bits;

    if (room == NULL) {
        return;
    }
    bits = number_map_get(&room->attendants, user->principal.number);
    CHECK(follows || bits >= ATTENDS_FOLLOW);
    number_map_set(&room->attendants, user->principal.number,
                   follows ? bits + ATTENDS_FOLLOW : bits - ATTENDS_FOLLOW);
}

void attention_end_user(struct machine *machine, struct user *user)
{
    struct attention *attention = user->attention;

    if (attention == NULL) {
        return;
    }
    publication_drop_all(machine, user);
    while (attention->n_marks > 0) {
        reading_drop(machine, user,
                     attention->marks[attention->n_marks - 1].room);
    }
    if (attention->feeds_version != 0) {
        CHECK(machine->counts[ROW_FEEDS] > 0);
        machine->counts[ROW_FEEDS] -= 1;
        changes_mark(&machine->changes, ROW_FEEDS, user->principal.number, 0,
                     0);
    }
    attention_free(user);
}

void attention_end_room(struct machine *machine, struct room *room)
{
    while (room->attendants.n > 0) {
        uint32_t number = room->attendants.pairs[room->attendants.n - 1].number;
        struct user *user = table_at(&machine->users, number);

        CHECK(user != NULL);
        publication_lose_room(machine, user, room->place.number);
        reading_drop(machine, user, room->place.number);
        number_map_set(&room->attendants, number, 0);
    }
}

void attention_free(struct user *user)
{
    struct attention *attention = user->attention;

    if (attention == NULL) {
        return;
    }
    publication_free_all(attention);
    free(attention->marks);
    text_free(attention->feeds);
    free(attention);
    user->attention = NULL;
}
