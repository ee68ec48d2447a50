#include "proto/base/os/bell.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "proto/base/check.h"

struct waker {
    TAILQ_ENTRY(waker) link;
    struct bell *bell;
    void (*wake)(void *context);
    void *context;
    atomic_bool woken;
};

static void ring(struct bell *bell)
{
    const uint64_t one = 1;
    ssize_t n;

    do {
        n = write(bell->fd, &one, sizeof(one));
    } while (n < 0 && errno == EINTR);
    CHECK(n == (ssize_t)sizeof(one));
}

/* Silence the bell; who was woken runs when the loop's waiting is over. */
static void on_rung(uv_poll_t *poll, int status, int events)
{
    struct bell *bell = poll->data;
    uint64_t rung;

    (void)status;
    (void)events;
    (void)!read(bell->fd, &rung, sizeof(rung));
}

static void on_awake(uv_check_t *check)
{
    struct bell *bell = check->data;
    struct waker *waker;

    atomic_store(&bell->asleep, false);
    uv_idle_stop(&bell->idle);
    bell->next = TAILQ_FIRST(&bell->wakers);
    while ((waker = bell->next) != NULL) {
        bell->next = TAILQ_NEXT(waker, link); /* It may free itself. */
        if (atomic_exchange(&waker->woken, false)) {
            waker->wake(waker->context);
        }
    }
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void own(struct bell *bell, uv_handle_t *handle)
{
    handle->data = bell;
    uv_unref(handle);
}

bool bell_init(struct bell *bell, uv_loop_t *loop)
{
    bell->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (bell->fd < 0) {
        return false;
    }
    atomic_init(&bell->asleep, false);
    TAILQ_INIT(&bell->wakers);
    bell->next = NULL;
    if (uv_poll_init(loop, &bell->poll, bell->fd) != 0) {
        close(bell->fd);
        return false;
    }
    CHECK(uv_poll_start(&bell->poll, UV_READABLE, on_rung) == 0);
    CHECK(uv_check_init(loop, &bell->check) == 0);
    CHECK(uv_check_start(&bell->check, on_awake) == 0);
    CHECK(uv_idle_init(loop, &bell->idle) == 0);
    own(bell, (uv_handle_t *)&bell->poll);
    own(bell, (uv_handle_t *)&bell->check);
    own(bell, (uv_handle_t *)&bell->idle);
    return true;
}

/* A waker is woken first and looks for a sleeper then; here it is the other
 * way round: one of the two sees the other. */
void bell_sleep(struct bell *bell)
{
    struct waker *waker;

    atomic_store(&bell->asleep, true);
    TAILQ_FOREACH (waker, &bell->wakers, link) {
        if (atomic_load(&waker->woken)) {
            atomic_store(&bell->asleep, false);
            CHECK(uv_idle_start(&bell->idle, on_idle) == 0);
            return;
        }
    }
}

void bell_close(struct bell *bell)
{
    uv_close((uv_handle_t *)&bell->poll, NULL);
    uv_close((uv_handle_t *)&bell->check, NULL);
    uv_close((uv_handle_t *)&bell->idle, NULL);
}

void bell_deinit(struct bell *bell)
{
    CHECK(TAILQ_EMPTY(&bell->wakers));
    close(bell->fd);
}

/* As long as anybody may wake it, the loop has a reason to go on. */
static void keep_loop(struct bell *bell)
{
    if (TAILQ_EMPTY(&bell->wakers)) {
        uv_unref((uv_handle_t *)&bell->poll);
    } else {
        uv_ref((uv_handle_t *)&bell->poll);
    }
}

struct waker *waker_new(struct loop *loop, void (*wake)(void *context),
                        void *context)
{
    struct waker *waker = calloc(1, sizeof(*waker));

    if (waker == NULL) {
        return NULL;
    }
    waker->bell = loop_bell(loop);
    waker->wake = wake;
    waker->context = context;
    atomic_init(&waker->woken, false);
    TAILQ_INSERT_TAIL(&waker->bell->wakers, waker, link);
    keep_loop(waker->bell);
    return waker;
}

void waker_wake(struct waker *waker)
{
    struct bell *bell = waker->bell;

    if (!atomic_exchange(&waker->woken, true) && atomic_load(&bell->asleep) &&
        atomic_exchange(&bell->asleep, false)) {
        ring(bell);
    }
}

void waker_free(struct waker *waker)
{
    if (waker == NULL) {
        return;
    }
    if (waker->bell->next == waker) {
        waker->bell->next = TAILQ_NEXT(waker, link);
    }
    TAILQ_REMOVE(&waker->bell->wakers, waker, link);
    keep_loop(waker->bell);
    free(waker);
}
