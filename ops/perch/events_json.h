/* Events and their parts as JSON, the same in every command.
 *
 * Every object has "event"; perch(1) lists what else. What is empty or not
 * known is left out.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_EVENTS_JSON_H
#define OPS_PERCH_EVENTS_JSON_H

#include <jansson.h>

#include "ops/client/event.h"

/** A text; what is no UTF-8 in it is replaced by U+FFFD. */
json_t *json_text(struct slice text);

/** Any event but a reply, whose data depends on the question. */
json_t *json_event(const struct client_event *event);

/** A message. */
json_t *json_message(struct slice room_uri,
                     const struct xccos_message *message);

/** That a message of one's own is now, say, "withdrawn". */
json_t *json_revised(struct slice room_uri, uint64_t message_id,
                     const char *what);

/** A room that was found. */
json_t *json_room(const struct xccos_room *room);

/** What is unread in a room. */
json_t *json_news(const struct xccos_room *room);

/** A feed. */
json_t *json_feed(const struct xccos_feed *feed);

/** An invitation: its room, id and time. */
json_t *json_invitation(const struct xccos_invitation *invitation);

/** A user or group that was found. */
json_t *json_person(const struct xccos_user *user);

/** People, as an array. */
json_t *json_people(struct people *people);

#endif
