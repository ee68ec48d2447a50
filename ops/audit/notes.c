#include "ops/audit/notes.h"

#include "ops/audit/names.h"

static struct note note; /* Large; read anew by each function. */

static const struct slice signature_start = {(const uint8_t *)"\xe2\x80\x94 ",
                                             4};

/* A book of perch-witness: notes behind lines that tell their length. */
static bool next_of_book(struct slice *rest, struct slice *note_out)
{
    static const struct slice word = {(const uint8_t *)"checkpoint ", 11};
    struct slice after = *rest, line, digits;
    size_t len = 0;

    if (!names_next_line(&after, &line) || !slice_begins(line, word)) {
        return false;
    }
    digits = slice_after(line, word.len);
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9' || i > 8) {
            return false;
        }
        len = len * 10 + (size_t)(digits.data[i] - '0');
    }
    if (len == 0 || len > after.len) {
        return false;
    }
    *note_out = slice_of(after.data, len);
    *rest = slice_after(after, len);
    return true;
}

/* Whether a line is none of a note, but of what is around notes. */
static bool is_between(struct slice line)
{
    return line.len == 0 || line.data[0] == '#' ||
           slice_begins(line, SLICE_LITERAL("perch-witness book ")) ||
           slice_begins(line, SLICE_LITERAL("end "));
}

bool notes_next(struct slice *rest, struct slice *note_out)
{
    struct slice after = *rest, line, begin;
    bool is_signed = false;

    do {
        *rest = after;
        if (next_of_book(rest, note_out)) {
            return true;
        }
        if (!names_next_line(&after, &line)) {
            return false;
        }
    } while (is_between(line));
    begin = *rest;
    for (;;) {
        struct slice before = after;

        if (!names_next_line(&after, &line) ||
            (is_signed && !slice_begins(line, signature_start))) {
            after = before;
            break;
        }
        is_signed |= slice_begins(line, signature_start);
    }
    *note_out = slice_of(begin.data, begin.len - after.len);
    *rest = after;
    return true;
}

bool notes_text(struct slice bytes, struct checkpoint_text *text_out)
{
    return note_read(bytes, &note) == ERROR_NONE &&
           checkpoint_read(note.text, text_out) == ERROR_NONE;
}

static bool signed_by(const struct note_verifier *logs, size_t n,
                      struct slice origin)
{
    for (size_t i = 0; i < n; i++) {
        if (slice_equal_text(origin, logs[i].name) &&
            note_verify(&note, &logs[i], NULL) == ERROR_NONE) {
            return true;
        }
    }
    return false;
}

bool notes_signed(struct slice bytes, const struct trust *trust)
{
    struct checkpoint_text text;

    return notes_text(bytes, &text) &&
           signed_by(trust->logs, trust->n_logs, text.origin);
}

struct counting {
    const char *name;
    struct findings *findings;
    struct cosigned *cosigned;
    struct buffer *who;
};

/* One verifier's cosignature. Returns whether there is a right one. */
static bool count(struct counting *counting,
                  const struct note_verifier *verifier)
{
    uint64_t time_s;
    enum error error = note_verify(&note, verifier, &time_s);

    if (error == ERROR_MALFORMED) {
        findings_error(counting->findings, AUDIT_COSIGNATURES,
                       "%s: the cosignature in the name of %s is not by its "
                       "key",
                       counting->name, verifier->name);
    }
    if (error != ERROR_NONE) {
        return false;
    }
    counting->cosigned->good++;
    if (time_s > counting->cosigned->newest_s) {
        counting->cosigned->newest_s = time_s;
    }
    buffer_printf(counting->who, "%s%s", counting->who->len > 0 ? ", " : "",
                  verifier->name);
    return true;
}

static bool is_of_policy(const struct trust *trust,
                         const struct note_verifier *verifier)
{
    for (size_t i = 0; i < trust->policy.n_parties; i++) {
        const struct policy_party *party = &trust->policy.parties[i];

        if (!party->is_group &&
            memcmp(party->verifier.key, verifier->key, NOTE_KEY_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* Those that the archive names: they count for what they are worth when there
 * is no policy; with one, only wrong ones are of interest. */
static void count_others(struct counting *counting, const struct trust *trust)
{
    struct cosigned kept = *counting->cosigned;

    for (size_t i = 0; i < trust->n_others; i++) {
        if (!trust->has_policy || !is_of_policy(trust, &trust->others[i])) {
            count(counting, &trust->others[i]);
        }
    }
    if (trust->has_policy) {
        *counting->cosigned = kept;
    }
}

void notes_cosigned(struct slice bytes, const struct trust *trust,
                    const char *name, struct findings *findings,
                    struct cosigned *cosigned_out, struct buffer *who)
{
    struct counting counting = {name, findings, cosigned_out, who};
    bool has[POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX] = {false};
    const struct policy *policy = &trust->policy;

    *cosigned_out = (struct cosigned){.is_enough = true};
    if (note_read(bytes, &note) != ERROR_NONE) {
        return;
    }
    for (size_t i = 0; i < policy->n_parties; i++) {
        if (!policy->parties[i].is_group) {
            has[i] = count(&counting, &policy->parties[i].verifier);
        }
    }
    if (trust->has_policy) {
        cosigned_out->is_enough = policy_satisfied(policy, has);
    }
    count_others(&counting, trust);
}
