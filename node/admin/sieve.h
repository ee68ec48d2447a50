/* Which messages a request means: by author, by what they say, by time, by
 * number.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_SIEVE_H
#define NODE_ADMIN_SIEVE_H

#include "node/admin/answer.h"
#include "node/admin/moment.h"
#include "node/chat/view.h"
#include "proto/base/buffer.h"

enum {
    MATCHES_MAX = 16,
    RANGES_MAX = 256,
};

/* Which messages are meant. */
struct sieve {
    const struct user *author; /* NULL: anyone. */
    int64_t since_us, until_us;
    size_t n_matches;
    struct slice matches[MATCHES_MAX]; /* Folded. */
    size_t n_ranges;                   /* 0: all. */
    struct message_range ranges[RANGES_MAX];
    struct buffer folded; /* A message's text. */
};

/* What requests that mean messages have in common. */
struct meaning {
    ProtobufCBinaryData author, since, until;
    size_t n_match, n_messages;
    const ProtobufCBinaryData *match, *messages;
};

#define MEANING(asked)                                                         \
    {                                                                          \
        (asked)->author, (asked)->since, (asked)->until, (asked)->n_match,     \
            (asked)->n_messages, (asked)->match, (asked)->messages             \
    }

/**
 * Read what a request means.
 *
 * Returns NULL, and the answer refused, for what makes no sense. Lies in the
 * arena; what it holds is freed by sieve_deinit.
 */
struct sieve *sieve_new(struct answer *answer, const struct meaning *meaning);

/** Free what is held, not the sieve. */
void sieve_deinit(struct sieve *sieve);

/** Tell whether a message is meant. */
bool sieve_passes(struct sieve *sieve, const struct said *said);

/**
 * Tell between which ids messages that are meant lie: none when the first is
 * above the last.
 *
 * @is_shown  Of those alone that the room was not cleared of.
 * @after     Those above this id.
 */
struct message_range sieve_span(const struct sieve *sieve,
                                const struct room_view *room, bool is_shown,
                                uint64_t after);

/** Tell whether a request says which messages it means, not all. */
bool meaning_says_which(const struct meaning *meaning);

/** Tell whether it means them by their numbers alone. */
bool meaning_is_ids(const struct meaning *meaning);

#endif
