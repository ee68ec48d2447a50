#include "node/session/facts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/archive.h"
#include "node/session/reading.h"
#include "proto/base/journal.h"

/* One more than a rule takes tells it that there are too many. */
enum { FACTS_MAX = PURGES_MAX + 1, REVISED_FIRST = 8 };

_Static_assert((int)FACTS_MAX >= (int)REDACTIONS_MAX,
               "all that a list names are told of");

struct finding {
    uint64_t begun_index; /* Of the archive. */
    struct view *view;
    const struct wants *wants;
    struct arena *arena;
    struct said *said;
    size_t n;
};

static int by_id(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* A row that is missing here alone would make this node decide alone. */
static enum error miss(const struct finding *finding, uint64_t message_id)
{
    const struct wants *wants = finding->wants;

    if (message_id <= wants->rows_above ||
        message_id > wants->message_id_last) {
        return ERROR_NONE;
    }
    journal_error("state_rotten",
                  "row=message key=%" PRIu32 ",%" PRIu64 " reason=\"missing\"",
                  wants->room, message_id);
    return ERROR_ROTTEN;
}

static enum error find_one(struct finding *finding, uint64_t message_id)
{
    struct reading_item item;
    enum error error = reading_one(finding->view, finding->wants->room,
                                   message_id, finding->arena, &item);

    if (error == ERROR_NOT_FOUND) {
        return miss(finding, message_id);
    }
    if (error == ERROR_NONE) {
        reading_said(&item, &finding->said[finding->n++]);
    }
    return error;
}

static enum error find_list(struct finding *finding)
{
    const struct wants *wants = finding->wants;
    uint64_t ids[FACTS_MAX];
    size_t n = wants->n < FACTS_MAX ? wants->n : FACTS_MAX;

    memcpy(ids, wants->ids, n * sizeof(*ids));
    qsort(ids, n, sizeof(*ids), by_id);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || ids[i] != ids[i - 1]) {
            TRY(find_one(finding, ids[i]));
        }
    }
    return ERROR_NONE;
}

/* The CSNs of a message's revisions. */
struct gathering {
    uint64_t begun_index; /* Of the archive: CSNs before it are another's. */
    struct arena *arena;
    struct said *said;
    size_t capacity;
    uint64_t *csns;
};

static bool add_revised(void *context, uint64_t log_index,
                        const Perch__Stored__Revision *revision)
{
    struct gathering *gathering = context;
    struct said *said = gathering->said;

    if (!revision->has_csn || log_index < gathering->begun_index) {
        return true;
    }
    if (said->n_revised == gathering->capacity) {
        size_t capacity =
            gathering->capacity == 0 ? REVISED_FIRST : gathering->capacity * 2;
        uint64_t *csns =
            arena_alloc(gathering->arena, capacity * sizeof(*csns));

        if (csns == NULL) {
            gathering->csns = NULL;
            return false;
        }
        if (said->n_revised > 0) {
            memcpy(csns, gathering->csns, said->n_revised * sizeof(*csns));
        }
        gathering->csns = csns;
        gathering->capacity = capacity;
    }
    gathering->csns[said->n_revised++] = revision->csn;
    return true;
}

/* What is erased takes along the records of all that it was made. */
static enum error find_revised(const struct finding *finding, struct said *said)
{
    uint64_t none = 0;
    struct gathering gathering = {finding->begun_index, finding->arena, said, 0,
                                  &none};
    enum error error =
        reading_revisions(finding->view, finding->wants->room, said->message_id,
                          finding->arena, add_revised, &gathering);

    said->revised = said->n_revised > 0 ? gathering.csns : NULL;
    return gathering.csns == NULL ? ERROR_NO_MEMORY : error;
}

static enum error find_all_revised(struct finding *finding)
{
    for (size_t i = 0; i < finding->n; i++) {
        if (finding->said[i].state != REVISION_NONE) {
            TRY(find_revised(finding, &finding->said[i]));
        }
    }
    return ERROR_NONE;
}

/* There are others of an import beside those of the range. */
static void tell_of_others(struct finding *finding, uint64_t command_csn)
{
    for (size_t i = 0; i < finding->n; i++) {
        struct said *said = &finding->said[i];

        if (said->is_shared && said->log_index >= finding->begun_index &&
            said->command_csn == command_csn) {
            said->has_others = true;
        }
    }
}

/* Whether the first message there is of a room's range is of an import. If so
 * all those of it that are wanted have others. */
static enum error find_other(struct finding *finding,
                             const struct reading_range *range,
                             uint64_t command_csn)
{
    struct reading_item item;
    struct reading *reading;
    enum error error;

    if (range->first > range->last) {
        return ERROR_NONE;
    }
    TRY(reading_open(finding->view, range, &reading));
    error = reading_next(reading, finding->arena, &item);
    reading_close(reading);
    if (error == ERROR_NONE && item.message->has_command_csn &&
        item.message->log_index >= finding->begun_index &&
        item.message->command_csn == command_csn) {
        tell_of_others(finding, command_csn);
    }
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Messages of an import have ids without gaps: others than those of the range
 * lie right before the first or behind the last of it. */
static enum error find_others(struct finding *finding)
{
    const struct wants *wants = finding->wants;
    struct reading_range before = {wants->room, 0, wants->after_id, false};
    struct reading_range behind = {wants->room, wants->upto_id + 1,
                                   wants->upto_id + 1, false};
    const struct said *first = finding->said;
    const struct said *last = finding->said + finding->n - 1;

    if (finding->n > 0 && first->is_shared) {
        before.first = first->message_id - (first->csn - first->command_csn);
        TRY(find_other(finding, &before, first->command_csn));
    }
    return finding->n > 0 && last->is_shared
               ? find_other(finding, &behind, last->command_csn)
               : ERROR_NONE;
}

static enum error find_range(struct finding *finding)
{
    const struct wants *wants = finding->wants;
    uint64_t last = wants->upto_id < wants->message_id_last
                        ? wants->upto_id
                        : wants->message_id_last;
    struct reading_range range = {wants->room, wants->after_id + 1, last,
                                  false};
    enum error error = ERROR_NONE;
    struct reading_item item;
    struct reading *reading;

    if (wants->after_id >= last) {
        return ERROR_NONE;
    }
    TRY(reading_open(finding->view, &range, &reading));
    while (error == ERROR_NONE && finding->n < FACTS_MAX) {
        error = reading_next(reading, finding->arena, &item);
        if (error == ERROR_NONE) {
            reading_said(&item, &finding->said[finding->n++]);
        }
    }
    reading_close(reading);
    if (error != ERROR_NOT_FOUND) {
        return error;
    }
    TRY(find_all_revised(finding));
    return find_others(finding);
}

enum error facts_read(struct store *store, const struct machine *machine,
                      const Perch__Command *command, struct arena *arena,
                      struct facts *facts_out)
{
    struct archive_view archive;
    struct wants wants;
    struct finding finding = {.wants = &wants, .arena = arena};
    enum error error;

    *facts_out = (struct facts){0, NULL};
    if (!message_wants(machine, command, &wants)) {
        return ERROR_NONE;
    }
    archive_view(machine, &archive);
    finding.begun_index = archive.begun_index;
    finding.said = arena_alloc(arena, FACTS_MAX * sizeof(*finding.said));
    if (finding.said == NULL) {
        return ERROR_NO_MEMORY;
    }
    TRY(view_open(store, &finding.view));
    error = wants.n > 0 ? find_list(&finding) : find_range(&finding);
    view_close(finding.view);
    *facts_out = (struct facts){finding.n, finding.said};
    return error;
}
