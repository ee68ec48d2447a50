/* One record, ready to be shown: its line read again, and the command that it
 * came from.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_EVENT_H
#define OPS_ADAPTER_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ops/adapter/batch.h"
#include "proto/base/slice.h"

struct event {
    json_t *line;   /* Owned. */
    json_t *leader; /* The line that has the command, when another. Owned. */
    const json_t *command; /* NULL when it is gone. */
    uint64_t csn;
    int64_t time_us;
    const char *kind;
    const char *type; /* Persistent Chat's, or "". */
};

/**
 * Read a record of a batch again.
 *
 * @index  From 0.
 *
 * Returns FAILED when memory is out. event_deinit is due in any case.
 */
enum fault event_read(const struct batch *batch, size_t index,
                      struct event *event_out);

/** Free what it holds. Accepts a zeroed one. */
void event_deinit(struct event *event);

/** Tell what Persistent Chat's XML calls a kind; "" for none. Static. */
const char *event_type_of(const char *kind);

/** Find a field that is a text; the empty slice when there is none. */
struct slice event_text(const struct event *event, const char *field);

/** Find a field that is a number; fallback when there is none. */
uint64_t event_number(const struct event *event, const char *field,
                      uint64_t fallback);

/**
 * Find what was said or asked: a post's, correction's or replacement's text,
 * a search's words, a read's request, a file's name. Empty when nothing was,
 * or when it is gone.
 */
struct slice event_content(const struct event *event);

/** Find a member of the command's own part, "room_create": a text or none. */
struct slice event_argument(const struct event *event, const char *name);

/** A user's address without its scheme. */
struct slice event_address(struct slice uri);

/** Tell whether a user is of the pool's domain. */
bool event_is_internal(struct slice uri, const char *domain);

#endif
