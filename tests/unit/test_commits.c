/* Committed entries on their way to the owner. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "raft/replica/commits.h"
#include "tests/unit/fake_loop.h"

struct scene {
    struct loop *loop;
    struct letters *owner;
    struct commits *commits;
};

static void ignore(void *context, struct letter_list *list)
{
    (void)context;
    memo_free_all(list);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->loop = fake_loop_new(1);
    scene->owner = letters_new(scene->loop, 1, ignore, scene);
    scene->commits = commits_new(scene->owner, 100);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    struct letter_list left = STAILQ_HEAD_INITIALIZER(left);

    commits_free(scene->commits);
    letters_close(scene->owner, &left);
    memo_free_all(&left);
    letters_free(scene->owner);
    fake_loop_free(scene->loop);
    free(scene);
    return 0;
}

static void commit(struct scene *scene, uint64_t from, uint64_t to)
{
    for (uint64_t index = from; index <= to; index++) {
        commits_entry(scene->commits, index, 3, SLICE_LITERAL("12345678"));
    }
}

/* Letters that wait for the owner; takes them. */
static size_t sent(struct scene *scene, struct letter_list *list)
{
    size_t n = letters_waiting(scene->owner);

    STAILQ_INIT(list);
    letters_close(scene->owner, list);
    return n;
}

/* One turn's entries go in one batch; what the owner has is left out. */
static void test_commits__sends_what_is_new(void **state)
{
    struct scene *scene = *state;
    struct letter_list list;
    struct commit_batch *batch;

    commit(scene, 99, 103);
    assert_int_equal(letters_waiting(scene->owner), 0);
    commits_flush(scene->commits);
    commits_flush(scene->commits);
    assert_int_equal(sent(scene, &list), 1);
    batch = (struct commit_batch *)STAILQ_FIRST(&list);
    assert_int_equal(batch->n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(batch->entries[i].index, 101 + i);
        assert_int_equal(batch->entries[i].term, 3);
        assert_slice_text(batch->entries[i].bytes, "12345678");
    }
    memo_free_all(&list);
    assert_int_equal(commits_given(scene->commits), 103);
}

/* A batch is bounded, in entries and in bytes. */
static void test_commits__bounds_its_batches(void **state)
{
    struct scene *scene = *state;
    static uint8_t large[COMMIT_BATCH_BYTES_MAX / 2 + 8];

    commit(scene, 101, 100 + 2 * COMMIT_BATCH_ENTRIES_MAX + 1);
    assert_int_equal(letters_waiting(scene->owner), 2);
    for (uint64_t i = 0; i < 3; i++) {
        commits_entry(scene->commits, 9000 + i, 3,
                      slice_of(large, sizeof(large)));
    }
    assert_int_equal(letters_waiting(scene->owner), 4);
    commits_flush(scene->commits);
    assert_int_equal(letters_waiting(scene->owner), 5);
}

/* While another state comes nothing is sent; afterwards only what it lacks. */
static void test_commits_hold__keeps_back(void **state)
{
    struct scene *scene = *state;
    struct letter_list list;
    struct commit_batch *batch;

    commit(scene, 101, 105);
    commits_hold(scene->commits, 200);
    assert_int_equal(letters_waiting(scene->owner), 1);
    assert_int_equal(commits_given(scene->commits), 200);
    commit(scene, 199, 203);
    commits_flush(scene->commits);
    assert_int_equal(letters_waiting(scene->owner), 1);
    commits_release(scene->commits);
    assert_int_equal(sent(scene, &list), 2);
    batch = (struct commit_batch *)STAILQ_NEXT(STAILQ_FIRST(&list), link);
    assert_int_equal(batch->n, 3);
    assert_int_equal(batch->entries[0].index, 201);
    memo_free_all(&list);
}

/* An owner is behind when it has too many entries, or bytes, to apply. */
static void test_commits_is_behind__counts_what_is_not_applied(void **state)
{
    struct scene *scene = *state;
    static uint8_t large[COMMIT_BATCH_BYTES_MAX];
    uint64_t last = 100 + REPLICA_APPLY_LAG_MAX, index = last + 1;

    commit(scene, 101, last);
    commits_flush(scene->commits);
    assert_false(commits_is_behind(scene->commits));
    commit(scene, last + 1, last + 1);
    assert_true(commits_is_behind(scene->commits));
    commits_flush(scene->commits);
    commits_applied(scene->commits, last + 1);
    assert_int_equal(commits_lag(scene->commits), 0);
    while (!commits_is_behind(scene->commits)) {
        commits_entry(scene->commits, ++index, 3,
                      slice_of(large, sizeof(large)));
        commits_flush(scene->commits);
    }
    assert_int_equal(commits_lag(scene->commits),
                     COMMITS_BYTES_MAX / sizeof(large) + 1);
    commits_applied(scene->commits, index - 1);
    assert_false(commits_is_behind(scene->commits));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_commits__sends_what_is_new, set_up, tear_down),
        RUN_IN(test_commits__bounds_its_batches, set_up, tear_down),
        RUN_IN(test_commits_hold__keeps_back, set_up, tear_down),
        RUN_IN(test_commits_is_behind__counts_what_is_not_applied, set_up,
               tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
