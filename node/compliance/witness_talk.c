#include "node/compliance/witness_talk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/tlog/hash.h"
#include "proto/tlog/submission.h"

enum {
    URL_BYTES = ARCHIVE_URL_BYTES_MAX + 128,
    STATUS_DONE = 200,
    STATUS_UNSIGNED = 403,
    STATUS_UNKNOWN = 404,
    STATUS_CONFLICT = 409,
    STATUS_UNPROVEN = 422,
};

static void fail(struct witness_talk *talk, const char *why)
{
    talk->end = WITNESS_END_FAILED;
    snprintf(talk->why, sizeof(talk->why), "%s", why);
}

static void write_url(const struct witness_talk *talk, char url[URL_BYTES],
                      const char *rest)
{
    size_t len = strlen(talk->url);

    while (len > 0 && talk->url[len - 1] == '/') {
        len -= 1;
    }
    snprintf(url, URL_BYTES, "%.*s/%s", (int)len, talk->url, rest);
}

/* --- What it has --- */

/* Is it a checkpoint of this log, signed by both? */
static enum error check_latest(const struct witness_talk *talk,
                               struct slice bytes,
                               struct checkpoint_text *checkpoint_out)
{
    struct note *note = malloc(sizeof(*note));
    enum error error = ERROR_NO_MEMORY;

    if (note != NULL) {
        error = note_read(bytes, note);
    }
    if (error == ERROR_NONE) {
        error = note_verify(note, &talk->log, NULL);
    }
    if (error == ERROR_NONE) {
        error = note_verify(note, &talk->witness, NULL);
    }
    if (error == ERROR_NONE) {
        error = checkpoint_read(note->text, checkpoint_out);
    }
    free(note);
    if (error == ERROR_NONE &&
        !slice_equal_text(checkpoint_out->origin, talk->log.name)) {
        error = ERROR_MALFORMED;
    }
    return error == ERROR_NONE || error == ERROR_NO_MEMORY ? error
                                                           : ERROR_MALFORMED;
}

enum error witness_talk_latest(struct witness_talk *talk,
                               struct buffer *note_out,
                               struct checkpoint_text *checkpoint_out)
{
    char url[URL_BYTES], rest[2 * MERKLE_HASH_BYTES + 16];
    struct witness_reply reply = {.status = 0};
    struct merkle_hash origin;
    enum error error;

    hash_bytes(slice_of_text(talk->log.name), &origin);
    for (size_t i = 0; i < MERKLE_HASH_BYTES; i++) {
        snprintf(rest + 2 * i, 3, "%02x", origin.bytes[i]);
    }
    strcat(rest, "/checkpoint");
    write_url(talk, url, rest);
    buffer_clear(note_out);
    error = talk->port->call(talk->port->context, url, SLICE_NONE, &reply);
    if (error == ERROR_NONE && reply.status != STATUS_DONE) {
        error = ERROR_NOT_FOUND;
        snprintf(reply.why, sizeof(reply.why), "GET answered %u", reply.status);
    }
    if (error == ERROR_NONE) {
        buffer_append_slice(note_out, buffer_slice(&reply.body));
        error =
            buffer_failed(note_out)
                ? ERROR_NO_MEMORY
                : check_latest(talk, buffer_slice(note_out), checkpoint_out);
        snprintf(reply.why, sizeof(reply.why),
                 "its checkpoint is not signed by the log and the witness");
    }
    buffer_deinit(&reply.body);
    if (error != ERROR_NONE) {
        fail(talk, reply.why);
    }
    return error;
}

/* It says that it has more than this log: can it show it? A witness that
 * cannot be asked is believed: what is lost otherwise is lost for good. */
static void check_ahead(struct witness_talk *talk)
{
    struct checkpoint_text checkpoint;
    struct buffer note = BUFFER_EMPTY;
    enum error error = witness_talk_latest(talk, &note, &checkpoint);

    if (error == ERROR_NONE && checkpoint.size <= talk->size) {
        fail(talk, "it says that it has more than it can show");
    } else if (error == ERROR_MALFORMED) {
        fail(talk, "it says that it has more, and shows a checkpoint that is "
                   "not signed by the log and the witness");
    } else {
        talk->end = WITNESS_END_AHEAD;
        talk->is_proven = error == ERROR_NONE;
        talk->held = error == ERROR_NONE ? checkpoint.size : talk->held;
        snprintf(talk->why, sizeof(talk->why),
                 "it has cosigned %" PRIu64 " records", talk->held);
    }
    buffer_deinit(&note);
}

/* --- Its answer --- */

/* Find the cosignature in the lines that it sent. */
static bool take_cosignature(struct witness_talk *talk, const struct note *note)
{
    for (size_t i = 0; i < note->n; i++) {
        const struct note_signature *line = &note->signatures[i];

        if (line->id == talk->witness.id &&
            slice_equal_text(line->name, talk->witness.name) &&
            line->bytes.len == 8 + NOTE_SIGNATURE_BYTES) {
            memcpy(talk->cosignature, line->bytes.data + 8,
                   NOTE_SIGNATURE_BYTES);
            return true;
        }
    }
    return false;
}

/* The text of the checkpoint with the lines that it sent is a note. */
static void on_done(struct witness_talk *talk, struct slice lines)
{
    struct note *asked = malloc(sizeof(*asked)), *note = malloc(sizeof(*note));
    struct buffer bytes = BUFFER_EMPTY;

    if (asked == NULL || note == NULL ||
        note_read(buffer_slice(&talk->note), asked) != ERROR_NONE) {
        fail(talk, "out of memory");
        goto out;
    }
    buffer_append_slice(&bytes, asked->text);
    buffer_append_text(&bytes, "\n");
    buffer_append_slice(&bytes, lines);
    if (buffer_failed(&bytes) ||
        note_read(buffer_slice(&bytes), note) != ERROR_NONE ||
        note_verify(note, &talk->witness, &talk->time_s) != ERROR_NONE ||
        !take_cosignature(talk, note)) {
        fail(talk, "its cosignature is none under its key");
        goto out;
    }
    talk->end = WITNESS_END_COSIGNED;
out:
    buffer_deinit(&bytes);
    free(note);
    free(asked);
}

static void fork_off(struct witness_talk *talk)
{
    talk->end = WITNESS_END_FORKED;
    snprintf(talk->why, sizeof(talk->why),
             "it has cosigned another history of %" PRIu64 " records",
             talk->held);
}

/* Returns true to ask again. */
static bool on_conflict(struct witness_talk *talk, struct slice body)
{
    uint64_t held;

    if (body.len > 0 && body.data[body.len - 1] == '\n') {
        body.len -= 1;
    }
    if (submission_read_size(body, &held) != ERROR_NONE) {
        /* Some answer so to another root of the same size. */
        if (talk->held == talk->size) {
            fork_off(talk);
        } else {
            fail(talk, "it answered 409 without a size");
        }
        return false;
    }
    if (held == talk->held) {
        if (held == talk->size) {
            fork_off(talk);
        } else {
            fail(talk, "it refuses the size that it names");
        }
        return false;
    }
    talk->held = held;
    if (held > talk->size) {
        check_ahead(talk);
        return false;
    }
    return true;
}

/* Does what was sent hold for the tree that is here? */
static bool is_proof_right(const struct witness_talk *talk, struct tiles *tiles,
                           const struct submission *said)
{
    struct merkle_hash old;

    return talk->held == 0 ||
           (merkle_root_of(tiles_hash, tiles, talk->held, &old) == ERROR_NONE &&
            merkle_check_prefix(talk->held, &old, talk->size, &talk->root,
                                said->proof, said->n));
}

static void on_unproven(struct witness_talk *talk, struct tiles *tiles,
                        const struct submission *said)
{
    if (is_proof_right(talk, tiles, said)) {
        fork_off(talk);
    } else {
        fail(talk, "the proof made of this node's files does not hold");
    }
}

/* Returns true to ask again. */
static bool judge(struct witness_talk *talk, struct tiles *tiles,
                  const struct submission *said,
                  const struct witness_reply *reply)
{
    switch (reply->status) {
    case STATUS_DONE:
        on_done(talk, buffer_slice(&reply->body));
        return false;
    case STATUS_CONFLICT:
        return on_conflict(talk, buffer_slice(&reply->body));
    case STATUS_UNPROVEN:
        on_unproven(talk, tiles, said);
        return false;
    case STATUS_UNKNOWN:
        fail(talk, "it does not know this log (404)");
        return false;
    case STATUS_UNSIGNED:
        fail(talk, "it does not believe the log's key (403)");
        return false;
    default:
        talk->end = WITNESS_END_FAILED;
        snprintf(talk->why, sizeof(talk->why), "it answered %u", reply->status);
        return false;
    }
}

static bool prove(struct witness_talk *talk, struct tiles *tiles,
                  struct submission *said)
{
    enum error error;

    *said = (struct submission){.old_size = talk->held,
                                .checkpoint = buffer_slice(&talk->note)};
    if (talk->held == 0 || talk->held == talk->size) {
        return true;
    }
    error = merkle_prove_prefix(tiles_hash, tiles, talk->held, talk->size,
                                said->proof, &said->n);
    if (error != ERROR_NONE) {
        talk->end = WITNESS_END_FAILED;
        snprintf(talk->why, sizeof(talk->why),
                 "no proof can be made of this node's files: %s",
                 error_text(error));
    }
    return error == ERROR_NONE;
}

/* Returns true to ask again. */
static bool ask(struct witness_talk *talk, struct tiles *tiles)
{
    struct witness_reply reply = {.status = 0};
    struct buffer body = BUFFER_EMPTY;
    struct submission said;
    char url[URL_BYTES];
    bool again = false;

    if (!prove(talk, tiles, &said)) {
        return false;
    }
    submission_write(&body, &said);
    write_url(talk, url, "add-checkpoint");
    if (buffer_failed(&body)) {
        fail(talk, "out of memory");
    } else if (talk->port->call(talk->port->context, url, buffer_slice(&body),
                                &reply) != ERROR_NONE) {
        fail(talk, reply.why);
    } else {
        again = judge(talk, tiles, &said, &reply);
    }
    buffer_deinit(&body);
    buffer_deinit(&reply.body);
    return again;
}

void witness_talk(struct witness_talk *talk, struct tiles *tiles)
{
    tiles_forget(tiles);
    talk->held = talk->held > talk->size ? talk->size : talk->held;
    talk->why[0] = '\0';
    fail(talk, "it names another size each time");
    for (unsigned i = 0; i < WITNESS_REQUESTS_MAX && ask(talk, tiles); i++) {
    }
}
