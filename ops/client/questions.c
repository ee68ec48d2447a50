#include "ops/client/questions.h"

#include "ops/client/errand.h"
#include "proto/xccos/text.h"

enum { ROOMS_MOST = 999 }; /* That a search may find. */

static struct slice domain_of(const struct client *client)
{
    const char *at = strchr(client->user, '@');

    return slice_of_text(at + 1);
}

static enum error search(struct arena *arena,
                         const struct client_question *question,
                         struct xccos_primitive *primitive)
{
    struct xccos_room_query *query = arena_alloc(arena, sizeof(*query));

    if (xccos_text_check(question->text, NULL) != XCCOS_ERROR_NONE) {
        return ERROR_INVALID;
    }
    if (query == NULL) {
        return ERROR_NO_MEMORY;
    }
    query->search = XCCOS_SEARCH_BYNAME;
    query->criteria = arena_copy_slice(arena, question->text);
    query->extended = XCCOS_FLAG_TRUE;
    query->exact = question->is_exact ? XCCOS_FLAG_TRUE : XCCOS_FLAG_UNSET;
    query->results_max = XCCOS_NUMBER(ROOMS_MOST);
    primitive->verb = XCCOS_VERB_CHANSRCH;
    primitive->data.room_query = query;
    return ERROR_NONE;
}

static enum error find_people(struct arena *arena,
                              const struct client_question *question,
                              struct xccos_primitive *primitive)
{
    TRY(search(arena, question, primitive));
    primitive->data.room_query->search = XCCOS_SEARCH_USERBYNAME;
    primitive->data.room_query->extended = XCCOS_FLAG_UNSET;
    primitive->verb = XCCOS_VERB_USERSRCH;
    return ERROR_NONE;
}

/* The server knows which were told. */
static enum error invitations(struct arena *arena, const struct client *client,
                              struct xccos_primitive *primitive)
{
    struct xccos_invitation *known = arena_alloc(arena, sizeof(*known));

    if (known == NULL) {
        return ERROR_NO_MEMORY;
    }
    known->id = XCCOS_NUMBER(1);
    known->domain = arena_copy_slice(arena, domain_of(client));
    primitive->verb = XCCOS_VERB_GETINV;
    primitive->data.invitations = known;
    return ERROR_NONE;
}

static enum error associations(struct arena *arena, const struct client *client,
                               enum xccos_association_kind kind,
                               struct xccos_primitive *primitive)
{
    struct xccos_association *association =
        arena_alloc(arena, sizeof(*association));

    if (association == NULL) {
        return ERROR_NO_MEMORY;
    }
    association->domain = arena_copy_slice(arena, domain_of(client));
    association->kind = kind;
    association->results_max = XCCOS_NUMBER(ROOMS_MOST);
    primitive->verb = XCCOS_VERB_GETASSOCIATIONS;
    primitive->data.association = association;
    return ERROR_NONE;
}

static enum error history(struct arena *arena,
                          const struct client_question *question,
                          struct xccos_primitive *primitive)
{
    struct xccos_room *room = arena_alloc(arena, sizeof(*room));
    struct xccos_history_query *query = arena_alloc(arena, sizeof(*query));
    struct xccos_name name;

    if (xccos_room_uri_read(question->room_uri, &name) != ERROR_NONE ||
        question->most == 0 || question->most > CLIENT_HISTORY_MAX) {
        return ERROR_INVALID;
    }
    if (room == NULL || query == NULL) {
        return ERROR_NO_MEMORY;
    }
    room->uri = arena_copy_slice(arena, question->room_uri);
    if (question->kind == CLIENT_LAST) {
        query->last = XCCOS_NUMBER(question->most);
    } else {
        query->after_id = XCCOS_NUMBER(question->message_id);
        query->results_max = XCCOS_NUMBER(question->most);
        query->search = question->kind == CLIENT_AFTER
                            ? XCCOS_DIRECTION_FORWARD
                            : XCCOS_DIRECTION_BACKWARD;
        query->sort = XCCOS_DIRECTION_FORWARD;
    }
    primitive->verb = XCCOS_VERB_BCCONTEXT;
    primitive->data.rooms = room;
    primitive->data.history_query = query;
    return ERROR_NONE;
}

/* A text, or a reason, may be given. */
static enum error check_words(const struct client_question *question)
{
    if (question->message_id == 0 ||
        (question->kind == CLIENT_CORRECT && question->text.len == 0) ||
        xccos_text_check(question->text, NULL) != XCCOS_ERROR_NONE) {
        return ERROR_INVALID;
    }
    return question->text.len > CLIENT_TEXT_BYTES_MAX ? ERROR_TOO_LARGE
                                                      : ERROR_NONE;
}

static enum error revision(struct arena *arena, const struct client *client,
                           const struct client_question *question,
                           struct xccos_primitive *primitive)
{
    struct xccos_room *room = arena_alloc(arena, sizeof(*room));
    struct xccos_message *message = arena_alloc(arena, sizeof(*message));
    struct slice words;

    TRY(check_words(question));
    if (room == NULL || message == NULL) {
        return ERROR_NO_MEMORY;
    }
    words = arena_copy_slice(arena, question->text);
    room->uri = arena_copy_slice(arena, question->room_uri);
    room->messages = message;
    message->room_uri = room->uri;
    message->author = arena_copy_slice(arena, slice_of_text(client->uri));
    message->message_id = XCCOS_NUMBER(question->message_id);
    if (question->kind == CLIENT_CORRECT) {
        primitive->verb = XCCOS_VERB_MODMSG;
        message->text = words;
    } else {
        primitive->verb = XCCOS_VERB_DELMSG;
        message->reason = words;
    }
    primitive->data.rooms = room;
    return ERROR_NONE;
}

static enum error search_rooms(struct arena *arena,
                               const struct client_search *search,
                               struct xccos_room **rooms_out)
{
    for (size_t i = 0; i < search->rooms_n; i++) {
        struct xccos_room *room = arena_alloc(arena, sizeof(*room));
        struct slice uri = slice_of_text(search->rooms[i]);
        struct xccos_name name;

        if (xccos_room_uri_read(uri, &name) != ERROR_NONE) {
            return ERROR_INVALID;
        }
        if (room == NULL) {
            return ERROR_NO_MEMORY;
        }
        room->uri = arena_copy_slice(arena, uri);
        *rooms_out = room;
        rooms_out = &room->next;
    }
    return ERROR_NONE;
}

static enum error search_authors(struct arena *arena,
                                 const struct client_search *search,
                                 struct xccos_author **authors_out)
{
    for (size_t i = 0; i < search->authors_n; i++) {
        struct xccos_author *author = arena_alloc(arena, sizeof(*author));
        struct slice uri = slice_of_text(search->authors[i]);

        if (xccos_text_check(uri, NULL) != XCCOS_ERROR_NONE) {
            return ERROR_INVALID;
        }
        if (author == NULL) {
            return ERROR_NO_MEMORY;
        }
        author->uri = arena_copy_slice(arena, uri);
        *authors_out = author;
        authors_out = &author->next;
    }
    return ERROR_NONE;
}

static struct xccos_moment moment(bool has, int64_t us)
{
    return has ? XCCOS_MOMENT(us) : (struct xccos_moment){.set = false};
}

static enum error messages(struct arena *arena,
                           const struct client_question *question,
                           struct xccos_primitive *primitive)
{
    struct xccos_history_query *query = arena_alloc(arena, sizeof(*query));
    const struct client_search *search = question->search;

    if (question->most == 0 || question->most > CLIENT_SEARCH_MAX ||
        xccos_text_check(search->text, NULL) != XCCOS_ERROR_NONE) {
        return ERROR_INVALID;
    }
    if (query == NULL) {
        return ERROR_NO_MEMORY;
    }
    TRY(search_rooms(arena, search, &primitive->data.rooms));
    TRY(search_authors(arena, search, &query->authors));
    query->match = arena_copy_slice(arena, search->text);
    query->exact = search->is_exact ? XCCOS_FLAG_TRUE : XCCOS_FLAG_UNSET;
    query->case_on = search->match_case ? XCCOS_FLAG_TRUE : XCCOS_FLAG_UNSET;
    query->from = moment(search->has_from, search->from_us);
    query->to = moment(search->has_to, search->to_us);
    query->results_max = XCCOS_NUMBER(question->most);
    query->search = search->oldest_first ? XCCOS_DIRECTION_FORWARD
                                         : XCCOS_DIRECTION_BACKWARD;
    primitive->verb = XCCOS_VERB_BCSEARCH;
    primitive->data.history_query = query;
    return ERROR_NONE;
}

static enum error news(struct arena *arena,
                       const struct client_question *question,
                       struct xccos_primitive *primitive)
{
    struct xccos_room_id *id = arena_alloc(arena, sizeof(*id));
    struct xccos_name name;

    primitive->verb = XCCOS_VERB_GETNEWS;
    if (question->room_uri.len == 0) {
        return ERROR_NONE;
    }
    if (xccos_room_uri_read(question->room_uri, &name) != ERROR_NONE) {
        return ERROR_INVALID;
    }
    if (id == NULL) {
        return ERROR_NO_MEMORY;
    }
    id->key = XCCOS_NUMBER(0);
    id->domain = arena_copy_slice(arena, name.domain);
    id->guid = name.guid;
    primitive->data.room_ids = id;
    return ERROR_NONE;
}

static enum error mark_read(struct arena *arena,
                            const struct client_question *question,
                            struct xccos_primitive *primitive)
{
    struct xccos_room *room = arena_alloc(arena, sizeof(*room));
    struct xccos_news *mark = arena_alloc(arena, sizeof(*mark));
    struct xccos_name name;

    if (xccos_room_uri_read(question->room_uri, &name) != ERROR_NONE) {
        return ERROR_INVALID;
    }
    if (room == NULL || mark == NULL) {
        return ERROR_NO_MEMORY;
    }
    room->uri = arena_copy_slice(arena, question->room_uri);
    if (question->message_id > 0 || question->is_back) {
        mark->read = XCCOS_NUMBER(question->message_id);
        mark->back = question->is_back ? XCCOS_FLAG_TRUE : XCCOS_FLAG_UNSET;
        room->news = mark;
    }
    primitive->verb = XCCOS_VERB_MARKREAD;
    primitive->data.rooms = room;
    return ERROR_NONE;
}

static enum error set_feeds(const struct client_question *question,
                            struct xccos_primitive *primitive)
{
    primitive->verb = XCCOS_VERB_SETFEEDS;
    primitive->data.feeds = (struct xccos_feeds *)(uintptr_t)question->feeds;
    return question->feeds == NULL ? ERROR_INVALID : ERROR_NONE;
}

enum error question_lay_out(struct arena *arena, const struct client *client,
                            const struct client_question *question,
                            struct xccos_primitive *primitive)
{
    primitive->kind = XCCOS_KIND_COMMAND;
    primitive->seqid = 1;
    switch (question->kind) {
    case CLIENT_FIND_ROOMS:
        return search(arena, question, primitive);
    case CLIENT_MY_ROOMS:
        return associations(arena, client, XCCOS_ASSOCIATION_MEMBER, primitive);
    case CLIENT_MANAGED_ROOMS:
        return associations(arena, client, XCCOS_ASSOCIATION_MANAGER,
                            primitive);
    case CLIENT_LAST:
    case CLIENT_AFTER:
    case CLIENT_BEFORE:
        return history(arena, question, primitive);
    case CLIENT_CORRECT:
    case CLIENT_WITHDRAW:
        return revision(arena, client, question, primitive);
    case CLIENT_SEARCH:
        return messages(arena, question, primitive);
    case CLIENT_NEWS:
        return news(arena, question, primitive);
    case CLIENT_MARK_READ:
        return mark_read(arena, question, primitive);
    case CLIENT_FEEDS:
        primitive->verb = XCCOS_VERB_GETFEEDS;
        return ERROR_NONE;
    case CLIENT_SET_FEEDS:
        return set_feeds(question, primitive);
    case CLIENT_INVITATIONS:
        return invitations(arena, client, primitive);
    case CLIENT_FIND_PEOPLE:
        return find_people(arena, question, primitive);
    }
    return ERROR_INVALID;
}

enum error client_ask(struct client *client,
                      const struct client_question *question,
                      uint64_t *token_out)
{
    struct errand *errand;
    enum error error;

    if (client_is_over(client)) {
        return ERROR_CLOSED;
    }
    if (client->errands_n >= CLIENT_ERRANDS_MAX) {
        return ERROR_BUSY;
    }
    errand = errand_new(client);
    if (errand == NULL) {
        return ERROR_NO_MEMORY;
    }
    error =
        question_lay_out(errand->arena, client, question, &errand->primitive);
    if (error != ERROR_NONE) {
        arena_free(errand->arena);
        return error;
    }
    errand->is_once = question->is_once;
    errand->deadline_us =
        loop_now_us(client->loop) + (uint64_t)question->within_ms * 1000;
    *token_out = errand->token;
    client_hold(client);
    errand_queue(client, errand);
    errand_pump(client);
    client_release(client);
    return ERROR_NONE;
}
