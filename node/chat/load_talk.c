#include "node/chat/load_talk.h"

#include <stdlib.h>

#include "node/chat/hold.h"
#include "proto/base/check.h"
#include "proto/codec.h"

enum error load_hold(struct machine *machine, const struct row_key *key,
                     const void *message)
{
    const Perch__Stored__Hold *row = message;
    struct room *room = table_at(&machine->rooms, row->room);
    struct user *user = table_at(&machine->users, row->user);
    struct hold *hold;

    REQUIRE(row->name.len > 0 && (room == NULL) != (user == NULL));
    REQUIRE(key->part[0] > 0 && key->part[0] <= machine->hold_last);

    hold = calloc(1, sizeof(*hold));
    CHECK(hold != NULL);
    hold->number = key->part[0];
    hold->name = text_new(codec_slice(row->name));
    hold->room = room;
    hold->user = user;
    hold->reason = text_new(codec_slice(row->reason));
    hold->administrator = text_new(codec_slice(row->administrator));
    hold->placed_at_us = row->placed_at_us;
    if (!hold_adopt(machine, hold)) {
        hold_free(hold);
        return ERROR_MALFORMED;
    }
    return ERROR_NONE;
}

void load_keeping(struct room *room, const Perch__Stored__Room *row)
{
    room->has_retention = row->has_retention_days;
    room->retention_days = row->retention_days;
    room->cleared_upto = row->cleared_upto;
    room->sweep.purged_upto = row->purged_upto;
    room->sweep.swept_upto = row->swept_upto;
    room->sweep.kept = row->kept;
}
