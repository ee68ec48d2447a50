#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/xccos/read.h"
#include "proto/xccos/reply.h"
#include "proto/xccos/write.h"
#include "tests/client/pool_parts.h"

static const struct xccos_masks masks = XCCOS_MASKS_DEFAULT;

void chat_name(struct ask *ask)
{
    const struct xccos_primitive *first;

    if (strcmp(ask->method, "INFO") != 0 ||
        xccos_read(ask->body, ask->arena, &ask->envelope) != XCCOS_ERROR_NONE) {
        return;
    }
    first = ask->envelope->primitives;
    if (first->kind == XCCOS_KIND_MESSAGE) {
        snprintf(ask->what, sizeof(ask->what), "grpchat");
    } else {
        snprintf(ask->what, sizeof(ask->what), "cmd:%.*s",
                 SLICE_PRINT(first->verb_text));
    }
}

void chat_note(const struct ask *ask, char *note, size_t room)
{
    const struct xccos_primitive *first;
    int n = 0;

    note[0] = '\0';
    if (ask->envelope == NULL) {
        return;
    }
    first = ask->envelope->primitives;
    for (const struct xccos_room_id *id = first->data.room_ids; id != NULL;
         id = id->next) {
        n++;
    }
    if (first->kind == XCCOS_KIND_MESSAGE) {
        snprintf(note, room, "%.*s", SLICE_PRINT(first->message.retry_id));
    } else if (first->data.history_query != NULL) {
        const struct xccos_history_query *query = first->data.history_query;

        snprintf(note, room, "last=%" PRIu64 " after=%" PRIu64 " most=%" PRIu64,
                 query->last.value, query->after_id.value,
                 query->results_max.value);
    } else {
        snprintf(note, room, "rooms=%d", n);
    }
}

static void send_primitive(struct guest *guest,
                           const struct xccos_primitive *primitive)
{
    struct buffer body = BUFFER_EMPTY;

    CHECK(xccos_write_primitive(&body, ++guest->pool->envid, primitive) ==
          XCCOS_ERROR_NONE);
    sip_send_info(guest, buffer_slice(&body));
    buffer_deinit(&body);
}

static struct pool_room *find_room(struct pool *pool, const struct guid *guid,
                                   int *index_out)
{
    for (int i = 0; i < pool->rooms_n; i++) {
        if (guid_compare(&pool->rooms[i].guid, guid) == 0) {
            *index_out = i;
            return &pool->rooms[i];
        }
    }
    *index_out = -1;
    return NULL;
}

static void lay_out_room(const struct pool_room *room, struct xccos_room *out)
{
    out->uri = slice_of_text(room->uri);
    out->name = slice_of_text(room->name);
    out->description = slice_of_text(room->description);
    out->logged = room->is_deaf ? XCCOS_FLAG_FALSE : XCCOS_FLAG_TRUE;
    out->visibility =
        room->is_closed ? XCCOS_VISIBILITY_SCOPED : XCCOS_VISIBILITY_OPEN;
}

static void lay_out_message(const struct pool_room *room,
                            const struct pool_message *message,
                            struct xccos_message *out)
{
    out->room_uri = slice_of_text(room->uri);
    out->author = slice_of_text(message->author);
    out->author_name = SLICE_LITERAL("Somebody");
    out->alert = XCCOS_FLAG_FALSE;
    out->message_id = XCCOS_NUMBER(message->id);
    out->sent_at = XCCOS_MOMENT(message->sent_at_us);
    out->text = slice_of_text(message->text);
}

static int guests_of_user(const struct pool *pool, int room, const char *user)
{
    const struct guest *guest;
    int n = 0;

    LIST_FOREACH (guest, &pool->guests, link) {
        n += guest->rooms[room].is_in && strcasecmp(guest->user, user) == 0;
    }
    return n;
}

static struct slice user_uri(struct arena *arena, const char *user)
{
    char uri[256];

    snprintf(uri, sizeof(uri), "sip:%s@" POOL_DOMAIN, user);
    return arena_copy_slice(arena, slice_of_text(uri));
}

/* Tell a room that a user came or left, all but one guest. */
static void tell_presence(struct pool *pool, int room_index, const char *user,
                          const struct guest *but, bool came)
{
    struct arena *arena = arena_new(1024);
    struct pool_room *room = &pool->rooms[room_index];
    char guid[GUID_TEXT_BYTES + 1];
    struct xccos_presence presence = {.mask = XCCOS_NUMBER(3984),
                                      .domain = SLICE_LITERAL(POOL_DOMAIN)};
    struct xccos_user who = {.uri = user_uri(arena, user)};
    struct xccos_room where = {.uri = slice_of_text(room->uri)};
    struct xccos_primitive notice = {.kind = XCCOS_KIND_NOTICE, .seqid = 1};
    struct guest *guest;

    guid_write(&room->guid, guid);
    presence.value = slice_of_text(guid);
    if (came) {
        who.presences = &presence;
        notice.verb = XCCOS_VERB_JOIN;
        notice.data.users = &who;
    } else {
        where.users = &who;
        notice.verb = XCCOS_VERB_PART;
        notice.data.rooms = &where;
    }
    LIST_FOREACH (guest, &pool->guests, link) {
        if (guest != but && guest->rooms[room_index].is_in) {
            send_primitive(guest, &notice);
        }
    }
    arena_free(arena);
}

static void leave(struct guest *guest, int room)
{
    if (!guest->rooms[room].is_in) {
        return;
    }
    guest->rooms[room].is_in = false;
    if (guests_of_user(guest->pool, room, guest->user) == 0) {
        tell_presence(guest->pool, room, guest->user, guest, false);
    }
}

void chat_leave_all(struct guest *guest)
{
    for (int i = 0; i < guest->pool->rooms_n; i++) {
        leave(guest, i);
    }
}

void pool_notice(struct pool *pool, int room,
                 const struct xccos_primitive *notice)
{
    struct guest *guest;

    LIST_FOREACH (guest, &pool->guests, link) {
        if (guest->rooms[room].is_in) {
            send_primitive(guest, notice);
        }
    }
}

void pool_kick(struct pool *pool, int room, const char *user)
{
    struct arena *arena = arena_new(1024);
    struct xccos_user who = {.uri = user_uri(arena, user)};
    struct xccos_room where = {.uri = slice_of_text(pool->rooms[room].uri),
                               .users = &who};
    struct xccos_primitive notice = {.kind = XCCOS_KIND_NOTICE,
                                     .seqid = 1,
                                     .verb = XCCOS_VERB_KICK,
                                     .data.rooms = &where};
    struct guest *guest;

    pool->rooms[room].is_closed = true;
    tell_presence(pool, room, user, NULL, false);
    LIST_FOREACH (guest, &pool->guests, link) {
        if (guest->rooms[room].is_in && strcasecmp(guest->user, user) == 0) {
            send_primitive(guest, &notice);
            guest->rooms[room].is_in = false;
        }
    }
    arena_free(arena);
}

static struct pool_message *commit(struct pool *pool, int room_index,
                                   const char *author, struct slice text)
{
    struct pool_room *room = &pool->rooms[room_index];
    struct pool_message *message;
    char uri[256];

    room->messages =
        realloc(room->messages, (room->n + 1) * sizeof(*room->messages));
    CHECK(room->messages != NULL);
    message = &room->messages[room->n++];
    snprintf(uri, sizeof(uri), "sip:%s@" POOL_DOMAIN, author);
    message->id = ++room->last_id;
    message->sent_at_us = 1927000000000000 + (int64_t)message->id * 1000000;
    message->author = strdup(uri);
    message->text = strndup((const char *)text.data, text.len);
    return message;
}

static void send_copies(struct pool *pool, int room,
                        const struct pool_message *message, int times)
{
    struct xccos_primitive copy = {.kind = XCCOS_KIND_MESSAGE, .seqid = 1};
    struct guest *guest;

    lay_out_message(&pool->rooms[room], message, &copy.message);
    LIST_FOREACH (guest, &pool->guests, link) {
        for (int i = 0; guest->rooms[room].is_in && i < times; i++) {
            struct buffer body = BUFFER_EMPTY;

            CHECK(xccos_write_message(&body, ++pool->envid, &copy.message) ==
                  XCCOS_ERROR_NONE);
            sip_send_info(guest, buffer_slice(&body));
            buffer_deinit(&body);
        }
    }
}

uint64_t pool_say(struct pool *pool, int room, const char *author,
                  const char *text)
{
    const struct pool_message *message =
        commit(pool, room, author, slice_of_text(text));

    send_copies(pool, room, message, 1);
    return message->id;
}

uint64_t pool_say_unheard(struct pool *pool, int room, const char *author,
                          const char *text)
{
    return commit(pool, room, author, slice_of_text(text))->id;
}

/* Post, or find what the retry id stands for. Returns the id; *is_new tells
 * which. */
static uint64_t post_once(const struct ask *ask, int room,
                          const struct xccos_post *post, bool *is_new)
{
    struct pool *pool = ask->guest->pool;
    char key[256];

    snprintf(key, sizeof(key), "%s %.*s", ask->guest->user,
             SLICE_PRINT(post->retry_id));
    *is_new = false;
    for (int i = 0; post->retry_id.len > 0 && i < pool->retries_n; i++) {
        if (strcmp(pool->retries[i].key, key) == 0) {
            return pool->retries[i].id;
        }
    }
    *is_new = true;
    CHECK(pool->retries_n < POOL_SEEN_MAX);
    snprintf(pool->retries[pool->retries_n].key, sizeof(pool->retries[0].key),
             "%s", key);
    pool->retries[pool->retries_n].id =
        commit(pool, room, ask->guest->user, post->text)->id;
    return pool->retries[pool->retries_n++].id;
}

static void reply_to_post(const struct ask *ask, int room, uint64_t id)
{
    struct xccos_message message = {.message_id = XCCOS_NUMBER(id)};
    struct xccos_room where = {.messages = &message};
    struct xccos_primitive reply;

    where.uri = slice_of_text(ask->guest->pool->rooms[room].uri);
    message.room_uri = where.uri;
    message.author = SLICE_LITERAL("sip:x@" POOL_DOMAIN);
    message.sent_at = XCCOS_MOMENT(1927000000000000);
    xccos_reply_init(&reply, ask->envelope, ask->envelope->primitives);
    reply.verb_text = SLICE_LITERAL("grpchat");
    reply.data.rooms = &where;
    send_primitive(ask->guest, &reply);
}

static void answer_post(const struct ask *ask, const struct pool_rule *rule)
{
    if (rule != NULL && rule->fault == POOL_ACT_CLOSE) {
        guest_close(ask->guest);
    } else if (rule != NULL && rule->fault == POOL_ACT_REFUSE) {
        sip_answer(ask, rule->status, rule->lines, NULL, SLICE_NONE);
    } else if (rule == NULL || rule->fault != POOL_ACT_SILENT) {
        sip_answer(ask, 200, NULL, NULL, SLICE_NONE);
    }
}

static void serve_post(const struct ask *ask, const struct pool_rule *rule)
{
    struct pool *pool = ask->guest->pool;
    struct xccos_post post;
    struct slice why;
    uint64_t id;
    bool is_new;
    int room, copies = rule == NULL                  ? 1
                       : rule->fault == POOL_NO_COPY ? 0
                       : rule->fault == POOL_TWICE   ? 2
                                                     : 1;

    if (xccos_post_read(ask->envelope->primitives, ask->arena, &post, &why) !=
        XCCOS_CODE_OK) {
        sip_answer(ask, 400, NULL, NULL, SLICE_NONE);
        return;
    }
    if (find_room(pool, &post.room.guid, &room) == NULL) {
        sip_answer(ask, 404, NULL, NULL, SLICE_NONE);
        return;
    }
    if (!ask->guest->rooms[room].is_in) {
        sip_answer(ask, 412, NULL, NULL, SLICE_NONE);
        return;
    }
    id = post_once(ask, room, &post, &is_new);
    if (pool->copies_first && is_new) {
        send_copies(pool, room,
                    &pool->rooms[room].messages[pool->rooms[room].n - 1],
                    copies);
    }
    answer_post(ask, rule);
    if (pool->replies_to_posts && !ask->guest->is_closing) {
        reply_to_post(ask, room, id);
    }
    if (!pool->copies_first && is_new) {
        send_copies(pool, room,
                    &pool->rooms[room].messages[pool->rooms[room].n - 1],
                    copies);
    }
}

/* The people of a room, each once. */
static void list_people(const struct ask *ask, int room, struct xccos_room *out,
                        struct xccos_user **users)
{
    struct xccos_participant participants[64];
    struct guest *guest;
    uint32_t n = 0;

    LIST_FOREACH (guest, &ask->guest->pool->guests, link) {
        struct xccos_user *user;
        bool is_there = false;

        for (user = *users; user != NULL; user = user->next) {
            char uri[256];

            snprintf(uri, sizeof(uri), "sip:%s@" POOL_DOMAIN, guest->user);
            is_there = is_there || slice_equal_text(user->uri, uri);
        }
        if (!guest->rooms[room].is_in || is_there || n == 64) {
            continue;
        }
        user = arena_alloc(ask->arena, sizeof(*user));
        user->id = XCCOS_NUMBER(n);
        user->uri = user_uri(ask->arena, guest->user);
        user->next = *users;
        *users = user;
        participants[n++] = (struct xccos_participant){(uint32_t)user->id.value,
                                                       XCCOS_ROLE_MEMBER};
    }
    CHECK(xccos_roster_make(ask->arena, &masks, participants, n,
                            &out->presences) == XCCOS_ERROR_NONE);
}

static void enter(const struct ask *ask, int room)
{
    struct guest *guest = ask->guest;
    bool is_first = guests_of_user(guest->pool, room, guest->user) == 0;

    guest->rooms[room].is_in = true;
    guest->rooms[room].is_fresh = true;
    guest->rooms[room].join_id = guest->pool->rooms[room].last_id;
    if (is_first) {
        tell_presence(guest->pool, room, guest->user, guest, true);
    }
}

static void refuse(const struct ask *ask, struct xccos_primitive *reply,
                   enum xccos_code code, const char *why)
{
    CHECK(xccos_reply_refuse(reply, ask->arena, code, slice_of_text(why)) ==
          XCCOS_ERROR_NONE);
}

static void serve_join(const struct ask *ask, struct xccos_primitive *reply,
                       const struct xccos_request *request,
                       const struct pool_rule *rule)
{
    bool is_single = request->verb == XCCOS_VERB_JOIN;

    for (size_t i = 0; i < request->rooms.n; i++) {
        const struct xccos_name *name = &request->rooms.names[i];
        int index;
        struct pool_room *room =
            find_room(ask->guest->pool, &name->guid, &index);

        if (room == NULL || room->is_closed) {
            struct xccos_failure *failure =
                arena_alloc(ask->arena, sizeof(*failure));

            failure->key = SLICE_LITERAL("OPERATION_FAILED");
            failure->guid = name->guid;
            failure->domain = name->domain;
            failure->next = reply->data.failures;
            reply->data.failures = failure;
            if (is_single) {
                refuse(ask, reply,
                       room == NULL ? XCCOS_CODE_NO_SUCH_NODE
                                    : XCCOS_CODE_PERMISSION,
                       room == NULL ? "there is no such room"
                                    : "you are not a member of this room");
                return;
            }
        } else {
            struct xccos_room *out = arena_alloc(ask->arena, sizeof(*out));

            enter(ask, index);
            lay_out_room(room, out);
            list_people(ask, index, out, &reply->data.users);
            if (rule == NULL || rule->fault != POOL_LEAVE_OUT) {
                out->next = reply->data.rooms;
                reply->data.rooms = out;
            }
        }
    }
}

static bool is_wanted(const struct xccos_history_query *query,
                      const struct pool_message *message, uint64_t upto)
{
    if (message->id > upto) {
        return false;
    }
    if (!query->after_id.set) {
        return true;
    }
    return query->search == XCCOS_DIRECTION_BACKWARD
               ? message->id < query->after_id.value
               : message->id > query->after_id.value;
}

/* The messages a query picks: the first or the last so many of the wanted. */
static void pick(const struct ask *ask, const struct pool_room *room,
                 const struct xccos_history_query *query, uint64_t upto,
                 struct xccos_room *out)
{
    bool from_end =
        !query->after_id.set || query->search == XCCOS_DIRECTION_BACKWARD;
    uint64_t most = query->last.set          ? query->last.value
                    : query->results_max.set ? query->results_max.value
                                             : 25;
    struct xccos_message **tail = &out->messages;
    size_t wanted = 0, skip, n = 0;

    if (most > ask->guest->pool->history_max) {
        most = ask->guest->pool->history_max;
        out->over_limit = XCCOS_FLAG_TRUE;
    }
    for (size_t i = 0; i < room->n; i++) {
        wanted += is_wanted(query, &room->messages[i], upto);
    }
    skip = from_end && wanted > most ? wanted - most : 0;
    for (size_t i = 0; i < room->n && n < most; i++) {
        if (!is_wanted(query, &room->messages[i], upto)) {
            continue;
        }
        if (skip > 0) {
            skip--;
            continue;
        }
        *tail = arena_alloc(ask->arena, sizeof(**tail));
        lay_out_message(room, &room->messages[i], *tail);
        tail = &(*tail)->next;
        n++;
    }
}

static void serve_history(const struct ask *ask, struct xccos_primitive *reply,
                          const struct xccos_request *request)
{
    struct xccos_room *out = arena_alloc(ask->arena, sizeof(*out));
    uint64_t upto = UINT64_MAX;
    int index;
    struct pool_room *room =
        find_room(ask->guest->pool, &request->history.room.guid, &index);

    if (room == NULL || room->is_unread) {
        refuse(ask, reply,
               room == NULL ? XCCOS_CODE_NO_SUCH_NODE : XCCOS_CODE_PERMISSION,
               room == NULL ? "there is no such room"
                            : "you may not read this room");
        return;
    }
    if (ask->guest->rooms[index].is_in && ask->guest->rooms[index].is_fresh) {
        ask->guest->rooms[index].is_fresh = false;
        upto = ask->guest->rooms[index].join_id;
    }
    out->uri = slice_of_text(room->uri);
    pick(ask, room, &request->history.query, upto, out);
    reply->data.rooms = out;
}

static bool is_match(const struct pool_room *room,
                     const struct xccos_room_query *query)
{
    char text[POOL_TEXT_MAX];

    snprintf(text, sizeof(text), "%.*s", SLICE_PRINT(query->criteria));
    return query->exact == XCCOS_FLAG_TRUE
               ? strcasecmp(room->name, text) == 0
               : strcasestr(room->name, text) != NULL;
}

static void serve_search(const struct ask *ask, struct xccos_primitive *reply,
                         const struct xccos_request *request)
{
    struct xccos_room **tail = &reply->data.rooms;
    struct pool *pool = ask->guest->pool;

    for (int i = 0; i < pool->rooms_n; i++) {
        if (request->verb == XCCOS_VERB_GETASSOCIATIONS
                ? (request->association.kind == XCCOS_ASSOCIATION_MANAGER) ==
                      (i == 0)
                : is_match(&pool->rooms[i], &request->search)) {
            *tail = arena_alloc(ask->arena, sizeof(**tail));
            lay_out_room(&pool->rooms[i], *tail);
            (*tail)->user_count = XCCOS_NUMBER(3);
            tail = &(*tail)->next;
        }
    }
}

static void serve_part(const struct ask *ask, struct xccos_primitive *reply,
                       const struct xccos_request *request)
{
    struct xccos_room *out = arena_alloc(ask->arena, sizeof(*out));
    int index;
    struct pool_room *room =
        find_room(ask->guest->pool, &request->room.guid, &index);

    if (room == NULL || !ask->guest->rooms[index].is_in) {
        refuse(ask, reply, XCCOS_CODE_USER_NOT_JOINED, "not in the room");
        return;
    }
    leave(ask->guest, index);
    out->uri = slice_of_text(room->uri);
    reply->data.rooms = out;
}

static void do_command(const struct ask *ask, struct xccos_primitive *reply,
                       const struct xccos_request *request,
                       const struct pool_rule *rule)
{
    struct xccos_user *user;

    switch (request->verb) {
    case XCCOS_VERB_REQURI:
        user = arena_alloc(ask->arena, sizeof(*user));
        user->uri = slice_of_text(ask->guest->pool->locate == NULL
                                      ? POOL_URI
                                      : ask->guest->pool->locate);
        reply->data.users = user;
        break;
    case XCCOS_VERB_JOIN:
    case XCCOS_VERB_BJOIN:
        serve_join(ask, reply, request, rule);
        break;
    case XCCOS_VERB_PART:
        serve_part(ask, reply, request);
        break;
    case XCCOS_VERB_BCCONTEXT:
        serve_history(ask, reply, request);
        break;
    case XCCOS_VERB_CHANSRCH:
    case XCCOS_VERB_GETASSOCIATIONS:
        serve_search(ask, reply, request);
        break;
    default:
        refuse(ask, reply, XCCOS_CODE_NOT_SUPPORTED, "not in this pool");
        break;
    }
}

static void serve_command(const struct ask *ask, const struct pool_rule *rule)
{
    const struct xccos_primitive *command = ask->envelope->primitives;
    struct xccos_primitive reply;
    struct xccos_request request;
    struct slice why;

    xccos_reply_init(&reply, ask->envelope, command);
    if (xccos_request_read(command, ask->arena, &request, &why) !=
        XCCOS_CODE_OK) {
        refuse(ask, &reply, XCCOS_CODE_INVALID_ARGUMENT, "not understood");
    } else if (rule != NULL && rule->fault == POOL_CODE) {
        reply.code = XCCOS_NUMBER((uint64_t)rule->status);
        reply.sentence = SLICE_LITERAL("ERROR_SOMETHING: told to say so");
    } else {
        do_command(ask, &reply, &request, rule);
    }
    if (rule != NULL && rule->fault == POOL_ACT_CLOSE) {
        guest_close(ask->guest);
        return;
    }
    sip_answer(ask, 200, NULL, NULL, SLICE_NONE);
    send_primitive(ask->guest, &reply);
}

void chat_serve(const struct ask *ask, const struct pool_rule *rule)
{
    if (ask->envelope == NULL) {
        sip_answer(ask, 400, NULL, NULL, SLICE_NONE);
    } else if (rule != NULL && rule->fault == POOL_NO_REPLY) {
        sip_answer(ask, 200, NULL, NULL, SLICE_NONE);
    } else if (ask->envelope->primitives->kind == XCCOS_KIND_MESSAGE) {
        serve_post(ask, rule);
    } else {
        serve_command(ask, rule);
    }
}
