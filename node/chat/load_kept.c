#include "node/chat/load_kept.h"

#include <stdlib.h>

#include "node/chat/administrator.h"
#include "node/chat/place.h"
#include "node/chat/tombstone.h"
#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"

enum error load_tombstone(struct machine *machine, const struct row_key *key,
                          const void *message)
{
    const Perch__Stored__Tombstone *row = message;
    struct tombstone *tombstone;

    REQUIRE(key->part[0] > 0 && key->part[0] <= machine->place_last &&
            place_at(machine, key->part[0]) == NULL &&
            table_at(&machine->tombstones, key->part[0]) == NULL);
    REQUIRE(row->guid.len == GUID_BYTES && row->name.len > 0);

    tombstone = calloc(1, sizeof(*tombstone));
    CHECK(tombstone != NULL);
    memcpy(tombstone->guid.bytes, row->guid.data, GUID_BYTES);
    tombstone->number = (uint32_t)key->part[0];
    tombstone->name = text_new(codec_slice(row->name));
    tombstone->message_id_last = row->messages;
    tombstone->deleted_at_us = row->deleted_at_us;
    tombstone->retention_days = row->retention_days;
    tombstone->sweep =
        (struct sweep){row->purged_upto, row->swept_upto, row->kept};
    if (place_find(machine, &tombstone->guid) != NULL ||
        !tombstone_adopt(machine, tombstone)) {
        tombstone_free(tombstone);
        return ERROR_MALFORMED;
    }
    return ERROR_NONE;
}

enum error load_administrator(struct machine *machine,
                              const struct row_key *key, const void *message)
{
    const Perch__Stored__Administrator *row = message;
    struct administrator *administrator;

    REQUIRE(key->part[0] < ADMINISTRATORS_MAX &&
            machine->administrators[key->part[0]] == NULL);
    REQUIRE(row->name.len > 0 && row->roles != 0);

    administrator = calloc(1, sizeof(*administrator));
    CHECK(administrator != NULL);
    administrator->name = text_new(codec_slice(row->name));
    administrator->roles = row->roles;
    administrator->changed_at_us = row->changed_at_us;
    administrator_put(machine, (uint32_t)key->part[0], administrator);
    return ERROR_NONE;
}
