/* What the halves of the scribe share: scribe.c, scribe_mark.c, scribe_task.c.
 * Private to them.
 *
 * Thread: state loop; a task's fields belong to the worker while it runs.
 */
#ifndef NODE_COMPLIANCE_SCRIBE_PARTS_H
#define NODE_COMPLIANCE_SCRIBE_PARTS_H

#include "node/compliance/climb.h"
#include "node/compliance/compliance_parts.h"
#include "node/compliance/pen.h"
#include "node/compliance/scribe.h"
#include "node/compliance/scribe_part.h"
#include "proto/base/worker.h"

enum {
    /* From one job to the next, when few records come: what is synced together
     * costs little each. */
    SCRIBE_PACE_MS = 1000,
    SCRIBE_RECORDS_MAX = 8192, /* Of a job; as many are written at once. */
    /* Without a checkpoint that asks for them, partial tiles are written so
     * often: marks move, and other nodes find what they fetch. */
    SCRIBE_PARTIAL_MS = 5000,
    SCRIBE_LOOK_MS = 250,  /* From one bundle looked at to the next: 10 million
                              records in three hours. */
    SCRIBE_MARK_MS = 1000, /* From one ArchiveMark to the next. */
    SCRIBE_RETRY_MIN_MS = 500,
    SCRIBE_RETRY_MAX_MS = 10 * 1000,
    /* Before all files are looked through: what is wrong may be the rows. */
    SCRIBE_DISTRUST_MS = 2000,
    /* Rows deleted with one batch: whole bundles. */
    SCRIBE_TRIM_ROWS_MAX = 8 * TILE_WIDTH,
};

enum task_kind {
    TASK_PAST,  /* The last rows of an origin that was ended. */
    TASK_OPEN,  /* Find where the files end. */
    TASK_WRITE, /* Rows into files. */
    TASK_LOOK,  /* At a bundle that is in files already, and above it. */
    TASK_CLIMB, /* What rows do not have, from files here and elsewhere. */
};

/* One job. */
struct task {
    struct job job;
    enum task_kind kind;
    struct pen *pen;
    struct climb *climb;
    struct store *store;
    struct view *view;                 /* Of TASK_PAST; else its own. */
    char origin[PEN_ORIGIN_BYTES_MAX]; /* As pen_begin_origin's. */
    uint64_t target;                   /* Records of the state, and */
    struct merkle_hash root;           /* their root. */
    uint64_t believed;                 /* As pen_open's most. */
    uint64_t partial;                  /* As pen_partial's; 0: none. */
    uint64_t payloads_from;            /* Of rows not yet in payloads. */
    uint64_t began_us;

    /* What came of it. */
    enum error error;
    uint64_t size;          /* Records taken, */
    uint64_t full;          /* those in full bundles, durably, */
    uint64_t durable;       /* and with partial ones. In: as it was. */
    uint64_t rows_from;     /* The first row; of TASK_OPEN. */
    bool is_checked;        /* The pen has all of the target, */
    bool agrees;            /* and the same root. */
    struct buffer payloads; /* CSNs of rows of payloads below full. */
    uint64_t payloads_upto;
    uint64_t climb_upto; /* Of TASK_CLIMB, to where. */
    uint64_t look;       /* Of TASK_LOOK, the bundle. */
    bool look_begins;    /* The pen's tree is what it is held against. */
    enum climb_result climbed;
    struct climb_want want;
};

struct scribe {
    struct compliance *compliance;
    struct worker *worker;
    struct pen *pen; /* The task's while it is under way; likewise: */
    struct climb *climb;
    struct task task;
    bool busy;
    bool stale; /* The task under way is of another origin. */

    bool is_open;
    struct climb_want want; /* What other nodes are asked for. */
    bool climbing;          /* The climb has its anchor. */
    uint64_t believed;      /* Bundles, when files are opened again. */
    uint64_t size;          /* Records the pen has. */
    uint64_t durable;
    Perch__ArchiveMark__State state;
    unsigned failures; /* In a row, for back-off. */
    uint64_t due_us;   /* No job before. */
    uint64_t began_us; /* The last TASK_WRITE. */
    uint64_t partial;
    uint64_t partial_us;
    uint64_t partial_size;     /* Of the last that were written. */
    struct pen_counts counted; /* In the meters. */

    uint64_t rows_from, rows_upto; /* Rows to delete. */
    struct buffer payloads;        /* Likewise: CSNs, 8 bytes each, rising. */
    uint64_t payloads_from;

    uint64_t look; /* The bundle that is looked at next. */
    bool looking;  /* The climb is about it: something was wanted. */
    bool agreed;   /* The tree was found to be the state's. */
    uint64_t look_us;

    struct view *past;     /* The state before a new origin; NULL: none. */
    uint64_t past_records; /* It had. */

    struct proposal mark;
    bool marking;
    uint64_t marked_us;
    uint64_t marked; /* What the last one said. */
    Perch__ArchiveMark__State marked_state;
};

/** An origin is ended by the entry at hand: its last rows are kept until they
 * are in files. */
void scribe_end_origin(struct scribe *scribe);

/** Let go of what is kept of an ended origin. */
void scribe_drop_past(struct scribe *scribe);

/** Look at the next bundle, when it is time. Returns whether a task began. */
bool scribe_look(struct scribe *scribe, uint64_t now_us);

/** A TASK_LOOK has ended. */
void scribe_looked(struct scribe *scribe);

/** Get what rows do not have. */
void scribe_climb(struct scribe *scribe);

/** A TASK_CLIMB has ended. */
void scribe_climbed(struct scribe *scribe);

/** Give a task to the worker. */
void scribe_begin(struct scribe *scribe, enum task_kind kind);

/** Begin what is due. */
void scribe_go_on(struct scribe *scribe);

/** Delete the rows of payloads whose records' are deleted. */
void scribe_fill_payloads(struct scribe *scribe, struct batch *batch);

/** Propose an ArchiveMark when it is due. */
void scribe_mark(struct scribe *scribe);

/** Run a task, on the worker. */
void task_run(struct job *job);

#endif
