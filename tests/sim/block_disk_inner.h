/* The parts of a simulated disk, shared by the files that make it up: its
 * inodes (bytes) and its names.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_BLOCK_DISK_INNER_H
#define TESTS_SIM_BLOCK_DISK_INNER_H

#include <bsd/sys/queue.h>
#include <stddef.h>

#include "tests/sim/block_disk.h"
#include "tests/sim/files_sim.h"

enum { SECTOR_BYTES = 512 };

/* The arrays are as long as the file; those that are not needed are NULL. */
struct inode {
    size_t refs;      /* Names, changes of names, open files. */
    uint8_t *bytes;   /* What a read sees. */
    uint8_t *before;  /* What each block held before it was last written. */
    uint8_t *durable; /* What each unsynced sector held when durable. */
    uint8_t *dirty;   /* For each sector: 1 when it is unsynced. */
    size_t len;
    size_t len_durable;
    bool is_directory;               /* Without bytes; files_disk.c. */
    struct files_sim_object *object; /* In place of a directory's files. */
};

struct name {
    TAILQ_ENTRY(name) link;
    struct inode *inode;
    char path[];
};

TAILQ_HEAD(name_list, name);

/* One change of names, not yet durable. */
struct change {
    TAILQ_ENTRY(change) link;
    struct inode *inode;
    char *from;   /* The name that goes; NULL: none. */
    char *to;     /* The name that comes; NULL: none. */
    bool follows; /* It happens if, and only if, the one before does. */
};

struct disk {
    SLIST_ENTRY(disk) link;
    char *prefix;
    uint64_t (*random)(void *context);
    void *context;
    struct disk_knobs knobs;
    uint64_t steps;
    uint64_t us;
    uint64_t life; /* Crashes so far; open files are of one life. */
    bool stopped;
    struct name_list names;   /* What the program sees. */
    struct name_list durable; /* What a crash leaves for sure. */
    TAILQ_HEAD(, change) changes;
};

/** Make an inode of no bytes with one reference. */
struct inode *inode_new(void);

/** Drop a reference; the last one frees. */
void inode_release(struct inode *inode);

/** Set the length seen; new bytes are zeros. */
void inode_resize(struct inode *inode, size_t len);

/**
 * Write, lengthening as needed.
 *
 * @durable   At once, else at the next inode_sync.
 * @remember  Keep what the blocks held before.
 */
void inode_write(struct inode *inode, uint64_t offset, const void *bytes,
                 size_t len, bool durable, bool remember);

/** Make bytes and length durable. */
void inode_sync(struct inode *inode);

/** Decide by chance which unsynced sectors, and which length, survive. */
void inode_crash(struct inode *inode, struct disk *disk);

/** Draw a number below bound, which is not 0. */
uint64_t disk_draw(struct disk *disk, uint64_t bound);

/** Find the disk that answers for a path. NULL when there is none. */
struct disk *disk_find(const char *path);

/** Find a name. NULL when there is none. */
struct name *disk_name(struct name_list *names, const char *path);

/**
 * Change names: from goes, to comes (either may be NULL) and is the inode's.
 * Durable after disk_names_sync of the directory.
 */
void disk_change(struct disk *disk, const char *from, const char *to,
                 struct inode *inode);

/** As disk_change, as one with the change before it. */
void disk_change_too(struct disk *disk, const char *from, const char *to,
                     struct inode *inode);

/** Make the changes of names in a directory durable. */
void disk_names_sync(struct disk *disk, const char *directory);

/** Make the changes in the directory of a path durable. */
void disk_settle(struct disk *disk, const char *path);

/** Tell whether a path lies below a directory's. */
bool path_is_below(const char *path, const char *directory);

/* What a step may do. */
enum step {
    STEP_WHOLE, /* All of it. */
    STEP_TORN,  /* A part of it, and then an error. */
    STEP_NONE,  /* Nothing but an error. */
};

/** Count a step and say how far it goes and what it returns. */
enum step disk_step(struct disk *disk, enum error *error_out);

/** A step that is done as a whole or not at all: torn is one or the other. */
bool disk_step_happens(struct disk *disk, enum error *error_out);

/** Count the bytes that may still be used. */
uint64_t disk_left_bytes(const struct disk *disk);

/**
 * Write, as a step.
 *
 * @durable  At once.
 */
enum error disk_write(struct disk *disk, struct inode *inode, uint64_t offset,
                      const void *bytes, size_t len, bool durable);

#endif
