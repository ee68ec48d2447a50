/* Who belongs to the pool's log, and who leads it.
 *
 * One change at a time, and only when the leader's no-op is applied and nothing
 * of the kind is uncommitted; otherwise BUSY. A change has succeeded when
 * core_peers shows it with uncommitted_index 0. It may also come to nothing,
 * when leadership is lost: the caller compares with what it wants, and asks
 * again.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_CORE_MEMBERS_H
#define RAFT_CORE_MEMBERS_H

#include "raft/core.h"

/* A member as the leader sees it. */
struct core_peer {
    uint64_t id;
    enum core_member_role role;
    uint64_t match_index; /* Known to be on its disk; 0 unless leading. */
    bool in_snapshot;     /* Is being sent a snapshot. */
};

struct core_peers {
    size_t n;
    uint64_t uncommitted_index; /* Of a configuration in use; 0: committed. */
    struct core_peer list[CORE_MEMBERS_MAX];
};

/** Tell the configuration in use. */
struct core_peers core_peers(const struct core *core);

/** Tell whether a change or a transfer may begin now. */
bool core_may_change(const struct core *core);

/**
 * Add a server, as CORE_SPARE.
 *
 * Returns NOT_LEADER, BUSY, EXISTS, or TOO_LARGE at CORE_MEMBERS_MAX.
 */
enum error core_add(struct core *core, uint64_t id);

/**
 * Give a server a role. A standby is made a voter when it is level with the
 * log, and not at all when that takes too long.
 *
 * Returns NOT_LEADER, BUSY, NOT_FOUND, or INVALID when it has that role.
 */
enum error core_assign(struct core *core, uint64_t id,
                       enum core_member_role role);

/**
 * Remove a server. A leader may remove itself, and then steps down.
 *
 * Returns NOT_LEADER, BUSY or NOT_FOUND.
 */
enum error core_remove(struct core *core, uint64_t id);

/**
 * Hand leadership over. Proposals are refused until it is done, or has failed
 * after one election timeout: role_changed tells.
 *
 * @id  A voter; 0 for the one best prepared.
 *
 * Returns NOT_LEADER, BUSY, or NOT_FOUND when there is no such voter.
 */
enum error core_transfer(struct core *core, uint64_t id);

#endif
