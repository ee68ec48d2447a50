#include "node/chat/archive_key.h"

#include <stdlib.h>
#include <string.h>

#include "node/chat/archive_mode.h"
#include "node/chat/checkpoint.h"
#include "proto/base/check.h"

/* What a command is about: the key that is there, and the one to be. */
struct wish {
    uint32_t node;
    struct slice key;
    const uint8_t *there; /* NULL: none. */
};

struct keeper *keeper_of(struct machine *machine, uint8_t node)
{
    struct keeper **keeper = &machine->archive.keepers[node];

    CHECK(node > 0);
    if (*keeper == NULL) {
        *keeper = calloc(1, sizeof(**keeper));
        CHECK(*keeper != NULL);
    }
    return *keeper;
}

unsigned archive_keys(const struct machine *machine)
{
    unsigned n = 0;

    for (int node = 1; node < ARCHIVE_NODES; node++) {
        const struct keeper *keeper = machine->archive.keepers[node];

        n += keeper != NULL && keeper->has_key;
    }
    return n;
}

static struct wish wish_of(const struct machine *machine,
                           const Perch__ArchiveKeyPut *command)
{
    const struct archive *archive = &machine->archive;
    struct wish wish = {command->node, codec_slice(command->public_key), NULL};

    if (wish.node == 0) {
        wish.there = archive->has_log_key ? archive->log_key : NULL;
    } else if (wish.node < ARCHIVE_NODES &&
               archive->keepers[wish.node] != NULL &&
               archive->keepers[wish.node]->has_key) {
        wish.there = archive->keepers[wish.node]->public_key;
    }
    return wish;
}

static bool is_there(const struct wish *wish)
{
    return wish->there == NULL
               ? wish->key.len == 0
               : slice_equal(wish->key, slice_of(wish->there, NOTE_KEY_BYTES));
}

/* A node's own key is what its machine's operator gave it. The log's is
 * believed of the first node that has it, and then changes by order alone, or
 * one node with a wrong file would change it for all. */
static enum outcome check_node(const struct turn *turn, const struct wish *wish)
{
    bool is_first = wish->node == 0 && wish->there == NULL;
    bool is_own;

    if (turn->entry == NULL) {
        return OUTCOME_DONE; /* Judged without one: for applying to decide. */
    }
    is_own = wish->node == turn->entry->node;
    return wish->key.len > 0 && (is_own || is_first)
               ? OUTCOME_DONE
               : OUTCOME_ARCHIVE_KEY_NOT_OWN;
}

static enum outcome check(const struct turn *turn,
                          const Perch__Command *command,
                          const struct wish *wish)
{
    if (wish->key.len != 0 && wish->key.len != NOTE_KEY_BYTES) {
        return OUTCOME_ARCHIVE_KEY_INVALID;
    }
    if (wish->node >= ARCHIVE_NODES ||
        (wish->node > 0 && turn->machine->origins[wish->node] == NULL)) {
        return OUTCOME_NODE_UNKNOWN;
    }
    if (is_there(wish)) {
        return OUTCOME_REPEATED;
    }
    if (wish->node == 0 && wish->key.len == 0 &&
        turn->machine->archive.mode != PERCH__ARCHIVE_MODE__ARCHIVE_OFF) {
        return OUTCOME_ARCHIVE_KEY_NEEDED;
    }
    return command->administrator.len > 0 ? OUTCOME_DONE
                                          : check_node(turn, wish);
}

static void put_log_key(struct archive *archive, struct slice key)
{
    archive->has_log_key = key.len > 0;
    /* It was to be signed by the key before. */
    memset(&archive->open, 0, sizeof(archive->open));
    if (key.len > 0) {
        memcpy(archive->log_key, key.data, NOTE_KEY_BYTES);
    }
}

static void put_node_key(struct turn *turn, const struct wish *wish)
{
    struct archive *archive = &turn->machine->archive;
    uint8_t node = (uint8_t)wish->node;
    struct keeper *keeper = keeper_of(turn->machine, node);

    checkpoint_forget(turn, node); /* It was of the key before. */
    if (wish->key.len == 0) {
        free(keeper);
        archive->keepers[node] = NULL;
        checkpoint_settle(turn); /* There are fewer to agree. */
        return;
    }
    keeper->has_key = true;
    keeper->keyed_us = turn->sent_at_us;
    memcpy(keeper->public_key, wish->key.data, NOTE_KEY_BYTES);
}

enum outcome archive_key_put(struct turn *turn, const Perch__Command *command)
{
    struct wish wish = wish_of(turn->machine, command->archive_key_put);
    enum outcome outcome = check(turn, command, &wish);
    struct event *event;

    turn->value = wish.node;
    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    event = effects_event(turn->effects, EVENT_ARCHIVE_KEY_CHANGED);
    event->session.node = (uint8_t)wish.node;
    event->is_in = wish.key.len > 0;
    if (wish.node == 0) {
        put_log_key(&turn->machine->archive, wish.key);
    } else {
        put_node_key(turn, &wish);
    }
    archive_mark_row(turn->machine);
    return OUTCOME_DONE;
}
