/* What this node's rows do not have: records that a snapshot jumped over, or
 * whose files are lost or wrong here. */
#include <inttypes.h>

#include "node/compliance/fetching.h"
#include "node/compliance/scribe_parts.h"
#include "proto/base/journal.h"

/* What the files are held against: the last published checkpoint, whose partial
 * tiles all nodes have; or, while that is of too few records, the state. */
static void begin(struct scribe *scribe)
{
    const struct machine *machine = scribe->compliance->state.machine;
    struct archive_view archive;
    struct merkle_hash root;
    uint64_t size;

    archive_view(machine, &archive);
    size = archive.published.size;
    root = archive.published.root;
    if (!archive.published.is || size < scribe->rows_from) {
        size = archive.records;
        archive_root(machine, &root);
    }
    climb_begin(scribe->climb, size, &root);
    scribe->climbing = true;
    journal_notice(
        "archive_incomplete",
        "directory=%s from_csn=%" PRIu64 " upto_csn=%" PRIu64 " anchor=%" PRIu64
        " action=\"looked through, and fetched where it lacks\"",
        scribe->compliance->directory, scribe->size, scribe->rows_from, size);
}

static void on_got(void *context, struct slice bytes, bool absent)
{
    struct scribe *scribe = context;

    if (scribe->busy || !scribe->climbing) {
        return; /* The files were opened again meanwhile. */
    }
    climb_supply(scribe->climb, &scribe->task.want, bytes, absent);
    scribe_begin(scribe, TASK_CLIMB);
}

void scribe_climb(struct scribe *scribe)
{
    struct fetching *fetching = scribe->compliance->fetching;

    if (!scribe->climbing) {
        fetching_stop(fetching);
        begin(scribe);
    } else if (fetching_is_asking(fetching)) {
        return;
    }
    scribe_begin(scribe, TASK_CLIMB);
}

void scribe_climbed(struct scribe *scribe)
{
    const struct task *task = &scribe->task;

    switch (task->climbed) {
    case CLIMB_WRONG:
        fetching_blame(scribe->compliance->fetching, &task->want);
        fetching_want(scribe->compliance->fetching, &task->want, on_got,
                      scribe);
        break;
    case CLIMB_WANTS:
        fetching_want(scribe->compliance->fetching, &task->want, on_got,
                      scribe);
        break;
    case CLIMB_DONE:
        scribe->climbing = false;
        journal_notice("archive_complete", "directory=%s upto_csn=%" PRIu64,
                       scribe->compliance->directory, scribe->rows_from);
        break;
    case CLIMB_MORE:
    case CLIMB_FAILED: /* Told as the task's error. */
        break;
    }
}
