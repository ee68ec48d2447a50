#include "node/chat/changes.h"

#include <stdlib.h>

#include "proto/base/check.h"

static int change_compare(const struct change *a, const struct change *b)
{
    return row_compare(&a->key, &b->key);
}

TREE_GENERATE(change_tree, change, link, change_compare)

void changes_init(struct changes *changes)
{
    RB_INIT(&changes->tree);
    changes->spare = NULL;
    changes->n = 0;
}

static struct change *change_new(struct changes *changes)
{
    struct change *change = changes->spare;

    if (change == NULL) {
        change = malloc(sizeof(*change));
        CHECK(change != NULL);
        return change;
    }
    changes->spare = change->next;
    return change;
}

static void change_spare(struct changes *changes, struct change *change)
{
    change->next = changes->spare;
    changes->spare = change;
}

void changes_deinit(struct changes *changes)
{
    struct change *change;

    changes_forget(changes);
    while ((change = changes->spare) != NULL) {
        changes->spare = change->next;
        free(change);
    }
}

void changes_mark(struct changes *changes, enum row_kind kind, uint64_t a,
                  uint64_t b, uint64_t c)
{
    struct change *change = change_new(changes);

    change->key = (struct row_key){kind, {a, b, c}};
    if (RB_INSERT(change_tree, &changes->tree, change) != NULL) {
        change_spare(changes, change); /* It is marked already. */
        return;
    }
    changes->n += 1;
}

bool changes_take(struct changes *changes, struct row_key *key_out)
{
    struct change *change = RB_MIN(change_tree, &changes->tree);

    if (change == NULL) {
        return false;
    }
    CHECK(changes->n > 0);
    *key_out = change->key;
    RB_REMOVE(change_tree, &changes->tree, change);
    change_spare(changes, change);
    changes->n -= 1;
    return true;
}

void changes_forget(struct changes *changes)
{
    struct row_key key;

    while (changes_take(changes, &key)) {
        continue;
    }
}
