#include "raft/core.h"

#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/core/hooks.h"
#include "raft/core/internal.h"
#include "raft/core/io.h"
#include "raft/core/machine.h"
#include "raft/core/propose.h"
#include "raft/core/servers.h"
#include "raft/core/wire.h"
#include "raft/core_input.h"
#include "raft/guard/log_view.h"
#include "raft/guard/status.h"

struct core_settings core_settings_default(uint64_t id)
{
    return (struct core_settings){
        .id = id,
        .election_ms = 500,
        .heartbeat_ms = 50,
        .snapshot_timeout_ms = 10 * 60 * 1000,
        .snapshot_threshold = 50000,
        .snapshot_trailing = 100000,
        .batches_max = CORE_BATCHES_DEFAULT,
        .send_entries_max = GUARD_SEND_ENTRIES_MAX,
        .send_bytes_max = GUARD_SEND_BYTES_MAX,
        .pre_vote = true,
        .rules = GUARD_RULES_ALL,
    };
}

int core_code(enum error error)
{
    switch (error) {
    case ERROR_NONE:
        return 0;
    case ERROR_NO_MEMORY:
        return RAFT_NOMEM;
    case ERROR_NO_SPACE:
        return RAFT_NOSPACE;
    case ERROR_BUSY:
        return RAFT_BUSY;
    default:
        return RAFT_IOERR;
    }
}

void core_settle(struct core *core)
{
    core->settle_again = true;
    if (core->settling) {
        return; /* A hook called in; the settling that called it goes on. */
    }
    core->settling = true;
    while (core->settle_again) {
        core->settle_again = false;
        core_finish_sent(core);
        core_settle_batches(core);
        core_settle_snapshots(core);
    }
    core->settling = false;
}

static void on_tick(void *context)
{
    struct core *core = context;

    if (!core->stopped) {
        core->tick(&core->io);
        core_settle(core);
    }
}

static int core_init_raft(struct core *core)
{
    const struct core_settings *settings = &core->settings;
    char address[CORE_ADDRESS_BYTES];
    int rv;

    core_address(settings->id, address);
    rv = raft_init(&core->raft, guard_io(core->guard), &core->fsm, settings->id,
                   address);
    if (rv != 0) {
        return rv;
    }
    raft_set_election_timeout(&core->raft, settings->election_ms);
    raft_set_heartbeat_timeout(&core->raft, settings->heartbeat_ms);
    raft_set_install_snapshot_timeout(&core->raft,
                                      settings->snapshot_timeout_ms);
    raft_set_snapshot_threshold(&core->raft, settings->snapshot_threshold);
    raft_set_snapshot_trailing(&core->raft, settings->snapshot_trailing);
    raft_set_pre_vote(&core->raft, settings->pre_vote);
    return 0;
}

struct core *core_new(struct loop *loop, const struct core_settings *settings,
                      const struct core_log *log,
                      const struct core_network *network,
                      const struct core_hooks *hooks)
{
    struct core *core = calloc(1, sizeof(*core));

    CHECK(settings->id != 0 && settings->heartbeat_ms < settings->election_ms);
    CHECK(settings->snapshot_trailing > 0 && settings->batches_max > 0 &&
          settings->batches_max <= CORE_BATCHES_MAX);
    if (core == NULL) {
        return NULL;
    }
    core->loop = loop;
    core->settings = *settings;
    core->log = *log;
    core->network = *network;
    core->hooks = *hooks;
    STAILQ_INIT(&core->gets);
    LIST_INIT(&core->writes);
    core_io_fill(core);
    core_machine_init(core);
    core->tick_timer = timer_new(loop, on_tick, core);
    core->guard = core_new_guard(core);
    if (core->tick_timer == NULL || core->guard == NULL ||
        core_init_raft(core) != 0) {
        timer_free(core->tick_timer);
        guard_free(core->guard);
        free(core);
        return NULL;
    }
    return core;
}

/* raft_close returns when all is freed, for io_close calls back at once. */
void core_free(struct core *core)
{
    if (core == NULL) {
        return;
    }
    CHECK(!core->settling);
    core->stopped = true;
    raft_close(&core->raft, NULL);
    core_drop_snapshots(core);
    guard_free(core->guard);
    timer_free(core->tick_timer);
    free(core->sent);
    free(core->scratch);
    free(core->history.list);
    free(core);
}

enum error core_start(struct core *core)
{
    int rv = raft_start(&core->raft);

    if (rv != 0 && core->start_error == ERROR_NONE) {
        core->start_error = rv == RAFT_NOMEM ? ERROR_NO_MEMORY : ERROR_INVALID;
    }
    if (core->start_error != ERROR_NONE) {
        core->stopped = true;
        journal_error("core_start_failed", "error=%s code=%d why=\"%s\"",
                      error_name(core->start_error), rv,
                      raft_errmsg(&core->raft));
        return core->start_error;
    }
    core->started = true;
    guard_started(core->guard);
    core_settle(core);
    return ERROR_NONE;
}

struct core_status core_status(const struct core *core)
{
    const struct raft *raft = &core->raft;
    struct core_status status = {
        .state = (enum core_state)raft->state,
        .term = raft->current_term,
        .commit_index = raft->commit_index,
        .applied_index = raft->last_applied,
        .last_index = log_view_last(raft),
        .stored_index = raft->last_stored,
        .snapshot_index = raft->log.snapshot.last_index,
        .leader = guard_leader(core->guard),
        .settled = guard_settled(core->guard),
        .write_wait_ms = guard_write_wait_ms(core->guard),
    };

    for (size_t i = 0; i < CORE_BATCHES_MAX; i++) {
        status.batches += core->batches[i].first_index != 0;
    }
    return status;
}

enum error core_read_index(const struct core *core, uint64_t *term_out,
                           uint64_t *index_out)
{
    if (!guard_settled(core->guard)) {
        return ERROR_NOT_LEADER;
    }
    *term_out = core->raft.current_term;
    *index_out = core->raft.commit_index;
    return ERROR_NONE;
}

bool core_answers_ping(const struct core *core, uint64_t term)
{
    return core->raft.current_term == term;
}

const uint64_t *core_guard_counts(const struct core *core)
{
    return guard_counts(core->guard);
}

/* --- core_input.h --- */

void core_receive_note(struct core *core, uint64_t term, uint64_t commit_index)
{
    guard_commit_note(core->guard, term, commit_index);
    core_settle(core);
}

void core_peer_reset(struct core *core, uint64_t peer)
{
    guard_peer_reset(core->guard, peer);
}

void core_snapshot_ready(struct core *core)
{
    guard_snapshot_ready(core->guard);
    core_settle(core);
}

/* The leader waits for this node, as long as the longest transfer: tell it. */
void core_snapshot_failed(struct core *core)
{
    struct core_message lost = {.kind = CORE_SNAPSHOT_LOST,
                                .peer = guard_leader(core->guard),
                                .term = core->raft.current_term};

    guard_snapshot_failed(core->guard);
    if (!core->stopped && core->raft.state == RAFT_FOLLOWER && lost.peer != 0) {
        /* Lost itself, it is as if it had not been sent. */
        (void)core->network.send(core->network.context, &lost);
    }
}
