/* What was said and what became of it: what anybody may be shown of a message
 * at an index, and which rows there must be. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/codec.h"
#include "tests/sim/town/town.h"
#include "tests/sim/town/witness_inner.h"

struct heard *witness_said(struct known_room *room, uint64_t message_id)
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

void witness_forget(struct known_room *room)
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

/* --- What entries say --- */

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

/* The ledger's room at a place, deleted or not; NULL: it is none of those. */
static struct known_room *room_at(struct witness *witness, uint32_t place)
{
    for (unsigned i = 0; i < LEDGER_ROOMS && place != 0; i++) {
        if (witness->rooms[i].place_ever == place) {
            return &witness->rooms[i];
        }
    }
    return NULL;
}

static struct heard *note_said(struct witness *witness, struct known_room *room,
                               uint64_t message_id, ProtobufCBinaryData text)
{
    struct heard *said = witness_said(room, message_id);

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
            find_said(twin, room->place_ever, twin->ids[i]);
        struct heard *said = witness_said(room, twin->ids[i]);
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
        struct heard *said = witness_said(room, twin->ids[i]);

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

void witness_note(struct witness *witness, const Perch__Command *command,
                  enum outcome outcome)
{
    if (witness->twin->has_message) {
        note_audience(witness, command->post);
    } else if (outcome == OUTCOME_DONE && command != NULL &&
               command->kind_case == PERCH__COMMAND__KIND_MESSAGES_IMPORT) {
        note_imported(witness, command->messages_import);
    } else {
        note_past(witness);
    }
}

/* --- What is shown --- */

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
    const struct heard *said = witness_said(&witness->rooms[room], id);
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
        witness_said(&witness->rooms[room], id)->versions;
    uint32_t number =
        twin_user(witness->twin, codec_bytes(slice_of_text(user)));

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
    const struct twin_place *place = &witness->twin->places[known->place_ever];

    return (struct witness_room){
        .place = known->place_ever,
        .is_there = known->place != 0,
        .last = known->last,
        .cleared = known->place_ever == 0 ? 0 : place->cleared,
        .swept = known->place_ever == 0 ? 0 : place->swept,
    };
}

bool witness_is_purged(const struct witness *witness, unsigned room,
                       uint64_t message_id)
{
    const struct known_room *known = &witness->rooms[room];

    return message_id < known->capacity && known->said[message_id].purged;
}
