/* What a town's administrators do to people's rights while people talk: groups,
 * units and sites come, change and hold each other; clubs are made, moved,
 * opened, closed and made secret; and, at any moment, the rules are raised.
 *
 * A kind of command is one function and one line of deeds[]. It says nothing of
 * what must come of it: the witness's twin knows.
 */
#include <stdio.h>
#include <string.h>

#include "node/chat/limits.h"
#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/command.h"
#include "tests/sim/town/town.h"

/* One decision under way. */
struct decision {
    struct town *town;
    struct random *random;
    struct arena *arena;
    Perch__Command *command;
};

static const char *const groups[] = {"group:crew", "group:watch", "unit:deck",
                                     "unit:engine", "site:harbour"};

enum {
    GROUPS = sizeof(groups) / sizeof(groups[0]),
    USERS = TOWN_GUESTS_MAX / 2, /* As the founder makes them. */
    GUESTS_USERS = 5,            /* Those above have no devices. */
    HALLS = 2,                   /* Categories of clubs. */
    LIST_MAX = 3,
    NAME_BYTES = 32,
};

/* --- Words --- */

static unsigned below(struct decision *decision, unsigned n)
{
    return (unsigned)random_below(decision->random, n);
}

static bool odds(struct decision *decision, unsigned one_in)
{
    return below(decision, one_in) == 0;
}

static void *make(struct decision *decision, Perch__Command__KindCase kind,
                  const ProtobufCMessageDescriptor *what)
{
    ProtobufCMessage *message =
        arena_alloc(decision->arena, what->sizeof_message);

    CHECK(message != NULL);
    protobuf_c_message_init(what, message);
    decision->command->kind_case = kind;
    return message;
}

#define MAKE(decision, KIND, name)                                             \
    ((decision)->command->name = make((decision), PERCH__COMMAND__KIND_##KIND, \
                                      &perch__##name##__descriptor))

static ProtobufCBinaryData text(const char *words)
{
    return codec_bytes(slice_of_text(words));
}

static ProtobufCBinaryData named(struct decision *decision, const char *before,
                                 unsigned number, const char *after)
{
    char *name = arena_alloc(decision->arena, NAME_BYTES);

    CHECK(name != NULL);
    snprintf(name, NAME_BYTES, "%s%u%s", before, number, after);
    return text(name);
}

static ProtobufCBinaryData user(struct decision *decision, unsigned number)
{
    return named(decision, "sip:g", number, "@" TOWN_DOMAIN);
}

static ProtobufCBinaryData group(struct decision *decision)
{
    return text(groups[below(decision, GROUPS)]);
}

static ProtobufCBinaryData guid(struct decision *decision, struct guid id)
{
    struct guid *kept = arena_alloc(decision->arena, sizeof(*kept));

    CHECK(kept != NULL);
    *kept = id;
    return codec_bytes(slice_of(kept->bytes, GUID_BYTES));
}

static ProtobufCBinaryData hall(struct decision *decision, unsigned number)
{
    struct guid id = {.bytes = {0xa0 + number, 1}};

    return guid(decision, id);
}

static ProtobufCBinaryData club(struct decision *decision, unsigned number)
{
    struct guid id;

    CHECK(guid_read(slice_of_text(room_guid_text(LEDGER_SQUARES + number)),
                    &id) == ERROR_NONE);
    return guid(decision, id);
}

/* Mostly of a guest. */
static ProtobufCBinaryData any_user(struct decision *decision)
{
    return user(decision,
                below(decision, odds(decision, 8) ? USERS : GUESTS_USERS));
}

static bool knows_groups(const struct decision *decision)
{
    const struct witness *witness = decision->town->witness;

    return witness == NULL || witness_rules(witness) >= RULES_PEOPLE;
}

/* A few users, and groups where the rules know them. */
static ProtobufCBinaryData *people(struct decision *decision, size_t *n)
{
    ProtobufCBinaryData *list =
        arena_alloc(decision->arena, LIST_MAX * sizeof(*list));

    CHECK(list != NULL);
    *n = below(decision, LIST_MAX + 1);
    for (size_t i = 0; i < *n; i++) {
        list[i] = odds(decision, knows_groups(decision) ? 3 : 40)
                      ? group(decision)
                      : any_user(decision);
    }
    return list;
}

/* Half of the time, a list of people in a field. */
#define MAYBE_PEOPLE(decision, message, field)                                 \
    do {                                                                       \
        if (odds((decision), 2)) {                                             \
            (message)->field = people((decision), &(message)->n_##field);      \
        }                                                                      \
    } while (0)

static Perch__Visibility visibility(struct decision *decision)
{
    static const Perch__Visibility all[] = {
        PERCH__VISIBILITY__OPEN, PERCH__VISIBILITY__CLOSED,
        PERCH__VISIBILITY__CLOSED, PERCH__VISIBILITY__SECRET};

    return all[below(decision, 4)];
}

/* --- Deeds --- */

static void raise_rules(struct decision *decision)
{
    Perch__RulesRaise *raise = MAKE(decision, RULES_RAISE, rules_raise);

    CODEC_SET(raise, version,
              decision->town->council.raises
                  ? COMMAND_RULES_KNOWN
                  : 1 + below(decision, COMMAND_RULES_KNOWN + 1));
    decision->town->council.raises = false;
}

/* The pool gives up a host that is down: one of an older program does not hold
 * up a raise any more, and must stop where it comes to it. */
static void lose_host(struct decision *decision)
{
    const struct town *town = decision->town;
    Perch__NodeLost *lost = MAKE(decision, NODE_LOST, node_lost);
    const struct host *host =
        &town->hosts[below(decision, town->settings.hosts)];

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

static void create_group(struct decision *decision)
{
    struct council *council = &decision->town->council;
    Perch__GroupCreate *create = MAKE(decision, GROUP_CREATE, group_create);
    bool first = council->groups < GROUPS && knows_groups(decision);

    CODEC_SET(create, uri,
              first ? text(groups[council->groups++]) : group(decision));
    create->members = people(decision, &create->n_members);
}

static void change_group(struct decision *decision)
{
    Perch__GroupChange *change = MAKE(decision, GROUP_CHANGE, group_change);

    CODEC_SET(change, uri, group(decision));
    MAYBE_PEOPLE(decision, change, members_add);
    MAYBE_PEOPLE(decision, change, members_remove);
}

static void create_hall(struct decision *decision)
{
    Perch__CategoryCreate *create =
        MAKE(decision, CATEGORY_CREATE, category_create);
    struct council *council = &decision->town->council;
    unsigned number =
        council->halls < HALLS ? council->halls++ : below(decision, HALLS);

    CODEC_SET(create, category, hall(decision, number));
    CODEC_SET(create, name, named(decision, "Hall ", number, ""));
    if (odds(decision, 4)) {
        create->allowed = people(decision, &create->n_allowed);
    }
}

static void change_hall(struct decision *decision)
{
    Perch__CategoryChange *change =
        MAKE(decision, CATEGORY_CHANGE, category_change);

    CODEC_SET(change, category, hall(decision, below(decision, HALLS)));
    if (odds(decision, 3)) {
        CODEC_SET(change, everyone, true);
    } else {
        MAYBE_PEOPLE(decision, change, allowed_add);
    }
    MAYBE_PEOPLE(decision, change, allowed_remove);
    MAYBE_PEOPLE(decision, change, denied_remove);
    if (odds(decision, 4)) {
        MAYBE_PEOPLE(decision, change, denied_add);
        MAYBE_PEOPLE(decision, change, creators_add);
        CODEC_SET(change, history, odds(decision, 2));
    }
}

static void create_club(struct decision *decision)
{
    Perch__RoomCreate *create = MAKE(decision, ROOM_CREATE, room_create);
    struct council *council = &decision->town->council;
    unsigned number = council->clubs < LEDGER_CLUBS
                          ? council->clubs++
                          : below(decision, LEDGER_CLUBS);

    CODEC_SET(create, room, club(decision, number));
    CODEC_SET(create, category, hall(decision, below(decision, HALLS)));
    CODEC_SET(create, name, named(decision, "Club ", number, ""));
    CODEC_SET(create, visibility, visibility(decision));
    MAYBE_PEOPLE(decision, create, members);
    MAYBE_PEOPLE(decision, create, managers);
}

/* Who is in, and who is not any more. */
static void change_members(struct decision *decision)
{
    Perch__RoomChange *change = MAKE(decision, ROOM_CHANGE, room_change);

    CODEC_SET(change, room, club(decision, below(decision, LEDGER_CLUBS)));
    MAYBE_PEOPLE(decision, change, members_add);
    MAYBE_PEOPLE(decision, change, managers_add);
    if (odds(decision, 2)) { /* So that most are in for a while. */
        MAYBE_PEOPLE(decision, change, members_remove);
        MAYBE_PEOPLE(decision, change, managers_remove);
    }
}

/* What kind of room it is. */
static void change_club(struct decision *decision)
{
    Perch__RoomChange *change = MAKE(decision, ROOM_CHANGE, room_change);

    CODEC_SET(change, room, club(decision, below(decision, LEDGER_CLUBS)));
    switch (below(decision, 4)) {
    case 0:
        CODEC_SET(change, visibility, visibility(decision));
        break;
    case 1:
        CODEC_SET(change, disabled, odds(decision, 3));
        break;
    case 2:
        CODEC_SET(change, category, hall(decision, below(decision, HALLS)));
        break;
    default:
        CODEC_SET(change, behavior,
                  odds(decision, 2) ? PERCH__BEHAVIOR__AUDITORIUM
                                    : PERCH__BEHAVIOR__NORMAL);
        MAYBE_PEOPLE(decision, change, presenters_add);
        MAYBE_PEOPLE(decision, change, presenters_remove);
        break;
    }
}

/* Of users without devices: guests are promised their squares. */
static void change_user(struct decision *decision)
{
    Perch__UserChange *change = MAKE(decision, USER_CHANGE, user_change);

    CODEC_SET(
        change, uri,
        user(decision, GUESTS_USERS + below(decision, USERS - GUESTS_USERS)));
    if (odds(decision, 2)) {
        CODEC_SET(change, disabled, odds(decision, 2));
    } else {
        CODEC_SET(change, chat, (Perch__ChatPolicy)below(decision, 3));
    }
}

/* A case of the archive's, on a club. */
static void place_hold(struct decision *decision)
{
    Perch__HoldPlace *place = MAKE(decision, HOLD_PLACE, hold_place);

    CODEC_SET(place, name, named(decision, "Case ", below(decision, 4), ""));
    CODEC_SET(place, room, club(decision, below(decision, LEDGER_CLUBS)));
    CODEC_SET(place, reason, text("an inquiry"));
}

static void lift_hold(struct decision *decision)
{
    Perch__HoldLift *lift = MAKE(decision, HOLD_LIFT, hold_lift);

    CODEC_SET(lift, name, named(decision, "Case ", below(decision, 4), ""));
    CODEC_SET(lift, room, club(decision, below(decision, LEDGER_CLUBS)));
    CODEC_SET(lift, reason, text("no inquiry"));
}

static void create_addin(struct decision *decision)
{
    Perch__AddinCreate *create = MAKE(decision, ADDIN_CREATE, addin_create);
    unsigned number = below(decision, 4);
    struct guid id = {.bytes = {0xd0 + number, 1}};

    CODEC_SET(create, addin, guid(decision, id));
    CODEC_SET(create, name, named(decision, "Tides ", number, ""));
    CODEC_SET(create, url, text("https://tides.example/"));
}

/* How often, of all. */
static const struct deed {
    unsigned weight;
    void (*decide)(struct decision *decision);
} deeds[] = {{5, raise_rules},   {5, lose_host},       {8, create_group},
             {14, change_group}, {2, create_hall},     {8, change_hall},
             {4, create_club},   {16, change_members}, {12, change_club},
             {3, change_user},   {3, place_hold},      {2, lift_hold},
             {2, create_addin}};

static const struct deed *draw(struct decision *decision)
{
    const struct deed *deed = deeds;
    unsigned all = 0, at;

    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        all += deeds[i].weight;
    }
    for (at = below(decision, all); at >= deed->weight; deed++) {
        at -= deed->weight;
    }
    return deed;
}

void council_decide(struct town *town, struct arena *arena,
                    Perch__Command *command)
{
    struct decision decision = {town, &town->council.random, arena, command};

    if (town->council.halls < HALLS) {
        create_hall(&decision);
    } else if (town->council.clubs < LEDGER_CLUBS) {
        create_club(&decision);
    } else if (town->council.raises) {
        raise_rules(&decision);
    } else {
        draw(&decision)->decide(&decision);
    }
    town_trace(town, "council: %s", command_kind_name(command->kind_case));
}
