/* The rooms a chat is in, by URI and by what people call them.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_PLACES_H
#define OPS_PERCH_PLACES_H

#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>

#include "proto/base/buffer.h"

struct place {
    TAILQ_ENTRY(place) link;
    struct buffer uri, name;
};

/* In the order joined. */
TAILQ_HEAD(place_list, place);

struct places {
    struct place_list list; /* In the order they were entered. */
    size_t n;
};

/** Begin with none. */
void places_init(struct places *places);

/** Forget all. */
void places_deinit(struct places *places);

/**
 * Find a room by URI or name, as find.h does. NULL: the chat is not in it, or
 * several have that name.
 */
struct place *places_find(struct places *places, struct slice room);

/** A room was entered, or has another name. False when memory is out. */
bool places_enter(struct places *places, struct slice uri, struct slice name);

/** A room was left; others are passed over. */
void places_leave(struct places *places, struct slice uri);

#endif
