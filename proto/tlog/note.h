/* Signed notes, the checkpoints that are their texts, and cosignatures.
 *
 * A note is a text that ends in a newline, an empty line, and signature lines:
 * em dash, space, key name, space, base64 of key id (4 bytes, big-endian) and
 * signature, newline. The key id is the first 4 bytes of SHA-256(name, 0x0A,
 * type, public key). A checkpoint's text is origin, size in decimal, root in
 * base64, one a line.
 *
 * Source: C2SP signed-note, tlog-checkpoint, tlog-cosignature.
 *
 * Pure. Thread: any.
 */
#ifndef PROTO_TLOG_NOTE_H
#define PROTO_TLOG_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/buffer.h"
#include "proto/base/error.h"
#include "proto/base/slice.h"
#include "proto/tlog/merkle.h"

enum {
    NOTE_KEY_BYTES = 32,       /* Of Ed25519, public and private alike. */
    NOTE_SIGNATURE_BYTES = 64, /* Likewise. */
    NOTE_NAME_BYTES_MAX = 255,
    NOTE_BYTES_MAX = 64 * 1024,
    NOTE_SIGNATURES_MAX = 64, /* More are MALFORMED. */
    /* Of a verifier key as text: name, id, type and key. */
    NOTE_VKEY_BYTES_MAX = NOTE_NAME_BYTES_MAX + 1 + 8 + 1 + 44 + 1,
};

enum note_type {
    NOTE_ED25519 = 0x01,     /* Of a log. */
    NOTE_COSIGNATURE = 0x04, /* Timestamped Ed25519: nodes and witnesses. */
};

/* Who may have signed a note. */
struct note_verifier {
    char name[NOTE_NAME_BYTES_MAX + 1];
    uint32_t id;
    enum note_type type;
    uint8_t key[NOTE_KEY_BYTES]; /* Public. */
};

/* One line of a note. */
struct note_signature {
    struct slice name;
    uint32_t id;
    struct slice bytes; /* Decoded, after the id; of the note's storage. Empty
                           for one longer than any type's that is known here. */
};

struct note {
    struct slice text; /* With its last newline. */
    size_t n;
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
    uint8_t storage[NOTE_SIGNATURES_MAX][80];
};

/* A checkpoint's text, read. origin borrows. */
struct checkpoint_text {
    struct slice origin;
    uint64_t size;
    struct merkle_hash root;
};

/** Tell whether a name may be a key's: not empty, of no spaces (Unicode's too)
 * and no plus sign, of at most NOTE_NAME_BYTES_MAX bytes. */
bool note_name_allowed(struct slice name);

/** Fill in a verifier. INVALID for a name that is not allowed. */
enum error note_verifier_init(struct note_verifier *verifier, struct slice name,
                              enum note_type type,
                              const uint8_t key[NOTE_KEY_BYTES]);

/** Read a verifier key's text, "name+hash+key". MALFORMED when it is none or
 * its id is not its key's, UNSUPPORTED for a key of another type. */
enum error note_vkey_read(struct slice text, struct note_verifier *verifier);

/** Append a verifier key's text. */
void note_vkey_write(const struct note_verifier *verifier, struct buffer *to);

/** Read a note; borrows from bytes and from itself: do not copy it. MALFORMED,
 * TOO_LARGE. */
enum error note_read(struct slice bytes, struct note *note_out);

/** Append one signature line. */
void note_write_signature(struct buffer *to, struct slice name, uint32_t id,
                          struct slice signature);

/** Append a checkpoint's text. */
void checkpoint_write(struct buffer *to,
                      const struct checkpoint_text *checkpoint);

/** Read a checkpoint's text; further lines are let through. MALFORMED. */
enum error checkpoint_read(struct slice text,
                           struct checkpoint_text *checkpoint_out);

/** Sign with Ed25519. @private_key  The 32 byte seed. */
void note_sign(const uint8_t private_key[NOTE_KEY_BYTES], struct slice message,
               uint8_t signature_out[NOTE_SIGNATURE_BYTES]);

/** Derive the public key of a private one. */
void note_public_key(const uint8_t private_key[NOTE_KEY_BYTES],
                     uint8_t public_out[NOTE_KEY_BYTES]);

/** Check an Ed25519 signature. */
bool note_check(const uint8_t public_key[NOTE_KEY_BYTES], struct slice message,
                struct slice signature);

/** Append what a cosignature of that moment signs: "cosignature/v1", "time T",
 * the checkpoint's text. @time_s  Seconds since 1970. */
void cosignature_message(struct buffer *to, uint64_t time_s,
                         struct slice checkpoint_text);

/**
 * Find a verifier's signatures in a note and check them all.
 *
 * @time_s_out  Of the latest cosignature, else 0; may be NULL.
 *
 * Returns NOT_FOUND when there is none, MALFORMED when it is a wrong one.
 */
enum error note_verify(const struct note *note,
                       const struct note_verifier *verifier,
                       uint64_t *time_s_out);

#endif
