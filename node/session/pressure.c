#include "node/session/pressure.h"

#include <inttypes.h>
#include <string.h>

#include "proto/base/journal.h"

void pressure_init(struct pressure *pressure)
{
    memset(pressure, 0, sizeof(*pressure));
}

void pressure_intake(struct pressure *pressure, uint64_t waited_us)
{
    if (waited_us > pressure->worst.intake_us) {
        pressure->worst.intake_us = waited_us;
    }
}

void pressure_commit(struct pressure *pressure, uint64_t asked_us,
                     uint64_t now_us)
{
    uint64_t since_us = asked_us > pressure->leader_since_us
                            ? asked_us
                            : pressure->leader_since_us;
    uint64_t took_us = now_us > since_us ? now_us - since_us : 0;

    if (took_us > pressure->worst.commit_us) {
        pressure->worst.commit_us = took_us;
    }
}

/* Whether any measure is above its limit divided by so much. */
static bool is_above(const struct pressure_measures *worst, unsigned part)
{
    return worst->intake_us > PRESSURE_INTAKE_US_MAX / part ||
           worst->commit_us > PRESSURE_COMMIT_US_MAX / part ||
           worst->lag > PRESSURE_LAG_MAX / part ||
           worst->waiting > PRESSURE_WAITING_MAX / part ||
           worst->backlog > PRESSURE_BACKLOG_MAX / part;
}

static void move(struct pressure *pressure, enum load load)
{
    const struct pressure_measures *worst = &pressure->worst;

    if (pressure->load == load) {
        return;
    }
    pressure->load = load;
    journal_notice(load == LOAD_OPEN ? "load_eased" : "load_high",
                   "intake_us=%" PRIu64 " commit_us=%" PRIu64 " lag=%" PRIu64
                   " waiting=%zu backlog=%zu",
                   worst->intake_us, worst->commit_us, worst->lag,
                   worst->waiting, worst->backlog);
}

void pressure_elected(struct pressure *pressure, uint64_t now_us)
{
    pressure->leader_since_us = now_us;
    pressure->worst.commit_us = 0;
    if (pressure->late_alone) {
        move(pressure, LOAD_OPEN);
    }
}

static void close_to_new(struct pressure *pressure)
{
    struct pressure_measures others = pressure->worst;

    others.commit_us = 0;
    pressure->late_alone =
        !is_above(&others, 1) &&
        (pressure->load == LOAD_OPEN || pressure->late_alone);
    move(pressure, LOAD_CLOSED_TO_NEW);
}

void pressure_judge(struct pressure *pressure, uint64_t now_us,
                    const struct pressure_measures *measures)
{
    struct pressure_measures *worst = &pressure->worst;

    worst->lag = measures->lag;
    worst->waiting = measures->waiting;
    worst->backlog = measures->backlog;
    if (is_above(worst, 1)) {
        close_to_new(pressure);
    }
    if (is_above(worst, 2)) {
        pressure->calm_since_us = 0;
    } else if (pressure->calm_since_us == 0) {
        pressure->calm_since_us = now_us;
    }
    if (pressure->calm_since_us != 0 &&
        now_us - pressure->calm_since_us >= PRESSURE_CALM_MS * 1000ull) {
        move(pressure, LOAD_OPEN);
    }
    memset(worst, 0, sizeof(*worst));
}
