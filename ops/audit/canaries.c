#include "ops/audit/canaries.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ops/audit/names.h"
#include "ops/audit/order.h"
#include "proto/base/time_text.h"

enum { US_PER_S = 1000000, SLACK_S = 60 };

static const struct slice setting = {(const uint8_t *)"archive_canary_s=",
                                     sizeof("archive_canary_s=") - 1};

void canaries_init(struct canaries *canaries, uint32_t interval_s,
                   struct findings *findings)
{
    uint32_t seconds = interval_s > 0 ? interval_s : CANARIES_INTERVAL_S;

    *canaries = (struct canaries){.findings = findings,
                                  .is_asked = interval_s > 0,
                                  .interval_us = (int64_t)seconds * US_PER_S};
}

/* The setting's new value, among the lines of what was changed. */
static void take_setting(struct canaries *canaries, const struct record *record)
{
    struct slice lines, line;

    if (canaries->is_asked ||
        !record_find(record, RECORD_FIELD_AFTER, &lines)) {
        return;
    }
    while (names_next_line(&lines, &line)) {
        if (slice_begins(line, setting)) {
            char digits[12] = "";
            struct slice value = slice_after(line, setting.len);

            memcpy(digits, value.data, value.len < 11 ? value.len : 11);
            canaries->interval_us =
                (int64_t)strtoul(digits, NULL, 10) * US_PER_S;
        }
    }
}

/* A node has been silent since its last word. */
static void check_silence(struct canaries *canaries, unsigned node,
                          int64_t until_us)
{
    struct canary_node *at = &canaries->nodes[node];
    int64_t most_us = 2 * canaries->interval_us + (int64_t)SLACK_S * US_PER_S;
    char since[TIME_TEXT_BYTES + 1], until[TIME_TEXT_BYTES + 1];

    if (!at->is_up || until_us - at->last_us <= most_us) {
        return;
    }
    time_write(at->last_us, since);
    time_write(until_us, until);
    (canaries->is_asked ? findings_error : findings_notice)(
        canaries->findings, AUDIT_CANARIES, "node %u: none between %s and %s",
        node, since, until);
}

static void set_up(struct canaries *canaries, unsigned node, int64_t now_us)
{
    struct canary_node *at = &canaries->nodes[node];

    check_silence(canaries, node, now_us);
    at->is_up = true;
    at->last_us = now_us;
}

/* The node of a record of a node: its session of serial 0, or its own. */
static unsigned node_of(const struct record *record)
{
    struct slice id;

    return record_find(record, RECORD_FIELD_SESSION, &id) && id.len > 0
               ? id.data[0]
               : record->node;
}

void canaries_take(struct canaries *canaries, const struct record *record)
{
    unsigned node = node_of(record);

    canaries->last_us = record->time_us;
    switch ((int)record->kind) {
    case RECORD_CANARY:
        node =
            (unsigned)record_number(record, RECORD_FIELD_NUMBER, record->node) %
            CANARIES_NODES;
        set_up(canaries, node, record->time_us);
        canaries->nodes[node].n++;
        canaries->n++;
        break;
    case RECORD_NODE_STARTED:
        canaries->nodes[node].is_up = false;
        set_up(canaries, node, record->time_us);
        break;
    case RECORD_NODE_LOST:
        check_silence(canaries, node, record->time_us);
        canaries->nodes[node].is_up = false;
        break;
    case RECORD_CONFIGURATION:
        take_setting(canaries, record);
        break;
    default:
        if (order_is_break(record)) {
            memset(canaries->nodes, 0, sizeof(canaries->nodes));
        }
        break;
    }
}

void canaries_end(struct canaries *canaries)
{
    unsigned nodes = 0;

    for (unsigned node = 0; node < CANARIES_NODES; node++) {
        check_silence(canaries, node, canaries->last_us);
        nodes += canaries->nodes[node].n > 0;
    }
    findings_made(canaries->findings, AUDIT_CANARIES, canaries->n,
                  "%" PRIu64 " of %u nodes, each %" PRId64 " s", canaries->n,
                  nodes, canaries->interval_us / US_PER_S);
}
