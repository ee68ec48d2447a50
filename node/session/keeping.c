#include "node/session/keeping.h"

#include <inttypes.h>

#include "node/chat/view.h"
#include "node/session/hub.h"
#include "node/session/reading.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

#define US_PER_DAY (INT64_C(86400) * 1000000)

enum { KEEPING_ARENA_BYTES = 16 * 1024 };

/* The last of the next messages whose time is over. */
static enum error find_due(struct reading *reading, struct arena *arena,
                           int64_t before_us, uint64_t *upto_out)
{
    struct reading_item item;
    enum error error;

    for (int i = 0; i < PURGES_MAX; i++) {
        arena_reset(arena);
        error = reading_next(reading, arena, &item);
        if (error != ERROR_NONE || item.message->sent_at_us >= before_us) {
            return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
        }
        *upto_out = item.message->message_id;
    }
    return ERROR_NONE;
}

enum error keeping_due(struct store *store, const struct room *room,
                       int64_t now_us, uint64_t *upto_out)
{
    struct arena *arena = arena_new(KEEPING_ARENA_BYTES);
    struct reading *reading = NULL;
    struct view *view = NULL;
    struct reading_range range;
    struct room_view facts;
    enum error error;

    CHECK(arena != NULL);
    *upto_out = 0;
    view_room(room, &facts);
    range = (struct reading_range){facts.place.number, facts.swept_upto + 1,
                                   facts.message_id_last, false};
    error = facts.retention_days == 0 || range.first > range.last
                ? ERROR_NOT_FOUND
                : view_open(store, &view);
    if (error == ERROR_NONE) {
        error = reading_open(view, &range, &reading);
    }
    if (error == ERROR_NONE) {
        error = find_due(reading, arena,
                         now_us - facts.retention_days * US_PER_DAY, upto_out);
    }
    reading_close(reading);
    view_close(view);
    arena_free(arena);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* A refusal is a rule's word: held meanwhile, or purged by another. */
static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects)
{
    struct keeping *keeping =
        (struct keeping *)((char *)proposal - offsetof(struct keeping, purge));
    struct sessions *hub =
        (struct sessions *)((char *)keeping -
                            offsetof(struct sessions, keeping));
    struct keeping_meters *meters = &hub->meters.keeping;

    (void)effects;
    keeping->purging = false;
    if (fate == PROPOSAL_APPLIED && outcome_is_success(applied->outcome)) {
        journal_notice("room_purged", "room=%" PRIu32 " messages=%" PRIu64,
                       keeping->room, applied->value);
        meter_add(&meters->purges, 1);
        meter_add(&meters->purged, applied->value);
        keeping->room -= 1; /* There may be more. */
    } else if (fate == PROPOSAL_APPLIED) {
        journal_notice("purge_refused", "room=%" PRIu32 " outcome=%s",
                       keeping->room, outcome_name(applied->outcome));
        meter_add(&meters->refused, 1);
    }
}

static void propose(struct sessions *hub, const struct room_view *room,
                    uint64_t upto)
{
    Perch__RoomPurge purge = PERCH__ROOM_PURGE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct keeping *keeping = &hub->keeping;

    CODEC_SET_BYTES(&purge, room, slice_of(room->place.guid.bytes, GUID_BYTES));
    CODEC_SET(&purge, after_id, room->swept_upto);
    CODEC_SET(&purge, upto_id, upto);
    command.kind_case = PERCH__COMMAND__KIND_ROOM_PURGE;
    command.room_purge = &purge;
    keeping->purge = (struct proposal){.tell = told};
    keeping->purging = true;
    if (proposer_propose(hub->proposer, &keeping->purge, &command) !=
        ERROR_NONE) {
        keeping->purging = false;
    }
}

/* Returns whether the room's messages were looked at. */
static bool look(struct sessions *hub, const struct room *room)
{
    struct room_view view;
    uint64_t upto = 0;
    enum error error;

    view_room(room, &view);
    if (view.retention_days == 0 || view.holds > 0 ||
        view.swept_upto >= view.message_id_last) {
        return false;
    }
    error = keeping_due(hub->history.store, room,
                        loop_wall_us(hub->settings.loop), &upto);
    if (error != ERROR_NONE) {
        journal_error("retention_not_read", "room=%" PRIu32 " error=%s",
                      view.place.number, error_name(error));
        meter_add(&hub->meters.keeping.not_read, 1);
    } else if (upto > 0) {
        propose(hub, &view, upto);
    }
    return true;
}

void keeping_tick(struct sessions *hub)
{
    struct keeping *keeping = &hub->keeping;
    uint32_t last = query_place_last(hub->machine);
    int looked = 0;

    if (hub->duties.status.role != REPLICA_LEADER || keeping->purging ||
        hub->history.store == NULL ||
        machine_rules_version(hub->machine) < RULES_TALK ||
        proposer_epoch(hub->proposer) == 0) {
        return;
    }
    for (int i = 0; i < KEEPING_PASSED_MAX && looked < KEEPING_ROOMS_MAX &&
                    !keeping->purging && last > 0;
         i++) {
        const struct room *room;

        keeping->room = keeping->room >= last ? 1 : keeping->room + 1;
        room = query_room_numbered(hub->machine, keeping->room);
        looked += room != NULL && look(hub, room);
    }
}
