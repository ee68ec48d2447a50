/* perch chat: rooms, in a terminal, or as a program's partner: by lines, or by
 * JSON with --json (order.h). */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "ops/perch/app.h"
#include "ops/perch/edit.h"
#include "ops/perch/events_json.h"
#include "ops/perch/talk.h"

enum { TASKS_MAX = 256 }; /* More input waits until some are done. */

struct chat {
    struct app *app;
    struct talk talk;
    struct edit edit;
    bool is_terminal;
    bool is_closing;        /* No more input: end when all is done. */
    int exit_code;          /* Of the first order that failed. */
    struct buffer current;  /* The room that is posted to, as it was named, */
    struct buffer previous; /* and the one before. */
};

static const char help_text[] =
    "a text posts it, //text one that begins with a slash\n"
    "/join ROOM     enter a room, or go to one\n"
    "/part          leave this room\n"
    "/history [N]   the newest messages of this room\n"
    "/who           who is in this room\n"
    "/rooms [TEXT]  find rooms\n"
    "/alert TEXT    post as an alert\n"
    "/correct N TEXT      put a text in the place of one's message N\n"
    "/withdraw N [REASON] take one's message N back\n"
    "/quit          or Ctrl-D";

static void look_whether_done(struct chat *chat)
{
    struct app *app = chat->app;

    if (chat->is_closing && chat->talk.tasks_n == 0) {
        app_end(app, chat->is_terminal ? EXIT_DONE : chat->exit_code);
    }
}

/* The end of the input, or /quit; the second time it does not wait. */
static void close_chat(struct chat *chat)
{
    if (chat->is_closing && chat->is_terminal) {
        app_end(chat->app, EXIT_DONE);
    }
    chat->is_closing = true;
    app_be_patient(chat->app);
    look_whether_done(chat);
}

/* The room that is posted to is another. */
static void show_current(struct chat *chat)
{
    struct slice current = buffer_slice(&chat->current);
    struct place *place = places_find(&chat->talk.places, current);

    if (chat->is_terminal) {
        edit_prompt(&chat->edit,
                    place != NULL ? buffer_slice(&place->name) : current);
    }
}

static void swap_current(struct chat *chat)
{
    struct buffer current = chat->current;

    chat->current = chat->previous;
    chat->previous = current;
}

static void set_current(struct chat *chat, struct slice room)
{
    swap_current(chat);
    buffer_clear(&chat->current);
    buffer_append_slice(&chat->current, room);
    show_current(chat);
}

static void show_help(struct chat *chat)
{
    const char *line = help_text;

    while (line != NULL) {
        const char *next = strchr(line, '\n');

        screen_say(&chat->app->screen, "%.*s",
                   next == NULL ? (int)strlen(line) : (int)(next - line), line);
        line = next == NULL ? NULL : next + 1;
    }
}

static void show_failed(struct chat *chat, const struct talk_result *result)
{
    char words[APP_WORDS_BYTES];
    int exit_code = app_judge(chat->app, result->result, result->code,
                              result->words, words);

    if (chat->exit_code == EXIT_DONE) {
        chat->exit_code = exit_code;
    }
    screen_say(&chat->app->screen, "/%s: %s", order_word(result->kind), words);
}

static void put_text(json_t *object, const char *key, struct slice text)
{
    if (text.len > 0) {
        json_object_set_new(object, key, json_text(text));
    }
}

static void tell_json(struct chat *chat, const struct talk_result *result,
                      const char *op)
{
    json_t *object = json_object();

    put_text(object, "event", SLICE_LITERAL("result"));
    put_text(object, "op", slice_of_text(op));
    if (result->tag != NULL) {
        json_object_set(object, "tag", result->tag);
    }
    put_text(object, "room", result->room_uri);
    put_text(object, "result",
             slice_of_text(client_result_word(result->result)));
    if (result->message_id != 0) {
        json_object_set_new(object, "id",
                            json_integer((json_int_t)result->message_id));
    }
    put_text(object, "retry_id", result->retry_id);
    if (result->code != 0) {
        json_object_set_new(object, "code", json_integer(result->code));
    }
    if (result->result != CLIENT_DONE) {
        put_text(object, "text", result->words);
    }
    screen_json(&chat->app->screen, object);
}

/* A person goes on where he was when a room does not let him in; a program's
 * next lines were meant for that room, and must not go to another. */
static void end_join(struct chat *chat, const struct talk_result *result)
{
    struct places *places = &chat->talk.places;

    if (!chat->is_terminal) {
        return;
    }
    if (result->result != CLIENT_DONE &&
        places_find(places, buffer_slice(&chat->current)) == NULL) {
        swap_current(chat);
        if (places_find(places, buffer_slice(&chat->current)) == NULL) {
            buffer_clear(&chat->current);
        }
    }
    show_current(chat);
}

static void on_result(void *context, const struct talk_result *result)
{
    struct chat *chat = context;

    if (chat->app->screen.is_json) {
        tell_json(chat, result, order_word(result->kind));
    } else if (result->result != CLIENT_DONE) {
        show_failed(chat, result);
    }
    if (result->kind == ORDER_JOIN) {
        end_join(chat, result);
    }
    input_pause(&chat->app->input, chat->talk.tasks_n >= TASKS_MAX);
    look_whether_done(chat);
}

static void do_order(struct chat *chat, struct order *order)
{
    bool needs_room = order->kind != ORDER_ROOMS && order->room.len == 0;

    if (order->kind == ORDER_QUIT) {
        input_pause(&chat->app->input, true);
        close_chat(chat);
        return;
    }
    if (order->kind == ORDER_HELP) {
        show_help(chat);
        return;
    }
    if (order->kind == ORDER_JOIN && !chat->app->screen.is_json) {
        set_current(chat, order->room);
    }
    if (needs_room && chat->current.len == 0) {
        screen_say(&chat->app->screen, "no room yet: /join ROOM, /rooms finds "
                                       "some");
        chat->exit_code = EXIT_REFUSED;
        return;
    }
    if (needs_room) {
        order->room = buffer_slice(&chat->current);
    }
    talk_do(&chat->talk, order);
    input_pause(&chat->app->input, chat->talk.tasks_n >= TASKS_MAX);
}

static void take_line(void *context, struct slice line)
{
    struct chat *chat = context;
    struct order order;
    const char *wrong;

    if (line.len == 0 || chat->app->is_ending) {
        return;
    }
    wrong = order_read_line(&order, line);
    if (wrong != NULL) {
        screen_say(&chat->app->screen, "%s", wrong);
        chat->exit_code = EXIT_REFUSED;
        return;
    }
    do_order(chat, &order);
}

static void refuse_json(struct chat *chat, const struct order *order,
                        const char *wrong)
{
    struct talk_result result = {.tag = order->tag,
                                 .result = CLIENT_REFUSED,
                                 .code = 400,
                                 .words = slice_of_text(wrong)};

    tell_json(chat, &result, "");
}

static void take_json(void *context, struct slice line)
{
    struct chat *chat = context;
    struct order order = {.tag = NULL};
    json_t *object;
    const char *wrong;

    if (line.len == 0 || chat->app->is_ending) {
        return;
    }
    object = json_loadb((const char *)line.data, line.len, 0, NULL);
    wrong = order_read_json(&order, object);
    if (wrong != NULL) {
        refuse_json(chat, &order, wrong);
    } else {
        do_order(chat, &order);
    }
    json_decref(object);
}

static void on_end(void *context, bool is_long)
{
    struct chat *chat = context;

    if (is_long) {
        app_fail(chat->app, EXIT_REFUSED, "a line is too long");
    } else {
        close_chat(chat);
    }
}

static void on_bytes(void *context, struct slice bytes)
{
    struct chat *chat = context;

    if (bytes.len == 0) {
        close_chat(chat); /* The terminal is gone. */
    } else {
        edit_feed(&chat->edit, bytes);
    }
}

static void on_enough(void *context)
{
    close_chat(context);
}

static void open_terminal(struct chat *chat)
{
    struct screen *screen = &chat->app->screen;

    chat->edit.enter = take_line;
    chat->edit.end = on_enough;
    chat->edit.context = chat;
    chat->app->input.bytes = on_bytes;
    screen->hide = edit_hide;
    screen->show = edit_show;
    screen->context = &chat->edit;
    if (!edit_open(&chat->edit)) {
        app_fail(chat->app, EXIT_REFUSED, "the terminal cannot be used");
    }
}

/* Not before the sign-in: what is typed until then may be a password. */
static void open_input(struct chat *chat)
{
    struct input *input = &chat->app->input;

    input->context = chat;
    input->line = chat->app->screen.is_json ? take_json : take_line;
    input->end = on_end;
    if (chat->is_terminal) {
        open_terminal(chat);
    }
    if (!chat->app->is_ending) {
        input_open(input, chat->app->loop);
    }
}

static void chat_begin(struct app *app)
{
    const struct options *options = app->options;
    struct chat *chat = calloc(1, sizeof(*chat));
    struct order order = {.kind = ORDER_JOIN, .most = (uint32_t)options->last};

    app->state = chat;
    if (chat == NULL) {
        app_fail(app, EXIT_REFUSED, "out of memory");
        return;
    }
    chat->app = app;
    chat->is_terminal =
        !app->screen.is_json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    talk_init(&chat->talk, app, on_result, chat);
    if (options->last > CLIENT_HISTORY_MAX) {
        app_fail(app, EXIT_USAGE, "--last can be %d at most here",
                 CLIENT_HISTORY_MAX);
    }
    app->screen.shows_people = chat->is_terminal;
    set_current(
        chat, slice_of_text(options->words_n == 0 ? NULL : options->words[0]));
    for (size_t i = 0; i < options->words_n && !app->is_ending; i++) {
        order.room = slice_of_text(options->words[i]);
        talk_do(&chat->talk, &order);
    }
}

static void chat_event(struct app *app, const struct client_event *event)
{
    struct chat *chat = app->state;

    if (event->kind == CLIENT_EVENT_STATE &&
        event->state.state == CLIENT_ONLINE && !app->input.is_open) {
        app_wait_no_more(app);
        open_input(chat);
    }
    app->screen.shows_room = chat->talk.places.n > 1;
    if (event->kind != CLIENT_EVENT_POSTED &&
        event->kind != CLIENT_EVENT_REPLY) {
        screen_event(&app->screen, event);
    }
    talk_event(&chat->talk, event);
}

static void chat_end(struct app *app)
{
    struct chat *chat = app->state;

    if (chat == NULL) {
        return;
    }
    app->screen.hide = NULL;
    app->screen.show = NULL;
    edit_close(&chat->edit);
    talk_deinit(&chat->talk);
    buffer_deinit(&chat->current);
    buffer_deinit(&chat->previous);
    free(chat);
}

const struct command command_chat = {
    .name = "chat",
    .usage = "[ROOM ...]",
    .help = "be in rooms: a terminal, or lines in and out",
    .words_max = 64,
    .goes_on = true,
    .begin = chat_begin,
    .event = chat_event,
    .end = chat_end,
};
