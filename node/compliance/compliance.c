#include "node/compliance/compliance.h"

#include <stdlib.h>
#include <string.h>

#include "node/compliance/canaries.h"
#include "node/compliance/compliance_parts.h"
#include "node/compliance/cosigning.h"
#include "node/compliance/exporting.h"
#include "node/compliance/fetching.h"
#include "node/compliance/publishing.h"
#include "node/compliance/scribe_part.h"
#include "node/compliance/serving.h"
#include "node/compliance/watching.h"
#include "node/compliance/witnessing.h"
#include "proto/base/check.h"

/* The parts, in the order in which they are told. */
static const struct compliance_part *const parts[] = {
    &scribe_part,    &serving_part,    &fetching_part,
    &cosigning_part, &publishing_part, &witnessing_part,
    &exporting_part, &watching_part,   &canaries_part,
};

enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

/* Tell all parts that want to know. */
#define TELL(compliance, event, ...)                                           \
    do {                                                                       \
        for (size_t i = 0; i < PARTS && !(compliance)->stopped; i++) {         \
            if (parts[i]->event != NULL) {                                     \
                parts[i]->event(compliance, ##__VA_ARGS__);                    \
            }                                                                  \
        }                                                                      \
    } while (0)

static bool is_idle(struct compliance *compliance)
{
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i]->idle != NULL && !parts[i]->idle(compliance)) {
            return false;
        }
    }
    return true;
}

void compliance_job_ended(struct compliance *compliance)
{
    void (*released)(void *context) = compliance->released;

    if (released != NULL && is_idle(compliance)) {
        compliance->released = NULL;
        released(compliance->released_context);
    }
}

void compliance_written(struct compliance *compliance)
{
    TELL(compliance, written);
}

void compliance_unsound(struct compliance *compliance, bool is_state,
                        const char *reason)
{
    if (compliance->stopped) {
        return;
    }
    compliance_stop(compliance);
    if (compliance->settings.unsound != NULL) {
        compliance->settings.unsound(compliance->settings.context, is_state,
                                     reason);
    }
}

static void note_peers(struct compliance *compliance,
                       const struct replica_status *status)
{
    compliance->n_peers = 0;
    compliance->n_away = 0;
    for (size_t i = 0; i < status->n; i++) {
        const struct replica_member *member = &status->members[i];

        if (member->node == compliance->settings.node) {
            continue;
        }
        if (member->connected) {
            compliance->peers[compliance->n_peers++] = member->node;
        } else {
            compliance->n_away += 1;
        }
    }
}

/* Who is connected is not told of: it is looked up. */
static void on_tick(void *context)
{
    struct compliance *compliance = context;

    if (compliance->replica != NULL && !compliance->stopped) {
        note_peers(compliance, replica_status(compliance->replica));
    }
    TELL(compliance, tick);
}

enum error compliance_open(struct compliance **compliance_out,
                           const struct compliance_settings *settings)
{
    size_t len = strlen(settings->directory);
    struct compliance *compliance;

    if (len >= sizeof(compliance->directory)) {
        return ERROR_TOO_LARGE;
    }
    compliance = calloc(1, sizeof(*compliance));
    CHECK(compliance != NULL);
    compliance->settings = *settings;
    memcpy(compliance->directory, settings->directory, len + 1);
    compliance->settings.directory = compliance->directory;
    meter_histogram_init(&compliance->meters.write_us, &meter_seconds);
    compliance->tick = timer_new(settings->loop, on_tick, compliance);
    CHECK(compliance->tick != NULL);
    compliance->scribe = scribe_new(compliance);
    compliance->exporting = exporting_new(compliance, settings->exporting);
    compliance->cosigning = cosigning_new(compliance);
    compliance->publishing = publishing_new(compliance);
    compliance->witnessing = witnessing_new(compliance);
    compliance->canaries = canaries_new(compliance);
    compliance->serving = serving_new(compliance);
    compliance->fetching = fetching_new(compliance);
    *compliance_out = compliance; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

void compliance_start(struct compliance *compliance, struct replica *replica,
                      struct proposer *proposer,
                      const struct compliance_state *state)
{
    compliance->replica = replica;
    compliance->proposer = proposer;
    compliance->state = *state;
    TELL(compliance, start);
    timer_start(compliance->tick, COMPLIANCE_TICK_MS, COMPLIANCE_TICK_MS);
}

bool compliance_asks_first(const struct compliance *compliance,
                           const struct compliance_state *state)
{
    return witnessing_asks_first(compliance, state->machine);
}

void compliance_entry(struct compliance *compliance,
                      const struct applied_entry *entry,
                      const struct applied *applied,
                      const struct effects *effects)
{
    TELL(compliance, entry, entry, applied, effects);
}

void compliance_fill(struct compliance *compliance, struct batch *batch)
{
    scribe_fill(compliance->scribe, batch);
}

void compliance_committed(struct compliance *compliance)
{
    TELL(compliance, committed);
}

void compliance_release(struct compliance *compliance,
                        void (*released)(void *context), void *context)
{
    CHECK(compliance->released == NULL);
    compliance->releasing = true;
    compliance->released = released;
    compliance->released_context = context;
    compliance_job_ended(compliance);
}

void compliance_restored(struct compliance *compliance,
                         const struct compliance_state *state)
{
    compliance->state = *state;
    compliance->releasing = false;
    TELL(compliance, restored);
}

void compliance_changed(struct compliance *compliance,
                        const struct replica_status *status)
{
    compliance->role = status->role;
    compliance->leader = status->leader;
    note_peers(compliance, status);
    TELL(compliance, changed);
}

void compliance_received(struct compliance *compliance, uint8_t node,
                         const struct peer_message *message)
{
    if (compliance->stopped) {
        return;
    }
    if (message->kind == PEER_ARCHIVE_ASK) {
        serving_ask(compliance->serving, node, &message->archive_ask);
    } else {
        fetching_part_came(compliance->fetching, node, &message->archive_part);
    }
}

void compliance_stop(struct compliance *compliance)
{
    compliance->stopped = true;
    timer_stop(compliance->tick);
}

void compliance_close(struct compliance *compliance)
{
    if (compliance == NULL) {
        return;
    }
    compliance_stop(compliance);
    exporting_free(compliance->exporting);
    canaries_free(compliance->canaries);
    witnessing_free(compliance->witnessing);
    publishing_free(compliance->publishing);
    cosigning_free(compliance->cosigning);
    fetching_free(compliance->fetching);
    serving_free(compliance->serving);
    scribe_free(compliance->scribe);
    timer_free(compliance->tick);
    free(compliance);
}

const struct compliance_meters *compliance_meters(
    const struct compliance *compliance)
{
    return &compliance->meters;
}
