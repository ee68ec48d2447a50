#include "node/session/looking.h"

#include "node/session/hub.h"
#include "proto/base/check.h"

static void wait(struct looks *looks, struct look *look)
{
    TAILQ_INSERT_TAIL(&looks->list, look, link);
    looks->n += 1;
}

static void run(struct look *look)
{
    struct sessions *hub = look->errand.visit->hub;

    TAILQ_REMOVE(&hub->looks.list, look, link);
    hub->looks.n -= 1;
    look->began_us = loop_now_us(hub->settings.loop);
    look->steps = 0;
    if (!caller_is_served(look->errand.visit->caller)) {
        errand_end(&look->errand); /* Nobody would read the answer. */
    } else if (!look->take(look)) {
        wait(&hub->looks, look); /* Behind those who have waited longer. */
    }
}

/* What was used is followed by LOOK_REST times as much for others; up to
 * LOOK_BURST_US may be saved, so that one search alone need not rest. */
static void charge(struct looks *looks, uint64_t began_us, uint64_t now_us)
{
    const uint64_t saved_us = (uint64_t)LOOK_BURST_US * (1 + LOOK_REST);
    uint64_t least_us = began_us > saved_us ? began_us - saved_us : 0;

    looks->ready_us = looks->ready_us > least_us ? looks->ready_us : least_us;
    looks->ready_us += (now_us - began_us) * (1 + LOOK_REST);
}

/* Looks take turns of a slice of time all together, and let the loop do what
 * else there is in between. */
static void run_due(void *context)
{
    struct sessions *hub = context;
    struct looks *looks = &hub->looks;
    struct loop *loop = hub->settings.loop;
    uint64_t began_us = loop_now_us(loop), now_us = began_us;
    uint64_t rest_ms;

    while (!TAILQ_EMPTY(&looks->list) && looks->ready_us <= now_us &&
           now_us - began_us < LOOK_SLICE_US) {
        uint64_t before_us = now_us;

        run(TAILQ_FIRST(&looks->list));
        now_us = loop_now_us(loop);
        charge(looks, before_us, now_us);
    }
    if (!TAILQ_EMPTY(&looks->list)) {
        rest_ms = looks->ready_us > now_us
                      ? (looks->ready_us - now_us + 999) / 1000
                      : 0;
        timer_start(looks->timer, rest_ms, 0);
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
        if (hub->looks.n == 1) { /* Else the next turn is set. */
            run_due(hub);
        }
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
