#include "raft/replica/commits.h"

#include <stdlib.h>

#include "proto/base/check.h"

/* A batch that the owner has and has not wholly applied. */
struct given {
    STAILQ_ENTRY(given) link;
    uint64_t last_index;
    size_t n, bytes;
};

struct commits {
    struct letters *owner;
    struct commit_batch *batch; /* Being filled; NULL: nothing to send. */
    struct letter_list held;
    bool holding;
    uint64_t given_index; /* Of the last entry gathered. */
    uint64_t applied_index;
    STAILQ_HEAD(, given) unapplied;
    size_t n_unapplied, bytes_unapplied;
};

struct commits *commits_new(struct letters *owner, uint64_t from_index)
{
    struct commits *commits = calloc(1, sizeof(*commits));

    if (commits == NULL) {
        return NULL;
    }
    commits->owner = owner;
    commits->given_index = from_index;
    commits->applied_index = from_index;
    STAILQ_INIT(&commits->held);
    STAILQ_INIT(&commits->unapplied);
    return commits;
}

static void forget_first(struct commits *commits)
{
    struct given *given = STAILQ_FIRST(&commits->unapplied);

    STAILQ_REMOVE_HEAD(&commits->unapplied, link);
    commits->n_unapplied -= given->n;
    commits->bytes_unapplied -= given->bytes;
    free(given);
}

void commits_free(struct commits *commits)
{
    if (commits == NULL) {
        return;
    }
    if (commits->batch != NULL) {
        memo_free(&commits->batch->letter);
    }
    memo_free_all(&commits->held);
    while (!STAILQ_EMPTY(&commits->unapplied)) {
        forget_first(commits);
    }
    free(commits);
}

static struct commit_batch *batch_new(void)
{
    struct commit_batch *batch = malloc(sizeof(*batch));

    CHECK(batch != NULL);
    batch->letter.kind = MEMO_COMMITTED;
    batch->n = 0;
    buffer_init(&batch->bytes);
    return batch;
}

void commits_entry(struct commits *commits, uint64_t index, uint64_t term,
                   struct slice bytes)
{
    struct commit_batch *batch = commits->batch;

    if (index <= commits->given_index) {
        return; /* The owner's state holds it. */
    }
    if (batch != NULL &&
        (batch->n == COMMIT_BATCH_ENTRIES_MAX ||
         batch->bytes.len + bytes.len > COMMIT_BATCH_BYTES_MAX)) {
        commits_flush(commits);
        batch = NULL;
    }
    if (batch == NULL) {
        batch = commits->batch = batch_new();
    }
    batch->starts[batch->n] = batch->bytes.len;
    batch->entries[batch->n] =
        (struct replica_entry){index, term, slice_of(NULL, bytes.len)};
    buffer_append_slice(&batch->bytes, bytes);
    CHECK(!buffer_failed(&batch->bytes));
    batch->n++;
    commits->given_index = index;
}

/* The bytes move no more: say where they are. */
static void close_batch(struct commit_batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        batch->entries[i].bytes.data = batch->bytes.data + batch->starts[i];
    }
}

static void watch(struct commits *commits, const struct commit_batch *batch)
{
    struct given *given = malloc(sizeof(*given));

    CHECK(given != NULL);
    *given = (struct given){.last_index = batch->entries[batch->n - 1].index,
                            .n = batch->n,
                            .bytes = batch->bytes.len};
    STAILQ_INSERT_TAIL(&commits->unapplied, given, link);
    commits->n_unapplied += given->n;
    commits->bytes_unapplied += given->bytes;
}

/* The owner is bounded by is_behind, not by its queue. When that is closed,
 * nobody needs the letter. */
static void hand_over(struct commits *commits, struct letter *letter)
{
    if (letters_send_reply(commits->owner, letter) != ERROR_NONE) {
        memo_free(letter);
    }
}

void commits_flush(struct commits *commits)
{
    struct commit_batch *batch = commits->batch;

    if (batch == NULL) {
        return;
    }
    commits->batch = NULL;
    close_batch(batch);
    watch(commits, batch);
    if (commits->holding) {
        STAILQ_INSERT_TAIL(&commits->held, &batch->letter, link);
    } else {
        hand_over(commits, &batch->letter);
    }
}

void commits_hold(struct commits *commits, uint64_t index)
{
    commits_flush(commits);
    commits->holding = true;
    if (index > commits->given_index) {
        commits->given_index = index;
    }
}

void commits_release(struct commits *commits)
{
    struct letter *letter;

    commits->holding = false;
    while ((letter = STAILQ_FIRST(&commits->held)) != NULL) {
        STAILQ_REMOVE_HEAD(&commits->held, link);
        hand_over(commits, letter);
    }
}

void commits_applied(struct commits *commits, uint64_t index)
{
    struct given *given;

    if (index > commits->applied_index) {
        commits->applied_index = index;
    }
    while ((given = STAILQ_FIRST(&commits->unapplied)) != NULL &&
           given->last_index <= index) {
        forget_first(commits);
    }
}

uint64_t commits_given(const struct commits *commits)
{
    return commits->given_index;
}

uint64_t commits_lag(const struct commits *commits)
{
    return commits->n_unapplied +
           (commits->batch == NULL ? 0 : commits->batch->n);
}

bool commits_is_behind(const struct commits *commits)
{
    return commits_lag(commits) > REPLICA_APPLY_LAG_MAX ||
           commits->bytes_unapplied > COMMITS_BYTES_MAX;
}
