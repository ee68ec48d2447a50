#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/worker.h"
#include "tests/sim/loop_sim.h"

STAILQ_HEAD(job_list, job);

struct worker {
    struct loop *loop;
    struct job_list todo; /* The first one is being run. */
    struct event *event;
    bool ran; /* The first job has run; its done is due. */
    size_t pending;
};

static void start_next(struct worker *worker);

static void finish(struct worker *worker)
{
    struct job *job = STAILQ_FIRST(&worker->todo);

    STAILQ_REMOVE_HEAD(&worker->todo, link);
    worker->pending--;
    worker->ran = false;
    job->done(job);
}

/* Between run and done lies a moment in which a kill leaves work done of which
 * nobody was told. */
static void on_due(void *context)
{
    struct worker *worker = context;

    worker->event = NULL;
    if (!worker->ran) {
        worker->ran = true;
        STAILQ_FIRST(&worker->todo)->run(STAILQ_FIRST(&worker->todo));
    } else {
        finish(worker);
    }
    start_next(worker);
}

static void start_next(struct worker *worker)
{
    if (worker->event == NULL && !STAILQ_EMPTY(&worker->todo)) {
        worker->event = schedule_after(
            loop_sim_schedule(worker->loop), loop_sim_actor(worker->loop),
            worker->ran ? 1 : loop_sim_job_us(worker->loop), on_due, NULL,
            worker);
    }
}

struct worker *worker_new(struct loop *loop, const char *name)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    (void)name;
    CHECK(worker != NULL);
    worker->loop = loop;
    STAILQ_INIT(&worker->todo);
    return worker;
}

void worker_submit(struct worker *worker, struct job *job)
{
    STAILQ_INSERT_TAIL(&worker->todo, job, link);
    worker->pending++;
    start_next(worker);
}

size_t worker_pending(const struct worker *worker)
{
    return worker->pending;
}

/* A killed loop's jobs never ran to their end; an orderly end runs them. */
void worker_free(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    if (!loop_sim_actor(worker->loop)->dead) {
        schedule_cancel(worker->event);
        while (!STAILQ_EMPTY(&worker->todo)) {
            if (!worker->ran) {
                STAILQ_FIRST(&worker->todo)->run(STAILQ_FIRST(&worker->todo));
            }
            finish(worker);
        }
    }
    free(worker);
}
