#include "node/web/health.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

/* What a fact is called, and what it must be for the node to be ready. */
static const struct {
    const char *name;
    bool matters, wanted;
    const char *fault;
} health_facts[HEALTH_FACTS] = {
    [HEALTH_APPLYING] = {"applying", true, true,
                         "the node is loading its state"},
    [HEALTH_CAUGHT_UP] = {"caught_up", true, true,
                          "the node is behind the pool"},
    [HEALTH_LEADER_KNOWN] = {"leader_known", true, true,
                             "no leader is known, posts cannot commit"},
    [HEALTH_LISTENING] = {"listening", true, true,
                          "clients are not served: the pool has no domain "
                          "(perchctl pool set domain NAME)"},
    [HEALTH_DRAINING] = {"draining", true, false, "the node is being drained"},
    [HEALTH_DISK_LOW] = {"disk_low", true, false,
                         "free disk is below the floor"},
    [HEALTH_NO_MEMBER] = {"no_member", true, false,
                          "the node is no member of the pool, and an operator "
                          "must let it in (perchctl nodes replace NODE)"},
    [HEALTH_LEADER] = {"leader", false, false, ""},
};

struct watched {
    bool used;
    char name[HEALTH_LOOP_NAME_BYTES];
    _Atomic uint64_t turned_us;
};

struct health {
    _Atomic unsigned facts; /* Set of 1u << fact. */
    pthread_mutex_t lock;   /* Guards loops but for turned_us. */
    struct watched loops[HEALTH_LOOPS_MAX];
};

struct pulse {
    struct health *health;
    struct loop *loop;
    struct timer *timer;
    struct watched *watched;
};

struct health *health_new(void)
{
    struct health *health = calloc(1, sizeof(*health));

    if (health != NULL) {
        CHECK(pthread_mutex_init(&health->lock, NULL) == 0);
    }
    return health;
}

void health_free(struct health *health)
{
    if (health == NULL) {
        return;
    }
    for (size_t i = 0; i < HEALTH_LOOPS_MAX; i++) {
        CHECK(!health->loops[i].used);
    }
    pthread_mutex_destroy(&health->lock);
    free(health);
}

void health_set(struct health *health, enum health_fact fact, bool value)
{
    CHECK(fact < HEALTH_FACTS);
    if (value) {
        atomic_fetch_or(&health->facts, 1u << fact);
    } else {
        atomic_fetch_and(&health->facts, ~(1u << fact));
    }
}

bool health_is(const struct health *health, enum health_fact fact)
{
    CHECK(fact < HEALTH_FACTS);
    return (atomic_load(&health->facts) & 1u << fact) != 0;
}

const char *health_fact_name(enum health_fact fact)
{
    CHECK(fact < HEALTH_FACTS);
    return health_facts[fact].name;
}

const char *health_fault_text(enum health_fact fact)
{
    CHECK(fact < HEALTH_FACTS);
    return health_facts[fact].fault;
}

/* Add one loop to the report. The pulse may be later than now_us. */
static void judge_loop(struct watched *watched, uint64_t now_us,
                       struct health_report *report)
{
    uint64_t turned_us = atomic_load(&watched->turned_us);
    size_t i = report->loops_n;

    memcpy(report->loops[i].name, watched->name, HEALTH_LOOP_NAME_BYTES);
    report->loops[i].silent_ms =
        now_us > turned_us ? (now_us - turned_us) / 1000 : 0;
    report->loops[i].hung = report->loops[i].silent_ms > HEALTH_SILENCE_MS_MAX;
    report->alive = report->alive && !report->loops[i].hung;
    report->loops_n++;
}

void health_judge(struct health *health, uint64_t now_us,
                  struct health_report *report_out)
{
    unsigned facts = atomic_load(&health->facts);

    memset(report_out, 0, sizeof(*report_out));
    report_out->alive = true;
    pthread_mutex_lock(&health->lock);
    for (size_t i = 0; i < HEALTH_LOOPS_MAX; i++) {
        if (health->loops[i].used) {
            judge_loop(&health->loops[i], now_us, report_out);
        }
    }
    pthread_mutex_unlock(&health->lock);

    report_out->ready = report_out->alive;
    for (unsigned i = 0; i < HEALTH_FACTS; i++) {
        bool value = (facts & 1u << i) != 0;

        report_out->facts[i] = value;
        report_out->faults[i] =
            health_facts[i].matters && value != health_facts[i].wanted;
        report_out->ready = report_out->ready && !report_out->faults[i];
    }
}

static void on_pulse(void *context)
{
    struct pulse *pulse = context;

    atomic_store(&pulse->watched->turned_us, loop_now_us(pulse->loop));
}

/* Take a free place under the lock, filled before judging can see it. */
static struct watched *watch(struct health *health, const char *name,
                             uint64_t now_us)
{
    struct watched *free_place = NULL;

    pthread_mutex_lock(&health->lock);
    for (size_t i = 0; i < HEALTH_LOOPS_MAX && free_place == NULL; i++) {
        if (!health->loops[i].used) {
            free_place = &health->loops[i];
        }
    }
    CHECK(free_place != NULL);
    free_place->used = true;
    snprintf(free_place->name, sizeof(free_place->name), "%s", name);
    atomic_store(&free_place->turned_us, now_us);
    pthread_mutex_unlock(&health->lock);
    return free_place;
}

struct pulse *pulse_new(struct health *health, struct loop *loop,
                        const char *name)
{
    struct pulse *pulse = calloc(1, sizeof(*pulse));

    if (pulse == NULL) {
        return NULL;
    }
    pulse->timer = timer_new(loop, on_pulse, pulse);
    if (pulse->timer == NULL) {
        free(pulse);
        return NULL;
    }
    pulse->health = health;
    pulse->loop = loop;
    pulse->watched = watch(health, name, loop_now_us(loop));
    timer_start(pulse->timer, HEALTH_PULSE_MS, HEALTH_PULSE_MS);
    return pulse;
}

void pulse_free(struct pulse *pulse)
{
    if (pulse == NULL) {
        return;
    }
    timer_free(pulse->timer);
    pthread_mutex_lock(&pulse->health->lock);
    pulse->watched->used = false;
    pthread_mutex_unlock(&pulse->health->lock);
    free(pulse);
}
