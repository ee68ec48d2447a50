#include "tests/unit/row_store.h"

#include <stdlib.h>

#include "node/chat/machine.h"
#include "proto/base/check.h"
#include "proto/base/tree.h"

struct row {
    RB_ENTRY(row) link;
    struct row_key key;
    size_t len;
    uint8_t value[];
};

RB_HEAD(row_tree, row);

struct row_store {
    struct row_tree tree;
    size_t n;
};

static int compare(const struct row *a, const struct row *b)
{
    return row_compare(&a->key, &b->key);
}

TREE_GENERATE(row_tree, row, link, compare)

struct row_store *row_store_new(void)
{
    struct row_store *store = calloc(1, sizeof(*store));

    CHECK(store != NULL);
    return store;
}

static void drop(struct row_store *store, struct row *row)
{
    RB_REMOVE(row_tree, &store->tree, row);
    store->n -= 1;
    free(row);
}

void row_store_free(struct row_store *store)
{
    if (store == NULL) {
        return;
    }
    while (!RB_EMPTY(&store->tree)) {
        drop(store, RB_ROOT(&store->tree));
    }
    free(store);
}

void row_store_take(void *context, const struct row_key *key,
                    const struct slice *value)
{
    struct row_store *store = context;
    struct row find = {.key = *key};
    struct row *row = RB_FIND(row_tree, &store->tree, &find);

    if (row != NULL) {
        drop(store, row);
    }
    if (value == NULL) {
        return;
    }
    row = malloc(sizeof(*row) + value->len);
    CHECK(row != NULL);
    row->key = *key;
    row->len = value->len;
    if (value->len > 0) {
        memcpy(row->value, value->data, value->len);
    }
    CHECK(RB_INSERT(row_tree, &store->tree, row) == NULL);
    store->n += 1;
}

void row_store_each(const struct row_store *store, row_sink *sink,
                    void *context)
{
    struct row_tree tree = store->tree;
    struct row *row;

    RB_FOREACH (row, row_tree, &tree) {
        struct slice value = {row->value, row->len};

        sink(context, &row->key, &value);
    }
}

size_t row_store_count(const struct row_store *store)
{
    return store->n;
}

struct loading {
    struct machine *machine;
    enum error error;
};

static void load(void *context, const struct row_key *key,
                 const struct slice *value)
{
    struct loading *loading = context;

    if (loading->error == ERROR_NONE) {
        loading->error = machine_load(loading->machine, key, *value);
    }
}

struct machine *row_store_machine(const struct row_store *store,
                                  uint32_t rules_known, enum error *error_out)
{
    struct loading loading = {machine_new(rules_known), ERROR_NONE};

    row_store_each(store, load, &loading);
    if (loading.error == ERROR_NONE) {
        loading.error = machine_load_end(loading.machine);
    }
    *error_out = loading.error;
    if (loading.error != ERROR_NONE) {
        machine_free(loading.machine);
        return NULL;
    }
    return loading.machine;
}
