/* A line editor on a terminal: what is typed stays whole below what others
 * say meanwhile.
 *
 *   left, right, home, end, Ctrl-A, Ctrl-E     move
 *   backspace, delete, Ctrl-W, Ctrl-U, Ctrl-K  take away
 *   up, down                                   lines entered before
 *   Ctrl-L   draw anew       Ctrl-C   drop the line; when it is empty: end
 *   Ctrl-D   when the line is empty: end
 *
 * What is pasted is text: a line end in it does not enter the line.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_EDIT_H
#define OPS_PERCH_EDIT_H

#include <stdbool.h>
#include <termios.h>

#include "proto/base/buffer.h"

enum {
    EDIT_LINE_BYTES_MAX = 64 * 1024, /* More keys are not taken. */
    EDIT_PAST_MAX = 100,             /* Lines that come back with "up". */
    EDIT_KEY_BYTES_MAX = 16,         /* Of an escape sequence. */
};

struct edit {
    bool is_open;
    bool is_hidden;
    bool is_pasting;
    struct termios before;
    struct buffer prompt; /* Safe to show. */
    struct buffer line;
    size_t cursor; /* A byte of the line. */
    char key[EDIT_KEY_BYTES_MAX];
    size_t key_len; /* Of a key whose bytes have not all come. */
    struct buffer past[EDIT_PAST_MAX];
    size_t past_n, past_at; /* past_at == past_n: the new line. */

    /* Takes an entered line; may use any function but edit_close. */
    void (*enter)(void *context, struct slice line);

    /* The person has had enough. */
    void (*end)(void *context);
    void *context;
};

/** Take the terminal over. Returns false when there is none. */
bool edit_open(struct edit *edit);

/** Give the terminal back as it was. Accepts one that is not open. */
void edit_close(struct edit *edit);

/** Show another prompt; it is made safe, and cut. */
void edit_prompt(struct edit *edit, struct slice text);

/** Take bytes of the terminal. */
void edit_feed(struct edit *edit, struct slice bytes);

/** Take the line off the screen while something is written. */
void edit_hide(void *edit);

/** Draw it. */
void edit_show(void *edit);

#endif
