#include "proto/base/os/loop_thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/os/loop_uv.h"

struct loop_thread {
    struct loop *loop;
    struct waker *ender;
    pthread_t thread;
};

static void on_end(void *context)
{
    struct loop_thread *thread = context;

    loop_stop(thread->loop);
}

static void *run(void *context)
{
    struct loop_thread *thread = context;

    loop_run(thread->loop);
    return NULL;
}

/* Create the thread with all signals blocked: it inherits the mask. */
static int create(struct loop_thread *thread)
{
    sigset_t all, before;
    int number;

    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    number = pthread_create(&thread->thread, NULL, run, thread);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return number;
}

struct loop_thread *loop_thread_start(struct loop *loop, const char *name)
{
    struct loop_thread *thread = calloc(1, sizeof(*thread));

    if (thread == NULL) {
        return NULL;
    }
    thread->loop = loop;
    thread->ender = waker_new(loop, on_end, thread);
    if (thread->ender == NULL || create(thread) != 0) {
        waker_free(thread->ender);
        free(thread);
        return NULL;
    }
    pthread_setname_np(thread->thread, name);
    return thread;
}

void loop_thread_stop(struct loop_thread *thread)
{
    if (thread == NULL) {
        return;
    }
    waker_wake(thread->ender);
    CHECK(pthread_join(thread->thread, NULL) == 0);
    waker_free(thread->ender);
    free(thread);
}
