#include "tests/unit/fake_replica.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/buffer.h"
#include "proto/base/check.h"
#include "proto/entry.h"

enum { LOG_MAX = 65536, READS_MAX = 4096 };

struct proposal_kept {
    uint64_t epoch, number;
    bool sent;
    bool committed;
    struct buffer command;
};

struct logged {
    uint64_t index;
    struct buffer bytes;
};

struct replica {
    uint8_t node;
    struct replica_events events;
    struct logged log[LOG_MAX];
    size_t n_log;
    uint64_t last; /* Index. */
    bool blind, busy;

    struct proposal_kept queue[LOG_MAX]; /* first..n-1 are unanswered. */
    size_t first, n;
    uint64_t epoch, number_last; /* Of the newest proposal. */

    uint64_t reads[READS_MAX];
    size_t n_reads;
    struct fake_told told;
    struct replica_status status;
};

struct replica *fake_replica_new(uint8_t node)
{
    struct replica *replica = calloc(1, sizeof(*replica));

    CHECK(replica != NULL);
    replica->node = node;
    replica->status.role = REPLICA_LEADER;
    replica->status.leader = node;
    return replica;
}

static void drop_queue(struct replica *replica)
{
    for (size_t i = 0; i < replica->n; i++) {
        buffer_deinit(&replica->queue[i].command);
    }
    replica->first = 0;
    replica->n = 0;
}

void fake_replica_free(struct replica *replica)
{
    if (replica == NULL) {
        return;
    }
    drop_queue(replica);
    for (size_t i = 0; i < replica->n_log; i++) {
        buffer_deinit(&replica->log[i].bytes);
    }
    free(replica);
}

void fake_replica_own(struct replica *replica,
                      const struct replica_events *events)
{
    replica->events = *events;
    replica->n_reads = 0;
    drop_queue(replica);
    memset(&replica->told, 0, sizeof(replica->told));
}

static void keep(struct replica *replica, uint64_t epoch, uint64_t number,
                 struct slice command)
{
    struct proposal_kept *kept = &replica->queue[replica->n];

    CHECK(replica->n < LOG_MAX);
    *kept = (struct proposal_kept){.epoch = epoch, .number = number};
    buffer_append_slice(&kept->command, command);
    replica->n += 1;
    replica->epoch = epoch;
    replica->number_last = number;
}

enum error replica_propose(struct replica *replica, uint64_t epoch,
                           uint64_t number, struct slice command)
{
    if (replica->busy) {
        return ERROR_BUSY;
    }
    CHECK(epoch != 0);
    CHECK(number == (epoch == replica->epoch ? replica->number_last : 0) + 1);
    keep(replica, epoch, number, command);
    return ERROR_NONE;
}

enum error replica_begin_epoch(struct replica *replica, struct slice command)
{
    drop_queue(replica);
    keep(replica, 0, 0, command);
    return ERROR_NONE;
}

void replica_withdraw(struct replica *replica, uint64_t number)
{
    Perch__Noop noop = PERCH__NOOP__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    bool taken_back = false;

    command.kind_case = PERCH__COMMAND__KIND_NOOP;
    command.noop = &noop;
    for (size_t i = replica->first; i < replica->n; i++) {
        struct proposal_kept *kept = &replica->queue[i];

        if (kept->number == number && !kept->sent && !kept->committed) {
            buffer_clear(&kept->command);
            command_write(&command, &kept->command);
            taken_back = true;
        }
    }
    replica->events.withdrawn(replica->events.context, number, taken_back);
}

void replica_answered(struct replica *replica, uint64_t number)
{
    while (replica->first < replica->n &&
           replica->queue[replica->first].number <= number) {
        /* A snapshot may have brought it. */
        CHECK(replica->queue[replica->first].committed);
        replica->first += 1;
    }
}

enum error replica_read(struct replica *replica, uint64_t token,
                        unsigned wait_ms)
{
    CHECK(wait_ms > 0);
    if (replica->busy || replica->n_reads == READS_MAX) {
        return ERROR_BUSY;
    }
    replica->reads[replica->n_reads++] = token;
    return ERROR_NONE;
}

void replica_applied(struct replica *replica, uint64_t log_index)
{
    CHECK(log_index > replica->told.applied);
    replica->told.applied = log_index;
}

void replica_flushed(struct replica *replica, uint64_t log_index)
{
    replica->told.flushed = log_index;
}

void replica_checkpoint_made(struct replica *replica, uint64_t id,
                             enum error error, uint64_t log_index)
{
    replica->told.checkpoint = id;
    replica->told.checkpoint_error = error;
    replica->told.checkpoint_index = log_index;
}

void replica_restored(struct replica *replica, uint64_t log_index)
{
    replica->told.restored = log_index;
    replica->told.restores += 1;
}

void replica_transfer(struct replica *replica, uint8_t node,
                      void (*done)(void *context, enum error error),
                      void *context)
{
    (void)replica;
    (void)node;
    done(context, ERROR_NONE);
}

const struct replica_status *replica_status(const struct replica *replica)
{
    return &replica->status;
}

size_t fake_replica_waiting(const struct replica *replica)
{
    size_t n = 0;

    for (size_t i = replica->first; i < replica->n; i++) {
        n += !replica->queue[i].committed;
    }
    return n;
}

static struct logged *append(struct replica *replica)
{
    struct logged *logged = &replica->log[replica->n_log];

    CHECK(replica->n_log < LOG_MAX);
    replica->n_log += 1;
    logged->index = ++replica->last;
    replica->status.commit_index = replica->last;
    return logged;
}

/* The leader's clock moves a second with each entry. */
static void log_command(struct replica *replica, struct entry entry)
{
    struct logged *logged = append(replica);
    size_t len = entry_bytes(entry.command.len);

    entry.sent_at_us = (int64_t)(1900000000 + logged->index) * 1000000;
    CHECK(buffer_reserve(&logged->bytes, len) != NULL);
    entry_write(logged->bytes.data, &entry);
    logged->bytes.len = len;
}

static void tell_to(const struct replica *replica,
                    const struct replica_events *events, size_t first, size_t n)
{
    struct replica_entry *entries = calloc(n + 1, sizeof(*entries));

    CHECK(entries != NULL);
    for (size_t i = 0; i < n; i++) {
        const struct logged *logged = &replica->log[first + i];

        entries[i] = (struct replica_entry){logged->index, 1,
                                            buffer_slice(&logged->bytes)};
    }
    events->committed(events->context, entries, n);
    free(entries);
}

static void tell(const struct replica *replica, size_t first, size_t n)
{
    if (n > 0 && !replica->blind) {
        tell_to(replica, &replica->events, first, n);
    }
}

void fake_replica_commit(struct replica *replica, size_t n)
{
    size_t first = replica->n_log;

    for (size_t i = replica->first; i < replica->n && n > 0; i++) {
        struct proposal_kept *kept = &replica->queue[i];

        if (!kept->committed) {
            log_command(replica, (struct entry){
                                     .origin_node = replica->node,
                                     .origin_epoch = kept->epoch,
                                     .number = kept->number,
                                     .command = buffer_slice(&kept->command)});
            kept->committed = true;
            n -= 1;
        }
    }
    tell(replica, first, replica->n_log - first);
}

void fake_replica_add(struct replica *replica, uint8_t node, uint64_t epoch,
                      uint64_t number, Perch__Command *command)
{
    struct buffer bytes = BUFFER_EMPTY;

    command_write(command, &bytes);
    log_command(replica, (struct entry){.origin_node = node,
                                        .origin_epoch = epoch,
                                        .number = number,
                                        .command = buffer_slice(&bytes)});
    buffer_deinit(&bytes);
    tell(replica, replica->n_log - 1, 1);
}

void fake_replica_add_bytes(struct replica *replica, struct slice bytes)
{
    buffer_append_slice(&append(replica)->bytes, bytes);
    tell(replica, replica->n_log - 1, 1);
}

void fake_replica_repeat(struct replica *replica)
{
    struct logged *last = &replica->log[replica->n_log - 1];

    buffer_append_slice(&append(replica)->bytes, buffer_slice(&last->bytes));
    tell(replica, replica->n_log - 1, 1);
}

void fake_replica_blind(struct replica *replica, bool blind)
{
    replica->blind = blind;
}

void fake_replica_replay_to(const struct replica *replica,
                            const struct replica_events *events, uint64_t from,
                            size_t n)
{
    size_t first = 0;

    while (first < replica->n_log && replica->log[first].index < from) {
        first += 1;
    }
    for (; first < replica->n_log; first += n) {
        size_t left = replica->n_log - first;

        tell_to(replica, events, first, left < n ? left : n);
    }
}

void fake_replica_replay(struct replica *replica, uint64_t from, size_t n)
{
    struct replica_events events = replica->events;

    fake_replica_replay_to(replica, &events, from, n);
}

void fake_replica_skip(struct replica *replica, uint64_t indexes)
{
    replica->last += indexes;
}

void fake_replica_send_all(struct replica *replica)
{
    for (size_t i = replica->first; i < replica->n; i++) {
        replica->queue[i].sent = true;
    }
}

uint64_t fake_replica_last(const struct replica *replica)
{
    return replica->last;
}

static void answer_reads(struct replica *replica, enum error error,
                         uint64_t log_index)
{
    size_t n = replica->n_reads;
    uint64_t tokens[READS_MAX];

    memcpy(tokens, replica->reads, n * sizeof(tokens[0]));
    replica->n_reads = 0;
    for (size_t i = 0; i < n; i++) {
        replica->events.read_ready(replica->events.context, tokens[i], error,
                                   log_index);
    }
}

void fake_replica_answer_reads(struct replica *replica, enum error error)
{
    answer_reads(replica, error, replica->last);
}

void fake_replica_answer_reads_at(struct replica *replica, uint64_t log_index)
{
    answer_reads(replica, ERROR_NONE, log_index);
}

void fake_replica_busy(struct replica *replica, bool busy)
{
    replica->busy = busy;
}

const struct fake_told *fake_replica_told(const struct replica *replica)
{
    return &replica->told;
}

const struct replica_events *fake_replica_events(const struct replica *replica)
{
    return &replica->events;
}
