#include "raft/guard/guard.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/guard/append.h"
#include "raft/guard/disk.h"
#include "raft/guard/internal.h"
#include "raft/guard/load.h"
#include "raft/guard/offer.h"
#include "raft/guard/result.h"
#include "raft/guard/send.h"
#include "raft/guard/snapshot.h"
#include "raft/guard/status.h"
#include "raft/guard/transfer.h"
#include "raft/guard/votes.h"

#define RULE_NAME(name, fault)  [GUARD_##name] = #name,
#define RULE_FAULT(name, fault) [GUARD_##name] = (fault),

const char *guard_rule_name(enum guard_rule rule)
{
    static const char *const names[] = {GUARD_RULE_LIST(RULE_NAME)};

    CHECK(rule < GUARD_RULE_COUNT);
    return names[rule];
}

const char *guard_rule_fault(enum guard_rule rule)
{
    static const char *const faults[] = {GUARD_RULE_LIST(RULE_FAULT)};

    CHECK(rule < GUARD_RULE_COUNT);
    return faults[rule];
}

void guard_fatal(struct guard *guard, enum guard_fatal why, const char *format,
                 ...)
{
    char text[256];
    va_list arguments;

    if (guard->dead) {
        return;
    }
    guard->dead = true;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    guard->hooks.fatal(guard->hooks.context, why, text);
}

void guard_stop(struct guard *guard, enum guard_fatal why, const char *text)
{
    guard_fatal(guard, why, "%s", text);
}

void guard_deliver(struct guard *guard, struct raft_message *message)
{
    if (guard->dead) {
        guard_discard(message);
        return;
    }
    guard->receive(&guard->io, message);
}

void guard_discard(struct raft_message *message)
{
    if (message->type == RAFT_IO_APPEND_ENTRIES) {
        struct raft_append_entries *args = &message->append_entries;

        /* The contract of raft_io: one batch per message. */
        if (args->n_entries > 0) {
            raft_free(args->entries[0].batch);
        }
        raft_free(args->entries);
        args->entries = NULL;
        args->n_entries = 0;
    } else if (message->type == RAFT_IO_INSTALL_SNAPSHOT) {
        raft_configuration_close(&message->install_snapshot.conf);
        raft_free(message->install_snapshot.data.base);
    }
}

static void on_tick(struct raft_io *inner)
{
    struct guard *guard = inner->data;

    if (guard->dead) {
        return;
    }
    guard_retry_gets(guard);
    if (!guard_election_gated(guard)) {
        guard->tick(&guard->io);
    } else if (guard_election_due(guard)) {
        guard_acted(guard, GUARD_TICKGATE);
    }
    guard_step(guard);
}

/* Rule TICKGATE, the other half: a follower told to stand for election at once
 * (recvTimeoutNow) while its disk is behind does not. */
static void receive_timeout_now(struct guard *guard,
                                struct raft_message *message)
{
    if (guard_election_gated(guard)) {
        guard_acted(guard, GUARD_TICKGATE);
        return;
    }
    guard_deliver(guard, message);
}

static void on_receive(struct raft_io *inner, struct raft_message *message)
{
    struct guard *guard = inner->data;

    if (guard->dead) {
        guard_discard(message);
        return;
    }
    switch (message->type) {
    case RAFT_IO_APPEND_ENTRIES:
        guard_receive_append(guard, message);
        break;
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        guard_receive_result(guard, message);
        break;
    case RAFT_IO_REQUEST_VOTE:
        guard_receive_vote(guard, message);
        break;
    case RAFT_IO_INSTALL_SNAPSHOT:
        guard_receive_snapshot(guard, message);
        break;
    case RAFT_IO_TIMEOUT_NOW:
        receive_timeout_now(guard, message);
        break;
    default:
        guard_deliver(guard, message);
        break;
    }
    guard_step(guard);
}

static int guard_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick,
                       raft_io_recv_cb receive)
{
    struct guard *guard = io->impl;

    guard->tick = tick;
    guard->receive = receive;
    return guard->inner->start(guard->inner, msecs, on_tick, on_receive);
}

static int guard_init(struct raft_io *io, raft_id id, const char *address)
{
    struct guard *guard = io->impl;

    guard->inner->data = guard;
    return guard->inner->init(guard->inner, id, address);
}

static int guard_bootstrap(struct raft_io *io,
                           const struct raft_configuration *servers)
{
    struct guard *guard = io->impl;

    return guard->inner->bootstrap(guard->inner, servers);
}

static int guard_recover(struct raft_io *io,
                         const struct raft_configuration *servers)
{
    struct guard *guard = io->impl;

    return guard->inner->recover(guard->inner, servers);
}

static raft_time guard_time(struct raft_io *io)
{
    struct guard *guard = io->impl;

    return guard->inner->time(guard->inner);
}

static int guard_random(struct raft_io *io, int min, int max)
{
    struct guard *guard = io->impl;

    return guard->inner->random(guard->inner, min, max);
}

static void on_closed(struct raft_io *inner)
{
    struct guard *guard = inner->data;

    guard_abandon_writes(guard);
    guard_abandon_snapshots(guard);
    guard_abandon_gets(guard);
    guard_void_offer(guard);
    guard_finish_unsent(guard);
    guard->closed(&guard->io);
}

/* What is under way stays so until inner has closed: only then does no
 * completion come any more. */
static void guard_close(struct raft_io *io, raft_io_close_cb cb)
{
    struct guard *guard = io->impl;

    guard->dead = true;
    guard->closed = cb;
    guard->inner->close(guard->inner, on_closed);
}

struct guard *guard_new(struct raft_io *inner,
                        const struct guard_settings *settings,
                        const struct guard_hooks *hooks)
{
    struct guard *guard = calloc(1, sizeof(*guard));

    CHECK(hooks->fatal != NULL && hooks->cut != NULL);
    if (guard == NULL) {
        return NULL;
    }
    guard->io = (struct raft_io){.version = 2,
                                 .impl = guard,
                                 .init = guard_init,
                                 .close = guard_close,
                                 .load = guard_load,
                                 .start = guard_start,
                                 .bootstrap = guard_bootstrap,
                                 .recover = guard_recover,
                                 .set_term = guard_set_term,
                                 .set_vote = guard_set_vote,
                                 .send = guard_send,
                                 .append = guard_append,
                                 .truncate = guard_truncate,
                                 .snapshot_put = guard_snapshot_put,
                                 .snapshot_get = guard_snapshot_get,
                                 .time = guard_time,
                                 .random = guard_random,
                                 .async_work = guard_async_work};
    guard->inner = inner;
    guard->settings = *settings;
    guard->hooks = *hooks;
    TAILQ_INIT(&guard->writes);
    LIST_INIT(&guard->gets);
    return guard;
}

void guard_free(struct guard *guard)
{
    if (guard == NULL) {
        return;
    }
    free(guard->unsent);
    free(guard);
}

struct raft_io *guard_io(struct guard *guard)
{
    return &guard->io;
}

const uint64_t *guard_counts(const struct guard *guard)
{
    return guard->counts;
}
