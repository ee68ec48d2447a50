#include "tests/sim/town/observer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "proto/tlog/submission.h"
#include "tests/sim/random.h"
#include "tests/sim/schedule.h"
#include "tests/sim/town/host.h"

enum {
    STREAM_OBSERVER = 410,
    KEY = 77, /* Each byte of its private key. */
    LOST_ONE_IN = 12,
    STATUS_DONE = 200,
    STATUS_MALFORMED = 400,
    STATUS_UNKNOWN = 404,
    STATUS_CONFLICT = 409,
    STATUS_UNPROVEN = 422,
    US_PER_S = 1000000,
};

struct observer {
    struct witness_port port;
    struct schedule *schedule;
    struct ledger *ledger;
    struct auditor *auditor;
    struct random random;
    struct note_verifier self;
    bool is_away, is_calm;
    uint64_t size; /* Cosigned last; 0: nothing. */
    struct merkle_hash root;
    struct buffer latest; /* The note. */
    uint64_t count;
};

static void private_key(uint8_t key_out[NOTE_KEY_BYTES])
{
    memset(key_out, KEY, NOTE_KEY_BYTES);
}

void observer_key(uint8_t public_out[NOTE_KEY_BYTES])
{
    uint8_t key[NOTE_KEY_BYTES];

    private_key(key);
    note_public_key(key, public_out);
}

/* --- Judging --- */

static bool is_signed(const struct note *note, struct slice origin)
{
    uint8_t key[NOTE_KEY_BYTES];
    struct note_verifier log;

    host_log_key(key);
    return note_verifier_init(&log, origin, NOTE_ED25519, key) == ERROR_NONE &&
           note_verify(note, &log, NULL) == ERROR_NONE;
}

/* Empty for a checkpoint that it would be wrong to cosign. */
static const char *wrong_with(const struct observer *observer,
                              const struct submission *said,
                              const struct note *note,
                              const struct checkpoint_text *text)
{
    if (!is_signed(note, text->origin)) {
        return "is not signed by the log";
    }
    if (text->size == observer->size &&
        !merkle_equal(&text->root, &observer->root)) {
        return "is of another history";
    }
    if (observer->size > 0 &&
        !merkle_check_prefix(observer->size, &observer->root, text->size,
                             &text->root, said->proof, said->n)) {
        return "does not grow from the last";
    }
    return auditor_has_root(observer->auditor, text->size, &text->root)
               ? NULL
               : "is of another tree than the pool's";
}

static void write_cosignature(const struct observer *observer,
                              struct slice text, struct buffer *to)
{
    uint64_t now_s = schedule_now_us(observer->schedule) / US_PER_S;
    uint8_t key[NOTE_KEY_BYTES], bytes[8 + NOTE_SIGNATURE_BYTES];
    struct buffer message = BUFFER_EMPTY;

    private_key(key);
    cosignature_message(&message, now_s, text);
    put_be64(bytes, now_s);
    note_sign(key, buffer_slice(&message), bytes + 8);
    note_write_signature(to, slice_of_text(observer->self.name),
                         observer->self.id, slice_of(bytes, sizeof(bytes)));
    buffer_deinit(&message);
}

static void remember(struct observer *observer, struct slice checkpoint,
                     const struct checkpoint_text *text, struct slice line)
{
    observer->size = text->size;
    observer->root = text->root;
    observer->count++;
    buffer_clear(&observer->latest);
    buffer_append_slice(&observer->latest, checkpoint);
    buffer_append_slice(&observer->latest, line);
}

static unsigned judge(struct observer *observer, const struct submission *said,
                      const struct note *note, struct buffer *body)
{
    struct checkpoint_text text;
    const char *why;

    if (checkpoint_read(note->text, &text) != ERROR_NONE ||
        said->old_size > text.size) {
        return STATUS_MALFORMED;
    }
    if (said->old_size != observer->size) {
        buffer_printf(body, "%" PRIu64 "\n", observer->size);
        return STATUS_CONFLICT;
    }
    why = wrong_with(observer, said, note, &text);
    if (why != NULL) {
        ledger_break(observer->ledger, "fork",
                     "a checkpoint of %" PRIu64
                     " records, after one of %" PRIu64 ", %s",
                     text.size, observer->size, why);
        return STATUS_UNPROVEN;
    }
    write_cosignature(observer, note->text, body);
    remember(observer, said->checkpoint, &text, buffer_slice(body));
    return STATUS_DONE;
}

static unsigned answer(struct observer *observer, struct slice asked,
                       struct buffer *body)
{
    struct note *note = malloc(sizeof(*note));
    unsigned status = STATUS_MALFORMED;
    struct submission said;

    CHECK(note != NULL);
    if (submission_read(asked, &said) == ERROR_NONE &&
        note_read(said.checkpoint, note) == ERROR_NONE) {
        status = judge(observer, &said, note, body);
    }
    free(note);
    return status;
}

static unsigned show(const struct observer *observer, struct buffer *body)
{
    buffer_append_slice(body, buffer_slice(&observer->latest));
    return observer->size > 0 ? STATUS_DONE : STATUS_UNKNOWN;
}

static enum error on_call(void *context, const char *url, struct slice body,
                          struct witness_reply *reply)
{
    struct observer *observer = context;

    if (strncmp(url, OBSERVER_URL, strlen(OBSERVER_URL)) != 0 ||
        observer->is_away) {
        snprintf(reply->why, sizeof(reply->why), "out of reach");
        return ERROR_CLOSED;
    }
    reply->status = body.data == NULL ? show(observer, &reply->body)
                                      : answer(observer, body, &reply->body);
    CHECK(!buffer_failed(&reply->body));
    if (!observer->is_calm &&
        random_below(&observer->random, LOST_ONE_IN) == 0) {
        snprintf(reply->why, sizeof(reply->why), "the answer was lost");
        return ERROR_TIMED_OUT;
    }
    return ERROR_NONE;
}

/* --- The witness --- */

struct observer *observer_new(uint64_t seed, struct schedule *schedule,
                              struct ledger *ledger, struct auditor *auditor)
{
    struct observer *observer = calloc(1, sizeof(*observer));
    uint8_t key[NOTE_KEY_BYTES];

    CHECK(observer != NULL);
    observer->port =
        (struct witness_port){.context = observer, .call = on_call};
    observer->schedule = schedule;
    observer->ledger = ledger;
    observer->auditor = auditor;
    observer->random = random_stream(seed, STREAM_OBSERVER);
    observer_key(key);
    CHECK(note_verifier_init(&observer->self, slice_of_text(OBSERVER_NAME),
                             NOTE_COSIGNATURE, key) == ERROR_NONE);
    return observer;
}

void observer_end(struct observer *observer)
{
    if (observer != NULL) {
        buffer_deinit(&observer->latest);
        free(observer);
    }
}

const struct witness_port *observer_port(const struct observer *observer)
{
    return &observer->port;
}

void observer_leave(struct observer *observer, bool is_away)
{
    if (observer != NULL) {
        observer->is_away = is_away;
    }
}

void observer_calm(struct observer *observer)
{
    if (observer != NULL) {
        observer->is_calm = true;
    }
}

uint64_t observer_count(const struct observer *observer)
{
    return observer->count;
}
