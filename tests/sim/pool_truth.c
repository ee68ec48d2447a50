#include "tests/sim/pool_truth.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

void pool_truth_deinit(struct pool_truth *truth)
{
    free(truth->words);
    free(truth->at);
}

void pool_truth_break(struct pool_truth *truth, const char *kind,
                      const char *format, ...)
{
    va_list arguments;

    if (truth->violation.kind[0] != '\0') {
        return;
    }
    snprintf(truth->violation.kind, sizeof(truth->violation.kind), "%s", kind);
    va_start(arguments, format);
    vsnprintf(truth->violation.text, sizeof(truth->violation.text), format,
              arguments);
    va_end(arguments);
}

uint64_t pool_truth_word(struct pool_truth *truth)
{
    if (truth->n_words + 1 >= truth->words_capacity) {
        truth->words_capacity = truth->words_capacity * 2 + 1024;
        truth->words = realloc(truth->words,
                               truth->words_capacity * sizeof(*truth->words));
        CHECK(truth->words != NULL);
    }
    truth->n_words++;
    truth->words[truth->n_words] = (struct pool_word){.index = 0};
    truth->sums.proposed++;
    return truth->n_words;
}

static uint64_t *at_index(struct pool_truth *truth, uint64_t index)
{
    if (index >= truth->at_capacity) {
        size_t capacity = (size_t)index * 2 + 1024;

        truth->at = realloc(truth->at, capacity * sizeof(*truth->at));
        CHECK(truth->at != NULL);
        memset(truth->at + truth->at_capacity, 0,
               (capacity - truth->at_capacity) * sizeof(*truth->at));
        truth->at_capacity = capacity;
    }
    return &truth->at[index];
}

void pool_truth_applied(struct pool_truth *truth, unsigned node, uint64_t index,
                        const struct tally_result *result)
{
    uint64_t *at = at_index(truth, index);
    struct pool_word *word;

    if (result->outcome == TALLY_NONSENSE) {
        pool_truth_break(truth, "nonsense",
                         "node %u applies nonsense at %" PRIu64, node, index);
        return;
    }
    if (result->kind != TALLY_COMMAND || result->outcome != TALLY_ACCEPTED) {
        return;
    }
    CHECK(result->word > 0 && result->word <= truth->n_words);
    word = &truth->words[result->word];
    if (word->index == 0) {
        word->index = index;
        truth->sums.committed++;
    }
    if (*at == 0) {
        *at = result->word;
    }
    if (*at != result->word) {
        pool_truth_break(truth, "diverged",
                         "node %u has word %" PRIu64 " at %" PRIu64
                         ", another has %" PRIu64,
                         node, result->word, index, *at);
    }
    if (word->index != index) {
        pool_truth_break(truth, "twice",
                         "word %" PRIu64 " at %" PRIu64 " and %" PRIu64,
                         result->word, word->index, index);
    }
    if (word->taken_back) {
        pool_truth_break(truth, "taken_back",
                         "word %" PRIu64 " was taken back and is at %" PRIu64,
                         result->word, index);
    }
    if (result->sent_at_us == 0) {
        pool_truth_break(truth, "timeless", "word %" PRIu64 " has no time",
                         result->word);
    }
}

static struct pool_word *answered(struct pool_truth *truth, uint64_t number)
{
    struct pool_word *word = &truth->words[number];

    if (word->answered) {
        pool_truth_break(truth, "answered", "word %" PRIu64 " twice", number);
    }
    word->answered = true;
    return word;
}

void pool_truth_acknowledged(struct pool_truth *truth, uint64_t number,
                             uint64_t index)
{
    struct pool_word *word = answered(truth, number);

    word->acknowledged = true;
    truth->sums.acknowledged++;
    if (word->index == 0) {
        pool_truth_break(truth, "lost", "word %" PRIu64 " is nowhere", number);
    }
    if (word->index > truth->acknowledged_index) {
        truth->acknowledged_index = word->index;
    }
    (void)index; /* Of the restored state, when it came with one. */
}

void pool_truth_lost(struct pool_truth *truth, uint64_t number, bool unknown)
{
    struct pool_word *word = answered(truth, number);

    word->taken_back = !unknown;
    truth->sums.unknown += unknown;
    truth->sums.taken_back += !unknown;
    if (!unknown && word->index != 0) {
        pool_truth_break(truth, "taken_back", "word %" PRIu64 " is at %" PRIu64,
                         number, word->index);
    }
}

void pool_truth_read(struct pool_truth *truth, unsigned node, uint64_t needs,
                     const struct tally *tally)
{
    truth->sums.reads++;
    if (tally->index < needs) {
        pool_truth_break(truth, "stale",
                         "node %u reads at %" PRIu64 ", acknowledged %" PRIu64,
                         node, tally->index, needs);
    }
}

void pool_truth_final(struct pool_truth *truth, unsigned node,
                      const struct tally *tally)
{
    if (tally->count != truth->sums.committed) {
        pool_truth_break(truth, "count",
                         "node %u counts %" PRIu64 " words of %" PRIu64, node,
                         tally->count, truth->sums.committed);
    }
    if (tally->index < truth->acknowledged_index) {
        pool_truth_break(truth, "lost",
                         "node %u ends at %" PRIu64 ", acknowledged %" PRIu64,
                         node, tally->index, truth->acknowledged_index);
    }
}
