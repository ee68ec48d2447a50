#include "raft/guard/log_view.h"

#include "raft/guard/layout.h"

static size_t entries_held(const struct raft_log *log)
{
    if (log->front <= log->back) {
        return log->back - log->front;
    }
    return log->size - log->front + log->back;
}

raft_index log_view_last(const struct raft *raft)
{
    return raft->log.offset + entries_held(&raft->log);
}

raft_term log_view_term(const struct raft *raft, raft_index index)
{
    const struct raft_log *log = &raft->log;

    if (index == 0) {
        return 0;
    }
    if (index == log->snapshot.last_index) {
        return log->snapshot.last_term;
    }
    if (index <= log->offset || index > log_view_last(raft)) {
        return 0;
    }
    return log->entries[(log->front + (index - 1 - log->offset)) % log->size]
        .term;
}
