#include "tests/sim/tally.h"

#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"
#include "proto/base/endian.h"
#include "proto/entry.h"

void tally_command(enum tally_kind kind, uint64_t word, uint8_t *to,
                   size_t bytes)
{
    CHECK(bytes >= TALLY_COMMAND_BYTES_MIN);
    memset(to, (int)(word & 0xff), bytes);
    put_le64(to, (uint64_t)kind);
    put_le64(to + 8, word);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
    return hash * 0xff51afd7ed558ccdu;
}

static void count(struct tally *tally, const struct tally_result *result)
{
    tally->hash = mix(tally->hash, tally->index);
    tally->hash = mix(tally->hash, result->word);
    tally->hash = mix(tally->hash, result->number << 8 | result->node);
    tally->count += result->kind == TALLY_COMMAND;
}

static enum tally_outcome start(struct tally *tally, struct tally_node *node,
                                const struct tally_result *result)
{
    if (node->start_id == result->word) {
        return TALLY_DUPLICATE;
    }
    *node =
        (struct tally_node){.epoch = tally->index, .start_id = result->word};
    return TALLY_ACCEPTED;
}

static enum tally_outcome judge(struct tally *tally,
                                const struct tally_result *result)
{
    struct tally_node *node = &tally->nodes[result->node];

    if (result->kind == TALLY_START) {
        return start(tally, node, result);
    }
    if (result->epoch != node->epoch) {
        return TALLY_STALE;
    }
    if (result->number <= node->last) {
        return TALLY_DUPLICATE;
    }
    if (result->number > node->last + 1) {
        return TALLY_GAP;
    }
    node->last = result->number;
    return TALLY_ACCEPTED;
}

struct tally_result tally_apply(struct tally *tally,
                                const struct replica_entry *from)
{
    struct tally_result result = {.outcome = TALLY_NONSENSE};
    struct entry entry;

    CHECK(from->index > tally->index);
    tally->index = from->index;
    if (entry_read(from->bytes, &entry) != ERROR_NONE ||
        entry.command.len < TALLY_COMMAND_BYTES_MIN ||
        entry.origin_node >= TALLY_NODES) {
        return result;
    }
    result.kind = (enum tally_kind)get_le64(entry.command.data);
    result.word = get_le64(entry.command.data + 8);
    result.node = entry.origin_node;
    result.epoch = entry.origin_epoch;
    result.number = entry.number;
    result.sent_at_us = entry.sent_at_us;
    if ((result.kind == TALLY_START) != (entry.number == 0)) {
        return result;
    }
    result.outcome = judge(tally, &result);
    if (result.outcome == TALLY_ACCEPTED) {
        count(tally, &result);
    }
    return result;
}

/* Not a bare CRC32C: what ends with its own has always the same one, and two
 * such files are alike to whoever copies by checksum. */
static uint64_t seal_of(const uint8_t bytes[TALLY_BYTES])
{
    return mix(1, checksum_of(bytes, TALLY_BYTES - 8));
}

void tally_write(const struct tally *tally, uint8_t to[TALLY_BYTES])
{
    uint8_t *at = to + 24;

    memset(to, 0, TALLY_BYTES);
    put_le64(to, tally->index);
    put_le64(to + 8, tally->count);
    put_le64(to + 16, tally->hash);
    for (size_t i = 0; i < TALLY_NODES; i++, at += 24) {
        put_le64(at, tally->nodes[i].epoch);
        put_le64(at + 8, tally->nodes[i].start_id);
        put_le64(at + 16, tally->nodes[i].last);
    }
    put_le64(at, seal_of(to));
}

bool tally_read(struct slice from, struct tally *tally_out)
{
    const uint8_t *at = from.data + 24;

    if (from.len != TALLY_BYTES ||
        get_le64(from.data + TALLY_BYTES - 8) != seal_of(from.data)) {
        return false;
    }
    *tally_out = (struct tally){.index = get_le64(from.data),
                                .count = get_le64(from.data + 8),
                                .hash = get_le64(from.data + 16)};
    for (size_t i = 0; i < TALLY_NODES; i++, at += 24) {
        tally_out->nodes[i] = (struct tally_node){
            get_le64(at), get_le64(at + 8), get_le64(at + 16)};
    }
    return true;
}
