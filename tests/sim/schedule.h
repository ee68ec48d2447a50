/* Virtual time: a heap of events in microseconds, run one after the other in
 * one thread. All that happens in the simulator happens here.
 *
 * An event may belong to an actor (a node's loop). A dead actor's events are
 * dropped, a paused actor's wait until it wakes, in their order.
 */
#ifndef TESTS_SIM_SCHEDULE_H
#define TESTS_SIM_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schedule;
struct event;

/* Whose time an event is. Embedded by loops; outlives its events. */
struct actor {
    uint64_t paused_until_us;
    bool dead;
    uint64_t id;                        /* For the trace. */
    void (*after)(struct actor *actor); /* Once after each event; may be NULL */
};

/* Time starts here, not at 0: libraft takes a last_send of 0 for long ago. */
enum { SCHEDULE_START_US = 1000000000 };

/** Make a schedule without events. */
struct schedule *schedule_new(void);

/** Free it and the events that wait. Accepts NULL. */
void schedule_free(struct schedule *schedule);

/** Read virtual time. */
uint64_t schedule_now_us(const struct schedule *schedule);

/** Move all clocks of day on; virtual time does not move. */
void schedule_skip(struct schedule *schedule, uint64_t us);

/** Tell by how much they were moved. */
uint64_t schedule_skipped_us(const struct schedule *schedule);

/**
 * Run a function after a delay.
 *
 * @actor  Whose event it is; NULL for the world's own.
 * @drop   Called instead of run when the event will never run, to free what
 *         it carries; may be NULL.
 *
 * Returns the event, valid until it runs, is dropped or is cancelled.
 */
struct event *schedule_after(struct schedule *schedule, struct actor *actor,
                             uint64_t delay_us, void (*run)(void *context),
                             void (*drop)(void *context), void *context);

/** Take an event back; neither run nor drop is called. Accepts NULL. */
void schedule_cancel(struct event *event);

/** Run events until virtual time is end_us or none is left. */
void schedule_run_until(struct schedule *schedule, uint64_t end_us);

/** Mix something that happened into the run's trace hash. */
void schedule_trace(struct schedule *schedule, uint64_t what);

/** The hash of all that happened so far: equal for equal seeds. */
uint64_t schedule_trace_hash(const struct schedule *schedule);

/** Count the events run so far. */
uint64_t schedule_events(const struct schedule *schedule);

#endif
