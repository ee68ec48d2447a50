/* The configuration in use, which may be uncommitted.
 *
 * Rule CONF answers four faults: membershipRollback dereferences an entry that
 * may be compacted away; restoreEntries forgets that the newest configuration
 * may be uncommitted, so that cutting its entry leaves it in use; takeSnapshot
 * may put an uncommitted one into a snapshot; snapshotRestore does not forget
 * the one it replaces.
 */
#include "raft/guard/configuration.h"

#include "raft/guard/status.h"
#include "raft/guard/view.h"

void guard_configuration_started(struct guard *guard)
{
    struct raft *raft = guard_raft(guard);

    if (guard_on(guard, GUARD_CONF) &&
        raft->configuration_index > raft->last_applied) {
        raft->configuration_uncommitted_index = raft->configuration_index;
        guard_acted(guard, GUARD_CONF);
    }
}

void guard_configuration_installed(struct guard *guard)
{
    struct raft *raft = guard_raft(guard);

    if (guard_on(guard, GUARD_CONF) &&
        raft->configuration_uncommitted_index != 0) {
        raft->configuration_uncommitted_index = 0;
        guard_acted(guard, GUARD_CONF);
    }
}

bool guard_cuts_configuration(const struct guard *guard, raft_index index)
{
    const struct raft *raft = guard_raft(guard);

    return guard_on(guard, GUARD_CONF) &&
           (index <= raft->configuration_index ||
            index <= raft->configuration_uncommitted_index);
}

void guard_cut(struct guard *guard, enum guard_rule rule, raft_index index)
{
    int rv = guard->hooks.cut(guard->hooks.context, index);

    guard_acted(guard, rule);
    if (rv != 0) {
        guard_fatal(guard, GUARD_FATAL_DISK, "cut before %llu failed: %s",
                    index, raft_strerror(rv));
        return;
    }
    guard_fatal(guard, GUARD_FATAL_CUT, "log cut before %llu (rule %s)", index,
                guard_rule_name(rule));
}

bool guard_may_change(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);

    return guard_settled(guard) && raft->transfer == NULL &&
           raft->configuration_uncommitted_index == 0 &&
           raft->leader_state.change == NULL &&
           raft->leader_state.promotee_id == 0;
}
