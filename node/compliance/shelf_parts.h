/* What the halves of the shelf share: shelf.c, shelf_directories.c. Private to
 * them.
 *
 * Thread: as shelf.h.
 */
#ifndef NODE_COMPLIANCE_SHELF_PARTS_H
#define NODE_COMPLIANCE_SHELF_PARTS_H

#include "node/compliance/shelf.h"
#include "raft/device.h"

/* An open directory. */
struct place {
    struct device *device; /* NULL: the slot is free. */
    char path[SHELF_PATH_BYTES_MAX];
    uint64_t used; /* When last, by the shelf's count. */
    unsigned pins; /* Files of the group in it. */
    bool dirty;    /* Names in it have changed. */
};

/* A file that was written and has no name yet. */
struct newcomer {
    struct place *place;
    struct device_file *file;
    char name[DEVICE_NAME_BYTES_MAX + 1];
};

struct shelf {
    char directory[SHELF_PATH_BYTES_MAX];
    uint64_t uses;
    uint64_t bytes;
    struct place places[SHELF_DIRECTORIES_MAX];
    struct newcomer group[SHELF_GROUP_MAX];
    size_t n;
};

/** Write the path of a directory of the shelf: what lies before the last slash
 * of a file's, or with whole all of it. TOO_LARGE. */
enum error shelf_directory_of(const struct shelf *shelf, const char *path,
                              bool whole, char to[SHELF_PATH_BYTES_MAX]);

/** Open a directory, or find it open. @make  If it is not there; else that is
 * NOT_FOUND. Commits when all that are open have changed. */
enum error shelf_open_place(struct shelf *shelf, const char *path, bool make,
                            struct place **place_out);

#endif
