#include "node/session/straining.h"

#include <stdlib.h>

#include "node/session/hub.h"
#include "proto/base/check.h"

void straining_drop(struct shared_strainer *shared)
{
    if (shared == NULL) {
        return;
    }
    CHECK(shared->holds > 0);
    shared->holds -= 1;
    if (shared->holds == 0) {
        strainer_free(shared->strainer);
        free(shared);
    }
}

#define SHARED_OF(job_)                                                        \
    ((struct shared_strainer *)((char *)(job_)-offsetof(                       \
        struct shared_strainer, compiling)))
static void compile(struct job *job)
{
    struct shared_strainer *shared = SHARED_OF(job);

    shared->bad = strainer_compile(shared->strainer);
}

static void compiled(struct job *job)
{
    struct shared_strainer *shared = SHARED_OF(job);
    struct sessions *hub = shared->hub;

    if (shared == hub->screening.strainer) {
        meter_set(&hub->meters.screening.bad, (int64_t)shared->bad);
    }
    straining_drop(shared);
}

static void share(struct sessions *hub, struct strainer *strainer)
{
    struct screening *screening = &hub->screening;
    struct shared_strainer *shared = calloc(1, sizeof(*shared));

    if (screening->worker == NULL) {
        screening->worker = worker_new(hub->settings.loop, "perch-filters");
    }
    CHECK(shared != NULL && screening->worker != NULL);
    shared->strainer = strainer;
    shared->hub = hub;
    shared->holds = 2; /* The screening's and the job's. */
    shared->compiling.run = compile;
    shared->compiling.done = compiled;
    screening->strainer = shared;
    worker_submit(screening->worker, &shared->compiling);
}

void straining_refresh(struct sessions *hub)
{
    struct screening *screening = &hub->screening;
    struct strainer *strainer = strainer_new(hub->machine);

    screening->is_stale = false;
    straining_drop(screening->strainer);
    screening->strainer = NULL;
    meter_set(&hub->meters.screening.bad, 0);
    if (strainer != NULL) {
        share(hub, strainer);
    }
}
