#include "tests/sim/truth.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "tests/sim/random.h"

/* What was applied first at an index. Command 0: no command, as far as the
 * nodes have shown. */
struct agreed {
    uint64_t command;
    uint64_t hash; /* Of a state that has applied up to here. */
};

struct truth {
    struct agreed *agreed; /* By index. */
    size_t n, capacity;
    uint64_t *index_of; /* By command; 0: not applied yet. */
    size_t commands, commands_capacity;
    unsigned *leader_of; /* By term; 0: nobody, else node + 1. */
    size_t terms;
    uint64_t acknowledged, acknowledged_index;
    uint64_t elections;
    struct violation violation;
};

struct truth *truth_new(void)
{
    struct truth *truth = calloc(1, sizeof(*truth));

    CHECK(truth != NULL);
    truth->capacity = 1024;
    truth->agreed = calloc(truth->capacity, sizeof(*truth->agreed));
    truth->n = 1; /* Index 0: the empty state. */
    truth->commands_capacity = 1024;
    truth->index_of = calloc(truth->commands_capacity, sizeof(uint64_t));
    CHECK(truth->agreed != NULL && truth->index_of != NULL);
    truth->commands = 1; /* Command 0 is none. */
    return truth;
}

void truth_free(struct truth *truth)
{
    if (truth == NULL) {
        return;
    }
    free(truth->agreed);
    free(truth->index_of);
    free(truth->leader_of);
    free(truth);
}

void truth_break(struct truth *truth, const char *kind, const char *format, ...)
{
    va_list arguments;

    if (truth->violation.kind != NULL) {
        return;
    }
    truth->violation.kind = kind;
    va_start(arguments, format);
    vsnprintf(truth->violation.text, sizeof(truth->violation.text), format,
              arguments);
    va_end(arguments);
}

const struct violation *truth_violation(const struct truth *truth)
{
    return &truth->violation;
}

uint64_t truth_new_command(struct truth *truth)
{
    if (truth->commands == truth->commands_capacity) {
        truth->commands_capacity *= 2;
        truth->index_of = realloc(truth->index_of,
                                  truth->commands_capacity * sizeof(uint64_t));
        CHECK(truth->index_of != NULL);
    }
    truth->index_of[truth->commands] = 0;
    return truth->commands++;
}

/* Indexes without a command leave the state as it is. */
static void grow_to(struct truth *truth, uint64_t index)
{
    if (index + 1 > truth->capacity) {
        truth->capacity = (size_t)(index + 1) * 2;
        truth->agreed =
            realloc(truth->agreed, truth->capacity * sizeof(*truth->agreed));
        CHECK(truth->agreed != NULL);
    }
    while (truth->n <= index) {
        truth->agreed[truth->n] =
            (struct agreed){0, truth->agreed[truth->n - 1].hash};
        truth->n++;
    }
}

static uint64_t hash_on(uint64_t hash, uint64_t index, uint64_t command)
{
    return random_mix(random_mix(hash ^ index) ^ command);
}

static bool first_at(struct truth *truth, uint64_t index, uint64_t command)
{
    if (index < truth->n) {
        return false;
    }
    grow_to(truth, index);
    truth->agreed[index].command = command;
    truth->agreed[index].hash =
        hash_on(truth->agreed[index - 1].hash, index, command);
    if (command >= truth->commands || truth->index_of[command] != 0) {
        truth_break(truth, "twice",
                    "command %" PRIu64 " at %" PRIu64 " and %" PRIu64, command,
                    index,
                    command < truth->commands ? truth->index_of[command] : 0);
        return true;
    }
    truth->index_of[command] = index;
    return true;
}

void truth_apply(struct truth *truth, unsigned node, uint64_t index,
                 uint64_t command, struct state *state)
{
    if (!first_at(truth, index, command) &&
        truth->agreed[index].command != command) {
        truth_break(truth, "diverged",
                    "node %u applies %" PRIu64 " at %" PRIu64
                    ", others %" PRIu64,
                    node, command, index, truth->agreed[index].command);
    }
    if (index <= state->applied_index) {
        return;
    }
    state->applied_index = index;
    state->hash = hash_on(state->hash, index, command);
    if (state->hash != truth->agreed[index].hash) {
        truth_break(truth, "diverged",
                    "node %u has another history at %" PRIu64, node, index);
    }
}

void truth_restore(struct truth *truth, unsigned node,
                   const struct state *state)
{
    if (state->applied_index >= truth->n ||
        truth->agreed[state->applied_index].hash != state->hash) {
        truth_break(truth, "diverged",
                    "node %u restores another history at %" PRIu64, node,
                    state->applied_index);
    }
}

void truth_acknowledge(struct truth *truth, uint64_t command, uint64_t index)
{
    if (truth->index_of[command] != index) {
        truth_break(truth, "lost",
                    "command %" PRIu64 " acknowledged at %" PRIu64
                    " is at %" PRIu64,
                    command, index, truth->index_of[command]);
    }
    truth->acknowledged++;
    if (index > truth->acknowledged_index) {
        truth->acknowledged_index = index;
    }
}

uint64_t truth_acknowledged(const struct truth *truth)
{
    return truth->acknowledged;
}

uint64_t truth_acknowledged_index(const struct truth *truth)
{
    return truth->acknowledged_index;
}

void truth_read(struct truth *truth, unsigned node, uint64_t needs_index,
                const struct state *state)
{
    if (state->applied_index < needs_index) {
        truth_break(truth, "stale",
                    "node %u reads at %" PRIu64 ", acknowledged was %" PRIu64,
                    node, state->applied_index, needs_index);
    }
}

void truth_leader(struct truth *truth, unsigned node, uint64_t term)
{
    if (term >= truth->terms) {
        size_t terms = (size_t)term * 2 + 16;

        truth->leader_of =
            realloc(truth->leader_of, terms * sizeof(*truth->leader_of));
        CHECK(truth->leader_of != NULL);
        while (truth->terms < terms) {
            truth->leader_of[truth->terms++] = 0;
        }
    }
    if (truth->leader_of[term] != 0 && truth->leader_of[term] != node + 1) {
        truth_break(truth, "two_leaders", "nodes %u and %u lead term %" PRIu64,
                    truth->leader_of[term] - 1, node, term);
    }
    truth->leader_of[term] = node + 1;
    truth->elections++;
}

uint64_t truth_elections(const struct truth *truth)
{
    return truth->elections;
}

void truth_check_end(struct truth *truth, unsigned node,
                     const struct state *state)
{
    if (state->applied_index < truth->acknowledged_index) {
        truth_break(truth, "behind",
                    "node %u has applied %" PRIu64 " of %" PRIu64, node,
                    state->applied_index, truth->acknowledged_index);
        return;
    }
    truth_restore(truth, node, state);
}
