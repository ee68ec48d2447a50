#include "node/bridge_content.h"

#include "node/session/reading.h"
#include "proto/base/check.h"

enum { ARENA_BYTES = 16 * 1024 };

static void fill(const struct reading_item *item, struct admin_content *content)
{
    struct said said;

    reading_said(item, &said);
    content->message = item->message;
    content->text = said.text;
    content->extra = said.extra;
    content->taken_back =
        said.state == REVISION_WITHDRAWN || said.state == REVISION_REDACTED;
}

static enum error walk(struct reading *reading, struct arena *arena,
                       admin_take_content *take, void *context)
{
    struct admin_content content;
    struct reading_item item;
    bool goes_on = true;

    while (goes_on) {
        arena_reset(arena);
        TRY(reading_next(reading, arena, &item));
        fill(&item, &content);
        goes_on = take(context, &content);
    }
    return ERROR_NONE;
}

enum error bridge_content(struct store *store, uint32_t room, uint64_t first,
                          admin_take_content *take, void *context)
{
    const struct reading_range range = {room, first, UINT64_MAX - 1, false};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct reading *reading = NULL;
    struct view *view = NULL;
    enum error error = view_open(store, &view);

    CHECK(arena != NULL);
    if (error == ERROR_NONE) {
        error = reading_open(view, &range, &reading);
    }
    if (error == ERROR_NONE) {
        error = walk(reading, arena, take, context);
    }
    reading_close(reading);
    view_close(view);
    arena_free(arena);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error; /* The end. */
}
