/* What the files of exporting share. Private to them.
 *
 * Thread: state loop, but for a run's job.
 */
#ifndef NODE_COMPLIANCE_EXPORTING_PARTS_H
#define NODE_COMPLIANCE_EXPORTING_PARTS_H

#include "node/compliance/adapter_process.h"
#include "node/compliance/export_input.h"
#include "node/compliance/exporting.h"
#include "proto/base/worker.h"

/* A run of an adapter's program: made on the state loop, carried out on the
 * adapter's worker. */
struct run {
    struct job job;
    struct outlet *outlet;
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
struct outlet {
    struct exporting *exporting;
    struct worker *worker; /* NULL: it never ran here. */
    char name[ADAPTER_NAME_BYTES_MAX + 1];
    struct run *run; /* NULL: none. */
    atomic_bool cancelled;
    uint64_t retry_us; /* No run before, by the loop's clock; */
    uint64_t cut_us;   /* nor a cut. */
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
    struct exporting_meters *meters;
    unsigned n_running;
    struct outlet outlets[ARCHIVE_ADAPTERS_MAX];
};

/** Tell the pool what is to be told, again where that went astray. */
void outlet_tell(struct outlet *outlet);

/** Run the oldest cut of the adapter that is the outlet's; there is one. */
void outlet_run(struct outlet *outlet, const struct adapter_view *adapter);

/** Have the run killed, if there is one; it ends later. */
void outlet_cancel(struct outlet *outlet);

#endif
