#include "node/chat/load_attention.h"

#include "node/chat/attention.h"
#include "node/chat/publication.h"
#include "node/chat/reading.h"
#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"

enum error load_publication(struct machine *machine, const struct row_key *key,
                            const void *message)
{
    const Perch__Stored__Publication *row = message;
    struct user *user = table_at(&machine->users, key->part[0]);
    uint32_t container = (uint32_t)key->part[1];
    uint32_t instance = (uint32_t)key->part[2];
    struct publication *item;

    REQUIRE(user != NULL && row->version > 0 &&
            publication_find(user, container, instance) == NULL);
    REQUIRE(row->room == 0 || table_at(&machine->rooms, row->room) != NULL);

    item = publication_add(machine, user, container, instance, row->room);
    item->version = row->version;
    item->expire_type = text_new(codec_slice(row->expire_type));
    publication_set_xml(user, item, codec_slice(row->xml));
    return ERROR_NONE;
}

enum error load_read(struct machine *machine, const struct row_key *key,
                     const void *message)
{
    const Perch__Stored__Read *row = message;
    struct user *user = table_at(&machine->users, key->part[0]);
    const struct room *room = table_at(&machine->rooms, key->part[1]);
    uint64_t ignored;

    REQUIRE(user != NULL && room != NULL &&
            row->message_id <= room->message_id_last);
    REQUIRE(!reading_find(user, room->place.number, &ignored));
    reading_set(machine, user, room->place.number, row->message_id);
    return ERROR_NONE;
}

enum error load_feeds(struct machine *machine, const struct row_key *key,
                      const void *message)
{
    const Perch__Stored__Feeds *row = message;
    struct user *user = table_at(&machine->users, key->part[0]);
    struct attention *attention;
    struct buffer bytes = BUFFER_EMPTY;

    REQUIRE(user != NULL && row->version > 0 && row->n_feeds <= FEEDS_MAX);
    attention = attention_of(user);
    REQUIRE(attention->feeds_version == 0);
    codec_write(&row->base, &bytes);
    CHECK(!buffer_failed(&bytes));
    attention->feeds_version = row->version;
    attention->feeds = text_new(buffer_slice(&bytes));
    buffer_deinit(&bytes);
    machine->counts[ROW_FEEDS] += 1;
    return ERROR_NONE;
}
