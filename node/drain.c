#include "node/drain.h"

#include <stdlib.h>

enum stage { SERVING, NOTICED, MOVING, DONE };

struct drain {
    struct loop *loop;
    struct drain_settings settings;
    struct drain_events events;
    struct timer *timer;
    enum stage stage;
    uint64_t end_us; /* Of MOVING, at the latest. */
};

static void finish(struct drain *drain)
{
    if (drain->stage == DONE) {
        return;
    }
    timer_stop(drain->timer);
    drain->stage = DONE;
    drain->events.done(drain->events.context);
}

static void move(struct drain *drain)
{
    drain->stage = MOVING;
    drain->end_us = loop_now_us(drain->loop) +
                    (drain->settings.spread_ms + DRAIN_MORE_MS) * 1000;
    drain->events.move(drain->events.context);
    timer_start(drain->timer, DRAIN_TICK_MS, DRAIN_TICK_MS);
}

static void on_timer(void *context)
{
    struct drain *drain = context;

    if (drain->stage == NOTICED) {
        move(drain);
    } else if (drain->events.left(drain->events.context) == 0 ||
               loop_now_us(drain->loop) >= drain->end_us) {
        finish(drain);
    }
}

struct drain *drain_new(struct loop *loop,
                        const struct drain_settings *settings,
                        const struct drain_events *events)
{
    struct drain *drain = calloc(1, sizeof(*drain));

    if (drain == NULL) {
        return NULL;
    }
    *drain =
        (struct drain){.loop = loop, .settings = *settings, .events = *events};
    drain->timer = timer_new(loop, on_timer, drain);
    if (drain->timer == NULL) {
        free(drain);
        return NULL;
    }
    return drain;
}

void drain_begin(struct drain *drain)
{
    if (drain->stage == SERVING) {
        drain->stage = NOTICED;
        drain->events.notice(drain->events.context);
        timer_start(drain->timer, drain->settings.notice_ms, 0);
    } else {
        finish(drain);
    }
}

void drain_free(struct drain *drain)
{
    if (drain != NULL) {
        timer_free(drain->timer);
        free(drain);
    }
}
