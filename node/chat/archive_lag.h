/* How far an adapter's sink is behind the archive, as administrators, metrics
 * and exporters see it.
 *
 * Pure. Thread: state loop.
 */
#ifndef NODE_CHAT_ARCHIVE_LAG_H
#define NODE_CHAT_ARCHIVE_LAG_H

#include "node/chat/archive.h"

/** Count the records that the adapter's sink does not have; of cuts and
 * deliveries themselves none. */
uint64_t archive_lag(const struct archive_view *archive,
                     const struct adapter_view *adapter);

/** Tell since how many seconds there are such, by what is known: since the
 * sink's last acknowledgement, or since the oldest cut that waits. 0: it has
 * all, or nothing was ever cut off. */
uint32_t archive_lag_s(const struct archive_view *archive,
                       const struct adapter_view *adapter, int64_t now_us);

/** Tell whether an adapter that is not disabled is behind by more than its run
 * interval and SETTING_ARCHIVE_BEHIND_S. */
bool archive_is_late(const struct machine *machine,
                     const struct archive_view *archive,
                     const struct adapter_view *adapter, int64_t now_us);

#endif
