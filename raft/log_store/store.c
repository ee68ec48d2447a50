#include "raft/log_store/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/log_store/damage.h"

static struct log_store_options complete_options(
    const struct log_store_options *given)
{
    struct log_store_options options = *given;

    if (options.segment_bytes == 0) {
        options.segment_bytes = LOG_SEGMENT_BYTES;
    }
    if (options.floor_bytes == 0) {
        options.floor_bytes = LOG_FLOOR_BYTES;
    }
    CHECK(options.segment_bytes % LOG_BLOCK_BYTES == 0);
    CHECK(options.segment_bytes >= LOG_SEGMENT_BYTES_MIN);
    return options;
}

enum error log_store_format(const struct log_store_options *options)
{
    struct device *device = NULL;
    enum error error = device_open(options->path, &device);

    if (error == ERROR_NONE) {
        error = vote_file_create(device, &options->identity);
    }
    device_close(device);
    return error;
}

static struct log_store *store_new(struct loop *loop,
                                   const struct log_store_options *options,
                                   const struct log_store_owner *owner,
                                   const struct opening *opening)
{
    struct log_store *store = calloc(1, sizeof(*store));
    const struct log_recovered *recovered = opening->recovered;

    if (store == NULL) {
        return NULL;
    }
    store->loop = loop;
    store->owner = *owner;
    store->segment_bytes = options->segment_bytes;
    store->device = opening->device;
    store->votes = opening->votes;
    store->ballot = opening->ballot;
    store->writer_device = opening->writer_device;
    store->writer = opening->writer;
    store->next_index = recovered->first_index + recovered->n;
    store->status.first_index = recovered->first_index;
    store->status.snapshot_index = recovered->snapshot.index;
    store->status.acknowledged_index = store->next_index - 1;
    STAILQ_INIT(&store->queue);
    return store;
}

static void tell_opened(const struct log_store_options *options,
                        const struct log_recovered *recovered)
{
    journal_info(
        "opened",
        "path=%s first_index=%" PRIu64 " entries=%zu"
        " snapshot_index=%" PRIu64 " term=%" PRIu64 " cut_index=%" PRIu64,
        options->path, recovered->first_index, recovered->n,
        recovered->snapshot.index, recovered->term, recovered->cut_index);
}

static void tell_refused(const struct log_store_options *options,
                         const struct log_damage *damage)
{
    journal_error("refused",
                  "error=%s path=%s file=%s offset=%" PRIu64
                  " log_index=%" PRIu64 " what=\"%s\"",
                  error_name(damage->error), options->path, damage->file,
                  damage->offset, damage->index, damage->what);
}

enum error log_store_open(struct loop *loop,
                          const struct log_store_options *given,
                          const struct log_store_owner *owner,
                          struct log_store **store_out,
                          struct log_recovered **recovered_out,
                          struct log_damage *damage_out)
{
    const struct log_store_options options = complete_options(given);
    const char *no_memory = "no memory for the store";
    struct opening opening = {0};
    struct log_store *store;
    enum error error;

    *damage_out = (struct log_damage){0};
    error = opening_run(&opening, &options, damage_out);
    if (error != ERROR_NONE) {
        tell_refused(&options, damage_out);
        opening_undo(&opening);
        return error;
    }
    *damage_out = (struct log_damage){0};
    store = store_new(loop, &options, owner, &opening);
    if (store == NULL) {
        opening_undo(&opening);
        return damage_set(damage_out, ERROR_NO_MEMORY, "", 0, 0, no_memory);
    }
    error = pump_start(store);
    if (error != ERROR_NONE) {
        log_recovered_free(opening.recovered);
        log_store_close(store);
        return damage_set(damage_out, error, "", 0, 0, no_memory);
    }
    tell_opened(&options, opening.recovered);
    *recovered_out = opening.recovered;
    *store_out = store;
    return ERROR_NONE;
}

void log_store_close(struct log_store *store)
{
    if (store == NULL) {
        return;
    }
    pump_stop(store);
    CHECK(STAILQ_EMPTY(&store->queue));
    writer_close(store->writer);
    vote_file_close(store->votes);
    device_close(store->device);
    device_close(store->writer_device);
    free(store);
}

/* Make a request of n entries, or of none with room for other bytes. */
static struct request *request_new(
    enum record_kind kind, size_t n, size_t bytes,
    void (*done)(void *context, enum error error), void *context)
{
    struct request *request;

    request =
        calloc(1, sizeof(*request) + n * sizeof(request->entries[0]) + bytes);
    if (request != NULL) {
        request->kind = kind;
        request->n = n;
        request->done = done;
        request->context = context;
    }
    return request;
}

static bool fits(const struct log_store *store, size_t payload_bytes)
{
    return payload_bytes <= LOG_ENTRY_BYTES_MAX &&
           record_bytes(payload_bytes) <=
               writer_record_bytes_max(store->segment_bytes);
}

static enum error may_append(const struct log_store *store,
                             const struct log_entry *entries, size_t n)
{
    if (store->closing) {
        return ERROR_CLOSED;
    }
    for (size_t i = 0; i < n; i++) {
        CHECK(entries[i].term <= store->ballot.term);
        if (!fits(store, entries[i].data.len)) {
            return ERROR_TOO_LARGE;
        }
    }
    return ERROR_NONE;
}

enum error log_store_append(struct log_store *store,
                            const struct log_entry *entries, size_t n,
                            void (*done)(void *context, enum error error),
                            void *context)
{
    struct request *request;

    CHECK(n > 0);
    TRY(may_append(store, entries, n));
    request = request_new(RECORD_ENTRY, n, 0, done, context);
    if (request == NULL) {
        return ERROR_NO_MEMORY;
    }
    memcpy(request->entries, entries, n * sizeof(*entries));
    for (size_t i = 0; i < n; i++) {
        request->bytes += record_bytes(entries[i].data.len);
    }
    request->index = store->next_index;
    store->next_index += n;
    pump_queue(store, request);
    return ERROR_NONE;
}

enum error log_store_truncate(struct log_store *store, uint64_t index)
{
    struct request *request;

    CHECK(index > store->status.snapshot_index);
    CHECK(index >= store->status.first_index && index <= store->next_index);
    if (store->closing) {
        return ERROR_CLOSED;
    }
    if (index == store->next_index) {
        return ERROR_NONE;
    }
    request = request_new(RECORD_TRUNCATE, 0, 0, NULL, NULL);
    if (request == NULL) {
        return ERROR_NO_MEMORY;
    }
    request->bytes = record_bytes(0);
    request->index = index;
    store->next_index = index;
    pump_queue(store, request);
    return ERROR_NONE;
}

static uint64_t first_index_kept(const struct log_store *store, uint64_t index,
                                 uint64_t trailing)
{
    uint64_t first = index >= trailing ? index - trailing + 1 : 1;

    if (trailing > 0 && first < store->status.first_index) {
        first = store->status.first_index;
    }
    return first;
}

static struct slice copy_to(uint8_t *to, struct slice slice)
{
    if (slice.len > 0) {
        memcpy(to, slice.data, slice.len);
    }
    return slice_of(to, slice.len);
}

static struct request *snapshot_request(
    const struct log_store *store, uint64_t trailing,
    const struct log_snapshot *snapshot,
    void (*done)(void *context, enum error error), void *context)
{
    size_t configuration = snapshot->configuration.len;
    struct request *request = request_new(
        RECORD_SNAPSHOT, 0, configuration + snapshot->data.len, done, context);
    uint8_t *bytes;

    if (request == NULL) {
        return NULL;
    }
    bytes = (uint8_t *)request->entries;
    request->index = snapshot->index;
    request->term = snapshot->term;
    request->marker = (struct marker){
        .first_index = first_index_kept(store, snapshot->index, trailing),
        .configuration_index = snapshot->configuration_index,
        .replaces = trailing == 0,
        .configuration = copy_to(bytes, snapshot->configuration),
        .data = copy_to(bytes + configuration, snapshot->data),
    };
    request->bytes = record_bytes(marker_bytes(&request->marker));
    return request;
}

enum error log_store_snapshot_put(struct log_store *store, uint64_t trailing,
                                  const struct log_snapshot *snapshot,
                                  void (*done)(void *context, enum error error),
                                  void *context)
{
    struct request *request;

    CHECK(snapshot->index > 0 && snapshot->term <= store->ballot.term);
    CHECK(trailing == 0 || (snapshot->index < store->next_index &&
                            snapshot->index >= store->status.snapshot_index));
    if (store->closing) {
        return ERROR_CLOSED;
    }
    if (!fits(store, SNAPSHOT_FIXED_BYTES + snapshot->configuration.len +
                         snapshot->data.len)) {
        return ERROR_TOO_LARGE;
    }
    request = snapshot_request(store, trailing, snapshot, done, context);
    if (request == NULL) {
        return ERROR_NO_MEMORY;
    }
    if (trailing == 0) {
        store->next_index = snapshot->index + 1;
    }
    store->status.first_index = request->marker.first_index;
    store->status.snapshot_index = snapshot->index;
    pump_queue(store, request);
    return ERROR_NONE;
}

static enum error put_ballot(struct log_store *store, struct ballot ballot)
{
    enum error error;

    TRY(store->status.error);
    ballot.serial++;
    error = vote_file_put_ballot(store->votes, &ballot);
    if (error != ERROR_NONE) {
        store->status.error = error;
        store->told_failed = true; /* By the return of this call. */
        return error;
    }
    store->ballot = ballot;
    store->status.ballots++;
    return ERROR_NONE;
}

enum error log_store_set_term(struct log_store *store, uint64_t term)
{
    struct ballot ballot = store->ballot;

    CHECK(term >= ballot.term);
    ballot.term = term;
    ballot.vote = 0;
    return put_ballot(store, ballot);
}

enum error log_store_set_vote(struct log_store *store, uint64_t vote)
{
    struct ballot ballot = store->ballot;

    ballot.vote = vote;
    return put_ballot(store, ballot);
}

enum error log_store_cut_at_next_start(struct log_store *store, uint64_t index)
{
    struct ballot ballot = store->ballot;

    CHECK(index > store->status.snapshot_index);
    if (ballot.cut_index != 0 && ballot.cut_index <= index) {
        return store->status.error;
    }
    ballot.cut_index = index;
    return put_ballot(store, ballot);
}

void log_store_status(const struct log_store *store,
                      struct log_store_status *status_out)
{
    *status_out = store->status;
    status_out->term = store->ballot.term;
    status_out->vote = store->ballot.vote;
    status_out->next_index = store->next_index;
}
