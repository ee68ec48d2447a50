/* The compliance archive as administrators are shown it: views of
 * node/chat/archive.h in the words of proto/admin.proto. Messages lie in the
 * request's arena; their texts borrow from the machine.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_ARCHIVE_SHOW_H
#define NODE_ADMIN_ARCHIVE_SHOW_H

#include "node/admin/answer.h"
#include "node/chat/archive.h"

/** Write a key as a verifier key, with the name it signs under: the origin for
 * node 0, else ORIGIN/nodeN. Empty without an origin. */
struct slice archive_show_key(struct answer *answer, struct slice origin,
                              uint8_t node, const uint8_t key[NOTE_KEY_BYTES]);

/** Write the name a node's key signs under; the origin for node 0. */
struct slice archive_show_key_name(struct answer *answer, struct slice origin,
                                   uint8_t node);

/** Describe a checkpoint; NULL when there is none. */
Perch__Admin__ArchiveCheckpoint *archive_show_checkpoint(
    struct answer *answer, const struct checkpoint_view *view);

/** Describe all keepers, by rising node. */
Perch__Admin__ArchiveNode **archive_show_nodes(struct answer *answer,
                                               const struct archive_view *view,
                                               size_t *n_out);

/** Describe all witnesses, by slot. */
Perch__Admin__ArchiveWitness **archive_show_witnesses(
    struct answer *answer, const struct archive_view *view, size_t *n_out);

/** Describe how all adapters fare, by slot. */
Perch__Admin__ArchiveAdapterState **archive_show_adapter_states(
    struct answer *answer, const struct archive_view *view, size_t *n_out);

/** Describe an adapter. @whole  With its transform. */
Perch__Admin__ArchiveAdapter *archive_show_adapter(
    struct answer *answer, const struct archive_view *view,
    const struct adapter_view *adapter, bool whole);

#endif
