#include "node/compliance/exporting.h"

#include <stdio.h>
#include <stdlib.h>

#include "node/compliance/exporting_parts.h"
#include "node/compliance/scribe.h"
#include "proto/base/check.h"

enum { US_PER_S = 1000000 };

/* Whether the leader is to cut off a batch now. */
static bool is_cut_due(const struct outlet *outlet,
                       const struct archive_view *archive,
                       const struct adapter_view *adapter)
{
    struct loop *loop = outlet->exporting->compliance->settings.loop;
    int64_t now_us = loop_wall_us(loop);

    return archive->mode != PERCH__ARCHIVE_MODE__ARCHIVE_OFF &&
           loop_now_us(loop) >= outlet->cut_us &&
           archive->records_talk > adapter->cut_csn &&
           adapter->n_cuts < ARCHIVE_CUTS_MAX &&
           now_us - adapter->cut_us >=
               (int64_t)adapter->run_interval_s * US_PER_S;
}

static bool is_run_due(const struct outlet *outlet,
                       const struct archive_view *archive,
                       const struct adapter_view *adapter)
{
    const struct exporting *exporting = outlet->exporting;
    const struct compliance *compliance = exporting->compliance;

    return adapter->n_cuts > 0 && outlet->run == NULL &&
           outlet->telling != TELL_DONE &&
           exporting->n_running < exporting->settings->at_once &&
           loop_now_us(compliance->settings.loop) >= outlet->retry_us &&
           archive->published.is &&
           archive->published.size > adapter->cuts[0].last_csn &&
           archive->published.size <= scribe_durable(compliance->scribe);
}

/* Another adapter may have come into the slot. */
static bool is_same(const struct outlet *outlet,
                    const struct adapter_view *adapter)
{
    return slice_equal_text(adapter->name, outlet->name);
}

static void forget(struct outlet *outlet, const struct adapter_view *adapter)
{
    snprintf(outlet->name, sizeof(outlet->name), "%.*s",
             SLICE_PRINT(adapter->name));
    outlet->failures = adapter->attempts;
    outlet->retry_us = 0;
    outlet->telling = TELL_NOTHING;
}

static void look_at(struct outlet *outlet, const struct archive_view *archive,
                    const struct adapter_view *adapter)
{
    if (!is_same(outlet, adapter)) {
        if (outlet->run != NULL || outlet->is_proposed) {
            outlet_cancel(
                outlet); /* The slot's next waits until it has ended. */
            return;
        }
        forget(outlet, adapter);
    }
    if (adapter->disabled) {
        outlet_cancel(outlet);
        return;
    }
    if (outlet->telling == TELL_NOTHING &&
        is_cut_due(outlet, archive, adapter)) {
        outlet->telling = TELL_CUT;
    }
    if (is_run_due(outlet, archive, adapter)) {
        outlet_run(outlet, adapter);
    }
    outlet_tell(outlet);
}

/* What a sink has is true whoever leads. */
static void tell_rest(struct exporting *exporting)
{
    for (size_t i = 0; i < ARCHIVE_ADAPTERS_MAX; i++) {
        if (exporting->outlets[i].telling == TELL_DONE) {
            outlet_tell(&exporting->outlets[i]);
        }
    }
}

static void on_tick(struct compliance *compliance)
{
    struct exporting *exporting = compliance->exporting;
    struct archive_view archive;

    if (exporting->settings == NULL || compliance->releasing) {
        return;
    }
    if (compliance->role != REPLICA_LEADER) {
        tell_rest(exporting);
        return;
    }
    archive_view(compliance->state.machine, &archive);
    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        struct outlet *outlet = &exporting->outlets[slot];
        struct adapter_view adapter;

        if (archive_adapter(compliance->state.machine, slot, &adapter)) {
            look_at(outlet, &archive, &adapter);
        } else {
            outlet_cancel(outlet);
        }
    }
}

/* Who does not lead exports nothing. */
static void on_changed(struct compliance *compliance)
{
    if (compliance->role == REPLICA_LEADER) {
        return;
    }
    for (size_t i = 0; i < ARCHIVE_ADAPTERS_MAX; i++) {
        struct outlet *outlet = &compliance->exporting->outlets[i];

        outlet_cancel(outlet);
        outlet->retry_us = 0;
        if (outlet->telling != TELL_DONE) {
            outlet->telling = TELL_NOTHING;
        }
    }
}

const struct compliance_part exporting_part = {
    .name = "exporting",
    .tick = on_tick,
    .changed = on_changed,
};

struct exporting *exporting_new(struct compliance *compliance,
                                const struct exporting_settings *settings)
{
    struct exporting *exporting = calloc(1, sizeof(*exporting));

    CHECK(exporting != NULL);
    exporting->compliance = compliance;
    exporting->settings = settings;
    exporting->meters = &compliance->meters.exporting;
    for (size_t i = 0; i < ARCHIVE_ADAPTERS_MAX; i++) {
        exporting->outlets[i].exporting = exporting;
    }
    return exporting;
}

void exporting_free(struct exporting *exporting)
{
    if (exporting == NULL) {
        return;
    }
    for (size_t i = 0; i < ARCHIVE_ADAPTERS_MAX; i++) {
        outlet_cancel(&exporting->outlets[i]);
    }
    for (size_t i = 0; i < ARCHIVE_ADAPTERS_MAX; i++) {
        worker_free(exporting->outlets[i].worker);
    }
    free(exporting);
}
