#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/compliance/shelf.h"
#include "node/compliance/witness_talk.h"
#include "ops/witness/witness.h"
#include "tests/unit/temp_directory.h"
#include "tests/unit/tree_log.h"

/* A witness without a network, the log's tiles in a directory, and what goes
 * between them. */
struct scene {
    char directory[TEMP_DIRECTORY_BYTES];
    char path[TEMP_DIRECTORY_BYTES + 16];
    struct tree_log log, fork;
    struct book *book;
    struct witness *witness;
    struct tiles *tiles;
    struct witness_port port;
    struct witness_talk talk;
    unsigned calls;
    enum error error; /* What each call returns instead, if any. */
    unsigned status;  /* What each call is answered instead, if any. */
    const char *body; /* With that. */
    bool is_mute;     /* It does not answer GET. */
    bool is_flipped;  /* It sends another signature than it made. */
};

static void answer_post(struct scene *s, struct slice body,
                        struct witness_reply *reply)
{
    reply->status = witness_status(
        witness_judge(s->witness, body, 1700000000, &reply->body));
    if (s->is_flipped && reply->status == 200) {
        uint8_t *at = reply->body.data + reply->body.len - 20;

        *at = *at == 'A' ? 'B' : 'A';
    }
}

static void answer_get(struct scene *s, const char *url,
                       struct witness_reply *reply)
{
    const char *hex = url + strlen("http://w/");
    struct slice note;

    reply->status = 404;
    if (!s->is_mute &&
        witness_latest(s->witness, slice_of(hex, WITNESS_ORIGIN_HEX), &note) ==
            ERROR_NONE) {
        reply->status = 200;
        buffer_append_slice(&reply->body, note);
    }
}

static enum error on_call(void *context, const char *url, struct slice body,
                          struct witness_reply *reply)
{
    struct scene *s = context;

    s->calls += 1;
    if (s->error != ERROR_NONE) {
        snprintf(reply->why, sizeof(reply->why), "no way");
        return s->error;
    }
    if (body.data == NULL) {
        assert_int_equal(strncmp(url, "http://w/", 9), 0);
        assert_string_equal(url + 9 + WITNESS_ORIGIN_HEX, "/checkpoint");
        answer_get(s, url, reply);
    } else if (s->status != 0) {
        assert_string_equal(url, "http://w/add-checkpoint");
        reply->status = s->status;
        buffer_append_text(&reply->body, s->body);
    } else {
        answer_post(s, body, reply);
    }
    return ERROR_NONE;
}

/* One tile has all the leaves that are needed here. */
static void put_tiles(struct scene *s, const struct tree_log *log)
{
    struct shelf *shelf = shelf_new(s->directory);

    assert_int_equal(shelf_put(shelf, "tile/0/000",
                               slice_of(log->leaves, 256 * MERKLE_HASH_BYTES)),
                     ERROR_NONE);
    assert_int_equal(shelf_commit(shelf), ERROR_NONE);
    shelf_free(shelf);
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    const uint8_t key[NOTE_KEY_BYTES] = {9};
    struct buffer vkey = BUFFER_EMPTY;

    temp_directory_make(s->directory);
    snprintf(s->path, sizeof(s->path), "%s/book", s->directory);
    tree_log_init(&s->log, TREE_LOG_LEAVES);
    tree_log_init(&s->fork, 50);
    put_tiles(s, &s->log);
    note_vkey_write(&s->log.verifier, &vkey);
    assert_int_equal(book_make(s->path), ERROR_NONE);
    assert_int_equal(book_open(s->path, &s->book), ERROR_NONE);
    assert_int_equal(witness_new(SLICE_LITERAL("witness.example/w1"), key,
                                 s->book, &s->witness),
                     ERROR_NONE);
    assert_int_equal(witness_add_log(s->witness, buffer_slice(&vkey)),
                     ERROR_NONE);
    buffer_deinit(&vkey);
    s->tiles = tiles_open(s->directory);
    s->port = (struct witness_port){.context = s, .call = on_call};
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    tiles_close(s->tiles);
    witness_free(s->witness);
    book_close(s->book);
    buffer_deinit(&s->talk.note);
    temp_directory_remove(s->directory);
    free(s);
    return 0;
}

/* Show the witness a size, believing that it holds another. */
static enum witness_end talk(struct scene *s, const struct tree_log *log,
                             uint64_t held, uint64_t size)
{
    struct witness_talk *said = &s->talk;

    buffer_clear(&said->note);
    tree_log_note(log, size, &said->note);
    snprintf(said->url, sizeof(said->url), "http://w//");
    said->port = &s->port;
    said->witness = *witness_verifier(s->witness);
    said->log = log->verifier;
    said->size = size;
    said->root = tree_log_root(log, size);
    said->held = held;
    s->calls = 0;
    witness_talk(said, s->tiles);
    return said->end;
}

/* It is shown what it lacks, from where it is, however little is known of
 * that. */
static void test_talk__is_cosigned(void **state)
{
    struct scene *s = *state;

    assert_int_equal(talk(s, &s->log, 0, 10), WITNESS_END_COSIGNED);
    assert_int_equal(s->calls, 1);
    assert_int_equal(s->talk.time_s, 1700000000);
    assert_int_equal(talk(s, &s->log, 10, 33), WITNESS_END_COSIGNED);
    assert_int_equal(s->calls, 1);
    assert_int_equal(talk(s, &s->log, 0, 200), WITNESS_END_COSIGNED);
    assert_int_equal(s->calls, 2); /* 409 first. */
    assert_int_equal(talk(s, &s->log, 200, 200), WITNESS_END_COSIGNED);
    assert_int_equal(talk(s, &s->log, 17, 200), WITNESS_END_COSIGNED);
    assert_int_equal(s->calls, 2);
    assert_int_equal(book_at(s->book, 0)->size, 200);
}

/* One that has seen more says so, and shows what the log has signed. */
static void test_talk__ahead(void **state)
{
    struct scene *s = *state;

    assert_int_equal(talk(s, &s->log, 0, 100), WITNESS_END_COSIGNED);
    assert_int_equal(talk(s, &s->log, 0, 60), WITNESS_END_AHEAD);
    assert_int_equal(s->talk.held, 100);
    assert_true(s->talk.is_proven);
    s->is_mute = true;
    assert_int_equal(talk(s, &s->log, 0, 60), WITNESS_END_AHEAD);
    assert_false(s->talk.is_proven);
    assert_int_equal(s->talk.held, 100);
    /* A liar: what it shows is less than what it says. */
    s->is_mute = false;
    s->status = 409;
    s->body = "5000\n";
    assert_int_equal(talk(s, &s->log, 0, 150), WITNESS_END_FAILED);
    assert_non_null(strstr(s->talk.why, "more than it can show"));
}

/* One that has seen another history: of the same size, and of a smaller. */
static void test_talk__forked(void **state)
{
    struct scene *s = *state;

    assert_int_equal(talk(s, &s->log, 0, 100), WITNESS_END_COSIGNED);
    put_tiles(s, &s->fork);
    assert_int_equal(talk(s, &s->fork, 100, 100), WITNESS_END_FORKED);
    assert_int_equal(talk(s, &s->fork, 0, 120), WITNESS_END_FORKED);
    assert_int_equal(s->talk.held, 100);
    /* Public witnesses may say it so. */
    s->status = 409;
    s->body = "100\n";
    assert_int_equal(talk(s, &s->fork, 100, 100), WITNESS_END_FORKED);
    s->body = "";
    assert_int_equal(talk(s, &s->fork, 100, 100), WITNESS_END_FORKED);
}

/* A proof that is wrong because this node's files are is no fork. */
static void test_talk__own_files_are_wrong(void **state)
{
    struct scene *s = *state;

    assert_int_equal(talk(s, &s->log, 0, 100), WITNESS_END_COSIGNED);
    put_tiles(s, &s->fork);
    assert_int_equal(talk(s, &s->log, 100, 150), WITNESS_END_FAILED);
    assert_non_null(strstr(s->talk.why, "this node's files"));
    put_tiles(s, &s->log);
    assert_int_equal(talk(s, &s->log, 100, 150), WITNESS_END_COSIGNED);
}

/* All else is a failure that is told, and changes nothing. */
static void test_talk__fails(void **state)
{
    static const struct {
        unsigned status;
        const char *body, *why;
    } answers[] = {
        {404, "", "does not know this log"},
        {403, "", "does not believe"},
        {500, "", "answered 500"},
        {302, "", "answered 302"},
        {200, "", "none under its key"},
        {200, "garbage\n", "none under its key"},
        {409, "garbage\n", "without a size"},
        {409, "3\n", "refuses the size that it names"},
    };
    struct scene *s = *state;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        s->status = answers[i].status;
        s->body = answers[i].body;
        assert_int_equal(talk(s, &s->log, 0, 10), WITNESS_END_FAILED);
        if (strstr(s->talk.why, answers[i].why) == NULL) {
            fail_msg("%s", s->talk.why);
        }
        assert_in_range(s->calls, 1, WITNESS_REQUESTS_MAX);
    }
    s->status = 0;
    s->is_flipped = true;
    assert_int_equal(talk(s, &s->log, 0, 10), WITNESS_END_FAILED);
    s->error = ERROR_TIMED_OUT;
    assert_int_equal(talk(s, &s->log, 0, 10), WITNESS_END_FAILED);
    assert_string_equal(s->talk.why, "no way");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_talk__is_cosigned, set_up, tear_down),
        RUN_IN(test_talk__ahead, set_up, tear_down),
        RUN_IN(test_talk__forked, set_up, tear_down),
        RUN_IN(test_talk__own_files_are_wrong, set_up, tear_down),
        RUN_IN(test_talk__fails, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
