#include "ops/audit/order.h"

#include <inttypes.h>

#include "proto/base/time_text.h"

static const struct slice mode_off = {(const uint8_t *)"off", 3};
static const struct slice was_off = {(const uint8_t *)"mode=off\n", 9};

/* Off, or on again. */
static bool is_switch(const struct record *record)
{
    struct slice value;

    return (record_find(record, RECORD_FIELD_MODE, &value) &&
            slice_equal(value, mode_off)) ||
           (record_find(record, RECORD_FIELD_BEFORE, &value) &&
            slice_equal(value, was_off));
}

bool order_is_break(const struct record *record)
{
    switch ((int)record->kind) {
    case RECORD_ORIGIN:
    case RECORD_ROLLBACK:
    case RECORD_REFILL:
        return true;
    case RECORD_COMPLIANCE:
        return is_switch(record);
    default:
        return false;
    }
}

void order_init(struct order *order, struct findings *findings)
{
    *order = (struct order){.findings = findings};
}

/* A record that is one place off is told once, not all behind it. */
static void check_number(struct order *order, uint64_t place,
                         const struct record *record)
{
    int64_t off = (int64_t)(record->csn - place);

    if (off != 0 && off != order->off) {
        findings_error(order->findings, AUDIT_NUMBERS,
                       order->has_last && record->csn == order->last_csn
                           ? "at place %" PRIu64 " record %" PRIu64
                             " comes again"
                           : "at place %" PRIu64 " is record %" PRIu64,
                       place, record->csn);
    }
    order->off = off;
}

static void check_time(struct order *order, const struct record *record)
{
    char before[TIME_TEXT_BYTES + 1], now[TIME_TEXT_BYTES + 1];

    if (!order->has_last || record->time_us >= order->last_us) {
        return;
    }
    time_write(order->last_us, before);
    time_write(record->time_us, now);
    findings_error(order->findings, AUDIT_TIME,
                   "record %" PRIu64 " is of %s, the one before of %s",
                   record->csn, now, before);
}

/* Records of one entry count up from 0; entries rise. */
static void check_position(struct order *order, const struct record *record)
{
    bool rises = record->log_index > order->last_index
                     ? record->ordinal == 0
                     : record->log_index == order->last_index &&
                           record->ordinal == order->last_ordinal + 1;

    if (!order->has_last || rises || order_is_break(record)) {
        return;
    }
    findings_error(order->findings, AUDIT_ORDER,
                   "record %" PRIu64 " is part %u of log entry %" PRIu64
                   ", behind part %u of entry %" PRIu64,
                   record->csn, record->ordinal, record->log_index,
                   order->last_ordinal, order->last_index);
}

void order_take(struct order *order, uint64_t place,
                const struct record *record)
{
    check_number(order, place, record);
    check_time(order, record);
    check_position(order, record);
    order->first_us = order->has_last ? order->first_us : record->time_us;
    order->has_last = true;
    order->n++;
    order->last_us = record->time_us;
    order->last_csn = record->csn;
    order->last_index = record->log_index;
    order->last_ordinal = record->ordinal;
}

void order_end(struct order *order)
{
    static const enum audit_check checks[] = {AUDIT_NUMBERS, AUDIT_TIME,
                                              AUDIT_ORDER};

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        findings_made(order->findings, checks[i], order->n,
                      "%" PRIu64 " records", order->n);
    }
}
