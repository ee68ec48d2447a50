#include "tests/sim/town/council_words.h"

#include <inttypes.h>
#include <stdio.h>

#include "node/chat/limits.h"
#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/command.h"

enum { NAME_BYTES = 40 };

static const char *const groups[COUNCIL_GROUPS] = {
    "group:crew", "group:watch", "unit:deck", "unit:engine", "site:harbour"};

unsigned council_below(struct decision *decision, unsigned n)
{
    return (unsigned)random_below(decision->random, n);
}

bool council_odds(struct decision *decision, unsigned one_in)
{
    return council_below(decision, one_in) == 0;
}

void *council_make(struct decision *decision,
                   const ProtobufCMessageDescriptor *what)
{
    ProtobufCMessage *message =
        arena_alloc(decision->arena, what->sizeof_message);

    CHECK(message != NULL);
    protobuf_c_message_init(what, message);
    return message;
}

uint32_t council_rules(const struct decision *decision)
{
    const struct witness *witness = decision->town->witness;

    return witness == NULL ? COMMAND_RULES_KNOWN : witness_rules(witness);
}

ProtobufCBinaryData council_text(const char *words)
{
    return codec_bytes(slice_of_text(words));
}

ProtobufCBinaryData council_named(struct decision *decision, const char *before,
                                  uint64_t number, const char *after)
{
    char *name = arena_alloc(decision->arena, NAME_BYTES);

    CHECK(name != NULL);
    snprintf(name, NAME_BYTES, "%s%" PRIu64 "%s", before, number, after);
    return council_text(name);
}

ProtobufCBinaryData council_guid(struct decision *decision, struct guid id)
{
    struct guid *kept = arena_alloc(decision->arena, sizeof(*kept));

    CHECK(kept != NULL);
    *kept = id;
    return codec_bytes(slice_of(kept->bytes, GUID_BYTES));
}

ProtobufCBinaryData council_user(struct decision *decision, unsigned number)
{
    return council_named(decision, "sip:g", number, "@" TOWN_DOMAIN);
}

ProtobufCBinaryData council_group(unsigned number)
{
    return council_text(groups[number]);
}

ProtobufCBinaryData council_hall(struct decision *decision, unsigned number)
{
    struct guid id = {.bytes = {0xa0 + number, 1}};

    return council_guid(decision, id);
}

ProtobufCBinaryData council_room(struct decision *decision, unsigned room)
{
    struct guid id;

    CHECK(guid_read(slice_of_text(room_guid_text(room)), &id) == ERROR_NONE);
    return council_guid(decision, id);
}

unsigned council_club(struct decision *decision)
{
    return town_club(decision->town, decision->random);
}

/* A user is mostly a guest. */
static ProtobufCBinaryData anyone(struct decision *decision)
{
    bool knows_groups = council_rules(decision) >= RULES_PEOPLE;

    if (council_odds(decision, knows_groups ? 3 : 40)) {
        return council_group(council_below(decision, COUNCIL_GROUPS));
    }
    return council_user(decision,
                        council_below(decision, council_odds(decision, 8)
                                                    ? COUNCIL_USERS
                                                    : COUNCIL_GUESTS));
}

ProtobufCBinaryData *council_people(struct decision *decision, size_t *n)
{
    ProtobufCBinaryData *list =
        arena_alloc(decision->arena, COUNCIL_LIST_MAX * sizeof(*list));

    CHECK(list != NULL);
    *n = council_below(decision, COUNCIL_LIST_MAX + 1);
    for (size_t i = 0; i < *n; i++) {
        list[i] = anyone(decision);
    }
    return list;
}
