/* A log store on a simulated disk, a loop that a test steps, and the naive twin
 * that knows what may be recovered.
 *
 * Thread: one.
 */
#ifndef TESTS_UNIT_LOG_SCENE_H
#define TESTS_UNIT_LOG_SCENE_H

#include <bsd/sys/queue.h>

#include "raft/log_store.h"
#include "tests/sim/block_disk.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/log_model.h"

#define SCENE_PATH "/node/log"

struct scene_call;

struct scene {
    uint64_t random;
    struct loop *loop;
    struct disk *disk;
    struct log_store_options options;
    struct log_store *store;
    struct log_damage damage;
    struct model model;
    uint64_t next_index; /* As the store counts. */
    uint64_t snapshot_index;
    uint64_t first_index;
    STAILQ_HEAD(, scene_call) calls; /* Not yet completed, in order. */
    size_t completed;
    size_t failed; /* Completions with an error. */
    size_t told_failed;
    uint64_t stalled_ms;
    uint64_t torn_bytes; /* Over all recoveries. */
};

/** Make a scene with an empty, formatted disk and an open store. */
struct scene *scene_new(uint64_t seed, uint64_t segment_bytes);

/** Close what is open and free. */
void scene_free(struct scene *scene);

/** Draw a number below bound. */
uint64_t scene_draw(struct scene *scene, uint64_t bound);

/**
 * Open the store; it must hold what the model allows, and the test fails when
 * it opens with anything else. When it refuses, damage is set.
 */
enum error scene_open(struct scene *scene);

/** Close in order. */
void scene_close(struct scene *scene);

/** Cut the power. Whatever is under way is lost or kept by chance. */
void scene_crash(struct scene *scene);

/** Append n entries of len bytes; completion is noted in the model. */
void scene_append(struct scene *scene, size_t n, size_t len);

/** Append one entry of len zero bytes. */
void scene_append_zeros(struct scene *scene, size_t len);

/** Truncate. */
void scene_truncate(struct scene *scene, uint64_t index);

/** Put a snapshot marker of about len bytes. */
void scene_snapshot(struct scene *scene, uint64_t index, uint64_t trailing,
                    size_t len);

/** Raise the term; vote. Returns what the store says. */
enum error scene_vote(struct scene *scene, uint64_t term, uint64_t vote);

/** Order a cut. Returns what the store says. */
enum error scene_cut(struct scene *scene, uint64_t index);

/** Do one random thing, of those that are allowed now. */
void scene_act(struct scene *scene);

#endif
