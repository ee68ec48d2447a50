#include "node/session/visit.h"

#include <string.h>

#include "node/session/hub.h"
#include "proto/base/check.h"
#include "proto/xccos/reply.h"

struct visit *visit_begin(struct caller *caller, struct intake *intake)
{
    struct visit *visit = arena_alloc(intake->arena, sizeof(*visit));

    if (visit == NULL) {
        return NULL;
    }
    visit->hub = caller->hub;
    visit->intake = intake;
    visit->caller = caller;
    visit->errands = 1;
    caller_hold(caller);
    TAILQ_INSERT_TAIL(&visit->hub->visits, visit, link);
    return visit;
}

static void visit_free(struct visit *visit)
{
    TAILQ_REMOVE(visit->waits ? &visit->hub->waiting : &visit->hub->visits,
                 visit, link);
    caller_release(visit->caller);
    intake_free(visit->intake); /* And with it the visit. */
}

static void end_one(struct visit *visit)
{
    CHECK(visit->errands > 0);
    visit->errands -= 1;
    if (visit->errands == 0) {
        visit_free(visit);
    }
}

void visit_read(struct visit *visit)
{
    end_one(visit);
}

uint64_t visits_overdue(struct sessions *hub)
{
    uint64_t now_us = loop_now_us(hub->settings.loop);
    struct visit *visit;

    TAILQ_FOREACH (visit, &hub->waiting, link) {
        if (now_us - visit->since_us < VISIT_PATIENCE_MS * 1000ull) {
            break;
        }
        caller_cut(visit->caller, "not_committed");
    }
    visit = TAILQ_FIRST(&hub->waiting);
    return visit == NULL ? now_us : visit->since_us;
}

void visits_deinit(struct sessions *hub)
{
    struct visit *visit;

    while ((visit = TAILQ_FIRST(&hub->visits)) != NULL ||
           (visit = TAILQ_FIRST(&hub->waiting)) != NULL) {
        visit_free(visit);
    }
}

void *errand_begin(struct visit *visit, size_t size,
                   const struct xccos_primitive *primitive)
{
    struct errand *errand = arena_alloc(visit->intake->arena, size);

    CHECK(size >= sizeof(*errand));
    if (errand == NULL) {
        caller_cut(visit->caller, "no_memory");
        return NULL;
    }
    errand->visit = visit;
    errand->primitive = primitive;
    visit->errands += 1;
    return errand;
}

void errand_waits(struct errand *errand)
{
    struct visit *visit = errand->visit;

    if (!visit->waits) {
        TAILQ_REMOVE(&visit->hub->visits, visit, link);
        TAILQ_INSERT_TAIL(&visit->hub->waiting, visit, link);
        visit->waits = true;
        visit->since_us = loop_now_us(visit->hub->settings.loop);
    }
}

void errand_end(struct errand *errand)
{
    end_one(errand->visit);
}

void errand_reply_init(const struct errand *errand,
                       struct xccos_primitive *reply)
{
    xccos_reply_init(reply, errand->visit->intake->request.envelope,
                     errand->primitive);
}

void errand_reply_body(struct errand *errand, struct body *body,
                       uint64_t log_index)
{
    struct visit *visit = errand->visit;

    meter_add(&visit->hub->meters.requests, 1);
    caller_give(visit->caller, body, log_index);
    body_release(body);
    errand_end(errand);
}

void errand_reply(struct errand *errand, const struct xccos_primitive *reply,
                  uint64_t log_index)
{
    struct visit *visit = errand->visit;

    errand_reply_body(
        errand,
        caller_is_served(visit->caller) ? hub_write(visit->hub, reply) : NULL,
        log_index);
}

void errand_refuse(struct errand *errand, enum xccos_code code, const char *why)
{
    struct visit *visit = errand->visit;
    struct xccos_primitive reply;

    meter_add(&visit->hub->meters.refused, 1);
    errand_reply_init(errand, &reply);
    if (xccos_reply_refuse(&reply, visit->intake->arena, code,
                           slice_of_text(why)) != XCCOS_ERROR_NONE) {
        caller_cut(visit->caller, "no_memory");
    }
    errand_reply(errand, &reply, 0);
}

/* Find the XCCOS code whose number and token a rule's refusal has. */
static enum xccos_code code_of(enum outcome outcome)
{
    const char *token = outcome_token(outcome);
    unsigned number = (unsigned)outcome_code(outcome);
    enum xccos_code code = XCCOS_CODE_OK;

    while (code < XCCOS_CODE_COUNT &&
           (xccos_code_number(code) != number ||
            strcmp(xccos_code_token(code), token) != 0)) {
        code += 1;
    }
    return code == XCCOS_CODE_COUNT ? XCCOS_CODE_SERVER : code;
}

void errand_refuse_outcome(struct errand *errand, enum outcome outcome)
{
    errand_refuse(errand, code_of(outcome), outcome_text(outcome));
}

void errand_refuse_acting(struct errand *errand, enum outcome outcome)
{
    enum outcome open_refusal = errand->visit->caller->open_refusal;

    if (outcome == OUTCOME_SESSION_UNKNOWN && open_refusal != OUTCOME_DONE) {
        outcome = open_refusal;
    }
    errand_refuse_outcome(errand, outcome);
}
