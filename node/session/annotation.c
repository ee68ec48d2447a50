#include "node/session/annotation.h"

#include "proto/base/buffer.h"

static struct slice copy(struct arena *arena, const struct buffer *buffer)
{
    return buffer_failed(buffer)
               ? SLICE_NONE
               : arena_copy_slice(arena, buffer_slice(buffer));
}

/* A line that does not fit is left out as a whole. */
static void add_line(struct buffer *to, struct slice name, struct slice says)
{
    size_t bytes = name.len + says.len + strlen("\n: ");

    if (to->len + bytes > ANNOTATION_BYTES_MAX) {
        return;
    }
    buffer_append_text(to, to->len > 0 ? "\n" : "");
    buffer_append_slice(to, name);
    buffer_append_text(to, says.len > 0 ? ": " : "");
    buffer_append_slice(to, says);
}

struct slice annotation_write(struct arena *arena,
                              const struct strainer_verdict *verdict,
                              struct slice note)
{
    struct buffer lines;
    struct slice annotation;

    buffer_init(&lines);
    for (size_t i = 0; i < verdict->n; i++) {
        const struct strainer_hit *hit = &verdict->hits[i];

        add_line(&lines, hit->filter,
                 hit->unchecked ? SLICE_LITERAL("not checked") : hit->notice);
    }
    if (note.len > 0) {
        add_line(&lines, SLICE_LITERAL("program"), note);
    }
    annotation = copy(arena, &lines);
    buffer_deinit(&lines);
    return annotation;
}

struct slice annotation_refusal(struct arena *arena,
                                const struct strainer_hit *hit)
{
    struct buffer line;
    struct slice reason;

    buffer_init(&line);
    buffer_printf(&line, "Refused by the filter %.*s%s%.*s",
                  SLICE_PRINT(hit->filter), hit->notice.len > 0 ? ": " : "",
                  SLICE_PRINT(hit->notice));
    reason = copy(arena, &line);
    buffer_deinit(&line);
    return reason;
}
