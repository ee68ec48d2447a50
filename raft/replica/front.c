/* raft/replica.h: what the owner may call. */
#include "raft/replica/front.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/entry.h"

/* After the engine's end nobody reads letters, and none is needed. */
static void ask(struct replica *replica, struct letter *letter)
{
    if (letters_send_reply(replica->engine->inbox, letter) != ERROR_NONE) {
        memo_free(letter);
    }
}

static bool is_closed(const struct replica *replica)
{
    return atomic_load_explicit(&replica->engine->closed, memory_order_relaxed);
}

/* How far the owner is has effect in time with the next letter or tick, but
 * when the engine waits for it: so no batch costs the raft loop a turn more. */
static void mention(struct replica *replica, enum memo_kind kind,
                    uint64_t index)
{
    struct memo *memo = memo_new(kind);

    memo->index = index;
    if (is_closed(replica)) {
        ask(replica, &memo->letter);
    } else if (letters_leave(replica->engine->inbox, &memo->letter) !=
               ERROR_NONE) {
        memo_free(&memo->letter);
    }
}

static void ask_index(struct replica *replica, enum memo_kind kind,
                      uint64_t index)
{
    struct memo *memo = memo_new(kind);

    memo->index = index;
    ask(replica, &memo->letter);
}

/* --- Proposals --- */

static uint32_t *size_of(struct front_ledger *ledger, uint64_t number)
{
    return &ledger->sizes[number % REPLICA_PROPOSALS_MAX];
}

static void ledger_begin(struct front_ledger *ledger, uint64_t epoch,
                         uint64_t number)
{
    ledger->epoch = epoch;
    ledger->first = number;
    ledger->next = number;
    ledger->bytes = 0;
}

static bool ledger_has_room(const struct front_ledger *ledger, size_t bytes)
{
    return ledger->next - ledger->first < REPLICA_PROPOSALS_MAX &&
           (ledger->bytes + bytes <= REPLICA_PROPOSALS_BYTES_MAX);
}

static void ledger_add(struct front_ledger *ledger, uint64_t number,
                       size_t bytes)
{
    CHECK(number == ledger->next);
    *size_of(ledger, number) = (uint32_t)bytes;
    ledger->bytes += bytes;
    ledger->next++;
}

enum error replica_propose(struct replica *replica, uint64_t epoch,
                           uint64_t number, struct slice command)
{
    struct front_ledger *ledger = &replica->ledger;
    struct replica_meters *meters = &replica->engine->meters;
    struct proposal *proposal;

    CHECK(epoch != 0 && number != 0);
    if (command.len > ENTRY_COMMAND_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    if (ledger->epoch != epoch) {
        ledger_begin(ledger, epoch, number);
    }
    if (!ledger_has_room(ledger, entry_bytes(command.len)) ||
        is_closed(replica)) {
        meter_add(&meters->refused, 1);
        return ERROR_BUSY;
    }
    proposal = proposal_new(replica->node, epoch, number, command);
    if (proposal == NULL) {
        return ERROR_NO_MEMORY;
    }
    ledger_add(ledger, number, proposal->len);
    meter_add(&meters->proposed, 1);
    ask(replica, &proposal->letter);
    return ERROR_NONE;
}

enum error replica_begin_epoch(struct replica *replica, struct slice command)
{
    struct proposal *proposal;

    if (command.len > ENTRY_COMMAND_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    proposal = proposal_new(replica->node, 0, 0, command);
    if (proposal == NULL) {
        return ERROR_NO_MEMORY;
    }
    ledger_begin(&replica->ledger, 0, 0);
    ledger_add(&replica->ledger, 0, proposal->len);
    ask(replica, &proposal->letter);
    return ERROR_NONE;
}

void replica_withdraw(struct replica *replica, uint64_t number)
{
    struct memo *memo = memo_new(MEMO_WITHDRAW);

    memo->withdraw.number = number;
    memo->withdraw.instead =
        proposal_new(replica->node, replica->ledger.epoch, number,
                     slice_of(replica->noop, replica->noop_len));
    CHECK(memo->withdraw.instead != NULL);
    ask(replica, &memo->letter);
}

void replica_answered(struct replica *replica, uint64_t number)
{
    struct front_ledger *ledger = &replica->ledger;

    if (ledger->first == ledger->next || number < ledger->first) {
        return;
    }
    CHECK(number < ledger->next);
    for (; ledger->first <= number; ledger->first++) {
        ledger->bytes -= *size_of(ledger, ledger->first);
    }
    mention(replica, MEMO_ANSWERED, number);
}

/* --- Reads, and how far the owner is --- */

enum error replica_read(struct replica *replica, uint64_t token,
                        unsigned wait_ms)
{
    struct memo *memo;

    if (replica->reads >= REPLICA_READS_MAX || replica->dead) {
        return ERROR_BUSY;
    }
    memo = memo_new(MEMO_READ);
    memo->read.token = token;
    memo->read.wait_ms = wait_ms;
    replica->reads++;
    ask(replica, &memo->letter);
    return ERROR_NONE;
}

void replica_applied(struct replica *replica, uint64_t log_index)
{
    mention(replica, MEMO_APPLIED, log_index);
}

void replica_flushed(struct replica *replica, uint64_t log_index)
{
    ask_index(replica, MEMO_FLUSHED, log_index);
}

void replica_checkpoint_made(struct replica *replica, uint64_t id,
                             enum error error, uint64_t log_index)
{
    struct memo *memo = memo_new(MEMO_CHECKPOINT_MADE);

    memo->checkpoint.id = id;
    memo->checkpoint.error = error;
    memo->checkpoint.index = log_index;
    ask(replica, &memo->letter);
}

void replica_restored(struct replica *replica, uint64_t log_index)
{
    ask_index(replica, MEMO_RESTORED, log_index);
}

void replica_transfer(struct replica *replica, uint8_t node,
                      void (*done)(void *context, enum error error),
                      void *context)
{
    struct memo *memo = memo_new(MEMO_TRANSFER);

    memo->transfer.node = node;
    memo->transfer.done = done;
    memo->transfer.context = context;
    ask(replica, &memo->letter);
}

void replica_reload_tls(struct replica *replica)
{
    struct memo *memo = memo_new(MEMO_RELOAD_TLS);

    ask(replica, &memo->letter);
}

void replica_send_archive(struct replica *replica, uint8_t node,
                          const struct peer_message *message)
{
    struct memo *memo = memo_of_archive(node, message);

    CHECK(message->kind == PEER_ARCHIVE_ASK ||
          message->kind == PEER_ARCHIVE_PART);
    if (memo != NULL) {
        ask(replica, &memo->letter);
    }
}

const struct replica_status *replica_status(const struct replica *replica)
{
    board_read(replica->engine->board, replica->copy);
    return replica->copy;
}

/* --- The engine's letters --- */

static void take_read(struct replica *replica, struct memo *memo)
{
    replica->reads--;
    replica->events.read_ready(replica->events.context, memo->read.token,
                               memo->read.error, memo->read.index);
    memo_free(&memo->letter);
}

static void take_question(struct replica *replica, struct memo *memo)
{
    const struct replica_events *events = &replica->events;

    memo->question.yes =
        memo->letter.kind == MEMO_ASK_KNOWN
            ? events->knows_directory(events->context, memo->question.raft_id,
                                      memo->question.directory_id)
            : events->may_rejoin(events->context, memo->question.node);
    ask(replica, &memo->letter);
}

static void take_archive(struct replica *replica, struct memo *memo)
{
    if (replica->events.archive != NULL) {
        replica->events.archive(replica->events.context, memo->archive.node,
                                &memo->archive.message);
    }
    memo_free(&memo->letter);
}

static void take_fatal(struct replica *replica, struct memo *memo)
{
    replica->dead = true;
    replica->events.fatal(replica->events.context, memo->fatal.error,
                          memo->fatal.reason);
    memo_free(&memo->letter);
}

/* Those that change what the owner's state is. */
static void take_checkpoint(struct replica *replica, struct memo *memo)
{
    const struct replica_events *events = &replica->events;

    switch ((enum memo_kind)memo->letter.kind) {
    case MEMO_FLUSH_WANTED:
        events->flush_wanted(events->context, memo->index);
        break;
    case MEMO_CHECKPOINT_WANTED:
        events->checkpoint_wanted(events->context, memo->checkpoint.id,
                                  memo->checkpoint.directory);
        break;
    case MEMO_CHECKPOINT_DROPPED:
        events->checkpoint_dropped(events->context, memo->checkpoint.id);
        break;
    case MEMO_RESTORE:
        events->restore(events->context, memo->checkpoint.directory,
                        memo->checkpoint.index);
        break;
    default:
        CHECK_UNREACHABLE();
    }
    memo_free(&memo->letter);
}

static void take(struct replica *replica, struct letter *letter)
{
    const struct replica_events *events = &replica->events;
    struct commit_batch *batch = (struct commit_batch *)letter;
    struct memo *memo = (struct memo *)letter;

    switch ((enum memo_kind)letter->kind) {
    case MEMO_COMMITTED:
        events->committed(events->context, batch->entries, batch->n);
        memo_free(letter);
        return;
    case MEMO_CHANGED:
        events->changed(events->context, memo->status);
        memo_free(letter);
        return;
    case MEMO_READ:
        take_read(replica, memo);
        return;
    case MEMO_WITHDRAW:
        events->withdrawn(events->context, memo->withdraw.number,
                          memo->withdraw.taken_back);
        memo_free(letter);
        return;
    case MEMO_TRANSFER:
        if (memo->transfer.done != NULL) {
            memo->transfer.done(memo->transfer.context, memo->transfer.error);
        }
        memo_free(letter);
        return;
    case MEMO_ASK_KNOWN:
    case MEMO_ASK_REJOIN:
        take_question(replica, memo);
        return;
    case MEMO_ARCHIVE:
        take_archive(replica, memo);
        return;
    case MEMO_FATAL:
        take_fatal(replica, memo);
        return;
    default:
        take_checkpoint(replica, memo);
        return;
    }
}

void front_take_letters(void *context, struct letter_list *list)
{
    struct replica *replica = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        if (replica->dead) {
            memo_free(letter);
        } else {
            take(replica, letter);
        }
    }
}
