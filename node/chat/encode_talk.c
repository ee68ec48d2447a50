#include "node/chat/encode_talk.h"

#include "node/chat/hold.h"
#include "proto/base/check.h"
#include "proto/codec.h"

bool encode_hold(const struct machine *machine, const struct row_key *key,
                 struct arena *scratch, struct buffer *to)
{
    const struct hold *hold = hold_numbered(machine, key->part[0]);
    Perch__Stored__Hold row = PERCH__STORED__HOLD__INIT;

    (void)scratch;
    if (hold == NULL) {
        return false;
    }
    CHECK((hold->room == NULL) != (hold->user == NULL));
    CODEC_SET_BYTES(&row, name, text_slice(hold->name));
    if (hold->room != NULL) {
        CODEC_SET(&row, room, hold->room->place.number);
    } else {
        CODEC_SET(&row, user, hold->user->principal.number);
    }
    CODEC_SET_BYTES(&row, reason, text_slice(hold->reason));
    CODEC_SET_BYTES(&row, administrator, text_slice(hold->administrator));
    CODEC_SET(&row, placed_at_us, hold->placed_at_us);
    codec_write(&row.base, to);
    return true;
}

void encode_keeping(const struct room *room, Perch__Stored__Room *row)
{
    if (room->has_retention) {
        CODEC_SET(row, retention_days, room->retention_days);
    }
    if (room->cleared_upto > 0) {
        CODEC_SET(row, cleared_upto, room->cleared_upto);
    }
    if (room->sweep.purged_upto > 0) {
        CODEC_SET(row, purged_upto, room->sweep.purged_upto);
    }
    if (room->sweep.swept_upto > 0) {
        CODEC_SET(row, swept_upto, room->sweep.swept_upto);
    }
    if (room->sweep.kept > 0) {
        CODEC_SET(row, kept, room->sweep.kept);
    }
}
