/* Elections: terms and votes on disk, and what may be said about them.
 *
 * Of the guard alone. Thread: raft loop.
 */
#ifndef RAFT_GUARD_VOTES_H
#define RAFT_GUARD_VOTES_H

#include "raft/guard/internal.h"

/** raft_io.set_term: the new term on disk, without a vote. */
int guard_set_term(struct raft_io *io, raft_term term);
/** raft_io.set_vote: the vote on disk, the only one of its term. */
int guard_set_vote(struct raft_io *io, raft_id server_id);

/** Give the core a RequestVote, seen as it should be. */
void guard_receive_vote(struct guard *guard, struct raft_message *message);

/** Mend a RequestVote on its way out. */
void guard_send_vote(struct guard *guard, struct raft_request_vote *args);

/** Mend a vote result on its way out. */
void guard_send_vote_result(struct guard *guard,
                            struct raft_request_vote_result *result);

/** As leader, see to it that the term is one that was never led before. */
void guard_own_term(struct guard *guard);

/** Tell whether nothing was heard of a leader for the base timeout. */
bool guard_election_due(const struct guard *guard);

/** Tell whether standing for election must wait for the disk. */
bool guard_election_gated(const struct guard *guard);

#endif
