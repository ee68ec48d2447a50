/* Standard input as bytes that come when they come, whatever it is: terminal,
 * pipe, file, socket.
 *
 * Thread: main; its loop.
 */
#ifndef OPS_PERCH_INPUT_H
#define OPS_PERCH_INPUT_H

#include <stdbool.h>
#include <uv.h>

#include "proto/base/buffer.h"
#include "proto/base/loop.h"

enum {
    INPUT_LINE_BYTES_MAX = 1024 * 1024, /* A longer line ends the input. */
};

struct input {
    uv_poll_t poll;
    uv_idle_t idle; /* Of a file, which is always ready. */
    bool is_polled;
    bool is_open; /* Handles are to be closed. */
    bool is_paused;
    bool has_ended;
    struct buffer lines; /* Bytes that are no whole line yet. */

    /* Takes bytes as they come; len 0: the end. NULL: lines are wanted. */
    void (*bytes)(void *context, struct slice bytes);

    /* Takes a line without its end; is_end: there is none any more, and
     * is_long: because it was too long. */
    void (*line)(void *context, struct slice line);
    void (*end)(void *context, bool is_long);
    void *context;
};

/** Begin to read. The functions and their context are set. */
void input_open(struct input *input, struct loop *loop);

/** Read no more for now, or again. What came is kept. */
void input_pause(struct input *input, bool is_paused);

/** Stop, before the loop is freed. Accepts one that was not opened. */
void input_close(struct input *input);

#endif
