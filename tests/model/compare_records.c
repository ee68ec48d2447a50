#include "node/chat/archive.h"
#include "tests/model/compare.h"

#define SAME(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            return #condition;                                                 \
        }                                                                      \
    } while (0)

static const char *compare_record(const struct effects *effects,
                                  const struct twin *twin, size_t at,
                                  struct slice command)
{
    struct record record;

    SAME(record_read(effects_record_at(effects, effects->records.refilled + at),
                     &record) == ERROR_NONE);
    SAME(record.kind == twin->made[at]);
    SAME(record.csn == twin->archive.tree.size - twin->n_made + at);
    SAME(record.ordinal == at);
    SAME(record.log_index == twin->entry->index);
    SAME(record.node == twin->entry->node);
    SAME(record.time_us == twin->now);
    SAME(record.outcome == OUTCOME_DONE || record.kind == RECORD_DENIED);
    SAME(twin->n_events > 0 || record.outcome == (uint32_t)twin->outcome);
    if (at > 0) {
        SAME(record.command.len == 0 && record.flags == 0);
    } else if ((record.flags & RECORD_WITHHELD) == 0) {
        SAME(slice_equal(record.command, command));
    } else {
        SAME(command.len > twin->settings[SETTING_ARCHIVE_INLINE_BYTES_MAX] ||
             effects->records.payload.len == 0);
    }
    return NULL;
}

const char *compare_records(const struct machine *machine,
                            const struct effects *effects,
                            const struct twin *twin, struct slice command)
{
    struct archive_view view;
    size_t withheld = 0;

    archive_view(machine, &view);
    SAME(view.records == twin->archive.tree.size);
    SAME(effects->records.n - effects->records.refilled == twin->n_made);
    for (size_t i = 0; i < twin->n_made; i++) {
        const char *difference = compare_record(effects, twin, i, command);
        struct slice value = SLICE_NONE;
        struct record record;

        if (difference != NULL) {
            return difference;
        }
        SAME(record_read(
                 effects_record_at(effects, effects->records.refilled + i),
                 &record) == ERROR_NONE);
        if (record.kind == RECORD_PURGE) {
            record_find(&record, RECORD_FIELD_WITHHOLDS, &value);
            withheld += value.len / sizeof(uint64_t);
        }
    }
    SAME(withheld == twin->withheld);
    return NULL;
}
