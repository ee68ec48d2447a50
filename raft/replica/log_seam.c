#include "raft/replica/log_seam.h"

#include <bsd/sys/queue.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "raft/replica/wire.h"

/* A write under way: the core's, until it abandons it. */
struct seam_write {
    STAILQ_ENTRY(seam_write) link;
    struct log_seam *seam;
    struct core_write *write;
    enum error error;
};

struct log_seam {
    struct log_store *store;
    struct log_recovered *recovered;
    STAILQ_HEAD(, seam_write) held; /* Done, and not told. */
    bool holding;
    bool abandoned;
    struct log_entry *scratch;
    size_t scratch_n;
};

struct log_seam *log_seam_new(struct log_store *store,
                              struct log_recovered *recovered)
{
    struct log_seam *seam = calloc(1, sizeof(*seam));

    if (seam == NULL) {
        return NULL;
    }
    seam->store = store;
    seam->recovered = recovered;
    STAILQ_INIT(&seam->held);
    return seam;
}

void log_seam_close(struct log_seam *seam)
{
    if (seam != NULL) {
        seam->abandoned = true;
        log_store_close(seam->store);
        seam->store = NULL;
    }
}

void log_seam_free(struct log_seam *seam)
{
    struct seam_write *write;

    if (seam == NULL) {
        return;
    }
    CHECK(seam->store == NULL);
    while ((write = STAILQ_FIRST(&seam->held)) != NULL) {
        STAILQ_REMOVE_HEAD(&seam->held, link);
        free(write);
    }
    log_recovered_free(seam->recovered);
    free(seam->scratch);
    free(seam);
}

/* --- struct core_log --- */

static enum error seam_load(void *context, struct core_image *image_out,
                            void (*each)(void *to,
                                         const struct core_entry *entry),
                            void *to)
{
    struct log_seam *seam = context;
    const struct log_recovered *from = seam->recovered;

    CHECK(from != NULL);
    *image_out = (struct core_image){
        .term = from->term,
        .vote = from->vote,
        .first_index = from->first_index,
        .snapshot = {.index = from->snapshot.index,
                     .term = from->snapshot.term,
                     .members_index = from->snapshot.configuration_index,
                     .bytes = from->snapshot.data}};
    if (from->snapshot.index != 0 &&
        wire_read_members(from->snapshot.configuration,
                          &image_out->snapshot.members) != ERROR_NONE) {
        return ERROR_ROTTEN;
    }
    for (size_t i = 0; i < from->n; i++) {
        const struct log_recovered_entry *entry = &from->entries[i];

        each(to, &(struct core_entry){entry->term,
                                      (enum core_entry_kind)entry->type,
                                      slice_of(entry->data, entry->len)});
    }
    return ERROR_NONE;
}

static enum error seam_set_term(void *context, uint64_t term)
{
    struct log_seam *seam = context;

    return log_store_set_term(seam->store, term);
}

static enum error seam_set_vote(void *context, uint64_t vote)
{
    struct log_seam *seam = context;

    return log_store_set_vote(seam->store, vote);
}

static void on_done(void *context, enum error error)
{
    struct seam_write *write = context;
    struct log_seam *seam = write->seam;

    if (seam->abandoned) {
        free(write);
        return;
    }
    if (seam->holding) {
        write->error = error;
        STAILQ_INSERT_TAIL(&seam->held, write, link);
        return;
    }
    write->write->done(write->write, error);
    free(write);
}

static struct seam_write *write_new(struct log_seam *seam,
                                    struct core_write *write)
{
    struct seam_write *made = malloc(sizeof(*made));

    if (made != NULL) {
        *made = (struct seam_write){.seam = seam, .write = write};
    }
    return made;
}

static bool fill_scratch(struct log_seam *seam,
                         const struct core_entry *entries, size_t n)
{
    if (n > seam->scratch_n) {
        struct log_entry *grown =
            realloc(seam->scratch, n * sizeof(*seam->scratch));

        if (grown == NULL) {
            return false;
        }
        seam->scratch = grown;
        seam->scratch_n = n;
    }
    for (size_t i = 0; i < n; i++) {
        seam->scratch[i] = (struct log_entry){
            entries[i].term, (uint8_t)entries[i].kind, entries[i].bytes};
    }
    return true;
}

static enum error seam_append(void *context, uint64_t first_index,
                              const struct core_entry *entries, size_t n,
                              struct core_write *write)
{
    struct log_seam *seam = context;
    struct seam_write *made = write_new(seam, write);
    struct log_store_status status;
    enum error error = ERROR_NO_MEMORY;

    if (made != NULL && fill_scratch(seam, entries, n)) {
        log_store_status(seam->store, &status);
        CHECK(status.next_index == first_index);
        error = log_store_append(seam->store, seam->scratch, n, on_done, made);
    }
    if (error != ERROR_NONE) {
        free(made);
    }
    return error;
}

static enum error seam_truncate(void *context, uint64_t index)
{
    struct log_seam *seam = context;

    return log_store_truncate(seam->store, index);
}

static enum error seam_mark_snapshot(void *context,
                                     const struct core_snapshot *snapshot,
                                     uint64_t trailing, bool replace,
                                     struct core_write *write)
{
    struct log_seam *seam = context;
    struct seam_write *made = write_new(seam, write);
    struct buffer members;
    enum error error = ERROR_NO_MEMORY;

    CHECK(replace || trailing > 0);
    buffer_init(&members);
    wire_write_members(&snapshot->members, &members);
    if (made != NULL && !buffer_failed(&members)) {
        struct log_snapshot marker = {.index = snapshot->index,
                                      .term = snapshot->term,
                                      .configuration_index =
                                          snapshot->members_index,
                                      .configuration = buffer_slice(&members),
                                      .data = snapshot->bytes};

        error = log_store_snapshot_put(seam->store, replace ? 0 : trailing,
                                       &marker, on_done, made);
    }
    buffer_deinit(&members);
    if (error != ERROR_NONE) {
        free(made);
    }
    return error;
}

static enum error seam_cut(void *context, uint64_t index)
{
    struct log_seam *seam = context;

    return log_store_cut_at_next_start(seam->store, index);
}

static void seam_abandon(void *context)
{
    struct log_seam *seam = context;

    seam->abandoned = true;
}

struct core_log log_seam_functions(struct log_seam *seam)
{
    return (struct core_log){.context = seam,
                             .load = seam_load,
                             .set_term = seam_set_term,
                             .set_vote = seam_set_vote,
                             .append = seam_append,
                             .truncate = seam_truncate,
                             .mark_snapshot = seam_mark_snapshot,
                             .cut = seam_cut,
                             .abandon = seam_abandon};
}

void log_seam_hold(struct log_seam *seam, bool hold)
{
    struct seam_write *write;

    seam->holding = hold;
    while (!seam->holding && !seam->abandoned &&
           (write = STAILQ_FIRST(&seam->held)) != NULL) {
        STAILQ_REMOVE_HEAD(&seam->held, link);
        write->write->done(write->write, write->error);
        free(write);
    }
}

void log_seam_status(const struct log_seam *seam,
                     struct log_store_status *status_out)
{
    log_store_status(seam->store, status_out);
}

const struct log_snapshot *log_seam_snapshot(const struct log_seam *seam)
{
    CHECK(seam->recovered != NULL);
    return &seam->recovered->snapshot;
}

void log_seam_loaded(struct log_seam *seam)
{
    log_recovered_free(seam->recovered);
    seam->recovered = NULL;
}
