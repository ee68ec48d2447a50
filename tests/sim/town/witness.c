#include "tests/sim/town/witness.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/command.h"
#include "tests/sim/town/town.h"
#include "tests/sim/town/witness_inner.h"

_Static_assert((int)TWIN_USERS < 64, "a set of users is 64 bits");
_Static_assert((int)WITNESS_HOSTS_MAX < (int)TWIN_NODES, "nodes count from 1");

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

void witness_end(struct witness *witness)
{
    if (witness == NULL) {
        return;
    }
    for (size_t i = 0; i < LEDGER_ROOMS; i++) {
        witness_forget(&witness->rooms[i]);
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

/* What the archive's rules have decided: the auditor judges that, and not the
 * twin, which has no such rules. */
static bool is_archives(const Perch__Command *command, enum outcome outcome)
{
    return outcome == OUTCOME_ARCHIVE_UNAVAILABLE ||
           outcome == OUTCOME_ARCHIVE_ROLLED_BACK ||
           (command != NULL &&
            command->kind_case >= PERCH__COMMAND__KIND_ARCHIVE_PUT);
}

/* Who is allowed where, after the newest entry. */
static void note_rights(struct witness *witness)
{
    const struct twin *twin = witness->twin;

    for (unsigned i = 0; i < LEDGER_ROOMS; i++) {
        struct known_room *room = &witness->rooms[i];

        room->place = find_place(twin, i);
        room->place_ever = room->place != 0 ? room->place : room->place_ever;
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
    judged = is_archives(effects->command, applied->outcome)
                 ? twin_follow(witness->twin, entry, effects->command, *applied)
                 : twin_apply(witness->twin, entry, effects->command);
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
    witness_note(witness, effects->command, judged.outcome);
}

/* --- What guests hear --- */

static uint32_t find_user(const struct witness *witness, const char *uri)
{
    return twin_user(witness->twin, codec_bytes(slice_of_text(uri)));
}

void witness_copy(struct witness *witness, const char *user, unsigned room,
                  uint64_t message_id)
{
    const struct heard *said = witness_said(&witness->rooms[room], message_id);

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
    const struct heard *said = witness_said(&witness->rooms[room], message_id);

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
