/* What is known of a node's health, and what follows from it: alive, ready,
 * leading.
 *
 *   alive    every watched loop has turned lately. Never looks at quorum: a
 *            restart cannot bring one back, and pools whose liveness looked at
 *            it have restarted each other for ever.
 *   ready    alive, and every fact of health_facts that matters to clients is
 *            as it should be.
 *   leading  the node is the pool's leader.
 *
 * Thread: facts and turns are set by any thread, without locks; a pulse is its
 * loop's; judging is any thread's.
 */
#ifndef NODE_WEB_HEALTH_H
#define NODE_WEB_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/loop.h"

/* All are false at first: a node that has just started is not ready. */
enum health_fact {
    HEALTH_APPLYING,     /* The state is loaded and entries are applied. */
    HEALTH_CAUGHT_UP,    /* Applied up to what the leader has committed. */
    HEALTH_LEADER_KNOWN, /* Commands have somewhere to go. */
    HEALTH_LISTENING,    /* Clients can connect: the pool has a domain. */
    HEALTH_DRAINING,     /* The node is leaving, its clients move away. */
    HEALTH_DISK_LOW,     /* Less free disk than the configured floor. */
    HEALTH_NO_MEMBER,    /* Out of the pool until an operator lets it in. */
    HEALTH_LEADER,       /* This node leads the pool. */
    HEALTH_FACTS,
};

enum {
    HEALTH_LOOPS_MAX = 24, /* Raft, state, web, 16 edges, and a few more. */
    HEALTH_LOOP_NAME_BYTES = 16,
    HEALTH_PULSE_MS = 1000,        /* How often a watched loop says it turns. */
    HEALTH_SILENCE_MS_MAX = 30000, /* A loop silent for longer hangs. */
};

struct health_report {
    bool alive, ready;
    bool facts[HEALTH_FACTS];
    bool faults[HEALTH_FACTS]; /* Facts that keep the node from being ready. */
    size_t loops_n;
    struct {
        char name[HEALTH_LOOP_NAME_BYTES];
        uint64_t silent_ms;
        bool hung;
    } loops[HEALTH_LOOPS_MAX];
};

struct health;
struct pulse;

/** Start with all facts false and no loops. NULL when memory is out. */
struct health *health_new(void);

/** Free. Accepts NULL. No pulse is left. */
void health_free(struct health *health);

/** Say what is true of the node now. Any thread. */
void health_set(struct health *health, enum health_fact fact, bool value);

/** Ask for one fact. Any thread. */
bool health_is(const struct health *health, enum health_fact fact);

/**
 * Judge the node.
 *
 * @now_us  The monotonic clock, as loop_now_us reads it.
 */
void health_judge(struct health *health, uint64_t now_us,
                  struct health_report *report_out);

/** Name a fact as reports show it, for instance "caught_up". Static. */
const char *health_fact_name(enum health_fact fact);

/** Say in words why the fact keeps a node from being ready. Static. */
const char *health_fault_text(enum health_fact fact);

/**
 * Watch a loop: a timer on it says every HEALTH_PULSE_MS that it turns. A loop
 * counts as alive from this call on.
 *
 * @name  Shown in reports; cut at HEALTH_LOOP_NAME_BYTES - 1.
 *
 * Returns NULL when memory is out. At most HEALTH_LOOPS_MAX pulses at a time.
 * Owned by the caller, on the loop's thread.
 */
struct pulse *pulse_new(struct health *health, struct loop *loop,
                        const char *name);

/** Watch the loop no more. Accepts NULL. */
void pulse_free(struct pulse *pulse);

#endif
