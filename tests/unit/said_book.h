/* What has been said, in memory, as a store would hold it: message and revision
 * rows are taken from the effects of entries, and what a command wants the
 * rules to be told of messages is given from them.
 */
#ifndef TESTS_UNIT_SAID_BOOK_H
#define TESTS_UNIT_SAID_BOOK_H

#include "node/chat/effects.h"
#include "node/chat/said.h"
#include "proto/base/arena.h"

struct said_book;

/** Make an empty book. Stops when memory is out. */
struct said_book *said_book_new(void);

/** Free the book. Accepts NULL. */
void said_book_free(struct said_book *book);

/** Take in what an entry brought about, through its rows' bytes. */
void said_book_take(struct said_book *book, const struct effects *effects);

/**
 * Look up what a command wants to be told of.
 *
 * Returns NULL when it wants nothing. Lies in the arena.
 */
const struct facts *said_book_facts(const struct said_book *book,
                                    const struct machine *machine,
                                    const Perch__Command *command,
                                    struct arena *arena);

/** Count the messages of a room, and all revisions of one message. */
size_t said_book_messages(const struct said_book *book, uint32_t room);
size_t said_book_revisions(const struct said_book *book, uint32_t room,
                           uint64_t message_id);

/** Say what a message is now. Fails the program when there is none. */
struct said said_book_now(const struct said_book *book, uint32_t room,
                          uint64_t message_id);

#endif
