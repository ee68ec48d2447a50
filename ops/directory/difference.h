/* What must change in the pool for it to be as the directory is: a function of
 * two rosters and nothing else.
 *
 * Only what the directory owns is changed. Who is not in the directory any more
 * is disabled, a group that is not is emptied; nothing is ever deleted. What
 * takes something away is listed as facts, so that it can be judged, named,
 * confirmed and known again when a run is resumed.
 *
 * Thread: the program's only one.
 */
#ifndef OPS_DIRECTORY_DIFFERENCE_H
#define OPS_DIRECTORY_DIFFERENCE_H

#include "ops/directory/roster.h"

/* In the order they are made: people are there before groups hold them, and
 * what is given comes before what is taken. */
enum change_kind {
    CHANGE_CREATE_USER,
    CHANGE_USER,
    CHANGE_CREATE_GROUP,
    CHANGE_GROUP,
    CHANGE_DISABLE_USER,
};

struct change {
    enum change_kind kind;
    const char *uri;
    const char *name;    /* NULL: it stays. */
    bool enables;        /* A user that was disabled. */
    uint32_t if_version; /* Of what is changed. */
    size_t n_add, n_remove;
    const char **add, **remove; /* Members. */
};

/* How much of something goes. */
struct shrink {
    const char *what; /* "users", or the group's URI. */
    size_t had, goes;
};

struct difference {
    struct arena *arena; /* Borrows texts of both rosters, too. */
    size_t n;
    struct change *changes;
    size_t n_leaving;
    const char **leaving; /* Facts, sorted: "user URI", "member GROUP URI". */
    size_t n_shrinks;
    struct shrink *shrinks; /* Where anything goes at all. */
    size_t users_created, users_changed, users_disabled;
    size_t groups_created, groups_changed, members_added, members_removed;
    size_t foreign; /* In the directory, but kept by somebody else. */
    size_t changes_room, leaving_room, shrinks_room;
};

/**
 * Compare what the directory has with what the pool has.
 *
 * @owner  The directory's name.
 * @wanted, @held  Finished; must outlive the difference.
 */
void difference_init(struct difference *difference, const char *owner,
                     const struct roster *wanted, const struct roster *held);

/** Free all of it. */
void difference_deinit(struct difference *difference);

#endif
