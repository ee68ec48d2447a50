/* What a quest asks. */
#include "node/session/past.h"
#include "node/session/quest_parts.h"

bool quest_is_one(const struct xccos_history_query *query)
{
    return query->match.len > 0 || query->authors != NULL || query->from.set ||
           query->to.set;
}

static const char *read_words(struct quest *quest)
{
    const struct xccos_history_query *query = quest->query;
    enum error error = spelling_read(
        query->match, query->exact == XCCOS_FLAG_TRUE,
        query->case_on == XCCOS_FLAG_TRUE, quest->errand.visit->intake->arena,
        &quest->lookup.spelling);

    switch (error) {
    case ERROR_NONE:
        return NULL;
    case ERROR_INVALID:
        return "the text of matches has no word to look for";
    case ERROR_TOO_LARGE:
        return "the text of matches is too long or has too many words";
    default:
        return "the server is out of memory";
    }
}

static const char *read_authors(struct quest *quest)
{
    const struct xccos_author *author = quest->query->authors;
    struct slice *authors = arena_alloc(quest->errand.visit->intake->arena,
                                        LOOKUP_AUTHORS_MAX * sizeof(*authors));

    if (authors == NULL) {
        return "the server is out of memory";
    }
    for (; author != NULL; author = author->next) {
        if (quest->lookup.n_authors == LOOKUP_AUTHORS_MAX) {
            return "there are too many authors";
        }
        authors[quest->lookup.n_authors++] = author->uri;
    }
    quest->lookup.authors = authors;
    return NULL;
}

static uint32_t wanted(const struct xccos_history_query *query)
{
    struct xccos_number n =
        query->results_max.set ? query->results_max : query->last;

    if (!n.set) {
        return LOOKUP_FOUND_DEFAULT;
    }
    if (n.value == 0) {
        return 1;
    }
    return n.value < LOOKUP_FOUND_MAX ? (uint32_t)n.value : LOOKUP_FOUND_MAX;
}

/* Which of the messages there are, and in which order. */
static const char *read_order(struct quest *quest)
{
    const struct xccos_history_query *query = quest->query;
    struct lookup *lookup = &quest->lookup;
    const struct xccos_room *rooms = quest->errand.primitive->data.rooms;
    bool is_context = quest->errand.primitive->verb == XCCOS_VERB_BCCONTEXT;

    lookup->from_us = query->from.set ? query->from.wall_us : INT64_MIN;
    lookup->to_us = query->to.set ? query->to.wall_us : INT64_MAX;
    lookup->has_start = query->after_id.set;
    lookup->start_id = query->after_id.value;
    lookup->newest_first = query->search == XCCOS_DIRECTION_UNSET
                               ? !lookup->has_start
                               : query->search == XCCOS_DIRECTION_BACKWARD;
    lookup->newest_shown_first = query->sort == XCCOS_DIRECTION_UNSET
                                     ? lookup->newest_first && !is_context
                                     : query->sort == XCCOS_DIRECTION_BACKWARD;
    lookup->wanted = wanted(query);
    lookup->bytes_max = PAST_BYTES_MAX;
    return lookup->has_start && (rooms == NULL || rooms->next != NULL)
               ? "msgid is of one room, and that is not given"
               : NULL;
}

static const char *read_rooms(const struct quest *quest)
{
    const struct xccos_room *block = quest->errand.primitive->data.rooms;
    size_t n = 0;

    for (; block != NULL; block = block->next) {
        n += 1;
    }
    return n > QUEST_ROOMS_NAMED_MAX ? "there are too many rooms" : NULL;
}

const char *quest_read(struct quest *quest)
{
    const char *why = read_rooms(quest);

    why = why != NULL ? why : read_words(quest);
    why = why != NULL ? why : read_authors(quest);
    return why != NULL ? why : read_order(quest);
}
