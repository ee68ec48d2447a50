/* What comes from a peer, before the library sees it: it believes every field.
 */
#include "raft/core/sanity.h"

#include "raft/core/history.h"

static bool is_sane_entry(const struct core_entry *entry, uint64_t term)
{
    struct core_members members;

    if (entry->term == 0 || entry->term > term ||
        entry->bytes.len % CORE_ENTRY_ALIGN != 0) {
        return false;
    }
    switch (entry->kind) {
    case CORE_ENTRY_COMMAND:
    case CORE_ENTRY_BARRIER:
        return true;
    case CORE_ENTRY_MEMBERS:
        return core_read_members(entry->bytes, &members) && members.n > 0;
    }
    return false;
}

static bool is_sane_append(const struct core_message *message)
{
    if ((message->append.prev_index == 0) != (message->append.prev_term == 0) ||
        message->append.prev_term > message->term) {
        return false;
    }
    for (size_t i = 0; i < message->append.n; i++) {
        if (!is_sane_entry(&message->append.entries[i], message->term)) {
            return false;
        }
    }
    return true;
}

static bool is_sane_snapshot(const struct core_message *message)
{
    const struct core_members *members = message->snapshot.members;

    return message->snapshot.last_index > 0 &&
           message->snapshot.last_term > 0 &&
           message->snapshot.last_term <= message->term && members->n > 0 &&
           members->n <= CORE_MEMBERS_MAX &&
           message->snapshot.members_index <= message->snapshot.last_index;
}

bool core_is_sane(const struct core *core, const struct core_message *message)
{
    if (message->peer == 0 || message->peer == core->settings.id ||
        message->term == 0) {
        return false;
    }
    switch (message->kind) {
    case CORE_APPEND:
        return is_sane_append(message);
    case CORE_VOTE:
        return message->vote.candidate == message->peer;
    case CORE_SNAPSHOT:
        return is_sane_snapshot(message);
    case CORE_APPEND_RESULT:
    case CORE_VOTE_RESULT:
    case CORE_TIMEOUT_NOW:
    case CORE_SNAPSHOT_LOST:
        return true;
    }
    return false;
}
