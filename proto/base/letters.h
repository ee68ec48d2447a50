/* A bounded queue of letters from any thread to one loop: with the committed
 * log, the only thing threads share.
 *
 * A letter changes hands whole. A full queue refuses; the sender still owns
 * the letter and says no to whoever it serves (a 503).
 */
#ifndef PROTO_BASE_LETTERS_H
#define PROTO_BASE_LETTERS_H

#include <bsd/sys/queue.h>
#include <stddef.h>

#include "proto/base/error.h"
#include "proto/base/loop.h"

/* Embedded as the first member of what is sent. */
struct letter {
    STAILQ_ENTRY(letter) link;
    int kind; /* Meaning set by the queue's reader. */
};

/* The oldest first. */
STAILQ_HEAD(letter_list, letter);

struct letters;

/**
 * Make a queue that calls receive on its reader's loop.
 *
 * @capacity  Most letters that may wait.
 * @receive   Gets all letters that wait, oldest first, and owns them.
 *
 * Returns NULL when memory is out. Owned by the caller.
 */
struct letters *letters_new(struct loop *loop, size_t capacity,
                            void (*receive)(void *context,
                                            struct letter_list *list),
                            void *context);

/**
 * Hand a letter over. Any thread.
 *
 * Returns BUSY when the queue is full, CLOSED after letters_close; the letter
 * is then still the caller's.
 */
enum error letters_send(struct letters *letters, struct letter *letter);

/**
 * Hand a letter over even when the queue is full: for replies to requests that
 * were themselves bounded, which must not be lost. Any thread.
 *
 * Returns CLOSED after letters_close; the letter is then still the caller's.
 */
enum error letters_send_reply(struct letters *letters, struct letter *letter);

/**
 * Hand a reply over that nobody waits for: it does not wake the reader, who
 * takes it with the next letter that does, or by letters_take. Any thread.
 *
 * Returns CLOSED after letters_close; the letter is then still the caller's.
 */
enum error letters_leave(struct letters *letters, struct letter *letter);

/** Take the letters that wait now. Reader's thread, not within receive. */
void letters_take(struct letters *letters);

/** Count the letters that wait. Any thread. */
size_t letters_waiting(struct letters *letters);

/** Take no more letters and give those that wait to the caller. */
void letters_close(struct letters *letters, struct letter_list *left_out);

/** Free a closed queue. Accepts NULL. */
void letters_free(struct letters *letters);

#endif
