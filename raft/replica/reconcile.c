#include "raft/replica/reconcile.h"

#include "proto/base/check.h"

#define NAME(name, text) #name,
#define TEXT(name, text) text,

static const char *const action_names[] = {RECONCILE_ACTION_LIST(NAME)};
static const char *const reason_names[] = {RECONCILE_REASON_LIST(NAME)};
static const char *const reason_texts[] = {RECONCILE_REASON_LIST(TEXT)};

/* A member's node id is its raft id's low byte. */
enum { NODE_MASK = 0xff };

/* --- What is --- */

/* The raft id a node is connected with now. 0: it is not. */
static uint64_t id_of(const struct reconcile_input *input, uint8_t node)
{
    if ((input->self & NODE_MASK) == node) {
        return input->self;
    }
    for (size_t i = 0; i < input->n_hellos; i++) {
        if (input->hellos[i].node == node) {
            return input->hellos[i].raft_id;
        }
    }
    return 0;
}

/* Does it hold a log, or part of one? Then it got that as a member. */
static bool was_member(const struct reconcile_input *input, uint64_t id)
{
    for (size_t i = 0; i < input->n_hellos; i++) {
        if (input->hellos[i].raft_id == id) {
            return input->hellos[i].last_log_index > 0;
        }
    }
    return false;
}

static const struct core_peer *member(const struct reconcile_input *input,
                                      uint64_t id)
{
    for (size_t i = 0; i < input->peers->n; i++) {
        if (input->peers->list[i].id == id) {
            return &input->peers->list[i];
        }
    }
    return NULL;
}

bool reconcile_is_member(const struct reconcile_input *input, uint64_t raft_id)
{
    return member(input, raft_id) != NULL;
}

bool reconcile_has_member(const struct reconcile_input *input, uint8_t node)
{
    for (size_t i = 0; i < input->peers->n; i++) {
        if ((input->peers->list[i].id & NODE_MASK) == node) {
            return true;
        }
    }
    return false;
}

/* Is it there, and does it have the log, or nearly? */
static bool is_level(const struct reconcile_input *input,
                     const struct core_peer *peer)
{
    if (peer->id == input->self) {
        return true;
    }
    return id_of(input, peer->id & NODE_MASK) == peer->id &&
           !peer->in_snapshot &&
           peer->match_index + RECONCILE_LEVEL_ENTRIES >= input->last_index;
}

/* Would a majority of the voters be level, if one more or one less were? Ids
 * are 0 for nobody. */
static bool has_quorum(const struct reconcile_input *input, uint64_t more,
                       uint64_t less)
{
    size_t voters = 0, level = 0;

    for (size_t i = 0; i < input->peers->n; i++) {
        const struct core_peer *peer = &input->peers->list[i];

        if ((peer->role == CORE_VOTER || peer->id == more) &&
            peer->id != less) {
            voters++;
            level += is_level(input, peer);
        }
    }
    return level > voters / 2;
}

/* Has this member's node come back under another raft id that can take its
 * place: as a voter where it voted, else as any member? Members stand in the
 * order in which they came in, and only the later is a return: what is there
 * under an earlier id is a connection that has not yet been seen to be dead. */
static bool is_left_behind(const struct reconcile_input *input,
                           const struct core_peer *peer)
{
    uint64_t id = id_of(input, peer->id & NODE_MASK);
    const struct core_peer *heir = id == peer->id ? NULL : member(input, id);

    return heir > peer && /* Not NULL, and behind it in the list. */
           (heir->role == CORE_VOTER || peer->role != CORE_VOTER);
}

/* --- What is to be done about one member or node --- */

static struct reconcile_step step(enum reconcile_action action,
                                  enum reconcile_reason reason, uint64_t id)
{
    return (struct reconcile_step){action, reason, id};
}

static struct reconcile_step nothing(enum reconcile_reason reason, uint64_t id)
{
    return step(RECONCILE_NOTHING, reason, id);
}

/* An older raft id of a node goes. */
static struct reconcile_step remove_old(const struct reconcile_input *input,
                                        const struct core_peer *peer)
{
    if (!is_left_behind(input, peer)) {
        return nothing(RECONCILE_FOR_SETTLED, peer->id);
    }
    return step(RECONCILE_REMOVE, RECONCILE_FOR_LEFT_BEHIND, peer->id);
}

/* A member that is there goes up by one role. */
static struct reconcile_step raise_role(const struct reconcile_input *input,
                                        const struct core_peer *peer)
{
    if (peer->role == CORE_VOTER) {
        return nothing(RECONCILE_FOR_SETTLED, peer->id);
    }
    if (peer->role == CORE_SPARE) {
        return step(RECONCILE_STANDBY, RECONCILE_FOR_KNOWN, peer->id);
    }
    if (!is_level(input, peer)) {
        return nothing(RECONCILE_FOR_BEHIND, peer->id);
    }
    return step(RECONCILE_VOTER, RECONCILE_FOR_LEVEL, peer->id);
}

/* A raft id that is unknown is let in: a node's first at once, another one as
 * the policy says. */
static struct reconcile_step let_in(const struct reconcile_input *input,
                                    const struct reconcile_node *node,
                                    uint64_t id)
{
    if (was_member(input, id)) {
        return nothing(RECONCILE_FOR_REMOVED, id);
    }
    if (reconcile_has_member(input, node->node) && !node->may_rejoin) {
        return nothing(RECONCILE_FOR_POLICY, id);
    }
    if (input->peers->n >= CORE_MEMBERS_MAX) {
        return nothing(RECONCILE_FOR_FULL, id);
    }
    return step(RECONCILE_ADD, RECONCILE_FOR_NEW, id);
}

static struct reconcile_step for_node(const struct reconcile_input *input,
                                      const struct reconcile_node *node)
{
    uint64_t id = id_of(input, node->node);
    const struct core_peer *peer = member(input, id);

    if (id == 0) {
        return nothing(RECONCILE_FOR_ABSENT, node->node);
    }
    return peer != NULL ? raise_role(input, peer) : let_in(input, node, id);
}

/* --- The next of all --- */

static bool is_configured(const struct reconcile_input *input, uint8_t node)
{
    for (size_t i = 0; i < input->n_nodes; i++) {
        if (input->nodes[i].node == node) {
            return true;
        }
    }
    return false;
}

/* What brings a change that was begun nearer to its end goes first: the fewer
 * raft ids that do not answer, the fewer votes can be lacking. */
static int rank_of(const struct reconcile_step *of)
{
    static const int ranks[RECONCILE_ACTIONS] = {
        [RECONCILE_REMOVE] = 4,
        [RECONCILE_VOTER] = 3,
        [RECONCILE_STANDBY] = 2,
        [RECONCILE_ADD] = 1,
    };
    static const int reasons[RECONCILE_REASONS] = {
        [RECONCILE_FOR_QUORUM] = -1,  [RECONCILE_FOR_POLICY] = -2,
        [RECONCILE_FOR_REMOVED] = -3, [RECONCILE_FOR_FULL] = -4,
        [RECONCILE_FOR_BEHIND] = -5,  [RECONCILE_FOR_ABSENT] = -6,
        [RECONCILE_FOR_SETTLED] = -7,
    };

    return of->action != RECONCILE_NOTHING ? ranks[of->action]
                                           : reasons[of->reason];
}

static void consider(struct reconcile_step *best, struct reconcile_step next)
{
    if (rank_of(&next) > rank_of(best)) {
        *best = next;
    }
}

/* A voter that comes is level and one that goes is not there, so a majority
 * before the step is one after it. */
static void check_quorum_after(const struct reconcile_input *input,
                               const struct reconcile_step *of)
{
    CHECK(of->action != RECONCILE_VOTER || has_quorum(input, of->raft_id, 0));
    CHECK(of->action != RECONCILE_REMOVE || has_quorum(input, 0, of->raft_id));
}

struct reconcile_step reconcile(const struct reconcile_input *input)
{
    struct reconcile_step best = nothing(RECONCILE_FOR_SETTLED, 0);

    CHECK(input->self != 0 && input->peers->n <= CORE_MEMBERS_MAX);
    if (!input->may_change || input->peers->uncommitted_index != 0) {
        return nothing(RECONCILE_FOR_IN_FLIGHT, 0);
    }
    if (!has_quorum(input, 0, 0)) {
        return nothing(RECONCILE_FOR_QUORUM, 0);
    }
    for (size_t i = 0; i < input->peers->n; i++) {
        const struct core_peer *peer = &input->peers->list[i];

        if (is_configured(input, peer->id & NODE_MASK)) {
            consider(&best, remove_old(input, peer));
        }
    }
    for (size_t i = 0; i < input->n_nodes; i++) {
        consider(&best, for_node(input, &input->nodes[i]));
    }
    check_quorum_after(input, &best);
    return best;
}

const char *reconcile_action_name(enum reconcile_action action)
{
    return action < RECONCILE_ACTIONS ? action_names[action] : "UNKNOWN";
}

const char *reconcile_reason_name(enum reconcile_reason reason)
{
    return reason < RECONCILE_REASONS ? reason_names[reason] : "UNKNOWN";
}

const char *reconcile_reason_text(enum reconcile_reason reason)
{
    return reason < RECONCILE_REASONS ? reason_texts[reason]
                                      : "for a reason that is not known here";
}
