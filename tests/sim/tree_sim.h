/* The tree of files and directories behind files_sim.c: what is there now,
 * what is synced, what a crash leaves of it.
 *
 * Thread: one at a time.
 */
#ifndef TESTS_SIM_TREE_SIM_H
#define TESTS_SIM_TREE_SIM_H

#include <bsd/sys/queue.h>
#include <stdbool.h>

#include "proto/base/buffer.h"
#include "tests/sim/files_sim.h"

struct node;

/* A name in a directory. */
struct name {
    TAILQ_ENTRY(name) link;
    struct node *node;
    char text[];
};

TAILQ_HEAD(names, name);

/* A file or a directory: as it is, and as the disk has it. */
struct node {
    unsigned names; /* That point here, in either list of a directory. */
    bool is_directory;
    struct names now;
    struct names synced;
    struct buffer bytes;
    struct buffer bytes_synced;
    struct files_sim_object *object;
    bool down;        /* Crashed and not yet restarted. */
    enum error fails; /* Once changes_left is used up; NONE: never. */
    uint64_t changes_left;
};

/** Make a node that no name points to yet. */
struct node *node_new(bool is_directory);

/** Count one name less; the last one takes the node along. */
void node_drop(struct node *node);

/** Find a name of len bytes; NULL when there is none. */
struct name *name_find(struct names *names, const char *text, size_t len);

/** Make a name point to a node, in place of what it pointed to. */
void name_set(struct names *names, const char *text, struct node *node);

/** Remove a name. */
void name_remove(struct names *names, struct name *name);

/** Make one list of names like another. */
void names_copy(struct names *to, const struct names *from);

/** Make a file's bytes like others. */
void bytes_copy(struct buffer *to, const struct buffer *from);

/** Make a file's bytes at least this long, with zeros. */
void bytes_extend(struct buffer *bytes, size_t len);

/** Remove what is in a directory, name by name, as a crash in the middle of
 * that would show. */
void node_clear(struct node *node);

/**
 * Leave what is synced, below a node.
 *
 * @seed  0, or decides what else stays; changed.
 */
void node_crash(struct node *node, uint64_t *seed);

#endif
