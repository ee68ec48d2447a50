/* What a witness answers a log: the law of C2SP's tlog-witness, without the
 * HTTP around it.
 *
 * It cosigns a checkpoint that a log it knows has signed and that is shown to
 * grow from the one it cosigned last; it never cosigns a second history, and
 * never a smaller tree after a larger.
 *
 * Thread: one: look, compare and write are one step for that reason.
 */
#ifndef OPS_WITNESS_WITNESS_H
#define OPS_WITNESS_WITNESS_H

#include <stdint.h>

#include "ops/witness/book.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"
#include "proto/tlog/note.h"

enum {
    WITNESS_LOGS_MAX = BOOK_PAGES_MAX, /* Keys: a log may have two. */
    WITNESS_ORIGIN_HEX = 64,           /* Of an origin's SHA-256. */
};

/* X(NAME, status, "name"): the name is a metric's. */
#define WITNESS_VERDICT_LIST(X)                                                \
    X(COSIGNED, 200, "cosigned")                                               \
    X(MALFORMED, 400, "malformed")                                             \
    X(SHRUNK, 400, "shrunk") /* The old size is above the new. */              \
    X(UNSIGNED, 403, "unsigned")                                               \
    X(UNKNOWN, 404, "unknown")                                                 \
    X(STALE, 409, "stale")                                                     \
    X(FORKED, 422, "forked")     /* Another root of the same size. */          \
    X(UNPROVEN, 422, "unproven") /* The proof does not hold. */                \
    X(FAILED, 500, "failed")     /* The book could not be written. */

#define WITNESS_ENUM(name, status, text) WITNESS_##name,
enum witness_verdict { WITNESS_VERDICT_LIST(WITNESS_ENUM) WITNESS_VERDICTS };
#undef WITNESS_ENUM

struct witness;

/**
 * Make a witness.
 *
 * @key   Its private key, copied.
 * @book  Borrowed; open for writing.
 *
 * Returns INVALID for a name that no key may have, NO_MEMORY. Free with
 * witness_free.
 */
enum error witness_new(struct slice name, const uint8_t key[NOTE_KEY_BYTES],
                       struct book *book, struct witness **witness_out);

/** Free; the key is wiped. Accepts NULL. */
void witness_free(struct witness *witness);

/** Believe a log's key, by its text (note_vkey_read). INVALID for one of
 * another type than Ed25519, TOO_LARGE, MALFORMED. */
enum error witness_add_log(struct witness *witness, struct slice vkey);

/** Borrow the witness's own verifier. */
const struct note_verifier *witness_verifier(const struct witness *witness);

/**
 * Judge an add-checkpoint request.
 *
 * @now_s  Seconds since 1970, for the cosignature.
 * @reply  The answer's body is appended.
 */
enum witness_verdict witness_judge(struct witness *witness, struct slice body,
                                   uint64_t now_s, struct buffer *reply);

/** Find the last checkpoint of the log whose origin has that SHA-256, in lower
 * case hex. NOT_FOUND. */
enum error witness_latest(const struct witness *witness, struct slice hex,
                          struct slice *note_out);

/** Tell a verdict's HTTP status. */
unsigned witness_status(enum witness_verdict verdict);

/** Name a verdict. */
const char *witness_verdict_name(enum witness_verdict verdict);

/** Tell how often a verdict was spoken. */
uint64_t witness_count(const struct witness *witness,
                       enum witness_verdict verdict);

#endif
