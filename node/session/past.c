#include "node/session/past.h"

#include <inttypes.h>

#include "node/session/posting.h"
#include "proto/base/journal.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"
#include "proto/xccos/write.h"
#include "storage/cursor.h"

/* Messages gathered so far, from the newest back or from the oldest on. */
struct gathering {
    const struct past_query *query;
    struct arena *arena;
    struct xccos_room *room;
    struct xccos_message *last; /* In the room's list. */
    uint32_t n;
    uint32_t n_hidden;
    size_t bytes;
    bool is_done;
};

static struct xccos_message *compose(const struct gathering *gathering,
                                     const Perch__Stored__Message *stored)
{
    struct xccos_message *message =
        arena_alloc(gathering->arena, sizeof(*message));

    if (message == NULL) {
        return NULL;
    }
    message->room_uri = gathering->query->room_uri;
    message->author = codec_slice(stored->author);
    message->author_name = codec_slice(stored->display_name);
    message->alert = stored->alert ? XCCOS_FLAG_TRUE : XCCOS_FLAG_FALSE;
    message->message_id = XCCOS_NUMBER(stored->message_id);
    message->sent_at = XCCOS_MOMENT(stored->sent_at_us);
    message->text = codec_slice(stored->text);
    message->note = codec_slice(stored->annotation);
    posting_split_extra(codec_slice(stored->extra),
                        &message->carried_attributes,
                        &message->carried_children);
    return message;
}

/* Whether the reader has enough without this message. */
static bool is_enough(const struct gathering *gathering,
                      const Perch__Stored__Message *stored)
{
    return gathering->n >= gathering->query->wanted &&
           (gathering->query->is_forward ||
            stored->log_index <= gathering->query->told_index);
}

/* The oldest stands first. */
static void put(struct gathering *gathering, struct xccos_message *message)
{
    if (!gathering->query->is_forward || gathering->last == NULL) {
        message->next = gathering->room->messages;
        gathering->room->messages = message;
    } else {
        gathering->last->next = message;
    }
    gathering->last = message;
}

static enum error add(struct gathering *gathering,
                      const Perch__Stored__Message *stored)
{
    struct xccos_message *message = compose(gathering, stored);
    size_t bytes;

    if (message == NULL) {
        return ERROR_NO_MEMORY;
    }
    bytes = xccos_message_bytes_max(message);
    if (gathering->n >= PAST_MESSAGES_MAX ||
        gathering->bytes + bytes > PAST_BYTES_MAX) {
        gathering->room->over_limit = XCCOS_FLAG_TRUE;
        gathering->is_done = true;
        return ERROR_NONE;
    }
    gathering->n += 1;
    gathering->bytes += bytes;
    put(gathering, message);
    return ERROR_NONE;
}

/* What is kept for the archive alone is not shown, and not looked through
 * without end. */
static enum error pass_over(struct gathering *gathering)
{
    gathering->n_hidden += 1;
    if (gathering->n_hidden >= PAST_HIDDEN_MAX) {
        gathering->room->over_limit = XCCOS_FLAG_TRUE;
        gathering->is_done = true;
    }
    return ERROR_NONE;
}

static enum error take(struct gathering *gathering, struct row *row)
{
    Perch__Stored__Message *stored = NULL;
    enum error error =
        codec_read(gathering->arena, &perch__stored__message__descriptor,
                   row->value, &stored);

    if (error == ERROR_MALFORMED) {
        journal_error("history_rotten",
                      "room=%" PRIu32 " reason=\"a message's row is none\"",
                      gathering->query->room);
        return ERROR_ROTTEN;
    }
    if (error != ERROR_NONE) {
        return error;
    }
    if (is_enough(gathering, stored)) {
        gathering->is_done = true;
        return ERROR_NONE;
    }
    return stored->hidden ? pass_over(gathering) : add(gathering, stored);
}

static enum error walk(struct cursor *cursor, struct gathering *gathering)
{
    enum error error = ERROR_NONE;
    struct row row;

    while (error == ERROR_NONE && !gathering->is_done) {
        error = cursor_next(cursor, &row);
        if (error == ERROR_NONE) {
            error = take(gathering, &row);
        }
    }
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error read_range(struct view *view, struct gathering *gathering)
{
    const struct past_query *query = gathering->query;
    uint64_t first[] = {query->room, query->message_id_first};
    uint64_t after[] = {query->room, query->message_id_last + 1};
    struct cursor *cursor;
    struct key lower, upper;
    enum error error;

    key_build(TABLE_MESSAGES, first, &lower);
    key_build(TABLE_MESSAGES, after, &upper);
    TRY(cursor_open(view, TABLE_MESSAGES,
                    (struct range){key_slice(&lower), key_slice(&upper),
                                   !query->is_forward},
                    &cursor));
    error = walk(cursor, gathering);
    cursor_close(cursor);
    return error;
}

enum error past_read(struct store *store, const struct past_query *query,
                     struct arena *arena, struct xccos_room *room)
{
    struct gathering gathering = {.query = query, .arena = arena, .room = room};
    struct view *view;
    enum error error;

    if (query->message_id_first > query->message_id_last) {
        return ERROR_NONE;
    }
    TRY(view_open(store, &view));
    error = read_range(view, &gathering);
    view_close(view);
    return error;
}
