#include "ops/audit/presence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/audit/order.h"
#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/base/guid.h"
#include "proto/base/tree.h"

enum { SESSION_BYTES = 17, EPOCH_AT = 1, SERIAL_AT = 9, DESCRIBED_BYTES = 400 };

/* A session in a room. */
struct stay {
    RB_ENTRY(stay) link;
    struct guid room;
};

static int compare_stays(const struct stay *a, const struct stay *b)
{
    return guid_compare(&a->room, &b->room);
}

RB_HEAD(stay_tree, stay);
TREE_GENERATE(stay_tree, stay, link, compare_stays)

/* By node, epoch and serial. */
struct seat {
    RB_ENTRY(seat) link;
    uint8_t id[SESSION_BYTES];
    struct stay_tree stays;
};

static int compare_seats(const struct seat *a, const struct seat *b)
{
    return memcmp(a->id, b->id, SESSION_BYTES);
}

RB_HEAD(seat_tree, seat);
TREE_GENERATE(seat_tree, seat, link, compare_seats)

struct presence {
    struct findings *findings;
    struct seat_tree seats;
    uint64_t joins, parts, in;
    /* A node's epoch that ends with the entry that is being read. */
    bool has_ended;
    uint8_t ended_node;
    uint64_t ended_epoch; /* That and all before. */
    uint64_t ended_index; /* The entry's. */
};

struct presence *presence_new(struct findings *findings)
{
    struct presence *presence = calloc(1, sizeof(*presence));

    CHECK(presence != NULL);
    presence->findings = findings;
    RB_INIT(&presence->seats);
    return presence;
}

static void clear_stays(struct presence *presence, struct seat *seat)
{
    struct stay *stay;

    while ((stay = RB_MIN(stay_tree, &seat->stays)) != NULL) {
        RB_REMOVE(stay_tree, &seat->stays, stay);
        free(stay);
        presence->in--;
    }
}

static void drop_seat(struct presence *presence, struct seat *seat)
{
    clear_stays(presence, seat);
    RB_REMOVE(seat_tree, &presence->seats, seat);
    free(seat);
}

static void forget(struct presence *presence)
{
    struct seat *seat;

    while ((seat = RB_MIN(seat_tree, &presence->seats)) != NULL) {
        drop_seat(presence, seat);
    }
    presence->has_ended = false;
}

void presence_free(struct presence *presence)
{
    if (presence != NULL) {
        forget(presence);
        free(presence);
    }
}

static struct seat *find_seat(struct presence *presence, struct slice id)
{
    struct seat wanted;

    CHECK(id.len == SESSION_BYTES);
    memcpy(wanted.id, id.data, SESSION_BYTES);
    return RB_FIND(seat_tree, &presence->seats, &wanted);
}

static struct seat *add_seat(struct presence *presence, struct slice id)
{
    struct seat *seat = calloc(1, sizeof(*seat));

    CHECK(seat != NULL);
    memcpy(seat->id, id.data, SESSION_BYTES);
    RB_INIT(&seat->stays);
    RB_INSERT(seat_tree, &presence->seats, seat);
    return seat;
}

/* A record's user and room, for people; as much as there is room for. */
static void describe(const struct record *record, char text[DESCRIBED_BYTES])
{
    struct slice user = SLICE_NONE, room = SLICE_NONE;

    record_find(record, RECORD_FIELD_USER, &user);
    record_find(record, RECORD_FIELD_ROOM_NAME, &room);
    snprintf(text, DESCRIBED_BYTES, "%.*s%s%.*s", SLICE_PRINT(user),
             room.len > 0 ? " in " : "", SLICE_PRINT(room));
}

static void tell(struct presence *presence, const struct record *record,
                 const char *what)
{
    char text[DESCRIBED_BYTES];

    describe(record, text);
    findings_error(presence->findings, AUDIT_PRESENCE,
                   "record %" PRIu64 ": %s: %s", record->csn, text, what);
}

static void take_open(struct presence *presence, const struct record *record,
                      struct slice id)
{
    struct seat *seat = find_seat(presence, id);

    if (seat != NULL) {
        tell(presence, record, "the session is open already");
        drop_seat(presence, seat);
    }
    add_seat(presence, id);
}

static void take_close(struct presence *presence, const struct record *record,
                       struct slice id)
{
    struct seat *seat = find_seat(presence, id);

    if (seat == NULL) {
        return;
    }
    if (!RB_EMPTY(&seat->stays)) {
        tell(presence, record, "the session ends while it is in a room");
    }
    drop_seat(presence, seat);
}

static void take_join(struct presence *presence, const struct record *record,
                      struct slice id, struct slice room)
{
    struct seat *seat = find_seat(presence, id);
    struct stay *stay = calloc(1, sizeof(*stay));

    CHECK(stay != NULL && room.len == GUID_BYTES);
    memcpy(stay->room.bytes, room.data, GUID_BYTES);
    if (seat == NULL) {
        seat = add_seat(presence, id);
    }
    presence->joins++;
    if (RB_INSERT(stay_tree, &seat->stays, stay) != NULL) {
        tell(presence, record, "joins where the session is in already");
        free(stay);
        return;
    }
    presence->in++;
}

static void take_part(struct presence *presence, const struct record *record,
                      struct slice id, struct slice room)
{
    struct seat *seat = find_seat(presence, id);
    struct stay wanted, *stay = NULL;

    CHECK(room.len == GUID_BYTES);
    memcpy(wanted.room.bytes, room.data, GUID_BYTES);
    presence->parts++;
    if (seat != NULL) {
        stay = RB_FIND(stay_tree, &seat->stays, &wanted);
    }
    if (stay != NULL) {
        RB_REMOVE(stay_tree, &seat->stays, stay);
        free(stay);
        presence->in--;
    } else {
        tell(presence, record, "leaves without having joined");
    }
}

/* Sessions of an epoch that has ended, and still in a room. */
static void end_epoch(struct presence *presence)
{
    struct seat begin = {.id = {presence->ended_node}}, *seat, *next;

    presence->has_ended = false;
    for (seat = RB_NFIND(seat_tree, &presence->seats, &begin);
         seat != NULL && seat->id[0] == presence->ended_node &&
         get_be64(seat->id + EPOCH_AT) <= presence->ended_epoch;
         seat = next) {
        next = RB_NEXT(seat_tree, &presence->seats, seat);
        if (!RB_EMPTY(&seat->stays)) {
            findings_error(presence->findings, AUDIT_PRESENCE,
                           "session %u/%" PRIu64 "/%" PRIu64
                           " is in a room though its node's epoch has ended "
                           "with log entry %" PRIu64,
                           seat->id[0], get_be64(seat->id + EPOCH_AT),
                           get_be64(seat->id + SERIAL_AT),
                           presence->ended_index);
        }
        drop_seat(presence, seat);
    }
}

/* The sessions' ends are records of the same entry, before or behind. */
static void take_node(struct presence *presence, const struct record *record,
                      struct slice id)
{
    uint64_t epoch = get_be64(id.data + EPOCH_AT);

    presence->ended_node = id.data[0];
    presence->ended_epoch =
        record->kind == RECORD_NODE_STARTED && epoch > 0 ? epoch - 1 : epoch;
    presence->ended_index = record->log_index;
    presence->has_ended = true;
}

static void take_of_session(struct presence *presence,
                            const struct record *record, struct slice id)
{
    struct slice room;
    bool has_room = record_find(record, RECORD_FIELD_ROOM, &room);

    switch ((int)record->kind) {
    case RECORD_SESSION_OPENED:
        take_open(presence, record, id);
        break;
    case RECORD_SESSION_CLOSED:
        take_close(presence, record, id);
        break;
    case RECORD_JOIN:
        if (has_room) {
            take_join(presence, record, id, room);
        }
        break;
    case RECORD_PART:
        if (has_room) {
            take_part(presence, record, id, room);
        }
        break;
    case RECORD_NODE_STARTED:
    case RECORD_NODE_LOST:
        take_node(presence, record, id);
        break;
    default:
        break;
    }
}

void presence_take(struct presence *presence, const struct record *record)
{
    struct slice id;

    if (presence->has_ended && record->log_index != presence->ended_index) {
        end_epoch(presence);
    }
    if (order_is_break(record)) {
        forget(presence);
    } else if (record_find(record, RECORD_FIELD_SESSION, &id)) {
        take_of_session(presence, record, id);
    }
}

void presence_end(struct presence *presence)
{
    if (presence->has_ended) {
        end_epoch(presence);
    }
    findings_made(
        presence->findings, AUDIT_PRESENCE, presence->joins + presence->parts,
        "%" PRIu64 " joins, %" PRIu64 " parts, %" PRIu64 " in at the end",
        presence->joins, presence->parts, presence->in);
}
