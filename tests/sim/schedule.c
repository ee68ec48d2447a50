#include "tests/sim/schedule.h"

#include <stdlib.h>

#include "proto/base/check.h"
#include "tests/sim/random.h"

struct event {
    uint64_t at_us;
    uint64_t number; /* Order among events of one microsecond. */
    struct actor *actor;
    void (*run)(void *context); /* NULL when cancelled. */
    void (*drop)(void *context);
    void *context;
    struct event *next_free;
};

struct schedule {
    struct event **heap; /* The earliest first. */
    size_t n, capacity;
    struct event *free; /* Used again, for speed. */
    uint64_t now_us;
    uint64_t skipped_us; /* By clocks of day. */
    uint64_t number;
    uint64_t events;
    uint64_t hash;
};

struct schedule *schedule_new(void)
{
    struct schedule *schedule = calloc(1, sizeof(*schedule));

    CHECK(schedule != NULL);
    schedule->now_us = SCHEDULE_START_US;
    return schedule;
}

void schedule_free(struct schedule *schedule)
{
    if (schedule == NULL) {
        return;
    }
    for (size_t i = 0; i < schedule->n; i++) {
        struct event *event = schedule->heap[i];

        if (event->run != NULL && event->drop != NULL) {
            event->drop(event->context);
        }
        free(event);
    }
    while (schedule->free != NULL) {
        struct event *event = schedule->free;

        schedule->free = event->next_free;
        free(event);
    }
    free(schedule->heap);
    free(schedule);
}

void schedule_skip(struct schedule *schedule, uint64_t us)
{
    schedule->skipped_us += us;
}

uint64_t schedule_skipped_us(const struct schedule *schedule)
{
    return schedule->skipped_us;
}

uint64_t schedule_now_us(const struct schedule *schedule)
{
    return schedule->now_us;
}

static bool earlier(const struct event *a, const struct event *b)
{
    return a->at_us < b->at_us ||
           (a->at_us == b->at_us && a->number < b->number);
}

static void heap_push(struct schedule *schedule, struct event *event)
{
    size_t i = schedule->n++;

    if (schedule->n > schedule->capacity) {
        schedule->capacity = schedule->capacity * 2 + 64;
        schedule->heap = realloc(schedule->heap,
                                 schedule->capacity * sizeof(*schedule->heap));
        CHECK(schedule->heap != NULL);
    }
    while (i > 0 && earlier(event, schedule->heap[(i - 1) / 2])) {
        schedule->heap[i] = schedule->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    schedule->heap[i] = event;
}

static struct event *heap_pop(struct schedule *schedule)
{
    struct event *first = schedule->heap[0];
    struct event *last = schedule->heap[--schedule->n];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= schedule->n) {
            break;
        }
        if (child + 1 < schedule->n &&
            earlier(schedule->heap[child + 1], schedule->heap[child])) {
            child++;
        }
        if (!earlier(schedule->heap[child], last)) {
            break;
        }
        schedule->heap[i] = schedule->heap[child];
        i = child;
    }
    if (schedule->n > 0) {
        schedule->heap[i] = last;
    }
    return first;
}

struct event *schedule_after(struct schedule *schedule, struct actor *actor,
                             uint64_t delay_us, void (*run)(void *context),
                             void (*drop)(void *context), void *context)
{
    struct event *event = schedule->free;

    CHECK(run != NULL);
    if (event != NULL) {
        schedule->free = event->next_free;
    } else {
        event = malloc(sizeof(*event));
        CHECK(event != NULL);
    }
    *event = (struct event){.at_us = schedule->now_us + delay_us,
                            .number = schedule->number++,
                            .actor = actor,
                            .run = run,
                            .drop = drop,
                            .context = context};
    heap_push(schedule, event);
    return event;
}

void schedule_cancel(struct event *event)
{
    if (event != NULL) {
        event->run = NULL;
        event->drop = NULL;
    }
}

static void recycle(struct schedule *schedule, struct event *event)
{
    event->next_free = schedule->free;
    schedule->free = event;
}

static void run_event(struct schedule *schedule, struct event *event)
{
    struct event now = *event;

    recycle(schedule, event);
    schedule->events++;
    schedule_trace(schedule, now.number);
    if (now.actor != NULL) {
        schedule_trace(schedule, now.actor->id);
    }
    now.run(now.context);
    if (now.actor != NULL && !now.actor->dead && now.actor->after != NULL) {
        now.actor->after(now.actor);
    }
}

/* The earliest event, unless it cannot or need not run now. */
static struct event *take_event(struct schedule *schedule)
{
    struct event *event = heap_pop(schedule);
    struct actor *actor = event->actor;

    if (event->run == NULL) {
        recycle(schedule, event);
        return NULL;
    }
    if (actor != NULL && actor->dead) {
        if (event->drop != NULL) {
            event->drop(event->context);
        }
        recycle(schedule, event);
        return NULL;
    }
    schedule->now_us = event->at_us;
    if (actor != NULL && actor->paused_until_us > schedule->now_us) {
        event->at_us = actor->paused_until_us;
        heap_push(schedule, event);
        return NULL;
    }
    return event;
}

void schedule_run_until(struct schedule *schedule, uint64_t end_us)
{
    while (schedule->n > 0 && schedule->heap[0]->at_us <= end_us) {
        struct event *event = take_event(schedule);

        if (event != NULL) {
            run_event(schedule, event);
        }
    }
    schedule->now_us = end_us;
}

void schedule_trace(struct schedule *schedule, uint64_t what)
{
    schedule->hash = random_mix(schedule->hash ^ what) + schedule->now_us;
}

uint64_t schedule_trace_hash(const struct schedule *schedule)
{
    return schedule->hash;
}

uint64_t schedule_events(const struct schedule *schedule)
{
    return schedule->events;
}
