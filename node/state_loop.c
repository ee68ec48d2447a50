#include "node/state_loop.h"

#include <stdlib.h>

#include "node/apply_work.h"
#include "node/chat/query.h"
#include "node/session/proposer.h"
#include "node/session/reads.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

struct state_loop {
    struct state_loop_owner owner;
    struct applier *applier;
    struct sessions *sessions;
    struct replica_events events;
    bool stopped; /* fatal was told, or asked to. */
};

static void tell_applied(struct state_loop *state)
{
    if (state->owner.applied != NULL) {
        state->owner.applied(state->owner.context);
    }
}

static void stop(struct state_loop *state, enum error error, const char *reason)
{
    if (!state->stopped) {
        state_loop_stop(state);
        state->owner.fatal(state->owner.context, error, reason);
    }
}

static struct sessions_state state_of(const struct state_loop *state)
{
    return (struct sessions_state){applier_machine(state->applier),
                                   applier_store(state->applier),
                                   applier_applied(state->applier)};
}

/* What the applier tells. */

static void on_entry(void *context, const struct applied_entry *entry,
                     const struct applied *applied,
                     const struct effects *effects)
{
    struct state_loop *state = context;

    sessions_entry(state->sessions, entry, applied, effects);
    if (state->owner.entry != NULL) {
        state->owner.entry(state->owner.context, entry, applied, effects);
    }
}

static void on_batch_committed(void *context, uint64_t applied_index)
{
    struct state_loop *state = context;

    sessions_committed(state->sessions, applied_index);
    tell_applied(state);
}

static void on_fill(void *context, struct batch *batch)
{
    struct state_loop *state = context;

    if (state->owner.fill != NULL) {
        state->owner.fill(state->owner.context, batch);
    }
}

/* The sessions let go first, then the owner. */
static void on_store_released(void *context)
{
    struct state_loop *state = context;

    if (state->owner.release != NULL) {
        state->owner.release(state->owner.context);
    } else {
        state_loop_released(state);
    }
}

void state_loop_released(struct state_loop *state)
{
    applier_released(state->applier);
}

static void on_release(void *context)
{
    struct state_loop *state = context;

    sessions_release(state->sessions, on_store_released, state);
}

static void on_restored(void *context, uint64_t applied_index)
{
    struct state_loop *state = context;
    struct sessions_state now = state_of(state);

    CHECK(now.applied_index == applied_index);
    sessions_restored(state->sessions, &now);
    if (state->owner.restored != NULL) {
        state->owner.restored(state->owner.context);
    }
    tell_applied(state);
}

static void on_unsound(void *context, enum error error)
{
    stop(context, error, "a history cannot be read from the store");
}

static void on_fatal(void *context, enum error error, const char *reason)
{
    stop(context, error, reason);
}

/* What the replica tells. */

static void on_committed(void *context, const struct replica_entry *entries,
                         size_t n)
{
    struct state_loop *state = context;

    if (!state->stopped) {
        applier_apply(state->applier, entries, n);
    }
}

static void on_changed(void *context, const struct replica_status *status)
{
    struct state_loop *state = context;

    sessions_changed(state->sessions, status);
    if (state->owner.changed != NULL) {
        state->owner.changed(state->owner.context, status);
    }
}

static void on_read_ready(void *context, uint64_t token, enum error error,
                          uint64_t log_index)
{
    struct state_loop *state = context;

    if (!state->stopped) {
        reads_ready(sessions_reads(state->sessions), token, error, log_index);
    }
}

static void on_withdrawn(void *context, uint64_t number, bool taken_back)
{
    struct state_loop *state = context;

    if (!state->stopped) {
        proposer_withdrawn(sessions_proposer(state->sessions), number,
                           taken_back);
    }
}

static void on_flush_wanted(void *context, uint64_t log_index)
{
    struct state_loop *state = context;

    applier_flush(state->applier, log_index);
}

static void on_checkpoint_wanted(void *context, uint64_t id,
                                 const char *directory)
{
    struct state_loop *state = context;

    applier_checkpoint(state->applier, id, directory);
}

/* A checkpoint is files alone; the replica removes them. */
static void on_checkpoint_dropped(void *context, uint64_t id)
{
    (void)context;
    (void)id;
}

static void on_restore(void *context, const char *directory, uint64_t log_index)
{
    struct state_loop *state = context;

    applier_restore(state->applier, directory, log_index);
}

static void on_archive(void *context, uint8_t node,
                       const struct peer_message *message)
{
    struct state_loop *state = context;

    if (!state->stopped && state->owner.archive != NULL) {
        state->owner.archive(state->owner.context, node, message);
    }
}

static bool may_rejoin(void *context, uint8_t node)
{
    const struct state_loop *state = context;

    return query_may_rejoin(applier_machine(state->applier), node);
}

static bool knows_directory(void *context, uint64_t raft_id,
                            uint64_t directory_id)
{
    const struct state_loop *state = context;
    struct node_view node;

    if (!query_node(applier_machine(state->applier), (uint8_t)raft_id, &node) ||
        node.raft_id != raft_id) {
        return true;
    }
    return node.directory_id == directory_id;
}

static const struct replica_events events = {
    .committed = on_committed,
    .changed = on_changed,
    .read_ready = on_read_ready,
    .withdrawn = on_withdrawn,
    .flush_wanted = on_flush_wanted,
    .checkpoint_wanted = on_checkpoint_wanted,
    .checkpoint_dropped = on_checkpoint_dropped,
    .restore = on_restore,
    .archive = on_archive,
    .may_rejoin = may_rejoin,
    .knows_directory = knows_directory,
    .fatal = on_fatal,
};

struct state_loop *state_loop_new(const struct state_loop_owner *owner)
{
    struct state_loop *state = calloc(1, sizeof(*state));

    CHECK(owner->fatal != NULL);
    if (state != NULL) {
        state->owner = *owner;
        state->events = events;
        state->events.context = state;
    }
    return state;
}

enum error state_loop_open(struct state_loop *state,
                           const struct applier_settings *applier,
                           const struct sessions_settings *sessions)
{
    const struct applier_events applier_events = {
        .context = state,
        .entry = on_entry,
        .fill = on_fill,
        .committed = on_batch_committed,
        .release = on_release,
        .restored = on_restored,
        .fatal = on_fatal,
    };

    struct sessions_settings settings = *sessions;

    CHECK(sessions->loop == applier->loop);
    settings.unsound = on_unsound;
    settings.context = state;
    TRY(applier_open(&state->applier, applier, &applier_events));
    state->sessions = sessions_new(&settings);
    return ERROR_NONE;
}

const struct replica_events *state_loop_events(const struct state_loop *state)
{
    return &state->events;
}

void state_loop_start(struct state_loop *state, struct replica *replica)
{
    struct sessions_state now = state_of(state);

    applier_attach(state->applier, replica);
    sessions_start(state->sessions, replica, &now);
}

void state_loop_stop(struct state_loop *state)
{
    state->stopped = true;
    if (state->sessions != NULL) {
        sessions_stop(state->sessions);
    }
}

static void free_with(struct state_loop *state,
                      void (*end_applier)(struct applier *applier))
{
    if (state == NULL) {
        return;
    }
    state_loop_stop(state);
    sessions_free(state->sessions); /* It reads the store. */
    end_applier(state->applier);
    free(state);
}

void state_loop_close(struct state_loop *state)
{
    free_with(state, applier_close);
}

void state_loop_abandon(struct state_loop *state)
{
    free_with(state, applier_abandon);
}

struct applier *state_loop_applier(struct state_loop *state)
{
    return state->applier;
}

struct sessions *state_loop_sessions(struct state_loop *state)
{
    return state->sessions;
}
