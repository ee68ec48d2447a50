#include "raft/log_store/store.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"

enum {
    WRITES_IN_A_ROW_MAX = 64, /* They put off dropping segments, no longer. */
    UNMARKED_MAX = 64,        /* Batches; then a mark cuts in. */
    SPARE_AHEAD_BYTES = 2 * 1024 * 1024, /* Filled at once when filling cannot
                                            wait: seldom and more rather than
                                            after every batch. */
};

/* The next segment is to be ready by the time this one is half full. */
static uint64_t spare_due(uint64_t position)
{
    return position * 2;
}

/* One step when there is time, more when batches come faster than steps. */
static enum error prepare_spare(struct segments *segments)
{
    uint64_t due = spare_due(segments->position);

    if (segments->spare_filled < due) {
        due += SPARE_AHEAD_BYTES;
    }
    do {
        TRY(segments_spare_step(segments, due));
    } while (!segments->spare_ready && segments->spare_filled < due);
    return ERROR_NONE;
}

static enum error run_chore(struct log_job *job)
{
    struct writer *writer = job->store->writer;
    struct segments *segments = writer_segments(writer);

    if (job->mark) {
        return writer_mark(writer);
    }
    if (segments_can_drop(segments)) {
        return segments_drop_step(segments);
    }
    if (job->spare) {
        job->spare_error = prepare_spare(segments);
        /* The segment in use still has room: no reason to stop. */
        if (job->spare_error != ERROR_NO_SPACE) {
            return job->spare_error;
        }
    }
    return ERROR_NONE;
}

/* On the worker's thread. */
static void run_job(struct job *base)
{
    struct log_job *job = (struct log_job *)base;
    struct log_store *store = job->store;
    struct writer *writer = store->writer;

    if (job->error == ERROR_NONE) {
        job->error = store->writer_error;
    }
    if (job->error != ERROR_NONE) {
        return; /* Nothing is written any more; done() tells. */
    }
    if (job->kind == JOB_CHORE) {
        job->error = run_chore(job);
    } else {
        job->error = writer_write(writer, &job->requests);
    }
    if (job->kind == JOB_LAST && job->error == ERROR_NONE) {
        job->error = writer_mark(writer);
    }
    store->writer_error = job->error;
    writer_report(writer, &job->report);
}

static void take_report(struct log_store *store,
                        const struct writer_report *report)
{
    struct log_store_status *status = &store->status;

    store->report = *report;
    status->segments = report->segments;
    status->spare_ready = report->spare_ready;
    status->spare_waits = report->spare_waits;
    status->syncs = report->batches;
    status->bytes = report->bytes;
    status->entries = report->entries;
    status->marks = report->marks;
}

static void tell_failed(struct log_store *store, enum error error)
{
    if (store->status.error == ERROR_NONE) {
        store->status.error = error;
    }
    if (store->told_failed) {
        return;
    }
    store->told_failed = true;
    journal_error("write_failed", "path=%s error=%s",
                  device_path(store->device), error_name(error));
    if (store->owner.failed != NULL) {
        store->owner.failed(store->owner.context, error);
    }
}

static void count_latency(struct log_store *store,
                          const struct request *request)
{
    struct log_store_status *status = &store->status;
    uint64_t us = loop_now_us(store->loop) - request->begun_us;
    size_t bucket = 0;

    status->append_us_sum += us;
    if (us > status->append_us_max) {
        status->append_us_max = us;
    }
    while (bucket + 1 < LOG_LATENCY_BUCKETS && us >> bucket != 0) {
        bucket++;
    }
    status->append_us[bucket]++;
}

/* What is now on disk for good. */
static void note_acknowledged(struct log_store *store,
                              const struct request *request)
{
    struct log_store_status *status = &store->status;

    switch (request->kind) {
    case RECORD_ENTRY:
        status->acknowledged_index = request->index + request->n - 1;
        count_latency(store, request);
        break;
    case RECORD_TRUNCATE:
        status->acknowledged_index = request->index - 1;
        break;
    case RECORD_SNAPSHOT:
        if (request->marker.replaces) {
            status->acknowledged_index = request->index;
        }
        break;
    case RECORD_BATCH:
    default:
        CHECK_UNREACHABLE();
    }
}

static void complete(struct log_store *store, struct log_job *job)
{
    struct request *request;

    while ((request = STAILQ_FIRST(&job->requests)) != NULL) {
        STAILQ_REMOVE_HEAD(&job->requests, link);
        if (job->error == ERROR_NONE) {
            note_acknowledged(store, request);
        }
        if (request->done != NULL) {
            request->done(request->context, job->error);
        }
        free(request);
    }
}

static void note_spare(struct log_store *store, enum error error)
{
    uint64_t retry_us = (uint64_t)LOG_SPARE_RETRY_MS * 1000;

    if (error == ERROR_NO_SPACE) {
        store->spare_retry_us = loop_now_us(store->loop) + retry_us;
        if (store->status.spare_error == ERROR_NONE) {
            journal_warning("disk_full", "path=%s left_bytes=%" PRIu64,
                            device_path(store->device),
                            store->report.segment_bytes -
                                store->report.position);
        }
    }
    store->status.spare_error = error;
}

static void job_done(struct job *base)
{
    struct log_job *job = (struct log_job *)base;
    struct log_store *store = job->store;

    if (job == &store->job) {
        store->running = false;
        timer_stop(store->stall_timer);
    }
    if (job->error != ERROR_NONE) {
        tell_failed(store, job->error);
    } else {
        take_report(store, &job->report);
        if (job->spare) {
            note_spare(store, job->spare_error);
        }
    }
    complete(store, job);
    if (job->kind == JOB_WRITE && store->report.unmarked > 0 &&
        !store->closing) {
        timer_start(store->mark_timer, LOG_MARK_DELAY_MS, 0);
    }
}

static void submit(struct log_store *store, enum job_kind kind)
{
    struct log_job *job = &store->job;

    job->kind = kind;
    job->error = store->status.error;
    job->spare_error = ERROR_NONE;
    store->running = true;
    store->submitted_us = loop_now_us(store->loop);
    timer_start(store->stall_timer, LOG_STALL_MS, LOG_STALL_MS);
    worker_submit(store->worker, &job->job);
}

/* Take from the queue what one batch holds, or one request that is longer. */
static void take_queue(struct log_store *store, struct request_list *requests)
{
    struct request *request;
    size_t bytes = 0;

    while ((request = STAILQ_FIRST(&store->queue)) != NULL &&
           (bytes == 0 || bytes + request->bytes <= LOG_BATCH_BYTES_MAX)) {
        STAILQ_REMOVE_HEAD(&store->queue, link);
        STAILQ_INSERT_TAIL(requests, request, link);
        bytes += request->bytes;
        store->status.queued--;
        store->status.queued_bytes -= request->bytes;
    }
}

static void start_write(struct log_store *store)
{
    timer_stop(store->mark_timer); /* This batch says it, or a later mark. */
    store->mark_due = false;
    store->job.mark = false;
    store->job.spare = false;
    store->writes++;
    take_queue(store, &store->job.requests);
    submit(store, JOB_WRITE);
}

static bool spare_wanted(const struct log_store *store)
{
    return !store->report.spare_ready &&
           (store->status.spare_error == ERROR_NONE ||
            loop_now_us(store->loop) >= store->spare_retry_us);
}

/* Whether a mark may not wait for the disk to be idle. Until it is written,
 * nothing but the log itself tells how long the log is: a whole segment that
 * is lost must not go unnoticed, nor must more than a few last batches. */
static bool mark_presses(const struct log_store *store)
{
    return store->report.unmarked >= UNMARKED_MAX ||
           (store->report.unmarked > 0 && store->report.segment_unmarked);
}

/* Whether a chore may not wait for the queue to be empty. */
static bool chore_presses(const struct log_store *store)
{
    const struct writer_report *report = &store->report;

    return mark_presses(store) ||
           (spare_wanted(store) &&
            report->spare_filled < spare_due(report->position)) ||
           (report->can_drop && store->writes >= WRITES_IN_A_ROW_MAX);
}

static void start_chore(struct log_store *store)
{
    store->job.mark = store->mark_due || mark_presses(store);
    store->job.spare =
        spare_wanted(store) && !store->job.mark && !store->report.can_drop;
    store->mark_due = false;
    store->writes = 0;
    submit(store, JOB_CHORE);
}

/* The end of a turn: start what there is to do. */
static void on_turn(void *context)
{
    struct log_store *store = context;
    bool well = store->status.error == ERROR_NONE;

    if (store->running) {
        return;
    }
    if (!STAILQ_EMPTY(&store->queue)) {
        if (well && store->writes > 0 && chore_presses(store)) {
            start_chore(store);
        } else {
            start_write(store);
        }
    } else if (well && (store->mark_due || mark_presses(store) ||
                        store->report.can_drop || spare_wanted(store))) {
        start_chore(store);
    }
}

static void on_mark_timer(void *context)
{
    struct log_store *store = context;

    store->mark_due = true;
}

static void on_stall_timer(void *context)
{
    struct log_store *store = context;
    uint64_t ms = (loop_now_us(store->loop) - store->submitted_us) / 1000;

    store->status.stalls++;
    journal_warning("write_stalled", "path=%s for_ms=%" PRIu64,
                    device_path(store->device), ms);
    if (store->owner.stalled != NULL) {
        store->owner.stalled(store->owner.context, ms);
    }
}

static void init_job(struct log_store *store, struct log_job *job)
{
    job->job.run = run_job;
    job->job.done = job_done;
    job->store = store;
    STAILQ_INIT(&job->requests);
}

enum error pump_start(struct log_store *store)
{
    init_job(store, &store->job);
    init_job(store, &store->last);
    loop_on_turn(store->loop, on_turn, store);
    store->mark_timer = timer_new(store->loop, on_mark_timer, store);
    store->stall_timer = timer_new(store->loop, on_stall_timer, store);
    store->worker = worker_new(store->loop, "log-writer");
    if (store->mark_timer == NULL || store->stall_timer == NULL ||
        store->worker == NULL) {
        return ERROR_NO_MEMORY;
    }
    writer_report(store->writer, &store->report);
    take_report(store, &store->report);
    return ERROR_NONE;
}

static void submit_last(struct log_store *store)
{
    struct log_job *last = &store->last;

    last->kind = JOB_LAST;
    last->error = store->status.error;
    STAILQ_CONCAT(&last->requests, &store->queue);
    store->status.queued = 0;
    store->status.queued_bytes = 0;
    worker_submit(store->worker, &last->job);
}

void pump_stop(struct log_store *store)
{
    store->closing = true;
    loop_on_turn(store->loop, NULL, store);
    if (store->worker != NULL) {
        submit_last(store);
        worker_free(store->worker);
    }
    timer_free(store->mark_timer);
    timer_free(store->stall_timer);
}

void pump_queue(struct log_store *store, struct request *request)
{
    request->begun_us = loop_now_us(store->loop);
    STAILQ_INSERT_TAIL(&store->queue, request, link);
    store->status.queued++;
    store->status.queued_bytes += request->bytes;
}
