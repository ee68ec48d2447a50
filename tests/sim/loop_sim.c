#include "tests/sim/loop_sim.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/sim/random.h"

struct loop {
    struct actor actor; /* First: the actor is the loop. */
    struct schedule *schedule;
    struct loop_sim_traits traits;
    struct random random;
    struct {
        void (*turn)(void *context);
        void *context;
    } turns[LOOP_TURNS_MAX];
};

struct timer {
    struct loop *loop;
    void (*fire)(void *context);
    void *context;
    uint64_t repeat_us;
    struct event *event; /* NULL when it does not run. */
};

struct waker {
    struct loop *loop;
    void (*wake)(void *context);
    void *context;
    struct event *event;
};

static void end_turn(struct actor *actor)
{
    struct loop *loop = (struct loop *)actor;

    for (size_t i = 0; i < LOOP_TURNS_MAX; i++) {
        if (loop->turns[i].turn != NULL && !actor->dead) {
            loop->turns[i].turn(loop->turns[i].context);
        }
    }
}

struct loop *loop_sim_new(struct schedule *schedule,
                          const struct loop_sim_traits *traits)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    CHECK(loop != NULL);
    loop->schedule = schedule;
    loop->traits = *traits;
    loop->random = random_stream(traits->seed, traits->id);
    loop->actor.id = traits->id;
    loop->actor.after = end_turn;
    return loop;
}

void loop_sim_free(struct loop *loop)
{
    free(loop);
}

void loop_sim_kill(struct loop *loop)
{
    loop->actor.dead = true;
}

void loop_sim_pause(struct loop *loop, uint64_t for_us)
{
    uint64_t until_us = schedule_now_us(loop->schedule) + for_us;

    if (until_us > loop->actor.paused_until_us) {
        loop->actor.paused_until_us = until_us;
    }
}

struct actor *loop_sim_actor(struct loop *loop)
{
    return &loop->actor;
}

struct schedule *loop_sim_schedule(struct loop *loop)
{
    return loop->schedule;
}

uint64_t loop_sim_job_us(struct loop *loop)
{
    return random_between(&loop->random, 0, loop->traits.job_us_max);
}

uint64_t loop_now_us(struct loop *loop)
{
    return schedule_now_us(loop->schedule) + loop->traits.now_offset_us;
}

int64_t loop_wall_us(struct loop *loop)
{
    return (int64_t)(schedule_now_us(loop->schedule) +
                     schedule_skipped_us(loop->schedule)) +
           loop->traits.wall_offset_us;
}

void loop_random(struct loop *loop, void *bytes, size_t len)
{
    uint8_t *to = bytes;

    while (len > 0) {
        uint64_t drawn = random_next(&loop->random);
        size_t n = len < sizeof(drawn) ? len : sizeof(drawn);

        memcpy(to, &drawn, n);
        to += n;
        len -= n;
    }
}

void loop_on_turn(struct loop *loop, void (*turn)(void *context), void *context)
{
    size_t unused = LOOP_TURNS_MAX;

    for (size_t i = 0; i < LOOP_TURNS_MAX; i++) {
        if (loop->turns[i].turn != NULL && loop->turns[i].context == context) {
            loop->turns[i].turn = turn;
            return;
        }
        if (loop->turns[i].turn == NULL && unused == LOOP_TURNS_MAX) {
            unused = i;
        }
    }
    if (turn == NULL) {
        return;
    }
    CHECK(unused < LOOP_TURNS_MAX);
    loop->turns[unused].turn = turn;
    loop->turns[unused].context = context;
}

static void timer_due(void *context);

static void timer_schedule(struct timer *timer, uint64_t delay_us)
{
    timer->event = schedule_after(timer->loop->schedule, &timer->loop->actor,
                                  delay_us, timer_due, NULL, timer);
}

static void timer_due(void *context)
{
    struct timer *timer = context;

    timer->event = NULL;
    if (timer->repeat_us != 0) {
        timer_schedule(timer, timer->repeat_us);
    }
    timer->fire(timer->context);
}

struct timer *timer_new(struct loop *loop, void (*fire)(void *context),
                        void *context)
{
    struct timer *timer = calloc(1, sizeof(*timer));

    CHECK(timer != NULL);
    timer->loop = loop;
    timer->fire = fire;
    timer->context = context;
    return timer;
}

void timer_start(struct timer *timer, uint64_t delay_ms, uint64_t repeat_ms)
{
    timer_stop(timer);
    timer->repeat_us = repeat_ms * 1000;
    timer_schedule(timer, delay_ms * 1000);
}

/* A dropped event's memory may already serve another, so a dead loop's timers
 * leave their events alone. */
void timer_stop(struct timer *timer)
{
    if (!timer->loop->actor.dead) {
        schedule_cancel(timer->event);
    }
    timer->event = NULL;
}

void timer_free(struct timer *timer)
{
    if (timer != NULL) {
        timer_stop(timer);
        free(timer);
    }
}

static void waker_due(void *context)
{
    struct waker *waker = context;

    waker->event = NULL;
    waker->wake(waker->context);
}

struct waker *waker_new(struct loop *loop, void (*wake)(void *context),
                        void *context)
{
    struct waker *waker = calloc(1, sizeof(*waker));

    CHECK(waker != NULL);
    waker->loop = loop;
    waker->wake = wake;
    waker->context = context;
    return waker;
}

void waker_wake(struct waker *waker)
{
    if (waker->event == NULL && !waker->loop->actor.dead) {
        waker->event =
            schedule_after(waker->loop->schedule, &waker->loop->actor, 0,
                           waker_due, NULL, waker);
    }
}

void waker_free(struct waker *waker)
{
    if (waker == NULL) {
        return;
    }
    if (!waker->loop->actor.dead) {
        schedule_cancel(waker->event);
    }
    free(waker);
}
