#include "node/chat/archive_lag.h"

enum { US_PER_S = 1000000 };

uint64_t archive_lag(const struct archive_view *archive,
                     const struct adapter_view *adapter)
{
    return archive->records_talk > adapter->acked_csn
               ? archive->records_talk - adapter->acked_csn
               : 0;
}

uint32_t archive_lag_s(const struct archive_view *archive,
                       const struct adapter_view *adapter, int64_t now_us)
{
    int64_t since_us = adapter->acked_us;

    if (since_us == 0 && adapter->n_cuts > 0) {
        since_us = adapter->cuts[0].at_us;
    }
    if (archive_lag(archive, adapter) == 0 || since_us == 0 ||
        now_us <= since_us) {
        return 0;
    }
    return (uint32_t)((now_us - since_us) / US_PER_S);
}

bool archive_is_late(const struct machine *machine,
                     const struct archive_view *archive,
                     const struct adapter_view *adapter, int64_t now_us)
{
    return !adapter->disabled &&
           archive_lag_s(archive, adapter, now_us) >
               adapter->run_interval_s +
                   machine_setting(machine, SETTING_ARCHIVE_BEHIND_S);
}
