#include "node/admin/sieve.h"

#include <string.h>

#include "node/admin/find.h"
#include "node/session/folding.h"

static bool read_moment(struct answer *answer, ProtobufCBinaryData text,
                        int64_t *at_us)
{
    if (text.len > 0 && !moment_read(codec_slice(text), at_us)) {
        answer_refuse_about(answer, REFUSAL_MOMENT_INVALID, codec_slice(text));
        return false;
    }
    return true;
}

static bool read_ranges(struct answer *answer, const struct meaning *meaning,
                        struct sieve *sieve)
{
    for (size_t i = 0; i < meaning->n_messages; i++) {
        struct slice text = codec_slice(meaning->messages[i]);

        if (i == RANGES_MAX || !message_range_read(text, &sieve->ranges[i])) {
            answer_refuse_about(answer, REFUSAL_MESSAGES_INVALID, text);
            return false;
        }
        sieve->n_ranges += 1;
    }
    return true;
}

static bool read_matches(struct answer *answer, const struct meaning *meaning,
                         struct sieve *sieve)
{
    for (size_t i = 0; i < meaning->n_match; i++) {
        if (i == MATCHES_MAX) {
            answer_refuse(answer, REFUSAL_REQUEST_TOO_LARGE);
            return false;
        }
        folding_text(codec_slice(meaning->match[i]), &sieve->folded);
        sieve->matches[i] =
            arena_copy_slice(answer->arena, buffer_slice(&sieve->folded));
        sieve->n_matches += 1;
    }
    return true;
}

struct sieve *sieve_new(struct answer *answer, const struct meaning *meaning)
{
    struct sieve *sieve = answer_alloc(answer, sizeof(*sieve));
    bool fine;

    sieve->until_us = INT64_MAX;
    fine = read_moment(answer, meaning->since, &sieve->since_us) &&
           read_moment(answer, meaning->until, &sieve->until_us) &&
           read_ranges(answer, meaning, sieve) &&
           read_matches(answer, meaning, sieve);
    if (fine && meaning->author.len > 0) {
        sieve->author = find_user(answer, meaning->author);
        fine = sieve->author != NULL;
    }
    if (!fine) {
        sieve_deinit(sieve);
    }
    return fine ? sieve : NULL;
}

static bool is_in_range(const struct sieve *sieve, uint64_t id)
{
    for (size_t i = 0; i < sieve->n_ranges; i++) {
        if (id >= sieve->ranges[i].first && id <= sieve->ranges[i].last) {
            return true;
        }
    }
    return sieve->n_ranges == 0;
}

bool sieve_passes(struct sieve *sieve, const struct said *said)
{
    struct user_view author;

    if (!is_in_range(sieve, said->message_id) ||
        said->sent_at_us < sieve->since_us ||
        said->sent_at_us >= sieve->until_us) {
        return false;
    }
    if (sieve->author != NULL) {
        view_user(sieve->author, &author);
        if (!slice_equal(author.uri, said->author_uri)) {
            return false;
        }
    }
    if (sieve->n_matches > 0) {
        folding_text(said->text, &sieve->folded);
    }
    for (size_t i = 0; i < sieve->n_matches; i++) {
        if (sieve->matches[i].len > 0 &&
            (sieve->folded.len == 0 ||
             memmem(sieve->folded.data, sieve->folded.len,
                    sieve->matches[i].data, sieve->matches[i].len) == NULL)) {
            return false;
        }
    }
    return true;
}

void sieve_deinit(struct sieve *sieve)
{
    buffer_deinit(&sieve->folded);
}

struct message_range sieve_span(const struct sieve *sieve,
                                const struct room_view *room, bool is_shown,
                                uint64_t after)
{
    struct message_range span = {1, room->message_id_last};

    if (sieve->n_ranges > 0) {
        span.first = UINT64_MAX;
        span.last = 0;
    }
    for (size_t i = 0; i < sieve->n_ranges; i++) {
        span.first = sieve->ranges[i].first < span.first
                         ? sieve->ranges[i].first
                         : span.first;
        span.last = sieve->ranges[i].last > span.last ? sieve->ranges[i].last
                                                      : span.last;
    }
    if (is_shown && span.first <= room->cleared_upto) {
        span.first = room->cleared_upto + 1;
    }
    span.first = span.first <= after ? after + 1 : span.first;
    span.last =
        span.last > room->message_id_last ? room->message_id_last : span.last;
    return span;
}

bool meaning_says_which(const struct meaning *meaning)
{
    return meaning->author.len > 0 || meaning->since.len > 0 ||
           meaning->until.len > 0 || meaning->n_match > 0 ||
           meaning->n_messages > 0;
}

bool meaning_is_ids(const struct meaning *meaning)
{
    return meaning->n_messages > 0 && meaning->author.len == 0 &&
           meaning->n_match == 0 && meaning->since.len == 0 &&
           meaning->until.len == 0;
}
