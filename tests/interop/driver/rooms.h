/* Rooms as the user of a chat window sees them.
 *
 * The plugin names a window after the room, and tells libpurple no address, so
 * a room is known by its name here; tests give every room its own.
 *
 * Events: "room" {uri, name, ...} and "listed" for rooms_list; "joined" {room},
 * also when the plugin enters by itself after a loss; "entered" {room, new,
 * users [{user, operator}]}, "left" {room, users}; "message" {room, author,
 * text, at, mine, markup}; "error" {room, text} where the window shows one;
 * "closed" {room}.
 *
 * Thread: the only one.
 */
#ifndef TESTS_INTEROP_DRIVER_ROOMS_H
#define TESTS_INTEROP_DRIVER_ROOMS_H

/** Take over libpurple's windows and lists. Once, after core_start. */
void rooms_init(void);

/** Ask for all rooms one may see. */
void rooms_list(void);

/** Enter the room of an address (ma-chan://...). */
void rooms_join(const char *uri);

/**
 * Say something in a room that was entered.
 *
 * @text    As typed; passed on as a chat window does, < and & escaped, line
 *          ends as <br>.
 */
void rooms_say(const char *room, const char *text);

/** The same for text that is markup already. */
void rooms_say_markup(const char *room, const char *markup);

/** Leave a room: close its window. */
void rooms_leave(const char *room);

/** Report who is in a room's window now: "roster" {room, users}. */
void rooms_roster(const char *room);

#endif
