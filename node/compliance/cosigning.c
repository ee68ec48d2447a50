#include "node/compliance/cosigning.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "node/compliance/attest.h"
#include "node/compliance/own_keys.h"
#include "node/compliance/scribe.h"
#include "node/compliance/tiles.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/base/worker.h"

struct cosigning {
    struct compliance *compliance;
    struct own_keys keys;

    /* The leader's: the next checkpoint. */
    struct proposal begin;
    bool is_beginning;

    /* This node's word under one. */
    struct worker *worker;
    struct job job;
    bool is_working;
    struct tiles *tiles;       /* The worker's while it works. */
    struct attestation attest; /* Likewise. */
    uint64_t index;            /* Of the checkpoint at hand. */
    uint64_t done_index;       /* Of the last this node has had its say on. */
    uint64_t retry_us;         /* Not before then. */
    struct proposal word;
    bool is_saying;
    bool differs;
    bool is_state;    /* The state does, whatever the files say. */
    uint64_t stop_us; /* 0: it does not differ. */
};

static uint64_t now_us(const struct cosigning *cosigning)
{
    return loop_now_us(cosigning->compliance->settings.loop);
}

/* --- The leader: when the next checkpoint is due --- */

static void on_begun(struct proposal *proposal, enum proposal_fate fate,
                     const struct applied *applied,
                     const struct effects *effects)
{
    struct cosigning *cosigning =
        (struct cosigning *)((char *)proposal -
                             offsetof(struct cosigning, begin));

    (void)fate, (void)applied, (void)effects;
    cosigning->is_beginning = false;
}

/* By commit times, which all nodes know alike: of the last one published, or
 * of one under way that too few have cosigned. */
static bool is_due(const struct compliance *compliance,
                   const struct archive_view *archive)
{
    const struct machine *machine = compliance->state.machine;
    const struct checkpoint_view *last =
        archive->open.is ? &archive->open : &archive->published;
    int64_t wall_us = loop_wall_us(compliance->settings.loop);
    bool grows = !last->is || archive->records > last->size;
    int64_t pace_s = machine_setting(
        machine, grows || archive->open.is ? SETTING_ARCHIVE_CHECKPOINT_S
                                           : SETTING_ARCHIVE_HEARTBEAT_S);

    pace_s *= archive->open.is ? ARCHIVE_CHECKPOINT_PATIENCE : 1;
    return !last->is || wall_us - last->begun_us >= pace_s * 1000000 ||
           wall_us < last->begun_us; /* The clock was set back. */
}

/* Off, with all it has published: its last record says that it is off. */
static bool is_quiet(const struct archive_view *archive)
{
    return archive->mode == PERCH__ARCHIVE_MODE__ARCHIVE_OFF &&
           archive->published.is && archive->published.size == archive->records;
}

static void begin(struct cosigning *cosigning,
                  const struct archive_view *archive)
{
    struct compliance *compliance = cosigning->compliance;
    Perch__CheckpointBegin body = PERCH__CHECKPOINT_BEGIN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    if (compliance->role != REPLICA_LEADER || cosigning->is_beginning ||
        is_quiet(archive) || archive->records == 0 ||
        !is_due(compliance, archive)) {
        return;
    }
    command.kind_case = PERCH__COMMAND__KIND_CHECKPOINT_BEGIN;
    command.checkpoint_begin = &body;
    cosigning->begin =
        (struct proposal){.tell = on_begun, .patience_ms = COSIGNING_RETRY_MS};
    cosigning->is_beginning =
        proposer_propose(compliance->proposer, &cosigning->begin, &command) ==
        ERROR_NONE;
}

/* --- Each node: its word --- */

static void stop_if_time(struct cosigning *cosigning)
{
    if (cosigning->stop_us != 0 && now_us(cosigning) >= cosigning->stop_us) {
        cosigning->stop_us = 0;
        compliance_unsound(cosigning->compliance, cosigning->is_state,
                           "the archive's root here differs from the pool's");
    }
}

static void on_said(struct proposal *proposal, enum proposal_fate fate,
                    const struct applied *applied,
                    const struct effects *effects)
{
    struct cosigning *cosigning =
        (struct cosigning *)((char *)proposal -
                             offsetof(struct cosigning, word));

    (void)applied, (void)effects;
    cosigning->is_saying = false;
    if (fate != PROPOSAL_APPLIED) {
        cosigning->done_index = 0; /* Again. */
    } else if (cosigning->differs) {
        cosigning->stop_us = now_us(cosigning);
    }
}

static void say(struct cosigning *cosigning)
{
    struct attestation *attest = &cosigning->attest;
    Perch__Cosign body = PERCH__COSIGN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    body.has_size = body.has_root = body.has_time_s = true;
    body.size = attest->size;
    body.root.data = attest->root.bytes;
    body.root.len = sizeof(attest->root.bytes);
    body.time_s = attest->time_s;
    body.has_cosignature = true;
    body.cosignature.data = attest->cosignature;
    body.cosignature.len = sizeof(attest->cosignature);
    if (attest->is_log_signed) {
        body.has_log_signature = true;
        body.log_signature.data = attest->log_signature;
        body.log_signature.len = sizeof(attest->log_signature);
    }
    command.kind_case = PERCH__COMMAND__KIND_COSIGN;
    command.cosign = &body;
    cosigning->word =
        (struct proposal){.tell = on_said, .patience_ms = COSIGNING_RETRY_MS};
    cosigning->is_saying =
        proposer_propose(cosigning->compliance->proposer, &cosigning->word,
                         &command) == ERROR_NONE;
    if (!cosigning->is_saying) {
        cosigning->done_index = 0;
    }
}

static void differ(struct cosigning *cosigning)
{
    const struct attestation *attest = &cosigning->attest;
    char here[2 * MERKLE_HASH_BYTES + 1], pool[2 * MERKLE_HASH_BYTES + 1];

    attest_hex(&attest->root, here);
    attest_hex(&attest->wanted, pool);
    journal_error("archive_diverged",
                  "node=%u size=%" PRIu64 " root_here=%s root_pool=%s",
                  cosigning->compliance->settings.node, attest->size, here,
                  pool);
    meter_set(&cosigning->compliance->meters.diverged, 1);
    cosigning->differs = true;
    cosigning->stop_us =
        now_us(cosigning) + COSIGNING_LAST_WORD_MS * UINT64_C(1000);
}

/* Is what was attested to still there? An origin that was given up takes its
 * files and checkpoints with it. */
static bool is_current(const struct cosigning *cosigning)
{
    const struct attestation *attest = &cosigning->attest;
    struct archive_view archive;

    archive_view(cosigning->compliance->state.machine, &archive);
    return slice_equal(archive.origin,
                       slice_of(attest->origin, attest->origin_bytes)) &&
           ((archive.open.is && archive.open.index == cosigning->index) ||
            (archive.published.is &&
             archive.published.index == cosigning->index));
}

static void on_attested(struct job *job)
{
    struct cosigning *cosigning =
        (struct cosigning *)((char *)job - offsetof(struct cosigning, job));
    const struct attestation *attest = &cosigning->attest;

    cosigning->is_working = false;
    if (cosigning->compliance->stopped || !is_current(cosigning)) {
        return;
    }
    if (attest->error == ERROR_ROTTEN) {
        compliance_unsound(cosigning->compliance, false,
                           "the archive's files here are rotten");
        return;
    }
    if (attest->error != ERROR_NONE) {
        journal_warning(
            "cosigning_failed", "size=%" PRIu64 " error=%s retry_in_ms=%u",
            attest->size, error_name(attest->error), COSIGNING_RETRY_MS);
        cosigning->retry_us =
            now_us(cosigning) + COSIGNING_RETRY_MS * UINT64_C(1000);
        return;
    }
    cosigning->done_index = cosigning->index;
    if (!merkle_equal(&attest->root, &attest->wanted)) {
        differ(cosigning);
    }
    say(cosigning);
}

static void run(struct job *job)
{
    struct cosigning *cosigning =
        (struct cosigning *)((char *)job - offsetof(struct cosigning, job));

    attest(&cosigning->attest, cosigning->tiles);
}

static bool has_word_of(const struct checkpoint_view *checkpoint, uint8_t node)
{
    for (size_t i = 0; i < checkpoint->n; i++) {
        if (checkpoint->cosignatures[i].node == node) {
            return true;
        }
    }
    return false;
}

/* May this node sign under that key? Only if it is the one that is believed. */
static bool is_believed(const struct compliance *compliance,
                        enum signer_key key)
{
    const struct signer *signer = compliance->settings.signer;
    const struct machine *machine = compliance->state.machine;
    struct archive_node_view own;
    uint8_t log[NOTE_KEY_BYTES];

    if (signer == NULL || !signer->has[key]) {
        return false;
    }
    if (key == SIGNER_LOG) {
        return archive_log_key(machine, log) &&
               memcmp(log, signer->public_keys[key], sizeof(log)) == 0;
    }
    return archive_node(machine, compliance->settings.node, &own) &&
           own.has_key &&
           memcmp(own.public_key, signer->public_keys[key],
                  sizeof(own.public_key)) == 0;
}

static void attest_to(struct cosigning *cosigning,
                      const struct archive_view *archive,
                      const struct checkpoint_view *checkpoint)
{
    struct compliance *compliance = cosigning->compliance;
    struct attestation *attest = &cosigning->attest;

    *attest = (struct attestation){
        .signer = compliance->settings.signer,
        .size = checkpoint->size,
        .wanted = checkpoint->root,
        .time_s = (uint64_t)(loop_wall_us(compliance->settings.loop) / 1000000),
        .is_log_signed = is_believed(compliance, SIGNER_LOG),
        .origin_bytes = archive->origin.len,
    };
    CHECK(archive->origin.len <= sizeof(attest->origin));
    memcpy(attest->origin, archive->origin.data, archive->origin.len);
    cosigning->index = checkpoint->index;
    cosigning->is_working = true;
    cosigning->job = (struct job){.run = run, .done = on_attested};
    worker_submit(cosigning->worker, &cosigning->job);
}

/* The one under way, else the one published without this node. */
static void cosign(struct cosigning *cosigning,
                   const struct archive_view *archive)
{
    struct compliance *compliance = cosigning->compliance;
    const struct checkpoint_view *checkpoint =
        archive->open.is ? &archive->open : &archive->published;

    if (!checkpoint->is || cosigning->is_working || cosigning->is_saying ||
        cosigning->differs || checkpoint->index == cosigning->done_index ||
        now_us(cosigning) < cosigning->retry_us ||
        has_word_of(checkpoint, compliance->settings.node) ||
        !is_believed(compliance, SIGNER_NODE)) {
        return;
    }
    if (scribe_durable(compliance->scribe) < checkpoint->size) {
        return; /* The scribe writes what an open checkpoint asks for. */
    }
    attest_to(cosigning, archive, checkpoint);
}

/* When most nodes have another root than the rules have here, it is this
 * node's state that is wrong, whatever its files say. */
static void judge_state(struct cosigning *cosigning,
                        const struct archive_view *archive)
{
    unsigned keys = 0, others = 0;

    if (!archive->open.is || cosigning->differs) {
        return;
    }
    for (unsigned i = 0; i < ARCHIVE_NODES; i++) {
        struct archive_node_view node;

        if (archive_node(cosigning->compliance->state.machine, (uint8_t)i,
                         &node) &&
            node.has_key) {
            keys += 1;
            others += node.diverged_size == archive->open.size &&
                      i != cosigning->compliance->settings.node;
        }
    }
    if (others > keys / 2) {
        cosigning->differs = true;
        cosigning->is_state = true;
        journal_error("archive_diverged",
                      "node=%u size=%" PRIu64 " reason=\"most nodes have "
                      "another root\"",
                      cosigning->compliance->settings.node, archive->open.size);
        meter_set(&cosigning->compliance->meters.diverged, 1);
        cosigning->stop_us = now_us(cosigning);
    }
}

/* --- The part --- */

static void work(struct compliance *compliance)
{
    struct cosigning *cosigning = compliance->cosigning;
    struct archive_view archive;

    archive_view(compliance->state.machine, &archive);
    own_keys_propose(&cosigning->keys);
    judge_state(cosigning, &archive);
    stop_if_time(cosigning);
    if (compliance->stopped) {
        return;
    }
    begin(cosigning, &archive);
    cosign(cosigning, &archive);
}

static void restored(struct compliance *compliance)
{
    compliance->cosigning->done_index = 0;
    work(compliance);
}

struct cosigning *cosigning_new(struct compliance *compliance)
{
    struct cosigning *cosigning = calloc(1, sizeof(*cosigning));

    CHECK(cosigning != NULL);
    cosigning->compliance = compliance;
    own_keys_init(&cosigning->keys, compliance);
    cosigning->tiles = tiles_open(compliance->directory);
    cosigning->worker = worker_new(compliance->settings.loop, "cosigning");
    CHECK(cosigning->worker != NULL);
    return cosigning;
}

void cosigning_free(struct cosigning *cosigning)
{
    if (cosigning != NULL) {
        worker_free(cosigning->worker);
        tiles_close(cosigning->tiles);
        free(cosigning);
    }
}

const struct compliance_part cosigning_part = {
    .name = "cosigning",
    .start = work,
    .tick = work,
    .committed = work,
    .written = work,
    .changed = work,
    .restored = restored,
};
