/* A town's witness of its archive's checkpoints, as C2SP's tlog-witness has it,
 * in another domain: its memory outlives whatever befalls the hosts. Now and
 * then it is out of reach, and now and then its answer is lost.
 *
 * It breaks the run (`fork`) where a real one would refuse: a second history, a
 * checkpoint that is not the log's, or one of another tree than the auditor's.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_OBSERVER_H
#define TESTS_SIM_TOWN_OBSERVER_H

#include <stdint.h>

#include "node/compliance/witness_port.h"
#include "proto/tlog/note.h"
#include "tests/sim/town/auditor.h"
#include "tests/sim/town/ledger.h"

struct observer;
struct schedule;

#define OBSERVER_NAME "observer.example"
#define OBSERVER_URL  "http://observer.example/"

/** Make one that has seen nothing. All is borrowed. */
struct observer *observer_new(uint64_t seed, struct schedule *schedule,
                              struct ledger *ledger, struct auditor *auditor);

/** Free. Accepts NULL. */
void observer_end(struct observer *observer);

/** Borrow how hosts reach it. */
const struct witness_port *observer_port(const struct observer *observer);

/** Tell its public key. */
void observer_key(uint8_t public_out[NOTE_KEY_BYTES]);

/** Be out of reach from now on, or in reach again. Accepts NULL. */
void observer_leave(struct observer *observer, bool is_away);

/** Lose no answer any more. Accepts NULL. */
void observer_calm(struct observer *observer);

/** Count the checkpoints that it has cosigned. */
uint64_t observer_count(const struct observer *observer);

#endif
