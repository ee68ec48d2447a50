#include "node/compliance/own_keys.h"

#include <stddef.h>
#include <string.h>

#include "node/chat/limits.h"
#include "node/chat/outcome.h"
#include "proto/base/journal.h"

void own_keys_init(struct own_keys *keys, struct compliance *compliance)
{
    *keys = (struct own_keys){.compliance = compliance};
}

static void told(struct own_keys *keys, enum signer_key key,
                 enum proposal_fate fate, const struct applied *applied)
{
    keys->asks[key].is_out = false;
    if (fate == PROPOSAL_APPLIED && applied->outcome != OUTCOME_DONE &&
        applied->outcome != OUTCOME_REPEATED) {
        journal_warning("archive_key_refused", "key=%s outcome=%s",
                        key == SIGNER_LOG ? "log" : "node",
                        outcome_name(applied->outcome));
    }
}

static void on_log_told(struct proposal *proposal, enum proposal_fate fate,
                        const struct applied *applied,
                        const struct effects *effects)
{
    (void)effects;
    told((struct own_keys *)((char *)proposal -
                             offsetof(struct own_keys,
                                      asks[SIGNER_LOG].proposal)),
         SIGNER_LOG, fate, applied);
}

static void on_node_told(struct proposal *proposal, enum proposal_fate fate,
                         const struct applied *applied,
                         const struct effects *effects)
{
    (void)effects;
    told((struct own_keys *)((char *)proposal -
                             offsetof(struct own_keys,
                                      asks[SIGNER_NODE].proposal)),
         SIGNER_NODE, fate, applied);
}

static void propose(struct own_keys *keys, enum signer_key key)
{
    struct compliance *compliance = keys->compliance;
    const uint8_t *public_key = compliance->settings.signer->public_keys[key];
    uint64_t now_us = loop_now_us(compliance->settings.loop);
    Perch__ArchiveKeyPut body = PERCH__ARCHIVE_KEY_PUT__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    if (keys->asks[key].is_out || now_us < keys->asks[key].retry_us) {
        return;
    }
    body.has_node = body.has_public_key = true;
    body.node = key == SIGNER_LOG ? 0 : compliance->settings.node;
    body.public_key.data = (uint8_t *)(uintptr_t)public_key;
    body.public_key.len = NOTE_KEY_BYTES;
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT;
    command.archive_key_put = &body;
    keys->asks[key].retry_us = now_us + OWN_KEYS_RETRY_MS * UINT64_C(1000);
    keys->asks[key].proposal = (struct proposal){
        .tell = key == SIGNER_LOG ? on_log_told : on_node_told,
        .patience_ms = OWN_KEYS_RETRY_MS,
    };
    keys->asks[key].is_out =
        proposer_propose(compliance->proposer, &keys->asks[key].proposal,
                         &command) == ERROR_NONE;
}

/* The log's is everybody's: the first that is there stays. */
static void propose_log(struct own_keys *keys)
{
    struct compliance *compliance = keys->compliance;
    const struct signer *signer = compliance->settings.signer;
    uint8_t believed[NOTE_KEY_BYTES];
    bool differs;

    if (!archive_log_key(compliance->state.machine, believed)) {
        propose(keys, SIGNER_LOG);
        return;
    }
    differs =
        memcmp(believed, signer->public_keys[SIGNER_LOG], NOTE_KEY_BYTES) != 0;
    meter_set(&compliance->meters.wrong_log_key, differs);
    if (differs && !keys->told_of_log) {
        journal_error("archive_log_key_differs",
                      "node=%u reason=\"the log key configured here is not the "
                      "pool's: this node does not sign for the log\"",
                      compliance->settings.node);
    }
    keys->told_of_log = differs;
}

void own_keys_propose(struct own_keys *keys)
{
    struct compliance *compliance = keys->compliance;
    const struct signer *signer = compliance->settings.signer;
    struct archive_node_view own;

    if (signer == NULL ||
        machine_rules_version(compliance->state.machine) < RULES_ARCHIVE) {
        return;
    }
    if (signer->has[SIGNER_LOG]) {
        propose_log(keys);
    }
    if (signer->has[SIGNER_NODE] &&
        (!archive_node(compliance->state.machine, compliance->settings.node,
                       &own) ||
         !own.has_key ||
         memcmp(own.public_key, signer->public_keys[SIGNER_NODE],
                NOTE_KEY_BYTES) != 0)) {
        propose(keys, SIGNER_NODE);
    }
}
