#include "node/session/past.h"

#include "node/session/reading.h"
#include "node/session/wording.h"
#include "proto/xccos/write.h"

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

struct xccos_message *past_compose(struct arena *arena, struct slice room_uri,
                                   const struct reading_item *item)
{
    struct xccos_message *message = arena_alloc(arena, sizeof(*message));
    struct wording_change change = {
        .csn = {.set = item->message->has_csn, .value = item->message->csn}};
    struct said said;

    if (message == NULL) {
        return NULL;
    }
    if (item->revision != NULL) {
        change.reason = codec_slice(item->revision->reason);
        change.at_us = item->revision->at_us;
        change.csn.set = item->revision->has_csn;
        change.csn.value = item->revision->csn;
    }
    reading_said(item, &said);
    if (wording_message(&said, &change, arena, message) != ERROR_NONE) {
        return NULL;
    }
    message->room_uri = room_uri;
    if (item->revision == NULL) { /* It is about the text as it was posted. */
        message->note = codec_slice(item->message->annotation);
    }
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
                      const struct reading_item *item)
{
    struct xccos_message *message =
        past_compose(gathering->arena, gathering->query->room_uri, item);
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

static enum error take(struct gathering *gathering,
                       const struct reading_item *item)
{
    if (is_enough(gathering, item->message)) {
        gathering->is_done = true;
        return ERROR_NONE;
    }
    return item->message->hidden ? pass_over(gathering) : add(gathering, item);
}

static enum error walk(struct reading *reading, struct gathering *gathering)
{
    enum error error = ERROR_NONE;
    struct reading_item item;

    while (error == ERROR_NONE && !gathering->is_done) {
        error = reading_next(reading, gathering->arena, &item);
        if (error == ERROR_NONE) {
            error = take(gathering, &item);
        }
    }
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error read_range(struct view *view, struct gathering *gathering)
{
    const struct past_query *query = gathering->query;
    struct reading_range range = {query->room, query->message_id_first,
                                  query->message_id_last, !query->is_forward};
    struct reading *reading;
    enum error error;

    TRY(reading_open(view, &range, &reading));
    error = walk(reading, gathering);
    reading_close(reading);
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
