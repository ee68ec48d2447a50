#include "ops/witness/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/base/journal.h"
#include "proto/tlog/hash.h"
#include "proto/tlog/secret.h"
#include "proto/tlog/submission.h"

enum { COSIGNATURE_BYTES = 8 + NOTE_SIGNATURE_BYTES };

struct witness {
    struct note_verifier self;
    uint8_t key[NOTE_KEY_BYTES];
    struct book *book;
    size_t n;
    struct note_verifier logs[WITNESS_LOGS_MAX];
    uint64_t counts[WITNESS_VERDICTS];
};

/* A request, read. */
struct plea {
    struct submission submission;
    struct note note;
    struct checkpoint_text text;
    size_t n; /* Signatures of believed keys of the log. */
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
};

static const struct {
    unsigned status;
    const char *name;
} verdicts[WITNESS_VERDICTS] = {
#define WITNESS_ROW(name, status, text) [WITNESS_##name] = {status, text},
    WITNESS_VERDICT_LIST(WITNESS_ROW)
#undef WITNESS_ROW
};

enum error witness_new(struct slice name, const uint8_t key[NOTE_KEY_BYTES],
                       struct book *book, struct witness **witness_out)
{
    struct witness *witness = calloc(1, sizeof(*witness));
    uint8_t public_key[NOTE_KEY_BYTES];
    enum error error;

    if (witness == NULL) {
        return ERROR_NO_MEMORY;
    }
    note_public_key(key, public_key);
    error =
        note_verifier_init(&witness->self, name, NOTE_COSIGNATURE, public_key);
    if (error != ERROR_NONE) {
        free(witness);
        return error;
    }
    memcpy(witness->key, key, NOTE_KEY_BYTES);
    witness->book = book;
    *witness_out = witness;
    return ERROR_NONE;
}

void witness_free(struct witness *witness)
{
    if (witness != NULL) {
        secret_wipe(witness->key);
        free(witness);
    }
}

enum error witness_add_log(struct witness *witness, struct slice vkey)
{
    struct note_verifier log;

    TRY(note_vkey_read(vkey, &log));
    if (log.type != NOTE_ED25519) {
        return ERROR_INVALID;
    }
    if (witness->n == WITNESS_LOGS_MAX) {
        return ERROR_TOO_LARGE;
    }
    witness->logs[witness->n] = log;
    witness->n += 1;
    return ERROR_NONE;
}

const struct note_verifier *witness_verifier(const struct witness *witness)
{
    return &witness->self;
}

static bool is_of(const struct note_verifier *log, struct slice origin)
{
    return slice_equal_text(origin, log->name);
}

static bool knows(const struct witness *witness, struct slice origin)
{
    for (size_t i = 0; i < witness->n; i++) {
        if (is_of(&witness->logs[i], origin)) {
            return true;
        }
    }
    return false;
}

/* Keep the lines that are known to be the log's: what others have put into the
 * request is not handed on by the witness. */
static void gather_signatures(const struct witness *witness, struct plea *plea)
{
    plea->n = 0;
    for (size_t i = 0; i < witness->n; i++) {
        const struct note_verifier *log = &witness->logs[i];

        if (!is_of(log, plea->text.origin) ||
            note_verify(&plea->note, log, NULL) != ERROR_NONE) {
            continue;
        }
        for (size_t j = 0; j < plea->note.n; j++) {
            const struct note_signature *line = &plea->note.signatures[j];

            if (line->id == log->id &&
                slice_equal_text(line->name, log->name)) {
                plea->signatures[plea->n] = *line;
                plea->n += 1;
                break;
            }
        }
    }
}

static bool read_plea(struct slice body, struct plea *plea)
{
    return submission_read(body, &plea->submission) == ERROR_NONE &&
           note_read(plea->submission.checkpoint, &plea->note) == ERROR_NONE &&
           checkpoint_read(plea->note.text, &plea->text) == ERROR_NONE;
}

static bool is_proven(const struct plea *plea, const struct book_page *page)
{
    const struct submission *said = &plea->submission;
    struct merkle_frontier none = {.size = 0};
    struct merkle_hash empty;

    merkle_root(&none, &empty);
    if (plea->text.size == 0 && !merkle_equal(&plea->text.root, &empty)) {
        return false;
    }
    if (page == NULL || page->size == 0) {
        return said->n == 0; /* Every tree grows from the empty one. */
    }
    return merkle_check_prefix(page->size, &page->root, plea->text.size,
                               &plea->text.root, said->proof, said->n);
}

/* The checks in the order of the specification. */
static enum witness_verdict weigh(const struct witness *witness,
                                  const struct plea *plea)
{
    const struct book_page *page = book_find(witness->book, plea->text.origin);
    uint64_t held = page == NULL ? 0 : page->size;

    if (plea->submission.old_size > plea->text.size) {
        return WITNESS_SHRUNK;
    }
    if (plea->submission.old_size != held) {
        return WITNESS_STALE;
    }
    if (page != NULL && held == plea->text.size &&
        !merkle_equal(&page->root, &plea->text.root)) {
        return WITNESS_FORKED;
    }
    return is_proven(plea, page) ? WITNESS_COSIGNED : WITNESS_UNPROVEN;
}

/* The witness's line. */
static void write_cosignature(const struct witness *witness,
                              const struct plea *plea, uint64_t now_s,
                              struct buffer *to)
{
    uint8_t bytes[COSIGNATURE_BYTES];
    struct buffer message = BUFFER_EMPTY;

    cosignature_message(&message, now_s, plea->note.text);
    if (buffer_failed(&message)) {
        to->failed = true;
    } else {
        put_be64(bytes, now_s);
        note_sign(witness->key, buffer_slice(&message), bytes + 8);
        note_write_signature(to, slice_of_text(witness->self.name),
                             witness->self.id, slice_of(bytes, sizeof(bytes)));
    }
    buffer_deinit(&message);
}

static enum error keep(struct witness *witness, const struct plea *plea,
                       struct slice cosignature)
{
    struct buffer note = BUFFER_EMPTY;
    enum error error;

    buffer_append_slice(&note, plea->note.text);
    buffer_append_text(&note, "\n");
    for (size_t i = 0; i < plea->n; i++) {
        const struct note_signature *line = &plea->signatures[i];

        note_write_signature(&note, line->name, line->id, line->bytes);
    }
    buffer_append_slice(&note, cosignature);
    error = buffer_failed(&note) ? ERROR_NO_MEMORY
                                 : book_put(witness->book, buffer_slice(&note));
    buffer_deinit(&note);
    return error;
}

/* In the book first, then in the answer. */
static enum witness_verdict cosign(struct witness *witness,
                                   const struct plea *plea, uint64_t now_s,
                                   struct buffer *reply)
{
    size_t before = reply->len;
    enum error error = ERROR_NO_MEMORY;

    write_cosignature(witness, plea, now_s, reply);
    if (!buffer_failed(reply)) {
        error = keep(witness, plea, slice_after(buffer_slice(reply), before));
    }
    if (error == ERROR_NONE) {
        return WITNESS_COSIGNED;
    }
    reply->len = before;
    journal_error("book_not_written", "origin=%.*s size=%" PRIu64 " error=%s",
                  SLICE_PRINT(plea->text.origin), plea->text.size,
                  error_name(error));
    return WITNESS_FAILED;
}

/* A log has signed what cannot both be true: for those who look after it. */
static void tell_of_fork(const struct witness *witness, const struct plea *plea,
                         enum witness_verdict verdict)
{
    const struct book_page *page = book_find(witness->book, plea->text.origin);

    journal_error("history_refused",
                  "origin=%.*s why=%s held_size=%" PRIu64
                  " offered_size=%" PRIu64,
                  SLICE_PRINT(plea->text.origin), witness_verdict_name(verdict),
                  page == NULL ? 0 : page->size, plea->text.size);
}

static enum witness_verdict judge(struct witness *witness, struct plea *plea,
                                  struct slice body, uint64_t now_s,
                                  struct buffer *reply)
{
    enum witness_verdict verdict;
    const struct book_page *page;

    if (!read_plea(body, plea)) {
        return WITNESS_MALFORMED;
    }
    if (!knows(witness, plea->text.origin)) {
        return WITNESS_UNKNOWN;
    }
    gather_signatures(witness, plea);
    if (plea->n == 0) {
        return WITNESS_UNSIGNED;
    }
    verdict = weigh(witness, plea);
    if (verdict == WITNESS_COSIGNED) {
        return cosign(witness, plea, now_s, reply);
    }
    if (verdict == WITNESS_STALE) {
        page = book_find(witness->book, plea->text.origin);
        buffer_printf(reply, "%" PRIu64 "\n", page == NULL ? 0 : page->size);
        return verdict;
    }
    if (verdict != WITNESS_SHRUNK) {
        tell_of_fork(witness, plea, verdict);
    }
    return verdict;
}

enum witness_verdict witness_judge(struct witness *witness, struct slice body,
                                   uint64_t now_s, struct buffer *reply)
{
    struct plea *plea = malloc(sizeof(*plea)); /* Of a dozen kilobytes. */
    enum witness_verdict verdict = WITNESS_FAILED;

    if (plea != NULL) {
        verdict = judge(witness, plea, body, now_s, reply);
        free(plea);
    }
    if (verdict != WITNESS_COSIGNED && verdict != WITNESS_STALE) {
        buffer_printf(reply, "%s\n", witness_verdict_name(verdict));
    }
    witness->counts[verdict] += 1;
    return verdict;
}

enum error witness_latest(const struct witness *witness, struct slice hex,
                          struct slice *note_out)
{
    const struct book_page *page;

    for (size_t i = 0; (page = book_at(witness->book, i)) != NULL; i++) {
        char name[WITNESS_ORIGIN_HEX + 1];
        struct merkle_hash sum;

        hash_bytes(page->origin, &sum);
        for (size_t j = 0; j < sizeof(sum.bytes); j++) {
            snprintf(name + 2 * j, 3, "%02x", sum.bytes[j]);
        }
        if (slice_equal_text(hex, name)) {
            *note_out = page->note;
            return ERROR_NONE;
        }
    }
    return ERROR_NOT_FOUND;
}

unsigned witness_status(enum witness_verdict verdict)
{
    return verdicts[verdict].status;
}

const char *witness_verdict_name(enum witness_verdict verdict)
{
    return verdicts[verdict].name;
}

uint64_t witness_count(const struct witness *witness,
                       enum witness_verdict verdict)
{
    return witness->counts[verdict];
}
