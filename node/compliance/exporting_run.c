/* One run of an adapter's program: made, carried out, judged. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/chat/query.h"
#include "node/compliance/export_ack.h"
#include "node/compliance/exporting_parts.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

enum { US_PER_MS = 1000, ARENA_BYTES = 4096 };

static void run_free(struct run *run)
{
    if (run != NULL) {
        export_input_free(run->input);
        arena_free(run->arena);
        free(run);
    }
}

/* On the worker. */
static void carry_out(struct job *job)
{
    struct run *run = (struct run *)job;

    run->error = adapter_process_run(&run->order, &run->result);
}

static void succeed(struct outlet *outlet, const struct run *run)
{
    struct exporting *exporting = outlet->exporting;

    if (outlet->failures > 0) {
        journal_notice("adapter_recovered", "adapter=%s failures=%u",
                       outlet->name, outlet->failures);
    }
    outlet->failures = 0;
    outlet->telling = TELL_DONE;
    outlet->done_csn = run->cut.last_csn;
    meter_add(&exporting->meters->cuts, 1);
    meter_add(&exporting->meters->records,
              run->cut.last_csn - run->cut.first_csn + 1);
}

/* What an adapter says goes into the state: it must be text. */
static void fail(struct outlet *outlet, const char *why)
{
    struct exporting *exporting = outlet->exporting;
    uint64_t wait_ms = export_retry_ms(++outlet->failures);

    snprintf(outlet->error, sizeof(outlet->error), "%s", why);
    for (char *c = outlet->error; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f ? '?' : *c;
    }
    outlet->telling = TELL_REPORT;
    outlet->retry_us =
        loop_now_us(exporting->compliance->settings.loop) + wait_ms * US_PER_MS;
    meter_add(&exporting->meters->failures, 1);
    journal_warning("adapter_failed",
                    "adapter=%s failures=%u retry_in_ms=%" PRIu64
                    " reason=\"%s\"",
                    outlet->name, outlet->failures, wait_ms, outlet->error);
}

static void judge(struct outlet *outlet, struct run *run)
{
    char why[ADAPTER_WHY_BYTES];

    if (run->error == ERROR_CLOSED) {
        return; /* Killed by us: it is nobody's failure. */
    }
    if (run->error != ERROR_NONE) {
        fail(outlet, run->result.why);
    } else if (export_ack_read(run->result.line, run->cut.last_csn,
                               outlet->sheet, why) != ERROR_NONE) {
        meter_add(&outlet->exporting->meters->lies, 1);
        fail(outlet, why);
    } else {
        succeed(outlet, run);
    }
}

static void on_done(struct job *job)
{
    struct run *run = (struct run *)job;
    struct outlet *outlet = run->outlet;

    outlet->run = NULL;
    outlet->exporting->n_running--;
    meter_move(&outlet->exporting->meters->running, -1);
    judge(outlet, run);
    run_free(run);
    if (!outlet->exporting->compliance->stopped) {
        outlet_tell(outlet);
    }
}

static struct export_input *make_input(const struct outlet *outlet,
                                       const struct run *run,
                                       const struct adapter_view *adapter)
{
    const struct compliance *compliance = outlet->exporting->compliance;
    struct archive_view archive;
    struct pool_view pool;

    archive_view(compliance->state.machine, &archive);
    query_pool(compliance->state.machine, &pool);
    return export_input_new(&(struct export_cut){
        .domain = pool.domain,
        .origin = archive.origin,
        .adapter = adapter,
        .cut = &run->cut,
        .output = run->plan.output,
        .directory = compliance->settings.directory,
        .size = archive.published.size,
        .root = archive.published.root,
    });
}

static struct run *run_new(struct outlet *outlet,
                           const struct adapter_view *adapter)
{
    struct run *run = calloc(1, sizeof(*run));

    CHECK(run != NULL);
    run->arena = arena_new(ARENA_BYTES);
    CHECK(run->arena != NULL);
    run->outlet = outlet;
    run->cut = adapter->cuts[0];
    run->job = (struct job){.run = carry_out, .done = on_done};
    run->order = (struct adapter_order){
        .name = outlet->name,
        .words = run->plan.words,
        .environment = run->plan.environment,
        .deadline_ms = outlet->exporting->settings->deadline_ms,
        .cancelled = &outlet->cancelled,
        .feed = export_input_feed,
    };
    return run;
}

void outlet_run(struct outlet *outlet, const struct adapter_view *adapter)
{
    struct exporting *exporting = outlet->exporting;
    struct run *run = run_new(outlet, adapter);
    char why[ADAPTER_WHY_BYTES];

    if (export_order_make(exporting->settings, adapter, &run->cut, run->arena,
                          &run->plan, why) != ERROR_NONE) {
        run_free(run);
        fail(outlet, why);
        return;
    }
    run->input = make_input(outlet, run, adapter);
    run->order.context = run->input;
    run->order.directory = run->plan.directory;
    if (outlet->worker == NULL) {
        outlet->worker =
            worker_new(exporting->compliance->settings.loop, "adapter");
        CHECK(outlet->worker != NULL);
    }
    atomic_store(&outlet->cancelled, false);
    outlet->run = run;
    exporting->n_running++;
    meter_move(&exporting->meters->running, 1);
    meter_add(&exporting->meters->runs, 1);
    worker_submit(outlet->worker, &run->job);
}

void outlet_cancel(struct outlet *outlet)
{
    if (outlet->run != NULL) {
        atomic_store(&outlet->cancelled, true);
    }
}
