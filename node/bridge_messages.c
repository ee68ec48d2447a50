#include "node/bridge_messages.h"

#include "node/session/keeping.h"
#include "node/session/reading.h"
#include "proto/base/check.h"
#include "proto/codec.h"

enum { ARENA_BYTES = 16 * 1024 };

static enum error walk(struct reading *reading, struct arena *arena,
                       admin_take_message *take, void *context)
{
    struct reading_item item;
    bool goes_on = true;

    while (goes_on) {
        struct admin_message message = {.changed_at_us = 0};

        arena_reset(arena);
        TRY(reading_next(reading, arena, &item));
        reading_said(&item, &message.said);
        if (item.revision != NULL) {
            message.reason = codec_slice(item.revision->reason);
            message.changed_at_us = item.revision->at_us;
        }
        goes_on = take(context, &message);
    }
    return ERROR_NONE;
}

enum error bridge_messages_walk(struct store *store,
                                const struct reading_range *range,
                                admin_take_message *take, void *context)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct reading *reading = NULL;
    struct view *view = NULL;
    enum error error = view_open(store, &view);

    CHECK(arena != NULL);
    if (error == ERROR_NONE) {
        error = reading_open(view, range, &reading);
    }
    if (error == ERROR_NONE) {
        error = walk(reading, arena, take, context);
    }
    reading_close(reading);
    view_close(view);
    arena_free(arena);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Whom versions are told. */
struct telling {
    admin_take_version *take;
    void *context;
    bool goes_on;
};

static bool tell(void *context, uint64_t log_index,
                 const Perch__Stored__Revision *revision)
{
    struct telling *telling = context;

    telling->goes_on =
        telling->take(telling->context,
                      &(struct admin_version){
                          .state = (enum revision)revision->kind,
                          .at_us = revision->at_us,
                          .user = codec_slice(revision->user),
                          .administrator = codec_slice(revision->administrator),
                          .source = codec_slice(revision->source),
                          .reason = codec_slice(revision->reason),
                          .text = codec_slice(revision->text),
                          .log_index = log_index,
                      });
    return telling->goes_on;
}

/* As it was posted. */
static void tell_first(struct telling *telling,
                       const Perch__Stored__Message *message)
{
    telling->goes_on = telling->take(telling->context,
                                     &(struct admin_version){
                                         .state = REVISION_NONE,
                                         .at_us = message->sent_at_us,
                                         .user = codec_slice(message->author),
                                         .text = codec_slice(message->text),
                                         .log_index = message->log_index,
                                     });
}

enum error bridge_messages_versions(struct store *store, uint32_t room,
                                    uint64_t message_id,
                                    admin_take_version *take, void *context)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct telling telling = {take, context, true};
    struct reading_item item;
    struct view *view = NULL;
    enum error error = view_open(store, &view);

    CHECK(arena != NULL);
    if (error == ERROR_NONE) {
        error = reading_one(view, room, message_id, arena, &item);
    }
    if (error == ERROR_NONE) {
        tell_first(&telling, item.message);
    }
    if (error == ERROR_NONE && telling.goes_on) {
        error =
            reading_revisions(view, room, message_id, arena, tell, &telling);
    }
    view_close(view);
    arena_free(arena);
    return error;
}
