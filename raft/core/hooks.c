/* What the guard tells, handed on to the owner. */
#include "raft/core/hooks.h"

#include "proto/base/journal.h"
#include "raft/core/propose.h"

static void on_role(void *context, const struct guard_role *role)
{
    struct core *core = context;
    struct core_role told = {(enum core_state)role->state, role->term,
                             role->leader};

    core_settle_batches(core);
    if (!core->stopped) {
        core->hooks.role_changed(core->hooks.context, &told);
    }
}

static void on_fatal(void *context, enum guard_fatal why, const char *text)
{
    static const enum core_fatal reasons[] = {
        [GUARD_FATAL_DISK] = CORE_FATAL_DISK,
        [GUARD_FATAL_CUT] = CORE_FATAL_CUT,
        [GUARD_FATAL_CONFLICT] = CORE_FATAL_BROKEN,
        [GUARD_FATAL_VOTE] = CORE_FATAL_BROKEN,
        [GUARD_FATAL_CORE] = CORE_FATAL_BROKEN,
        [GUARD_FATAL_MEMORY] = CORE_FATAL_DISK,
    };
    struct core *core = context;

    core->stopped = true;
    journal_error("guard_stops_node", "term=%llu commit_index=%llu why=\"%s\"",
                  core->raft.current_term, core->raft.commit_index, text);
    core->hooks.fatal(core->hooks.context, reasons[why], text);
}

static int on_cut(void *context, raft_index index)
{
    struct core *core = context;

    return core_code(core->log.cut(core->log.context, index));
}

static void on_commit(void *context, raft_term term, raft_index commit)
{
    struct core *core = context;
    const struct raft_configuration *servers = &core->raft.configuration;

    for (unsigned i = 0; i < servers->n; i++) {
        if (servers->servers[i].id != core->settings.id &&
            servers->servers[i].role != RAFT_SPARE) {
            core->network.note(core->network.context, servers->servers[i].id,
                               term, commit);
        }
    }
}

static void on_offer(void *context, const struct raft_install_snapshot *offer,
                     raft_id from)
{
    struct core *core = context;

    core->hooks.snapshot_offered(core->hooks.context, from, offer->last_index,
                                 slice_of(offer->data.base, offer->data.len));
}

static void on_offer_dropped(void *context)
{
    struct core *core = context;

    core->hooks.snapshot_dropped(core->hooks.context);
}

struct guard *core_new_guard(struct core *core)
{
    const struct core_settings *settings = &core->settings;
    struct guard_settings guarded = {
        .rules = settings->rules,
        .send_entries_max = settings->send_entries_max,
        .send_bytes_max = settings->send_bytes_max,
        .snapshot_wait_entries_max = GUARD_SNAPSHOT_WAIT_ENTRIES_MAX,
    };
    struct guard_hooks hooks = {
        .context = core,
        .role_changed = on_role,
        .fatal = on_fatal,
        .cut = on_cut,
        .commit_advanced = on_commit,
        .snapshot_offered = on_offer,
        .snapshot_dropped = on_offer_dropped,
    };

    return guard_new(&core->io, &guarded, &hooks);
}
