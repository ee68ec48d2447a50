/* Rooms by what people call them: a URI is taken as it is, a name is looked
 * up.
 *
 * A name finds the room that has exactly this name; else the only one that has
 * it in other letter case.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_FIND_H
#define OPS_PERCH_FIND_H

#include <bsd/sys/queue.h>

#include "ops/client/ask.h"

enum { FIND_URI_BYTES = 320 };

struct app;
struct finding;

/* What came of it. */
struct found {
    const char *uri; /* NULL: nothing. */
    enum client_result result;
    unsigned code;     /* 404: no such room; 409: several. */
    const char *words; /* Why not. */
};

struct finder {
    /* Names that are being looked up. */
    LIST_HEAD(finding_list, finding) findings;
};

/** Start with nothing. */
void find_init(struct finder *finder);

/** Forget what is under way. */
void find_deinit(struct finder *finder);

/**
 * Find a room. found is called once, for a URI before this returns.
 *
 * @context  For found.
 */
void find_room(struct app *app, const char *name,
               void (*found)(struct app *app, void *context,
                             const struct found *found),
               void *context);

/** Take an event. Returns whether it was an answer to a search of ours. */
bool find_event(struct app *app, const struct client_event *event);

#endif
