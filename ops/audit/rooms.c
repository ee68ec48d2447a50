#include "ops/audit/rooms.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ops/audit/order.h"
#include "proto/base/check.h"
#include "proto/base/guid.h"
#include "proto/base/tree.h"

struct room {
    RB_ENTRY(room) link;
    struct guid guid;
    bool is_known; /* last is. */
    uint64_t last; /* Message id. */
};

static int compare(const struct room *a, const struct room *b)
{
    return guid_compare(&a->guid, &b->guid);
}

RB_HEAD(room_tree, room);
TREE_GENERATE(room_tree, room, link, compare)

struct rooms {
    struct findings *findings;
    struct room_tree tree;
    uint64_t n, messages;
};

struct rooms *rooms_new(struct findings *findings)
{
    struct rooms *rooms = calloc(1, sizeof(*rooms));

    CHECK(rooms != NULL);
    rooms->findings = findings;
    RB_INIT(&rooms->tree);
    return rooms;
}

static void forget(struct rooms *rooms)
{
    struct room *room;

    while ((room = RB_MIN(room_tree, &rooms->tree)) != NULL) {
        RB_REMOVE(room_tree, &rooms->tree, room);
        free(room);
    }
}

void rooms_free(struct rooms *rooms)
{
    if (rooms != NULL) {
        forget(rooms);
        free(rooms);
    }
}

static struct room *find(struct rooms *rooms, struct slice guid)
{
    struct room wanted, *room;

    CHECK(guid.len == GUID_BYTES);
    memcpy(wanted.guid.bytes, guid.data, GUID_BYTES);
    room = RB_FIND(room_tree, &rooms->tree, &wanted);
    if (room == NULL) {
        room = calloc(1, sizeof(*room));
        CHECK(room != NULL);
        room->guid = wanted.guid;
        RB_INSERT(room_tree, &rooms->tree, room);
        rooms->n++;
    }
    return room;
}

static void take_message(struct rooms *rooms, struct room *room,
                         const struct record *record)
{
    uint64_t id = record_number(record, RECORD_FIELD_MESSAGE_ID, 0);

    if (room->is_known && id != room->last + 1) {
        char text[GUID_TEXT_BYTES + 1];

        guid_write(&room->guid, text);
        findings_error(rooms->findings, AUDIT_MESSAGES,
                       "record %" PRIu64 " is message %" PRIu64
                       " of room %s, whose last was %" PRIu64,
                       record->csn, id, text, room->last);
    }
    room->is_known = true;
    room->last = id;
    rooms->messages++;
}

void rooms_take(struct rooms *rooms, const struct record *record)
{
    struct slice guid;

    if (order_is_break(record)) {
        forget(rooms);
        return;
    }
    switch ((int)record->kind) {
    case RECORD_ROOM_CREATED:
        if (record_find(record, RECORD_FIELD_ROOM, &guid)) {
            find(rooms, guid)->is_known = true;
        }
        break;
    case RECORD_POST:
    case RECORD_ALERT:
    case RECORD_STORY:
    case RECORD_IMPORT:
        if (record_find(record, RECORD_FIELD_ROOM, &guid)) {
            take_message(rooms, find(rooms, guid), record);
        } else {
            findings_error(rooms->findings, AUDIT_MESSAGES,
                           "record %" PRIu64 " is a message of no room",
                           record->csn);
        }
        break;
    default:
        break;
    }
}

void rooms_end(struct rooms *rooms)
{
    findings_made(rooms->findings, AUDIT_MESSAGES, rooms->messages,
                  "%" PRIu64 " messages in %" PRIu64 " rooms", rooms->messages,
                  rooms->n);
}
