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

struct version;

/* A message when it was said. */
struct heard {
    uint64_t index;
    uint64_t audience; /* The users who were in, a set. */
    bool hidden;       /* From readers. */
    bool purged;
    uint64_t purged_index;
    uint64_t post;            /* The ledger's. */
    struct version *versions; /* The newest. */
};

/* What a message was made. */
struct version {
    struct version *before;
    uint64_t index, audience;
    enum revision state;
    struct twin_text text;
};

/* What is known of one of the ledger's rooms. */
struct known_room {
    uint32_t place;      /* By the twin; 0: there is none. */
    uint32_t place_ever; /* Or was, and is deleted. */
    uint64_t last;       /* Message. */
    struct heard *said;  /* By message id. */
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

static void forget(struct known_room *room)
{
    for (size_t i = 0; i < room->capacity; i++) {
        struct version *version = room->said[i].versions;

        while (version != NULL) {
            struct version *before = version->before;

            free(version);
            version = before;
        }
    }
    free(room->said);
}

void witness_free(struct witness *witness)
{
    if (witness == NULL) {
        return;
    }
    for (size_t i = 0; i < LEDGER_ROOMS; i++) {
        forget(&witness->rooms[i]);
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

static uint64_t present_in(const struct twin *twin, uint32_t place)
{
    uint64_t users = 0;

    for (size_t j = 0; j < twin->n_present; j++) {
        if (twin->present[j].room == place) {
            users |= UINT64_C(1)
                     << twin->sessions[twin->present[j].session].user;
        }
    }
    return users;
}

/* The ledger's room at a place; NULL: it is none of those. */
static struct known_room *room_at(struct witness *witness, uint32_t place)
{
    for (unsigned i = 0; i < LEDGER_ROOMS && place != 0; i++) {
        if (witness->rooms[i].place == place) {
            return &witness->rooms[i];
        }
    }
    return NULL;
}

static struct heard *note_said(struct witness *witness, struct known_room *room,
                               uint64_t message_id, ProtobufCBinaryData text)
{
    struct heard *said = said_in(room, message_id);

    room->last = message_id;
    said->index = witness->index;
    said->post = ledger_number(witness->ledger, codec_slice(text));
    return said;
}

/* Who is in the room where something was just said. */
static void note_audience(struct witness *witness, const Perch__Post *post)
{
    const struct twin *twin = witness->twin;
    struct known_room *room = room_at(witness, twin->message.room);
    struct heard *said;

    if (room == NULL) {
        return;
    }
    said = note_said(witness, room, twin->message.message_id, post->text);
    said->hidden = twin->message.hidden;
    said->audience = present_in(twin, room->place);
}

/* Nobody is told of them live. */
static void note_imported(struct witness *witness,
                          const Perch__MessagesImport *import)
{
    struct known_room *room =
        room_at(witness, twin_place(witness->twin, import->room, true));

    for (size_t i = 0; room != NULL && i < import->n_messages; i++) {
        note_said(witness, room, import->first_id + i,
                  import->messages[i]->post->text);
    }
}

static const struct twin_said *find_said(const struct twin *twin,
                                         uint32_t place, uint64_t message_id)
{
    for (size_t i = 0; i < twin->n_said; i++) {
        if (twin->said[i].room == place && twin->said[i].id == message_id) {
            return &twin->said[i];
        }
    }
    return NULL;
}

/* What became of messages; the newest stands first. */
static void note_revised(struct witness *witness, struct known_room *room)
{
    const struct twin *twin = witness->twin;

    for (size_t i = 0; i < twin->n_ids; i++) {
        const struct twin_said *now =
            find_said(twin, room->place, twin->ids[i]);
        struct heard *said = said_in(room, twin->ids[i]);
        struct version *version = malloc(sizeof(*version));

        CHECK(version != NULL && now != NULL);
        *version = (struct version){.before = said->versions,
                                    .index = witness->index,
                                    .audience = present_in(twin, room->place),
                                    .state = now->state,
                                    .text = now->text};
        said->versions = version;
        witness->ledger->sums.revised++;
    }
}

static void note_purged(struct witness *witness, struct known_room *room)
{
    const struct twin *twin = witness->twin;

    for (size_t i = 0; i < twin->n_ids; i++) {
        struct heard *said = said_in(room, twin->ids[i]);

        said->purged = true;
        said->purged_index = witness->index;
        ledger_purged(witness->ledger, (unsigned)(room - witness->rooms),
                      twin->ids[i], said->post);
    }
}

/* Where messages were revised or purged, the event says in which room. */
static void note_past(struct witness *witness)
{
    const struct twin *twin = witness->twin;
    struct known_room *room =
        twin->n_events == 0 ? NULL : room_at(witness, twin->events[0].room);

    if (room == NULL) {
        return;
    }
    if (twin->purged != 0) {
        note_purged(witness, room);
    } else if (twin->revised == REVISION_CLEARED) {
        witness->ledger->sums.revised++;
    } else if (twin->revised != REVISION_NONE) {
        note_revised(witness, room);
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
        note_audience(witness, effects->command->post);
    } else if (judged.outcome == OUTCOME_DONE && effects->command != NULL &&
               effects->command->kind_case ==
                   PERCH__COMMAND__KIND_MESSAGES_IMPORT) {
        note_imported(witness, effects->command->messages_import);
    } else {
        note_past(witness);
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

uint64_t witness_cleared(const struct witness *witness, unsigned room)
{
    uint32_t place = witness->rooms[room].place;

    return place == 0 ? 0 : witness->twin->places[place].cleared;
}

static enum revision state_of(const struct xccos_message *message)
{
    switch (message->state) {
    case XCCOS_MESSAGE_POSTED:
        return REVISION_NONE;
    case XCCOS_MESSAGE_CORRECTED:
        return REVISION_CORRECTED;
    case XCCOS_MESSAGE_WITHDRAWN:
        return REVISION_WITHDRAWN;
    case XCCOS_MESSAGE_REDACTED:
        return REVISION_REDACTED;
    case XCCOS_MESSAGE_REPLACED:
        return REVISION_REPLACED;
    }
    return REVISIONS;
}

/* Words stand in for what is taken out of sight, by its state alone. */
static bool is_version(const struct xccos_message *message,
                       const struct version *version)
{
    return state_of(message) == version->state &&
           (version->state == REVISION_WITHDRAWN ||
            version->state == REVISION_REDACTED ||
            slice_equal(message->text,
                        slice_of(version->text.bytes, version->text.len)));
}

void witness_text(struct witness *witness, unsigned room, uint64_t asked,
                  const struct xccos_message *message)
{
    uint64_t id = message->message_id.value;
    const struct heard *said = said_in(&witness->rooms[room], id);
    const struct version *version = said->versions;

    if (said->purged && said->purged_index <= asked) {
        ledger_break(witness->ledger, "shown",
                     "%u/%" PRIu64 " is shown and was purged at %" PRIu64
                     ", before %" PRIu64,
                     room, id, said->purged_index, asked);
    }
    while (version != NULL && !is_version(message, version) &&
           version->index > asked) {
        version = version->before;
    }
    witness->ledger->sums.shown_revised += version != NULL;
    if (version == NULL ? message->state != XCCOS_MESSAGE_POSTED
                        : !is_version(message, version)) {
        ledger_break(
            witness->ledger, "text",
            "%u/%" PRIu64 " is shown as \"%.*s\" to who asked at "
            "%" PRIu64 ", and was %s at %" PRIu64,
            room, id, (int)message->text.len, (const char *)message->text.data,
            asked,
            revision_name(version == NULL ? REVISION_NONE : version->state),
            version == NULL ? said->index : version->index);
    }
}

void witness_notice(struct witness *witness, const char *user, unsigned room,
                    const struct xccos_message *message)
{
    uint64_t id = message->message_id.value;
    const struct version *version =
        said_in(&witness->rooms[room], id)->versions;
    uint32_t number = find_user(witness, user);

    while (version != NULL && !(is_version(message, version) &&
                                (version->audience >> number & 1))) {
        version = version->before;
    }
    if (version == NULL) {
        ledger_break(witness->ledger, "overheard",
                     "%s is told that %u/%" PRIu64 " was made \"%.*s\"", user,
                     room, id, (int)message->text.len,
                     (const char *)message->text.data);
    }
}

/* --- What rows must be there --- */

struct witness_room witness_room(const struct witness *witness, unsigned room)
{
    const struct known_room *known = &witness->rooms[room];

    return (struct witness_room){.place = known->place_ever,
                                 .is_there = known->place != 0,
                                 .last = known->last};
}

bool witness_is_purged(const struct witness *witness, unsigned room,
                       uint64_t message_id)
{
    const struct known_room *known = &witness->rooms[room];

    return message_id < known->capacity && known->said[message_id].purged;
}

uint64_t witness_last(const struct witness *witness, unsigned room)
{
    return witness->rooms[room].last;
}

uint64_t witness_swept(const struct witness *witness, unsigned room)
{
    uint32_t place = witness->rooms[room].place;

    return place == 0 ? 0 : witness->twin->places[place].swept;
}
