#include "node/chat/checkpoint.h"

#include <string.h>

#include "node/chat/archive_key.h"
#include "node/chat/archive_mode.h"
#include "proto/base/check.h"

#define US_PER_S INT64_C(1000000)

static uint64_t tree_size(const struct machine *machine)
{
    return machine->ledger.frontier.size;
}

static enum outcome check_mark(const struct turn *turn,
                               const Perch__ArchiveMark *command)
{
    const struct machine *machine = turn->machine;
    const struct keeper *keeper = machine->archive.keepers[turn->entry->node];

    if (machine->archive.origin == NULL) {
        return OUTCOME_ARCHIVE_IS_OFF;
    }
    if (command->state < PERCH__ARCHIVE_MARK__STATE__FINE ||
        command->state > PERCH__ARCHIVE_MARK__STATE__FAILED) {
        return OUTCOME_ARCHIVE_STATE_INVALID;
    }
    if (command->records > tree_size(machine)) {
        return OUTCOME_ARCHIVE_MARK_AHEAD;
    }
    return keeper != NULL && keeper->epoch == turn->origin->epoch &&
                   command->records < keeper->records
               ? OUTCOME_ARCHIVE_MARK_BACKWARD
               : OUTCOME_DONE;
}

enum outcome archive_mark(struct turn *turn, const Perch__ArchiveMark *command)
{
    enum outcome outcome;
    struct keeper *keeper;

    CHECK(turn->origin != NULL); /* A mark has a number of its node. */
    outcome = check_mark(turn, command);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }

    keeper = keeper_of(turn->machine, turn->entry->node);
    keeper->records = command->records;
    keeper->epoch = turn->origin->epoch;
    keeper->state = (uint8_t)command->state;
    keeper->marked_us = turn->sent_at_us;
    lag_heard(&keeper->lag, keeper->records, tree_size(turn->machine),
              turn->sent_at_us);
    archive_mark_row(turn->machine);
    return OUTCOME_DONE;
}

/* Whether an event of that moment is longer ago than that. */
static bool is_over(const struct turn *turn, int64_t at_us, uint64_t s)
{
    return turn->sent_at_us - at_us >= (int64_t)s * US_PER_S;
}

static enum outcome check_begin(const struct turn *turn)
{
    const struct machine *machine = turn->machine;
    const struct archive *archive = &machine->archive;
    uint64_t patience_s = (uint64_t)CHECKPOINT_PATIENCE *
                          machine->settings[SETTING_ARCHIVE_CHECKPOINT_S];

    if (archive->origin == NULL) {
        return OUTCOME_ARCHIVE_IS_OFF;
    }
    CHECK(tree_size(machine) > 0); /* An origin begins with a record. */
    if (archive->open.is &&
        !is_over(turn, archive->open.begun_us, patience_s)) {
        return OUTCOME_CHECKPOINT_OPEN;
    }
    return archive->published.is &&
                   archive->published.size == tree_size(machine) &&
                   !is_over(turn, archive->published.begun_us,
                            machine->settings[SETTING_ARCHIVE_HEARTBEAT_S])
               ? OUTCOME_CHECKPOINT_CURRENT
               : OUTCOME_DONE;
}

enum outcome checkpoint_begin(struct turn *turn,
                              const Perch__CheckpointBegin *command)
{
    struct machine *machine = turn->machine;
    struct checkpoint *open = &machine->archive.open;
    enum outcome outcome = check_begin(turn);

    (void)command;
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }

    *open = (struct checkpoint){.is = true,
                                .size = tree_size(machine),
                                .begun_us = turn->sent_at_us,
                                .index = turn->entry->index};
    merkle_root(&machine->ledger.frontier, &open->root);
    archive_mark_row(machine);
    turn->value = open->size;
    effects_event(turn->effects, EVENT_CHECKPOINT_BEGUN)->message_id =
        open->size;
    return OUTCOME_DONE;
}

static bool is_well_formed(const Perch__Cosign *command)
{
    size_t log_signature = command->log_signature.len;

    return command->size > 0 && command->root.len == MERKLE_HASH_BYTES &&
           (log_signature == 0 || log_signature == NOTE_SIGNATURE_BYTES) &&
           command->time_s > 0 &&
           command->cosignature.len == NOTE_SIGNATURE_BYTES;
}

/* The checkpoint that a node speaks of; NULL: none, any more. */
static struct checkpoint *find(struct archive *archive, uint64_t size)
{
    if (archive->open.is && archive->open.size == size) {
        return &archive->open;
    }
    return archive->published.is && archive->published.size == size
               ? &archive->published
               : NULL;
}

/* Where a node's word is, or would be, by rising node. */
static size_t place_of(const struct checkpoint *checkpoint, uint8_t node)
{
    size_t at = 0;

    while (at < checkpoint->n && checkpoint->cosignatures[at].node < node) {
        at += 1;
    }
    return at;
}

static bool has_word(const struct checkpoint *checkpoint, uint8_t node)
{
    size_t at = place_of(checkpoint, node);

    return at < checkpoint->n && checkpoint->cosignatures[at].node == node;
}

static void add_word(struct checkpoint *checkpoint, uint8_t node,
                     const Perch__Cosign *command)
{
    size_t at = place_of(checkpoint, node);
    struct archive_cosignature *word = &checkpoint->cosignatures[at];

    CHECK(checkpoint->n < ARCHIVE_NODES);
    memmove(word + 1, word, (checkpoint->n - at) * sizeof(*word));
    checkpoint->n += 1;
    word->node = node;
    word->time_s = command->time_s;
    memcpy(word->bytes, command->cosignature.data, NOTE_SIGNATURE_BYTES);
    if (!checkpoint->is_signed && command->log_signature.len > 0) {
        checkpoint->is_signed = true;
        memcpy(checkpoint->log_signature, command->log_signature.data,
               NOTE_SIGNATURE_BYTES);
    }
}

/* A majority of those that have a key: words are kept only of those. The
 * log's own signature may be another node's to give. */
static bool is_agreed(const struct machine *machine)
{
    const struct checkpoint *open = &machine->archive.open;

    return open->is && open->is_signed && open->n * 2 > archive_keys(machine);
}

void checkpoint_settle(struct turn *turn)
{
    struct archive *archive = &turn->machine->archive;

    if (!is_agreed(turn->machine)) {
        return;
    }
    archive->published = archive->open;
    memset(&archive->open, 0, sizeof(archive->open));
    archive_mark_row(turn->machine);
    effects_event(turn->effects, EVENT_CHECKPOINT_PUBLISHED)->message_id =
        archive->published.size;
}

void checkpoint_forget(struct turn *turn, uint8_t node)
{
    struct checkpoint *open = &turn->machine->archive.open;
    size_t at = place_of(open, node);
    struct archive_cosignature *word = &open->cosignatures[at];

    if (has_word(open, node)) {
        open->n -= 1;
        memmove(word, word + 1, (open->n - at) * sizeof(*word));
        memset(&open->cosignatures[open->n], 0, sizeof(*word));
    }
}

static void diverge(struct turn *turn, struct keeper *keeper, uint64_t size)
{
    struct event *event = effects_event(turn->effects, EVENT_NODE_DIVERGED);

    event->session.node = turn->entry->node;
    event->message_id = size;
    keeper->diverged_size = size;
    archive_mark_row(turn->machine);
}

enum outcome cosign(struct turn *turn, const Perch__Cosign *command)
{
    struct archive *archive = &turn->machine->archive;
    uint8_t node = turn->entry->node;
    struct keeper *keeper = archive->keepers[node];
    struct checkpoint *checkpoint = find(archive, command->size);

    turn->value = command->size;
    if (!is_well_formed(command)) {
        return OUTCOME_COSIGNATURE_INVALID;
    }
    if (keeper == NULL || !keeper->has_key) {
        return OUTCOME_COSIGNER_UNKNOWN;
    }
    if (checkpoint == NULL) {
        return OUTCOME_CHECKPOINT_UNKNOWN;
    }
    if (memcmp(command->root.data, checkpoint->root.bytes, MERKLE_HASH_BYTES) !=
        0) {
        diverge(turn, keeper, command->size);
        return OUTCOME_DONE;
    }
    if (has_word(checkpoint, node)) {
        return OUTCOME_REPEATED;
    }

    add_word(checkpoint, node, command);
    keeper->diverged_size = 0;
    archive_mark_row(turn->machine);
    checkpoint_settle(turn);
    return OUTCOME_DONE;
}
