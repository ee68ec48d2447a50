#include "node/session/facts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/session/reading.h"
#include "proto/base/journal.h"

/* One more than a rule takes tells it that there are too many. */
enum { FACTS_MAX = PURGES_MAX + 1 };

_Static_assert((int)FACTS_MAX >= (int)REDACTIONS_MAX,
               "all that a list names are told of");

struct finding {
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
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error facts_read(struct store *store, const struct machine *machine,
                      const Perch__Command *command, struct arena *arena,
                      struct facts *facts_out)
{
    struct wants wants;
    struct finding finding = {.wants = &wants, .arena = arena};
    enum error error;

    *facts_out = (struct facts){0, NULL};
    if (!message_wants(machine, command, &wants)) {
        return ERROR_NONE;
    }
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
