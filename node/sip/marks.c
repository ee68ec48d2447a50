#include "node/sip/marks.h"

#include "node/sip/dialog.h"
#include "node/sip/engine.h"

void marks_add(struct dialog *dialog)
{
    if (!dialog->is_marked) {
        TAILQ_INSERT_TAIL(&dialog->connection->edge->marked, dialog,
                          marked_link);
        dialog->is_marked = true;
    }
}

void marks_remove(struct dialog *dialog)
{
    if (dialog->is_marked) {
        TAILQ_REMOVE(&dialog->connection->edge->marked, dialog, marked_link);
        dialog->is_marked = false;
    }
}

static size_t count(const struct edge *edge)
{
    const struct dialog *dialog;
    size_t n = 0;

    TAILQ_FOREACH (dialog, &edge->marked, marked_link) {
        n++;
    }
    return n;
}

void marks_report(struct edge *edge)
{
    size_t n = count(edge);
    struct dialog *dialog;
    struct intake *intake;

    /* A state loop that is far behind gets fewer reports: later ones say the
     * same and more. */
    if (n == 0 || letters_waiting(edge->intake) >= INTAKES_WAITING_MAX) {
        return;
    }
    intake = intake_new(INTAKE_DELIVERED, edge->settings.edge, 0);
    if (intake == NULL) {
        return;
    }
    intake->delivered.marks =
        arena_alloc(intake->arena, n * sizeof(*intake->delivered.marks));
    if (intake->delivered.marks == NULL) {
        intake_free(intake);
        return;
    }
    while ((dialog = TAILQ_FIRST(&edge->marked)) != NULL) {
        intake->delivered.marks[intake->delivered.n].dialog = dialog->ref;
        intake->delivered.marks[intake->delivered.n].log_index =
            dialog->window.delivered;
        intake->delivered.marks[intake->delivered.n].replies =
            dialog->window.replies;
        intake->delivered.n++;
        marks_remove(dialog);
    }
    edge_tell(edge, intake);
}
