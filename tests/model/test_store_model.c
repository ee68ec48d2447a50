#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/checkpoint.h"
#include "tests/unit/store_fixture.h"

/* Random work on a store beside a naive twin that remembers the rows of every
 * index. Built twice; memtables are small, so that both stores also flush by
 * themselves. */

enum {
    TABLES = 3,
    KEYS = 40,
    STEPS = 700,
    VIEWS = 3,
    NO_ROW = -1,
};

static const enum table tables[TABLES] = {TABLE_ROOMS, TABLE_MESSAGES,
                                          TABLE_ENDPOINTS};

/* The rows of one index: a number stands for a value. */
struct rows {
    int value[TABLES][KEYS];
};

struct model {
    struct store_fixture *f;
    struct store_options options;
    uint64_t seed;
    struct rows *at; /* By index. */
    struct view *views[VIEWS];
    unsigned crashes, checkpoints, looks;
};

static unsigned pick(struct model *model, unsigned n)
{
    model->seed = model->seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(model->seed >> 33) % n;
}

static struct slice key_of(char text[16], int key)
{
    snprintf(text, 16, "key%02d", key);
    return slice_of_text(text);
}

/* Long values and short ones, an empty one too; all different in length or
 * first bytes. */
static struct slice value_of(char text[2100], int value)
{
    int bytes = value % 17 == 0 ? 0 : value * 37 % 2000 + 10;

    memset(text, 'a' + value % 26, 2100);
    snprintf(text, 11, "%010d", value);
    return slice_of(text, (size_t)bytes);
}

/* Check a range of the store against the rows of an index. */
static void range_compare(struct view *view, const struct rows *rows, int table,
                          int from, int to, bool backward)
{
    char lower[16], upper[16], text[16], value[2100];
    struct range range = {key_of(lower, from), key_of(upper, to), backward};
    struct cursor *cursor;
    struct row row;

    assert_int_equal(cursor_open(view, tables[table], range, &cursor),
                     ERROR_NONE);
    for (int i = from; i < to; i++) {
        int key = backward ? to - 1 - (i - from) : i;

        if (rows->value[table][key] == NO_ROW) {
            continue;
        }
        assert_int_equal(cursor_next(cursor, &row), ERROR_NONE);
        assert_true(slice_equal(row.key, key_of(text, key)));
        assert_true(
            slice_equal(row.value, value_of(value, rows->value[table][key])));
    }
    assert_int_equal(cursor_next(cursor, &row), ERROR_NOT_FOUND);
    cursor_close(cursor);
}

static void view_compare(struct model *model, struct view *view)
{
    const struct rows *rows = &model->at[view_applied(view)];

    for (int table = 0; table < TABLES; table++) {
        int from = (int)pick(model, KEYS), to = (int)pick(model, KEYS);

        range_compare(view, rows, table, 0, KEYS, pick(model, 2) == 0);
        if (from < to) {
            range_compare(view, rows, table, from, to, pick(model, 2) == 0);
        }
    }
}

static void store_compare(struct model *model, struct store *store)
{
    struct view *view;

    assert_int_equal(view_open(store, &view), ERROR_NONE);
    assert_int_equal(view_applied(view), store_applied(store));
    view_compare(model, view);
    view_close(view);
}

static void step_commit(struct model *model)
{
    struct store_fixture *f = model->f;
    struct rows *rows = &model->at[f->index + 1];
    char text[16], value[2100];

    *rows = model->at[f->index];
    for (unsigned n = pick(model, 12); n > 0; n--) {
        int table = (int)pick(model, TABLES), key = (int)pick(model, KEYS);

        if (pick(model, 3) == 0) {
            rows->value[table][key] = NO_ROW;
            batch_delete(f->batch, tables[table], key_of(text, key));
        } else {
            rows->value[table][key] = (int)pick(model, 100000);
            batch_put(f->batch, tables[table], key_of(text, key),
                      value_of(value, rows->value[table][key]));
        }
    }
    fixture_commit(f);
}

static void step_view(struct model *model)
{
    unsigned i = pick(model, VIEWS);

    if (model->views[i] == NULL) {
        assert_int_equal(view_open(model->f->store, &model->views[i]),
                         ERROR_NONE);
        assert_int_equal(view_applied(model->views[i]), model->f->index);
    } else {
        view_compare(model, model->views[i]);
        view_close(model->views[i]);
        model->views[i] = NULL;
    }
    model->looks += 1;
}

static void views_close(struct model *model)
{
    for (unsigned i = 0; i < VIEWS; i++) {
        view_close(model->views[i]);
        model->views[i] = NULL;
    }
}

static void reopen(struct model *model, uint64_t at_least)
{
    struct store_fixture *f = model->f;

    assert_int_equal(store_open(f->path, &model->options, &f->store),
                     ERROR_NONE);
    assert_in_range(store_applied(f->store), at_least, f->index);
    f->index = store_applied(f->store);
    assert_int_equal(store_flushed(f->store), f->index);
    store_compare(model, f->store);
}

/* A crash leaves exactly the rows of some index, not below what was called
 * flushed. */
static void step_crash(struct model *model)
{
    uint64_t flushed = store_flushed(model->f->store);

    views_close(model);
    store_abandon(model->f->store);
    model->f->store = NULL;
    reopen(model, flushed);
    model->crashes += 1;
}

static void step_close(struct model *model)
{
    views_close(model);
    assert_int_equal(store_close(model->f->store), ERROR_NONE);
    model->f->store = NULL;
    reopen(model, model->f->index);
}

static void step_checkpoint(struct model *model)
{
    struct store_fixture *f = model->f;
    struct store *copy;
    uint64_t index;

    assert_int_equal(store_checkpoint(f->store, f->other, &index), ERROR_NONE);
    assert_int_equal(index, f->index);
    assert_int_equal(checkpoint_verify(f->other), ERROR_NONE);
    assert_int_equal(store_open(f->other, &model->options, &copy), ERROR_NONE);
    store_compare(model, copy);
    store_abandon(copy);
    assert_int_equal(files_remove(f->other), ERROR_NONE);
    model->checkpoints += 1;
}

static void step(struct model *model)
{
    unsigned die = pick(model, 200);

    if (die < 3) {
        step_crash(model);
    } else if (die < 5) {
        step_close(model);
    } else if (die < 7) {
        step_checkpoint(model);
    } else if (die < 12) {
        assert_int_equal(store_flush(model->f->store, pick(model, STEPS)),
                         ERROR_NONE);
    } else if (die < 30) {
        step_view(model);
    } else {
        step_commit(model);
    }
}

static void seed_run(struct model *model, uint64_t seed)
{
    void *fixture = NULL;

    model->seed = seed;
    store_fixture_setup(&fixture);
    model->f = fixture;
    store_abandon(model->f->store);
    model->f->store = NULL;
    memset(model->at[0].value, NO_ROW, sizeof(model->at[0].value));
    reopen(model, 0);
    for (int i = 0; i < STEPS; i++) {
        step(model);
    }
    step_crash(model);
    store_fixture_teardown(&fixture);
}

/* Whatever mixture of puts, deletions, commits, flushes, views, checkpoints,
 * crashes and closings: every read at an index gives that index's rows. */
static void test_store__agrees_with_a_naive_twin(void **state)
{
    struct model model = {
        .options = {.memtable_bytes = 1 << 20, .cache_bytes = 1 << 20}};

    (void)state;
    model.at = calloc(STEPS + 1, sizeof(*model.at));
    assert_non_null(model.at);
    for (uint64_t seed = 1; seed <= MODEL_SEEDS; seed++) {
        seed_run(&model, seed);
    }
    assert_true(model.crashes > 10 && model.checkpoints > 10 &&
                model.looks > 100);
    free(model.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_store__agrees_with_a_naive_twin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
