#include "ops/bench/tracker.h"

#include <stdlib.h>

#include "ops/bench/clock.h"
#include "ops/bench/messages.h"

enum error tracker_init(struct tracker *tracker)
{
    tracker->serial = SERIAL_FIRST;
    tracker->posts = calloc(TRACKER_POSTS, sizeof(*tracker->posts));
    tracker_count(tracker, true);
    return tracker->posts == NULL ? ERROR_NO_MEMORY : ERROR_NONE;
}

uint32_t tracker_post(struct tracker *tracker, uint32_t server, uint64_t due_ns)
{
    struct tracked *post;

    tracker->serial++;
    post = &tracker->posts[tracker->serial % TRACKER_POSTS];
    *post = (struct tracked){tracker->serial, server, due_ns};
    return tracker->serial;
}

void tracker_delivered(struct tracker *tracker, uint32_t serial,
                       uint32_t server)
{
    const struct tracked *post = &tracker->posts[serial % TRACKER_POSTS];
    struct histogram *histogram;

    if (post->serial != serial || !tracker->counting) {
        return; /* Of an earlier run, too old, or not measured. */
    }
    histogram = post->server == server ? &tracker->same : &tracker->other;
    histogram_record(histogram, (clock_ns() - post->due_ns) / NS_PER_US);
    tracker->deliveries++;
}

void tracker_count(struct tracker *tracker, bool on)
{
    tracker->counting = on;
    if (!on) {
        return;
    }
    tracker->deliveries = 0;
    histogram_init(&tracker->same);
    histogram_init(&tracker->other);
}

void tracker_deinit(struct tracker *tracker)
{
    free(tracker->posts);
    tracker->posts = NULL;
}
