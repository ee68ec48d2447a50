#include "node/session/wording.h"

#include <time.h>

#include "node/session/posting.h"
#include "proto/base/buffer.h"

#define US_PER_S 1000000

enum { MOMENT_TEXT_BYTES = 40 };

static struct slice take(struct buffer *text, struct arena *arena)
{
    struct slice copy = SLICE_NONE;

    if (!buffer_failed(text)) {
        copy = arena_copy_slice(arena, buffer_slice(text));
    }
    buffer_deinit(text);
    return copy;
}

/* What stands in the place of a text that is shown no more. */
static struct slice stand_in(const char *what, struct slice reason,
                             struct arena *arena)
{
    struct buffer text = BUFFER_EMPTY;

    buffer_printf(&text, reason.len > 0 ? "[%s: " : "[%s", what);
    buffer_append_slice(&text, reason);
    buffer_append_text(&text, "]");
    return take(&text, arena);
}

static struct slice text_of(const struct said *said, struct slice reason,
                            struct arena *arena)
{
    switch (said->state) {
    case REVISION_WITHDRAWN:
        return stand_in("withdrawn", reason, arena);
    case REVISION_REDACTED:
        return stand_in("removed by an administrator", reason, arena);
    default:
        return said->text;
    }
}

static enum xccos_message_state state_of(enum revision state)
{
    switch (state) {
    case REVISION_CORRECTED:
        return XCCOS_MESSAGE_CORRECTED;
    case REVISION_WITHDRAWN:
        return XCCOS_MESSAGE_WITHDRAWN;
    case REVISION_REDACTED:
        return XCCOS_MESSAGE_REDACTED;
    case REVISION_REPLACED:
        return XCCOS_MESSAGE_REPLACED;
    default:
        return XCCOS_MESSAGE_POSTED;
    }
}

enum error wording_message(const struct said *said,
                           const struct wording_change *change,
                           struct arena *arena,
                           struct xccos_message *message_out)
{
    *message_out = (struct xccos_message){
        .author = said->author_uri,
        .author_name = said->display_name,
        .alert = said->alert ? XCCOS_FLAG_TRUE : XCCOS_FLAG_FALSE,
        .message_id = XCCOS_NUMBER(said->message_id),
        .sent_at = XCCOS_MOMENT(said->sent_at_us),
        .story = said->story ? XCCOS_FLAG_TRUE : XCCOS_FLAG_UNSET,
        .state = state_of(said->state),
        .csn = change->csn,
        .text = text_of(said, change->reason, arena),
    };
    posting_split_extra(said->extra, &message_out->carried_attributes,
                        &message_out->carried_children);
    if (said->state != REVISION_NONE) {
        message_out->reason = change->reason;
        message_out->changed_at = XCCOS_MOMENT(change->at_us);
    }
    return message_out->text.len == 0 ? ERROR_NO_MEMORY : ERROR_NONE;
}

static void append_moment(struct buffer *text, int64_t at_us)
{
    time_t seconds = (time_t)(at_us / US_PER_S);
    char moment[MOMENT_TEXT_BYTES] = "";
    struct tm when;

    if (gmtime_r(&seconds, &when) != NULL) {
        strftime(moment, sizeof(moment), "%Y-%m-%d %H:%M:%S UTC", &when);
    }
    buffer_append_text(text, moment);
}

static void append_reason(struct buffer *text, struct slice reason)
{
    if (reason.len > 0) {
        buffer_append_text(text, ": ");
        buffer_append_slice(text, reason);
    } else {
        buffer_append_text(text, ".");
    }
}

static void append_one(struct buffer *text, const struct said *said)
{
    buffer_append_text(text, "The message of ");
    buffer_append_slice(text, said->display_name.len > 0 ? said->display_name
                                                         : said->author_uri);
    buffer_append_text(text, ", ");
    append_moment(text, said->sent_at_us);
    buffer_append_text(text, ", was ");
}

struct slice wording_line(const struct said *said,
                          const struct wording_change *change, size_t n,
                          struct arena *arena)
{
    struct buffer text = BUFFER_EMPTY;

    if (n > 1) {
        buffer_printf(&text, "%zu messages were ", n);
    } else {
        append_one(&text, said);
    }
    if (said->state == REVISION_CORRECTED) {
        buffer_append_text(&text, "corrected: ");
        buffer_append_slice(&text, said->text);
    } else if (said->state == REVISION_WITHDRAWN) {
        buffer_append_text(&text, "withdrawn");
        append_reason(&text, change->reason);
    } else if (said->state == REVISION_REPLACED) {
        buffer_append_text(&text, "replaced by an administrator (");
        buffer_append_slice(&text, change->reason);
        buffer_append_text(&text, "): ");
        buffer_append_slice(&text, said->text);
    } else {
        buffer_append_text(&text, "removed by an administrator");
        append_reason(&text, change->reason);
    }
    return take(&text, arena);
}

struct slice wording_cleared(struct slice reason, struct arena *arena)
{
    struct buffer text = BUFFER_EMPTY;

    buffer_append_text(&text,
                       "Earlier messages were removed by an administrator");
    append_reason(&text, reason);
    return take(&text, arena);
}
