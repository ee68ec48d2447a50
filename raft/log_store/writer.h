/* Turning what was asked for into batches on disk. No call that fails leaves
 * the writer fit for another: the store stops.
 *
 * Thread: the worker's, once open.
 */
#ifndef RAFT_LOG_STORE_WRITER_H
#define RAFT_LOG_STORE_WRITER_H

#include <bsd/sys/queue.h>

#include "raft/log_store/segments.h"

/* One call into the store, on its way to the disk and back. */
struct request {
    STAILQ_ENTRY(request) link;
    enum record_kind kind; /* ENTRY: of the n entries. */
    uint64_t index;        /* Of the record; of the first entry. */
    uint64_t term;         /* Of a snapshot. */
    struct marker marker;  /* Of a snapshot; keep_from is the writer's. */
    size_t bytes;          /* On disk, batch headers left out. */
    uint64_t begun_us;
    void (*done)(void *context, enum error error); /* NULL: nobody waits. */
    void *context;
    size_t n;
    struct log_entry entries[];
};

/* In the order they are to be done in. */
STAILQ_HEAD(request_list, request);

/* What the loop may know of the writer, copied for it after each job. */
struct writer_report {
    uint64_t position; /* In the segment in use. */
    uint64_t segment_bytes;
    uint64_t spare_filled;
    bool spare_ready;
    bool can_drop;
    size_t segments;
    uint64_t spare_waits;
    uint64_t batches;
    uint64_t bytes;
    uint64_t entries;
    uint64_t marks;
    uint64_t unmarked;     /* Batches since the last mark. */
    bool segment_unmarked; /* No mark tells of the segment in use. */
};

struct writer;

/**
 * Take up where a replay ended; see segments_open.
 *
 * @device  Borrowed until writer_close.
 */
enum error writer_open(struct device *device,
                       const struct log_store_options *options,
                       struct replay *replay, struct writer **writer_out);

/** Close and free. Accepts NULL. */
void writer_close(struct writer *writer);

/** Count the bytes of the longest record that fits into a batch. */
size_t writer_record_bytes_max(uint64_t segment_bytes);

/** Write all requests, in order, in as few batches as hold them. Durable. */
enum error writer_write(struct writer *writer,
                        const struct request_list *requests);

/** Note in the vote file how far the log has been written. Durable. */
enum error writer_mark(struct writer *writer);

/** Reach the segments, to prepare and to drop. */
struct segments *writer_segments(struct writer *writer);

/** Copy the figures. */
void writer_report(const struct writer *writer,
                   struct writer_report *report_out);

#endif
