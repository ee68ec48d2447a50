#include "node/chat/tombstone.h"

#include <stdlib.h>

#include "node/chat/place.h"
#include "proto/base/check.h"

static int compare_guids(const struct tombstone *a, const struct tombstone *b)
{
    return guid_compare(&a->guid, &b->guid);
}

TREE_GENERATE(tombstone_guids, tombstone, by_guid, compare_guids)

void tombstone_free(struct tombstone *tombstone)
{
    if (tombstone != NULL) {
        text_free(tombstone->name);
        free(tombstone);
    }
}

bool tombstone_adopt(struct machine *machine, struct tombstone *tombstone)
{
    CHECK(tombstone->number > 0);
    CHECK(table_at(&machine->tombstones, tombstone->number) == NULL);
    if (RB_INSERT(tombstone_guids, &machine->tombstones_by_guid, tombstone) !=
        NULL) {
        return false;
    }
    table_put(&machine->tombstones, tombstone->number, tombstone);
    machine->counts[ROW_TOMBSTONE] += 1;
    return true;
}

struct tombstone *tombstone_add(struct turn *turn, const struct place *place)
{
    struct tombstone *tombstone = calloc(1, sizeof(*tombstone));
    bool adopted;

    CHECK(tombstone != NULL);
    tombstone->guid = place->guid;
    tombstone->name = text_new(text_slice(place->name));
    tombstone->number = place->number;
    tombstone->deleted_at_us = turn->sent_at_us;
    adopted = tombstone_adopt(turn->machine, tombstone);
    CHECK(adopted); /* place_check_new gives no guid twice. */
    changes_mark(&turn->machine->changes, ROW_TOMBSTONE, place->number, 0, 0);
    return tombstone;
}

const struct tombstone *tombstone_find(const struct machine *machine,
                                       const struct guid *guid)
{
    struct tombstone_guids tree = machine->tombstones_by_guid;
    struct tombstone key;

    key.guid = *guid;
    return RB_FIND(tombstone_guids, &tree, &key);
}

struct tombstone *tombstone_of_room(const struct machine *machine,
                                    ProtobufCBinaryData guid)
{
    const struct tombstone *tombstone;
    struct guid named;

    if (place_read_guid(guid, &named) != OUTCOME_DONE) {
        return NULL;
    }
    tombstone = tombstone_find(machine, &named);
    return tombstone == NULL || tombstone->message_id_last == 0
               ? NULL
               : table_at(&machine->tombstones, tombstone->number);
}
