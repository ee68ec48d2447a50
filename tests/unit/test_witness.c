#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ops/witness/witness.h"
#include "proto/tlog/hash.h"
#include "proto/tlog/submission.h"
#include "tests/unit/temp_directory.h"
#include "tests/unit/tree_log.h"

/* A witness that knows one log. */
struct scene {
    char directory[TEMP_DIRECTORY_BYTES];
    char path[TEMP_DIRECTORY_BYTES + 16];
    struct tree_log log, fork;
    uint8_t key[NOTE_KEY_BYTES];
    struct book *book;
    struct witness *witness;
    struct buffer reply;
};

static void open_witness(struct scene *s)
{
    struct buffer vkey = BUFFER_EMPTY;

    assert_int_equal(book_open(s->path, &s->book), ERROR_NONE);
    assert_int_equal(witness_new(SLICE_LITERAL("witness.example/w1"), s->key,
                                 s->book, &s->witness),
                     ERROR_NONE);
    note_vkey_write(&s->log.verifier, &vkey);
    assert_int_equal(witness_add_log(s->witness, buffer_slice(&vkey)),
                     ERROR_NONE);
    buffer_deinit(&vkey);
}

static void close_witness(struct scene *s)
{
    witness_free(s->witness);
    book_close(s->book);
    s->witness = NULL;
    s->book = NULL;
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    temp_directory_make(s->directory);
    snprintf(s->path, sizeof(s->path), "%s/book", s->directory);
    memset(s->key, 9, sizeof(s->key));
    tree_log_init(&s->log, TREE_LOG_LEAVES);
    tree_log_init(&s->fork, 100);
    assert_int_equal(book_make(s->path), ERROR_NONE);
    open_witness(s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    close_witness(s);
    buffer_deinit(&s->reply);
    temp_directory_remove(s->directory);
    free(s);
    return 0;
}

static enum witness_verdict submit_bytes(struct scene *s, struct slice body)
{
    buffer_clear(&s->reply);
    return witness_judge(s->witness, body, 1700000000, &s->reply);
}

static enum witness_verdict submit(struct scene *s, const struct tree_log *log,
                                   uint64_t old_size, uint64_t size)
{
    struct buffer body = BUFFER_EMPTY;
    enum witness_verdict verdict;

    tree_log_submission(log, old_size, size, &body);
    verdict = submit_bytes(s, buffer_slice(&body));
    buffer_deinit(&body);
    return verdict;
}

static uint64_t held(const struct scene *s)
{
    const struct book_page *page =
        book_find(s->book, SLICE_LITERAL(TREE_LOG_ORIGIN));

    return page == NULL ? 0 : page->size;
}

/* Is the reply a cosignature of that checkpoint? */
static void assert_cosigned(const struct scene *s, uint64_t size)
{
    const struct checkpoint_text text = {SLICE_LITERAL(TREE_LOG_ORIGIN), size,
                                         tree_log_root(&s->log, size)};
    struct buffer bytes = BUFFER_EMPTY;
    struct note *note = malloc(sizeof(*note));
    uint64_t time_s;

    checkpoint_write(&bytes, &text);
    buffer_append_text(&bytes, "\n");
    buffer_append_slice(&bytes, buffer_slice(&s->reply));
    assert_int_equal(note_read(buffer_slice(&bytes), note), ERROR_NONE);
    assert_int_equal(note_verify(note, witness_verifier(s->witness), &time_s),
                     ERROR_NONE);
    assert_int_equal(time_s, 1700000000);
    free(note);
    buffer_deinit(&bytes);
}

/* A log grows, from nothing, by powers of two and other sizes; each size is
 * cosigned, and the same one again. */
static void test_judge__growth_is_cosigned(void **state)
{
    static const uint64_t sizes[] = {0, 1, 2, 3, 4, 7, 8, 8, 100, 256, 1000};
    struct scene *s = *state;
    uint64_t old_size = 0;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(submit(s, &s->log, old_size, sizes[i]),
                         WITNESS_COSIGNED);
        assert_cosigned(s, sizes[i]);
        old_size = sizes[i];
        assert_int_equal(held(s), old_size);
    }
    assert_int_equal(witness_count(s->witness, WITNESS_COSIGNED), 11);
}

/* Who does not say from where is told from where; nothing changes. */
static void test_judge__stale_is_told_the_size(void **state)
{
    struct scene *s = *state;

    assert_int_equal(submit(s, &s->log, 0, 40), WITNESS_COSIGNED);
    assert_int_equal(submit(s, &s->log, 0, 50), WITNESS_STALE);
    assert_true(slice_equal_text(buffer_slice(&s->reply), "40\n"));
    assert_int_equal(submit(s, &s->log, 39, 50), WITNESS_STALE);
    assert_int_equal(submit(s, &s->log, 0, 30), WITNESS_STALE);
    assert_true(slice_equal_text(buffer_slice(&s->reply), "40\n"));
    assert_int_equal(held(s), 40);
    assert_int_equal(witness_status(WITNESS_STALE), 409);
}

/* A tree cannot shrink: not by saying so, nor by lying about the old size. */
static void test_judge__rollback_is_refused(void **state)
{
    struct scene *s = *state;

    assert_int_equal(submit(s, &s->log, 0, 40), WITNESS_COSIGNED);
    assert_int_equal(submit(s, &s->log, 40, 39), WITNESS_SHRUNK);
    assert_int_equal(submit(s, &s->log, 41, 39), WITNESS_SHRUNK);
    assert_int_equal(submit(s, &s->log, 39, 39), WITNESS_STALE);
    assert_int_equal(held(s), 40);
    assert_int_equal(witness_status(WITNESS_SHRUNK), 400);
}

/* A second history is refused, of the same size and of a larger one, with
 * whatever proof its log can make. */
static void test_judge__fork_is_refused(void **state)
{
    struct scene *s = *state;

    assert_int_equal(submit(s, &s->log, 0, 200), WITNESS_COSIGNED);
    assert_int_equal(submit(s, &s->fork, 200, 200), WITNESS_FORKED);
    assert_int_equal(submit(s, &s->fork, 200, 300), WITNESS_UNPROVEN);
    assert_int_equal(witness_status(WITNESS_FORKED), 422);
    assert_int_equal(witness_status(WITNESS_UNPROVEN), 422);
    assert_int_equal(held(s), 200);
    assert_int_equal(submit(s, &s->log, 200, 300), WITNESS_COSIGNED);
}

/* Before the fork both logs are one. */
static void test_judge__before_a_fork_histories_are_one(void **state)
{
    struct scene *s = *state;

    assert_int_equal(submit(s, &s->log, 0, 50), WITNESS_COSIGNED);
    assert_int_equal(submit(s, &s->fork, 50, 90), WITNESS_COSIGNED);
    assert_int_equal(submit(s, &s->fork, 90, 120), WITNESS_COSIGNED);
    assert_int_equal(submit(s, &s->log, 120, 130), WITNESS_UNPROVEN);
}

/* Each hash of a proof counts, and none may be missing or too many. */
static void test_judge__proofs_are_checked(void **state)
{
    struct scene *s = *state;
    struct submission said = {.old_size = 37};
    struct buffer note = BUFFER_EMPTY, body = BUFFER_EMPTY;

    assert_int_equal(submit(s, &s->log, 0, 37), WITNESS_COSIGNED);
    tree_log_note(&s->log, 91, &note);
    said.checkpoint = buffer_slice(&note);
    assert_int_equal(merkle_prove_prefix(tree_log_read, &s->log, 37, 91,
                                         said.proof, &said.n),
                     ERROR_NONE);
    for (size_t i = 0; i < said.n; i++) {
        said.proof[i].bytes[i] ^= 1;
        buffer_clear(&body);
        submission_write(&body, &said);
        assert_int_equal(submit_bytes(s, buffer_slice(&body)),
                         WITNESS_UNPROVEN);
        said.proof[i].bytes[i] ^= 1;
    }
    for (int by = -1; by <= 1; by += 2) {
        said.n = (size_t)((int)said.n + by);
        buffer_clear(&body);
        submission_write(&body, &said);
        assert_int_equal(submit_bytes(s, buffer_slice(&body)),
                         WITNESS_UNPROVEN);
        said.n = (size_t)((int)said.n - by);
    }
    assert_int_equal(held(s), 37);
    buffer_clear(&body);
    submission_write(&body, &said);
    assert_int_equal(submit_bytes(s, buffer_slice(&body)), WITNESS_COSIGNED);
    buffer_deinit(&body);
    buffer_deinit(&note);
}

/* From nothing there is nothing to prove, and a proof of it is none. */
static void test_judge__a_proof_from_nothing_is_refused(void **state)
{
    struct scene *s = *state;
    struct submission said = {.n = 1};
    struct buffer note = BUFFER_EMPTY, body = BUFFER_EMPTY;

    tree_log_note(&s->log, 9, &note);
    said.checkpoint = buffer_slice(&note);
    submission_write(&body, &said);
    assert_int_equal(submit_bytes(s, buffer_slice(&body)), WITNESS_UNPROVEN);
    buffer_deinit(&body);
    buffer_deinit(&note);
}

/* Another log, another key under the log's name, a flipped signature. */
static void test_judge__strangers_are_refused(void **state)
{
    struct scene *s = *state;
    struct buffer body = BUFFER_EMPTY;
    struct tree_log other;
    uint8_t *at;

    tree_log_init(&other, TREE_LOG_LEAVES);
    memset(other.key, 8, sizeof(other.key));
    assert_int_equal(submit(s, &other, 0, 5), WITNESS_UNSIGNED);
    assert_int_equal(witness_status(WITNESS_UNSIGNED), 403);
    tree_log_submission(&s->log, 0, 5, &body);
    body.data[body.len - 10] ^= body.data[body.len - 10] == 'A' ? 3 : 1;
    assert_int_equal(submit_bytes(s, buffer_slice(&body)), WITNESS_UNSIGNED);
    buffer_clear(&body);
    tree_log_submission(&s->log, 0, 5, &body);
    at = memmem(body.data, body.len, "fjord", 5);
    assert_non_null(at);
    memcpy(at, "Fjord", 5);
    assert_int_equal(submit_bytes(s, buffer_slice(&body)), WITNESS_UNKNOWN);
    assert_int_equal(witness_status(WITNESS_UNKNOWN), 404);
    assert_int_equal(
        submit_bytes(s, SLICE_LITERAL("old 0\n\nnot a note at all\n")),
        WITNESS_MALFORMED);
    assert_int_equal(held(s), 0);
    buffer_deinit(&body);
}

/* A log with two keys is believed under each: keys are rotated. */
static void test_judge__a_log_may_have_two_keys(void **state)
{
    struct scene *s = *state;
    struct buffer vkey = BUFFER_EMPTY;
    uint8_t public_key[NOTE_KEY_BYTES];
    struct tree_log rotated;

    assert_int_equal(submit(s, &s->log, 0, 10), WITNESS_COSIGNED);
    tree_log_init(&rotated, TREE_LOG_LEAVES);
    memset(rotated.key, 77, sizeof(rotated.key));
    note_public_key(rotated.key, public_key);
    assert_int_equal(note_verifier_init(&rotated.verifier,
                                        SLICE_LITERAL(TREE_LOG_ORIGIN),
                                        NOTE_ED25519, public_key),
                     ERROR_NONE);
    note_vkey_write(&rotated.verifier, &vkey);
    assert_int_equal(submit(s, &rotated, 10, 20), WITNESS_UNSIGNED);
    assert_int_equal(witness_add_log(s->witness, buffer_slice(&vkey)),
                     ERROR_NONE);
    assert_int_equal(submit(s, &rotated, 10, 20), WITNESS_COSIGNED);
    assert_int_equal(submit(s, &s->log, 20, 30), WITNESS_COSIGNED);
    buffer_deinit(&vkey);
}

/* What it shows of a log is the note it has cosigned, of both signatures and no
 * others that came with it. */
static void test_latest__is_the_cosigned_note(void **state)
{
    struct scene *s = *state;
    struct buffer body = BUFFER_EMPTY;
    char hex[WITNESS_ORIGIN_HEX + 1];
    struct note *note = malloc(sizeof(*note));
    struct merkle_hash sum;
    struct slice latest;

    hash_bytes(SLICE_LITERAL(TREE_LOG_ORIGIN), &sum);
    for (size_t i = 0; i < sizeof(sum.bytes); i++) {
        snprintf(hex + 2 * i, 3, "%02x", sum.bytes[i]);
    }
    assert_int_equal(witness_latest(s->witness, slice_of_text(hex), &latest),
                     ERROR_NOT_FOUND);
    tree_log_submission(&s->log, 0, 33, &body);
    note_write_signature(&body, SLICE_LITERAL("stranger.example"), 7,
                         SLICE_LITERAL("whatever"));
    assert_int_equal(submit_bytes(s, buffer_slice(&body)), WITNESS_COSIGNED);
    assert_int_equal(witness_latest(s->witness, slice_of_text(hex), &latest),
                     ERROR_NONE);
    assert_int_equal(note_read(latest, note), ERROR_NONE);
    assert_int_equal(note->n, 2);
    assert_int_equal(note_verify(note, &s->log.verifier, NULL), ERROR_NONE);
    assert_int_equal(note_verify(note, witness_verifier(s->witness), NULL),
                     ERROR_NONE);
    hex[0] = hex[0] == 'a' ? 'b' : 'a';
    assert_int_equal(witness_latest(s->witness, slice_of_text(hex), &latest),
                     ERROR_NOT_FOUND);
    free(note);
    buffer_deinit(&body);
}

/* The book survives the program; one program at a time has it; anybody may
 * look. */
static void test_book__is_kept(void **state)
{
    struct scene *s = *state;
    struct book *other;

    assert_int_equal(submit(s, &s->log, 0, 40), WITNESS_COSIGNED);
    assert_int_equal(book_open(s->path, &other), ERROR_BUSY);
    assert_int_equal(book_look(s->path, &other), ERROR_NONE);
    assert_int_equal(book_at(other, 0)->size, 40);
    assert_null(book_at(other, 1));
    book_close(other);
    close_witness(s);
    assert_int_equal(book_make(s->path), ERROR_EXISTS);
    open_witness(s);
    assert_int_equal(held(s), 40);
    assert_int_equal(submit(s, &s->fork, 40, 39), WITNESS_SHRUNK);
    assert_int_equal(submit(s, &s->log, 40, 41), WITNESS_COSIGNED);
}

/* Each bit of the book counts: one flipped, one cut off, and it is refused. */
static void test_book__rot_is_seen(void **state)
{
    struct scene *s = *state;
    struct book *book;
    FILE *file;
    char bytes[4096];
    size_t len;

    assert_int_equal(submit(s, &s->log, 0, 40), WITNESS_COSIGNED);
    close_witness(s);
    file = fopen(s->path, "r");
    len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    assert_in_range(len, 100, sizeof(bytes) - 1);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)(bytes[i] ^ 4);
        file = fopen(s->path, "w");
        fwrite(bytes, 1, len, file);
        fclose(file);
        assert_int_equal(book_open(s->path, &book), ERROR_ROTTEN);
        bytes[i] = (char)(bytes[i] ^ 4);
    }
    for (size_t cut = 0; cut < len; cut += 7) {
        file = fopen(s->path, "w");
        fwrite(bytes, 1, cut, file);
        fclose(file);
        assert_int_equal(book_open(s->path, &book), ERROR_ROTTEN);
    }
    file = fopen(s->path, "w");
    fwrite(bytes, 1, len, file);
    fclose(file);
    open_witness(s);
    assert_int_equal(held(s), 40);
}

/* --- Killed at every step --- */

enum { STEPS_MAX = 64 };

/* Counted down before each call that changes the disk; at 0 the process dies as
 * by kill -9, or the call fails. */
static unsigned steps_left;
static bool is_failing;

static bool is_last_step(void)
{
    if (steps_left > 0 && --steps_left == 0) {
        if (!is_failing) {
            raise(SIGKILL);
        }
        errno = ENOSPC;
        return true;
    }
    return false;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode);

int __wrap_fsync(int fd)
{
    return is_last_step() ? -1 : __real_fsync(fd);
}

/* Half of it is written. */
ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    if (steps_left == 1) {
        (void)__real_write(fd, bytes, len / 2);
    }
    return is_last_step() ? -1 : __real_write(fd, bytes, len);
}

int __wrap_rename(const char *from, const char *to)
{
    return is_last_step() ? -1 : __real_rename(from, to);
}

int __wrap_open(const char *path, int flags, mode_t mode)
{
    return is_last_step() ? -1 : __real_open(path, flags, mode);
}

/* Take one more record, die before a step. Returns true when there was no such
 * step: all was done. */
static bool die_at(struct scene *s, unsigned step, uint64_t before)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        open_witness(s);
        steps_left = step;
        _exit(submit(s, &s->log, before, before + 1) == WITNESS_COSIGNED ? 42
                                                                         : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
        assert_int_equal(WEXITSTATUS(status), 42);
        return true;
    }
    assert_int_equal(WTERMSIG(status), SIGKILL);
    return false;
}

/* Killed before whatever step, the book is the one before or the one after; who
 * was answered is never forgotten; the log goes on from there. */
static void test_book__killed_at_every_step(void **state)
{
    struct scene *s = *state;
    bool is_answered = false;
    unsigned step = 0;

    assert_int_equal(submit(s, &s->log, 0, 10), WITNESS_COSIGNED);
    while (!is_answered) {
        uint64_t before = held(s);

        step += 1;
        assert_in_range(step, 1, STEPS_MAX);
        close_witness(s);
        is_answered = die_at(s, step, before);
        open_witness(s);
        assert_in_range(held(s), before + is_answered, before + 1);
        assert_int_equal(submit(s, &s->log, held(s), held(s) + 1),
                         WITNESS_COSIGNED);
    }
    assert_in_range(step, 6, STEPS_MAX); /* There is that much to do. */
}

/* A disk that fails at whatever step: nobody is answered, nothing is forgotten,
 * and the next request is taken. */
static void test_book__disk_fails_at_every_step(void **state)
{
    struct scene *s = *state;
    unsigned step = 0;

    assert_int_equal(submit(s, &s->log, 0, 10), WITNESS_COSIGNED);
    for (;;) {
        enum witness_verdict verdict;
        uint64_t before = held(s);

        step += 1;
        assert_in_range(step, 1, STEPS_MAX);
        steps_left = step;
        is_failing = true;
        verdict = submit(s, &s->log, before, before + 1);
        steps_left = 0;
        is_failing = false;
        if (verdict == WITNESS_COSIGNED) {
            break;
        }
        assert_int_equal(verdict, WITNESS_FAILED);
        assert_int_equal(witness_status(verdict), 500);
        assert_int_equal(held(s), before);
        assert_true(slice_equal_text(buffer_slice(&s->reply), "failed\n"));
        assert_int_equal(submit(s, &s->log, before, before + 2),
                         WITNESS_COSIGNED);
    }
    assert_in_range(step, 5, STEPS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_judge__growth_is_cosigned, set_up, tear_down),
        RUN_IN(test_judge__stale_is_told_the_size, set_up, tear_down),
        RUN_IN(test_judge__rollback_is_refused, set_up, tear_down),
        RUN_IN(test_judge__fork_is_refused, set_up, tear_down),
        RUN_IN(test_judge__before_a_fork_histories_are_one, set_up, tear_down),
        RUN_IN(test_judge__proofs_are_checked, set_up, tear_down),
        RUN_IN(test_judge__a_proof_from_nothing_is_refused, set_up, tear_down),
        RUN_IN(test_judge__strangers_are_refused, set_up, tear_down),
        RUN_IN(test_judge__a_log_may_have_two_keys, set_up, tear_down),
        RUN_IN(test_latest__is_the_cosigned_note, set_up, tear_down),
        RUN_IN(test_book__is_kept, set_up, tear_down),
        RUN_IN(test_book__rot_is_seen, set_up, tear_down),
        RUN_IN(test_book__killed_at_every_step, set_up, tear_down),
        RUN_IN(test_book__disk_fails_at_every_step, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
