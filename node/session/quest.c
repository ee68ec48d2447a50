#include "node/session/quest.h"

#include <stdlib.h>

#include "node/chat/access.h"
#include "node/chat/list.h"
#include "node/chat/view.h"
#include "node/session/hub.h"
#include "node/session/past.h"
#include "proto/base/check.h"
#include "proto/xccos/names.h"

enum {
    QUEST_ARENA_BYTES = 16 * 1024,
    ROOM_BYTES_MAX = 2048, /* A block with a URI, and the URI of a message. */
};

/* One search under way. The worker has the lookup while it runs. */
struct quest {
    struct errand errand; /* First. */
    struct read read;
    struct lookup lookup;
    const struct xccos_history_query *query;
    struct slice domain; /* Of rooms' URIs. */
    unsigned tries;
    uint64_t envid;
    struct xccos_primitive reply;
    struct body *body;
};

static void begin(struct quest *quest);

static struct quest *quest_of(struct lookup *lookup)
{
    return (struct quest *)((char *)lookup - offsetof(struct quest, lookup));
}

static const struct machine *machine_of(const struct quest *quest)
{
    return quest->errand.visit->hub->machine;
}

/* Ends. */

static void free_lookup(struct quest *quest)
{
    arena_free(quest->lookup.arena);
    quest->lookup.arena = NULL;
}

static void end_reading(struct quest *quest)
{
    free_lookup(quest);
    quest->errand.visit->caller->history_reading -= XCCOS_BODY_BYTES_MAX;
}

static void refuse(struct quest *quest, enum xccos_code code, const char *why)
{
    struct sessions *hub = quest->errand.visit->hub;

    end_reading(quest);
    errand_refuse(&quest->errand, code, why);
    history_go_on(hub);
}

static void refuse_outcome(struct quest *quest, enum outcome outcome)
{
    struct sessions *hub = quest->errand.visit->hub;

    end_reading(quest);
    errand_refuse_outcome(&quest->errand, outcome);
    history_go_on(hub);
}

static void give(struct quest *quest)
{
    struct sessions *hub = quest->errand.visit->hub;
    struct caller *caller = quest->errand.visit->caller;

    end_reading(quest);
    if (quest->body != NULL) {
        caller->history_given += quest->body->len;
        caller->history_reply = caller->replies_given + 1;
    }
    errand_reply_body(&quest->errand, quest->body, 0);
    history_go_on(hub);
}

/* Where to look. */

struct choice {
    const struct user *user;
    struct buffer rooms; /* struct lookup_room. */
};

static void choose(struct choice *choice, const struct room *room)
{
    struct lookup_room chosen;
    struct room_view view;

    view_room(room, &view);
    chosen.number = view.place.number;
    chosen.guid = view.place.guid;
    chosen.name = view.place.name;
    chosen.messages = view.message_id_last;
    chosen.cleared_upto = view.cleared_upto;
    buffer_append(&choice->rooms, &chosen, sizeof(chosen));
}

/* A list_room. */
static bool choose_readable(void *context, const struct room *room)
{
    struct choice *choice = context;

    if (access_read(choice->user, room) == OUTCOME_DONE) {
        choose(choice, room);
    }
    return true;
}

/* A list_session. */
static bool choose_joined(void *context, const struct session *session)
{
    list_rooms_joined(session, choose_readable, context);
    return true;
}

/* All rooms of the user: those that list the user, and those the user is in. */
static void choose_all(const struct quest *quest, struct choice *choice)
{
    list_rooms_of(machine_of(quest), choice->user, ROLE_MEMBER | ROLE_MANAGER,
                  choose_readable, choice);
    list_sessions_of(choice->user, choose_joined, choice);
}

/* The rooms that the command names: each of them, or none. */
static enum outcome choose_named(const struct quest *quest,
                                 struct choice *choice)
{
    const struct sessions *hub = quest->errand.visit->hub;
    const struct xccos_room *block = quest->errand.primitive->data.rooms;

    for (; block != NULL; block = block->next) {
        const struct room *room = NULL;
        struct xccos_name name;
        enum outcome outcome;

        if (xccos_room_uri_read(block->uri, &name) == ERROR_NONE &&
            hub_is_ours(hub, &name)) {
            room = query_room(hub->machine, &name.guid);
        }
        outcome = room == NULL ? OUTCOME_ROOM_UNKNOWN
                               : access_read(choice->user, room);
        if (outcome != OUTCOME_DONE) {
            return outcome;
        }
        choose(choice, room);
    }
    return OUTCOME_DONE;
}

static int by_number(const void *a, const void *b)
{
    uint32_t left = ((const struct lookup_room *)a)->number;
    uint32_t right = ((const struct lookup_room *)b)->number;

    return (left > right) - (left < right);
}

/* In order and each once, in the lookup's own memory. */
static enum error take_rooms(struct quest *quest, const struct choice *choice)
{
    size_t n = choice->rooms.len / sizeof(struct lookup_room), kept = 0;
    struct lookup_room *rooms =
        arena_alloc(quest->lookup.arena, (n + 1) * sizeof(*rooms));

    if (rooms == NULL || buffer_failed(&choice->rooms)) {
        return ERROR_NO_MEMORY;
    }
    if (n > 0) {
        memcpy(rooms, choice->rooms.data, n * sizeof(*rooms));
        qsort(rooms, n, sizeof(*rooms), by_number);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || rooms[kept - 1].number != rooms[i].number) {
            rooms[kept] = rooms[i];
            rooms[kept++].name =
                arena_copy_slice(quest->lookup.arena, rooms[i].name);
        }
    }
    quest->lookup.rooms = rooms;
    quest->lookup.n_rooms = kept;
    return ERROR_NONE;
}

/* The answer's body, on the worker. */

/* The lookup's weigh: with the block of its room, if it had one of its own. */
static size_t weigh(struct lookup *lookup, const struct lookup_found *found)
{
    const struct xccos_message *composed =
        past_compose(lookup->arena, SLICE_NONE, &found->item);

    return composed == NULL
               ? SIZE_MAX / 2
               : xccos_message_bytes_max(composed) + ROOM_BYTES_MAX;
}

static struct xccos_room *add_block(struct quest *quest,
                                    struct xccos_room ***tail, size_t at)
{
    struct xccos_room *block = arena_alloc(quest->lookup.arena, sizeof(*block));
    struct xccos_name name = {.domain = quest->domain,
                              .guid = quest->lookup.rooms[at].guid};

    if (block == NULL) {
        return NULL;
    }
    block->uri = xccos_room_uri(quest->lookup.arena, &name);
    block->name = quest->lookup.rooms[at].name;
    **tail = block;
    *tail = &block->next;
    return block->uri.len == 0 ? NULL : block;
}

/* Rooms in the order of the first message that each has; messages in order. */
static enum error group(struct quest *quest, struct xccos_room **first_out)
{
    struct lookup *lookup = &quest->lookup;
    size_t bytes = (lookup->n_rooms + 1) * sizeof(void *);
    struct xccos_room **blocks = arena_alloc(lookup->arena, bytes);
    struct xccos_message ***ends = arena_alloc(lookup->arena, bytes);
    struct xccos_room **tail = first_out, *last = NULL;

    if (blocks == NULL || ends == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (struct lookup_found *found = lookup->found; found != NULL;
         found = found->next) {
        size_t at = lookup_room_at(lookup, found->room);

        CHECK(at < lookup->n_rooms);
        if (blocks[at] == NULL) {
            blocks[at] = last = add_block(quest, &tail, at);
            if (last == NULL) {
                return ERROR_NO_MEMORY;
            }
            ends[at] = &last->messages;
        }
        *ends[at] = past_compose(lookup->arena, blocks[at]->uri, &found->item);
        if (*ends[at] == NULL) {
            return ERROR_NO_MEMORY;
        }
        ends[at] = &(*ends[at])->next;
    }
    if (lookup->cut && last == NULL && lookup->n_rooms > 0) {
        last = add_block(quest, &tail, 0); /* To say so. */
    }
    if (lookup->cut && last != NULL) {
        last->over_limit = XCCOS_FLAG_TRUE;
    }
    return ERROR_NONE;
}

/* The lookup's finish. */
static void compose(struct lookup *lookup)
{
    struct quest *quest = quest_of(lookup);
    struct buffer bytes = BUFFER_EMPTY;

    quest->reply.data.rooms = NULL;
    if (group(quest, &quest->reply.data.rooms) == ERROR_NONE &&
        xccos_write_primitive(&bytes, quest->envid, &quest->reply) ==
            XCCOS_ERROR_NONE) {
        quest->body = body_new(buffer_slice(&bytes));
    }
    buffer_deinit(&bytes);
}

/* The walk. */

/* Whether all that is to be shown may still be seen. */
static bool holds(const struct quest *quest, const struct user *user)
{
    const struct lookup_found *found = quest->lookup.found;

    for (; found != NULL; found = found->next) {
        const struct room *room =
            query_room_numbered(machine_of(quest), found->room);

        if (room == NULL || access_read(user, room) != OUTCOME_DONE) {
            return false;
        }
    }
    return true;
}

static const struct user *user_of(const struct quest *quest)
{
    return query_user(machine_of(quest), quest->errand.visit->caller->user_uri);
}

/* The lookup's told. */
static void told(struct lookup *lookup)
{
    struct quest *quest = quest_of(lookup);
    const struct user *user = user_of(quest);

    if (lookup->error != ERROR_NONE) {
        refuse(quest, XCCOS_CODE_BUSY, cataloging_why(lookup->error));
    } else if (user == NULL) {
        body_release(quest->body);
        refuse_outcome(quest, OUTCOME_USER_UNKNOWN);
    } else if (holds(quest, user)) {
        give(quest);
    } else {
        body_release(quest->body);
        quest->body = NULL;
        begin(quest);
    }
}

static enum outcome choose_rooms(struct quest *quest, struct choice *choice)
{
    if (choice->user == NULL) {
        return OUTCOME_USER_UNKNOWN;
    }
    if (quest->errand.primitive->data.rooms != NULL) {
        return choose_named(quest, choice);
    }
    choose_all(quest, choice);
    return OUTCOME_DONE;
}

/* Look in the rooms that the user may read now. */
static void begin(struct quest *quest)
{
    struct sessions *hub = quest->errand.visit->hub;
    struct choice choice = {.user = user_of(quest)};
    enum outcome outcome = choose_rooms(quest, &choice);
    enum error error;

    free_lookup(quest);
    quest->lookup.arena = arena_new(QUEST_ARENA_BYTES);
    error = quest->lookup.arena == NULL ? ERROR_NO_MEMORY
                                        : take_rooms(quest, &choice);
    buffer_deinit(&choice.rooms);
    quest->tries += 1;
    if (outcome != OUTCOME_DONE) {
        refuse_outcome(quest, outcome);
    } else if (error != ERROR_NONE || quest->tries > QUEST_TRIES_MAX) {
        refuse(quest, XCCOS_CODE_BUSY, "the pool is busy, try again");
    } else {
        cataloging_ask(hub->cataloging, &quest->lookup, hub->applied_index);
    }
}

static void index_told(struct read *read, enum error error)
{
    struct quest *quest =
        (struct quest *)((char *)read - offsetof(struct quest, read));

    if (error != ERROR_NONE) {
        refuse(quest, XCCOS_CODE_BUSY, "the pool has no leader now, try again");
        return;
    }
    begin(quest);
}

/* What is asked. */

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

static const char *read_query(struct quest *quest)
{
    const char *why = read_rooms(quest);

    why = why != NULL ? why : read_words(quest);
    why = why != NULL ? why : read_authors(quest);
    return why != NULL ? why : read_order(quest);
}

/* What the worker needs of the state and of the command. */
static bool prepare(struct quest *quest)
{
    struct sessions *hub = quest->errand.visit->hub;
    struct pool_view pool;

    query_pool(hub->machine, &pool);
    quest->domain =
        arena_copy_slice(quest->errand.visit->intake->arena, pool.domain);
    errand_reply_init(&quest->errand, &quest->reply);
    quest->envid = ++hub->envid;
    quest->lookup.weigh = weigh;
    quest->lookup.finish = compose;
    quest->lookup.told = told;
    quest->read.tell = index_told;
    return quest->domain.len > 0;
}

/* A client that does not answer what it was given gets no more of it. */
static bool is_slow(const struct caller *caller)
{
    size_t bytes = caller->history_reading + caller->history_given;

    return bytes > 0 &&
           bytes + XCCOS_BODY_BYTES_MAX > HISTORY_UNANSWERED_BYTES_MAX;
}

static void ask(struct quest *quest)
{
    struct sessions *hub = quest->errand.visit->hub;
    struct caller *caller = quest->errand.visit->caller;

    if (is_slow(caller)) {
        errand_refuse(&quest->errand, XCCOS_CODE_BUSY,
                      "answers to earlier questions are not taken yet");
        return;
    }
    caller->history_reading += XCCOS_BODY_BYTES_MAX;
    if (!prepare(quest) || reads_ask(hub->reads, &quest->read) != ERROR_NONE) {
        refuse(quest, XCCOS_CODE_BUSY, "the pool is busy, try again");
    }
}

void quest_serve(struct visit *visit, const struct xccos_primitive *command,
                 const struct xccos_request *request)
{
    struct quest *quest = errand_begin(visit, sizeof(*quest), command);
    const char *why;

    if (quest == NULL) {
        return;
    }
    quest->query = &request->history.query;
    why = read_query(quest);
    if (visit->hub->cataloging == NULL) {
        errand_refuse(&quest->errand, XCCOS_CODE_NOT_SUPPORTED,
                      "this server does not search what was said");
    } else if (why != NULL) {
        errand_refuse(&quest->errand, XCCOS_CODE_INVALID_ARGUMENT, why);
    } else {
        ask(quest);
    }
}
