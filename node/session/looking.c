#include "node/session/looking.h"

#include "node/session/hub.h"
#include "proto/base/check.h"

/* A look may take milliseconds of the loop in a large pool: so much time, and
 * LOOK_REST times as much, passes before the next. */
static void run(struct sessions *hub, struct look *look)
{
    struct looks *looks = &hub->looks;
    uint64_t began_us = loop_now_us(hub->settings.loop), now_us;

    TAILQ_REMOVE(&looks->list, look, link);
    looks->n -= 1;
    if (caller_is_served(look->errand.visit->caller)) {
        look->take(look);
    } else {
        errand_end(&look->errand); /* Nobody would read the answer. */
    }
    now_us = loop_now_us(hub->settings.loop);
    looks->ready_us = now_us + (now_us - began_us) * LOOK_REST;
}

static void run_due(void *context)
{
    struct sessions *hub = context;
    struct looks *looks = &hub->looks;
    uint64_t now_us = loop_now_us(hub->settings.loop);

    while (!TAILQ_EMPTY(&looks->list) && looks->ready_us <= now_us) {
        run(hub, TAILQ_FIRST(&looks->list));
        now_us = loop_now_us(hub->settings.loop);
    }
    if (!TAILQ_EMPTY(&looks->list)) {
        timer_start(looks->timer, (looks->ready_us - now_us + 999) / 1000, 0);
    }
}

static void index_told(struct read *read, enum error error)
{
    struct look *look =
        (struct look *)((char *)read - offsetof(struct look, read));
    struct sessions *hub = look->errand.visit->hub;

    if (error != ERROR_NONE) {
        errand_refuse(&look->errand, XCCOS_CODE_BUSY,
                      "the pool has no leader now, try again");
    } else if (hub->looks.n >= LOOKS_WAITING_MAX) {
        errand_refuse(&look->errand, XCCOS_CODE_BUSY,
                      "too many searches at once, try again");
    } else {
        TAILQ_INSERT_TAIL(&hub->looks.list, look, link);
        hub->looks.n += 1;
        run_due(hub);
    }
}

void looks_init(struct sessions *hub)
{
    TAILQ_INIT(&hub->looks.list);
    hub->looks.timer = timer_new(hub->settings.loop, run_due, hub);
    CHECK(hub->looks.timer != NULL);
}

void looks_deinit(struct sessions *hub)
{
    timer_free(hub->looks.timer);
}

void *look_begin(struct visit *visit, size_t size,
                 const struct xccos_primitive *primitive, look_taken *take)
{
    struct look *look = errand_begin(visit, size, primitive);

    CHECK(size >= sizeof(*look));
    if (look != NULL) {
        look->take = take;
    }
    return look;
}

void look_ask(struct look *look)
{
    look->read.tell = index_told;
    if (reads_ask(look->errand.visit->hub->reads, &look->read) != ERROR_NONE) {
        errand_refuse(&look->errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
    }
}
