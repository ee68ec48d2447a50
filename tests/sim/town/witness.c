#include "tests/sim/town/witness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/command.h"
#include "tests/model/twin.h"
#include "tests/sim/town/town.h"

_Static_assert((int)TWIN_USERS < 64, "a set of users is 64 bits");
_Static_assert((int)WITNESS_HOSTS_MAX < (int)TWIN_NODES, "nodes count from 1");

/* A message when it was said. */
struct heard {
    uint64_t index;
    uint64_t audience; /* The users who were in, a set. */
    bool hidden;       /* From readers. */
};

/* What is known of one of the ledger's rooms. */
struct known_room {
    uint32_t place;     /* By the twin; 0: there is none. */
    struct heard *said; /* By message id. */
    size_t capacity;
    /* By user: whether he is allowed in now, */
    bool allowed[TWIN_USERS + 1];
    /* and the newest entry that found him so; 0: none has. */
    uint64_t allowed_until[TWIN_USERS + 1];
};

struct witness {
    struct ledger *ledger;
    struct twin *twin;
    uint64_t index;
    bool left_behind[TWIN_NODES]; /* By a raise. */
    struct known_room rooms[LEDGER_ROOMS];
};

struct witness *witness_new(struct ledger *ledger)
{
    struct witness *witness = calloc(1, sizeof(*witness));

    CHECK(witness != NULL);
    witness->ledger = ledger;
    witness->twin = malloc(sizeof(*witness->twin));
    CHECK(witness->twin != NULL);
    twin_init(witness->twin, COMMAND_RULES_KNOWN);
    return witness;
}

void witness_free(struct witness *witness)
{
    if (witness == NULL) {
        return;
    }
    for (size_t i = 0; i < LEDGER_ROOMS; i++) {
        free(witness->rooms[i].said);
    }
    free(witness->twin);
    free(witness);
}

uint64_t witness_index(const struct witness *witness)
{
    return witness->index;
}

uint32_t witness_rules(const struct witness *witness)
{
    return witness->twin->rules;
}

uint64_t witness_epoch(const struct witness *witness, unsigned node)
{
    return witness->twin->origins[node].epoch;
}

bool witness_gave_up(const struct witness *witness, unsigned node)
{
    return witness->left_behind[node] || witness->twin->origins[node].lost;
}

/* --- Entries --- */

static uint32_t find_place(const struct twin *twin, unsigned room)
{
    struct guid guid;

    CHECK(guid_read(slice_of_text(room_guid_text(room)), &guid) == ERROR_NONE);
    return twin_place(twin, codec_bytes(slice_of(guid.bytes, GUID_BYTES)),
                      true);
}

static bool may_enter(const struct twin *twin, uint32_t user, uint32_t place)
{
    return !twin->users[user].is_group && !twin->users[user].gone &&
           twin_may(twin, user, place) == OUTCOME_DONE;
}

/* What changes nobody's rights, and is most of all entries. */
static bool is_talk(const Perch__Command *command)
{
    switch (command == NULL ? PERCH__COMMAND__KIND_NOOP : command->kind_case) {
    case PERCH__COMMAND__KIND_POST:
    case PERCH__COMMAND__KIND_JOIN:
    case PERCH__COMMAND__KIND_PART:
    case PERCH__COMMAND__KIND_NODE_MARK:
    case PERCH__COMMAND__KIND_NOOP:
    case PERCH__COMMAND__KIND_PROBE:
        return true;
    default:
        return false;
    }
}

/* Who is allowed where, after the newest entry. */
static void note_rights(struct witness *witness)
{
    const struct twin *twin = witness->twin;

    for (unsigned i = 0; i < LEDGER_ROOMS; i++) {
        struct known_room *room = &witness->rooms[i];

        room->place = find_place(twin, i);
        for (uint32_t user = 1; user <= twin->n_users; user++) {
            bool allowed =
                room->place != 0 && may_enter(twin, user, room->place);

            if (room->allowed[user] && !allowed) {
                room->allowed_until[user] = witness->index - 1;
            }
            room->allowed[user] = allowed;
        }
    }
}

static struct heard *said_in(struct known_room *room, uint64_t message_id)
{
    size_t wanted = (size_t)message_id * 2 + 256;

    if (message_id >= room->capacity) {
        room->said = realloc(room->said, wanted * sizeof(*room->said));
        CHECK(room->said != NULL);
        memset(room->said + room->capacity, 0,
               (wanted - room->capacity) * sizeof(*room->said));
        room->capacity = wanted;
    }
    return &room->said[message_id];
}

/* Who is in the room where something was just said. */
static void note_audience(struct witness *witness)
{
    const struct twin *twin = witness->twin;
    uint32_t place = twin->message.room;

    for (unsigned i = 0; i < LEDGER_ROOMS; i++) {
        struct known_room *room = &witness->rooms[i];
        struct heard *said;

        if (room->place != place) {
            continue;
        }
        said = said_in(room, twin->message.message_id);
        said->index = witness->index;
        said->hidden = twin->message.hidden;
        for (size_t j = 0; j < twin->n_present; j++) {
            if (twin->present[j].room == place) {
                said->audience |=
                    UINT64_C(1)
                    << twin->sessions[twin->present[j].session].user;
            }
        }
    }
}

static void count(struct ledger_sums *sums, const struct applied *applied,
                  const Perch__Command *command)
{
    bool done = command != NULL && applied->outcome == OUTCOME_DONE;

    sums->judged++;
    sums->deeds += done && command->administrator.len > 0;
    sums->raises +=
        done && command->kind_case == PERCH__COMMAND__KIND_RULES_RAISE;
}

/* Whom a raise did not wait for. */
static void note_left_behind(struct witness *witness)
{
    const struct twin *twin = witness->twin;

    for (unsigned node = 1; node < TWIN_NODES; node++) {
        witness->left_behind[node] |=
            twin->origins[node].lost && twin->origins[node].rules < twin->rules;
    }
}

void witness_entry(struct witness *witness, const struct applied_entry *entry,
                   const struct applied *applied, const struct effects *effects)
{
    struct applied judged;

    if (entry->index <= witness->index) {
        return; /* Another host was faster. */
    }
    witness->index = entry->index;
    count(&witness->ledger->sums, applied, effects->command);
    judged = twin_apply(witness->twin, entry, effects->command);
    if (judged.outcome != applied->outcome || judged.value != applied->value) {
        ledger_break(witness->ledger, "law",
                     "entry %" PRIu64 ", %s: %s %" PRIu64
                     ", by the twin %s %" PRIu64,
                     entry->index,
                     effects->command == NULL
                         ? "unreadable"
                         : command_kind_name(effects->command->kind_case),
                     outcome_name(applied->outcome), applied->value,
                     outcome_name(judged.outcome), judged.value);
    }
    if (!is_talk(effects->command)) {
        note_rights(witness);
        note_left_behind(witness);
    }
    if (witness->twin->has_message) {
        note_audience(witness);
    }
}

/* --- What guests hear --- */

static uint32_t find_user(const struct witness *witness, const char *uri)
{
    return twin_user(witness->twin, codec_bytes(slice_of_text(uri)));
}

void witness_copy(struct witness *witness, const char *user, unsigned room,
                  uint64_t message_id)
{
    const struct heard *said = said_in(&witness->rooms[room], message_id);

    if ((said->audience >> find_user(witness, user) & 1) == 0) {
        ledger_break(witness->ledger, "overheard",
                     "%s is told %u/%" PRIu64 " and was not in", user, room,
                     message_id);
    }
}

void witness_shown(struct witness *witness, const char *user, unsigned room,
                   uint64_t message_id)
{
    const struct known_room *of = &witness->rooms[room];
    uint32_t number = find_user(witness, user);
    const struct heard *said = said_in(&witness->rooms[room], message_id);

    if (said->hidden) {
        ledger_break(witness->ledger, "shown",
                     "%s is shown %u/%" PRIu64 ", which is hidden", user, room,
                     message_id);
    }
    if (!of->allowed[number] && said->index > of->allowed_until[number]) {
        ledger_break(witness->ledger, "shown",
                     "%s is shown %u/%" PRIu64 " of %" PRIu64
                     " and was allowed until %" PRIu64,
                     user, room, message_id, said->index,
                     of->allowed_until[number]);
    }
}

void witness_history(struct witness *witness, const char *user, unsigned room,
                     uint64_t asked)
{
    uint32_t number = find_user(witness, user);
    const struct known_room *of = &witness->rooms[room];

    if (!of->allowed[number] &&
        (of->allowed_until[number] == 0 || of->allowed_until[number] < asked)) {
        ledger_break(witness->ledger, "shown",
                     "%s is shown the past of room %u, was allowed until "
                     "%" PRIu64 " and asked at %" PRIu64,
                     user, room, of->allowed_until[number], asked);
    }
}
