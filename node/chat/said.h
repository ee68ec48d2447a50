/* What rows say of messages: facts that are handed to the rules beside an
 * entry that names messages.
 *
 * Rules never read rows. But which message an entry names, who said it and when
 * is settled by the entries before it and is the same on every node: so whoever
 * applies looks the messages up, as the entries before have left them, and the
 * rule decides by what it is given. message_wants says of which messages.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_SAID_H
#define NODE_CHAT_SAID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/chat/limits.h"
#include "proto/base/slice.h"
#include "proto/command.h"

struct machine;

/* What a message has been made since it was posted. In rows: append only. */
#define REVISION_LIST(X)                                                       \
    X(NONE, "posted")                                                          \
    X(CORRECTED, "corrected") /* By its author. */                             \
    X(WITHDRAWN, "withdrawn") /* By its author, or in the author's stead. */   \
    X(REDACTED, "redacted")   /* By an administrator, */                       \
    X(REPLACED, "replaced")   /* with a text in its place. */                  \
    X(CLEARED, "cleared")     /* All of a room up to a message. */

#define REVISION_ENUM(name, text) REVISION_##name,
enum revision { REVISION_LIST(REVISION_ENUM) REVISIONS };
#undef REVISION_ENUM

/* A message as it is to be shown now. */
struct said {
    uint64_t message_id;
    uint64_t log_index; /* Of the post. */
    int64_t sent_at_us; /* Of the post, commit time. */
    struct slice author_uri;
    struct slice display_name;
    struct slice text, extra; /* By its newest revision. */
    bool alert, story;
    bool hidden;
    enum revision state;
    bool has_csn; /* There is a record of it in the archive. */
    uint64_t csn;
    bool is_shared; /* With others that were imported: its command, which the */
    uint64_t command_csn; /* record of this CSN has. */
    bool has_others; /* There are such others, that the command does not want to
                        be told of; told to a purge alone. */
    /* CSNs of what it was made, of this archive; told to a purge alone. */
    size_t n_revised;
    const uint64_t *revised;
};

/* Messages of one room, each once, by rising id. */
struct facts {
    size_t n;
    const struct said *said;
};

/* Messages that a command wants to be told of: those of a list, or all there
 * are in a range. */
struct wants {
    uint32_t room;       /* Place number. */
    uint64_t rows_above; /* Rows of messages above this id are all there, up to
                            the room's last. */
    uint64_t message_id_last;
    size_t n; /* Of the list; 0: the range. */
    const uint64_t *ids;
    uint64_t after_id, upto_id; /* The range; at most PURGES_MAX rows. */
};

/**
 * Tell which messages a command wants to be told of.
 *
 * @wants_out  Borrows from the command.
 *
 * Returns false when it wants none, or names a room that is not there.
 */
bool message_wants(const struct machine *machine, const Perch__Command *command,
                   struct wants *wants_out);

/** Tell whether commands of this kind want to be told of messages. */
bool message_is_wanted(const Perch__Command *command);

/** Find a message among those told of. NULL when it is not. */
const struct said *facts_find(const struct facts *facts, uint64_t message_id);

/** Name what a message has been made, "corrected". A static string. */
const char *revision_name(enum revision revision);

#endif
