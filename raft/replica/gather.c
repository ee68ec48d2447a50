#include "raft/replica/gather.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

void gather_init(struct gather *gather)
{
    memset(gather, 0, sizeof(*gather));
    for (size_t i = 0; i <= PEER_NODE_MAX; i++) {
        STAILQ_INIT(&gather->nodes[i].frames);
    }
}

static void drop_first(struct gather_node *from)
{
    struct gather_frame *frame = STAILQ_FIRST(&from->frames);

    STAILQ_REMOVE_HEAD(&from->frames, link);
    free(frame);
}

void gather_clear(struct gather *gather)
{
    for (size_t i = 0; i <= PEER_NODE_MAX; i++) {
        struct gather_node *node = &gather->nodes[i];

        while (!STAILQ_EMPTY(&node->frames)) {
            drop_first(node);
        }
        node->n = 0;
        node->bytes = 0;
        node->in_order = false;
    }
    gather->n = 0;
}

void gather_reset(struct gather *gather, uint8_t node)
{
    gather->nodes[node].in_order = false;
}

/* Whether the node's numbers may go on with this one. */
static bool goes_on(struct gather_node *from, const struct entry *entry)
{
    if (from->in_order && entry->origin_epoch == from->epoch &&
        entry->number > from->expected) {
        return false;
    }
    from->in_order = true;
    from->epoch = entry->origin_epoch;
    from->expected = entry->number + 1;
    return true;
}

static bool has_room(const struct gather_node *from, size_t n, size_t bytes)
{
    return from->n + n < GATHER_ENTRIES_MAX &&
           from->bytes + bytes <= GATHER_BYTES_MAX;
}

/* Decide how many of a frame's entries are taken. */
static enum error decide(struct gather_node *from, uint8_t node,
                         const struct peer_propose *propose, bool closed,
                         size_t *n_out, size_t *bytes_out,
                         struct gather_refusal *refusal)
{
    struct entry entry;

    *n_out = 0;
    *bytes_out = 0;
    for (size_t i = 0; i < propose->n; i++) {
        enum error error = entry_read(propose->entries[i], &entry);

        if (error != ERROR_NONE || entry.origin_node != node) {
            return ERROR_MALFORMED;
        }
        if (refusal->refused) {
            continue; /* Checked all the same. */
        }
        if (closed ||
            !has_room(from, *n_out, *bytes_out + propose->entries[i].len)) {
            *refusal =
                (struct gather_refusal){true, entry.origin_epoch, entry.number};
            from->in_order = true;
            from->epoch = entry.origin_epoch;
            from->expected = entry.number;
        } else if (!goes_on(from, &entry)) {
            *refusal =
                (struct gather_refusal){true, from->epoch, from->expected};
        } else {
            *n_out += 1;
            *bytes_out += propose->entries[i].len;
        }
    }
    return ERROR_NONE;
}

static struct gather_frame *copy_of(const struct peer_propose *propose,
                                    size_t n, size_t bytes)
{
    size_t head = sizeof(struct gather_frame) + n * sizeof(struct gather_entry);
    struct gather_frame *frame = malloc(head + bytes);
    uint8_t *to = (uint8_t *)frame + head;

    if (frame == NULL) {
        return NULL;
    }
    frame->n = n;
    frame->done = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(to, propose->entries[i].data, propose->entries[i].len);
        frame->entries[i] = (struct gather_entry){to, propose->entries[i].len};
        to += propose->entries[i].len;
    }
    return frame;
}

enum error gather_take(struct gather *gather, uint8_t node,
                       const struct peer_propose *propose, bool closed,
                       struct gather_refusal *refusal_out)
{
    struct gather_node *from = &gather->nodes[node];
    struct gather_node before = *from;
    struct gather_frame *frame;
    size_t n, bytes;
    enum error error;

    *refusal_out = (struct gather_refusal){.refused = false};
    error = decide(from, node, propose, closed, &n, &bytes, refusal_out);
    if (error == ERROR_NONE && n > 0) {
        frame = copy_of(propose, n, bytes);
        if (frame != NULL) {
            STAILQ_INSERT_TAIL(&from->frames, frame, link);
            from->n += n;
            gather->n += n;
            from->bytes += bytes;
        } else {
            error = ERROR_NO_MEMORY;
        }
    }
    if (error != ERROR_NONE) {
        from->in_order = before.in_order;
        from->epoch = before.epoch;
        from->expected = before.expected;
    }
    return error;
}

struct gather_walk gather_begin(struct gather *gather, uint8_t node)
{
    struct gather_frame *frame = STAILQ_FIRST(&gather->nodes[node].frames);

    return (struct gather_walk){frame, frame == NULL ? 0 : frame->done};
}

struct gather_entry *gather_next(struct gather_walk *walk)
{
    if (walk->frame != NULL && walk->at == walk->frame->n) {
        walk->frame = STAILQ_NEXT(walk->frame, link);
        walk->at = 0;
    }
    if (walk->frame == NULL) {
        return NULL;
    }
    return &walk->frame->entries[walk->at++];
}

void gather_drop(struct gather *gather, uint8_t node, size_t n)
{
    struct gather_node *from = &gather->nodes[node];

    for (; n > 0; n--) {
        struct gather_frame *frame = STAILQ_FIRST(&from->frames);

        CHECK(frame != NULL && frame->done < frame->n);
        from->n -= 1;
        gather->n -= 1;
        from->bytes -= frame->entries[frame->done].len;
        frame->done++;
        if (frame->done == frame->n) {
            drop_first(from);
        }
    }
}
