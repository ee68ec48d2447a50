#include "tests/sim/rows_sim.h"

#include <bsd/sys/tree.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

struct version {
    struct version *older;
    uint64_t index;
    bool deleted;
    size_t len;
    uint8_t value[];
};

struct node {
    RB_ENTRY(node) link;
    TAILQ_ENTRY(node) unsettled; /* Written since it was persisted. */
    bool is_unsettled;
    enum table table;
    struct version *newest;
    struct slice key; /* Of the bytes that follow, or borrowed for a search. */
};

RB_HEAD(tree, node);
TAILQ_HEAD(nodes, node);

struct rows {
    struct tree tree;
    struct nodes unsettled; /* With more than one version, or not persisted. */
    uint64_t persisted;
    LIST_HEAD(, rows_pin) pins;
};

static int node_compare(const struct node *a, const struct node *b)
{
    if (a->table != b->table) {
        return a->table < b->table ? -1 : 1;
    }
    return slice_compare(a->key, b->key);
}

/* RB_GENERATE_STATIC wants a macro that only BSD systems have. */
RB_GENERATE_INTERNAL(tree, node, link, node_compare,
                     __attribute__((unused)) static)

struct rows *rows_new(uint64_t index)
{
    struct rows *rows = calloc(1, sizeof(*rows));

    CHECK(rows != NULL);
    RB_INIT(&rows->tree);
    TAILQ_INIT(&rows->unsettled);
    LIST_INIT(&rows->pins);
    rows->persisted = index;
    return rows;
}

static void versions_free(struct version *version)
{
    while (version != NULL) {
        struct version *older = version->older;

        free(version);
        version = older;
    }
}

static void node_free(struct rows *rows, struct node *node)
{
    if (node->is_unsettled) {
        TAILQ_REMOVE(&rows->unsettled, node, unsettled);
    }
    RB_REMOVE(tree, &rows->tree, node);
    versions_free(node->newest);
    free(node);
}

void rows_free(struct rows *rows)
{
    struct node *node;

    while ((node = RB_ROOT(&rows->tree)) != NULL) {
        node_free(rows, node);
    }
    free(rows);
}

static struct node *node_find(struct rows *rows, enum table table,
                              struct slice key)
{
    struct node wanted = {.table = table, .key = key};

    return RB_FIND(tree, &rows->tree, &wanted);
}

static struct node *node_make(struct rows *rows, enum table table,
                              struct slice key)
{
    struct node *node = calloc(1, sizeof(*node) + key.len);

    CHECK(node != NULL);
    memcpy(node + 1, key.data, key.len);
    node->table = table;
    node->key = slice_of(node + 1, key.len);
    RB_INSERT(tree, &rows->tree, node);
    return node;
}

/* Does anyone look at a version that the next newer one follows? */
static bool is_needed(const struct rows *rows, const struct version *version,
                      uint64_t newer_index)
{
    const struct rows_pin *pin;

    if (version->index <= rows->persisted && rows->persisted < newer_index) {
        return true;
    }
    LIST_FOREACH (pin, &rows->pins, link) {
        if (version->index <= pin->index && pin->index < newer_index) {
            return true;
        }
    }
    return false;
}

/* Free what nobody looks at: versions, a row that is only deleted. A node with
 * one version that is persisted is settled. */
static void node_settle(struct rows *rows, struct node *node)
{
    struct version *newer = node->newest;

    while (newer->older != NULL) {
        struct version *version = newer->older;

        if (is_needed(rows, version, newer->index)) {
            newer = version;
        } else {
            newer->older = version->older;
            free(version);
        }
    }
    if (node->newest->older != NULL) {
        return;
    }
    if (node->newest->deleted) {
        node_free(rows, node);
    } else if (node->newest->index <= rows->persisted && node->is_unsettled) {
        TAILQ_REMOVE(&rows->unsettled, node, unsettled);
        node->is_unsettled = false;
    }
}

void rows_put(struct rows *rows, uint64_t index, enum table table,
              struct slice key, struct slice value, bool deleted)
{
    struct node *node = node_find(rows, table, key);
    struct version *version;

    if (deleted) {
        value = SLICE_NONE;
        if (node == NULL) {
            return;
        }
    }
    if (node == NULL) {
        node = node_make(rows, table, key);
    }
    version = malloc(sizeof(*version) + value.len);
    CHECK(version != NULL);
    *version = (struct version){node->newest, index, deleted, value.len};
    if (value.len > 0) {
        memcpy(version->value, value.data, value.len);
    }
    node->newest = version;
    if (!node->is_unsettled) {
        node->is_unsettled = true;
        TAILQ_INSERT_TAIL(&rows->unsettled, node, unsettled);
    }
    node_settle(rows, node);
}

/* The version that counts at an index; NULL when there is no row then. */
static const struct version *version_at(const struct node *node, uint64_t index)
{
    const struct version *version = node->newest;

    while (version != NULL && version->index > index) {
        version = version->older;
    }
    return version == NULL || version->deleted ? NULL : version;
}

bool rows_get(struct rows *rows, uint64_t index, enum table table,
              struct slice key, struct slice *value_out)
{
    const struct node *node = node_find(rows, table, key);
    const struct version *version =
        node == NULL ? NULL : version_at(node, index);

    if (version == NULL) {
        return false;
    }
    *value_out = slice_of(version->value, version->len);
    return true;
}

/* The first node at or after a key of a table, or of the next table. */
static struct node *node_from(struct rows *rows, enum table table,
                              struct slice key)
{
    struct node wanted = {.table = table, .key = key};

    return RB_NFIND(tree, &rows->tree, &wanted);
}

/* The last node of all before another; NULL stands for the end. */
static struct node *node_before(struct rows *rows, struct node *node)
{
    return node == NULL ? RB_MAX(tree, &rows->tree)
                        : RB_PREV(tree, &rows->tree, node);
}

/* Where a walk goes next, whether or not there is a row at the index. */
static struct node *node_next(struct rows *rows, enum table table,
                              const struct range *range,
                              const struct slice *after)
{
    struct node *node;

    if (range->backward && after != NULL) {
        return node_before(rows, node_from(rows, table, *after));
    }
    if (range->backward) {
        return node_before(rows, range->upper.len == 0
                                     ? node_from(rows, table + 1, SLICE_NONE)
                                     : node_from(rows, table, range->upper));
    }
    node = node_from(rows, table, after != NULL ? *after : range->lower);
    if (after != NULL && node != NULL && node->table == table &&
        slice_equal(node->key, *after)) {
        node = RB_NEXT(tree, &rows->tree, node);
    }
    return node;
}

static bool in_range(const struct node *node, enum table table,
                     const struct range *range)
{
    return node->table == table &&
           slice_compare(node->key, range->lower) >= 0 &&
           (range->upper.len == 0 ||
            slice_compare(node->key, range->upper) < 0);
}

bool rows_step(struct rows *rows, uint64_t index, enum table table,
               const struct range *range, const struct slice *after,
               struct row *row_out)
{
    struct node *node = node_next(rows, table, range, after);

    while (node != NULL && in_range(node, table, range)) {
        const struct version *version = version_at(node, index);

        if (version != NULL) {
            *row_out =
                (struct row){node->key, slice_of(version->value, version->len)};
            return true;
        }
        node = range->backward ? RB_PREV(tree, &rows->tree, node)
                               : RB_NEXT(tree, &rows->tree, node);
    }
    return false;
}

void rows_pin(struct rows *rows, struct rows_pin *pin)
{
    LIST_INSERT_HEAD(&rows->pins, pin, link);
}

void rows_unpin(struct rows_pin *pin)
{
    LIST_REMOVE(pin, link);
}

void rows_persist(struct rows *rows, uint64_t index)
{
    struct node *node, *next;

    CHECK(index >= rows->persisted);
    rows->persisted = index;
    TAILQ_FOREACH_SAFE (node, &rows->unsettled, unsettled, next) {
        node_settle(rows, node);
    }
}

void rows_crash(struct rows *rows)
{
    struct node *node, *next;

    LIST_INIT(&rows->pins);
    TAILQ_FOREACH_SAFE (node, &rows->unsettled, unsettled, next) {
        while (node->newest != NULL && node->newest->index > rows->persisted) {
            struct version *version = node->newest;

            node->newest = version->older;
            free(version);
        }
        if (node->newest == NULL) {
            node_free(rows, node);
        } else {
            node_settle(rows, node);
        }
    }
}
