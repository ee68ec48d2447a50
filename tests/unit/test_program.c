#include "tests/unit/test.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/hook/line.h"
#include "node/hook/program.h"
#include "proto/base/os/loop_uv.h"
#include "tests/unit/temp_directory.h"

enum { DEADLINE_MS = 150, WAIT_MS = 5000, TEXT_BYTES = 32 * 1024 };

/* A node's side on the test's own loop; the test itself is the program. */
struct scene {
    struct loop *loop;
    struct letters *answers;
    struct program *program;
    struct timer *timer;
    char folder[TEMP_DIRECTORY_BYTES];
    char path[108];
    int listener;
    int peer; /* -1: nobody has connected. */
    size_t wanted, n;
    enum question_answer got[PROGRAM_OPEN_MAX + 1];
    char says[QUESTION_SAYS_BYTES_MAX + 1];
};

static void on_answers(void *context, struct letter_list *list)
{
    struct scene *scene = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        struct question *question = (struct question *)letter;

        STAILQ_REMOVE_HEAD(list, link);
        assert_true(scene->n < sizeof(scene->got) / sizeof(scene->got[0]));
        assert_ptr_equal(question->asker, scene);
        scene->got[scene->n++] = question->answer;
        memcpy(scene->says, question->says, question->says_len);
        scene->says[question->says_len] = '\0';
        question_free(question);
    }
    if (scene->n >= scene->wanted) {
        loop_stop(scene->loop);
    }
}

static void on_timer(void *context)
{
    struct scene *scene = context;

    loop_stop(scene->loop);
}

static void listen_at(struct scene *scene)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    snprintf(at.sun_path, sizeof(at.sun_path), "%s", scene->path);
    unlink(scene->path);
    scene->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(scene->listener, (struct sockaddr *)&at, sizeof(at)),
                     0);
    assert_int_equal(listen(scene->listener, 4), 0);
}

static void accept_node(struct scene *scene)
{
    struct pollfd ready = {.fd = scene->listener, .events = POLLIN};

    assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
    scene->peer = accept(scene->listener, NULL, NULL);
    assert_true(scene->peer >= 0);
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    struct program_settings settings = {.deadline_ms = DEADLINE_MS};

    temp_directory_make(scene->folder);
    snprintf(scene->path, sizeof(scene->path), "%.90s/hook", scene->folder);
    scene->loop = loop_new();
    scene->timer = timer_new(scene->loop, on_timer, scene);
    scene->answers =
        letters_new(scene->loop, PROGRAM_OPEN_MAX, on_answers, scene);
    scene->peer = -1;
    listen_at(scene);
    settings.path = scene->path;
    settings.answers = scene->answers;
    assert_int_equal(program_open(&settings, &scene->program), ERROR_NONE);
    accept_node(scene);
    *state = scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;
    struct letter_list left;

    program_close(scene->program);
    letters_close(scene->answers, &left);
    while (!STAILQ_EMPTY(&left)) {
        struct letter *letter = STAILQ_FIRST(&left);

        STAILQ_REMOVE_HEAD(&left, link);
        question_free((struct question *)letter);
    }
    letters_free(scene->answers);
    timer_free(scene->timer);
    loop_free(scene->loop);
    close(scene->peer);
    close(scene->listener);
    temp_directory_remove(scene->folder);
    free(scene);
    return 0;
}

/* Let the loop turn until so many have come back. */
static void await_answers(struct scene *scene, size_t n)
{
    scene->wanted = n;
    if (scene->n < n) {
        timer_start(scene->timer, WAIT_MS, 0);
        loop_run(scene->loop);
        timer_stop(scene->timer);
    }
    assert_int_equal(scene->n, n);
}

static void ask_text(struct scene *scene, struct slice text)
{
    const struct question like = {
        .asker = scene,
        .asked_us = loop_now_us(scene->loop),
        .room = SLICE_LITERAL("ma-chan://x/1"),
        .room_name = SLICE_LITERAL("Desk"),
        .author = SLICE_LITERAL("sip:a@x"),
        .text = text,
    };
    struct question *question = question_new(&like);

    assert_non_null(question);
    if (letters_send(program_questions(scene->program), &question->letter) !=
        ERROR_NONE) {
        question_free(question);
        fail();
    }
}

static void ask(struct scene *scene)
{
    ask_text(scene, SLICE_LITERAL("say \"hi\"\n"));
}

/* What the node writes, up to so many lines. */
static void hear_lines(struct scene *scene, size_t n, char *to, size_t bytes)
{
    size_t len = 0;

    while (n > 0 && len + 1 < bytes) {
        struct pollfd ready = {.fd = scene->peer, .events = POLLIN};

        assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
        assert_int_equal(read(scene->peer, to + len, 1), 1);
        n -= to[len] == '\n';
        len += 1;
    }
    to[len] = '\0';
}

/* An answer before its question would be mad. */
static void ask_heard(struct scene *scene)
{
    char line[1024];

    ask(scene);
    hear_lines(scene, 1, line, sizeof(line));
}

static void tell(struct scene *scene, const char *text)
{
    assert_int_equal(send(scene->peer, text, strlen(text), MSG_NOSIGNAL),
                     strlen(text));
}

/* The program is told what a post says and where, and its verdicts come back
 * in whatever order it gives them, also in pieces and several at once. */
static void test_program__answers_in_any_order(void **state)
{
    struct scene *scene = *state;
    char line[1024];

    ask(scene);
    ask(scene);
    ask(scene);
    hear_lines(scene, 1, line, sizeof(line));
    assert_non_null(strstr(line, "\"id\":1,"));
    assert_non_null(strstr(line, "\"room_name\":\"Desk\""));
    assert_non_null(strstr(line, "\"text\":\"say \\\"hi\\\"\\n\""));
    hear_lines(scene, 2, line, sizeof(line));
    tell(scene, "{\"id\":3,\"verdict\":\"refuse\",\"reason\":\"no\\nway\"}\n");
    await_answers(scene, 1);
    assert_int_equal(scene->got[0], QUESTION_REFUSE);
    assert_string_equal(scene->says, "no way");
    tell(scene, "{\"id\":1,\"verdict\":\"allow\"}\n{\"id\":2,\"verd");
    await_answers(scene, 2);
    assert_int_equal(scene->got[1], QUESTION_ALLOW);
    tell(scene, "ict\":\"annotate\",\"note\":\"hm\",\"more\":[1]}\n");
    await_answers(scene, 3);
    assert_int_equal(scene->got[2], QUESTION_ANNOTATE);
    assert_string_equal(scene->says, "hm");
    assert_int_equal(meter_count(&program_meters(scene->program)->failures), 0);
}

/* Who does not answer in time has not answered; what comes after all is
 * counted and harms nothing. */
static void test_program__late(void **state)
{
    struct scene *scene = *state;
    uint64_t begun = loop_now_us(scene->loop);

    ask_heard(scene);
    await_answers(scene, 1);
    assert_int_equal(scene->got[0], QUESTION_LATE);
    assert_true(loop_now_us(scene->loop) - begun >= DEADLINE_MS * 1000);
    ask_heard(scene);
    tell(scene, "{\"id\":1,\"verdict\":\"allow\"}\n"
                "{\"id\":2,\"verdict\":\"allow\"}\n");
    await_answers(scene, 2);
    assert_int_equal(scene->got[1], QUESTION_ALLOW);
    assert_int_equal(meter_count(&program_meters(scene->program)->late), 1);
}

/* After many late ones in a row the connection is given up, so that posts do
 * not each wait; then it is made anew. */
static void test_program__gives_up_one_that_hangs(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < PROGRAM_LATE_MAX; i++) {
        ask(scene);
    }
    await_answers(scene, PROGRAM_LATE_MAX);
    close(scene->peer);
    accept_node(scene);
    assert_int_equal(meter_count(&program_meters(scene->program)->failures), 1);
}

/* Each thing that is no answer ends the connection, and all that was open
 * comes back as of a mad program. */
static void test_program__mad(void **state)
{
    static const char *const mad[] = {
        "hello\n",
        "[]\n",
        "{\"id\":1}\n",
        "{\"id\":1,\"verdict\":\"maybe\"}\n",
        "{\"id\":\"1\",\"verdict\":\"allow\"}\n",
        "{\"id\":-1,\"verdict\":\"allow\"}\n",
        "{\"id\":99999,\"verdict\":\"allow\"}\n",
        "{\"id\":1,\"id\":1,\"verdict\":\"allow\"}\n",
        "{\"id\":1,\"verdict\":\"refuse\",\"reason\":7}\n",
        "{\"id\":1,\"verdict\":\"annotate\"}\n",
        "{\"id\":1,\"verdict\":\"refuse\",\"reason\":\"\xff\"}\n",
        "\n",
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(mad) / sizeof(mad[0]); i++) {
        ask_heard(scene);
        tell(scene, mad[i]);
        await_answers(scene, i + 1);
        assert_int_equal(scene->got[i], QUESTION_MAD);
        close(scene->peer);
        accept_node(scene);
        usleep(20 * 1000); /* Until the node's side has seen it. */
    }
}

/* A line without an end is given up at its limit. */
static void test_program__endless_line(void **state)
{
    struct scene *scene = *state;
    static char noise[PROGRAM_ANSWER_BYTES_MAX + 2];

    memset(noise, ' ', sizeof(noise) - 1);
    ask_heard(scene);
    tell(scene, noise);
    await_answers(scene, 1);
    assert_int_equal(scene->got[0], QUESTION_MAD);
}

/* A program that dies leaves nobody waiting, and one that is back is found. */
static void test_program__dies_and_comes_back(void **state)
{
    struct scene *scene = *state;

    ask_heard(scene);
    close(scene->listener);
    close(scene->peer);
    await_answers(scene, 1);
    assert_int_equal(scene->got[0], QUESTION_ABSENT);
    ask(scene);
    await_answers(scene, 2);
    assert_int_equal(scene->got[1], QUESTION_ABSENT);
    listen_at(scene);
    accept_node(scene);
    usleep(20 * 1000);
    ask_heard(scene);
    tell(scene, "{\"id\":2,\"verdict\":\"allow\"}\n");
    await_answers(scene, 3);
    assert_int_equal(scene->got[2], QUESTION_ALLOW);
}

/* One that takes connections and reads nothing costs bounded memory: it is
 * given up when too much waits for it. */
static void test_program__does_not_read(void **state)
{
    struct scene *scene = *state;
    static char text[TEXT_BYTES];
    size_t n = PROGRAM_BACKLOG_BYTES_MAX / TEXT_BYTES * 2;

    memset(text, 't', sizeof(text));
    for (size_t i = 0; i < n; i++) {
        ask_text(scene, slice_of(text, sizeof(text)));
    }
    await_answers(scene, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(scene->got[i] == QUESTION_LATE ||
                    scene->got[i] == QUESTION_ABSENT);
    }
    assert_true(meter_count(&program_meters(scene->program)->failures) > 0);
}

/* What is open when the node ends comes back, too. */
static void test_program_close__gives_all_back(void **state)
{
    struct scene *scene = *state;

    ask(scene);
    ask(scene);
    usleep(20 * 1000);
    program_close(scene->program);
    scene->program = NULL;
    await_answers(scene, 2);
    assert_int_equal(scene->got[0], QUESTION_ABSENT);
    assert_int_equal(scene->got[1], QUESTION_ABSENT);
}

/* A reason that is too long is cut off between characters. */
static void test_line_read__cuts_between_characters(void **state)
{
    static char line[2048];
    struct line_answer answer;
    const char *why;
    size_t len;

    (void)state;
    len = (size_t)snprintf(line, sizeof(line),
                           "{\"id\":1,\"verdict\":\"refuse\",\"reason\":\"x");
    for (int i = 0; i < QUESTION_SAYS_BYTES_MAX / 2; i++) {
        memcpy(line + len, "\xc3\xa4", 2);
        len += 2;
    }
    memcpy(line + len, "\"}", 2);
    assert_true(line_read(slice_of(line, len + 2), &answer, &why));
    assert_int_equal(answer.says_len, QUESTION_SAYS_BYTES_MAX - 1);
    assert_int_equal((unsigned char)answer.says[answer.says_len - 1], 0xa4);
}

/* A path that no socket can have is refused. */
static void test_program_open__path(void **state)
{
    char path[200];
    struct program_settings settings = {.path = path, .deadline_ms = 10};
    struct program *program = NULL;

    (void)state;
    memset(path, 'p', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(program_open(&settings, &program), ERROR_INVALID);
    assert_null(program);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_program__answers_in_any_order),
        CASE(test_program__late),
        CASE(test_program__gives_up_one_that_hangs),
        CASE(test_program__mad),
        CASE(test_program__endless_line),
        CASE(test_program__dies_and_comes_back),
        CASE(test_program__does_not_read),
        CASE(test_program_close__gives_all_back),
        cmocka_unit_test(test_line_read__cuts_between_characters),
        cmocka_unit_test(test_program_open__path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
