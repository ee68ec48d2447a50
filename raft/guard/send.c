/* Messages on their way out. */
#include "raft/guard/send.h"

#include <stdlib.h>

#include "proto/base/check.h"
#include "raft/guard/result.h"
#include "raft/guard/view.h"
#include "raft/guard/votes.h"

/* One AppendEntries that goes out in parts. */
struct parts {
    struct raft_io_send *outer;
    raft_io_send_cb cb;
    unsigned left;
    int status;
    struct raft_io_send sends[];
};

/* The callback must not come from inside send (sendAppendEntries still reads
 * its request), so it waits for the next step. */
static int leave_unsent(struct guard *guard, struct raft_io_send *req,
                        raft_io_send_cb cb)
{
    if (guard->n_unsent == guard->unsent_capacity) {
        size_t capacity = guard->unsent_capacity * 2 + 8;
        struct guard_unsent *grown =
            realloc(guard->unsent, capacity * sizeof(*grown));

        if (grown == NULL) {
            return RAFT_NOMEM;
        }
        guard->unsent = grown;
        guard->unsent_capacity = capacity;
    }
    guard->unsent[guard->n_unsent++] = (struct guard_unsent){req, cb};
    return 0;
}

void guard_finish_unsent(struct guard *guard)
{
    while (guard->n_unsent > 0) {
        struct guard_unsent unsent = guard->unsent[--guard->n_unsent];

        if (unsent.cb != NULL) {
            unsent.cb(unsent.req, 0);
        }
    }
}

/* How many of the entries go into one message: at least one. */
static unsigned part_of(const struct guard *guard,
                        const struct raft_entry *entries, unsigned n)
{
    size_t bytes = 0;
    unsigned i;

    for (i = 0; i < n && i < guard->settings.send_entries_max; i++) {
        bytes += entries[i].buf.len;
        if (i > 0 && bytes > guard->settings.send_bytes_max) {
            break;
        }
    }
    return i;
}

static void on_part_sent(struct raft_io_send *send, int status)
{
    struct parts *parts = send->data;

    if (status != 0) {
        parts->status = status;
    }
    parts->left--;
    if (parts->left == 0) {
        parts->cb(parts->outer, parts->status);
        free(parts);
    }
}

/* Send entries [from, from + n) of the message. */
static int send_part(struct guard *guard, struct raft_io_send *req,
                     const struct raft_message *message, unsigned from,
                     unsigned n, raft_io_send_cb cb)
{
    struct raft_message part = *message;
    struct raft_append_entries *args = &part.append_entries;

    if (from > 0) {
        args->prev_log_index += from;
        args->prev_log_term = message->append_entries.entries[from - 1].term;
    }
    args->entries = &message->append_entries.entries[from];
    args->n_entries = n;
    if (args->leader_commit > args->prev_log_index + n) {
        args->leader_commit = args->prev_log_index + n;
    }
    return guard->inner->send(guard->inner, req, &part, cb);
}

static unsigned count_parts(const struct guard *guard,
                            const struct raft_append_entries *args)
{
    unsigned count = 0;
    unsigned from = 0;

    while (from < args->n_entries) {
        from += part_of(guard, &args->entries[from], args->n_entries - from);
        count++;
    }
    return count;
}

static int send_parts(struct guard *guard, struct raft_io_send *req,
                      const struct raft_message *message, raft_io_send_cb cb)
{
    const struct raft_append_entries *args = &message->append_entries;
    unsigned count = count_parts(guard, args);
    unsigned from = 0;
    struct parts *parts =
        malloc(sizeof(*parts) + count * sizeof(parts->sends[0]));

    if (parts == NULL) {
        return RAFT_NOMEM;
    }
    *parts = (struct parts){req, cb, count, 0};
    for (unsigned i = 0; i < count; i++) {
        unsigned n =
            part_of(guard, &args->entries[from], args->n_entries - from);
        int rv;

        parts->sends[i].data = parts;
        rv = send_part(guard, &parts->sends[i], message, from, n, on_part_sent);
        if (rv != 0 && i == 0) {
            free(parts);
            return rv;
        }
        if (rv != 0) {
            /* What went out comes back; the rest fails with it. */
            parts->left -= count - i;
            parts->status = rv;
            return 0;
        }
        from += n;
    }
    return 0;
}

/* Rule SPLIT: sendAppendEntries sends all entries from the peer's next one to
 * the last, without a bound, and to a peer that does not answer all of it again
 * with every heartbeat. Probing needs the first part only. */
static int send_append(struct guard *guard, struct raft_io_send *req,
                       const struct raft_message *message, raft_io_send_cb cb)
{
    const struct raft_append_entries *args = &message->append_entries;
    struct raft_progress *progress = guard_progress(guard, message->server_id);
    unsigned first;

    if (!guard_on(guard, GUARD_SPLIT) || args->n_entries == 0) {
        return guard->inner->send(guard->inner, req, message, cb);
    }
    first = part_of(guard, args->entries, args->n_entries);
    if (first == args->n_entries) {
        return guard->inner->send(guard->inner, req, message, cb);
    }
    guard_acted(guard, GUARD_SPLIT);
    if (progress == NULL || progress->state == GUARD_PROGRESS_PROBE) {
        return send_part(guard, req, message, 0, first, cb);
    }
    return send_parts(guard, req, message, cb);
}

/* Rule HANDOVER: raft_transfer and replicationUpdate send TimeoutNow when all
 * entries are on their way to the heir (progressIsUpToDate), and never again.
 * An heir that is still writing them does not stand for election, so that
 * nobody leads until an election timeout has passed. No entry is added during a
 * transfer, so the message is as true later. */
static bool is_level(const struct guard *guard, raft_id peer)
{
    const struct raft_progress *progress = guard_progress(guard, peer);

    return progress != NULL && progress->match_index == guard_last_index(guard);
}

static int send_timeout_now(struct guard *guard, struct raft_io_send *req,
                            const struct raft_message *message,
                            raft_io_send_cb cb)
{
    if (!guard_on(guard, GUARD_HANDOVER) ||
        is_level(guard, message->server_id)) {
        return guard->inner->send(guard->inner, req, message, cb);
    }
    guard_acted(guard, GUARD_HANDOVER);
    guard->heir = message->server_id;
    guard->handover = message->timeout_now;
    return leave_unsent(guard, req, cb);
}

void guard_hand_over(struct guard *guard)
{
    struct raft *raft = guard_raft(guard);
    raft_id heir = guard->heir;
    struct raft_message message = {.type = RAFT_IO_TIMEOUT_NOW,
                                   .server_id = heir,
                                   .timeout_now = guard->handover};

    if (heir == 0) {
        return;
    }
    if (raft->state != RAFT_LEADER || raft->transfer == NULL ||
        raft->transfer->id != heir ||
        raft->current_term != guard->handover.term) {
        guard->heir = 0; /* The transfer is over, one way or another. */
        return;
    }
    if (is_level(guard, heir)) {
        message.server_address =
            raft->configuration.servers[guard_server_index(guard, heir)]
                .address;
        guard->heir = 0;
        guard->inner->send(guard->inner, &guard->handover_send, &message, NULL);
    }
}

/* Rule LOSTREPLY: when a reply cannot be sent, recvAppendEntries has freed the
 * entries it replies to and returns an error, upon which recvMessage frees them
 * again. A reply that does not go is one that got lost. */
static int send_reply(struct guard *guard, struct raft_io_send *req,
                      const struct raft_message *message, raft_io_send_cb cb)
{
    int rv = guard->inner->send(guard->inner, req, message, cb);

    if (rv == 0 || !guard_on(guard, GUARD_LOSTREPLY)) {
        return rv;
    }
    guard_acted(guard, GUARD_LOSTREPLY);
    return leave_unsent(guard, req, cb);
}

int guard_send(struct raft_io *io, struct raft_io_send *req,
               const struct raft_message *message, raft_io_send_cb cb)
{
    struct guard *guard = io->impl;
    struct raft_message mended = *message;

    if (guard->dead) {
        return leave_unsent(guard, req, cb);
    }
    switch (message->type) {
    case RAFT_IO_APPEND_ENTRIES:
        return send_append(guard, req, message, cb);
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        if (!guard_send_result(guard, &mended)) {
            return leave_unsent(guard, req, cb);
        }
        return send_reply(guard, req, &mended, cb);
    case RAFT_IO_REQUEST_VOTE_RESULT:
        guard_send_vote_result(guard, &mended.request_vote_result);
        return send_reply(guard, req, &mended, cb);
    case RAFT_IO_TIMEOUT_NOW:
        return send_timeout_now(guard, req, message, cb);
    case RAFT_IO_REQUEST_VOTE:
        guard_send_vote(guard, &mended.request_vote);
        break;
    default:
        break;
    }
    return guard->inner->send(guard->inner, req, &mended, cb);
}
