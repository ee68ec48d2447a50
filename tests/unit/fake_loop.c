#include "tests/unit/fake_loop.h"

#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/worker.h"

struct timer {
    LIST_ENTRY(timer) link;
    struct loop *loop;
    void (*fire)(void *context);
    void *context;
    bool running;
    uint64_t at_us;
    uint64_t repeat_us;
};

struct worker {
    LIST_ENTRY(worker) link;
    STAILQ_HEAD(, job) todo;
    size_t pending;
};

struct waker {
    LIST_ENTRY(waker) link;
    void (*wake)(void *context);
    void *context;
    bool woken;
};

struct loop {
    uint64_t now_us;
    uint64_t random;
    uint64_t look_us;
    bool hold;
    LIST_HEAD(, timer) timers;
    LIST_HEAD(, worker) workers;
    LIST_HEAD(, waker) wakers;
    struct {
        void (*turn)(void *context);
        void *context;
    } turns[LOOP_TURNS_MAX];
};

struct loop *fake_loop_new(uint64_t seed)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    CHECK(loop != NULL);
    loop->random = seed * 2 + 1;
    LIST_INIT(&loop->timers);
    LIST_INIT(&loop->workers);
    LIST_INIT(&loop->wakers);
    return loop;
}

void fake_loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    CHECK(LIST_EMPTY(&loop->timers) && LIST_EMPTY(&loop->workers));
    CHECK(LIST_EMPTY(&loop->wakers));
    free(loop);
}

static void end_turn(struct loop *loop)
{
    for (size_t i = 0; i < LOOP_TURNS_MAX; i++) {
        if (loop->turns[i].turn != NULL) {
            loop->turns[i].turn(loop->turns[i].context);
        }
    }
}

static bool run_job(struct worker *worker)
{
    struct job *job = STAILQ_FIRST(&worker->todo);

    if (job == NULL) {
        return false;
    }
    STAILQ_REMOVE_HEAD(&worker->todo, link);
    job->run(job);
    worker->pending--;
    job->done(job);
    return true;
}

static struct waker *next_woken(struct loop *loop)
{
    struct waker *waker;

    LIST_FOREACH (waker, &loop->wakers, link) {
        if (waker->woken) {
            return waker;
        }
    }
    return NULL;
}

bool fake_loop_step(struct loop *loop)
{
    struct worker *worker;
    struct waker *waker;

    while ((waker = next_woken(loop)) != NULL) {
        waker->woken = false;
        waker->wake(waker->context);
    }
    end_turn(loop);
    LIST_FOREACH (worker, &loop->workers, link) {
        if (!loop->hold && run_job(worker)) {
            return true;
        }
    }
    return next_woken(loop) != NULL;
}

void fake_loop_settle(struct loop *loop)
{
    while (fake_loop_step(loop)) {
    }
}

static struct timer *next_due(struct loop *loop, uint64_t until_us)
{
    struct timer *timer, *first = NULL;

    LIST_FOREACH (timer, &loop->timers, link) {
        if (timer->running && timer->at_us <= until_us &&
            (first == NULL || timer->at_us < first->at_us)) {
            first = timer;
        }
    }
    return first;
}

void fake_loop_pass(struct loop *loop, uint64_t us)
{
    uint64_t until_us = loop->now_us + us;
    struct timer *timer;

    fake_loop_settle(loop);
    while ((timer = next_due(loop, until_us)) != NULL) {
        loop->now_us = timer->at_us;
        timer->running = timer->repeat_us > 0;
        timer->at_us += timer->repeat_us;
        timer->fire(timer->context);
        fake_loop_settle(loop);
    }
    loop->now_us = until_us;
}

void fake_loop_hold(struct loop *loop, bool hold)
{
    loop->hold = hold;
}

uint64_t loop_now_us(struct loop *loop)
{
    loop->now_us += loop->look_us;
    return loop->now_us;
}

void fake_loop_look(struct loop *loop, uint64_t us)
{
    loop->look_us = us;
}

int64_t loop_wall_us(struct loop *loop)
{
    return (int64_t)loop->now_us;
}

void loop_random(struct loop *loop, void *bytes, size_t len)
{
    uint8_t *to = bytes;

    for (size_t i = 0; i < len; i++) {
        loop->random =
            loop->random * 6364136223846793005u + 1442695040888963407u;
        to[i] = (uint8_t)(loop->random >> 56);
    }
}

void loop_on_turn(struct loop *loop, void (*turn)(void *context), void *context)
{
    size_t at = LOOP_TURNS_MAX;

    for (size_t i = LOOP_TURNS_MAX; i-- > 0;) {
        if (loop->turns[i].turn == NULL) {
            at = i;
        }
    }
    for (size_t i = 0; i < LOOP_TURNS_MAX; i++) {
        if (loop->turns[i].turn != NULL && loop->turns[i].context == context) {
            at = i;
        }
    }
    CHECK(at < LOOP_TURNS_MAX);
    loop->turns[at].turn = turn;
    loop->turns[at].context = context;
}

struct timer *timer_new(struct loop *loop, void (*fire)(void *context),
                        void *context)
{
    struct timer *timer = calloc(1, sizeof(*timer));

    CHECK(timer != NULL);
    timer->loop = loop;
    timer->fire = fire;
    timer->context = context;
    LIST_INSERT_HEAD(&loop->timers, timer, link);
    return timer;
}

void timer_start(struct timer *timer, uint64_t delay_ms, uint64_t repeat_ms)
{
    timer->running = true;
    timer->at_us = timer->loop->now_us + delay_ms * 1000;
    timer->repeat_us = repeat_ms * 1000;
}

void timer_stop(struct timer *timer)
{
    timer->running = false;
}

void timer_free(struct timer *timer)
{
    if (timer != NULL) {
        LIST_REMOVE(timer, link);
        free(timer);
    }
}

struct worker *worker_new(struct loop *loop, const char *name)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    (void)name;
    CHECK(worker != NULL);
    STAILQ_INIT(&worker->todo);
    LIST_INSERT_HEAD(&loop->workers, worker, link);
    return worker;
}

void worker_submit(struct worker *worker, struct job *job)
{
    STAILQ_INSERT_TAIL(&worker->todo, job, link);
    worker->pending++;
}

size_t worker_pending(const struct worker *worker)
{
    return worker->pending;
}

void worker_free(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    while (run_job(worker)) {
    }
    LIST_REMOVE(worker, link);
    free(worker);
}

struct waker *waker_new(struct loop *loop, void (*wake)(void *context),
                        void *context)
{
    struct waker *waker = calloc(1, sizeof(*waker));

    CHECK(waker != NULL);
    waker->wake = wake;
    waker->context = context;
    LIST_INSERT_HEAD(&loop->wakers, waker, link);
    return waker;
}

void waker_wake(struct waker *waker)
{
    waker->woken = true;
}

void waker_free(struct waker *waker)
{
    if (waker != NULL) {
        LIST_REMOVE(waker, link);
        free(waker);
    }
}
