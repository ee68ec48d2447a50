#include "node/session/looking.h"

#include "node/session/hub.h"
#include "proto/base/check.h"

static void wait(struct looks *looks, struct look *look)
{
    TAILQ_INSERT_TAIL(&looks->list, look, link);
    looks->n += 1;
}

/* A turn may take a while of the loop in a large pool: so much time, and
 * LOOK_REST times as much, passes before the next. */
static void run(struct sessions *hub, struct look *look)
{
    struct looks *looks = &hub->looks;
    uint64_t began_us = loop_now_us(hub->settings.loop), now_us;

    TAILQ_REMOVE(&looks->list, look, link);
    looks->n -= 1;
    look->began_us = began_us;
    look->steps = 0;
    if (!caller_is_served(look->errand.visit->caller)) {
        errand_end(&look->errand); /* Nobody would read the answer. */
    } else if (!look->take(look)) {
        wait(looks, look); /* Behind those who have waited longer. */
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
        wait(&hub->looks, look);
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

bool look_may_go_on(struct look *look)
{
    struct loop *loop = look->errand.visit->hub->settings.loop;

    look->steps += 1;
    return look->steps % LOOK_STEPS != 0 ||
           loop_now_us(loop) - look->began_us < LOOK_SLICE_US;
}

void look_ask(struct look *look)
{
    look->read.tell = index_told;
    if (reads_ask(look->errand.visit->hub->reads, &look->read) != ERROR_NONE) {
        errand_refuse(&look->errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
    }
}
