#include <stdlib.h>

#include "node/chat/addin.h"
#include "node/chat/category.h"
#include "node/chat/manage.h"
#include "node/chat/place.h"
#include "node/chat/presenter.h"
#include "node/chat/role.h"
#include "node/chat/room.h"
#include "proto/base/check.h"

/* A room to be, with what it names looked up. */
enum { LISTS = 4 };

struct plan {
    const struct user *creator; /* NULL: an administrator. */
    ProtobufCBinaryData creator_uri;
    struct category *category;
    struct addin *addin; /* NULL: none. */
    struct guid guid;
    struct role_list lists[LISTS];
};

/* A plan lends its creator's URI to its lists: it stays where it is. */
static void plan_init(struct plan *plan, const struct user *creator,
                      const Perch__RoomCreate *command)
{
    *plan = (struct plan){
        .creator = creator,
        .lists = {{command->n_members, command->members, ROLE_MEMBER, false},
                  {command->n_managers, command->managers, ROLE_MANAGER, false},
                  {command->n_presenters, command->presenters, ROLE_PRESENTER,
                   false},
                  {0, &plan->creator_uri, ROLE_MANAGER, false}},
    };
    if (creator != NULL) { /* Whoever creates a room manages it. */
        plan->creator_uri = codec_bytes(text_slice(creator->uri));
        plan->lists[LISTS - 1].n = 1;
    }
}

static bool is_full(const struct machine *machine)
{
    return machine->counts[ROW_ROOM] >= machine->settings[SETTING_ROOMS_MAX] ||
           machine->place_last == NUMBERS_MAX;
}

/* A user's right comes before all else: to those without it a name that is
 * taken would tell of a secret room. */
static enum outcome check_creator(struct turn *turn, struct plan *plan,
                                  const Perch__RoomCreate *command)
{
    enum outcome outcome;

    if (plan->creator == NULL) {
        return OUTCOME_DONE;
    }
    outcome = category_find(turn->machine, command->category, &plan->category);
    return outcome == OUTCOME_DONE
               ? manage_create(plan->creator, plan->category)
               : outcome;
}

static enum outcome check_room(struct turn *turn, struct plan *plan,
                               const Perch__RoomCreate *command)
{
    enum outcome outcome = place_check_new(
        turn->machine, command->room, codec_slice(command->name),
        codec_slice(command->description), &plan->guid);

    if (outcome == OUTCOME_DONE) {
        outcome =
            category_find(turn->machine, command->category, &plan->category);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = room_check_kind(turn->machine, command->visibility,
                                  command->behavior);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = addin_find(turn->machine, command->addin, &plan->addin);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return is_full(turn->machine) ? OUTCOME_ROOMS_FULL : OUTCOME_DONE;
}

static enum outcome check_lists(struct turn *turn, const struct plan *plan,
                                const Perch__RoomCreate *command)
{
    struct presenters presenters = {.visibility = command->visibility,
                                    .behavior = command->behavior,
                                    .lists = plan->lists,
                                    .n_lists = LISTS};
    enum outcome outcome = role_check(turn, NULL, plan->lists, LISTS);

    if (outcome == OUTCOME_DONE) {
        outcome = role_check_scope(turn, plan->category, plan->lists, LISTS);
    }
    return outcome == OUTCOME_DONE ? presenter_check(turn, &presenters)
                                   : outcome;
}

static struct room *begin(struct turn *turn, const struct plan *plan,
                          const Perch__RoomCreate *command)
{
    struct room *room = calloc(1, sizeof(*room));
    bool adopted;

    CHECK(room != NULL);
    room->place.is_room = true;
    place_init(turn, &room->place, &plan->guid, codec_slice(command->name),
               codec_slice(command->description));
    room->category = plan->category;
    room->visibility = (uint8_t)command->visibility;
    room->behavior = (uint8_t)command->behavior;
    room->disabled = command->disabled;
    room->invitations_off = command->has_invitations && !command->invitations;
    room->files_off = command->has_file_upload && !command->file_upload;
    addin_carry(room, plan->addin);
    adopted = room_adopt(turn->machine, room);
    CHECK(adopted);
    return room;
}

enum outcome room_create(struct turn *turn, const Perch__Command *command)
{
    const Perch__RoomCreate *create = command->room_create;
    const struct user *creator = NULL;
    enum outcome outcome = manage_actor(turn, command, &creator);
    struct plan plan;
    struct room *room;

    plan_init(&plan, creator, create);
    if (outcome == OUTCOME_DONE) {
        outcome = check_creator(turn, &plan, create);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = check_room(turn, &plan, create);
    }
    if (outcome == OUTCOME_DONE) {
        outcome = check_lists(turn, &plan, create);
    }
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    room = begin(turn, &plan, create);
    /* The room is told before its roles, which name it. */
    room_tell(turn, room, EVENT_ROOM_CREATED, 0);
    role_apply(turn, &room->place, plan.lists, LISTS);
    turn->value = room->place.number;
    return OUTCOME_DONE;
}
