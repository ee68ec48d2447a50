/* Elections: who may stand, who may vote, and what both may say. */
#include "raft/guard/votes.h"

#include "raft/guard/disk.h"
#include "raft/guard/snapshot.h"
#include "raft/guard/view.h"

/* Rule FAILSTOP: convertToCandidate and recvBumpCurrentTerm go on in a term
 * that the disk does not know. */
static int vote_write_failed(struct guard *guard, const char *what, int rv)
{
    if (!guard_on(guard, GUARD_FAILSTOP)) {
        return rv;
    }
    guard_acted(guard, GUARD_FAILSTOP);
    guard_fatal(guard, GUARD_FATAL_DISK, "write of %s failed: %s", what,
                raft_strerror(rv));
    return 0;
}

int guard_set_term(struct raft_io *io, raft_term term)
{
    struct guard *guard = io->impl;
    int rv;

    if (guard->dead) {
        return 0;
    }
    rv = guard->inner->set_term(guard->inner, term);
    if (rv != 0) {
        return vote_write_failed(guard, "term", rv);
    }
    guard->vote_term = term;
    guard->vote = 0;
    return 0;
}

/* Rule VOTE, the last line: electionVote lets a node that hands leadership over
 * vote for the heir though it has voted in that term. guard_receive_vote keeps
 * it from trying; here nothing gets through. */
int guard_set_vote(struct raft_io *io, raft_id server_id)
{
    struct guard *guard = io->impl;
    int rv;

    if (guard->dead) {
        return 0;
    }
    if (guard_on(guard, GUARD_VOTE) && guard->vote != 0 &&
        guard->vote != server_id) {
        guard_acted(guard, GUARD_VOTE);
        guard_fatal(guard, GUARD_FATAL_VOTE,
                    "vote for %llu in term %llu, in which %llu has it",
                    server_id, guard->vote_term, guard->vote);
        return 0;
    }
    rv = guard->inner->set_vote(guard->inner, server_id);
    if (rv != 0) {
        return vote_write_failed(guard, "vote", rv);
    }
    guard->vote = server_id;
    if (server_id == guard_raft(guard)->id) {
        guard->stood_term = guard->vote_term;
    }
    return 0;
}

/* Rule SELFELECT: convertToCandidate makes a leader of an only voter without an
 * election, in the term at hand. Somebody may have led it before: the node
 * itself, before a crash that lost entries which its standbys have, or whoever
 * handed the pool over to it. It has not said a word yet, so a new term now is
 * as good as one before. */
void guard_own_term(struct guard *guard)
{
    struct raft *raft = guard_raft(guard);
    raft_term term = raft->current_term + 1;

    if (!guard_on(guard, GUARD_SELFELECT) || raft->state != RAFT_LEADER ||
        guard->stood_term == raft->current_term) {
        return;
    }
    guard_acted(guard, GUARD_SELFELECT);
    if (guard_set_term(&guard->io, term) != 0 ||
        guard_set_vote(&guard->io, raft->id) != 0 || guard->dead) {
        return;
    }
    raft->current_term = term;
    raft->voted_for = raft->id;
}

/* Rule TICKGATE: tickFollower and recvTimeoutNow make a candidate of a node
 * whose appends or snapshot are under way. Their completions then read the
 * wrong member of the state union, and the log that stands for election is not
 * the log on disk. */
bool guard_election_gated(const struct guard *guard)
{
    return guard_on(guard, GUARD_TICKGATE) &&
           guard_raft(guard)->state == RAFT_FOLLOWER &&
           (guard_writing(guard) || guard_installing(guard));
}

bool guard_election_due(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);

    return guard->inner->time(guard->inner) - raft->election_timer_start >=
           raft->election_timeout;
}

/* Rule STALELEADER: recvRequestVote refuses while a leader is known, and it is
 * known until the node's own randomised timer fires, up to twice the base
 * timeout after it fell silent. The thesis (4.2.3) asks for the base timeout.
 */
static void forget_stale_leader(struct guard *guard)
{
    struct raft *raft = guard_raft(guard);

    if (!guard_on(guard, GUARD_STALELEADER) || raft->state != RAFT_FOLLOWER ||
        raft->follower_state.current_leader.id == 0 ||
        !guard_election_due(guard)) {
        return;
    }
    raft->follower_state.current_leader.id = 0;
    guard_acted(guard, GUARD_STALELEADER);
}

/* Rule VOTE: whether electionVote would let the heir have a second vote. */
static bool votes_twice(const struct guard *guard,
                        const struct raft_request_vote *args)
{
    const struct raft *raft = guard_raft(guard);

    return guard_on(guard, GUARD_VOTE) && raft->transfer != NULL &&
           !args->pre_vote && args->term == raft->current_term &&
           raft->voted_for != 0 && raft->voted_for != args->candidate_id &&
           raft->transfer->id == args->candidate_id;
}

/* Rule NVVOTE: electionVote keeps back the vote of a node that its own
 * configuration, which may be outdated or uncommitted, calls no voter. The
 * candidate knows whom it counts (thesis 4.1), so for the one call the node is
 * the only member of its configuration, and a voter. A node without any log
 * has nothing to vote with. */
static bool votes_as_stranger(const struct guard *guard)
{
    const struct raft *raft = guard_raft(guard);
    unsigned i = guard_server_index(guard, raft->id);

    return guard_on(guard, GUARD_NVVOTE) && guard_last_index(guard) > 0 &&
           (i == raft->configuration.n ||
            raft->configuration.servers[i].role != RAFT_VOTER);
}

void guard_receive_vote(struct guard *guard, struct raft_message *message)
{
    struct raft *raft = guard_raft(guard);
    struct raft_configuration servers = raft->configuration;
    struct raft_transfer *transfer = raft->transfer;
    struct raft_server self = {raft->id, raft->address, RAFT_VOTER};
    bool stranger, twice;

    forget_stale_leader(guard);
    stranger = votes_as_stranger(guard);
    twice = votes_twice(guard, &message->request_vote);
    if (stranger) {
        raft->configuration = (struct raft_configuration){&self, 1};
        guard_acted(guard, GUARD_NVVOTE);
    }
    if (twice) {
        raft->transfer = NULL;
        guard_acted(guard, GUARD_VOTE);
    }
    guard_deliver(guard, message);
    if (twice) {
        raft->transfer = transfer;
    }
    if (stranger) {
        raft->configuration = servers;
    }
}

/* Rule DURABLEVOTE: electionSend advertises the log in memory. What is not on
 * disk may be gone after a crash, and with it the claim that won the vote. */
void guard_send_vote(struct guard *guard, struct raft_request_vote *args)
{
    raft_index stored = guard_raft(guard)->last_stored;

    if (!guard_on(guard, GUARD_DURABLEVOTE) || args->last_log_index <= stored) {
        return;
    }
    args->last_log_index = stored;
    args->last_log_term = guard_term_of(guard, stored);
    guard_acted(guard, GUARD_DURABLEVOTE);
}

/* Rule PREVTERM: recvRequestVote answers a pre-vote in the asker's own term,
 * also when it refuses because its term is newer. The asker never learns it and
 * asks in the same old term for ever. */
void guard_send_vote_result(struct guard *guard,
                            struct raft_request_vote_result *result)
{
    raft_term term = guard_raft(guard)->current_term;

    if (!guard_on(guard, GUARD_PREVTERM) || result->vote_granted ||
        result->pre_vote != raft_tribool_true || result->term >= term) {
        return;
    }
    result->term = term;
    guard_acted(guard, GUARD_PREVTERM);
}
