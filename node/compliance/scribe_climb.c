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

    if (!scribe->is_open || !(scribe->climbing || scribe->looking)) {
        return; /* The files were opened again meanwhile. */
    }
    if (scribe->busy) { /* With rows: asked for once more. */
        fetching_want(scribe->compliance->fetching, &scribe->want, on_got,
                      scribe);
        return;
    }
    climb_supply(scribe->climb, &scribe->want, bytes, absent);
    scribe_begin(scribe, scribe->climbing ? TASK_CLIMB : TASK_LOOK);
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

/* Ask other nodes for what the task lacks. */
static void ask(struct scribe *scribe)
{
    struct fetching *fetching = scribe->compliance->fetching;

    scribe->want = scribe->task.want;
    if (scribe->task.climbed == CLIMB_WRONG) {
        fetching_blame(fetching, &scribe->want);
    }
    fetching_want(fetching, &scribe->want, on_got, scribe);
}

void scribe_climbed(struct scribe *scribe)
{
    switch (scribe->task.climbed) {
    case CLIMB_WRONG:
    case CLIMB_WANTS:
        ask(scribe);
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

/* --- Looking --- */

bool scribe_look(struct scribe *scribe, uint64_t now_us)
{
    uint64_t bundles = scribe->size / TILE_WIDTH;

    if (!scribe->agreed || bundles == 0 || scribe->looking ||
        now_us - scribe->look_us < SCRIBE_LOOK_MS * 1000ull) {
        return false;
    }
    scribe->look_us = now_us;
    scribe->look = (scribe->look + 1) % bundles;
    scribe_begin(scribe, TASK_LOOK);
    return true;
}

void scribe_looked(struct scribe *scribe)
{
    switch (scribe->task.climbed) {
    case CLIMB_WRONG:
    case CLIMB_WANTS:
        scribe->looking = true;
        ask(scribe);
        break;
    case CLIMB_MORE: /* Something is wrong, and another source is tried. */
        scribe->looking = true;
        scribe_begin(scribe, TASK_LOOK);
        break;
    case CLIMB_DONE:
    case CLIMB_FAILED: /* Told as the task's error. */
        scribe->looking = false;
        break;
    }
}
