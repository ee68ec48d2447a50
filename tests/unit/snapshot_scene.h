/* A stage for a snapshot's way: a leader with a checkpoint and followers that
 * copy it, on disks and a wire that a test can spoil, in one process and
 * without clocks.
 *
 * Thread: the test's.
 */
#ifndef TESTS_UNIT_SNAPSHOT_SCENE_H
#define TESTS_UNIT_SNAPSHOT_SCENE_H

#include <bsd/sys/queue.h>

#include "raft/replica/snapshot_fetch.h"
#include "raft/replica/snapshot_manifest.h"
#include "raft/replica/snapshot_send.h"
#include "raft/replica/snapshot_stage.h"
#include "tests/sim/block_disk.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/test.h"

enum {
    SCENE_LEADER = 1,
    SCENE_FOLLOWERS_MAX = 3, /* Nodes 2 to 4. */
    SCENE_CHUNK_BYTES = 1024,
};

struct scene;

/* A follower, and what its fetch has told. */
struct copier {
    struct scene *scene;
    uint8_t node;
    struct disk *disk;
    struct snapshot_fetch *fetch; /* NULL while it is dead. */
    char path[64];
    uint64_t free_bytes_min;
    uint32_t chunk_bytes; /* 0: SCENE_CHUNK_BYTES. */
    int readies, failures;
    char directory[128];
    uint64_t index;
    enum error error;
    char reason[128];
};

struct parcel {
    STAILQ_ENTRY(parcel) link;
    uint8_t from, to;
    struct buffer payload;
    uint8_t kind;
};

struct scene {
    struct loop *loop;
    uint64_t random;
    struct disk *disk; /* The leader's. */
    struct snapshot_send *send;
    uint64_t bytes_per_s;
    struct copier copiers[SCENE_FOLLOWERS_MAX];

    STAILQ_HEAD(, parcel) wire;
    bool cut;          /* Nothing can be sent. */
    bool hold;         /* What is sent waits. */
    size_t busy;       /* So many chunks more are not taken. */
    size_t chunks;     /* Sent so far. */
    size_t flip_every; /* So many chunks has a bit turned; 0: none. */
    size_t held_max;   /* The most memory for chunks at a time. */

    uint64_t id; /* Of the newest checkpoint. */
    struct buffer manifest;
    int readies, drops;
    enum error error;
};

/* A file of a checkpoint: its bytes are made from the seed. */
struct scene_file {
    const char *name;
    size_t bytes;
    uint64_t seed;
};

/** Set up a scene with an idle leader and no followers. */
int scene_set_up(void **state);

/** Close what is open and free. */
int scene_tear_down(void **state);

/** Start the leader's side, again after a crash. */
void scene_lead(struct scene *scene);

/** Make a checkpoint of these files at an index and wait for its manifest. */
void scene_offer(struct scene *scene, uint64_t index,
                 const struct scene_file *files, size_t n);

/** Write one file. */
void scene_write_file(const char *directory, const struct scene_file *file);

/** Start a follower, again after a crash. 0 is node 2. */
struct copier *scene_follow(struct scene *scene, size_t which);

/** End a follower as a power cut does; its disk works again. */
void scene_crash(struct copier *copier);

/** Have a follower copy the newest checkpoint. */
void scene_copy(struct copier *copier);

/** Lose what is on the wire, as a broken connection does, and tell both. */
void scene_break(struct scene *scene);

/** Do one thing: a job, or a parcel. Returns false when there is none. */
bool scene_step(struct scene *scene);

/** Step until nothing is left to do. */
void scene_settle(struct scene *scene);

/** Check that a directory holds these files and nothing else. */
void scene_check_files(const char *directory, const struct scene_file *files,
                       size_t n);

/** Count the files in a directory. */
size_t scene_count_files(const char *directory);

#define SCENE_FILES(files) files, sizeof(files) / sizeof((files)[0])

#endif
