/* What a quest is put on record as. */
#include <inttypes.h>

#include "node/session/quest_parts.h"
#include "proto/xccos/names.h"

/* The rooms that the command names and that may be rooms of this pool; the
 * others are refused when it is their turn. */
static bool name_rooms(const struct quest *quest, struct recorded *recorded)
{
    const struct visit *visit = quest->errand.visit;
    const struct xccos_room *block = quest->errand.primitive->data.rooms;
    struct guid guids[QUEST_ROOMS_NAMED_MAX];
    struct xccos_name name;
    size_t n = 0;

    for (; block != NULL && n < QUEST_ROOMS_NAMED_MAX; block = block->next) {
        if (xccos_room_uri_read(block->uri, &name) == ERROR_NONE &&
            hub_is_ours(visit->hub, &name)) {
            guids[n++] = name.guid;
        }
    }
    return recording_rooms(recorded, visit->intake->arena, guids, n);
}

static void describe_order(const struct lookup *lookup, struct buffer *text)
{
    buffer_printf(text, "%s %zu", lookup->newest_first ? "newest" : "oldest",
                  (size_t)lookup->wanted);
    if (lookup->has_start) {
        buffer_printf(text, " %s message %" PRIu64,
                      lookup->newest_first ? "before" : "after",
                      lookup->start_id);
    }
}

/* Moments are microseconds since 1970, as everywhere in records. */
static void describe_time(const struct xccos_history_query *query,
                          struct buffer *text)
{
    if (query->from.set) {
        buffer_printf(text, ", from %" PRId64, query->from.wall_us);
    }
    if (query->to.set) {
        buffer_printf(text, ", to %" PRId64, query->to.wall_us);
    }
}

static void describe_words(const struct xccos_history_query *query,
                           struct buffer *text)
{
    if (query->exact == XCCOS_FLAG_TRUE) {
        buffer_append_text(text, ", exactly");
    }
    if (query->case_on == XCCOS_FLAG_TRUE) {
        buffer_append_text(text, ", with case");
    }
}

/* Who has said it; of very many the last are left out, with a word of it. */
static void describe_authors(const struct lookup *lookup, struct buffer *text)
{
    for (size_t i = 0; i < lookup->n_authors; i++) {
        if (text->len + lookup->authors[i].len > RECORDING_WHAT_BYTES_MAX) {
            buffer_append_text(text, ", and others");
            return;
        }
        buffer_append_text(text, i == 0 ? ", by " : " or ");
        buffer_append_slice(text, lookup->authors[i]);
    }
}

bool quest_describe(struct quest *quest, struct recorded *recorded)
{
    struct buffer text = BUFFER_EMPTY;

    describe_order(&quest->lookup, &text);
    describe_time(quest->query, &text);
    describe_words(quest->query, &text);
    describe_authors(&quest->lookup, &text);
    recorded->words = quest->query->match;
    recorded->what = arena_copy_slice(quest->errand.visit->intake->arena,
                                      buffer_slice(&text));
    buffer_deinit(&text);
    return recorded->what.len > 0 && name_rooms(quest, recorded);
}
