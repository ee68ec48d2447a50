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
