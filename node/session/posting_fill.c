/* A post as a command has it. */
#include <string.h>

#include "node/session/posting_parts.h"

/* Attributes have no "<", children begin with one: put together they can be
 * told apart. */
struct slice posting_extra(struct arena *arena, struct slice attributes,
                           struct slice children)
{
    uint8_t *extra;

    if (attributes.len == 0) {
        return children;
    }
    extra = arena_alloc(arena, attributes.len + children.len);
    if (extra == NULL) {
        return SLICE_NONE;
    }
    memcpy(extra, attributes.data, attributes.len);
    if (children.len > 0) {
        memcpy(extra + attributes.len, children.data, children.len);
    }
    return slice_of(extra, attributes.len + children.len);
}

void posting_split_extra(struct slice extra, struct slice *attributes_out,
                         struct slice *children_out)
{
    const uint8_t *at =
        extra.len == 0 ? NULL : memchr(extra.data, '<', extra.len);
    size_t attributes = at == NULL ? extra.len : (size_t)(at - extra.data);

    *attributes_out = slice_of(extra.data, attributes);
    *children_out = slice_after(extra, attributes);
}

void posting_fill(const struct posting *posting, Perch__Post *post)
{
    const struct sessions *hub = posting->errand.visit->hub;
    struct arena *arena = posting->errand.visit->intake->arena;
    const struct xccos_post *said = &posting->post;

    CODEC_SET_BYTES(post, room, slice_of(said->room.guid.bytes, GUID_BYTES));
    CODEC_SET_BYTES(post, text, said->text);
    CODEC_SET_BYTES(
        post, extra,
        posting_extra(arena, said->carried_attributes, said->carried_children));
    CODEC_SET_BYTES(post, retry_id, said->retry_id);
    if (said->is_alert) {
        CODEC_SET(post, alert, true);
    }
    /* Rules of before know no stories: it is a message like others then. */
    if (said->is_story && machine_rules_version(hub->machine) >= RULES_TALK) {
        CODEC_SET(post, story, true);
    }
    if (said->sent_at.set) {
        CODEC_SET(post, client_at_us, said->sent_at.wall_us);
    }
    if (posting->screen != NULL) {
        CODEC_SET_BYTES(post, annotation, posting->screen->annotation);
    }
}
