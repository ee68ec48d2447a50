/* Searching what was said. */
#include <stdlib.h>

#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/chat/list.h"
#include "node/chat/view.h"
#include "proto/base/time_text.h"

enum {
    DAY_BYTES = 10, /* 2031-02-03 */
    SEARCH_ARENA_BYTES = 1024,
};

/* A day alone is the whole of it. */
static bool read_moment(struct answer *answer, ProtobufCBinaryData text,
                        bool is_end, int64_t *us_out)
{
    bool is_day = text.len == DAY_BYTES;
    struct slice whole =
        answer_printf(answer, "%.*s%s", (int)text.len, (const char *)text.data,
                      !is_day  ? ""
                      : is_end ? "T23:59:59.999999Z"
                               : "T00:00:00Z");

    if (time_read(whole, us_out) != ERROR_NONE) {
        answer_refuse_about(answer, REFUSAL_TIME_INVALID, codec_slice(text));
        return false;
    }
    return true;
}

static bool read_times(struct answer *answer,
                       const Perch__Admin__MessagesSearch *asked,
                       struct admin_search *search)
{
    return (!asked->has_from ||
            read_moment(answer, asked->from, false, &search->from_us)) &&
           (!asked->has_to ||
            read_moment(answer, asked->to, true, &search->to_us));
}

static bool read_authors(struct answer *answer,
                         const Perch__Admin__MessagesSearch *asked,
                         struct admin_search *search)
{
    struct slice *authors =
        arena_alloc(search->arena, (asked->n_authors + 1) * sizeof(*authors));

    if (authors == NULL || asked->n_authors > LOOKUP_AUTHORS_MAX) {
        answer_refuse(answer, authors == NULL ? REFUSAL_NO_MEMORY
                                              : REFUSAL_SEARCH_TOO_MANY);
        return false;
    }
    for (size_t i = 0; i < asked->n_authors; i++) {
        struct slice uri = find_user_uri(answer, asked->authors[i]);

        if (answer_refused(answer)) {
            return false;
        }
        authors[i] = arena_copy_slice(search->arena, uri);
    }
    search->authors = authors;
    search->n_authors = asked->n_authors;
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint32_t left = ((const struct lookup_room *)a)->number;
    uint32_t right = ((const struct lookup_room *)b)->number;

    return (left > right) - (left < right);
}

/* Rooms to look in, while they are gathered. */
struct choice {
    struct lookup_room *rooms;
    size_t n;
};

/* A list_room. */
static bool choose(void *context, const struct room *room)
{
    struct choice *choice = context;
    struct room_view view;

    view_room(room, &view);
    choice->rooms[choice->n++] =
        (struct lookup_room){.number = view.place.number,
                             .messages = view.message_id_last,
                             .cleared_upto = view.cleared_upto};
    return true;
}

/* Returns false, and the answer refused, when there is none of a name. */
static bool choose_named(struct answer *answer,
                         const Perch__Admin__MessagesSearch *asked,
                         struct choice *choice)
{
    for (size_t i = 0; i < asked->n_rooms; i++) {
        const struct room *room = find_room(answer, asked->rooms[i]);

        if (room == NULL) {
            return false;
        }
        choose(choice, room);
    }
    return true;
}

/* Administrators see every room: without names, in all there are. */
static bool read_rooms(struct answer *answer,
                       const Perch__Admin__MessagesSearch *asked,
                       struct admin_search *search)
{
    struct choice choice = {.n = 0};
    struct pool_view pool;
    size_t n;

    query_pool(answer->machine, &pool);
    n = asked->n_rooms > 0 ? asked->n_rooms : pool.rooms;
    choice.rooms = arena_alloc(search->arena, (n + 1) * sizeof(*choice.rooms));
    if (choice.rooms == NULL || asked->n_rooms > CATALOG_ROOMS_MAX) {
        answer_refuse(answer, choice.rooms == NULL ? REFUSAL_NO_MEMORY
                                                   : REFUSAL_SEARCH_TOO_MANY);
        return false;
    }
    if (asked->n_rooms == 0) {
        list_rooms(answer->machine, choose, &choice);
    } else if (!choose_named(answer, asked, &choice)) {
        return false;
    }
    qsort(choice.rooms, choice.n, sizeof(*choice.rooms), by_number);
    search->rooms = choice.rooms;
    search->n_rooms = choice.n;
    return true;
}

static uint32_t wanted(const Perch__Admin__MessagesSearch *asked)
{
    if (!asked->has_most || asked->most == 0) {
        return LOOKUP_FOUND_DEFAULT;
    }
    return asked->most < LOOKUP_FOUND_MAX ? asked->most : LOOKUP_FOUND_MAX;
}

static bool says_enough(const Perch__Admin__MessagesSearch *asked)
{
    return asked->text.len > 0 || asked->n_authors > 0 || asked->n_rooms > 0 ||
           asked->has_from || asked->has_to;
}

struct admin_search *admin_search_new(void)
{
    struct admin_search *search = calloc(1, sizeof(*search));

    if (search == NULL) {
        return NULL;
    }
    search->arena = arena_new(SEARCH_ARENA_BYTES);
    if (search->arena == NULL) {
        free(search);
        return NULL;
    }
    search->from_us = INT64_MIN;
    search->to_us = INT64_MAX;
    return search;
}

void admin_search_free(struct admin_search *search)
{
    if (search != NULL) {
        arena_free(search->arena);
        free(search);
    }
}

static void decide_search(struct answer *answer)
{
    const Perch__Admin__MessagesSearch *asked = answer->asked;
    struct admin_search *search = admin_search_new();

    if (search == NULL) {
        answer_refuse(answer, REFUSAL_NO_MEMORY);
        return;
    }
    search->text = arena_copy_slice(search->arena, codec_slice(asked->text));
    search->is_exact = asked->exact != 0;
    search->match_case = asked->match_case != 0;
    search->oldest_first = asked->oldest_first != 0;
    search->most = wanted(asked);
    if (!says_enough(asked)) {
        answer_refuse(answer, REFUSAL_SEARCH_EMPTY);
    } else if (read_times(answer, asked, search) &&
               read_authors(answer, asked, search) &&
               read_rooms(answer, asked, search)) {
        answer->search = search;
        answer->does = ANSWER_SEARCHES;
        return;
    }
    admin_search_free(search);
}

static struct slice copy(struct answer *answer, struct slice text)
{
    return arena_copy_slice(answer->arena, text);
}

static Perch__Admin__MessageFound *show(struct answer *answer,
                                        const struct lookup_found *found)
{
    Perch__Admin__MessageFound *shown =
        answer_new(answer, &perch__admin__message_found__descriptor);
    const struct said *said = &found->said;
    const struct room *room = query_room_numbered(answer->machine, found->room);
    struct room_view view;

    if (room != NULL) {
        char id[GUID_TEXT_BYTES + 1];

        view_room(room, &view);
        guid_write(&view.place.guid, id);
        ANSWER_TEXT(shown, room, copy(answer, view.place.name));
        ANSWER_TEXT(shown, room_id, copy(answer, slice_of_text(id)));
    }
    CODEC_SET(shown, sent_at_us, said->sent_at_us);
    CODEC_SET(shown, id, said->message_id);
    ANSWER_TEXT(shown, author, copy(answer, said->author_uri));
    ANSWER_TEXT(shown, author_name, copy(answer, said->display_name));
    ANSWER_TEXT(shown, text, copy(answer, said->text));
    CODEC_SET(shown, alert, said->alert);
    return shown;
}

void search_found(struct answer *answer, const struct lookup *lookup)
{
    Perch__Admin__MessagesSearchReply *body =
        answer_new(answer, &perch__admin__messages_search_reply__descriptor);

    body->messages =
        answer_alloc(answer, (lookup->n_found + 1) * sizeof(*body->messages));
    for (const struct lookup_found *found = lookup->found; found != NULL;
         found = found->next) {
        body->messages[body->n_messages++] = show(answer, found);
    }
    CODEC_SET(body, cut, lookup->cut);
    if (lookup->cut) {
        ANSWER_TEXT(&answer->reply, text,
                    SLICE_LITERAL("there may be more: narrow the search, or "
                                  "ask for more with --most"));
    }
    answer->body = &body->base;
}

const struct answer_row search_rows[] = {
    {ADMIN_MESSAGES_SEARCH, decide_search, NULL},
    {.decide = NULL},
};
