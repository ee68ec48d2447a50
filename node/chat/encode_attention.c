#include "node/chat/encode_attention.h"

#include "node/chat/publication.h"
#include "node/chat/reading.h"
#include "node/chat/state.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"

bool encode_publication(const struct machine *machine,
                        const struct row_key *key, struct arena *scratch,
                        struct buffer *to)
{
    const struct user *user = table_at(&machine->users, key->part[0]);
    Perch__Stored__Publication row = PERCH__STORED__PUBLICATION__INIT;
    const struct publication *item = NULL;

    (void)scratch;
    if (user != NULL) {
        item = publication_find(user, (uint32_t)key->part[1],
                                (uint32_t)key->part[2]);
    }
    if (item == NULL) {
        return false;
    }
    CODEC_SET(&row, version, item->version);
    CODEC_SET_BYTES(&row, expire_type, text_slice(item->expire_type));
    CODEC_SET_BYTES(&row, xml, text_slice(item->xml));
    if (item->room != 0) {
        CODEC_SET(&row, room, item->room);
    }
    codec_write(&row.base, to);
    return true;
}

bool encode_read(const struct machine *machine, const struct row_key *key,
                 struct arena *scratch, struct buffer *to)
{
    const struct user *user = table_at(&machine->users, key->part[0]);
    Perch__Stored__Read row = PERCH__STORED__READ__INIT;
    uint64_t message_id;

    (void)scratch;
    if (user == NULL ||
        !reading_find(user, (uint32_t)key->part[1], &message_id)) {
        return false;
    }
    CODEC_SET(&row, message_id, message_id);
    codec_write(&row.base, to);
    return true;
}

bool encode_feeds(const struct machine *machine, const struct row_key *key,
                  struct arena *scratch, struct buffer *to)
{
    const struct user *user = table_at(&machine->users, key->part[0]);

    (void)scratch;
    if (user == NULL || user->attention == NULL ||
        user->attention->feeds == NULL) {
        return false;
    }
    buffer_append_slice(to, text_slice(user->attention->feeds));
    return true;
}
