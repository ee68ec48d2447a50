/* The scribe's jobs. Thread: the scribe's worker. */
#include <string.h>

#include "node/compliance/scribe_parts.h"
#include "proto/base/check.h"
#include "storage/cursor.h"

/* The number of the first row; the target when there is none: all that is not
 * in rows was deleted from them. */
static enum error find_first_row(struct task *task, struct view *view)
{
    uint64_t csn[KEY_PARTS_MAX];
    struct cursor *cursor;
    enum error error;
    struct row row;

    TRY(cursor_open(view, TABLE_RECORDS, (struct range){.backward = false},
                    &cursor));
    error = cursor_next(cursor, &row);
    task->rows_from = task->target;
    if (error == ERROR_NONE) {
        error = key_read(TABLE_RECORDS, row.key, csn);
        task->rows_from = csn[0];
    }
    cursor_close(cursor);
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error walk_payloads(struct task *task, struct cursor *cursor)
{
    enum error error;
    struct row row;

    while ((error = cursor_next(cursor, &row)) == ERROR_NONE) {
        buffer_append_slice(&task->payloads, row.key);
    }
    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* The rows of payloads that go with their records': a key is a number of 8
 * bytes. */
static enum error find_payloads(struct task *task, struct view *view)
{
    struct cursor *cursor;
    struct key lower, upper;
    enum error error;

    task->payloads_upto = task->payloads_from;
    if (task->full <= task->payloads_from || task->full > task->target) {
        return ERROR_NONE; /* Some are to come again: later, then. */
    }
    key_build(TABLE_PAYLOADS, &task->payloads_from, &lower);
    key_build(TABLE_PAYLOADS, &task->full, &upper);
    TRY(cursor_open(view, TABLE_PAYLOADS,
                    (struct range){key_slice(&lower), key_slice(&upper), false},
                    &cursor));
    error = walk_payloads(task, cursor);
    cursor_close(cursor);
    task->payloads_upto = task->full;
    return error;
}

static enum error open_files(struct task *task, struct view *view)
{
    TRY(pen_begin_origin(task->pen, slice_of_text(task->origin)));
    TRY(pen_open(task->pen, task->believed));
    pen_compare(task->pen, true);
    task->full = pen_size(task->pen);
    task->durable = task->full;
    return find_first_row(task, view);
}

static enum error write_partial(struct task *task)
{
    if (task->partial == 0 || task->partial > pen_size(task->pen)) {
        return ERROR_NONE;
    }
    TRY(pen_partial(task->pen, task->partial));
    if (task->partial > task->durable) {
        task->durable = task->partial;
    }
    return ERROR_NONE;
}

/* Does the tree of the files' records have the root that the state has? */
static void check_root(struct task *task)
{
    struct merkle_hash root;

    task->is_checked = pen_size(task->pen) == task->target;
    if (task->is_checked) {
        pen_root(task->pen, &root);
        task->agrees = merkle_equal(&root, &task->root);
        pen_compare(task->pen, false);
    }
}

static enum error write_rows(struct task *task, struct view *view)
{
    TRY(pen_add_rows(task->pen, view, task->target, SCRIBE_RECORDS_MAX));
    TRY(pen_commit(task->pen));
    task->full = pen_size(task->pen) / TILE_WIDTH * TILE_WIDTH;
    if (task->full > task->durable) {
        task->durable = task->full;
    }
    TRY(write_partial(task));
    check_root(task);
    return ERROR_NONE;
}

/* Full bundles alone: their rows are gone. */
static enum error climb(struct task *task)
{
    task->climbed =
        climb_step(task->climb, task->pen, task->climb_upto, &task->want);
    task->full = pen_size(task->pen);
    if (task->full > task->durable) {
        task->durable = task->full;
    }
    return task->climbed == CLIMB_FAILED ? climb_error(task->climb)
                                         : ERROR_NONE;
}

/* What rows still have of an origin that is ended. Its files are moved when
 * they are opened for the new one. */
static enum error write_past(struct task *task)
{
    TRY(pen_open(task->pen, UINT64_MAX));
    pen_compare(task->pen, true);
    TRY(pen_add_rows(task->pen, task->view, task->target, UINT64_MAX));
    TRY(pen_commit(task->pen));
    return pen_partial(task->pen, task->target);
}

static enum error look(struct task *task)
{
    if (task->look_begins) {
        climb_begin_looking(task->climb, pen_tiler(task->pen));
    }
    task->climbed = climb_look(task->climb, task->pen, task->look, &task->want);
    return task->climbed == CLIMB_FAILED ? climb_error(task->climb)
                                         : ERROR_NONE;
}

static enum error run(struct task *task, struct view *view)
{
    switch (task->kind) {
    case TASK_PAST:
        return write_past(task);
    case TASK_OPEN:
        TRY(open_files(task, view));
        break;
    case TASK_WRITE:
        TRY(write_rows(task, view));
        break;
    case TASK_LOOK:
        TRY(look(task));
        break;
    case TASK_CLIMB:
        TRY(climb(task));
        break;
    default:
        CHECK_UNREACHABLE();
    }
    task->size = pen_size(task->pen);
    if (task->kind == TASK_LOOK) {
        return ERROR_NONE;
    }
    TRY(find_payloads(task, view));
    return buffer_failed(&task->payloads) ? ERROR_NO_MEMORY : ERROR_NONE;
}

void task_run(struct job *job)
{
    struct task *task = (struct task *)job;
    struct view *view;

    task->is_checked = false;
    task->error = view_open(task->store, &view);
    if (task->error == ERROR_NONE) {
        task->error = run(task, view);
        view_close(view);
    }
}
