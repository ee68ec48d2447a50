#include "raft/peer/told.h"

#include <inttypes.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"

static const struct {
    const char *name;
    const char *text;
} reasons[TRANSPORT_REASONS] = {
#define REASON(name, text) [TRANSPORT_##name] = {#name, text},
    TRANSPORT_REASON_LIST(REASON)
#undef REASON
};

/* Is it time for a line of this kind? How many were held back since? */
static bool is_due(struct told *told, unsigned kind, uint64_t now_us,
                   uint32_t *held_out)
{
    uint64_t next_us =
        told->kinds[kind].at_us + (uint64_t)TRANSPORT_TELL_EVERY_MS * 1000;

    if (told->kinds[kind].at_us != 0 && now_us < next_us) {
        told->kinds[kind].held++;
        return false;
    }
    *held_out = told->kinds[kind].held;
    told->kinds[kind].held = 0;
    told->kinds[kind].at_us = now_us;
    return true;
}

static void tell(struct told *told, unsigned kind, uint64_t now_us,
                 const char *event, const struct told_about *about,
                 const char *reason, const char *text)
{
    uint32_t held;

    if (is_due(told, kind, now_us, &held)) {
        told->loss_told = true;
        journal_warning(event,
                        "node=%u address=%s reason=%s text=\"%s\" "
                        "detail=\"%s\" held_back=%" PRIu32,
                        (unsigned)about->node, about->address, reason, text,
                        about->detail, held);
    }
}

void told_ended(struct told *told, uint64_t now_us,
                const struct told_about *about, enum transport_reason reason)
{
    CHECK(reason < TRANSPORT_REASONS);
    tell(told, reason, now_us, "peer_dropped", about, reasons[reason].name,
         reasons[reason].text);
}

void told_refused(struct told *told, uint64_t now_us,
                  const struct told_about *about, enum peer_refusal refusal)
{
    tell(told, TOLD_REFUSED + refusal, now_us, "peer_refused", about,
         peer_refusal_name(refusal), peer_refusal_text(refusal));
}

void told_rejected(struct told *told, uint64_t now_us,
                   const struct told_about *about, enum peer_refusal refusal)
{
    tell(told, TOLD_REJECTED + refusal, now_us, "peer_refuses_us", about,
         peer_refusal_name(refusal), peer_refusal_text(refusal));
}

void told_connected(struct told *told, uint64_t now_us,
                    const struct told_about *about,
                    const struct peer_hello *hello)
{
    uint32_t held;

    if (told->loss_told) {
        told->loss_told = false;
        told->kinds[TOLD_CONNECTED].at_us = 0; /* It is due. */
    }
    if (is_due(told, TOLD_CONNECTED, now_us, &held)) {
        journal_notice("peer_connected",
                       "node=%u address=%s raft_id=%016" PRIx64
                       " software=\"%s\" last_log_index=%" PRIu64
                       " held_back=%" PRIu32,
                       (unsigned)about->node, about->address, hello->raft_id,
                       hello->software, hello->last_log_index, held);
    }
}
