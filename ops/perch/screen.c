#include "ops/perch/screen.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "ops/perch/events_json.h"
#include "ops/perch/safe.h"
#include "ops/perch/words.h"

#define COLOUR_NONE  "\033[0m"
#define COLOUR_FAINT "\033[2m"
#define COLOUR_BOLD  "\033[1m"

void screen_init(struct screen *screen, bool is_json, bool is_quiet,
                 struct slice own)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    *screen = (struct screen){
        .is_json = is_json,
        .is_quiet = is_quiet,
        .own = own,
        .has_colour = !is_json && isatty(STDOUT_FILENO) &&
                      (no_colour == NULL || no_colour[0] == '\0') &&
                      terminal != NULL && strcmp(terminal, "dumb") != 0,
    };
}

/* Whole lines, at once: another program reads them as they come. */
static void write_line(struct screen *screen, FILE *to, struct buffer *line)
{
    buffer_append_text(line, "\n");
    if (screen->hide != NULL) {
        screen->hide(screen->context);
    }
    if (!buffer_failed(line) &&
        (fwrite(line->data, 1, line->len, to) != line->len ||
         fflush(to) != 0)) {
        screen->was_cut |= to == stdout;
    }
    if (screen->show != NULL) {
        screen->show(screen->context);
    }
    buffer_deinit(line);
}

static void colour(const struct screen *screen, struct buffer *line,
                   const char *code)
{
    if (screen->has_colour) {
        buffer_append_text(line, code);
    }
}

static void append_format(struct buffer *line, const char *format,
                          va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void append_format(struct buffer *line, const char *format,
                          va_list arguments)
{
    char text[2048];

    vsnprintf(text, sizeof(text), format, arguments);
    safe_line(line, slice_of_text(text));
}

void screen_line(struct screen *screen, const char *format, ...)
{
    struct buffer line = BUFFER_EMPTY;
    va_list arguments;

    va_start(arguments, format);
    append_format(&line, format, arguments);
    va_end(arguments);
    write_line(screen, stdout, &line);
}

void screen_say(struct screen *screen, const char *format, ...)
{
    struct buffer line = BUFFER_EMPTY;
    va_list arguments;

    buffer_append_text(&line, "perch: ");
    va_start(arguments, format);
    append_format(&line, format, arguments);
    va_end(arguments);
    write_line(screen, stderr, &line);
}

void screen_json(struct screen *screen, json_t *object)
{
    struct buffer line = BUFFER_EMPTY;
    char *text = json_dumps(object, JSON_ENSURE_ASCII | JSON_COMPACT |
                                        JSON_PRESERVE_ORDER);

    if (text == NULL) {
        screen_say(screen, "out of memory: an event is not shown");
        screen->was_cut = true; /* Programs must not miss one unknowingly. */
    } else {
        buffer_append_text(&line, text);
        write_line(screen, stdout, &line);
    }
    free(text);
    json_decref(object);
}

/* sip:ingrid@fjord.example: the address tells who it is, a name does not.
 * People of one's own domain go without it. */
static struct slice address_of(const struct screen *screen, struct slice uri)
{
    const uint8_t *at;
    struct slice own = screen->own;

    if (slice_begins(uri, SLICE_LITERAL("sip:"))) {
        uri = slice_after(uri, 4);
    }
    at = uri.len == 0 ? NULL : memchr(uri.data, '@', uri.len);
    if (at != NULL && own.len > 0) {
        const uint8_t *own_at = memchr(own.data, '@', own.len);
        size_t before = (size_t)(at - uri.data);

        if (own_at != NULL && before > 0 &&
            slice_equal_nocase(slice_after(uri, before),
                               slice_after(own, (size_t)(own_at - own.data)))) {
            uri.len = before;
        }
    }
    return uri;
}

static void append_room(const struct screen *screen, struct buffer *line,
                        struct slice room_name)
{
    if (screen->shows_room) {
        buffer_append_text(line, "[");
        safe_line(line, room_name);
        buffer_append_text(line, "] ");
    }
}

static void append_when(struct buffer *line, struct xccos_moment at)
{
    time_t seconds = (time_t)(at.wall_us / 1000000);
    struct tm local;
    char text[32] = "";

    if (at.set && localtime_r(&seconds, &local) != NULL) {
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S ", &local);
    }
    buffer_append_text(line, text);
}

static void show_message(struct screen *screen, struct slice room_name,
                         const struct xccos_message *message)
{
    struct buffer line = BUFFER_EMPTY;

    colour(screen, &line, COLOUR_FAINT);
    append_room(screen, &line, room_name);
    append_when(&line, message->sent_at);
    if (message->message_id.set) {
        buffer_printf(&line, "#%" PRIu64 " ", message->message_id.value);
    }
    colour(screen, &line, COLOUR_NONE COLOUR_BOLD);
    safe_line(&line, address_of(screen, message->author));
    colour(screen, &line, COLOUR_NONE);
    if (message->alert == XCCOS_FLAG_TRUE) {
        buffer_append_text(&line, " (alert)");
    }
    if (message->state != XCCOS_MESSAGE_POSTED) {
        buffer_printf(&line, " (%s)", word_of_state(message->state));
    }
    buffer_append_text(&line, ": ");
    safe_lines(&line, message->text, "  | ");
    if (message->note.len > 0) {
        colour(screen, &line, COLOUR_FAINT);
        buffer_append_text(&line, "\n  ! ");
        safe_lines(&line, message->note, "  ! ");
        colour(screen, &line, COLOUR_NONE);
    }
    write_line(screen, stdout, &line);
}

void screen_message(struct screen *screen, struct slice room_uri,
                    struct slice room_name, const struct xccos_message *message)
{
    if (screen->is_json) {
        screen_json(screen, json_message(room_uri, message));
    } else {
        show_message(screen, room_name, message);
    }
}

void screen_room(struct screen *screen, const struct xccos_room *room)
{
    struct buffer line = BUFFER_EMPTY;
    const char *visibility = word_of_visibility(room);

    if (screen->is_json) {
        screen_json(screen, json_room(room));
        return;
    }
    colour(screen, &line, COLOUR_BOLD);
    safe_line(&line, room->name);
    colour(screen, &line, COLOUR_NONE);
    if (visibility != NULL) {
        buffer_printf(
            &line, "  (%s%s%s)", visibility,
            room->behavior == XCCOS_BEHAVIOR_AUDITORIUM ? ", auditorium" : "",
            room->disabled == XCCOS_FLAG_TRUE ? ", disabled" : "");
    }
    if (room->description.len > 0) {
        buffer_append_text(&line, "  ");
        safe_line(&line, room->description);
    }
    colour(screen, &line, COLOUR_FAINT);
    buffer_append_text(&line, "  ");
    safe_line(&line, room->uri);
    colour(screen, &line, COLOUR_NONE);
    write_line(screen, stdout, &line);
}

void screen_invitation(struct screen *screen,
                       const struct xccos_invitation *invitation)
{
    if (invitation->room == NULL) {
        return; /* Of a server that tells less. */
    }
    if (screen->is_json) {
        screen_json(screen, json_invitation(invitation));
    } else {
        screen_room(screen, invitation->room);
    }
}

void screen_person(struct screen *screen, const struct xccos_user *user)
{
    struct buffer line = BUFFER_EMPTY;

    if (screen->is_json) {
        screen_json(screen, json_person(user));
        return;
    }
    safe_line(&line, user->uri);
    if (user->display_name.len > 0) {
        buffer_append_text(&line, "  ");
        safe_line(&line, user->display_name);
    }
    write_line(screen, stdout, &line);
}

static void show_people(struct screen *screen, struct people *people)
{
    for (struct person *person = people_first(people); person != NULL;
         person = people_next(person)) {
        struct slice address = address_of(screen, person->uri);
        const char *role = word_of_role(person->role);

        screen_line(screen, "%.*s%s%.*s%s%s", SLICE_PRINT(address),
                    person->name.len > 0 ? "  " : "", SLICE_PRINT(person->name),
                    role == NULL ? "" : "  ", role == NULL ? "" : role);
    }
    if (people->is_cut) {
        screen_say(screen, "there are more");
    } else if (people->n == 0) {
        screen_say(screen, "the pool does not tell who is in this room");
    }
}

void screen_people(struct screen *screen, struct slice room_uri,
                   struct slice room_name, struct people *people)
{
    json_t *object;

    if (!screen->is_json) {
        show_people(screen, people);
        return;
    }
    object = json_object();
    json_object_set_new(object, "event", json_string("people"));
    json_object_set_new(object, "room", json_text(room_uri));
    json_object_set_new(object, "name", json_text(room_name));
    json_object_set_new(object, "people", json_people(people));
    screen_json(screen, object);
}

static void show_state(struct screen *screen,
                       const struct client_event_state *state)
{
    const char *text =
        state->text[0] != '\0' ? state->text : client_cause_text(state->cause);

    if (screen->is_quiet) {
        return;
    }
    if (state->state == CLIENT_ONLINE) {
        screen_say(screen, "signed in at %s", state->server);
    } else if (state->state == CLIENT_WAITING) {
        screen_say(screen, "%s: %s; trying again", state->server, text);
    }
}

/* What is a room's business, in a line without a time. */
static void show_room_event(struct screen *screen,
                            const struct client_event *event)
{
    struct slice name =
        event->room_name.len > 0 ? event->room_name : event->room_uri;

    switch (event->kind) {
    case CLIENT_EVENT_JOINED:
        if (!screen->is_quiet) {
            screen_say(screen, "%s %.*s",
                       event->joined.is_again ? "back in" : "in",
                       SLICE_PRINT(name));
        }
        break;
    case CLIENT_EVENT_LEFT:
        screen_say(screen, "out of %.*s: %s%s%.*s", SLICE_PRINT(name),
                   client_left_word(event->left.why),
                   event->left.sentence.len > 0 ? ": " : "",
                   SLICE_PRINT(event->left.sentence));
        break;
    case CLIENT_EVENT_CHANGED:
        screen_say(screen, "this room is now %.*s: %.*s", SLICE_PRINT(name),
                   SLICE_PRINT(event->changed.description));
        break;
    case CLIENT_EVENT_GAP:
        screen_say(screen,
                   "%.*s: messages %" PRIu64 " to %" PRIu64
                   " cannot be had from the pool",
                   SLICE_PRINT(name), event->gap.first_id, event->gap.last_id);
        break;
    case CLIENT_EVENT_CLEARED:
        screen_say(screen, "%.*s: messages up to #%" PRIu64 " were removed",
                   SLICE_PRINT(name), event->cleared_upto);
        break;
    case CLIENT_EVENT_ENTERED:
    case CLIENT_EVENT_GONE:
        if (screen->shows_people) {
            struct slice who = address_of(screen, event->person.uri);

            screen_say(screen, "%.*s %s %.*s", SLICE_PRINT(who),
                       event->kind == CLIENT_EVENT_ENTERED ? "enters"
                                                           : "leaves",
                       SLICE_PRINT(name));
        }
        break;
    default:
        break;
    }
}

void screen_event(struct screen *screen, const struct client_event *event)
{
    if (screen->is_json) {
        bool is_idle_talk =
            screen->is_quiet && event->kind == CLIENT_EVENT_STATE;

        if (event->kind != CLIENT_EVENT_REPLY && !is_idle_talk) {
            screen_json(screen, json_event(event));
        }
        return;
    }
    switch (event->kind) {
    case CLIENT_EVENT_REVISED:
        show_message(screen, event->room_name, event->revised);
        break;
    case CLIENT_EVENT_MESSAGE:
        show_message(screen, event->room_name, event->message.message);
        break;
    case CLIENT_EVENT_STATE:
        show_state(screen, &event->state);
        break;
    case CLIENT_EVENT_PROBLEM:
        screen_say(screen, "%.*s", SLICE_PRINT(event->problem));
        break;
    default:
        show_room_event(screen, event);
        break;
    }
}
