#include "tests/unit/log_model.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

void model_init(struct model *model)
{
    *model = (struct model){.base = {.first_index = 1}};
}

void model_log_deinit(struct model_log *log)
{
    free(log->entries);
    *log = (struct model_log){0};
}

void model_deinit(struct model *model)
{
    model_log_deinit(&model->base);
    free(model->records);
    *model = (struct model){0};
}

void model_add(struct model *model, const struct model_record *record)
{
    if (model->n == model->capacity) {
        model->capacity = model->capacity * 2 + 64;
        model->records =
            realloc(model->records, model->capacity * sizeof(*model->records));
        CHECK(model->records != NULL);
    }
    model->records[model->n++] = *record;
}

static void log_append(struct model_log *log, const struct model_entry *entry)
{
    if (log->n == log->capacity) {
        log->capacity = log->capacity * 2 + 64;
        log->entries =
            realloc(log->entries, log->capacity * sizeof(*log->entries));
        CHECK(log->entries != NULL);
    }
    log->entries[log->n++] = *entry;
}

static void log_cut(struct model_log *log, uint64_t index)
{
    CHECK(index >= log->first_index);
    if (index - log->first_index < log->n) {
        log->n = index - log->first_index;
    }
}

static void log_drop(struct model_log *log, uint64_t first)
{
    while (log->first_index < first && log->n > 0) {
        memmove(log->entries, log->entries + 1,
                --log->n * sizeof(*log->entries));
        log->first_index++;
    }
}

static void log_snapshot(struct model_log *log,
                         const struct model_record *record)
{
    log->snapshot_index = record->index;
    log->snapshot_term = record->entry.term;
    log->snapshot_seed = record->entry.seed;
    log->snapshot_len = record->entry.len;
    if (record->trailing == 0) {
        log->n = 0;
        log->first_index = record->index + 1;
    } else if (record->index >= record->trailing) {
        log_drop(log, record->index - record->trailing + 1);
    }
}

static void log_apply(struct model_log *log, const struct model_record *record)
{
    switch (record->kind) {
    case MODEL_ENTRY:
        CHECK(record->index == log->first_index + log->n);
        log_append(log, &record->entry);
        break;
    case MODEL_TRUNCATE:
        log_cut(log, record->index);
        break;
    case MODEL_SNAPSHOT:
        log_snapshot(log, record);
        break;
    }
}

struct model_log model_after(const struct model *model, size_t n)
{
    struct model_log log = model->base;

    log.capacity = log.n + 64;
    log.entries = malloc(log.capacity * sizeof(*log.entries));
    CHECK(log.entries != NULL);
    if (log.n > 0) {
        memcpy(log.entries, model->base.entries, log.n * sizeof(*log.entries));
    }
    for (size_t i = 0; i < n; i++) {
        log_apply(&log, &model->records[i]);
    }
    return log;
}

void model_bytes(uint64_t seed, uint8_t *to, size_t len)
{
    uint64_t state = seed;

    for (size_t i = 0; i < len; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        to[i] = seed == 0 ? 0 : (uint8_t)(state >> 56);
    }
}

static bool bytes_match(uint64_t seed, const uint8_t *bytes, size_t len)
{
    uint8_t *want = malloc(len + 1);
    bool match;

    CHECK(want != NULL);
    model_bytes(seed, want, len);
    match = len == 0 || memcmp(want, bytes, len) == 0;
    free(want);
    return match;
}

static bool snapshot_matches(const struct model_log *log,
                             const struct log_snapshot *snapshot)
{
    return snapshot->index == log->snapshot_index &&
           (snapshot->index == 0 ||
            (snapshot->term == log->snapshot_term &&
             snapshot->configuration_index == log->snapshot_seed &&
             snapshot->configuration.len == log->snapshot_len / 2 &&
             bytes_match(log->snapshot_seed, snapshot->configuration.data,
                         snapshot->configuration.len) &&
             snapshot->data.len == log->snapshot_len &&
             bytes_match(log->snapshot_seed, snapshot->data.data,
                         snapshot->data.len)));
}

static bool log_matches(const struct model_log *log,
                        const struct log_recovered *recovered)
{
    if (recovered->first_index != log->first_index || recovered->n != log->n ||
        !snapshot_matches(log, &recovered->snapshot)) {
        return false;
    }
    for (size_t i = 0; i < log->n; i++) {
        const struct log_recovered_entry *got = &recovered->entries[i];
        const struct model_entry *want = &log->entries[i];

        if (got->term != want->term || got->type != want->type ||
            got->len != want->len ||
            !bytes_match(want->seed, got->data, got->len)) {
            return false;
        }
    }
    return true;
}

static bool ballot_matches(const struct model *model,
                           const struct log_recovered *recovered)
{
    return (recovered->term == model->term && recovered->vote == model->vote) ||
           (recovered->term == model->term_asked &&
            recovered->vote == model->vote_asked);
}

static void go_on_from(struct model *model, struct model_log *log,
                       const struct log_recovered *recovered)
{
    model_log_deinit(&model->base);
    model->base = *log;
    model->n = 0;
    model->acknowledged = 0;
    model->term = model->term_asked = recovered->term;
    model->vote = model->vote_asked = recovered->vote;
    model->cut_index = model->cut_asked = 0;
    model->opened_in_vain = false;
}

static void carry_out_cut(struct model_log *log, uint64_t cut_index)
{
    uint64_t index =
        cut_index > log->snapshot_index ? cut_index : log->snapshot_index + 1;

    if (cut_index > 0 && index >= log->first_index) {
        log_cut(log, index);
    }
}

/* Try the states that end in one order to cut, or in none. */
static bool adopt_with_cut(struct model *model,
                           const struct log_recovered *recovered,
                           uint64_t cut_index)
{
    if (recovered->cut_index != cut_index &&
        !(model->opened_in_vain && recovered->cut_index == 0)) {
        return false;
    }
    for (size_t n = model->acknowledged; n <= model->n; n++) {
        struct model_log log = model_after(model, n);

        carry_out_cut(&log, cut_index);
        if (log_matches(&log, recovered)) {
            go_on_from(model, &log, recovered);
            return true;
        }
        model_log_deinit(&log);
    }
    return false;
}

bool model_adopt(struct model *model, const struct log_recovered *recovered)
{
    return ballot_matches(model, recovered) &&
           (adopt_with_cut(model, recovered, model->cut_index) ||
            adopt_with_cut(model, recovered, model->cut_asked));
}
