#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/worker.h"

STAILQ_HEAD(job_list, job);

struct worker {
    pthread_t thread;
    pthread_mutex_t lock; /* Guards todo, finished and stopping. */
    pthread_cond_t work;
    struct job_list todo;
    struct job_list finished;
    bool stopping;
    struct waker *waker;
    size_t pending; /* Loop's thread only. */
};

static void *thread_main(void *context)
{
    struct worker *worker = context;
    struct job *job;

    pthread_mutex_lock(&worker->lock);
    for (;;) {
        while (STAILQ_EMPTY(&worker->todo) && !worker->stopping) {
            pthread_cond_wait(&worker->work, &worker->lock);
        }
        if (STAILQ_EMPTY(&worker->todo)) {
            break;
        }
        job = STAILQ_FIRST(&worker->todo);
        STAILQ_REMOVE_HEAD(&worker->todo, link);
        pthread_mutex_unlock(&worker->lock);
        job->run(job);
        pthread_mutex_lock(&worker->lock);
        STAILQ_INSERT_TAIL(&worker->finished, job, link);
        pthread_mutex_unlock(&worker->lock);
        waker_wake(worker->waker); /* Freed after this thread has ended. */
        pthread_mutex_lock(&worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

static void on_finished(void *context)
{
    struct worker *worker = context;
    struct job_list finished = STAILQ_HEAD_INITIALIZER(finished);
    struct job *job;

    pthread_mutex_lock(&worker->lock);
    STAILQ_CONCAT(&finished, &worker->finished);
    pthread_mutex_unlock(&worker->lock);
    while ((job = STAILQ_FIRST(&finished)) != NULL) {
        STAILQ_REMOVE_HEAD(&finished, link);
        worker->pending--;
        job->done(job);
    }
}

struct worker *worker_new(struct loop *loop, const char *name)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (worker == NULL) {
        return NULL;
    }
    worker->waker = waker_new(loop, on_finished, worker);
    if (worker->waker == NULL) {
        free(worker);
        return NULL;
    }
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->work, NULL);
    STAILQ_INIT(&worker->todo);
    STAILQ_INIT(&worker->finished);
    if (pthread_create(&worker->thread, NULL, thread_main, worker) != 0) {
        waker_free(worker->waker);
        free(worker);
        return NULL;
    }
    pthread_setname_np(worker->thread, name);
    return worker;
}

void worker_submit(struct worker *worker, struct job *job)
{
    pthread_mutex_lock(&worker->lock);
    CHECK(!worker->stopping);
    STAILQ_INSERT_TAIL(&worker->todo, job, link);
    pthread_mutex_unlock(&worker->lock);
    /* Not under the lock: the thread would wake to wait for it. */
    pthread_cond_signal(&worker->work);
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
    pthread_mutex_lock(&worker->lock);
    worker->stopping = true;
    pthread_cond_signal(&worker->work);
    pthread_mutex_unlock(&worker->lock);
    CHECK(pthread_join(worker->thread, NULL) == 0);
    on_finished(worker);
    CHECK(worker->pending == 0);
    waker_free(worker->waker);
    pthread_cond_destroy(&worker->work);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}
