#include "node/session/denying.h"

#include <inttypes.h>

#include "node/session/hub.h"
#include "node/session/posting.h"
#include "proto/base/journal.h"

enum { DENIAL_US = 1000000 / DENIALS_PER_S };

/* FNV-1a. */
static size_t slot_of(struct slice uri)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < uri.len; i++) {
        hash = (hash ^ uri.data[i]) * 16777619u;
    }
    return hash % DENIALS_SLOTS;
}

static void journal_bounded(struct sessions *hub, const struct caller *caller,
                            uint64_t now_us)
{
    struct denials *denials = &hub->denials;

    denials->untold += 1;
    if (denials->told_us != 0 &&
        now_us - denials->told_us < DENIALS_TOLD_MS * 1000ull) {
        return;
    }
    journal_warning("refusals_bounded",
                    "dialog=%016" PRIx64 " user=%.*s per_s=%d burst=%d "
                    "answered_busy=%" PRIu64,
                    caller->dialog, SLICE_PRINT(caller->user_uri),
                    DENIALS_PER_S, DENIALS_BURST, denials->untold);
    denials->told_us = now_us;
    denials->untold = 0;
}

bool denying_may(struct caller *caller)
{
    struct sessions *hub = caller->hub;
    uint64_t now_us = loop_now_us(hub->settings.loop);
    uint64_t *ready_us = &hub->denials.ready_us[slot_of(caller->user_uri)];
    uint64_t begin_us = *ready_us > now_us ? *ready_us : now_us;

    if (begin_us + DENIAL_US > now_us + DENIALS_BURST * (uint64_t)DENIAL_US) {
        meter_add(&hub->meters.denials_bounded, 1);
        journal_bounded(hub, caller, now_us);
        return false;
    }
    *ready_us = begin_us + DENIAL_US;
    meter_add(&hub->meters.denials, 1);
    return true;
}

enum error denying_propose(struct caller *caller, struct proposal *proposal,
                           Perch__Post *post, struct slice notice)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__PostDenied denied = PERCH__POST_DENIED__INIT;

    TRY(caller_open(caller));
    denied.post = post;
    CODEC_SET_BYTES(&denied, notice, notice);
    CODEC_SET_BYTES(&command, user, caller->user_uri);
    CODEC_SET(&command, session, caller->serial);
    command.kind_case = PERCH__COMMAND__KIND_POST_DENIED;
    command.post_denied = &denied;
    proposal->patience_ms = POST_PATIENCE_MS;
    return proposer_propose(caller->hub->proposer, proposal, &command);
}

static void refuse_busy(struct denial *denial)
{
    errand_refuse(&denial->errand, XCCOS_CODE_BUSY,
                  "the pool is busy, try again");
}

static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects)
{
    struct denial *denial =
        (struct denial *)((char *)proposal - offsetof(struct denial, proposal));

    (void)effects;
    if (fate == PROPOSAL_UNKNOWN) {
        caller_cut(denial->errand.visit->caller, "refusal_unknown");
        errand_end(&denial->errand);
    } else if (fate == PROPOSAL_WITHDRAWN ||
               outcome_code(applied->outcome) == 503) {
        refuse_busy(denial);
    } else {
        errand_refuse_outcome(&denial->errand, denial->outcome);
    }
}

static enum error propose(struct denial *denial, const struct guid *room,
                          const char *what)
{
    struct buffer notice = BUFFER_EMPTY;
    Perch__Post post = PERCH__POST__INIT;
    enum error error = ERROR_NO_MEMORY;

    buffer_printf(&notice, "%s: %s", what, outcome_text(denial->outcome));
    CODEC_SET_BYTES(&post, room, slice_of(room->bytes, GUID_BYTES));
    denial->proposal.tell = told;
    if (!buffer_failed(&notice)) {
        error = denying_propose(denial->errand.visit->caller, &denial->proposal,
                                &post, buffer_slice(&notice));
    }
    buffer_deinit(&notice);
    return error;
}

void denying_refuse(struct denial *denial, const struct guid *room,
                    const char *what)
{
    struct visit *visit = denial->errand.visit;

    if (!hub_keeps_archive(visit->hub)) {
        errand_refuse_outcome(&denial->errand, denial->outcome);
    } else if (!denying_may(visit->caller)) {
        errand_refuse(&denial->errand, XCCOS_CODE_BUSY, DENYING_TOO_MANY);
    } else if (propose(denial, room, what) == ERROR_NONE) {
        errand_waits(&denial->errand);
    } else {
        refuse_busy(denial);
    }
}
