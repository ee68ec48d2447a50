/* How loaded the state loop is, measured where it hurts people: how long
 * letters of edges wait, how long commits take, how far apply and the edges'
 * fan-out are behind.
 *
 *   OPEN --any measure above its limit--> CLOSED_TO_NEW
 *     ^                                        |
 *     +--all below half of it for 2 seconds----+
 *     +--another leader, and only commits were late
 *
 * CLOSED_TO_NEW  Edges refuse sign-ins on new connections: those who are in
 *                come first. Posts are refused besides while the fan-out is
 *                behind by more than PRESSURE_BACKLOG_MAX.
 *
 * An election is no load: what waits for a commit counts from when the leader
 * is known. People of the node that died want to sign in just then.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_PRESSURE_H
#define NODE_SESSION_PRESSURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The limits, and how they were chosen: posts shall be answered within a
 * second while the node is loaded twice as much as it can carry. */
enum {
    PRESSURE_INTAKE_US_MAX = 250 * 1000,  /* A letter's wait. */
    PRESSURE_COMMIT_US_MAX = 1000 * 1000, /* From proposed to applied. */
    PRESSURE_LAG_MAX = 10000,     /* Entries committed but not applied. */
    PRESSURE_WAITING_MAX = 3072,  /* Proposals, of 4096. */
    PRESSURE_BACKLOG_MAX = 65536, /* Bodies not passed on: about half a second
                                     of an edge's work. */
    PRESSURE_CALM_MS = 2000,
    PRESSURE_TICK_MS = 100, /* How often it is judged. */
};

enum load {
    LOAD_OPEN,
    LOAD_CLOSED_TO_NEW,
};

/* What was seen since the last judgement, each at its worst. */
struct pressure_measures {
    uint64_t intake_us;
    uint64_t commit_us;
    uint64_t lag;
    size_t waiting;
    size_t backlog;
};

struct pressure {
    enum load load;
    uint64_t calm_since_us; /* 0: it is not calm. */
    uint64_t leader_since_us;
    bool late_alone; /* Since it was closed commits alone were above. */
    struct pressure_measures worst;
};

/** Start open. */
void pressure_init(struct pressure *pressure);

/** Note how long a letter of an edge has waited. */
void pressure_intake(struct pressure *pressure, uint64_t waited_us);

/** Note that a proposal was applied now, or still waits, since it was asked;
 * that may be a moment after now, when now was read first. */
void pressure_commit(struct pressure *pressure, uint64_t asked_us,
                     uint64_t now_us);

/** Note that the pool has another leader. */
void pressure_elected(struct pressure *pressure, uint64_t now_us);

/**
 * Judge, and begin to measure anew.
 *
 * @measures  lag, waiting and backlog as they are now; the others are ours.
 */
void pressure_judge(struct pressure *pressure, uint64_t now_us,
                    const struct pressure_measures *measures);

#endif
