/* What exporting tells the pool: cuts, acknowledgements, failures. */
#include "node/chat/outcome.h"
#include "node/compliance/exporting_parts.h"
#include "proto/base/journal.h"
#include "proto/codec.h"

enum { US_PER_MS = 1000 };

static struct slice name_of(const struct outlet *outlet)
{
    return slice_of_text(outlet->name);
}

static void on_told(struct proposal *proposal, enum proposal_fate fate,
                    const struct applied *applied,
                    const struct effects *effects)
{
    struct outlet *outlet =
        (struct outlet *)((char *)proposal - offsetof(struct outlet, proposal));

    (void)effects;
    outlet->is_proposed = false;
    if (fate != PROPOSAL_APPLIED) {
        return; /* Once more; the rules know a second one by its cut. */
    }
    if (!outcome_is_success(applied->outcome)) {
        journal_info("export_refused", "adapter=%s outcome=%s", outlet->name,
                     outcome_name(applied->outcome));
    }
    outlet->telling = TELL_NOTHING;
    outlet->cut_us = loop_now_us(outlet->exporting->compliance->settings.loop) +
                     EXPORT_RETRY_MS_MIN * US_PER_MS;
}

static void propose(struct outlet *outlet, Perch__Command *command)
{
    struct compliance *compliance = outlet->exporting->compliance;

    outlet->proposal.tell = on_told;
    outlet->proposal.patience_ms = EXPORTING_PATIENCE_MS;
    outlet->is_proposed =
        proposer_propose(compliance->proposer, &outlet->proposal, command) ==
        ERROR_NONE;
}

static void propose_cut(struct outlet *outlet)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Cut cut = PERCH__CUT__INIT;

    CODEC_SET_BYTES(&cut, adapter, name_of(outlet));
    command.kind_case = PERCH__COMMAND__KIND_CUT;
    command.cut = &cut;
    propose(outlet, &command);
}

static void propose_done(struct outlet *outlet)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__CutDone done = PERCH__CUT_DONE__INIT;

    CODEC_SET_BYTES(&done, adapter, name_of(outlet));
    CODEC_SET(&done, last_csn, outlet->done_csn);
    CODEC_SET_BYTES(&done, sheet,
                    slice_of(outlet->sheet, sizeof(outlet->sheet)));
    command.kind_case = PERCH__COMMAND__KIND_CUT_DONE;
    command.cut_done = &done;
    propose(outlet, &command);
}

static void propose_report(struct outlet *outlet)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__AdapterReport report = PERCH__ADAPTER_REPORT__INIT;

    CODEC_SET_BYTES(&report, adapter, name_of(outlet));
    CODEC_SET_BYTES(&report, error, slice_of_text(outlet->error));
    CODEC_SET(&report, attempts, outlet->failures);
    command.kind_case = PERCH__COMMAND__KIND_ADAPTER_REPORT;
    command.adapter_report = &report;
    propose(outlet, &command);
}

void outlet_tell(struct outlet *outlet)
{
    if (outlet->is_proposed) {
        return;
    }
    switch (outlet->telling) {
    case TELL_CUT:
        propose_cut(outlet);
        break;
    case TELL_DONE:
        propose_done(outlet);
        break;
    case TELL_REPORT:
        propose_report(outlet);
        break;
    case TELL_NOTHING:
        break;
    }
}
