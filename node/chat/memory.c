#include "node/chat/memory.h"

#include <stdlib.h>

#include "proto/base/check.h"

static const enum row_kind rows[MEMORIES] = {
    [MEMORY_RETRY] = ROW_RETRY,
    [MEMORY_ENDPOINT] = ROW_ENDPOINT,
};

static struct slice id_of(const struct memo *memo)
{
    return slice_of(memo->id, memo->id_len);
}

static int compare_ids(const struct memo *a, const struct memo *b)
{
    return slice_compare(id_of(a), id_of(b));
}

static int compare_numbers(const struct memo *a, const struct memo *b)
{
    return (a->number > b->number) - (a->number < b->number);
}

TREE_GENERATE(memo_ids, memo, in_user, compare_ids)
TREE_GENERATE(memo_ages, memo, by_age, compare_numbers)

static int64_t window_us(const struct machine *machine, enum memory_kind kind)
{
    if (kind == MEMORY_RETRY) {
        return machine->settings[SETTING_RETRY_WINDOW_S] * INT64_C(1000000);
    }
    return ENDPOINT_MEMORY_S * INT64_C(1000000);
}

static uint64_t count_max(const struct machine *machine, enum memory_kind kind)
{
    return machine->settings[kind == MEMORY_RETRY ? SETTING_RETRIES_MAX
                                                  : SETTING_ENDPOINTS_MAX];
}

static bool is_over(const struct machine *machine, enum memory_kind kind,
                    const struct memo *memo, int64_t now_us)
{
    return now_us - memo->at_us > window_us(machine, kind);
}

/* Whether the window is over or not. */
static struct memo *find(const struct user *user, enum memory_kind kind,
                         struct slice id)
{
    struct memo *memo = RB_ROOT(&user->memos[kind]);

    while (memo != NULL) {
        int order = slice_compare(id, id_of(memo));

        if (order == 0) {
            return memo;
        }
        memo = order < 0 ? RB_LEFT(memo, in_user) : RB_RIGHT(memo, in_user);
    }
    return NULL;
}

struct memo *memory_find(const struct machine *machine, enum memory_kind kind,
                         const struct user *user, struct slice id,
                         int64_t now_us)
{
    struct memo *memo = find(user, kind, id);

    return memo == NULL || is_over(machine, kind, memo, now_us) ? NULL : memo;
}

static void drop(struct machine *machine, enum memory_kind kind,
                 struct memo *memo)
{
    CHECK(machine->counts[rows[kind]] > 0);
    RB_REMOVE(memo_ids, &memo->user->memos[kind], memo);
    RB_REMOVE(memo_ages, &machine->memories[kind].by_age, memo);
    machine->counts[rows[kind]] -= 1;
    free(memo);
}

static void forget(struct machine *machine, enum memory_kind kind,
                   struct memo *memo)
{
    changes_mark(&machine->changes, rows[kind], memo->number, 0, 0);
    drop(machine, kind, memo);
}

struct memo *memory_load(struct machine *machine, enum memory_kind kind,
                         uint64_t number, struct user *user, struct slice id)
{
    struct memo *memo = calloc(1, sizeof(*memo) + id.len);

    CHECK(memo != NULL);
    memcpy(memo->id, id.data, id.len);
    memo->id_len = (uint32_t)id.len;
    memo->number = number;
    memo->user = user;
    if (RB_INSERT(memo_ids, &user->memos[kind], memo) != NULL) {
        free(memo);
        return NULL;
    }
    if (RB_INSERT(memo_ages, &machine->memories[kind].by_age, memo) != NULL) {
        RB_REMOVE(memo_ids, &user->memos[kind], memo);
        free(memo);
        return NULL;
    }
    machine->counts[rows[kind]] += 1;
    return memo;
}

struct memo *memory_add(struct turn *turn, enum memory_kind kind,
                        struct user *user, struct slice id)
{
    struct machine *machine = turn->machine;
    struct memory *memory = &machine->memories[kind];
    struct memo *memo = find(user, kind, id);

    if (memo != NULL) {
        forget(machine, kind, memo);
    } else if (machine->counts[rows[kind]] >= count_max(machine, kind)) {
        forget(machine, kind, RB_MIN(memo_ages, &memory->by_age));
    }
    /* Numbers rise, so the order of numbers is the order of age, before and
     * after a restart. */
    memory->number_last += 1;
    memo = memory_load(machine, kind, memory->number_last, user, id);
    CHECK(memo != NULL);
    memo->at_us = turn->sent_at_us;
    changes_mark(&machine->changes, rows[kind], memo->number, 0, 0);
    return memo;
}

static void expire(struct machine *machine, enum memory_kind kind,
                   int64_t now_us)
{
    for (int i = 0; i < EXPIRIES_PER_ENTRY_MAX; i++) {
        struct memo *oldest =
            RB_MIN(memo_ages, &machine->memories[kind].by_age);

        if (oldest == NULL ||
            (!is_over(machine, kind, oldest, now_us) &&
             machine->counts[rows[kind]] <= count_max(machine, kind))) {
            return;
        }
        forget(machine, kind, oldest);
    }
}

void memory_expire(struct machine *machine, int64_t now_us)
{
    for (int kind = 0; kind < MEMORIES; kind++) {
        expire(machine, (enum memory_kind)kind, now_us);
    }
}

void memory_forget(struct machine *machine, struct user *user)
{
    for (int kind = 0; kind < MEMORIES; kind++) {
        while (!RB_EMPTY(&user->memos[kind])) {
            forget(machine, (enum memory_kind)kind,
                   RB_MIN(memo_ids, &user->memos[kind]));
        }
    }
}

struct memo *memory_numbered(const struct machine *machine,
                             enum memory_kind kind, uint64_t number)
{
    struct memo *memo = RB_ROOT(&machine->memories[kind].by_age);

    while (memo != NULL && memo->number != number) {
        memo = number < memo->number ? RB_LEFT(memo, by_age)
                                     : RB_RIGHT(memo, by_age);
    }
    return memo;
}

struct memo *memory_next(const struct machine *machine, enum memory_kind kind,
                         const struct memo *after)
{
    struct memo_ages tree = machine->memories[kind].by_age;

    if (after == NULL) {
        return RB_MIN(memo_ages, &tree);
    }
    return RB_NEXT(memo_ages, &tree, (struct memo *)(uintptr_t)after);
}

void memory_deinit(struct machine *machine)
{
    for (int kind = 0; kind < MEMORIES; kind++) {
        struct memo_ages *tree = &machine->memories[kind].by_age;

        while (!RB_EMPTY(tree)) {
            drop(machine, (enum memory_kind)kind, RB_MIN(memo_ages, tree));
        }
    }
}
