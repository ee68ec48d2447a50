#include "node/compliance/exporting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/query.h"
#include "node/compliance/adapter_process.h"
#include "node/compliance/export_ack.h"
#include "node/compliance/export_input.h"
#include "node/compliance/writer.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/worker.h"
#include "proto/codec.h"

enum { US_PER_MS = 1000, US_PER_S = 1000000, ARENA_BYTES = 4096 };

/* A run of an adapter's program: made on the state loop, carried out on the
 * adapter's worker. */
struct run {
    struct job job;
    struct export *export;
    struct arena *arena;
    struct cut_view cut;
    struct adapter_order order;
    struct export_order plan;
    struct export_input *input;
    struct adapter_result result;
    enum error error;
};

/* What the pool is to be told. */
enum telling { TELL_NOTHING, TELL_CUT, TELL_DONE, TELL_REPORT };

/* An adapter, by its slot. */
struct export
{
    struct exporting *exporting;
    struct worker *worker; /* NULL: it never ran here. */
    char name[ADAPTER_NAME_BYTES_MAX + 1]; /* NUL-terminated; of the run. */
    struct run *run;                       /* NULL: none. */
    atomic_bool cancelled;
    uint64_t retry_us; /* Not before, by the loop's clock. */
    uint32_t failures; /* In a row, here. */

    struct proposal proposal;
    bool is_proposed;
    enum telling telling; /* Until it is applied. */
    uint64_t done_csn;    /* TELL_DONE: the cut's last. */
    uint8_t sheet[MERKLE_HASH_BYTES];
    char error[ADAPTER_WHY_BYTES]; /* TELL_REPORT. */
};

struct exporting {
    struct compliance *compliance;
    const struct exporting_settings *settings; /* NULL: nothing is exported. */
    struct exporting_meters meters;
    unsigned n_running;
    struct export exports[ARCHIVE_ADAPTERS_MAX];
};

uint64_t exporting_retry_ms(uint32_t failures)
{
    uint64_t wait_ms = EXPORTING_RETRY_MS_MIN;

    for (; failures > 1 && wait_ms < EXPORTING_RETRY_MS_MAX; failures--) {
        wait_ms *= 2;
    }
    return wait_ms < EXPORTING_RETRY_MS_MAX ? wait_ms : EXPORTING_RETRY_MS_MAX;
}

/* --- What the pool is told --- */

static struct slice name_of(const struct export *export)
{
    return slice_of_text(export->name);
}

static void on_told(struct proposal *proposal, enum proposal_fate fate,
                    const struct applied *applied,
                    const struct effects *effects)
{
    struct export *export =
        (struct export *)((char *)proposal - offsetof(struct export, proposal));

    (void)effects;
    export->is_proposed = false;
    if (fate != PROPOSAL_APPLIED) {
        return; /* Once more; the rules know a second one by its cut. */
    }
    if (!outcome_is_success(applied->outcome)) {
        journal_info("export_refused", "adapter=%s outcome=%s", export->name,
                     outcome_name(applied->outcome));
    }
    export->telling = TELL_NOTHING;
}

static void propose(struct export *export, Perch__Command *command)
{
    struct compliance *compliance = export->exporting->compliance;

    export->proposal.tell = on_told;
    export->proposal.patience_ms = EXPORTING_PATIENCE_MS;
    export->is_proposed = proposer_propose(compliance->proposer,
                                           &export->proposal,
                                           command) == ERROR_NONE;
}

static void propose_cut(struct export *export)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Cut cut = PERCH__CUT__INIT;

    CODEC_SET_BYTES(&cut, adapter, name_of(export));
    command.kind_case = PERCH__COMMAND__KIND_CUT;
    command.cut = &cut;
    propose(export, &command);
}

static void propose_done(struct export *export)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__CutDone done = PERCH__CUT_DONE__INIT;

    CODEC_SET_BYTES(&done, adapter, name_of(export));
    CODEC_SET(&done, last_csn, export->done_csn);
    CODEC_SET_BYTES(&done, sheet,
                    slice_of(export->sheet, sizeof(export->sheet)));
    command.kind_case = PERCH__COMMAND__KIND_CUT_DONE;
    command.cut_done = &done;
    propose(export, &command);
}

static void propose_report(struct export *export)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__AdapterReport report = PERCH__ADAPTER_REPORT__INIT;

    CODEC_SET_BYTES(&report, adapter, name_of(export));
    CODEC_SET_BYTES(&report, error, slice_of_text(export->error));
    CODEC_SET(&report, attempts, export->failures);
    command.kind_case = PERCH__COMMAND__KIND_ADAPTER_REPORT;
    command.adapter_report = &report;
    propose(export, &command);
}

/* Tell what is to be told, again where that went astray. */
static void tell(struct export *export)
{
    if (export->is_proposed) {
        return;
    }
    switch (export->telling) {
    case TELL_CUT:
        propose_cut(export);
        break;
    case TELL_DONE:
        propose_done(export);
        break;
    case TELL_REPORT:
        propose_report(export);
        break;
    case TELL_NOTHING:
        break;
    }
}

/* --- A run --- */

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

static void succeed(struct export *export, const struct run *run)
{
    struct exporting *exporting = export->exporting;

    if (export->failures > 0) {
        journal_notice("adapter_recovered", "adapter=%s failures=%u",
                       export->name, export->failures);
    }
    export->failures = 0;
    export->telling = TELL_DONE;
    export->done_csn = run->cut.last_csn;
    meter_add(&exporting->meters.cuts, 1);
    meter_add(&exporting->meters.records,
              run->cut.last_csn - run->cut.first_csn + 1);
}

/* What an adapter says goes into the state: it must be text. */
static void fail(struct export *export, const char *why)
{
    struct exporting *exporting = export->exporting;
    uint64_t wait_ms = exporting_retry_ms(++export->failures);

    snprintf(export->error, sizeof(export->error), "%s", why);
    for (char *c = export->error; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f ? '?' : *c;
    }
    export->telling = TELL_REPORT;
    export->retry_us = loop_now_us(exporting->compliance->settings.loop) +
                       wait_ms * US_PER_MS;
    meter_add(&exporting->meters.failures, 1);
    journal_warning("adapter_failed",
                    "adapter=%s failures=%u retry_in_ms=%" PRIu64
                    " reason=\"%s\"",
                    export->name, export->failures, wait_ms, export->error);
}

static void judge(struct export *export, struct run *run)
{
    char why[ADAPTER_WHY_BYTES];

    if (run->error == ERROR_CLOSED) {
        return; /* Killed by us: it is nobody's failure. */
    }
    if (run->error != ERROR_NONE) {
        fail(export, run->result.why);
    } else if (export_ack_read(run->result.line, run->cut.last_csn,
                               export->sheet, why) != ERROR_NONE) {
        meter_add(&export->exporting->meters.lies, 1);
        fail(export, why);
    } else {
        succeed(export, run);
    }
}

static void on_done(struct job *job)
{
    struct run *run = (struct run *)job;
    struct export *export = run->export;

    export->run = NULL;
    export->exporting->n_running--;
    meter_move(&export->exporting->meters.running, -1);
    judge(export, run);
    run_free(run);
    if (!export->exporting->compliance->stopped) {
        tell(export);
    }
}

static struct export_input *make_input(const struct export *export,
                                       const struct run *run,
                                       const struct adapter_view *adapter)
{
    const struct compliance *compliance = export->exporting->compliance;
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
    });
}

static struct run *run_new(struct export *export,
                           const struct adapter_view *adapter)
{
    struct run *run = calloc(1, sizeof(*run));

    CHECK(run != NULL);
    run->arena = arena_new(ARENA_BYTES);
    CHECK(run->arena != NULL);
    run->export = export;
    run->cut = adapter->cuts[0];
    run->job = (struct job){.run = carry_out, .done = on_done};
    run->order = (struct adapter_order){
        .name = export->name,
        .words = run->plan.words,
        .environment = run->plan.environment,
        .deadline_ms = export->exporting->settings->deadline_ms,
        .cancelled = &export->cancelled,
        .feed = export_input_feed,
    };
    return run;
}

/* Run the oldest cut. */
static void begin(struct export *export, const struct adapter_view *adapter)
{
    struct exporting *exporting = export->exporting;
    struct run *run = run_new(export, adapter);
    char why[ADAPTER_WHY_BYTES];

    if (export_order_make(exporting->settings, adapter, &run->cut, run->arena,
                          &run->plan, why) != ERROR_NONE) {
        run_free(run);
        fail(export, why);
        return;
    }
    run->input = make_input(export, run, adapter);
    run->order.context = run->input;
    if (export->worker == NULL) {
        export->worker =
            worker_new(exporting->compliance->settings.loop, "adapter");
        CHECK(export->worker != NULL);
    }
    atomic_store(&export->cancelled, false);
    export->run = run;
    exporting->n_running++;
    meter_move(&exporting->meters.running, 1);
    meter_add(&exporting->meters.runs, 1);
    worker_submit(export->worker, &run->job);
}

static void cancel(struct export *export)
{
    if (export->run != NULL) {
        atomic_store(&export->cancelled, true);
    }
}

/* --- What is to be done --- */

/* Whether the leader is to cut off a batch now. */
static bool is_cut_due(const struct export *export,
                       const struct archive_view *archive,
                       const struct adapter_view *adapter)
{
    int64_t now_us =
        loop_wall_us(export->exporting->compliance->settings.loop);

    return archive->mode != PERCH__ARCHIVE_MODE__ARCHIVE_OFF &&
           archive->records_talk > adapter->cut_csn &&
           adapter->n_cuts < ARCHIVE_CUTS_MAX &&
           now_us - adapter->cut_us >=
               (int64_t)adapter->run_interval_s * US_PER_S;
}

static bool is_run_due(const struct export *export,
                       const struct adapter_view *adapter)
{
    const struct exporting *exporting = export->exporting;
    const struct compliance *compliance = exporting->compliance;

    return adapter->n_cuts > 0 && export->run == NULL &&
           export->telling != TELL_DONE &&
           exporting->n_running < exporting->settings->at_once &&
           loop_now_us(compliance->settings.loop) >= export->retry_us &&
           writer_durable(compliance->writer) > adapter->cuts[0].last_csn;
}

/* Another adapter may have come into the slot. */
static bool is_same(const struct export *export,
                    const struct adapter_view *adapter)
{
    return slice_equal(adapter->name, name_of(export));
}

static void forget(struct export *export, const struct adapter_view *adapter)
{
    snprintf(export->name, sizeof(export->name), "%.*s",
             SLICE_PRINT(adapter->name));
    export->failures = adapter->attempts;
    export->retry_us = 0;
    export->telling = TELL_NOTHING;
}

static void look_at(struct export *export, const struct archive_view *archive,
                    const struct adapter_view *adapter)
{
    if (!is_same(export, adapter)) {
        if (export->run != NULL || export->is_proposed) {
            cancel(export); /* The slot's next waits until it has ended. */
            return;
        }
        forget(export, adapter);
    }
    if (adapter->disabled) {
        cancel(export);
        return;
    }
    if (export->telling == TELL_NOTHING &&
        is_cut_due(export, archive, adapter)) {
        export->telling = TELL_CUT;
    }
    if (is_run_due(export, adapter)) {
        begin(export, adapter);
    }
    tell(export);
}

static void on_tick(struct compliance *compliance)
{
    struct exporting *exporting = compliance->exporting;
    struct archive_view archive;

    if (exporting->settings == NULL || compliance->role != REPLICA_LEADER ||
        compliance->releasing) {
        return;
    }
    archive_view(compliance->state.machine, &archive);
    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        struct export *export = &exporting->exports[slot];
        struct adapter_view adapter;

        if (archive_adapter(compliance->state.machine, slot, &adapter)) {
            look_at(export, &archive, &adapter);
        } else {
            cancel(export);
        }
    }
}

/* Who does not lead exports nothing; what it has to say of a sink is true all
 * the same, and goes on being said. */
static void on_changed(struct compliance *compliance)
{
    if (compliance->role == REPLICA_LEADER) {
        return;
    }
    for (size_t i = 0; i < ARCHIVE_ADAPTERS_MAX; i++) {
        struct export *export = &compliance->exporting->exports[i];

        cancel(export);
        export->retry_us = 0;
        if (export->telling != TELL_DONE) {
            export->telling = TELL_NOTHING;
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
    for (size_t i = 0; i < ARCHIVE_ADAPTERS_MAX; i++) {
        exporting->exports[i].exporting = exporting;
    }
    return exporting;
}

void exporting_free(struct exporting *exporting)
{
    if (exporting == NULL) {
        return;
    }
    for (size_t i = 0; i < ARCHIVE_ADAPTERS_MAX; i++) {
        cancel(&exporting->exports[i]);
    }
    for (size_t i = 0; i < ARCHIVE_ADAPTERS_MAX; i++) {
        worker_free(exporting->exports[i].worker);
    }
    free(exporting);
}

const struct exporting_meters *exporting_meters(
    const struct exporting *exporting)
{
    return &exporting->meters;
}
