#include "ops/perch/input.h"

#include <errno.h>
#include <unistd.h>

#include "proto/base/os/loop_uv.h"

enum { CHUNK_BYTES = 16 * 1024 };

static void run(struct input *input, bool is_running);

static void end(struct input *input, bool is_long)
{
    input->has_ended = true;
    run(input, false);
    if (input->bytes != NULL) {
        input->bytes(input->context, SLICE_NONE);
    } else {
        input->end(input->context, is_long);
    }
}

/* Hand out the whole lines there are, unless paused in between. */
static void hand_out(struct input *input)
{
    while (!input->is_paused && input->is_open && input->lines.len > 0) {
        uint8_t *newline = memchr(input->lines.data, '\n', input->lines.len);
        size_t len;

        if (newline == NULL) {
            break;
        }
        len = (size_t)(newline - input->lines.data);
        input->line(input->context,
                    slice_of(input->lines.data,
                             len > 0 && newline[-1] == '\r' ? len - 1 : len));
        buffer_consume(&input->lines, len + 1);
    }
    if (!input->is_paused && !input->has_ended &&
        (input->lines.len > INPUT_LINE_BYTES_MAX ||
         buffer_failed(&input->lines))) {
        end(input, true);
    }
}

/* The last line may lack its end. */
static void finish(struct input *input)
{
    if (input->bytes == NULL && input->lines.len > 0) {
        buffer_append_text(&input->lines, "\n");
        hand_out(input);
    }
    if (input->is_open && !input->has_ended) {
        end(input, false);
    }
}

static void read_some(struct input *input)
{
    char chunk[CHUNK_BYTES];
    ssize_t got = read(STDIN_FILENO, chunk, sizeof(chunk));

    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        finish(input);
    } else if (input->bytes != NULL) {
        input->bytes(input->context, slice_of(chunk, (size_t)got));
    } else {
        buffer_append(&input->lines, chunk, (size_t)got);
        hand_out(input);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    read_some(poll->data);
}

static void on_idle(uv_idle_t *idle)
{
    read_some(idle->data);
}

static void run(struct input *input, bool is_running)
{
    if (input->is_polled) {
        is_running
            ? uv_poll_start(&input->poll, UV_READABLE | UV_DISCONNECT, on_poll)
            : uv_poll_stop(&input->poll);
    } else {
        is_running ? uv_idle_start(&input->idle, on_idle)
                   : uv_idle_stop(&input->idle);
    }
}

void input_open(struct input *input, struct loop *loop)
{
    input->is_open = true;
    input->is_polled =
        uv_poll_init(loop_uv(loop), &input->poll, STDIN_FILENO) == 0;
    if (!input->is_polled) {
        uv_idle_init(loop_uv(loop), &input->idle);
    }
    input->poll.data = input;
    input->idle.data = input;
    run(input, true);
}

void input_pause(struct input *input, bool is_paused)
{
    if (!input->is_open || input->is_paused == is_paused) {
        return;
    }
    input->is_paused = is_paused;
    if (input->has_ended) {
        return;
    }
    run(input, !is_paused);
    if (!is_paused && input->bytes == NULL) {
        hand_out(input);
    }
}

void input_close(struct input *input)
{
    if (!input->is_open) {
        return;
    }
    input->is_open = false;
    uv_close(input->is_polled ? (uv_handle_t *)&input->poll
                              : (uv_handle_t *)&input->idle,
             NULL);
    buffer_deinit(&input->lines);
}
