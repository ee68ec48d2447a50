/* What may be asked in a chat: by lines a person types, or by JSON.
 *
 *   text            post it into the current room
 *   /join ROOM      enter a room, or go to one that was entered: it is current
 *   /part           leave the current room
 *   /history [N]    the newest N messages of the current room
 *   /rooms [TEXT]   rooms with the text in the name
 *   /who            who is in the current room
 *   /alert TEXT     post it as an alert
 *   /help, /quit
 *   //text          post a text that begins with a slash
 *
 *   {"op": "post", "room": R, "text": T, "alert": B, "retry_id": I}
 *   {"op": "join", "room": R, "last": N}      {"op": "part", "room": R}
 *   {"op": "history", "room": R, "last": N}   {"op": "who", "room": R}
 *   {"op": "history", "room": R, "after": ID, "most": N}
 *   {"op": "rooms", "text": T}                {"op": "quit"}
 *
 * Any JSON order may have a "tag", which its result repeats.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_ORDER_H
#define OPS_PERCH_ORDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/base/slice.h"

#define ORDER_LIST(X)                                                          \
    X(POST, "post")                                                            \
    X(JOIN, "join")                                                            \
    X(PART, "part")                                                            \
    X(HISTORY, "history")                                                      \
    X(ROOMS, "rooms")                                                          \
    X(CORRECT, "correct")                                                      \
    X(WITHDRAW, "withdraw")                                                    \
    X(WHO, "who")                                                              \
    X(HELP, "help")                                                            \
    X(QUIT, "quit")

#define ORDER_ENUM(name, word) ORDER_##name,
enum order_kind { ORDER_LIST(ORDER_ENUM) ORDERS };
#undef ORDER_ENUM

enum { ORDER_HISTORY_MAX = 500 }; /* Messages asked for at once. */

struct order {
    enum order_kind kind;
    struct slice room; /* Name or URI; empty: the current one. */
    struct slice text; /* Of POST, CORRECT and ROOMS; why, of WITHDRAW. */
    bool is_alert, is_story;
    struct slice retry_id;
    bool has_after;
    uint64_t after_id;
    uint64_t message_id; /* Of CORRECT and WITHDRAW. */
    uint32_t most;       /* Of HISTORY, JOIN: messages of the past. */
    json_t *tag;         /* NULL: none. */
};

/** Tell the word for a kind. Static. */
const char *order_word(enum order_kind kind);

/**
 * Read what a person typed. The order borrows from the line.
 *
 * Returns NULL, or what is wrong with it. Static.
 */
const char *order_read_line(struct order *order, struct slice line);

/**
 * Read a JSON order. It borrows from the object.
 *
 * Returns as order_read_line.
 */
const char *order_read_json(struct order *order, json_t *object);

#endif
