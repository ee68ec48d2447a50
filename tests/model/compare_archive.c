/* Whether machine and twin hold the same of the archive. */
#include <string.h>

#include "node/chat/archive.h"
#include "tests/model/compare.h"

#define SAME(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            return #condition;                                                 \
        }                                                                      \
    } while (0)

static bool same_text(struct slice slice, const struct twin_text *text)
{
    return slice_equal(slice, slice_of(text->bytes, text->len));
}

static const char *compare_checkpoint(const struct checkpoint_view *view,
                                      const struct twin_checkpoint *other)
{
    size_t n = 0;

    SAME(view->is == other->is);
    if (!view->is) {
        return NULL;
    }
    SAME(view->size == other->size && view->index == other->index);
    SAME(view->begun_us == other->begun);
    SAME(view->is_signed == other->is_signed);
    SAME(merkle_equal(&view->root, &other->root));
    for (int i = 0; i < TWIN_NODES; i++) {
        if (other->words[i]) {
            SAME(n < view->n && view->cosignatures[n].node == i);
            SAME(view->cosignatures[n].time_s == other->times[i]);
            n += 1;
        }
    }
    SAME(view->n == n);
    return NULL;
}

static const char *compare_keeper(const struct machine *machine,
                                  const struct twin *twin, int node)
{
    const struct twin_keeper *other = &twin->archive.keepers[node];
    struct archive_node_view view;

    SAME(archive_node(machine, (uint8_t)node, &view) == other->exists);
    if (!other->exists) {
        return NULL;
    }
    SAME(view.records == other->records && view.marked_us == other->marked);
    SAME((int)view.state == other->state);
    SAME(view.diverged_size == other->diverged);
    SAME(view.has_key == other->has_key);
    SAME(!view.has_key || memcmp(view.public_key, other->key, 32) == 0);
    return NULL;
}

static const char *compare_witness(const struct machine *machine,
                                   const struct twin *twin, uint32_t slot)
{
    const struct twin_witness *other = &twin->archive.witnesses[slot];
    struct witness_view view;

    SAME(archive_witness(machine, slot, &view) == other->exists);
    if (!other->exists) {
        return NULL;
    }
    SAME(same_text(view.name, &other->name) &&
         same_text(view.url, &other->url));
    SAME(memcmp(view.public_key, other->key, 32) == 0);
    SAME(view.size == other->size && view.time_s == other->time);
    SAME(view.at_us == other->at);
    return NULL;
}

static const char *compare_cuts(const struct adapter_view *view,
                                const struct twin_adapter *other)
{
    uint64_t first = other->acked;

    SAME(view->n_cuts == other->n_cuts);
    for (size_t i = 0; i < view->n_cuts; i++) {
        SAME(view->cuts[i].first_csn == first);
        SAME(view->cuts[i].last_csn + 1 == other->ends[i]);
        SAME(view->cuts[i].at_us == other->at[i]);
        first = other->ends[i];
    }
    SAME(view->acked_csn == other->acked && view->cut_csn == other->cut);
    SAME(view->past_acked == other->past && view->from_csn == 0);
    SAME(view->cut_us == other->cut_at && view->acked_us == other->acked_at);
    SAME(view->acked_us == 0 || view->sheet[0] == other->sheet);
    return NULL;
}

static const char *compare_adapter(const struct machine *machine,
                                   const struct twin *twin, uint32_t slot)
{
    const struct twin_adapter *other = &twin->archive.adapters[slot];
    struct adapter_view view;

    SAME(archive_adapter(machine, slot, &view) == other->exists);
    if (!other->exists) {
        return NULL;
    }
    SAME(same_text(view.name, &other->name) && view.version == other->version);
    SAME((int)view.type == other->type);
    SAME(view.run_interval_s == other->interval);
    SAME(same_text(view.output, &other->output));
    SAME(same_text(view.program, &other->program));
    SAME(same_text(view.transform, &other->transform));
    SAME(same_text(view.error, &other->error));
    SAME(view.attempts == other->attempts && view.disabled == other->disabled);
    SAME(view.one_room_per_file == other->switches[0]);
    SAME(view.room_details == other->switches[1]);
    SAME(view.user_details == other->switches[2]);
    SAME(view.attachments_manifest == other->switches[3]);
    return compare_cuts(&view, other);
}

static const char *compare_whole(const struct machine *machine,
                                 const struct twin *twin)
{
    const struct twin_archive *other = &twin->archive;
    struct archive_view view;
    uint8_t key[NOTE_KEY_BYTES];
    const char *difference;

    archive_view(machine, &view);
    SAME((int)view.mode == other->mode);
    SAME(same_text(view.origin, &other->origin));
    SAME(view.origins == other->origins && view.begun_index == other->begun);
    SAME(view.records == other->tree.size);
    SAME(view.records_talk == other->talk);
    SAME(archive_log_key(machine, key) == other->has_log_key);
    SAME(!other->has_log_key || memcmp(key, other->log_key, 32) == 0);
    SAME(view.halted == other->halted);
    SAME(!view.halted || (view.halted_size == other->seen &&
                          view.halted_forked == other->forked &&
                          view.halted_us == other->halted_at));
    SAME(archive_gate(machine, twin->now) == twin_gate(twin));
    difference = compare_checkpoint(&view.open, &other->open);
    return difference != NULL
               ? difference
               : compare_checkpoint(&view.published, &other->published);
}

const char *compare_archive(const struct machine *machine,
                            const struct twin *twin)
{
    const char *difference = compare_whole(machine, twin);

    for (int i = 1; i < TWIN_NODES && difference == NULL; i++) {
        difference = compare_keeper(machine, twin, i);
    }
    for (uint32_t i = 0; i < 16 && difference == NULL; i++) {
        difference = compare_witness(machine, twin, i);
    }
    for (uint32_t i = 0; i < 16 && difference == NULL; i++) {
        difference = compare_adapter(machine, twin, i);
    }
    return difference;
}
