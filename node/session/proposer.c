#include "node/session/proposer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/query.h"
#include "node/session/holding.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/entry.h"

struct proposer {
    struct proposer_settings settings;
    struct replica *replica;
    struct timer *timer;
    struct guid start_id;
    uint64_t epoch; /* 0: not begun. */
    bool started;
    uint64_t held_until_us; /* 0: the start is not held. */

    /* Numbers first..next-1 are unanswered; slot n % size is n's. NULL: taken
     * back, a noop goes under the number. */
    uint64_t first, next;
    uint64_t answered; /* The last number applied. */
    struct proposal *waiting[REPLICA_PROPOSALS_MAX];

    struct holding holding; /* Commands that wait for the epoch to begin, or
                               for room. */
    struct buffer command;  /* Being written. */
    struct proposer_meters meters;
};

static struct proposal **slot_of(struct proposer *proposer, uint64_t number)
{
    return &proposer->waiting[number % REPLICA_PROPOSALS_MAX];
}

static void count_waiting(struct proposer *proposer)
{
    meter_set(&proposer->meters.waiting, (int64_t)proposer_waiting(proposer));
}

static void tell_no(struct proposer *proposer, struct proposal *proposal,
                    enum proposal_fate fate)
{
    meter_add(fate == PROPOSAL_UNKNOWN ? &proposer->meters.unknown
                                       : &proposer->meters.withdrawn,
              1);
    proposal->tell(proposal, fate, NULL, NULL);
}

/* The patience of what was never sent: taken back where that is possible. */
static bool is_overdue(const struct proposal *proposal, uint64_t now_us)
{
    return proposal != NULL && proposal->patience_ms > 0 &&
           !proposal->withdrawing &&
           now_us - proposal->asked_us >= proposal->patience_ms * 1000ull;
}

static void withdraw_overdue(struct proposer *proposer, uint64_t now_us)
{
    for (uint64_t n = proposer->first; n < proposer->next; n++) {
        struct proposal *proposal = *slot_of(proposer, n);

        if (is_overdue(proposal, now_us)) {
            proposal->withdrawing = true;
            replica_withdraw(proposer->replica, n);
        }
    }
}

static void withdraw_held(struct proposer *proposer, uint64_t now_us)
{
    struct held *held = holding_first(&proposer->holding), *next;

    for (; held != NULL; held = next) {
        struct proposal *proposal = held->proposal;

        next = holding_next(held);
        if (is_overdue(proposal, now_us)) {
            holding_drop(&proposer->holding, held);
            tell_no(proposer, proposal, PROPOSAL_WITHDRAWN);
        }
    }
}

static void send_held(struct proposer *proposer);

static void on_tick(void *context)
{
    struct proposer *proposer = context;
    uint64_t now_us = loop_now_us(proposer->settings.loop);

    if (proposer->held_until_us != 0 && now_us >= proposer->held_until_us) {
        proposer_release(proposer, NULL);
    }
    send_held(proposer);
    withdraw_overdue(proposer, now_us);
    withdraw_held(proposer, now_us);
    count_waiting(proposer);
}

struct proposer *proposer_new(const struct proposer_settings *settings)
{
    struct proposer *proposer = calloc(1, sizeof(*proposer));

    CHECK(proposer != NULL);
    proposer->settings = *settings;
    proposer->first = 1;
    proposer->next = 1;
    holding_init(&proposer->holding);
    meter_histogram_init(&proposer->meters.commit_us, &meter_seconds);
    proposer->timer = timer_new(settings->loop, on_tick, proposer);
    CHECK(proposer->timer != NULL);
    return proposer;
}

void proposer_free(struct proposer *proposer)
{
    if (proposer == NULL) {
        return;
    }
    holding_deinit(&proposer->holding);
    timer_free(proposer->timer);
    buffer_deinit(&proposer->command);
    free(proposer);
}

static void write_command(struct proposer *proposer, Perch__Command *command)
{
    buffer_clear(&proposer->command);
    command_write(command, &proposer->command);
}

/* Nobody shall find out by guessing what a digest stands for. */
static void add_salt(struct proposer *proposer, Perch__Command *command)
{
    const struct proposer_settings *settings = &proposer->settings;
    uint8_t salt[PROPOSER_SALT_BYTES];

    if (settings->salted_above == NULL || command->has_salt ||
        proposer->command.len <= settings->salted_above(settings->context)) {
        return;
    }
    loop_random(settings->loop, salt, sizeof(salt));
    CODEC_SET_BYTES(command, salt, slice_of(salt, sizeof(salt)));
    write_command(proposer, command);
    command->has_salt = false; /* It is ours, and ends here. */
}

static void set_news(Perch__NodeStarted *started,
                     const struct proposer_news *news)
{
    if (news != NULL) {
        CODEC_SET_BYTES(started, witness, news->witness);
        CODEC_SET_BYTES(started, witness_origin, news->origin);
        CODEC_SET(started, witness_size, news->size);
        CODEC_SET(started, witness_forked, news->forked);
    }
}

/* Ask for an epoch under a new start id. */
static void begin_with(struct proposer *proposer,
                       const struct proposer_news *news)
{
    Perch__NodeStarted started = PERCH__NODE_STARTED__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    enum error error;

    proposer->epoch = 0;
    if (proposer->held_until_us != 0) {
        return;
    }
    set_news(&started, news);
    loop_random(proposer->settings.loop, proposer->start_id.bytes, GUID_BYTES);
    CODEC_SET_BYTES(&started, start_id,
                    slice_of(proposer->start_id.bytes, GUID_BYTES));
    CODEC_SET(&started, raft_id, proposer->settings.raft_id);
    CODEC_SET(&started, directory_id, proposer->settings.directory_id);
    CODEC_SET(&started, rules_known, proposer->settings.rules_known);
    if (proposer->settings.say_seen != NULL) {
        proposer->settings.say_seen(proposer->settings.seen_context, &started);
    }
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &started;
    write_command(proposer, &command);
    error = replica_begin_epoch(proposer->replica,
                                buffer_slice(&proposer->command));
    CHECK(error == ERROR_NONE && !buffer_failed(&proposer->command));
}

static void begin(struct proposer *proposer)
{
    begin_with(proposer, NULL);
}

void proposer_hold(struct proposer *proposer)
{
    CHECK(!proposer->started);
    proposer->held_until_us = loop_now_us(proposer->settings.loop) +
                              PROPOSER_HOLD_MS * UINT64_C(1000);
}

void proposer_release(struct proposer *proposer,
                      const struct proposer_news *news)
{
    if (proposer->held_until_us == 0) {
        return;
    }
    proposer->held_until_us = 0;
    if (proposer->started) {
        begin_with(proposer, news);
    }
}

void proposer_start(struct proposer *proposer, struct replica *replica)
{
    CHECK(!proposer->started);
    proposer->started = true;
    proposer->replica = replica;
    timer_start(proposer->timer, PROPOSER_TICK_MS, PROPOSER_TICK_MS);
    begin(proposer);
}

static enum error send(struct proposer *proposer, struct proposal *proposal,
                       struct slice command)
{
    if (proposer->next - proposer->first >= REPLICA_PROPOSALS_MAX) {
        return ERROR_BUSY;
    }
    TRY(replica_propose(proposer->replica, proposer->epoch, proposer->next,
                        command));
    *slot_of(proposer, proposer->next) = proposal;
    proposer->next += 1;
    return ERROR_NONE;
}

enum error proposer_propose(struct proposer *proposer,
                            struct proposal *proposal, Perch__Command *command)
{
    struct slice bytes;
    enum error error;

    CHECK(proposer->started && proposal->tell != NULL);
    proposal->asked_us = loop_now_us(proposer->settings.loop);
    proposal->withdrawing = false;
    write_command(proposer, command);
    add_salt(proposer, command);
    bytes = buffer_slice(&proposer->command);
    if (buffer_failed(&proposer->command)) {
        error = ERROR_NO_MEMORY;
    } else if (bytes.len > ENTRY_COMMAND_BYTES_MAX) {
        error = ERROR_TOO_LARGE;
    } else if (proposer->epoch == 0 || proposer->holding.n > 0) {
        error = holding_add(&proposer->holding, proposal, bytes);
    } else {
        error = send(proposer, proposal, bytes);
    }
    meter_add(error == ERROR_NONE ? &proposer->meters.proposed
                                  : &proposer->meters.refused,
              1);
    return error;
}

/* Send what has waited for the epoch, or for room. */
static void send_held(struct proposer *proposer)
{
    struct held *held;

    while (proposer->epoch != 0 &&
           (held = holding_first(&proposer->holding)) != NULL) {
        if (send(proposer, held->proposal,
                 slice_of(held->command, held->len)) != ERROR_NONE) {
            return;
        }
        holding_drop(&proposer->holding, held);
    }
}

static void begun(struct proposer *proposer, uint64_t epoch)
{
    proposer->epoch = epoch;
    proposer->first = 1;
    proposer->next = 1;
    proposer->answered = 0;
    meter_add(&proposer->meters.epochs, 1);
    journal_notice("epoch_begun", "node=%u epoch=%" PRIu64,
                   proposer->settings.node, epoch);
    replica_answered(proposer->replica, 0);
    send_held(proposer);
}

/* Tell all who wait the same, and begin anew. The slots are emptied first: who
 * is told may propose again. */
static void end_epoch(struct proposer *proposer, enum proposal_fate fate)
{
    uint64_t first = proposer->first, next = proposer->next;

    journal_warning("epoch_ended",
                    "node=%u epoch=%" PRIu64 " unanswered=%" PRIu64
                    " reason=\"another start of this node\"",
                    proposer->settings.node, proposer->epoch, next - first);
    begin(proposer);
    proposer->first = next;
    for (uint64_t n = first; n < next; n++) {
        struct proposal *proposal = *slot_of(proposer, n);

        if (proposal != NULL) {
            tell_no(proposer, proposal, fate);
        }
    }
}

static bool is_our_start(const struct proposer *proposer,
                         const Perch__Command *command)
{
    return slice_equal(codec_slice(command->node_started->start_id),
                       slice_of(proposer->start_id.bytes, GUID_BYTES));
}

/* A start of this node, ours or of another process that ran as this node. */
static void node_started(struct proposer *proposer,
                         const struct applied *applied,
                         const struct effects *effects)
{
    bool ours = is_our_start(proposer, effects->command);

    if (ours && outcome_is_success(applied->outcome)) {
        if (proposer->epoch == 0) {
            begun(proposer, applied->value);
        }
    } else if (ours ||
               (applied->outcome == OUTCOME_DONE && proposer->epoch != 0)) {
        end_epoch(proposer, PROPOSAL_WITHDRAWN);
    }
}

/* Whether the outcome is an answer to the number, or says that the entry had
 * none to ask for. */
static bool answers(enum outcome outcome)
{
    return outcome != OUTCOME_NODE_NOT_STARTED &&
           outcome != OUTCOME_EPOCH_STALE && outcome != OUTCOME_DUPLICATE &&
           outcome != OUTCOME_NUMBER_GAP;
}

static void answer(struct proposer *proposer, uint64_t number,
                   const struct applied *applied, const struct effects *effects)
{
    struct proposal *proposal = *slot_of(proposer, number);

    CHECK(number == proposer->first && number < proposer->next);
    proposer->first += 1;
    proposer->answered = number;
    if (proposal != NULL) {
        meter_observe(&proposer->meters.commit_us,
                      loop_now_us(proposer->settings.loop) -
                          proposal->asked_us);
        proposal->tell(proposal, PROPOSAL_APPLIED, applied, effects);
    }
}

void proposer_applied(struct proposer *proposer,
                      const struct applied_entry *entry,
                      const struct applied *applied,
                      const struct effects *effects)
{
    const Perch__Command *command = effects->command;

    if (!proposer->started || entry->node != proposer->settings.node) {
        return;
    }
    if (entry->number == 0) {
        if (command != NULL &&
            command->kind_case == PERCH__COMMAND__KIND_NODE_STARTED) {
            node_started(proposer, applied, effects);
        }
    } else if (entry->epoch == proposer->epoch && answers(applied->outcome)) {
        answer(proposer, entry->number, applied, effects);
    }
}

void proposer_committed(struct proposer *proposer)
{
    if (proposer->answered > 0) {
        replica_answered(proposer->replica, proposer->answered);
        proposer->answered = 0;
        send_held(proposer);
    }
    count_waiting(proposer);
}

/* Numbers up to the state's last have been applied, unseen by us. */
static void answer_unseen(struct proposer *proposer,
                          const struct machine *machine, uint64_t number_last)
{
    CHECK(number_last < proposer->next);
    while (proposer->first <= number_last) {
        uint64_t number = proposer->first;
        struct applied applied;

        CHECK(machine_outcome(machine, proposer->settings.node, number,
                              &applied));
        answer(proposer, number, &applied, NULL);
    }
}

void proposer_restored(struct proposer *proposer, const struct machine *machine)
{
    struct node_view node;

    if (!proposer->started ||
        !query_node(machine, proposer->settings.node, &node)) {
        return;
    }
    if (guid_compare(&node.start_id, &proposer->start_id) != 0) {
        /* Ours may have been before it, with what we proposed under it. */
        if (proposer->epoch != 0) {
            end_epoch(proposer, PROPOSAL_UNKNOWN);
        }
        return;
    }
    if (proposer->epoch == 0) {
        begun(proposer, node.epoch);
    }
    answer_unseen(proposer, machine, node.number_last);
    proposer_committed(proposer);
}

void proposer_withdrawn(struct proposer *proposer, uint64_t number,
                        bool taken_back)
{
    struct proposal *proposal;

    if (!taken_back || number < proposer->first || number >= proposer->next) {
        return;
    }
    proposal = *slot_of(proposer, number);
    if (proposal != NULL) {
        *slot_of(proposer, number) = NULL;
        tell_no(proposer, proposal, PROPOSAL_WITHDRAWN);
    }
}

uint64_t proposer_epoch(const struct proposer *proposer)
{
    return proposer->epoch;
}

size_t proposer_waiting(const struct proposer *proposer)
{
    return (size_t)(proposer->next - proposer->first) + proposer->holding.n;
}

const struct proposer_meters *proposer_meters(const struct proposer *proposer)
{
    return &proposer->meters;
}
