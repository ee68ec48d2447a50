#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/jepsen/answer.h"
#include "ops/jepsen/load.h"
#include "ops/jepsen/reading.h"
#include "ops/jepsen/session.h"
#include "proto/base/check.h"
#include "proto/base/loop.h"
#include "proto/base/tree.h"

enum { WORDS_BYTES = 600 };

static int compare(struct process *a, struct process *b)
{
    return (a->number > b->number) - (a->number < b->number);
}

TREE_GENERATE(process_tree, process, link, compare)

#define TO(phase) (1u << PHASE_##phase)

/* Which phases may follow which. */
static const unsigned may_follow[PHASES] = {
    [PHASE_IDLE] = TO(SIGNING_IN),
    [PHASE_SIGNING_IN] = TO(JOINING) | TO(IDLE),
    [PHASE_JOINING] = TO(POSTING) | TO(READING) | TO(IDLE),
    [PHASE_POSTING] = TO(SEEKING) | TO(IDLE),
    [PHASE_SEEKING] = TO(IDLE),
    [PHASE_READING] = TO(IDLE),
};

static void move(struct process *process, enum phase next)
{
    CHECK((may_follow[process->phase] & (1u << next)) != 0);
    process->phase = next;
}

/* It was answered. */
static void finish(struct process *process)
{
    move(process, PHASE_IDLE);
    timer_stop(process->timer);
    json_decref(process->invocation.line);
    process->invocation = (struct invocation){0};
    reading_end(&process->reading);
}

/* What cannot go on: unknown for a post that was sent, else surely without
 * effect. */
static void give_up(struct process *process, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void give_up(struct process *process, const char *format, ...)
{
    char words[WORDS_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    session_drop(process);
    if (process->phase == PHASE_IDLE) {
        return;
    }
    if (process->phase == PHASE_POSTING || process->phase == PHASE_SEEKING) {
        answer_info(process, words);
    } else {
        answer_fail(process, words);
    }
    finish(process);
}

/* The pool says no: nothing has come of it, and the session is good. */
static void refuse(struct process *process, unsigned code, struct slice words)
{
    char text[WORDS_BYTES];

    snprintf(text, sizeof(text), "%u %.*s", code, SLICE_PRINT(words));
    answer_fail(process, text);
    finish(process);
}

static void on_deadline(void *context)
{
    static const char *const doing[PHASES] = {
        [PHASE_SIGNING_IN] = "signing in", [PHASE_JOINING] = "joining",
        [PHASE_POSTING] = "posting",       [PHASE_SEEKING] = "seeking",
        [PHASE_READING] = "reading",
    };
    struct process *process = context;

    give_up(process, "timeout: %s", doing[process->phase]);
}

static uint32_t left_ms(const struct process *process)
{
    uint64_t now_us = loop_now_us(process->load->loop);

    return now_us + 1000 >= process->deadline_us
               ? 1
               : (uint32_t)((process->deadline_us - now_us) / 1000);
}

static struct slice room_of(const struct process *process)
{
    return slice_of_text(process->invocation.room_uri);
}

static void ask(struct process *process)
{
    struct client_question question = {
        .room_uri = room_of(process),
        .within_ms = left_ms(process),
        .is_once = true,
    };
    enum error error;

    reading_ask(&process->reading, &question);
    error = client_ask(process->session->client, &question, &process->token);
    if (error != ERROR_NONE) {
        give_up(process, "cannot ask: %s", error_text(error));
    }
}

static void begin_read(struct process *process)
{
    move(process, PHASE_READING);
    reading_begin(&process->reading, process->invocation.limit);
    process->sent_ns = answer_clock_ns();
    ask(process);
}

static void begin_post(struct process *process)
{
    char text[24];
    struct client_post post = {
        .room_uri = room_of(process),
        .retry_id = slice_of_text(process->invocation.retry),
        .within_ms = left_ms(process),
        .is_once = true,
    };
    enum error error;

    snprintf(text, sizeof(text), "%" PRId64, process->invocation.value);
    post.text = slice_of_text(text);
    move(process, PHASE_POSTING);
    process->sent_ns = answer_clock_ns();
    error = client_post(process->session->client, &post, &process->token);
    if (error != ERROR_NONE) {
        process->sent_ns = 0;
        refuse(process, 0, slice_of_text(error_text(error)));
    }
}

static void begin_work(struct process *process)
{
    if (process->invocation.verb == VERB_POST) {
        begin_post(process);
    } else {
        begin_read(process);
    }
}

/* The room's first history was the library's. Where that could not be had,
 * the next one asked for would be the first, and end at the join: a read must
 * not be taken for one of all that is there now. */
static void enter(struct process *process)
{
    struct client_room room;
    enum error error =
        client_look(process->session->client, room_of(process), &room);

    if (error != ERROR_NONE || room.is_blind) {
        give_up(process, "joined, and the room's history cannot be had");
    } else {
        begin_work(process);
    }
}

static void begin_join(struct process *process)
{
    struct client *client = process->session->client;
    struct client_room room;
    enum error error;

    move(process, PHASE_JOINING);
    if (client_look(client, room_of(process), &room) == ERROR_NONE) {
        if (room.is_in) {
            enter(process);
        }
        return; /* Else JOINED or LEFT will come. */
    }
    error = client_join(client, room_of(process), 0);
    if (error != ERROR_NONE) {
        give_up(process, "cannot join: %s", error_text(error));
    }
}

bool process_invoke(struct process *process, struct invocation *invocation)
{
    const char *why;

    if (process->phase != PHASE_IDLE) {
        return false;
    }
    process->invocation = *invocation;
    process->sent_ns = 0;
    process->deadline_us = loop_now_us(process->load->loop) +
                           (uint64_t)invocation->timeout_ms * 1000;
    timer_start(process->timer, invocation->timeout_ms, 0);
    move(process, PHASE_SIGNING_IN);
    if (!session_have(process, invocation->user, invocation->node, &why)) {
        give_up(process, "%s", why);
    } else if (process->phase == PHASE_SIGNING_IN &&
               client_state(process->session->client) == CLIENT_ONLINE) {
        begin_join(process);
    }
    return true;
}

static void take_state(struct process *process,
                       const struct client_event_state *state)
{
    if (state->state == CLIENT_ONLINE && process->phase == PHASE_SIGNING_IN) {
        begin_join(process);
    } else if (state->state == CLIENT_WAITING ||
               state->state == CLIENT_DENIED) {
        give_up(process, "%s: %s", client_cause_word(state->cause),
                state->text);
    }
}

static void seek(struct process *process)
{
    move(process, PHASE_SEEKING);
    reading_begin(&process->reading, CLIENT_HISTORY_MAX);
    ask(process);
}

static void take_posted(struct process *process,
                        const struct client_event *event)
{
    switch (event->posted.result) {
    case CLIENT_DONE:
        if (event->posted.message_id == 0) {
            seek(process);
            return;
        }
        answer_posted(process, event->posted.message_id);
        finish(process);
        break;
    case CLIENT_REFUSED:
        refuse(process, (unsigned)event->posted.status, event->posted.reason);
        if (event->posted.status == 412) {
            session_drop(process); /* It believes to be in the room. */
        }
        break;
    case CLIENT_UNSENT:
        process->sent_ns = 0;
        refuse(process, 0, SLICE_LITERAL("not sent"));
        break;
    case CLIENT_UNKNOWN:
        give_up(process, "no answer");
        break;
    }
}

/* The newest messages did not have it: look at all. */
static void take_sought(struct process *process)
{
    uint64_t position =
        reading_find(&process->reading, process->invocation.value);
    bool was_all = process->reading.want == 0;

    if (position != 0) {
        answer_posted(process, position);
        finish(process);
    } else if (was_all) {
        give_up(process, "accepted, and not in the history");
    } else {
        reading_end(&process->reading);
        reading_begin(&process->reading, 0);
        ask(process);
    }
}

static void take_reply(struct process *process,
                       const struct client_event *event)
{
    if (event->reply.result != CLIENT_DONE && process->phase == PHASE_SEEKING) {
        give_up(process, "accepted, and its position is not known: %u",
                event->reply.code);
    } else if (event->reply.result == CLIENT_REFUSED) {
        refuse(process, event->reply.code, event->reply.sentence);
    } else if (event->reply.result != CLIENT_DONE) {
        give_up(process, "no answer");
    } else if (reading_take(&process->reading, event->reply.data)) {
        ask(process);
    } else if (process->phase == PHASE_SEEKING) {
        take_sought(process);
    } else {
        answer_read(process, &process->reading);
        finish(process);
    }
}

/* What belongs to another room, or to what was given up, is passed over. */
static bool is_awaited(const struct process *process,
                       const struct client_event *event)
{
    switch (event->kind) {
    case CLIENT_EVENT_JOINED:
    case CLIENT_EVENT_LEFT:
        return process->phase == PHASE_JOINING &&
               slice_equal(event->room_uri, room_of(process));
    case CLIENT_EVENT_POSTED:
        return process->phase == PHASE_POSTING &&
               event->posted.token == process->token;
    case CLIENT_EVENT_REPLY:
        return (process->phase == PHASE_READING ||
                process->phase == PHASE_SEEKING) &&
               event->reply.token == process->token;
    default:
        return event->kind == CLIENT_EVENT_STATE;
    }
}

void process_event(struct process *process, const struct client_event *event)
{
    if (!is_awaited(process, event)) {
        return;
    }
    switch (event->kind) {
    case CLIENT_EVENT_STATE:
        take_state(process, &event->state);
        break;
    case CLIENT_EVENT_JOINED:
        enter(process);
        break;
    case CLIENT_EVENT_LEFT:
        refuse(process, event->left.code, event->left.sentence);
        break;
    case CLIENT_EVENT_POSTED:
        take_posted(process, event);
        break;
    case CLIENT_EVENT_REPLY:
        take_reply(process, event);
        break;
    default:
        break;
    }
}

struct process *process_get(struct load *load, uint64_t number)
{
    struct process sought = {.number = number};
    struct process *process = RB_FIND(process_tree, &load->processes, &sought);

    if (process != NULL) {
        return process;
    }
    process = calloc(1, sizeof(*process));
    if (process == NULL) {
        return NULL;
    }
    process->timer = timer_new(load->loop, on_deadline, process);
    if (process->timer == NULL) {
        free(process);
        return NULL;
    }
    process->load = load;
    process->number = number;
    RB_INSERT(process_tree, &load->processes, process);
    return process;
}

void process_end(struct process *process)
{
    give_up(process, "retired");
    RB_REMOVE(process_tree, &process->load->processes, process);
    timer_free(process->timer);
    free(process);
}
