#include "raft/replica/submit.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

static struct proposal **slot_of(struct submit *submit, uint64_t number)
{
    return &submit->ring[number % REPLICA_PROPOSALS_MAX];
}

static void submit_check(const struct submit *submit)
{
    CHECK(submit->first <= submit->send && submit->send <= submit->sent &&
          submit->sent <= submit->next);
    CHECK(submit->next - submit->first <= REPLICA_PROPOSALS_MAX);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void submit_init(struct submit *submit)
{
    memset(submit, 0, sizeof(*submit));
}

/* Drop all below a number. */
static void drop_until(struct submit *submit, uint64_t number)
{
    for (; submit->first < number; submit->first++) {
        free(*slot_of(submit, submit->first));
        *slot_of(submit, submit->first) = NULL;
    }
}

void submit_deinit(struct submit *submit)
{
    drop_until(submit, submit->next);
}

static void begin_epoch(struct submit *submit, uint64_t epoch, uint64_t number)
{
    drop_until(submit, submit->next);
    *submit = (struct submit){.epoch = epoch,
                              .first = number,
                              .next = number,
                              .send = number,
                              .sent = number,
                              .committed = number == 0 ? 0 : number - 1};
}

void submit_take(struct submit *submit, struct proposal *proposal)
{
    if (proposal->epoch != submit->epoch || proposal->epoch == 0) {
        begin_epoch(submit, proposal->epoch, proposal->number);
    }
    CHECK(proposal->number == submit->next);
    *slot_of(submit, submit->next) = proposal;
    submit->next++;
    submit_check(submit);
}

size_t submit_unsent(const struct submit *submit)
{
    return (size_t)(submit->next - submit->send);
}

void submit_answered(struct submit *submit, uint64_t number)
{
    CHECK(number < submit->next); /* Letters keep the owner's order. */
    if (submit->first == submit->next || number < submit->first) {
        return;
    }
    drop_until(submit, number + 1);
    submit->send = larger(submit->send, submit->first);
    submit->sent = larger(submit->sent, submit->first);
    submit->committed = larger(submit->committed, number);
    submit_check(submit);
}

bool submit_withdraw(struct submit *submit, struct proposal *instead)
{
    uint64_t number = instead->number;

    if (instead->epoch != submit->epoch || number < submit->sent ||
        number >= submit->next) {
        free(instead);
        return false;
    }
    free(*slot_of(submit, number));
    *slot_of(submit, number) = instead;
    return true;
}

bool submit_committed(struct submit *submit, uint64_t epoch, uint64_t number,
                      uint64_t now_us)
{
    if (epoch != submit->epoch || epoch == 0 || number <= submit->committed ||
        number >= submit->next) {
        return false;
    }
    if (number == submit->committed + 1) {
        submit->committed = number;
        /* It may have come by way of an earlier leader. */
        submit->send = larger(submit->send, number + 1);
        submit->sent = larger(submit->sent, submit->send);
        submit_check(submit);
        return false;
    }
    if (now_us < submit->gap_until_us) {
        return false;
    }
    submit->gap_until_us = now_us + SUBMIT_GAP_MS * 1000;
    return submit_restart(submit);
}

bool submit_restart(struct submit *submit)
{
    uint64_t from = larger(submit->first, submit->committed + 1);

    if (submit->epoch == 0) {
        from = submit->first;
    }
    if (from < submit->send) {
        submit->send = from;
    }
    submit_check(submit);
    return submit->send < submit->sent;
}

void submit_refused(struct submit *submit, uint64_t epoch, uint64_t number)
{
    if (epoch == submit->epoch && number < submit->send) {
        submit->send = larger(number, submit->first);
        submit_check(submit);
    }
}

struct proposal *submit_peek(struct submit *submit, size_t n)
{
    if (n >= submit->next - submit->send) {
        return NULL;
    }
    return *slot_of(submit, submit->send + n);
}

void submit_mark_sent(struct submit *submit, size_t n)
{
    submit->send += n;
    submit->sent = larger(submit->sent, submit->send);
    submit_check(submit);
}

size_t submit_waiting(const struct submit *submit)
{
    return submit->next - submit->first;
}
