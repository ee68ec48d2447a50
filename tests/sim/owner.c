#include "tests/sim/owner_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

struct owner *owner_new(const struct owner_settings *settings)
{
    struct owner *owner = calloc(1, sizeof(*owner));

    CHECK(owner != NULL && settings->node < TALLY_NODES);
    owner->settings = *settings;
    if (owner->settings.command_bytes == 0) {
        owner->settings.command_bytes = TALLY_COMMAND_BYTES_MIN;
    }
    CHECK(owner->settings.command_bytes <= COMMAND_BYTES_MAX);
    snprintf(owner->directory, sizeof(owner->directory), "%s/state",
             settings->directory);
    owner->switcher = timer_new(settings->loop, owner_switch, owner);
    CHECK(owner->switcher != NULL);
    STAILQ_INIT(&owner->proposed);
    STAILQ_INIT(&owner->held);
    STAILQ_INIT(&owner->reads);
    STAILQ_INIT(&owner->entries);
    return owner;
}

void owner_free(struct owner *owner)
{
    struct waiting_read *read;
    struct held_entry *entry;

    if (owner == NULL) {
        return;
    }
    timer_free(owner->switcher);
    while (!STAILQ_EMPTY(&owner->proposed)) {
        owner_word_free(owner, &owner->proposed,
                        STAILQ_FIRST(&owner->proposed));
    }
    while (!STAILQ_EMPTY(&owner->held)) {
        owner_word_free(owner, &owner->held, STAILQ_FIRST(&owner->held));
    }
    while ((read = STAILQ_FIRST(&owner->reads)) != NULL) {
        STAILQ_REMOVE_HEAD(&owner->reads, link);
        free(read);
    }
    while ((entry = STAILQ_FIRST(&owner->entries)) != NULL) {
        STAILQ_REMOVE_HEAD(&owner->entries, link);
        free(entry);
    }
    free(owner);
}

void owner_fail(struct owner *owner, enum error error, const char *reason)
{
    if (owner->settings.watch.fatal != NULL) {
        owner->settings.watch.fatal(owner->settings.watch.context, owner, error,
                                    reason);
    }
}

/* --- Applying --- */

static void serve_reads(struct owner *owner)
{
    struct owner_watch *watch = &owner->settings.watch;
    struct waiting_read *read, *next;

    for (read = STAILQ_FIRST(&owner->reads); read != NULL; read = next) {
        next = STAILQ_NEXT(read, link);
        if (read->index <= owner->tally.index) {
            STAILQ_REMOVE(&owner->reads, read, waiting_read, link);
            watch->read(watch->context, owner, read->token, ERROR_NONE);
            free(read);
        }
    }
}

static void apply(struct owner *owner, const struct replica_entry *entry)
{
    struct owner_watch *watch = &owner->settings.watch;
    struct tally_result result;

    if (entry->index <= owner->tally.index) {
        return;
    }
    result = tally_apply(&owner->tally, entry);
    if (watch->applied != NULL) {
        watch->applied(watch->context, owner, entry->index, &result);
    }
    if (result.outcome != TALLY_NONSENSE &&
        result.node == owner->settings.node) {
        owner_take_own(owner, entry->index, &result);
    }
}

void owner_after_applying(struct owner *owner, uint64_t index)
{
    replica_applied(owner->replica, index);
    if (owner->answered != 0) {
        replica_answered(owner->replica, owner->answered);
        owner->answered = 0;
    }
    serve_reads(owner);
    owner_send_held(owner);
}

static void hold_entry(struct owner *owner, const struct replica_entry *entry)
{
    struct held_entry *held = malloc(sizeof(*held) + entry->bytes.len);

    CHECK(held != NULL);
    held->entry = *entry;
    memcpy(held->bytes, entry->bytes.data, entry->bytes.len);
    held->entry.bytes.data = held->bytes;
    STAILQ_INSERT_TAIL(&owner->entries, held, link);
}

static void on_committed(void *context, const struct replica_entry *entries,
                         size_t n)
{
    struct owner *owner = context;

    for (size_t i = 0; i < n; i++) {
        if (owner->paused) {
            hold_entry(owner, &entries[i]);
        } else {
            apply(owner, &entries[i]);
        }
    }
    if (!owner->paused) {
        owner_after_applying(owner, entries[n - 1].index);
    }
}

void owner_pause(struct owner *owner, bool pause)
{
    struct held_entry *held;
    uint64_t index = 0;

    owner->paused = pause;
    while (!owner->paused && (held = STAILQ_FIRST(&owner->entries)) != NULL) {
        STAILQ_REMOVE_HEAD(&owner->entries, link);
        index = held->entry.index;
        apply(owner, &held->entry);
        free(held);
    }
    if (index != 0) {
        owner_after_applying(owner, index);
    }
}

/* --- Events --- */

static void on_changed(void *context, const struct replica_status *status)
{
    struct owner *owner = context;

    if (owner->settings.watch.changed != NULL) {
        owner->settings.watch.changed(owner->settings.watch.context, owner,
                                      status);
    }
    owner_send_held(owner);
}

static void on_read_ready(void *context, uint64_t token, enum error error,
                          uint64_t log_index)
{
    struct owner *owner = context;
    struct owner_watch *watch = &owner->settings.watch;
    struct waiting_read *read;

    if (error != ERROR_NONE) {
        watch->read(watch->context, owner, token, error);
        return;
    }
    read = malloc(sizeof(*read));
    CHECK(read != NULL);
    *read = (struct waiting_read){.token = token, .index = log_index};
    STAILQ_INSERT_TAIL(&owner->reads, read, link);
    serve_reads(owner);
}

static void on_flush_wanted(void *context, uint64_t log_index)
{
    (void)log_index;
    owner_flush(context);
}

static void on_checkpoint_wanted(void *context, uint64_t id,
                                 const char *directory)
{
    struct owner *owner = context;

    replica_checkpoint_made(owner->replica, id, owner_save(owner, directory),
                            owner->tally.index);
}

static void on_checkpoint_dropped(void *context, uint64_t id)
{
    (void)context;
    (void)id;
}

static bool on_may_rejoin(void *context, uint8_t node)
{
    const struct owner *owner = context;

    (void)node;
    return !owner->keeps_out;
}

static bool on_knows_directory(void *context, uint64_t raft_id,
                               uint64_t directory_id)
{
    const struct owner *owner = context;

    (void)directory_id;
    return raft_id != owner->forbidden;
}

static void on_fatal(void *context, enum error error, const char *reason)
{
    owner_fail(context, error, reason);
}

struct replica_events owner_events(struct owner *owner)
{
    return (struct replica_events){.context = owner,
                                   .committed = on_committed,
                                   .changed = on_changed,
                                   .read_ready = on_read_ready,
                                   .withdrawn = owner_withdrawn,
                                   .flush_wanted = on_flush_wanted,
                                   .checkpoint_wanted = on_checkpoint_wanted,
                                   .checkpoint_dropped = on_checkpoint_dropped,
                                   .restore = owner_restore,
                                   .may_rejoin = on_may_rejoin,
                                   .knows_directory = on_knows_directory,
                                   .fatal = on_fatal};
}

/* --- For its watcher --- */

void owner_start(struct owner *owner, struct replica *replica)
{
    owner->replica = replica;
    owner_begin_epoch(owner);
}

enum error owner_read(struct owner *owner, uint64_t token, unsigned wait_ms)
{
    return replica_read(owner->replica, token, wait_ms);
}

void owner_forbid(struct owner *owner, uint64_t raft_id)
{
    owner->forbidden = raft_id;
}

void owner_keep_out(struct owner *owner, bool keep_out)
{
    owner->keeps_out = keep_out;
}

size_t owner_waiting(const struct owner *owner)
{
    return owner->n_words;
}

const struct tally *owner_tally(const struct owner *owner)
{
    return &owner->tally;
}

struct replica *owner_replica(const struct owner *owner)
{
    return owner->replica;
}

uint8_t owner_node(const struct owner *owner)
{
    return owner->settings.node;
}
