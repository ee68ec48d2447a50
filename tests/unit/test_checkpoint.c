#include "tests/unit/test.h"

#include <string.h>

#include "node/chat/checkpoint.h"
#include "tests/unit/archive_fixture.h"

#define FINE PERCH__ARCHIVE_MARK__STATE__FINE

/* A mark is a node's own word and says what its files have; it cannot take it
 * back, nor have more than there is. */
static void test_archive_mark__rises(void **state)
{
    struct chat_fixture *f = *state;
    struct archive_node_view view;

    assert_outcome(archive_marked(f, 2, 4, FINE), DONE);
    assert_outcome(archive_marked(f, 2, 3, FINE), ARCHIVE_MARK_BACKWARD);
    assert_outcome(archive_marked(f, 2, 4, PERCH__ARCHIVE_MARK__STATE__FULL),
                   DONE);
    assert_outcome(archive_marked(f, 2, archive_seen(f).records + 1, FINE),
                   ARCHIVE_MARK_AHEAD);
    assert_outcome(archive_marked(f, 2, 4, (Perch__ArchiveMark__State)3),
                   ARCHIVE_STATE_INVALID);
    assert_true(archive_node(f->machine, 2, &view));
    assert_int_equal(view.records, 4);
    assert_int_equal(view.state, PERCH__ARCHIVE_MARK__STATE__FULL);
    assert_int_equal(f->effects.records.n, 0);
    assert_archive_reloads(f);
}

/* Who starts anew may have lost its files. */
static void test_archive_mark__again_after_a_start(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_marked(f, 2, 4, FINE), DONE);
    assert_outcome(fixture_start(f, 2), DONE);
    assert_outcome(archive_marked(f, 2, 1, FINE), DONE);
    assert_outcome(archive_marked(f, 2, 0, FINE), ARCHIVE_MARK_BACKWARD);
}

/* Marks, checkpoints and cosignatures are nodes' to say, and about an archive
 * that there is. */
static void test_archive_mark__refuses(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchiveMark mark = PERCH__ARCHIVE_MARK__INIT;

    assert_outcome(archive_marked(f, 1, 0, FINE), ARCHIVE_IS_OFF);
    assert_outcome(archive_begin(f), ARCHIVE_IS_OFF);
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_MARK;
    command.archive_mark = &mark;
    assert_outcome(fixture_administer(f, &command), NOT_A_NODE);
    CODEC_SET_BYTES(&command, administrator, SLICE_NONE);
    CODEC_SET(&command, user, fixture_text(ALICE));
    assert_outcome(fixture_apply(f, 1, &command), NOT_A_NODE);
    assert_no_trace(f);
}

/* A checkpoint is of all records there are; it makes none itself. */
static void test_checkpoint_begin__takes_the_tree(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t size = archive_seen(f).records;
    struct merkle_hash root, open;

    archive_root(f->machine, &root);
    assert_outcome(archive_begin(f), DONE);
    assert_int_equal(f->applied.value, size);
    assert_int_equal(fixture_event(f, EVENT_CHECKPOINT_BEGUN)->message_id,
                     size);
    assert_true(archive_seen(f).open.is);
    assert_int_equal(archive_seen(f).open.index, f->index);
    open = archive_seen(f).open.root;
    assert_true(merkle_equal(&open, &root));
    assert_int_equal(archive_seen(f).records, size);
    assert_archive_reloads(f);
}

/* One is under way at a time; when it gets no majority a newer one takes its
 * place, so that one that nobody answers holds nothing up. */
static void test_checkpoint_begin__gives_way(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t size = archive_seen(f).records;

    assert_outcome(archive_begin(f), DONE);
    assert_outcome(archive_cosign(f, 1, size, 1), DONE);
    assert_outcome(archive_say(f, "more"), DONE);
    archive_later(f, 2 * CHECKPOINT_PATIENCE - 4);
    assert_outcome(archive_begin(f), CHECKPOINT_OPEN);
    assert_outcome(archive_begin(f), DONE);
    assert_int_equal(archive_seen(f).open.size, size + 1);
    assert_int_equal(archive_seen(f).open.n, 0);
    assert_outcome(archive_cosign(f, 2, size, 2), CHECKPOINT_UNKNOWN);
}

/* With nothing new there is one each heartbeat, and not more. */
static void test_checkpoint_begin__heartbeat(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t size = archive_publish(f);

    assert_outcome(archive_begin(f), CHECKPOINT_CURRENT);
    assert_outcome(archive_say(f, "more"), DONE);
    assert_int_equal(archive_publish(f), size + 1);
    archive_later(f, 54);
    assert_outcome(archive_begin(f), CHECKPOINT_CURRENT);
    archive_later(f, 1);
    assert_outcome(archive_begin(f), DONE);
    assert_int_equal(archive_seen(f).published.cosignatures[0].time_s, 1001);
    assert_outcome(archive_cosign(f, 1, size + 1, 91), DONE);
    assert_true(archive_seen(f).open.is);
    assert_outcome(archive_cosign(f, 3, size + 1, 93), DONE);
    assert_false(archive_seen(f).open.is);
    assert_int_equal(archive_seen(f).published.cosignatures[0].time_s, 1091);
}

/* An archive without records has nothing to say. */
static void test_checkpoint_begin__refuses(void **state)
{
    struct chat_fixture *f = *state;

    assert_outcome(archive_key(f, 1, 0, 1), DONE);
    assert_outcome(archive_begin(f), ARCHIVE_IS_OFF);
    assert_no_trace(f);
}

/* It is published when a majority of the nodes with keys has cosigned it; who
 * comes later is added to it, by rising node. */
static void test_cosign__majority_publishes(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t size = archive_seen(f).records;
    struct checkpoint_view published;

    assert_outcome(archive_begin(f), DONE);
    assert_outcome(archive_cosign(f, 3, size, 3), DONE);
    assert_false(archive_seen(f).published.is);
    assert_outcome(archive_cosign(f, 3, size, 4), REPEATED);
    assert_outcome(archive_cosign(f, 1, size, 1), DONE);
    assert_int_equal(fixture_count(f, EVENT_CHECKPOINT_PUBLISHED), 1);
    assert_false(archive_seen(f).open.is);
    assert_outcome(archive_cosign(f, 2, size, 2), DONE);
    assert_int_equal(fixture_count(f, EVENT_CHECKPOINT_PUBLISHED), 0);
    assert_outcome(archive_cosign(f, 2, size, 2), REPEATED);
    published = archive_seen(f).published;
    assert_int_equal(published.size, size);
    assert_true(published.is_signed);
    assert_int_equal(published.log_signature[5], 0xee);
    assert_int_equal(published.n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(published.cosignatures[i].node, i + 1);
        assert_int_equal(published.cosignatures[i].time_s, 1001 + i);
        assert_int_equal(published.cosignatures[i].bytes[0], i + 1);
    }
    assert_archive_reloads(f);
}

/* The log's own signature may come from one node alone; without it nothing is
 * published. */
static void test_cosign__needs_the_log(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t size = archive_seen(f).records;
    Perch__Cosign cosign = PERCH__COSIGN__INIT;
    uint8_t signature[NOTE_SIGNATURE_BYTES] = {0};
    struct merkle_hash root;

    assert_outcome(archive_begin(f), DONE);
    root = archive_seen(f).open.root;
    CODEC_SET(&cosign, size, size);
    CODEC_SET_BYTES(&cosign, root, slice_of(root.bytes, sizeof(root.bytes)));
    CODEC_SET(&cosign, time_s, 1);
    CODEC_SET_BYTES(&cosign, cosignature,
                    slice_of(signature, sizeof(signature)));
    assert_outcome(archive_cosign_as(f, 1, &cosign), DONE);
    assert_outcome(archive_cosign_as(f, 2, &cosign), DONE);
    assert_false(archive_seen(f).published.is);
    assert_false(archive_seen(f).open.is_signed);
    assert_archive_reloads(f);
    assert_outcome(archive_cosign(f, 3, size, 3), DONE);
    assert_true(archive_seen(f).published.is);
    assert_int_equal(archive_seen(f).published.n, 3);
}

/* Whose root is another is named, and counts for nothing, until it is right
 * again. */
static void test_cosign__another_root(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t size = archive_seen(f).records;
    Perch__Cosign cosign = PERCH__COSIGN__INIT;
    uint8_t bytes[NOTE_SIGNATURE_BYTES] = {1};
    struct archive_node_view view;

    assert_outcome(archive_begin(f), DONE);
    CODEC_SET(&cosign, size, size);
    CODEC_SET_BYTES(&cosign, root, slice_of(bytes, MERKLE_HASH_BYTES));
    CODEC_SET_BYTES(&cosign, log_signature, slice_of(bytes, sizeof(bytes)));
    CODEC_SET(&cosign, time_s, 1);
    CODEC_SET_BYTES(&cosign, cosignature, slice_of(bytes, sizeof(bytes)));
    assert_outcome(archive_cosign_as(f, 2, &cosign), DONE);
    assert_int_equal(fixture_event(f, EVENT_NODE_DIVERGED)->session.node, 2);
    assert_int_equal(fixture_event(f, EVENT_NODE_DIVERGED)->message_id, size);
    assert_int_equal(archive_seen(f).open.n, 0);
    assert_true(archive_node(f->machine, 2, &view));
    assert_int_equal(view.diverged_size, size);
    assert_archive_reloads(f);

    assert_outcome(archive_cosign(f, 1, size, 1), DONE);
    assert_outcome(archive_cosign(f, 3, size, 3), DONE);
    assert_outcome(archive_cosign_as(f, 2, &cosign), DONE); /* Published. */
    assert_int_equal(fixture_count(f, EVENT_NODE_DIVERGED), 1);
    assert_outcome(archive_cosign(f, 2, size, 2), DONE);
    assert_true(archive_node(f->machine, 2, &view));
    assert_int_equal(view.diverged_size, 0);
}

/* In required mode a node with another root keeps nothing. */
static void test_cosign__diverged_is_not_fine(void **state)
{
    struct chat_fixture *f = *state;
    Perch__Cosign cosign = PERCH__COSIGN__INIT;
    uint8_t bytes[NOTE_SIGNATURE_BYTES] = {1};

    assert_outcome(archive_mode(f, PERCH__ARCHIVE_MODE__ARCHIVE_REQUIRED, NULL),
                   DONE);
    archive_all_marked(f);
    assert_outcome(archive_begin(f), DONE);
    CODEC_SET(&cosign, size, archive_seen(f).open.size);
    CODEC_SET_BYTES(&cosign, root, slice_of(bytes, MERKLE_HASH_BYTES));
    CODEC_SET(&cosign, time_s, 1);
    CODEC_SET_BYTES(&cosign, cosignature, slice_of(bytes, sizeof(bytes)));
    assert_outcome(archive_cosign_as(f, 1, &cosign), DONE);
    assert_outcome(archive_say(f, "two are right"), DONE);
    assert_outcome(archive_cosign_as(f, 2, &cosign), DONE);
    assert_outcome(archive_say(f, "one is right"), ARCHIVE_UNAVAILABLE);
}

/* What is no cosignature, of nobody, or of nothing is refused. */
static void test_cosign__refuses(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t size = archive_seen(f).records;
    uint8_t bytes[NOTE_SIGNATURE_BYTES] = {1};
    Perch__Cosign right = PERCH__COSIGN__INIT, wrong[5];

    assert_outcome(archive_cosign(f, 1, size, 1), CHECKPOINT_UNKNOWN);
    assert_outcome(archive_begin(f), DONE);
    CODEC_SET(&right, size, size);
    CODEC_SET_BYTES(&right, root, slice_of(bytes, MERKLE_HASH_BYTES));
    CODEC_SET_BYTES(&right, log_signature, slice_of(bytes, sizeof(bytes)));
    CODEC_SET(&right, time_s, 1);
    CODEC_SET_BYTES(&right, cosignature, slice_of(bytes, sizeof(bytes)));
    for (size_t i = 0; i < 5; i++) {
        wrong[i] = right;
    }
    wrong[0].size = 0;
    wrong[1].root.len -= 1;
    wrong[2].log_signature.len -= 1;
    wrong[3].time_s = 0;
    wrong[4].cosignature.len -= 1;
    for (size_t i = 0; i < 5; i++) {
        assert_outcome(archive_cosign_as(f, 1, &wrong[i]), COSIGNATURE_INVALID);
        assert_no_trace(f);
    }
    assert_outcome(archive_key(f, 0, 3, 0), DONE);
    assert_outcome(archive_cosign_as(f, 3, &right), COSIGNER_UNKNOWN);
    assert_no_trace(f);
}

/* When a key is taken away or changed, what was said under it is no more; and
 * fewer are then to agree. */
static void test_cosign__keys_change(void **state)
{
    struct chat_fixture *f = *state;
    uint64_t size = archive_seen(f).records;

    assert_outcome(archive_begin(f), DONE);
    assert_outcome(archive_cosign(f, 1, size, 1), DONE);
    assert_outcome(archive_key(f, 1, 1, 100), DONE);
    assert_int_equal(archive_seen(f).open.n, 0);
    assert_outcome(archive_cosign(f, 1, size, 1), DONE);
    assert_outcome(archive_key(f, 0, 3, 0), DONE);
    assert_false(archive_seen(f).published.is);
    assert_outcome(archive_key(f, 0, 2, 0), DONE);
    assert_int_equal(fixture_count(f, EVENT_CHECKPOINT_PUBLISHED), 1);
    assert_int_equal(archive_seen(f).published.n, 1);

    assert_outcome(archive_begin(f), DONE);
    assert_outcome(archive_key(f, 0, 0, 50), DONE);
    assert_false(archive_seen(f).open.is);
    assert_true(archive_seen(f).published.is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(setup, name)                                                      \
    cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
        TEST(archive_setup, test_archive_mark__rises),
        TEST(archive_setup, test_archive_mark__again_after_a_start),
        TEST(archive_setup_bare, test_archive_mark__refuses),
        TEST(archive_setup, test_checkpoint_begin__takes_the_tree),
        TEST(archive_setup, test_checkpoint_begin__gives_way),
        TEST(archive_setup, test_checkpoint_begin__heartbeat),
        TEST(archive_setup_bare, test_checkpoint_begin__refuses),
        TEST(archive_setup, test_cosign__majority_publishes),
        TEST(archive_setup, test_cosign__needs_the_log),
        TEST(archive_setup, test_cosign__another_root),
        TEST(archive_setup, test_cosign__diverged_is_not_fine),
        TEST(archive_setup, test_cosign__refuses),
        TEST(archive_setup, test_cosign__keys_change),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
