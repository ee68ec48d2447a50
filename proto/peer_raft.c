#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/peer.pb-c.h"
#include "proto/peer_codec.h"

static enum error write_request_vote(const struct peer_message *message,
                                     struct buffer *to)
{
    const struct peer_request_vote *from = &message->request_vote;
    Peer__RequestVote wire = PEER__REQUEST_VOTE__INIT;

    wire.term = from->term;
    wire.candidate_id = from->candidate_id;
    wire.last_log_index = from->last_log_index;
    wire.last_log_term = from->last_log_term;
    wire.disrupt_leader = from->disrupt_leader;
    wire.pre_vote = from->pre_vote;
    return peer_put(to, &wire.base);
}

static enum error read_request_vote(struct peer_source *source,
                                    struct peer_message *out)
{
    const Peer__RequestVote *wire =
        peer_take(source, &peer__request_vote__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->request_vote = (struct peer_request_vote){
        .term = wire->term,
        .candidate_id = wire->candidate_id,
        .last_log_index = wire->last_log_index,
        .last_log_term = wire->last_log_term,
        .disrupt_leader = wire->disrupt_leader,
        .pre_vote = wire->pre_vote,
    };
    return ERROR_NONE;
}

static enum error write_request_vote_result(const struct peer_message *message,
                                            struct buffer *to)
{
    const struct peer_request_vote_result *from = &message->request_vote_result;
    Peer__RequestVoteResult wire = PEER__REQUEST_VOTE_RESULT__INIT;

    CHECK(from->pre_vote <= PEER_TRUE);
    wire.term = from->term;
    wire.vote_granted = from->vote_granted;
    wire.pre_vote = from->pre_vote;
    return peer_put(to, &wire.base);
}

static enum error read_request_vote_result(struct peer_source *source,
                                           struct peer_message *out)
{
    const Peer__RequestVoteResult *wire =
        peer_take(source, &peer__request_vote_result__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    if (wire->pre_vote > PEER_TRUE) {
        return ERROR_MALFORMED;
    }
    out->request_vote_result = (struct peer_request_vote_result){
        .term = wire->term,
        .vote_granted = wire->vote_granted,
        .pre_vote = (enum peer_tribool)wire->pre_vote,
    };
    return ERROR_NONE;
}

/* One allocation holds what protobuf wants as three arrays. */
static enum error put_entries_head(struct buffer *to,
                                   const struct peer_entry *entries, size_t n,
                                   Peer__AppendEntries *wire)
{
    uint64_t *terms = malloc(n * (sizeof(uint64_t) + 2 * sizeof(uint32_t)));
    enum error error;

    if (terms == NULL) {
        return ERROR_NO_MEMORY;
    }
    wire->entry_term = terms;
    wire->entry_type = (uint32_t *)(terms + n);
    wire->entry_bytes = wire->entry_type + n;
    wire->n_entry_term = wire->n_entry_type = wire->n_entry_bytes = n;
    for (size_t i = 0; i < n; i++) {
        wire->entry_term[i] = entries[i].term;
        wire->entry_type[i] = entries[i].type;
        wire->entry_bytes[i] = (uint32_t)entries[i].bytes.len;
    }
    error = peer_put_head(to, &wire->base);
    free(terms);
    return error;
}

static enum error check_entries(const struct peer_append_entries *append)
{
    size_t left = PEER_BULK_BYTES_MAX;

    if (append->n > PEER_ENTRIES_MAX) {
        return ERROR_TOO_LARGE;
    }
    for (size_t i = 0; i < append->n; i++) {
        CHECK(append->entries[i].type >= PEER_ENTRY_COMMAND &&
              append->entries[i].type <= PEER_ENTRY_CHANGE);
        TRY(peer_count_entry(append->entries[i].bytes, &left));
    }
    return ERROR_NONE;
}

static enum error write_append_entries(const struct peer_message *message,
                                       struct buffer *to)
{
    const struct peer_append_entries *from = &message->append_entries;
    Peer__AppendEntries wire = PEER__APPEND_ENTRIES__INIT;

    TRY(check_entries(from));
    wire.term = from->term;
    wire.prev_log_index = from->prev_log_index;
    wire.prev_log_term = from->prev_log_term;
    wire.leader_commit = from->leader_commit;
    if (from->n == 0) {
        return peer_put_head(to, &wire.base);
    }
    TRY(put_entries_head(to, from->entries, from->n, &wire));
    for (size_t i = 0; i < from->n; i++) {
        buffer_append_slice(to, from->entries[i].bytes);
    }
    return ERROR_NONE;
}

static enum error read_entries(struct peer_source *source, struct slice tail,
                               const Peer__AppendEntries *wire,
                               struct peer_entry **entries_out)
{
    size_t n = wire->n_entry_bytes;
    struct peer_entry *entries;

    if (n > PEER_ENTRIES_MAX) {
        return ERROR_TOO_LARGE;
    }
    if (wire->n_entry_term != n || wire->n_entry_type != n) {
        return ERROR_MALFORMED;
    }
    entries = arena_alloc(source->arena, n * sizeof(*entries));
    if (entries == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        if (wire->entry_type[i] < PEER_ENTRY_COMMAND ||
            wire->entry_type[i] > PEER_ENTRY_CHANGE) {
            return ERROR_MALFORMED;
        }
        TRY(peer_cut_entry(&tail, wire->entry_bytes[i], &entries[i].bytes));
        entries[i].term = wire->entry_term[i];
        entries[i].type = (enum peer_entry_type)wire->entry_type[i];
    }
    *entries_out = entries;
    return tail.len == 0 ? ERROR_NONE : ERROR_MALFORMED;
}

static enum error read_append_entries(struct peer_source *source,
                                      struct peer_message *out)
{
    struct slice tail = SLICE_NONE;
    const Peer__AppendEntries *wire =
        peer_take_head(source, &peer__append_entries__descriptor, &tail);
    struct peer_entry *entries = NULL;

    if (wire == NULL) {
        return peer_source_error(source);
    }
    TRY(read_entries(source, tail, wire, &entries));
    out->append_entries = (struct peer_append_entries){
        .term = wire->term,
        .prev_log_index = wire->prev_log_index,
        .prev_log_term = wire->prev_log_term,
        .leader_commit = wire->leader_commit,
        .entries = entries,
        .n = wire->n_entry_bytes,
    };
    return ERROR_NONE;
}

static enum error write_append_entries_result(
    const struct peer_message *message, struct buffer *to)
{
    const struct peer_append_entries_result *from =
        &message->append_entries_result;
    Peer__AppendEntriesResult wire = PEER__APPEND_ENTRIES_RESULT__INIT;

    wire.term = from->term;
    wire.rejected = from->rejected;
    wire.last_log_index = from->last_log_index;
    return peer_put(to, &wire.base);
}

static enum error read_append_entries_result(struct peer_source *source,
                                             struct peer_message *out)
{
    const Peer__AppendEntriesResult *wire =
        peer_take(source, &peer__append_entries_result__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->append_entries_result = (struct peer_append_entries_result){
        .term = wire->term,
        .rejected = wire->rejected,
        .last_log_index = wire->last_log_index,
    };
    return ERROR_NONE;
}

static enum error write_install_snapshot(const struct peer_message *message,
                                         struct buffer *to)
{
    const struct peer_install_snapshot *from = &message->install_snapshot;
    Peer__InstallSnapshot wire = PEER__INSTALL_SNAPSHOT__INIT;

    if (from->configuration.len > PEER_MANIFEST_BYTES_MAX ||
        from->manifest.len >
            PEER_MANIFEST_BYTES_MAX - from->configuration.len) {
        return ERROR_TOO_LARGE;
    }
    wire.term = from->term;
    wire.last_index = from->last_index;
    wire.last_term = from->last_term;
    wire.configuration_index = from->configuration_index;
    wire.configuration_bytes = (uint32_t)from->configuration.len;
    TRY(peer_put_head(to, &wire.base));
    buffer_append_slice(to, from->configuration);
    buffer_append_slice(to, from->manifest);
    return ERROR_NONE;
}

static enum error read_install_snapshot(struct peer_source *source,
                                        struct peer_message *out)
{
    struct slice tail = SLICE_NONE;
    const Peer__InstallSnapshot *wire =
        peer_take_head(source, &peer__install_snapshot__descriptor, &tail);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    if (wire->configuration_bytes > tail.len) {
        return ERROR_MALFORMED;
    }
    if (tail.len > PEER_MANIFEST_BYTES_MAX) {
        return ERROR_TOO_LARGE;
    }
    out->install_snapshot = (struct peer_install_snapshot){
        .term = wire->term,
        .last_index = wire->last_index,
        .last_term = wire->last_term,
        .configuration_index = wire->configuration_index,
        .configuration = slice_of(tail.data, wire->configuration_bytes),
        .manifest = slice_after(tail, wire->configuration_bytes),
    };
    return ERROR_NONE;
}

static enum error write_timeout_now(const struct peer_message *message,
                                    struct buffer *to)
{
    const struct peer_timeout_now *from = &message->timeout_now;
    Peer__TimeoutNow wire = PEER__TIMEOUT_NOW__INIT;

    wire.term = from->term;
    wire.last_log_index = from->last_log_index;
    wire.last_log_term = from->last_log_term;
    return peer_put(to, &wire.base);
}

static enum error read_timeout_now(struct peer_source *source,
                                   struct peer_message *out)
{
    const Peer__TimeoutNow *wire =
        peer_take(source, &peer__timeout_now__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->timeout_now = (struct peer_timeout_now){
        .term = wire->term,
        .last_log_index = wire->last_log_index,
        .last_log_term = wire->last_log_term,
    };
    return ERROR_NONE;
}

static enum error write_commit_note(const struct peer_message *message,
                                    struct buffer *to)
{
    Peer__CommitNote wire = PEER__COMMIT_NOTE__INIT;

    wire.term = message->commit_note.term;
    wire.commit_index = message->commit_note.commit_index;
    return peer_put(to, &wire.base);
}

static enum error read_commit_note(struct peer_source *source,
                                   struct peer_message *out)
{
    const Peer__CommitNote *wire =
        peer_take(source, &peer__commit_note__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->commit_note = (struct peer_commit_note){
        .term = wire->term,
        .commit_index = wire->commit_index,
    };
    return ERROR_NONE;
}

static enum error write_snapshot_lost(const struct peer_message *message,
                                      struct buffer *to)
{
    Peer__SnapshotLost wire = PEER__SNAPSHOT_LOST__INIT;

    wire.term = message->snapshot_lost.term;
    return peer_put(to, &wire.base);
}

static enum error read_snapshot_lost(struct peer_source *source,
                                     struct peer_message *out)
{
    const Peer__SnapshotLost *wire =
        peer_take(source, &peer__snapshot_lost__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->snapshot_lost.term = wire->term;
    return ERROR_NONE;
}

static enum error write_no_member(const struct peer_message *message,
                                  struct buffer *to)
{
    Peer__NoMember wire = PEER__NO_MEMBER__INIT;

    wire.term = message->no_member.term;
    wire.may_return = message->no_member.may_return;
    return peer_put(to, &wire.base);
}

static enum error read_no_member(struct peer_source *source,
                                 struct peer_message *out)
{
    const Peer__NoMember *wire =
        peer_take(source, &peer__no_member__descriptor);

    if (wire == NULL) {
        return peer_source_error(source);
    }
    out->no_member = (struct peer_no_member){
        .term = wire->term,
        .may_return = wire->may_return,
    };
    return ERROR_NONE;
}

const struct peer_codec *peer_codec_raft(uint8_t kind)
{
    static const struct peer_codec codecs[PEER_KINDS] = {
        [PEER_REQUEST_VOTE] = {write_request_vote, read_request_vote},
        [PEER_REQUEST_VOTE_RESULT] = {write_request_vote_result,
                                      read_request_vote_result},
        [PEER_APPEND_ENTRIES] = {write_append_entries, read_append_entries},
        [PEER_APPEND_ENTRIES_RESULT] = {write_append_entries_result,
                                        read_append_entries_result},
        [PEER_INSTALL_SNAPSHOT] = {write_install_snapshot,
                                   read_install_snapshot},
        [PEER_TIMEOUT_NOW] = {write_timeout_now, read_timeout_now},
        [PEER_COMMIT_NOTE] = {write_commit_note, read_commit_note},
        [PEER_SNAPSHOT_LOST] = {write_snapshot_lost, read_snapshot_lost},
        [PEER_NO_MEMBER] = {write_no_member, read_no_member},
    };

    return kind < PEER_KINDS && codecs[kind].write != NULL ? &codecs[kind]
                                                           : NULL;
}
