#include "ops/perch/app.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/perch/events_json.h"
#include "ops/perch/safe.h"
#include "proto/base/os/loop_uv.h"

/* Questions and posts end by themselves a little earlier. */
enum { PATIENCE_MS = 500 };

void app_end(struct app *app, int exit_code)
{
    if (app->is_ending) {
        return;
    }
    app->is_ending = true;
    app->exit_code = exit_code;
    timer_stop(app->patience);
    client_stop(app->client);
}

static void tell_failed(struct app *app, int exit_code, const char *text)
{
    screen_say(&app->screen, "%s", text);
    if (app->screen.is_json) {
        json_t *object = json_object();

        json_object_set_new(object, "event", json_string("failed"));
        json_object_set_new(object, "exit", json_integer(exit_code));
        json_object_set_new(object, "text", json_text(slice_of_text(text)));
        screen_json(&app->screen, object);
    }
}

void app_fail(struct app *app, int exit_code, const char *format, ...)
{
    char text[2 * APP_WORDS_BYTES];
    va_list arguments;

    if (app->is_ending) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    tell_failed(app, exit_code, text);
    app_end(app, exit_code);
}

static int judge_unsent(const struct app *app, char words_out[APP_WORDS_BYTES])
{
    bool is_busy = app->cause == CLIENT_CAUSE_BUSY;

    snprintf(words_out, APP_WORDS_BYTES, "%s%s%s",
             is_busy ? "the pool is busy" : "no server answered in time",
             app->why[0] == '\0' ? "" : ": ", app->why);
    return is_busy ? EXIT_BUSY : EXIT_UNREACHED;
}

int app_judge(const struct app *app, enum client_result result, unsigned code,
              struct slice words, char words_out[APP_WORDS_BYTES])
{
    switch (result) {
    case CLIENT_DONE:
        words_out[0] = '\0';
        return EXIT_DONE;
    case CLIENT_REFUSED:
        snprintf(words_out, APP_WORDS_BYTES, "the pool says no: %.*s (%u)",
                 SLICE_PRINT(words), code);
        return code == 503 ? EXIT_BUSY : EXIT_REFUSED;
    case CLIENT_UNSENT:
        return judge_unsent(app, words_out);
    case CLIENT_UNKNOWN:
        snprintf(words_out, APP_WORDS_BYTES,
                 "it was sent, but no answer came: whether it was done is not "
                 "known");
        return EXIT_UNKNOWN;
    }
    return EXIT_REFUSED;
}

void app_fail_result(struct app *app, enum client_result result, unsigned code,
                     struct slice words)
{
    char text[APP_WORDS_BYTES];
    int exit_code = app_judge(app, result, code, words, text);

    if (exit_code != EXIT_DONE) {
        app_fail(app, exit_code, "%s", text);
    }
}

uint32_t app_left_ms(const struct app *app)
{
    uint64_t now_us = loop_now_us(app->loop);

    return now_us + 1000 >= app->deadline_us
               ? 1
               : (uint32_t)((app->deadline_us - now_us) / 1000);
}

void app_begin_anew(struct app *app)
{
    app->deadline_us =
        loop_now_us(app->loop) + (uint64_t)app->options->timeout_ms * 1000;
}

void app_wait_no_more(struct app *app)
{
    timer_stop(app->patience);
}

/* For what has not even come so far as to be asked. */
static void on_patience(void *context)
{
    struct app *app = context;

    app_fail_result(app, CLIENT_UNSENT, 0, SLICE_NONE);
}

void app_be_patient(struct app *app)
{
    timer_start(app->patience, app->options->timeout_ms + PATIENCE_MS, 0);
}

char *app_words(const struct app *app, size_t from)
{
    struct buffer words = BUFFER_EMPTY;

    for (size_t i = from; i < app->options->words_n; i++) {
        if (i > from) {
            buffer_append_text(&words, " ");
        }
        buffer_append_text(&words, app->options->words[i]);
    }
    buffer_append(&words, "", 1);
    if (buffer_failed(&words)) {
        buffer_deinit(&words);
        return NULL;
    }
    return (char *)words.data;
}

static void denied(struct app *app, const struct client_event_state *state)
{
    if (!app->has_password && (state->status == 401 || state->status == 407)) {
        app->wants_password = true; /* main asks, or says so. */
        app_end(app, EXIT_REFUSED);
        return;
    }
    app_fail(app, EXIT_REFUSED, "%s does not let %s in: %s", state->server,
             app->options->user,
             state->text[0] != '\0' ? state->text
                                    : client_cause_text(state->cause));
}

static void take_state(struct app *app, const struct client_event_state *state)
{
    if (state->state == CLIENT_STOPPED) {
        app->is_ending = true;
        loop_stop(app->loop);
    } else if (state->state == CLIENT_DENIED) {
        denied(app, state);
    } else if (state->state == CLIENT_ONLINE) {
        app->cause = CLIENT_CAUSE_NONE;
        app->why[0] = '\0';
    } else if (state->state == CLIENT_WAITING) {
        app->cause = state->cause;
        snprintf(app->why, sizeof(app->why), "%s: %s", state->server,
                 state->text[0] != '\0' ? state->text
                                        : client_cause_text(state->cause));
    }
}

/* It ends with a post on its way: that is not to be taken for a no. */
static void take_late(struct app *app, const struct client_event *event)
{
    bool is_ours =
        app->exit_code == EXIT_INTERRUPTED || app->exit_code == EXIT_DONE;

    if (event->kind == CLIENT_EVENT_POSTED && is_ours &&
        event->posted.result == CLIENT_UNKNOWN) {
        app->exit_code = EXIT_UNKNOWN;
        screen_say(&app->screen, "a post is on its way: whether it was taken "
                                 "is not known");
    } else if (event->kind == CLIENT_EVENT_POSTED && is_ours &&
               event->posted.result == CLIENT_UNSENT) {
        screen_say(&app->screen, "a post was not sent");
    }
}

static void on_event(void *context, const struct client_event *event)
{
    struct app *app = context;

    if (event->kind == CLIENT_EVENT_STATE) {
        take_state(app, &event->state);
    }
    if (app->is_ending) {
        take_late(app, event);
    } else if (!find_event(app, event)) {
        app->command->event(app, event);
    }
    if (app->screen.was_cut) {
        app_end(app, EXIT_REFUSED);
    }
}

/* What was delivered is written down before it is shown. */
static void on_heard(void *context, const struct xccos_envelope *envelope)
{
    struct app *app = context;

    if (transcript_take(&app->transcript, envelope, loop_wall_us(app->loop)) !=
        ERROR_NONE) {
        app_fail(app, EXIT_REFUSED, "%s: %s", app->options->transcript,
                 strerror(errno));
    }
}

/* The first asks, the second does not wait for the sign-out. */
static void on_signal(uv_signal_t *handle, int number)
{
    struct app *app = handle->data;

    (void)number;
    if (app->is_ending) {
        loop_stop(app->loop);
    } else {
        app_end(app, app->command->goes_on ? EXIT_DONE : EXIT_INTERRUPTED);
    }
}

static bool open_trust(struct app *app)
{
    char reason[SECURE_REASON_BYTES_MAX];

    if (!app->options->is_secure) {
        return true;
    }
    if (trust_open(app->options->authority, app->options->takes_any,
                   &app->trust, reason) == ERROR_NONE) {
        return true;
    }
    screen_say(&app->screen, "%s: %s",
               app->options->authority == NULL ? "the system's authorities"
                                               : app->options->authority,
               reason);
    return false;
}

static bool open_client(struct app *app, const char *password)
{
    const struct options *options = app->options;
    struct client_settings settings = {
        .user = options->user,
        .login = options->login,
        .password = password,
        .servers = options->servers,
        .trust = app->trust,
        .instance = options->instance,
        .locates = options->locates,
        .limits = CLIENT_LIMITS_DEFAULT,
        .heard = options->transcript == NULL ? NULL : on_heard,
    };
    const char *why;

    if (client_new(app->loop, &settings, on_event, app, &app->client, &why) !=
        ERROR_NONE) {
        screen_say(&app->screen, "%s: --user %s --server %s%s%s", why,
                   settings.user, settings.servers,
                   settings.instance == NULL ? "" : " --instance ",
                   settings.instance == NULL ? "" : settings.instance);
        return false;
    }
    app->screen.own = client_uri(app->client);
    return true;
}

static bool open_transcript(struct app *app)
{
    if (transcript_open(&app->transcript, app->options->transcript) ==
        ERROR_NONE) {
        return true;
    }
    screen_say(&app->screen, "%s: %s", app->options->transcript,
               strerror(errno));
    return false;
}

static void close_transcript(struct app *app)
{
    if (transcript_close(&app->transcript) != ERROR_NONE) {
        screen_say(&app->screen, "%s: %s", app->options->transcript,
                   strerror(errno));
        app->exit_code = EXIT_REFUSED;
    }
}

static void heed(struct app *app, uv_signal_t *handle, int number)
{
    uv_signal_init(loop_uv(app->loop), handle);
    handle->data = app;
    uv_signal_start(handle, on_signal, number);
}

static void work(struct app *app)
{
    find_init(&app->finder);
    heed(app, &app->interrupt, SIGINT);
    heed(app, &app->terminate, SIGTERM);
    app_begin_anew(app);
    if (!app->options->is_forever) {
        app_be_patient(app);
    }
    app->command->begin(app);
    if (!app->is_ending) {
        client_start(app->client);
    }
    loop_run(app->loop);
    if (app->command->end != NULL) {
        app->command->end(app);
    }
    find_deinit(&app->finder);
    input_close(&app->input);
    uv_close((uv_handle_t *)&app->interrupt, NULL);
    uv_close((uv_handle_t *)&app->terminate, NULL);
}

int app_run(const struct options *options, const char *password,
            bool *wants_password_out)
{
    struct app app = {.options = options,
                      .command = options->command,
                      .has_password = password != NULL,
                      .exit_code = EXIT_USAGE};

    *wants_password_out = false;
    screen_init(&app.screen, options->is_json, options->is_quiet, SLICE_NONE);
    app.loop = loop_new();
    app.patience =
        app.loop == NULL ? NULL : timer_new(app.loop, on_patience, &app);
    if (app.patience == NULL) {
        screen_say(&app.screen, "out of memory");
        app.exit_code = EXIT_REFUSED;
    } else if (open_transcript(&app) && open_trust(&app) &&
               open_client(&app, password)) {
        work(&app);
        *wants_password_out = app.wants_password;
    }
    client_free(app.client);
    close_transcript(&app);
    trust_close(app.trust);
    timer_free(app.patience);
    loop_free(app.loop);
    return app.exit_code;
}
