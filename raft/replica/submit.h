/* A node's own proposals that are unanswered, in the order of their numbers,
 * and how far they have gone.
 *
 *    first        committed       send            sent            next
 *      |  in the log  |  on their way  |  to go again  |  never sent  |
 *
 * What was sent may be lost with a leader or a connection; restart then sends
 * again from the first that is not known to be in the log. Bytes that come
 * twice are the state's to skip.
 *
 * Thread: raft loop.
 */
#ifndef RAFT_REPLICA_SUBMIT_H
#define RAFT_REPLICA_SUBMIT_H

#include "raft/replica/memo.h"

enum {
    SUBMIT_GAP_MS = 200, /* One gap is told again and again; mended once. */
};

struct submit {
    struct proposal *ring[REPLICA_PROPOSALS_MAX]; /* By number. */
    uint64_t epoch;
    uint64_t first, next; /* Numbers held; equal: none. */
    uint64_t send;        /* The next to be sent. */
    uint64_t sent;        /* From here on none was ever sent. */
    uint64_t committed;   /* Up to here they were seen in the log. */
    uint64_t gap_until_us;
};

/** Start with none, in no epoch. */
void submit_init(struct submit *submit);

/** Free what is held. */
void submit_deinit(struct submit *submit);

/** Hold a proposal, owned from now on. One of another epoch ends the present
 * one, and all of it is forgotten. */
void submit_take(struct submit *submit, struct proposal *proposal);

/** Count those that are to be sent. */
size_t submit_unsent(const struct submit *submit);

/** Forget all up to and including a number. */
void submit_answered(struct submit *submit, uint64_t number);

/**
 * Take back a number that was never sent: another command spends it.
 *
 * @instead  An entry of the same epoch and number; owned from now on.
 *
 * Returns false when it is too late, or there is no such number.
 */
bool submit_withdraw(struct submit *submit, struct proposal *instead);

/**
 * Take note of a committed entry of this node.
 *
 * Returns true when one before it is missing from the log, and they have been
 * set to go again.
 */
bool submit_committed(struct submit *submit, uint64_t epoch, uint64_t number,
                      uint64_t now_us);

/** Send again what is not known to be in the log. Returns whether there is
 * any. */
bool submit_restart(struct submit *submit);

/** A leader took none from this number on: send them again. */
void submit_refused(struct submit *submit, uint64_t epoch, uint64_t number);

/** Borrow the n-th proposal to be sent, from 0; NULL: there are fewer. */
struct proposal *submit_peek(struct submit *submit, size_t n);

/** n proposals have been sent. */
void submit_mark_sent(struct submit *submit, size_t n);

/** Count the unanswered. */
size_t submit_waiting(const struct submit *submit);

#endif
