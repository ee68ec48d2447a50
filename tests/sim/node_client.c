/* What clients ask of a simulated node. */
#include <string.h>

#include "proto/base/check.h"
#include "raft/core_members.h"
#include "tests/sim/mail.h"
#include "tests/sim/node_internal.h"
#include "tests/sim/world.h"

enum { COMMAND_BYTES_MAX = 128, BATCH_MAX = 64 };

bool node_leads(const struct node *node)
{
    return node->life != NULL && !node->life->dying &&
           core_status(node->life->core).state == CORE_LEADER;
}

void node_propose(struct node *node, size_t n)
{
    uint8_t block[BATCH_MAX][COMMAND_BYTES_MAX];
    struct slice entries[BATCH_MAX];
    struct command command = {.node = node->number,
                              .life = node->lives,
                              .at_us = schedule_now_us(node->world->schedule)};
    uint64_t first_index;

    CHECK(n <= sizeof(entries) / sizeof(entries[0]));
    if (!node_leads(node)) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        size_t len =
            sizeof(command) +
            8 * random_below(&node->random,
                             (COMMAND_BYTES_MAX - sizeof(command)) / 8);

        command.number = truth_new_command(node->world->truth);
        memset(block[i], (int)command.number, len);
        memcpy(block[i], &command, sizeof(command));
        entries[i] = slice_of(block[i], len);
    }
    core_propose(node->life->core, entries, n, &first_index);
}

void node_transfer(struct node *node, unsigned to)
{
    if (node_leads(node)) {
        core_transfer(node->life->core, node_id(to));
    }
}

static bool has_majority(const struct read *read,
                         const struct core_peers *peers)
{
    unsigned voters = 0, answered = 0;

    for (size_t i = 0; i < peers->n; i++) {
        if (peers->list[i].role == CORE_VOTER) {
            voters++;
            answered += read->answered >> (peers->list[i].id - 1) & 1;
        }
    }
    return answered > voters / 2;
}

void node_pong(struct node *node, unsigned from, uint64_t number)
{
    struct life *life = node->life;
    struct read *read = &life->read;
    struct core_peers peers;

    if (!read->active || read->number != number) {
        return;
    }
    read->answered |= 1u << from;
    peers = core_peers(life->core);
    if (!has_majority(read, &peers) ||
        core_status(life->core).applied_index < read->index) {
        return;
    }
    read->active = false;
    node->world->result.reads++;
    truth_read(node->world->truth, node->number, read->needs_index,
               &life->state);
}

void node_read(struct node *node)
{
    struct world *world = node->world;
    struct core_peers peers;
    struct read *read;

    if (!node_leads(node)) {
        return;
    }
    read = &node->life->read;
    if (core_read_index(node->life->core, &read->term, &read->index) !=
        ERROR_NONE) {
        return;
    }
    read->active = true;
    read->number++;
    read->needs_index = truth_acknowledged_index(world->truth);
    read->answered = 0;
    peers = core_peers(node->life->core);
    for (size_t i = 0; i < peers.n; i++) {
        if (peers.list[i].id != node_id(node->number)) {
            mail_send_ping(world->network, &world->reader, node->number,
                           (unsigned)peers.list[i].id - 1, read->term,
                           read->number);
        }
    }
    node_pong(node, node->number, read->number);
}
