/* Random commands against the machine and its naive twin, compared after every
 * one; every so often the machine is made anew from the rows it has written.
 *
 *   model [--commands N] [--seed S] [--seconds T]
 *
 * Prints what was tried, or the seed, the step and what differs; exit 1 then.
 * One pool lives for a few thousand commands; its seed alone repeats it:
 * model --seed S --commands 1.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/chat/rows.h"
#include "proto/base/check.h"
#include "tests/model/compare.h"
#include "tests/model/script.h"
#include "tests/unit/row_store.h"
#include "tests/unit/said_book.h"

enum {
    POOL_COMMANDS_MAX = 12000, /* Of one pool. Some live past the ring of
                                  outcomes, most do not. */
    RULES_KNOWN = 4,
    LONG_RUN = 1000000,
};

struct pool {
    uint64_t seed;
    uint64_t step;
    struct machine *machine;
    struct twin *twin;
    struct script script;
    struct effects effects;
    struct row_store *store;
    struct said_book *book;
    struct arena *arena, *read;
    struct buffer bytes;
};

struct tally {
    uint64_t commands, pools, restarts;
    uint64_t outcomes[OUTCOMES];
    uint64_t events[EVENT_KINDS];
};

static void pool_init(struct pool *pool, uint64_t seed)
{
    memset(pool, 0, sizeof(*pool));
    pool->seed = seed;
    pool->machine = machine_new(RULES_KNOWN);
    pool->twin = malloc(sizeof(*pool->twin));
    CHECK(pool->twin != NULL);
    twin_init(pool->twin, RULES_KNOWN);
    script_init(&pool->script, seed);
    effects_init(&pool->effects);
    pool->store = row_store_new();
    pool->book = said_book_new();
    pool->arena = arena_new(16384);
    pool->read = arena_new(16384);
    buffer_init(&pool->bytes);
}

static void pool_deinit(struct pool *pool)
{
    machine_free(pool->machine);
    free(pool->twin);
    effects_deinit(&pool->effects);
    row_store_free(pool->store);
    said_book_free(pool->book);
    arena_free(pool->arena);
    arena_free(pool->read);
    buffer_deinit(&pool->bytes);
}

static bool differs(const struct pool *pool, const struct script_entry *made,
                    const char *what)
{
    printf("seed %" PRIu64 " step %" PRIu64 " kind %s: differs: %s\n",
           pool->seed, pool->step,
           made->command == NULL ? "(none)"
                                 : command_kind_name(made->command->kind_case),
           what);
    return true;
}

/* The command as the log would give it back. */
static const Perch__Command *through_bytes(struct pool *pool,
                                           Perch__Command *command)
{
    Perch__Command *read = NULL;

    if (command == NULL) {
        return NULL;
    }
    buffer_clear(&pool->bytes);
    command_write(command, &pool->bytes);
    arena_reset(pool->read);
    CHECK(command_read(pool->read, buffer_slice(&pool->bytes), &read) ==
          ERROR_NONE);
    return read;
}

/* Make the machine anew from what the store holds. */
static const char *restart(struct pool *pool)
{
    uint64_t hash;
    struct machine *again;
    enum error error;

    machine_write_changes(pool->machine, row_store_take, pool->store);
    hash = machine_hash(pool->machine);
    again = row_store_machine(pool->store, RULES_KNOWN, &error);
    if (again == NULL) {
        return error_text(error);
    }
    machine_free(pool->machine);
    pool->machine = again;
    return machine_hash(again) == hash ? NULL : "the hash after a restart";
}

static bool is_administrators(const Perch__Command *command)
{
    return command != NULL && machine_is_administrators(command);
}

/* What is judged beforehand is what is then applied, and judging leaves no
 * trace, which takes long to see and is looked for now and then. */
static const char *judge(const struct pool *pool, const Perch__Command *command,
                         const struct applied_entry *entry,
                         struct applied *judged)
{
    bool look = pool->step % 16 == 0;
    uint64_t hash = look ? machine_hash(pool->machine) : 0;
    size_t changes = machine_changes(pool->machine);

    *judged = machine_judge(pool->machine, command, entry);
    if (machine_changes(pool->machine) != changes) {
        return "the changes after judging";
    }
    return !look || machine_hash(pool->machine) == hash
               ? NULL
               : "the hash after judging";
}

/* Of the entry, not of the command: the machine never came to decide. */
static bool was_turned_away(enum outcome outcome)
{
    return outcome == OUTCOME_NODE_NOT_STARTED ||
           outcome == OUTCOME_EPOCH_STALE || outcome == OUTCOME_DUPLICATE ||
           outcome == OUTCOME_NUMBER_GAP;
}

static bool is_as_judged(struct applied ours, struct applied judged)
{
    if (ours.outcome == OUTCOME_OWNER_BUSY) {
        return judged.outcome == OUTCOME_DONE; /* It depends on the moment. */
    }
    return ours.outcome == judged.outcome &&
           (ours.outcome == OUTCOME_DONE || ours.value == judged.value);
}

/* Returns whether something differs. */
static bool step(struct pool *pool, struct tally *tally, bool *over)
{
    struct script_entry made;
    const Perch__Command *command;
    struct applied ours, theirs, judged;
    const char *difference = NULL;

    arena_reset(pool->arena);
    made = script_next(&pool->script, pool->twin, pool->arena);
    command = through_bytes(pool, made.command);
    made.entry.bytes = buffer_slice(&pool->bytes);
    made.entry.facts =
        said_book_facts(pool->book, pool->machine, command, pool->arena);
    if (is_administrators(command)) {
        difference = judge(pool, command, &made.entry, &judged);
    }
    ours = machine_apply(pool->machine, &made.entry, command, &pool->effects);
    said_book_take(pool->book, &pool->effects);
    theirs = twin_apply(pool->twin, &made.entry, command);
    twin_grow(pool->twin, &pool->effects);
    tally->outcomes[ours.outcome] += 1;
    if (ours.outcome != theirs.outcome) {
        printf("%s, the twin says %s\n", outcome_name(ours.outcome),
               outcome_name(theirs.outcome));
        return differs(pool, &made, "outcome");
    }
    if (ours.value != theirs.value) {
        return differs(pool, &made, "value");
    }
    if (difference == NULL && is_administrators(command) &&
        !was_turned_away(ours.outcome) && !is_as_judged(ours, judged)) {
        difference = "what was judged beforehand";
    }
    if (difference == NULL) {
        difference = compare_effects(&pool->effects, pool->twin);
    }
    if (difference == NULL) {
        difference = compare_records(pool->machine, &pool->effects, pool->twin,
                                     buffer_slice(&pool->bytes));
    }
    if (difference == NULL) {
        difference = compare_state(pool->machine, pool->twin);
    }
    if (difference == NULL) {
        difference = compare_archive(pool->machine, pool->twin);
    }
    for (size_t i = 0; i < pool->effects.n_events; i++) {
        tally->events[pool->effects.events[i].kind] += 1;
    }
    if (difference == NULL && script_below(&pool->script, 8) == 0) {
        machine_write_changes(pool->machine, row_store_take, pool->store);
    }
    if (difference == NULL && script_below(&pool->script, 500) == 0) {
        tally->restarts += 1;
        difference = restart(pool);
    }
    *over = ours.outcome == OUTCOME_STOP_NODE;
    return difference != NULL && differs(pool, &made, difference);
}

/* One pool from its seed. Returns whether something differs. */
static bool play(uint64_t seed, struct tally *tally)
{
    struct pool pool;
    bool over = false, bad = false;
    uint64_t steps;

    pool_init(&pool, seed);
    steps = 1 + script_below(&pool.script, POOL_COMMANDS_MAX);
    while (pool.step < steps && !over && !bad) {
        pool.step += 1;
        bad = step(&pool, tally, &over);
    }
    tally->commands += pool.step;
    tally->pools += 1;
    pool_deinit(&pool);
    return bad;
}

static void print_tally(const struct tally *tally, double seconds)
{
    printf("%" PRIu64 " commands in %" PRIu64 " pools, %" PRIu64
           " restarts, %.1f s, no difference\n",
           tally->commands, tally->pools, tally->restarts, seconds);
    for (int i = 0; i < OUTCOMES; i++) {
        printf("%10" PRIu64 " %s\n", tally->outcomes[i],
               outcome_name((enum outcome)i));
    }
}

/* Limits that a pool of the model is too small for: it has 80 places, and the
 * script's people 8 items each; a room with more than 100 messages to purge
 * comes once in a million commands. test_attention.c and test_retention.c come
 * to them. What is shown, files and canaries change nothing but the archive,
 * and are no part of the script: test_disclosure.c. */
static bool is_out_of_reach(enum outcome outcome)
{
    return outcome == OUTCOME_PUBLICATIONS_FULL ||
           outcome == OUTCOME_READS_FULL || outcome == OUTCOME_PURGE_TOO_MANY ||
           outcome == OUTCOME_READING_INVALID ||
           outcome == OUTCOME_FILE_INVALID ||
           outcome == OUTCOME_CANARY_INVALID || outcome == OUTCOME_FILES_OFF ||
           outcome == OUTCOME_FILE_TOO_LARGE;
}

/* A rule that random commands never came to was not tested by them. Only a
 * long run comes to all. */
static bool is_covered(const struct tally *tally)
{
    bool covered = true;

    for (int i = 0; i < OUTCOMES; i++) {
        if (tally->outcomes[i] == 0 && !is_out_of_reach((enum outcome)i)) {
            printf("no command came to %s\n", outcome_name((enum outcome)i));
            covered = false;
        }
    }
    for (int i = 0; i < EVENT_KINDS; i++) {
        if (tally->events[i] == 0) {
            printf("no command gave an event of kind %d\n", i);
            covered = false;
        }
    }
    return covered;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    uint64_t commands = 1200000, seed = 1;
    double started = seconds_now(), limit = 3600;
    struct tally tally = {0};

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--commands") == 0) {
            commands = strtoull(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = strtoull(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--seconds") == 0) {
            limit = strtod(argv[i + 1], NULL);
        }
    }
    while (tally.commands < commands && seconds_now() - started < limit) {
        if (play(seed++, &tally)) {
            return 1;
        }
    }
    print_tally(&tally, seconds_now() - started);
    return commands < LONG_RUN || is_covered(&tally) ? 0 : 1;
}
