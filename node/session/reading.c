#include "node/session/reading.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/base/buffer.h"
#include "proto/base/journal.h"
#include "proto/codec.h"

/* The revision that the second cursor stands at. Its bytes are the reading's
 * own: whoever reads may clear the arena between two messages. */
struct ahead {
    uint64_t message_id; /* 0: none is left. */
    struct buffer value;
};

struct reading {
    struct reading_range range;
    struct cursor *messages, *revisions;
    struct ahead ahead;
    bool begun;
};

static enum error rotten(uint32_t room, const char *reason)
{
    journal_error("history_rotten", "room=%" PRIu32 " reason=\"%s\"", room,
                  reason);
    return ERROR_ROTTEN;
}

static enum error open_cursor(struct view *view, enum table table,
                              const struct reading_range *range,
                              struct cursor **cursor_out)
{
    uint64_t first[] = {range->room, range->first, 0};
    uint64_t after[] = {range->room, range->last + 1, 0};
    struct key lower, upper;

    key_build(table, first, &lower);
    key_build(table, after, &upper);
    return cursor_open(view, table,
                       (struct range){key_slice(&lower), key_slice(&upper),
                                      range->is_backward},
                       cursor_out);
}

enum error reading_open(struct view *view, const struct reading_range *range,
                        struct reading **reading_out)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    enum error error = ERROR_NO_MEMORY;

    if (reading == NULL) {
        return error;
    }
    reading->range = *range;
    buffer_init(&reading->ahead.value);
    error = open_cursor(view, TABLE_MESSAGES, range, &reading->messages);
    if (error == ERROR_NONE) {
        error = open_cursor(view, TABLE_REVISIONS, range, &reading->revisions);
    }
    if (error != ERROR_NONE) {
        reading_close(reading);
        return error;
    }
    *reading_out = reading;
    return ERROR_NONE;
}

void reading_close(struct reading *reading)
{
    if (reading != NULL) {
        cursor_close(reading->messages);
        cursor_close(reading->revisions);
        buffer_deinit(&reading->ahead.value);
        free(reading);
    }
}

static enum error read_value(const struct reading *reading, struct arena *arena,
                             const ProtobufCMessageDescriptor *descriptor,
                             struct slice value, void *value_out)
{
    enum error error = codec_read(arena, descriptor, value, value_out);

    return error == ERROR_MALFORMED
               ? rotten(reading->range.room, "a message's row is none")
               : error;
}

/* Step to the next revision. */
static enum error look_ahead(struct reading *reading)
{
    struct ahead *ahead = &reading->ahead;
    uint64_t parts[KEY_PARTS_MAX];
    struct row row;
    enum error error = cursor_next(reading->revisions, &row);

    ahead->message_id = 0;
    if (error != ERROR_NONE) {
        return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
    }
    if (key_read(TABLE_REVISIONS, row.key, parts) != ERROR_NONE) {
        return rotten(reading->range.room, "a revision's key is none");
    }
    buffer_clear(&ahead->value);
    buffer_append_slice(&ahead->value, row.value);
    ahead->message_id = parts[1];
    return buffer_failed(&ahead->value) ? ERROR_NO_MEMORY : ERROR_NONE;
}

/* Make the revision ahead that of a message. */
static enum error take_ahead(struct reading *reading, struct arena *arena,
                             struct reading_item *item)
{
    Perch__Stored__Revision *revision = NULL;

    TRY(read_value(reading, arena, &perch__stored__revision__descriptor,
                   buffer_slice(&reading->ahead.value), &revision));
    item->revision = revision;
    return ERROR_NONE;
}

/* Whether the revision ahead is of a message that the first cursor has left
 * behind: one that was erased. */
static bool is_behind(const struct reading *reading, uint64_t message_id)
{
    uint64_t ahead = reading->ahead.message_id;

    return ahead != 0 && (reading->range.is_backward ? ahead > message_id
                                                     : ahead < message_id);
}

/* Forward the newest is the last of a message, backward the first. */
static enum error find_newest(struct reading *reading, struct arena *arena,
                              uint64_t message_id, struct reading_item *item)
{
    if (!reading->begun) {
        reading->begun = true;
        TRY(look_ahead(reading));
    }
    while (is_behind(reading, message_id)) {
        TRY(look_ahead(reading));
    }
    while (reading->ahead.message_id == message_id) {
        if (!reading->range.is_backward || item->revision == NULL) {
            TRY(take_ahead(reading, arena, item));
        }
        TRY(look_ahead(reading));
    }
    return ERROR_NONE;
}

enum error reading_next(struct reading *reading, struct arena *arena,
                        struct reading_item *item_out)
{
    Perch__Stored__Message *message = NULL;
    struct row row;

    *item_out = (struct reading_item){NULL, NULL};
    TRY(cursor_next(reading->messages, &row));
    TRY(read_value(reading, arena, &perch__stored__message__descriptor,
                   row.value, &message));
    item_out->message = message;
    return find_newest(reading, arena, message->message_id, item_out);
}

void reading_said(const struct reading_item *item, struct said *said_out)
{
    const Perch__Stored__Message *message = item->message;
    const Perch__Stored__Revision *revision = item->revision;

    *said_out = (struct said){
        .message_id = message->message_id,
        .log_index = message->log_index,
        .sent_at_us = message->sent_at_us,
        .author_uri = codec_slice(message->author),
        .display_name = codec_slice(message->display_name),
        .text = codec_slice(message->text),
        .extra = codec_slice(message->extra),
        .alert = message->alert,
        .story = message->story,
        .hidden = message->hidden,
        .has_csn = message->has_csn,
        .csn = message->csn,
        .is_shared = message->has_command_csn,
        .command_csn = message->command_csn,
    };
    if (revision != NULL) {
        said_out->state = (enum revision)revision->kind;
        said_out->text = codec_slice(revision->text);
        said_out->extra = codec_slice(revision->extra);
    }
}

bool reading_is_shown(const struct said *said)
{
    return !said->hidden && said->state != REVISION_WITHDRAWN &&
           said->state != REVISION_REDACTED && said->state != REVISION_CLEARED;
}

enum error reading_one(struct view *view, uint32_t room, uint64_t message_id,
                       struct arena *arena, struct reading_item *item_out)
{
    struct reading_range range = {room, message_id, message_id, false};
    struct reading *reading;
    enum error error;

    if (message_id == 0 || message_id == UINT64_MAX) {
        return ERROR_NOT_FOUND;
    }
    TRY(reading_open(view, &range, &reading));
    error = reading_next(reading, arena, item_out);
    reading_close(reading);
    return error;
}

static enum error walk(struct cursor *cursor, const struct reading *reading,
                       struct arena *arena, reading_revision *each,
                       void *context)
{
    Perch__Stored__Revision *revision = NULL;
    uint64_t parts[KEY_PARTS_MAX];
    enum error error;
    struct row row;

    while ((error = cursor_next(cursor, &row)) == ERROR_NONE) {
        if (key_read(TABLE_REVISIONS, row.key, parts) != ERROR_NONE) {
            return rotten(reading->range.room, "a revision's key is none");
        }
        TRY(read_value(reading, arena, &perch__stored__revision__descriptor,
                       row.value, &revision));
        if (!each(context, parts[2], revision)) {
            return ERROR_NONE;
        }
    }
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error reading_revisions(struct view *view, uint32_t room,
                             uint64_t message_id, struct arena *arena,
                             reading_revision *each, void *context)
{
    struct reading reading = {.range = {room, message_id, message_id, false}};
    struct cursor *cursor;
    enum error error;

    TRY(open_cursor(view, TABLE_REVISIONS, &reading.range, &cursor));
    error = walk(cursor, &reading, arena, each, context);
    cursor_close(cursor);
    return error;
}
