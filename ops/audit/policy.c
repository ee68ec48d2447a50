#include "ops/audit/policy.h"

#include <stdio.h>

enum { WORDS_MAX = POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX + 3 };

struct reader {
    struct policy *policy;
    unsigned line;
    bool has_quorum;
    struct slice words[WORDS_MAX];
    size_t n;
    char *fault;
};

static bool fail(struct reader *reader, const char *what, struct slice about)
{
    snprintf(reader->fault, POLICY_FAULT_BYTES, "line %u: %s%s%.*s",
             reader->line, what, about.len > 0 ? ": " : "",
             (int)(about.len < 80 ? about.len : 80),
             about.len > 0 ? (const char *)about.data : "");
    return false;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Cut a line into words. */
static bool split(struct reader *reader, struct slice line)
{
    size_t at = 0;

    reader->n = 0;
    for (;;) {
        size_t begin;

        while (at < line.len && is_blank(line.data[at])) {
            at++;
        }
        if (at == line.len || (reader->n == 0 && line.data[at] == '#')) {
            return true;
        }
        begin = at;
        while (at < line.len && !is_blank(line.data[at])) {
            if (line.data[at] < 0x20 || line.data[at] == 0x7f) {
                return fail(reader, "a control character", SLICE_NONE);
            }
            at++;
        }
        if (reader->n == WORDS_MAX) {
            return fail(reader, "too many words", SLICE_NONE);
        }
        reader->words[reader->n] = slice_of(line.data + begin, at - begin);
        reader->n++;
    }
}

static int find(const struct policy *policy, struct slice name)
{
    for (size_t i = 0; i < policy->n_parties; i++) {
        if (slice_equal(policy->parties[i].name, name)) {
            return (int)i;
        }
    }
    return POLICY_NONE;
}

static bool read_key(struct reader *reader, struct slice text,
                     enum note_type type, struct note_verifier *verifier)
{
    if (note_vkey_read(text, verifier) != ERROR_NONE) {
        return fail(reader, "no verifier key of Ed25519", text);
    }
    return verifier->type == type ||
           fail(reader,
                type == NOTE_ED25519 ? "not a log's key"
                                     : "not a witness's key",
                text);
}

static bool read_log(struct reader *reader)
{
    struct policy *policy = reader->policy;
    struct note_verifier *log;

    if (reader->n < 2 || reader->n > 3) {
        return fail(reader, "a log has a key and perhaps a URL", SLICE_NONE);
    }
    if (policy->n_logs == POLICY_LOGS_MAX) {
        return fail(reader, "too many logs", SLICE_NONE);
    }
    log = &policy->logs[policy->n_logs];
    if (!read_key(reader, reader->words[1], NOTE_ED25519, log)) {
        return false;
    }
    for (size_t i = 0; i < policy->n_logs; i++) {
        if (memcmp(policy->logs[i].key, log->key, NOTE_KEY_BYTES) == 0) {
            return fail(reader, "a key that is there already",
                        reader->words[1]);
        }
    }
    policy->n_logs++;
    return true;
}

/* Append a party of a name that is free. */
static struct policy_party *add_party(struct reader *reader)
{
    struct policy *policy = reader->policy;
    struct slice name = reader->words[1];
    struct policy_party *party = &policy->parties[policy->n_parties];

    if (find(policy, name) != POLICY_NONE || slice_equal_text(name, "none")) {
        fail(reader, "a name that is taken", name);
        return NULL;
    }
    *party = (struct policy_party){.name = name, .parent = POLICY_NONE};
    policy->n_parties++;
    return party;
}

static bool read_witness(struct reader *reader)
{
    struct policy *policy = reader->policy;
    struct policy_party *party;

    if (reader->n < 3 || reader->n > 4) {
        return fail(reader, "a witness has a name, a key and perhaps a URL",
                    SLICE_NONE);
    }
    if (policy->n_witnesses == POLICY_WITNESSES_MAX) {
        return fail(reader, "too many witnesses", SLICE_NONE);
    }
    party = add_party(reader);
    if (party == NULL || !read_key(reader, reader->words[2], NOTE_COSIGNATURE,
                                   &party->verifier)) {
        return false;
    }
    for (size_t i = 0; i + 1 < policy->n_parties; i++) {
        if (!policy->parties[i].is_group &&
            memcmp(policy->parties[i].verifier.key, party->verifier.key,
                   NOTE_KEY_BYTES) == 0) {
            return fail(reader, "a key that is there already",
                        reader->words[2]);
        }
    }
    policy->n_witnesses++;
    return true;
}

static bool read_needed(struct reader *reader, struct policy_party *group)
{
    struct slice word = reader->words[2];
    unsigned needed = 0;

    if (slice_equal_text(word, "all") || slice_equal_text(word, "any")) {
        group->needed =
            slice_equal_text(word, "all") ? (unsigned)reader->n - 3 : 1;
        return true;
    }
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] < '0' || word.data[i] > '9' || i > 3 ||
            word.data[0] == '0') {
            return fail(reader, "all, any or a number", word);
        }
        needed = needed * 10 + (unsigned)(word.data[i] - '0');
    }
    group->needed = needed;
    return (needed >= 1 && needed <= reader->n - 3) ||
           fail(reader, "a group cannot need that many of its members", word);
}

static bool read_group(struct reader *reader)
{
    struct policy *policy = reader->policy;
    struct policy_party *group;

    if (reader->n < 4) {
        return fail(reader, "a group has a name, a number and members",
                    SLICE_NONE);
    }
    if (policy->n_groups == POLICY_GROUPS_MAX) {
        return fail(reader, "too many groups", SLICE_NONE);
    }
    for (size_t i = 3; i < reader->n; i++) {
        int member = find(policy, reader->words[i]);

        if (member == POLICY_NONE || policy->parties[member].is_member) {
            return fail(reader,
                        member == POLICY_NONE ? "not defined before"
                                              : "is a member already",
                        reader->words[i]);
        }
        policy->parties[member].is_member = true;
        policy->parties[member].parent = (int)policy->n_parties;
    }
    group = add_party(reader);
    if (group == NULL) {
        return false;
    }
    group->is_group = true;
    group->members = (unsigned)reader->n - 3;
    policy->n_groups++;
    return read_needed(reader, group);
}

static bool read_quorum(struct reader *reader)
{
    struct policy *policy = reader->policy;

    if (reader->has_quorum || reader->n != 2) {
        return fail(reader, "one quorum, of one name", SLICE_NONE);
    }
    reader->has_quorum = true;
    policy->quorum = find(policy, reader->words[1]);
    return policy->quorum != POLICY_NONE ||
           slice_equal_text(reader->words[1], "none") ||
           fail(reader, "not defined before", reader->words[1]);
}

static bool read_line(struct reader *reader, struct slice line)
{
    static const struct {
        const char *word;
        bool (*read)(struct reader *reader);
    } lines[] = {{"log", read_log},
                 {"witness", read_witness},
                 {"group", read_group},
                 {"quorum", read_quorum}};

    if (!split(reader, line)) {
        return false;
    }
    if (reader->n == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (slice_equal_text(reader->words[0], lines[i].word)) {
            return lines[i].read(reader);
        }
    }
    return fail(reader, "log, witness, group or quorum", reader->words[0]);
}

bool policy_read(struct slice text, struct policy *policy,
                 char fault_out[POLICY_FAULT_BYTES])
{
    struct reader reader = {.policy = policy, .fault = fault_out};

    *policy = (struct policy){.quorum = POLICY_NONE};
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);

        reader.line++;
        if (!read_line(&reader, slice_of(text.data, len))) {
            return false;
        }
        text = slice_after(text, len + 1);
    }
    return reader.has_quorum || fail(&reader, "there is no quorum", SLICE_NONE);
}

bool policy_satisfied(const struct policy *policy, const bool *cosigned)
{
    unsigned counts[POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX] = {0};

    if (policy->quorum == POLICY_NONE) {
        return true;
    }
    /* Members stand before their groups. */
    for (size_t i = 0; i < policy->n_parties; i++) {
        const struct policy_party *party = &policy->parties[i];
        bool has = party->is_group ? counts[i] >= party->needed : cosigned[i];

        if ((int)i == policy->quorum) {
            return has;
        }
        if (has && party->parent != POLICY_NONE) {
            counts[party->parent]++;
        }
    }
    return false;
}
