#include "proto/base/os/loop_uv.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "proto/base/check.h"
#include "proto/base/os/bell.h"

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare; /* Fires before the loop waits: the end of a turn. */
    struct bell bell;
    struct {
        void (*turn)(void *context);
        void *context;
    } turns[LOOP_TURNS_MAX];
};

struct timer {
    uv_timer_t uv;
    void (*fire)(void *context);
    void *context;
};

static uint64_t clock_us(clockid_t clock)
{
    struct timespec now;

    CHECK(clock_gettime(clock, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t loop_now_us(struct loop *loop)
{
    (void)loop;
    return clock_us(CLOCK_MONOTONIC);
}

int64_t loop_wall_us(struct loop *loop)
{
    (void)loop;
    return (int64_t)clock_us(CLOCK_REALTIME);
}

void loop_random(struct loop *loop, void *bytes, size_t len)
{
    uint8_t *to = bytes;

    (void)loop;
    while (len > 0) {
        ssize_t got = getrandom(to, len, 0);

        CHECK(got > 0);
        to += got;
        len -= (size_t)got;
    }
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;

    for (size_t i = 0; i < LOOP_TURNS_MAX; i++) {
        if (loop->turns[i].turn != NULL) {
            loop->turns[i].turn(loop->turns[i].context);
        }
    }
    bell_sleep(&loop->bell);
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

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (loop == NULL) {
        return NULL;
    }
    if (uv_loop_init(&loop->uv) != 0) {
        free(loop);
        return NULL;
    }
    if (!bell_init(&loop->bell, &loop->uv)) {
        CHECK(uv_loop_close(&loop->uv) == 0);
        free(loop);
        return NULL;
    }
    CHECK(uv_prepare_init(&loop->uv, &loop->prepare) == 0);
    loop->prepare.data = loop;
    CHECK(uv_prepare_start(&loop->prepare, on_prepare) == 0);
    uv_unref((uv_handle_t *)&loop->prepare);
    return loop;
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    bell_close(&loop->bell);
    /* Handles freed just before still have their close callbacks due. */
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop->uv) == 0);
    bell_deinit(&loop->bell);
    free(loop);
}

struct bell *loop_bell(struct loop *loop)
{
    return &loop->bell;
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

static void on_timer(uv_timer_t *uv)
{
    struct timer *timer = uv->data;

    timer->fire(timer->context);
}

struct timer *timer_new(struct loop *loop, void (*fire)(void *context),
                        void *context)
{
    struct timer *timer = calloc(1, sizeof(*timer));

    if (timer == NULL) {
        return NULL;
    }
    CHECK(uv_timer_init(&loop->uv, &timer->uv) == 0);
    timer->uv.data = timer;
    timer->fire = fire;
    timer->context = context;
    return timer;
}

void timer_start(struct timer *timer, uint64_t delay_ms, uint64_t repeat_ms)
{
    uv_update_time(timer->uv.loop);
    CHECK(uv_timer_start(&timer->uv, on_timer, delay_ms, repeat_ms) == 0);
}

void timer_stop(struct timer *timer)
{
    uv_timer_stop(&timer->uv);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

void timer_free(struct timer *timer)
{
    if (timer != NULL) {
        uv_close((uv_handle_t *)&timer->uv, free_handle);
    }
}
