/* What perch shows: lines for people, or JSON for programs.
 *
 * Messages and results go to standard output, states and complaints to
 * standard error; with JSON all but complaints goes to standard output.
 * Everything that comes from others passes safe.h first; JSON is pure ASCII,
 * one object a line. Colours only on a terminal, and not when NO_COLOR is set.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_SCREEN_H
#define OPS_PERCH_SCREEN_H

#include <jansson.h>
#include <stdbool.h>

#include "ops/client/event.h"
#include "proto/base/buffer.h"

struct screen {
    bool is_json;
    bool is_quiet;     /* No states. */
    bool has_colour;   /* Standard output is a terminal that wants it. */
    bool shows_room;   /* Lines begin with the room: there are several. */
    bool shows_people; /* Who comes and goes. */
    bool was_cut;      /* Standard output takes nothing any more. */
    struct slice own;  /* The user's URI: others of the domain are named
                          without it. */

    /* An open line editor hides and shows its line around output; NULL: there
     * is none. */
    void (*hide)(void *context);
    void (*show)(void *context);
    void *context;
};

/** Begin, with what the environment says about colour. */
void screen_init(struct screen *screen, bool is_json, bool is_quiet,
                 struct slice own);

/** Write a line to standard output, made safe. */
void screen_line(struct screen *screen, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Write a complaint or state to standard error, made safe, with "perch: ". */
void screen_say(struct screen *screen, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Write a JSON object as a line, and free it. */
void screen_json(struct screen *screen, json_t *object);

/** Show an event: of a room, or, when it matters to people, of the client. */
void screen_event(struct screen *screen, const struct client_event *event);

/** Show a message of history. */
void screen_message(struct screen *screen, struct slice room_uri,
                    struct slice room_name,
                    const struct xccos_message *message);

/** Show a room that was found. */
void screen_room(struct screen *screen, const struct xccos_room *room);

/** Show an invitation to a room. */
void screen_invitation(struct screen *screen,
                       const struct xccos_invitation *invitation);

/** Show a user or group that was found. */
void screen_person(struct screen *screen, const struct xccos_user *user);

/** Show who is in a room. */
void screen_people(struct screen *screen, struct slice room_uri,
                   struct slice room_name, struct people *people);

#endif
