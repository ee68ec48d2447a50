/* What a verification found: for each check whether it was made, how much was
 * looked at, and what is wrong.
 *
 * An error is what a complete archive does not have. A notice is what someone
 * should know of it. The first few of each check are kept with their words,
 * all are counted.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_FINDINGS_H
#define OPS_AUDIT_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"

enum { FINDINGS_KEPT = 20 }; /* Of a check, unless all are asked for. */

/* Every check: NAME, "name", what it holds. */
#define CHECK_LIST(X)                                                          \
    X(TREE, "tree", "every leaf, tile and root is what its records make it")   \
    X(FORM, "form", "every record can be read")                                \
    X(NUMBERS, "numbers", "records are numbered without gaps")                 \
    X(TIME, "time", "time never runs backward")                                \
    X(ORDER, "order", "positions in the pool's log only rise")                 \
    X(SIGNATURES, "signatures", "checkpoints are signed by the log")           \
    X(COSIGNATURES, "cosignatures", "the checkpoint is cosigned as wanted")    \
    X(HISTORY, "history", "earlier checkpoints are of this tree")              \
    X(PINS, "pins", "checkpoints kept elsewhere are of this tree")             \
    X(WITNESSES, "witnesses", "what witnesses have seen is of this tree")      \
    X(FRESHNESS, "freshness", "the checkpoint is of today")                    \
    X(MESSAGES, "messages", "message ids of each room have no gaps")           \
    X(PRESENCE, "presence", "who joined leaves, nobody else does")             \
    X(CANARIES, "canaries", "every node's talk reaches the archive")           \
    X(WITHHELD, "withheld", "what lies beside is as its digest, or told gone") \
    X(FILES, "files", "files are what their names say, and all there")         \
    X(EXPORTS, "exports", "exported files are those of their sheets")

#define CHECK_ENUM(name, text, says) AUDIT_##name,
enum audit_check { CHECK_LIST(CHECK_ENUM) AUDIT_CHECKS };
#undef CHECK_ENUM

struct finding {
    bool is_error;
    char *text;
};

struct check_state {
    bool is_made;
    uint64_t looked_at;
    uint64_t errors, notices;
    struct finding *kept;
    size_t n_kept;
    char *said; /* What was looked at, or why the check was not made. */
};

struct findings {
    size_t keep; /* Of a check, with their words. */
    struct check_state checks[AUDIT_CHECKS];
};

/** Name a check, "tree". Static. */
const char *audit_check_name(enum audit_check check);

/** Say what a check holds. Static. */
const char *audit_check_says(enum audit_check check);

/** Start with no check made, to keep so many findings of each. */
void findings_init(struct findings *findings, size_t keep);

/** Free what is held. */
void findings_deinit(struct findings *findings);

/** Add an error. */
void findings_error(struct findings *findings, enum audit_check check,
                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Add a notice. */
void findings_notice(struct findings *findings, enum audit_check check,
                     const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Say that a check was made, and on what. */
void findings_made(struct findings *findings, enum audit_check check,
                   uint64_t looked_at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Say why a check was not made. */
void findings_not_made(struct findings *findings, enum audit_check check,
                       const char *why);

/** Count the errors of all checks. */
uint64_t findings_errors(const struct findings *findings);

/** Count the notices of all checks. */
uint64_t findings_notices(const struct findings *findings);

#endif
