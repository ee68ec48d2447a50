#include "node/chat/encode_kept.h"

#include "proto/codec.h"
#include "proto/store.pb-c.h"

static void fill_keeping(const struct tombstone *tombstone,
                         Perch__Stored__Tombstone *row)
{
    if (tombstone->retention_days > 0) {
        CODEC_SET(row, retention_days, tombstone->retention_days);
    }
    if (tombstone->sweep.purged_upto > 0) {
        CODEC_SET(row, purged_upto, tombstone->sweep.purged_upto);
    }
    if (tombstone->sweep.swept_upto > 0) {
        CODEC_SET(row, swept_upto, tombstone->sweep.swept_upto);
    }
    if (tombstone->sweep.kept > 0) {
        CODEC_SET(row, kept, tombstone->sweep.kept);
    }
}

bool encode_tombstone(const struct machine *machine, const struct row_key *key,
                      struct arena *scratch, struct buffer *to)
{
    const struct tombstone *tombstone =
        table_at(&machine->tombstones, key->part[0]);
    Perch__Stored__Tombstone row = PERCH__STORED__TOMBSTONE__INIT;

    (void)scratch;
    if (tombstone == NULL) {
        return false;
    }
    CODEC_SET_BYTES(&row, guid, slice_of(tombstone->guid.bytes, GUID_BYTES));
    CODEC_SET_BYTES(&row, name, text_slice(tombstone->name));
    if (tombstone->message_id_last != 0) {
        CODEC_SET(&row, messages, tombstone->message_id_last);
    }
    CODEC_SET(&row, deleted_at_us, tombstone->deleted_at_us);
    fill_keeping(tombstone, &row);
    codec_write(&row.base, to);
    return true;
}

bool encode_administrator(const struct machine *machine,
                          const struct row_key *key, struct arena *scratch,
                          struct buffer *to)
{
    const struct administrator *administrator =
        machine->administrators[key->part[0]];
    Perch__Stored__Administrator row = PERCH__STORED__ADMINISTRATOR__INIT;

    (void)scratch;
    if (administrator == NULL) {
        return false;
    }
    CODEC_SET_BYTES(&row, name, text_slice(administrator->name));
    CODEC_SET(&row, roles, administrator->roles);
    CODEC_SET(&row, changed_at_us, administrator->changed_at_us);
    codec_write(&row.base, to);
    return true;
}
