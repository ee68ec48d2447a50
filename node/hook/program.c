#include "node/hook/program.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "node/hook/line.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_thread.h"
#include "proto/base/os/loop_uv.h"

enum program_state {
    PROGRAM_DOWN,
    PROGRAM_CONNECTING,
    PROGRAM_UP,
    PROGRAM_CLOSING, /* The pipe's close is under way; then DOWN. */
};

/* A question under way, in order of asking and so of deadline. */
struct open_question {
    TAILQ_ENTRY(open_question) link;
    struct question *question;
    uint64_t id;
};

struct program {
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    uint32_t deadline_ms;
    struct letters *questions, *answers;
    struct loop *loop;
    struct loop_thread *thread;
    struct timer *retry, *deadline;
    enum program_state state;
    bool is_ending;
    uv_pipe_t pipe;
    uv_connect_t connecting;
    TAILQ_HEAD(, open_question) open;
    size_t n_open;
    uint64_t id_last;
    unsigned late;     /* In a row. */
    uint64_t retry_ms; /* The next time. */
    bool was_told;     /* That it is down. */
    struct buffer in;
    char chunk[PROGRAM_ANSWER_BYTES_MAX];
    struct program_meters meters;
};

struct writing {
    uv_write_t request;
    struct buffer line;
};

static void give_back(struct program *program, struct question *question,
                      enum question_answer answer)
{
    question->answer = answer;
    if (letters_send_reply(program->answers, &question->letter) != ERROR_NONE) {
        question_free(question); /* Who asked has gone. */
    }
}

static void end_question(struct program *program, struct open_question *open,
                         enum question_answer answer)
{
    TAILQ_REMOVE(&program->open, open, link);
    program->n_open -= 1;
    give_back(program, open->question, answer);
    free(open);
}

static void end_all(struct program *program, enum question_answer answer)
{
    while (!TAILQ_EMPTY(&program->open)) {
        end_question(program, TAILQ_FIRST(&program->open), answer);
    }
    timer_stop(program->deadline);
}

static void on_closed(uv_handle_t *handle)
{
    struct program *program = handle->data;

    program->state = PROGRAM_DOWN;
    if (!program->is_ending) {
        timer_start(program->retry, program->retry_ms, 0);
        program->retry_ms *= 2;
        if (program->retry_ms > PROGRAM_RETRY_MS_MAX) {
            program->retry_ms = PROGRAM_RETRY_MS_MAX;
        }
    }
}

/* Once per loss: a program that stays away is one line, not one a retry. */
static void tell_down(struct program *program, const char *why)
{
    if (!program->was_told) {
        journal_error("program_down", "path=%s reason=\"%s\" open=%zu",
                      program->path, why, program->n_open);
        program->was_told = true;
    }
}

/* @answer  To what is open. */
static void go_down(struct program *program, const char *why,
                    enum question_answer answer)
{
    if (program->state != PROGRAM_UP && program->state != PROGRAM_CONNECTING) {
        return;
    }
    tell_down(program, why);
    meter_add(&program->meters.failures, 1);
    meter_set(&program->meters.connected, 0);
    program->state = PROGRAM_CLOSING;
    program->late = 0;
    end_all(program, answer);
    buffer_clear(&program->in);
    uv_close((uv_handle_t *)&program->pipe, on_closed);
}

/* The deadline of the oldest. */
static void watch_deadline(struct program *program)
{
    struct open_question *first = TAILQ_FIRST(&program->open);
    uint64_t now_us = loop_now_us(program->loop), due_us;

    if (first == NULL) {
        timer_stop(program->deadline);
        return;
    }
    due_us = first->question->asked_us + program->deadline_ms * 1000ull;
    timer_start(program->deadline,
                due_us > now_us ? (due_us - now_us + 999) / 1000 : 0, 0);
}

static void on_deadline(void *context)
{
    struct program *program = context;
    uint64_t now_us = loop_now_us(program->loop);
    struct open_question *first;

    while ((first = TAILQ_FIRST(&program->open)) != NULL &&
           now_us - first->question->asked_us >=
               program->deadline_ms * 1000ull) {
        end_question(program, first, QUESTION_LATE);
        program->late += 1;
    }
    if (program->late >= PROGRAM_LATE_MAX) {
        go_down(program, "it answers too late", QUESTION_LATE);
    } else {
        watch_deadline(program);
    }
}

static struct open_question *find(struct program *program, uint64_t id)
{
    struct open_question *open;

    TAILQ_FOREACH (open, &program->open, link) {
        if (open->id == id) {
            return open;
        }
    }
    return NULL;
}

/* Returns false when the connection is given up. */
static bool take_line(struct program *program, struct slice line)
{
    struct line_answer answer;
    struct open_question *open;
    const char *why;

    if (!line_read(line, &answer, &why)) {
        go_down(program, why, QUESTION_MAD);
        return false;
    }
    if (answer.id == 0 || answer.id > program->id_last) {
        go_down(program, "it answers what it was not asked", QUESTION_MAD);
        return false;
    }
    open = find(program, answer.id);
    if (open == NULL) {
        meter_add(&program->meters.late, 1);
        return true;
    }
    program->late = 0;
    memcpy(open->question->says, answer.says, answer.says_len);
    open->question->says_len = answer.says_len;
    end_question(program, open, answer.answer);
    return true;
}

static void take_lines(struct program *program)
{
    uint8_t *end;

    while (program->in.len > 0 &&
           (end = memchr(program->in.data, '\n', program->in.len)) != NULL) {
        size_t len = (size_t)(end - program->in.data);

        if (!take_line(program, slice_of(program->in.data, len))) {
            return;
        }
        buffer_consume(&program->in, len + 1);
    }
    if (program->in.len > PROGRAM_ANSWER_BYTES_MAX) {
        go_down(program, "a line of it is too long", QUESTION_MAD);
        return;
    }
    watch_deadline(program);
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
    struct program *program = handle->data;

    (void)wanted;
    *room = uv_buf_init(program->chunk, sizeof(program->chunk));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct program *program = stream->data;

    if (n < 0) {
        go_down(program,
                n == UV_EOF ? "it has closed the connection"
                            : uv_strerror((int)n),
                QUESTION_ABSENT);
        return;
    }
    buffer_append(&program->in, bytes->base, (size_t)n);
    if (buffer_failed(&program->in)) {
        go_down(program, "no memory", QUESTION_ABSENT);
        return;
    }
    take_lines(program);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct program *program = request->data;

    if (status == UV_ECANCELED) {
        return;
    }
    if (status != 0) {
        go_down(program, uv_strerror(status), QUESTION_ABSENT);
        return;
    }
    program->state = PROGRAM_UP;
    program->retry_ms = PROGRAM_RETRY_MS_MIN;
    program->was_told = false;
    meter_set(&program->meters.connected, 1);
    meter_add(&program->meters.connects, 1);
    journal_notice("program_up", "path=%s", program->path);
    uv_read_start((uv_stream_t *)&program->pipe, on_room, on_read);
}

static void connect_again(void *context)
{
    struct program *program = context;

    if (program->state != PROGRAM_DOWN) {
        return;
    }
    program->state = PROGRAM_CONNECTING;
    CHECK(uv_pipe_init(loop_uv(program->loop), &program->pipe, 0) == 0);
    program->pipe.data = program;
    program->connecting.data = program;
    uv_pipe_connect(&program->connecting, &program->pipe, program->path,
                    on_connected);
}

static void on_written(uv_write_t *request, int status)
{
    struct writing *writing = (struct writing *)request;

    (void)status; /* A broken connection is told by its reading end. */
    buffer_deinit(&writing->line);
    free(writing);
}

static bool write_line(struct program *program, const struct question *question)
{
    struct writing *writing = calloc(1, sizeof(*writing));
    uv_stream_t *stream = (uv_stream_t *)&program->pipe;
    uv_buf_t bytes;

    if (writing == NULL) {
        return false;
    }
    buffer_init(&writing->line);
    line_write(question, program->id_last, &writing->line);
    bytes =
        uv_buf_init((char *)writing->line.data, (unsigned)writing->line.len);
    if (buffer_failed(&writing->line) ||
        uv_write(&writing->request, stream, &bytes, 1, on_written) != 0) {
        on_written(&writing->request, 0);
        return false;
    }
    return true;
}

static void put(struct program *program, struct question *question)
{
    struct open_question *open = calloc(1, sizeof(*open));

    if (open == NULL) {
        give_back(program, question, QUESTION_FULL);
        return;
    }
    program->id_last += 1;
    open->question = question;
    open->id = program->id_last;
    TAILQ_INSERT_TAIL(&program->open, open, link);
    program->n_open += 1;
    meter_add(&program->meters.questions, 1);
    if (!write_line(program, question)) {
        go_down(program, "it cannot be written to", QUESTION_ABSENT);
    } else if (uv_stream_get_write_queue_size((uv_stream_t *)&program->pipe) >
               PROGRAM_BACKLOG_BYTES_MAX) {
        go_down(program, "it does not read", QUESTION_LATE);
    } else if (program->n_open == 1) {
        watch_deadline(program);
    }
}

static void on_questions(void *context, struct letter_list *list)
{
    struct program *program = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        struct question *question = (struct question *)letter;

        STAILQ_REMOVE_HEAD(list, link);
        if (program->state != PROGRAM_UP) {
            give_back(program, question, QUESTION_ABSENT);
        } else if (program->n_open >= PROGRAM_OPEN_MAX) {
            give_back(program, question, QUESTION_FULL);
        } else {
            put(program, question);
        }
    }
}

static enum error open_parts(struct program *program)
{
    program->loop = loop_new();
    if (program->loop == NULL) {
        return ERROR_NO_MEMORY;
    }
    program->questions =
        letters_new(program->loop, PROGRAM_OPEN_MAX, on_questions, program);
    program->retry = timer_new(program->loop, connect_again, program);
    program->deadline = timer_new(program->loop, on_deadline, program);
    if (program->questions == NULL || program->retry == NULL ||
        program->deadline == NULL) {
        return ERROR_NO_MEMORY;
    }
    timer_start(program->retry, 0, 0);
    program->thread = loop_thread_start(program->loop, "perch-hook");
    return program->thread == NULL ? ERROR_NO_MEMORY : ERROR_NONE;
}

enum error program_open(const struct program_settings *settings,
                        struct program **program_out)
{
    struct program *program;
    enum error error;

    if (strlen(settings->path) >= sizeof(program->path)) {
        return ERROR_INVALID;
    }
    program = calloc(1, sizeof(*program));
    if (program == NULL) {
        return ERROR_NO_MEMORY;
    }
    strcpy(program->path, settings->path);
    program->deadline_ms = settings->deadline_ms;
    program->answers = settings->answers;
    program->retry_ms = PROGRAM_RETRY_MS_MIN;
    TAILQ_INIT(&program->open);
    buffer_init(&program->in);
    error = open_parts(program);
    if (error != ERROR_NONE) {
        program_close(program);
        return error;
    }
    *program_out = program;
    return ERROR_NONE;
}

struct letters *program_questions(struct program *program)
{
    return program->questions;
}

const struct program_meters *program_meters(const struct program *program)
{
    return &program->meters;
}

/* The thread has ended; the loop is this one's. */
static void close_connection(struct program *program)
{
    program->is_ending = true;
    if (program->state == PROGRAM_UP || program->state == PROGRAM_CONNECTING) {
        program->state = PROGRAM_CLOSING;
        uv_close((uv_handle_t *)&program->pipe, on_closed);
    }
    while (program->state == PROGRAM_CLOSING) {
        uv_run(loop_uv(program->loop), UV_RUN_ONCE);
    }
}

static void drop_letters(struct program *program)
{
    struct letter_list left;
    struct letter *letter;

    if (program->questions == NULL) {
        return;
    }
    letters_close(program->questions, &left);
    while ((letter = STAILQ_FIRST(&left)) != NULL) {
        STAILQ_REMOVE_HEAD(&left, link);
        give_back(program, (struct question *)letter, QUESTION_ABSENT);
    }
    letters_free(program->questions);
}

void program_close(struct program *program)
{
    if (program == NULL) {
        return;
    }
    loop_thread_stop(program->thread);
    if (program->loop != NULL) {
        close_connection(program);
        if (program->deadline != NULL) {
            end_all(program, QUESTION_ABSENT);
        }
        drop_letters(program);
        timer_free(program->retry);
        timer_free(program->deadline);
        loop_free(program->loop);
    }
    buffer_deinit(&program->in);
    free(program);
}
