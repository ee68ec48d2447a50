/* What a town's administrators do to people's rights while people talk: groups,
 * units and sites come, change and hold each other; clubs are made, moved,
 * opened, closed and made secret; and, at any moment, the rules are raised.
 *
 * A kind of command is one function, here or where council.h says, and one line
 * of deeds[]. It says nothing of what must come of it: the witness's twin
 * knows.
 */
#include "tests/sim/town/council.h"
#include "tests/sim/town/council_words.h"

#include <string.h>

#include "node/chat/limits.h"
#include "proto/codec.h"
#include "proto/command.h"

enum {
    HALLS_AT_FIRST = 2,
    CLUBS_AT_FIRST = 4,
    NUMBERS_MAX_OF_COUNCIL = 30, /* Of users and groups that are created. */
};

static ProtobufCBinaryData any_club(struct decision *decision)
{
    return council_room(decision, council_club(decision));
}

static ProtobufCBinaryData any_hall(struct decision *decision)
{
    return council_hall(decision,
                        council_below(decision, decision->town->council.halls));
}

static ProtobufCBinaryData any_group(struct decision *decision)
{
    return council_group(council_below(decision, COUNCIL_GROUPS));
}

/* A user without devices. */
static ProtobufCBinaryData bystander(struct decision *decision)
{
    return council_user(
        decision, COUNCIL_GUESTS +
                      council_below(decision, COUNCIL_USERS - COUNCIL_GUESTS));
}

/* Half of the time, a list of people in a field. */
#define MAYBE_PEOPLE(decision, message, field)                                 \
    do {                                                                       \
        if (council_odds((decision), 2)) {                                     \
            (message)->field =                                                 \
                council_people((decision), &(message)->n_##field);             \
        }                                                                      \
    } while (0)

static Perch__Visibility visibility(struct decision *decision)
{
    static const Perch__Visibility all[] = {
        PERCH__VISIBILITY__OPEN, PERCH__VISIBILITY__CLOSED,
        PERCH__VISIBILITY__CLOSED, PERCH__VISIBILITY__SECRET};

    return all[council_below(decision, 4)];
}

/* --- Deeds --- */

static void raise_rules(struct decision *decision)
{
    Perch__RulesRaise *raise = COUNCIL_MAKE(decision, RULES_RAISE, rules_raise);

    CODEC_SET(raise, version,
              decision->town->council.raises || council_odds(decision, 2)
                  ? COMMAND_RULES_KNOWN
                  : 1 + council_below(decision, COMMAND_RULES_KNOWN + 1));
    decision->town->council.raises = false;
}

/* The pool gives up a host that is down: one of an older program does not hold
 * up a raise any more, and must stop where it comes to it. */
static void lose_host(struct decision *decision)
{
    const struct town *town = decision->town;
    Perch__NodeLost *lost = COUNCIL_MAKE(decision, NODE_LOST, node_lost);
    const struct host *host =
        &town->hosts[council_below(decision, town->settings.hosts)];

    for (unsigned i = 0; i < town->settings.hosts; i++) {
        if (town->hosts[i].backend == NULL) {
            host = &town->hosts[i];
        }
    }
    CODEC_SET(lost, node, host->number);
    CODEC_SET(lost, epoch, /* Another: refused. */
              host->backend != NULL || town->witness == NULL
                  ? 1
                  : witness_epoch(town->witness, host->number));
    decision->town->council.raises = host->backend == NULL;
}

/* Names come back; what is made anew has none of what there was. The twin has
 * room for so many people and no more. */
static bool has_numbers(struct decision *decision)
{
    return ++decision->town->council.numbers <= NUMBERS_MAX_OF_COUNCIL;
}

static void change_group(struct decision *decision);

static void create_group(struct decision *decision)
{
    struct council *council = &decision->town->council;
    Perch__GroupCreate *create;
    bool first = council->groups < COUNCIL_GROUPS &&
                 council_rules(decision) >= RULES_PEOPLE;

    if (!has_numbers(decision)) {
        change_group(decision);
        return;
    }
    create = COUNCIL_MAKE(decision, GROUP_CREATE, group_create);
    CODEC_SET(create, uri,
              first ? council_group(council->groups++) : any_group(decision));
    create->members = council_people(decision, &create->n_members);
}

static void change_group(struct decision *decision)
{
    Perch__GroupChange *change =
        COUNCIL_MAKE(decision, GROUP_CHANGE, group_change);

    CODEC_SET(change, uri, any_group(decision));
    MAYBE_PEOPLE(decision, change, members_add);
    MAYBE_PEOPLE(decision, change, members_remove);
}

static void create_hall(struct decision *decision)
{
    Perch__CategoryCreate *create =
        COUNCIL_MAKE(decision, CATEGORY_CREATE, category_create);
    struct council *council = &decision->town->council;
    unsigned number = council->halls < COUNCIL_HALLS
                          ? council->halls++
                          : council_below(decision, COUNCIL_HALLS);

    CODEC_SET(create, category, council_hall(decision, number));
    CODEC_SET(create, name, council_named(decision, "Hall ", number, ""));
    if (council_odds(decision, 4)) {
        create->allowed = council_people(decision, &create->n_allowed);
    }
}

static void change_hall(struct decision *decision)
{
    Perch__CategoryChange *change =
        COUNCIL_MAKE(decision, CATEGORY_CHANGE, category_change);

    CODEC_SET(change, category, any_hall(decision));
    if (council_odds(decision, 3)) {
        CODEC_SET(change, everyone, true);
    } else {
        MAYBE_PEOPLE(decision, change, allowed_add);
    }
    MAYBE_PEOPLE(decision, change, allowed_remove);
    MAYBE_PEOPLE(decision, change, denied_remove);
    if (council_odds(decision, 2)) {
        CODEC_SET(change, invitations, !council_odds(decision, 4));
    }
    if (council_odds(decision, 4)) {
        MAYBE_PEOPLE(decision, change, denied_add);
        MAYBE_PEOPLE(decision, change, creators_add);
        CODEC_SET(change, history, council_odds(decision, 2));
    }
}

static void create_club(struct decision *decision)
{
    Perch__RoomCreate *create =
        COUNCIL_MAKE(decision, ROOM_CREATE, room_create);
    struct council *council = &decision->town->council;
    unsigned number = council->clubs < LEDGER_CLUBS
                          ? council->clubs++
                          : council_below(decision, LEDGER_CLUBS);

    council->imports = council_rules(decision) >= RULES_TALK;

    CODEC_SET(create, room, council_room(decision, LEDGER_SQUARES + number));
    CODEC_SET(create, category, any_hall(decision));
    CODEC_SET(create, name, council_named(decision, "Club ", number, ""));
    CODEC_SET(create, visibility, visibility(decision));
    MAYBE_PEOPLE(decision, create, members);
    MAYBE_PEOPLE(decision, create, managers);
}

/* Who is in, and who is not any more. */
static void change_members(struct decision *decision)
{
    Perch__RoomChange *change =
        COUNCIL_MAKE(decision, ROOM_CHANGE, room_change);

    CODEC_SET(change, room, any_club(decision));
    MAYBE_PEOPLE(decision, change, members_add);
    MAYBE_PEOPLE(decision, change, managers_add);
    if (council_odds(decision, 2)) { /* So that most are in for a while. */
        MAYBE_PEOPLE(decision, change, members_remove);
        MAYBE_PEOPLE(decision, change, managers_remove);
    }
}

/* What kind of room it is. */
static void change_club(struct decision *decision)
{
    Perch__RoomChange *change =
        COUNCIL_MAKE(decision, ROOM_CHANGE, room_change);

    CODEC_SET(change, room, any_club(decision));
    switch (council_below(decision, 4)) {
    case 0:
        CODEC_SET(change, visibility, visibility(decision));
        break;
    case 1:
        CODEC_SET(change, disabled, council_odds(decision, 3));
        break;
    case 2:
        CODEC_SET(change, category, any_hall(decision));
        break;
    default:
        CODEC_SET(change, behavior,
                  council_odds(decision, 2) ? PERCH__BEHAVIOR__AUDITORIUM
                                            : PERCH__BEHAVIOR__NORMAL);
        MAYBE_PEOPLE(decision, change, presenters_add);
        MAYBE_PEOPLE(decision, change, presenters_remove);
        break;
    }
}

/* Of users without devices: guests are promised their squares. */
static void change_user(struct decision *decision)
{
    Perch__UserChange *change =
        COUNCIL_MAKE(decision, USER_CHANGE, user_change);

    CODEC_SET(change, uri, bystander(decision));
    if (council_odds(decision, 2)) {
        CODEC_SET(change, disabled, council_odds(decision, 2));
    } else {
        CODEC_SET(change, chat, (Perch__ChatPolicy)council_below(decision, 3));
    }
}

/* One who was deleted, mostly not. */
static void create_user(struct decision *decision)
{
    Perch__UserCreate *create;

    if (!has_numbers(decision)) {
        change_user(decision);
        return;
    }
    create = COUNCIL_MAKE(decision, USER_CREATE, user_create);
    CODEC_SET(create, uri, bystander(decision));
}

static void delete_user(struct decision *decision)
{
    Perch__UserDelete *away = COUNCIL_MAKE(decision, USER_DELETE, user_delete);

    CODEC_SET(away, uri, bystander(decision));
}

static void delete_group(struct decision *decision)
{
    Perch__GroupDelete *away =
        COUNCIL_MAKE(decision, GROUP_DELETE, group_delete);

    CODEC_SET(away, uri, any_group(decision));
}

/* Its guid does not come back; what was said there stays, unseen. */
static void delete_club(struct decision *decision)
{
    Perch__RoomDelete *away = COUNCIL_MAKE(decision, ROOM_DELETE, room_delete);

    CODEC_SET(away, room, any_club(decision));
}

static void delete_hall(struct decision *decision)
{
    Perch__CategoryDelete *away =
        COUNCIL_MAKE(decision, CATEGORY_DELETE, category_delete);

    CODEC_SET(away, category, any_hall(decision));
}

/* How often, of all, and from which rules on. */
static const struct deed {
    unsigned weight;
    uint32_t rules;
    void (*decide)(struct decision *decision);
} deeds[] = {{8, 1, raise_rules},           {5, 1, lose_host},
             {8, 2, create_group},          {14, 2, change_group},
             {2, 1, create_hall},           {8, 1, change_hall},
             {5, 1, create_club},           {16, 1, change_members},
             {12, 1, change_club},          {3, 1, change_user},
             {2, 1, create_user},           {2, 3, delete_user},
             {3, 3, delete_group},          {2, 3, delete_club},
             {2, 3, delete_hall},           {3, 3, council_place_hold},
             {2, 3, council_lift_hold},     {6, 3, council_redact},
             {2, 3, council_clear},         {3, 3, council_withdraw},
             {5, 3, council_retain},        {5, 3, council_purge},
             {3, 3, council_import},        {2, 3, council_create_addin},
             {1, 3, council_change_addin},  {1, 3, council_delete_addin},
             {2, 3, council_grant},         {2, 3, council_revoke},
             {3, 3, council_report},        {1, 3, council_confirm},
             {2, 3, council_create_filter}, {2, 3, council_change_filter},
             {1, 3, council_delete_filter}};

static const struct deed *draw(struct decision *decision)
{
    const struct deed *deed = deeds;
    unsigned all = 0, at;

    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        all += deeds[i].weight;
    }
    for (at = council_below(decision, all); at >= deed->weight; deed++) {
        at -= deed->weight;
    }
    return deed;
}

/* Mostly what the rules know: of what they do not, one refusal says it all. */
static void decide_any(struct decision *decision)
{
    const struct deed *deed = draw(decision);

    while (deed->rules > council_rules(decision) &&
           !council_odds(decision, 16)) {
        deed = draw(decision);
    }
    deed->decide(decision);
}

void council_decide(struct town *town, struct arena *arena,
                    Perch__Command *command)
{
    struct council *council = &town->council;
    struct decision decision = {town, &council->random, arena, command};

    if (council->halls < HALLS_AT_FIRST) {
        create_hall(&decision);
    } else if (council->clubs < CLUBS_AT_FIRST) {
        create_club(&decision);
    } else if (council->raises) {
        raise_rules(&decision);
    } else if (council->imports) {
        council_import(&decision);
    } else {
        decide_any(&decision);
    }
    council_sign(&decision);
    town_trace(town, "council: %s", command_kind_name(command->kind_case));
}
