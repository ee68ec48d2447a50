/* How long what is said is shown and kept: clearing, retention, purging. */
#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/moment.h"
#include "node/chat/view.h"

static ProtobufCBinaryData guid_field(struct answer *answer)
{
    return codec_bytes(slice_of(answer->guid.bytes, GUID_BYTES));
}

/* Find the room a change is about, and remember it for the reply. */
static const struct room *take_room(struct answer *answer,
                                    ProtobufCBinaryData name,
                                    struct room_view *view)
{
    const struct room *room = find_room(answer, name);

    if (room != NULL) {
        view_room(room, view);
        answer->guid = view->place.guid;
    }
    return room;
}

/* The first message of a walk. */
struct first {
    uint64_t id; /* 0: none. */
    int64_t sent_at_us;
};

static bool take_first(void *context, const struct admin_message *message)
{
    *(struct first *)context =
        (struct first){message->said.message_id, message->said.sent_at_us};
    return false;
}

/* Find the last message of before a moment: ids rise with time. Returns false,
 * and the answer refused, when messages cannot be read. */
static bool find_before(struct answer *answer, const struct room_view *room,
                        int64_t before_us, uint64_t *id_out)
{
    const struct admin_state *state = answer->state;
    uint64_t low = room->cleared_upto, high = room->message_id_last;

    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        struct first first = {0, 0};

        if (state->messages->walk(state->context, room->place.number, middle,
                                  high, take_first, &first) != ERROR_NONE) {
            answer_refuse(answer, REFUSAL_NO_MESSAGES_HERE);
            return false;
        }
        if (first.id != 0 && first.sent_at_us < before_us) {
            low = first.id;
        } else {
            high = middle - 1;
        }
    }
    *id_out = low;
    return true;
}

static void decide_clear(struct answer *answer)
{
    const Perch__Admin__RoomsClear *asked = answer->asked;
    Perch__RoomClear *clear =
        answer_new(answer, &perch__room_clear__descriptor);
    int64_t before_us = 0;
    struct room_view room;
    uint64_t upto = 0;

    if (take_room(answer, asked->room, &room) == NULL) {
        return;
    }
    if (!moment_read(codec_slice(asked->before), &before_us)) {
        answer_refuse_about(answer, REFUSAL_MOMENT_INVALID,
                            codec_slice(asked->before));
        return;
    }
    if (!find_before(answer, &room, before_us, &upto)) {
        return;
    }
    answer_tells(answer, "cleared", "room \"%.*s\" up to message %" PRIu64,
                 SLICE_PRINT(room.place.name), upto);
    if (upto == room.cleared_upto) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET(clear, room, guid_field(answer));
    CODEC_SET(clear, upto_id, upto);
    CODEC_SET(clear, before_us, before_us);
    CODEC_SET(clear, reason, asked->reason);
    answer_proposes(answer, PERCH__COMMAND__KIND_ROOM_CLEAR)->room_clear =
        clear;
}

static void decide_purge(struct answer *answer)
{
    const Perch__Admin__RoomsPurge *asked = answer->asked;
    const struct admin_state *state = answer->state;
    Perch__RoomPurge *purge =
        answer_new(answer, &perch__room_purge__descriptor);
    const struct room *room;
    struct room_view view;
    uint64_t upto = 0;

    room = take_room(answer, asked->room, &view);
    if (room == NULL) {
        return;
    }
    if (state->messages->due(state->context, room, loop_wall_us(answer->loop),
                             &upto) != ERROR_NONE) {
        answer_refuse(answer, REFUSAL_NO_MESSAGES_HERE);
        return;
    }
    if (upto == 0 && view.holds == 0 && view.retention_days > 0) {
        answer_refuse(answer, REFUSAL_NOTHING_DUE);
        return;
    }
    answer_tells(answer, "purged", "room \"%.*s\" up to message %" PRIu64,
                 SLICE_PRINT(view.place.name), upto);
    CODEC_SET(purge, room, guid_field(answer));
    CODEC_SET(purge, after_id, view.swept_upto);
    CODEC_SET(purge, upto_id, upto);
    answer_proposes(answer, PERCH__COMMAND__KIND_ROOM_PURGE)->room_purge =
        purge;
}

/* "30 days", "for ever". */
static struct slice days_text(struct answer *answer, bool has, uint32_t days)
{
    if (!has) {
        return SLICE_LITERAL("as its category has it");
    }
    return days == 0 ? SLICE_LITERAL("for ever")
                     : answer_printf(answer, "for %" PRIu32 " days", days);
}

static void decide_room_retention(struct answer *answer)
{
    const Perch__Admin__RoomsRetention *asked = answer->asked;
    Perch__RetentionSet *set =
        answer_new(answer, &perch__retention_set__descriptor);
    struct room_view room;

    if (take_room(answer, asked->room, &room) == NULL) {
        return;
    }
    answer_tells(answer, "to be kept", "what is said in room \"%.*s\", %.*s,",
                 SLICE_PRINT(room.place.name),
                 SLICE_PRINT(days_text(answer, asked->has_days, asked->days)));
    if (room.has_retention == (asked->has_days != 0) &&
        (!asked->has_days || room.retention_days == asked->days)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET(set, room, guid_field(answer));
    set->has_days = asked->has_days;
    set->days = asked->days;
    answer_proposes(answer, PERCH__COMMAND__KIND_RETENTION_SET)->retention_set =
        set;
}

static void decide_category_retention(struct answer *answer)
{
    const Perch__Admin__CategoriesRetention *asked = answer->asked;
    const struct category *category = find_category(answer, asked->category);
    Perch__RetentionSet *set =
        answer_new(answer, &perch__retention_set__descriptor);
    struct category_view view;

    if (category == NULL) {
        return;
    }
    view_category(category, &view);
    answer->guid = view.place.guid;
    answer_tells(answer, "to be kept",
                 "what is said in category \"%.*s\", %.*s,",
                 SLICE_PRINT(view.place.name),
                 SLICE_PRINT(days_text(answer, true, asked->days)));
    if (view.retention_days == asked->days) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET(set, category, guid_field(answer));
    CODEC_SET(set, days, asked->days);
    answer_proposes(answer, PERCH__COMMAND__KIND_RETENTION_SET)->retention_set =
        set;
}

const struct answer_row keeping_rows[] = {
    {ADMIN_ROOMS_CLEAR, decide_clear, rooms_show},
    {ADMIN_ROOMS_PURGE, decide_purge, rooms_show},
    {ADMIN_ROOMS_RETENTION, decide_room_retention, rooms_show},
    {ADMIN_CATEGORIES_RETENTION, decide_category_retention, categories_show},
    {.decide = NULL},
};
