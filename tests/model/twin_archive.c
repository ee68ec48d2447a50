/* The twin's archive: modes, keys, marks, checkpoints, witnesses, adapters,
 * cuts, rollbacks. That the tree grows as it does is told by the machine's
 * records: what each entry's records are is another test's.
 */
#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/record.h"
#include "tests/model/twin.h"

static bool is(const struct twin_text *text, ProtobufCBinaryData bytes)
{
    return twin_same(text->bytes, text->len, bytes.data, bytes.len);
}

/* --- Who lacks what --- */

static void heard(const struct twin *twin, struct twin_lag *lag, uint64_t has)
{
    uint64_t size = twin->archive.tree.size;

    if (has >= size) {
        lag->since = 0;
    } else if (lag->since == 0) {
        lag->since = twin->now;
    } else if (has >= lag->size && lag->since < lag->heard) {
        lag->since = lag->heard;
    }
    lag->size = size;
    lag->heard = twin->now;
}

static bool is_late(int64_t since, int64_t not_before, int64_t now,
                    int64_t seconds)
{
    if (since == 0) {
        return false;
    }
    if (since < not_before) {
        since = not_before;
    }
    return now - since > seconds * 1000000;
}

static bool keeps(const struct twin *twin, const struct twin_keeper *keeper)
{
    const struct twin_archive *archive = &twin->archive;
    int64_t bound = twin->settings[SETTING_ARCHIVE_BEHIND_S];
    int64_t from =
        keeper->keyed > archive->required ? keeper->keyed : archive->required;

    if (keeper->state != 0 || keeper->diverged != 0) {
        return false;
    }
    if (twin->now - from <= bound * 1000000) {
        return true;
    }
    return keeper->records + twin->settings[SETTING_ARCHIVE_BEHIND_RECORDS] >=
               archive->tree.size &&
           !is_late(keeper->lag.since, 0, twin->now, bound);
}

static unsigned keys(const struct twin *twin)
{
    unsigned n = 0;

    for (int i = 0; i < TWIN_NODES; i++) {
        n += twin->archive.keepers[i].has_key;
    }
    return n;
}

enum outcome twin_gate(const struct twin *twin)
{
    const struct twin_archive *archive = &twin->archive;
    int64_t bound = twin->settings[SETTING_ARCHIVE_BEHIND_S];
    unsigned fine = 0;

    if (archive->halted) {
        return OUTCOME_ARCHIVE_ROLLED_BACK;
    }
    if (archive->mode != 2) {
        return OUTCOME_DONE;
    }
    for (int i = 0; i < TWIN_NODES; i++) {
        fine +=
            archive->keepers[i].has_key && keeps(twin, &archive->keepers[i]);
    }
    if (fine <= keys(twin) / 2) {
        return OUTCOME_ARCHIVE_UNAVAILABLE;
    }
    for (int i = 0; i < 16; i++) {
        const struct twin_witness *w = &archive->witnesses[i];
        const struct twin_adapter *a = &archive->adapters[i];
        int64_t from = archive->required;

        if (w->exists && is_late(w->lag.since, w->put > from ? w->put : from,
                                 twin->now, bound)) {
            return OUTCOME_ARCHIVE_UNAVAILABLE;
        }
        if (a->exists && !a->disabled &&
            is_late(a->lacking, a->enabled > from ? a->enabled : from,
                    twin->now, bound + a->interval)) {
            return OUTCOME_ARCHIVE_UNAVAILABLE;
        }
    }
    return OUTCOME_DONE;
}

bool twin_keeps_records(const struct twin *twin)
{
    return twin->archive.mode != 0 && !twin->archive.halted;
}

static struct slice record_at(const struct records *records, size_t at)
{
    size_t from = at == 0 ? 0 : records->ends[at - 1];

    return slice_of(records->bytes.data + from, records->ends[at] - from);
}

void twin_grow(struct twin *twin, const struct effects *effects)
{
    struct twin_archive *archive = &twin->archive;

    for (size_t i = 0; i < effects->records.n; i++) {
        struct slice bytes = record_at(&effects->records, i);
        struct merkle_hash leaf;

        merkle_leaf(bytes, &leaf);
        merkle_grow(&archive->tree, &leaf);
        archive->record_us = twin->now;
        if (i < effects->records.refilled) {
            archive->record_us = twin_record_time(bytes);
        }
        if (bytes.data[1] != RECORD_CUT && bytes.data[1] != RECORD_DELIVERED) {
            archive->talk = archive->tree.size;
        }
    }
    for (int i = 0; i < TWIN_NODES && effects->records.n > 0; i++) {
        struct twin_keeper *keeper = &archive->keepers[i];

        if (keeper->exists && keeper->lag.since == 0) {
            keeper->lag.since = twin->now;
        }
    }
    for (int i = 0; i < 16 && effects->records.n > 0; i++) {
        struct twin_witness *w = &archive->witnesses[i];
        struct twin_adapter *a = &archive->adapters[i];

        if (w->exists && w->lag.since == 0) {
            w->lag.since = twin->now;
        }
        if (a->exists && a->lacking == 0 && a->acked < archive->talk) {
            a->lacking = twin->now;
        }
    }
}

int64_t twin_record_time(struct slice record)
{
    uint64_t time = 0;

    for (int i = 0; i < 8; i++) {
        time = time << 8 | record.data[32 + i];
    }
    return (int64_t)time;
}

/* --- Modes and keys --- */

static bool is_key_name(ProtobufCBinaryData name)
{
    return twin_is_visible(name, 255) &&
           memchr(name.data, '+', name.len) == NULL;
}

static enum outcome check_origin(const struct twin *twin,
                                 ProtobufCBinaryData origin)
{
    if (origin.len > 0 && !is_key_name(origin)) {
        return OUTCOME_ARCHIVE_ORIGIN_INVALID;
    }
    if (!twin->archive.has_log_key) {
        return OUTCOME_ARCHIVE_KEY_MISSING;
    }
    return origin.len == 0 && twin->domain.len == 0 ? OUTCOME_POOL_NOT_SET
                                                    : OUTCOME_DONE;
}

static void begin_origin(struct twin *twin, ProtobufCBinaryData origin)
{
    struct twin_archive *archive = &twin->archive;
    const uint8_t *key = archive->log_key;
    char made[128];

    archive->origins += 1;
    archive->begun = twin->entry->index;
    if (origin.len > 0) {
        twin_copy(&archive->origin, origin, false);
    } else {
        int n = snprintf(made, sizeof(made), "%.*s/perch/%02x%02x%02x%02x",
                         (int)twin->domain.len, twin->domain.bytes, key[0],
                         key[1], key[2], key[3]);

        if (archive->origins > 1) {
            n += snprintf(made + n, sizeof(made) - (size_t)n, "/%u",
                          archive->origins);
        }
        twin_copy(&archive->origin,
                  (ProtobufCBinaryData){(size_t)n, (uint8_t *)made}, false);
    }
    twin_event(twin, EVENT_ARCHIVE_BEGUN)->position = archive->origins;
}

static enum outcome check_put(const struct twin *twin,
                              const Perch__ArchivePut *c)
{
    const struct twin_archive *archive = &twin->archive;

    if (!c->has_mode || (int)c->mode < 0 || (int)c->mode > 2) {
        return OUTCOME_ARCHIVE_MODE_INVALID;
    }
    if (c->origin.len > 0 && archive->origin.len > 0 &&
        !is(&archive->origin, c->origin)) {
        return OUTCOME_ARCHIVE_ORIGIN_FIXED;
    }
    if ((int)c->mode == archive->mode) {
        return OUTCOME_REPEATED;
    }
    if ((int)c->mode == 0) {
        return OUTCOME_DONE;
    }
    if (archive->origin.len > 0) {
        return archive->has_log_key ? OUTCOME_DONE
                                    : OUTCOME_ARCHIVE_KEY_MISSING;
    }
    return check_origin(twin, c->origin);
}

enum outcome twin_archive_put(struct twin *twin, const Perch__ArchivePut *c)
{
    struct twin_archive *archive = &twin->archive;
    enum outcome outcome = check_put(twin, c);
    struct event *event;

    twin->value = (uint64_t)archive->mode;
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (archive->origin.len == 0) {
        begin_origin(twin, c->origin);
    }
    event = twin_event(twin, EVENT_COMPLIANCE_CHANGED);
    event->position = (uint32_t)c->mode;
    event->roles_before = (uint8_t)archive->mode;
    archive->mode = (int)c->mode;
    archive->required = twin->now;
    twin->value = (uint64_t)archive->mode;
    return OUTCOME_DONE;
}

static enum outcome check_key(const struct twin *twin, const Perch__Command *c)
{
    const struct twin_archive *archive = &twin->archive;
    const Perch__ArchiveKeyPut *put = c->archive_key_put;
    const uint8_t *there = NULL;

    if (put->public_key.len != 0 && put->public_key.len != 32) {
        return OUTCOME_ARCHIVE_KEY_INVALID;
    }
    if (put->node > 0 &&
        (put->node >= TWIN_NODES || !twin->origins[put->node].known)) {
        return OUTCOME_NODE_UNKNOWN;
    }
    if (put->node == 0 && archive->has_log_key) {
        there = archive->log_key;
    } else if (put->node > 0 && archive->keepers[put->node].has_key) {
        there = archive->keepers[put->node].key;
    }
    if (there == NULL ? put->public_key.len == 0
                      : put->public_key.len == 32 &&
                            memcmp(there, put->public_key.data, 32) == 0) {
        return OUTCOME_REPEATED;
    }
    if (put->node == 0 && put->public_key.len == 0 && archive->mode != 0) {
        return OUTCOME_ARCHIVE_KEY_NEEDED;
    }
    if (c->administrator.len > 0) {
        return OUTCOME_DONE;
    }
    if (put->public_key.len == 0) {
        return OUTCOME_ARCHIVE_KEY_NOT_OWN;
    }
    return put->node == twin->entry->node || (put->node == 0 && there == NULL)
               ? OUTCOME_DONE
               : OUTCOME_ARCHIVE_KEY_NOT_OWN;
}

static void settle(struct twin *twin)
{
    struct twin_archive *archive = &twin->archive;
    unsigned words = 0;

    for (int i = 0; i < TWIN_NODES; i++) {
        words += archive->open.words[i];
    }
    if (archive->open.is && archive->open.is_signed && words > keys(twin) / 2) {
        archive->published = archive->open;
        memset(&archive->open, 0, sizeof(archive->open));
        twin_event(twin, EVENT_CHECKPOINT_PUBLISHED)->message_id =
            archive->published.size;
    }
}

enum outcome twin_archive_key(struct twin *twin, const Perch__Command *c)
{
    struct twin_archive *archive = &twin->archive;
    const Perch__ArchiveKeyPut *put = c->archive_key_put;
    struct twin_keeper *keeper = &archive->keepers[put->node % TWIN_NODES];
    enum outcome outcome = check_key(twin, c);
    struct event *event;

    twin->value = put->node;
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    event = twin_event(twin, EVENT_ARCHIVE_KEY_CHANGED);
    event->session.node = (uint8_t)put->node;
    event->is_in = put->public_key.len > 0;
    if (put->node == 0) {
        archive->has_log_key = event->is_in;
        if (event->is_in) {
            memcpy(archive->log_key, put->public_key.data, 32);
        }
        memset(&archive->open, 0, sizeof(archive->open));
        return OUTCOME_DONE;
    }
    archive->open.words[put->node] = false;
    if (event->is_in) {
        keeper->exists = keeper->has_key = true;
        keeper->keyed = twin->now;
        memcpy(keeper->key, put->public_key.data, 32);
    } else {
        memset(keeper, 0, sizeof(*keeper));
        settle(twin);
    }
    return OUTCOME_DONE;
}

/* --- Marks and checkpoints --- */

enum outcome twin_archive_mark(struct twin *twin, const Perch__ArchiveMark *c)
{
    struct twin_archive *archive = &twin->archive;
    struct twin_keeper *keeper = &archive->keepers[twin->entry->node];
    uint64_t epoch = twin->origins[twin->entry->node].epoch;

    if (archive->origin.len == 0) {
        return OUTCOME_ARCHIVE_IS_OFF;
    }
    if ((int)c->state < 0 || (int)c->state > 2) {
        return OUTCOME_ARCHIVE_STATE_INVALID;
    }
    if (c->records > archive->tree.size) {
        return OUTCOME_ARCHIVE_MARK_AHEAD;
    }
    if (keeper->epoch == epoch && c->records < keeper->records) {
        return OUTCOME_ARCHIVE_MARK_BACKWARD;
    }
    keeper->exists = true;
    keeper->records = c->records;
    keeper->epoch = epoch;
    keeper->state = (int)c->state;
    keeper->marked = twin->now;
    heard(twin, &keeper->lag, c->records);
    return OUTCOME_DONE;
}

enum outcome twin_checkpoint_begin(struct twin *twin)
{
    struct twin_archive *archive = &twin->archive;
    int64_t interval = twin->settings[SETTING_ARCHIVE_CHECKPOINT_S];
    int64_t heartbeat = twin->settings[SETTING_ARCHIVE_HEARTBEAT_S];

    if (archive->origin.len == 0) {
        return OUTCOME_ARCHIVE_IS_OFF;
    }
    if (archive->open.is &&
        twin->now < archive->open.begun + 3 * interval * 1000000) {
        return OUTCOME_CHECKPOINT_OPEN;
    }
    if (archive->published.is &&
        archive->published.size == archive->tree.size &&
        twin->now < archive->published.begun + heartbeat * 1000000) {
        return OUTCOME_CHECKPOINT_CURRENT;
    }
    memset(&archive->open, 0, sizeof(archive->open));
    archive->open.is = true;
    archive->open.size = archive->tree.size;
    archive->open.begun = twin->now;
    archive->open.index = twin->entry->index;
    merkle_root(&archive->tree, &archive->open.root);
    twin->value = archive->tree.size;
    twin_event(twin, EVENT_CHECKPOINT_BEGUN)->message_id = twin->value;
    return OUTCOME_DONE;
}

enum outcome twin_cosign(struct twin *twin, const Perch__Cosign *c)
{
    struct twin_archive *archive = &twin->archive;
    struct twin_keeper *keeper = &archive->keepers[twin->entry->node];
    struct twin_checkpoint *of = NULL;
    uint8_t node = twin->entry->node;

    twin->value = c->size;
    if (c->size == 0 || c->root.len != 32 || c->time_s == 0 ||
        c->cosignature.len != 64 ||
        (c->log_signature.len != 0 && c->log_signature.len != 64)) {
        return OUTCOME_COSIGNATURE_INVALID;
    }
    if (!keeper->has_key) {
        return OUTCOME_COSIGNER_UNKNOWN;
    }
    if (archive->published.is && archive->published.size == c->size) {
        of = &archive->published;
    }
    if (archive->open.is && archive->open.size == c->size) {
        of = &archive->open;
    }
    if (of == NULL) {
        return OUTCOME_CHECKPOINT_UNKNOWN;
    }
    if (memcmp(c->root.data, of->root.bytes, 32) != 0) {
        struct event *event = twin_event(twin, EVENT_NODE_DIVERGED);

        event->session.node = node;
        event->message_id = c->size;
        keeper->diverged = c->size;
        return OUTCOME_DONE;
    }
    if (of->words[node]) {
        return OUTCOME_REPEATED;
    }
    of->words[node] = true;
    of->times[node] = c->time_s;
    of->is_signed |= c->log_signature.len > 0;
    keeper->diverged = 0;
    settle(twin);
    return OUTCOME_DONE;
}

/* --- Witnesses --- */

static int witness_at(const struct twin *twin, ProtobufCBinaryData name)
{
    for (int i = 0; i < 16; i++) {
        if (twin->archive.witnesses[i].exists &&
            is(&twin->archive.witnesses[i].name, name)) {
            return i;
        }
    }
    return -1;
}

static void forget_witness(struct twin *twin, struct twin_witness *witness)
{
    witness->put = twin->now;
    witness->size = witness->time = 0;
    witness->at = 0;
    heard(twin, &witness->lag, 0);
}

enum outcome twin_witness_put(struct twin *twin, const Perch__WitnessPut *c)
{
    int slot = witness_at(twin, c->name);
    struct twin_witness *witness;
    struct event *event;

    if (!is_key_name(c->name)) {
        return OUTCOME_WITNESS_NAME_INVALID;
    }
    if (!twin_is_visible(c->url, 500) || c->url.len < 8 ||
        memcmp(c->url.data, "http://", 7) != 0) {
        return OUTCOME_WITNESS_URL_INVALID; /* The script knows no https. */
    }
    if (c->public_key.len != 32) {
        return OUTCOME_ARCHIVE_KEY_INVALID;
    }
    for (int i = 0; i < 16 && slot < 0; i++) {
        if (!twin->archive.witnesses[i].exists) {
            slot = i;
        }
    }
    if (slot < 0) {
        return OUTCOME_WITNESSES_FULL;
    }
    witness = &twin->archive.witnesses[slot];
    if (witness->exists && is(&witness->url, c->url) &&
        memcmp(witness->key, c->public_key.data, 32) == 0) {
        return OUTCOME_REPEATED;
    }
    twin_copy(&witness->name, c->name, false);
    twin_copy(&witness->url, c->url, false);
    if (!witness->exists || memcmp(witness->key, c->public_key.data, 32) != 0) {
        witness->exists = true;
        memcpy(witness->key, c->public_key.data, 32);
        forget_witness(twin, witness);
    }
    twin->value = (uint64_t)slot;
    event = twin_event(twin, EVENT_WITNESS_CHANGED);
    event->position = (uint32_t)slot;
    event->is_in = true;
    return OUTCOME_DONE;
}

enum outcome twin_witness_remove(struct twin *twin,
                                 const Perch__WitnessRemove *c)
{
    int slot = witness_at(twin, c->name);

    if (slot < 0) {
        return OUTCOME_WITNESS_UNKNOWN;
    }
    memset(&twin->archive.witnesses[slot], 0, sizeof(struct twin_witness));
    twin->value = (uint64_t)slot;
    twin_event(twin, EVENT_WITNESS_CHANGED)->position = (uint32_t)slot;
    return OUTCOME_DONE;
}

enum outcome twin_witnessed(struct twin *twin, const Perch__Witnessed *c)
{
    const struct twin_checkpoint *published = &twin->archive.published;
    int slot = witness_at(twin, c->name);
    struct twin_witness *witness;
    struct event *event;

    if (slot < 0) {
        return OUTCOME_WITNESS_UNKNOWN;
    }
    twin->value = (uint64_t)slot;
    witness = &twin->archive.witnesses[slot];
    if (c->size == 0 || c->time_s == 0 || c->cosignature.len != 64) {
        return OUTCOME_COSIGNATURE_INVALID;
    }
    if (c->size < witness->size || c->time_s < witness->time) {
        return OUTCOME_WITNESS_BACKWARD;
    }
    if (!published->is || c->size > published->size) {
        return OUTCOME_WITNESS_AHEAD;
    }
    witness->size = c->size;
    witness->time = c->time_s;
    witness->at = twin->now;
    heard(twin, &witness->lag, c->size);
    event = twin_event(twin, EVENT_WITNESSED);
    event->message_id = c->size;
    event->position = (uint32_t)slot;
    return OUTCOME_DONE;
}

/* --- Rollbacks --- */

enum outcome twin_archive_halt(struct twin *twin, const Perch__ArchiveHalt *c)
{
    struct twin_archive *archive = &twin->archive;

    twin->value = c->size;
    if (archive->origin.len == 0) {
        return OUTCOME_ARCHIVE_IS_OFF;
    }
    if (witness_at(twin, c->witness) < 0) {
        return OUTCOME_WITNESS_UNKNOWN;
    }
    if (!c->forked && c->size <= archive->tree.size) {
        return OUTCOME_HALT_UNFOUNDED;
    }
    if (archive->halted &&
        (archive->forked || (!c->forked && c->size <= archive->seen))) {
        return OUTCOME_REPEATED;
    }
    if (!archive->halted) {
        archive->halted_at = twin->now;
    }
    archive->halted = true;
    archive->seen = c->size;
    archive->forked = c->forked;
    twin_event(twin, EVENT_ARCHIVE_HALTED)->message_id = c->size;
    return OUTCOME_DONE;
}

void twin_archive_started(struct twin *twin, const Perch__NodeStarted *c)
{
    Perch__ArchiveHalt halt = PERCH__ARCHIVE_HALT__INIT;

    if (c->witness.len > 0 &&
        twin_same(c->witness_origin.data, c->witness_origin.len,
                  twin->archive.origin.bytes, twin->archive.origin.len)) {
        halt.witness = c->witness;
        halt.size = c->witness_size;
        halt.forked = c->witness_forked;
        twin_archive_halt(twin, &halt);
    }
}

/* As the script makes them: all of the header's, and no more. */
static bool is_next(const struct twin *twin, ProtobufCBinaryData bytes,
                    uint64_t csn, int64_t before)
{
    struct slice record = codec_slice(bytes);
    uint64_t number = 0;

    if (bytes.len != 52 || bytes.data[0] != 1) {
        return false;
    }
    for (int i = 0; i < 8; i++) {
        number = number << 8 | bytes.data[8 + i];
    }
    return number == csn && twin_record_time(record) >= before &&
           twin_record_time(record) <= twin->now;
}

enum outcome twin_archive_refill(struct twin *twin,
                                 const Perch__ArchiveRefill *c)
{
    struct twin_archive *archive = &twin->archive;
    int64_t before = archive->record_us;
    struct event *event;

    if (!archive->halted) {
        return OUTCOME_ARCHIVE_NOT_HALTED;
    }
    if (archive->forked) {
        return OUTCOME_ARCHIVE_FORKED;
    }
    if (c->first_csn != archive->tree.size) {
        twin->value = archive->tree.size;
        return OUTCOME_REFILL_POSITION;
    }
    if (c->n_records == 0) {
        return OUTCOME_REFILL_EMPTY;
    }
    if (c->n_records > 1024 ||
        archive->tree.size + c->n_records > archive->seen) {
        return OUTCOME_REFILL_TOO_MANY;
    }
    for (size_t i = 0; i < c->n_records; i++) {
        twin->value = i;
        if (!is_next(twin, c->records[i], c->first_csn + i, before)) {
            return OUTCOME_REFILL_INVALID;
        }
        before = twin_record_time(codec_slice(c->records[i]));
    }
    twin->value = archive->tree.size + c->n_records;
    if (twin->value == archive->seen) {
        archive->halted = false;
        twin_event(twin, EVENT_ROLLBACK_ENDED)->message_id = twin->value;
    }
    event = twin_event(twin, EVENT_ARCHIVE_REFILLED);
    event->message_id = c->first_csn;
    event->position = (uint32_t)c->n_records;
    return OUTCOME_DONE;
}

static enum outcome check_reopen(const struct twin *twin,
                                 const Perch__ArchiveReopen *c)
{
    enum outcome outcome = twin_check_reason(c->reason);

    if (twin->archive.mode == 0) {
        return OUTCOME_ARCHIVE_IS_OFF;
    }
    if (outcome == OUTCOME_DONE) {
        outcome = check_origin(twin, c->origin);
    }
    return outcome == OUTCOME_DONE && is(&twin->archive.origin, c->origin)
               ? OUTCOME_ARCHIVE_ORIGIN_USED
               : outcome;
}

enum outcome twin_archive_reopen(struct twin *twin,
                                 const Perch__ArchiveReopen *c)
{
    struct twin_archive *archive = &twin->archive;
    enum outcome outcome = check_reopen(twin, c);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    archive->halted = archive->forked = false;
    memset(&archive->tree, 0, sizeof(archive->tree));
    archive->talk = 0;
    memset(&archive->open, 0, sizeof(archive->open));
    memset(&archive->published, 0, sizeof(archive->published));
    for (int i = 0; i < TWIN_NODES; i++) {
        archive->keepers[i].records = 0;
        archive->keepers[i].diverged = 0;
        memset(&archive->keepers[i].lag, 0, sizeof(struct twin_lag));
    }
    for (int i = 0; i < 16; i++) {
        struct twin_adapter *adapter = &archive->adapters[i];

        if (archive->witnesses[i].exists) {
            forget_witness(twin, &archive->witnesses[i]);
        }
        adapter->past = adapter->acked;
        adapter->acked = adapter->cut = adapter->n_cuts = 0;
        adapter->lacking = adapter->cut_at = adapter->acked_at = 0;
    }
    for (size_t i = 0; i < twin->n_said; i++) {
        twin->said[i].records = 0; /* They are of the old one. */
        twin->said[i].is_first = false;
        twin->said[i].import = 0;
    }
    begin_origin(twin, c->origin);
    twin->value = archive->origins;
    return OUTCOME_DONE;
}
