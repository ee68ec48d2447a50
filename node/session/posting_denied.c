/* Posts that this node refuses for a reason of its own, put on record. */
#include "node/session/posting_parts.h"
#include "proto/base/check.h"

static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects)
{
    struct posting *posting =
        (struct posting *)((char *)proposal -
                           offsetof(struct posting, proposal));
    struct visit *visit = posting->errand.visit;

    (void)effects;
    if (fate == PROPOSAL_UNKNOWN) {
        meter_add(&visit->hub->meters.posts[SESSION_ANSWER_UNANSWERED], 1);
        caller_cut(visit->caller, "refusal_unknown");
        errand_end(&posting->errand);
    } else if (fate == PROPOSAL_WITHDRAWN ||
               outcome_code(applied->outcome) == 503) {
        posting_end_busy(posting);
    } else {
        posting_end(posting, posting->denied_status, posting->denied_reason);
    }
}

static enum error propose(struct posting *posting)
{
    struct caller *caller = posting->errand.visit->caller;
    Perch__Post post = PERCH__POST__INIT;

    posting_fill(posting, &post);
    posting->proposal.tell = told;
    return denying_propose(caller, &posting->proposal, &post,
                           posting->denied_reason);
}

void posting_deny(struct posting *posting, int status, struct slice reason)
{
    struct caller *caller = posting->errand.visit->caller;

    posting->denied_status = status;
    posting->denied_reason = reason;
    if (!hub_keeps_archive(caller->hub)) {
        posting_end(posting, status, reason);
    } else if (!denying_may(caller)) {
        posting_end(posting, 503, SLICE_LITERAL(DENYING_TOO_MANY));
    } else if (propose(posting) == ERROR_NONE) {
        errand_waits(&posting->errand);
    } else {
        posting_end_busy(posting);
    }
}
