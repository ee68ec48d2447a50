#include <stdlib.h>

#include "ops/bench/desk.h"
#include "ops/bench/lane.h"
#include "ops/bench/modes.h"
#include "ops/bench/posting.h"

/* A room per client: nobody but the author is told of a post, so that posts
 * are measured and not fan-out; and enough of them that no client comes near
 * the rate a server allows to one. */
enum { POSTS_SESSIONS = 192 };

static void close_posts(void *lane)
{
    if (lane != NULL) {
        posting_close(lane);
        free(lane);
    }
}

static enum error open_posts(const struct bench *bench, void **lane_out)
{
    unsigned sessions = chosen(bench->options->sessions, POSTS_SESSIONS);
    struct posting *posting = calloc(1, sizeof(*posting));
    enum error error;

    if (posting == NULL) {
        return ERROR_NO_MEMORY;
    }
    error = posting_open(posting, bench, sessions,
                         chosen(bench->options->rooms, sessions));
    if (error != ERROR_NONE) {
        close_posts(posting);
        return error;
    }
    *lane_out = posting;
    return ERROR_NONE;
}

/* One for each post under way, as people wait for one answer before they type
 * the next; of every server at least one. */
static size_t active_of(const struct posting *posting, unsigned outstanding)
{
    size_t n = outstanding;

    if (n < posting->bench->pool.n) {
        n = posting->bench->pool.n;
    }
    return n < posting->sessions ? n : posting->sessions;
}

static enum error measure_posts(void *lane, unsigned outstanding,
                                struct figures *figures)
{
    struct posting *posting = lane;

    posting->active = active_of(posting, outstanding);
    posting->pumps[POSTING_POSTS].window = outstanding;
    return posting_measure(posting, figures, 1);
}

const struct lane lane_posts = {"posts", true, open_posts, measure_posts,
                                close_posts};

/* The archive is left as it was found. */
static enum error run_in_mode(const struct bench *bench, unsigned mode)
{
    struct desk_archive before, during;
    enum error error, error_after;

    TRY(desk_look(bench, &before));
    TRY(desk_set_mode(bench, mode));
    error = desk_await(bench, &during);
    if (error == ERROR_NONE) {
        error = lane_run(&lane_posts, bench);
    }
    error_after = desk_set_mode(bench, before.mode);
    return error != ERROR_NONE ? error : error_after;
}

enum error mode_posts(const struct bench *bench)
{
    unsigned mode;

    if (bench->options->compliance == NULL) {
        return lane_run(&lane_posts, bench);
    }
    TRY(desk_mode_find(bench->options->compliance, &mode));
    return run_in_mode(bench, mode);
}
