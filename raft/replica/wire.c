#include "raft/replica/wire.h"

#include <stdlib.h>

#include "proto/base/endian.h"

enum { WIRE_MEMBER_BYTES = 16 };

void wire_scratch_free(struct wire_scratch *scratch)
{
    free(scratch->to_peer);
    free(scratch->to_core);
    buffer_deinit(&scratch->bytes);
}

/* --- Members: of each 8 bytes of id, a byte of role, 7 zeros --- */

void wire_write_members(const struct core_members *members, struct buffer *to)
{
    for (size_t i = 0; i < members->n; i++) {
        uint8_t bytes[WIRE_MEMBER_BYTES] = {0};

        put_le64(bytes, members->list[i].id);
        bytes[8] = (uint8_t)members->list[i].role;
        buffer_append(to, bytes, sizeof(bytes));
    }
}

enum error wire_read_members(struct slice from,
                             struct core_members *members_out)
{
    struct core_members members = {.n = from.len / WIRE_MEMBER_BYTES};

    if (from.len % WIRE_MEMBER_BYTES != 0 || members.n == 0 ||
        members.n > CORE_MEMBERS_MAX) {
        return ERROR_MALFORMED;
    }
    for (size_t i = 0; i < members.n; i++) {
        const uint8_t *bytes = from.data + i * WIRE_MEMBER_BYTES;

        members.list[i].id = get_le64(bytes);
        if (bytes[8] > CORE_SPARE || members.list[i].id == 0) {
            return ERROR_MALFORMED;
        }
        members.list[i].role = (enum core_member_role)bytes[8];
    }
    *members_out = members;
    return ERROR_NONE;
}

/* --- To a peer --- */

static enum error write_append(const struct core_message *from,
                               struct wire_scratch *scratch,
                               struct peer_message *to)
{
    size_t n = from->append.n;

    if (n > PEER_ENTRIES_MAX) {
        return ERROR_TOO_LARGE;
    }
    if (scratch->to_peer == NULL) {
        scratch->to_peer = calloc(PEER_ENTRIES_MAX, sizeof(struct peer_entry));
    }
    if (scratch->to_peer == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        const struct core_entry *entry = &from->append.entries[i];

        scratch->to_peer[i] = (struct peer_entry){
            entry->term, (enum peer_entry_type)entry->kind, entry->bytes};
    }
    to->kind = PEER_APPEND_ENTRIES;
    to->append_entries =
        (struct peer_append_entries){.term = from->term,
                                     .prev_log_index = from->append.prev_index,
                                     .prev_log_term = from->append.prev_term,
                                     .leader_commit = from->append.commit_index,
                                     .entries = scratch->to_peer,
                                     .n = n};
    return ERROR_NONE;
}

static enum error write_snapshot(const struct core_message *from,
                                 struct wire_scratch *scratch,
                                 struct peer_message *to)
{
    buffer_clear(&scratch->bytes);
    wire_write_members(from->snapshot.members, &scratch->bytes);
    if (buffer_failed(&scratch->bytes)) {
        return ERROR_NO_MEMORY;
    }
    to->kind = PEER_INSTALL_SNAPSHOT;
    to->install_snapshot = (struct peer_install_snapshot){
        .term = from->term,
        .last_index = from->snapshot.last_index,
        .last_term = from->snapshot.last_term,
        .configuration_index = from->snapshot.members_index,
        .configuration = buffer_slice(&scratch->bytes),
        .manifest = from->snapshot.manifest};
    return ERROR_NONE;
}

static void write_vote(const struct core_message *from, struct peer_message *to)
{
    to->kind = PEER_REQUEST_VOTE;
    to->request_vote =
        (struct peer_request_vote){.term = from->term,
                                   .candidate_id = from->vote.candidate,
                                   .last_log_index = from->vote.last_index,
                                   .last_log_term = from->vote.last_term,
                                   .disrupt_leader = from->vote.disrupt,
                                   .pre_vote = from->vote.pre_vote};
}

static enum peer_tribool tribool_of(enum core_pre_vote pre_vote)
{
    switch (pre_vote) {
    case CORE_PRE_VOTE_YES:
        return PEER_TRUE;
    case CORE_PRE_VOTE_NO:
        return PEER_FALSE;
    default:
        return PEER_UNKNOWN;
    }
}

enum error wire_write(const struct core_message *from,
                      struct wire_scratch *scratch, struct peer_message *to)
{
    switch (from->kind) {
    case CORE_APPEND:
        return write_append(from, scratch, to);
    case CORE_APPEND_RESULT:
        to->kind = PEER_APPEND_ENTRIES_RESULT;
        to->append_entries_result = (struct peer_append_entries_result){
            from->term, from->append_result.rejected,
            from->append_result.last_index};
        return ERROR_NONE;
    case CORE_VOTE:
        write_vote(from, to);
        return ERROR_NONE;
    case CORE_VOTE_RESULT:
        to->kind = PEER_REQUEST_VOTE_RESULT;
        to->request_vote_result = (struct peer_request_vote_result){
            from->term, from->vote_result.granted,
            tribool_of(from->vote_result.pre_vote)};
        return ERROR_NONE;
    case CORE_SNAPSHOT:
        return write_snapshot(from, scratch, to);
    case CORE_TIMEOUT_NOW:
        to->kind = PEER_TIMEOUT_NOW;
        to->timeout_now =
            (struct peer_timeout_now){from->term, from->timeout_now.last_index,
                                      from->timeout_now.last_term};
        return ERROR_NONE;
    case CORE_SNAPSHOT_LOST:
        to->kind = PEER_SNAPSHOT_LOST;
        to->snapshot_lost.term = from->term;
        return ERROR_NONE;
    }
    return ERROR_INVALID;
}

/* --- From a peer --- */

static enum error read_append(const struct peer_append_entries *from,
                              struct wire_scratch *scratch,
                              struct core_message *to)
{
    if (scratch->to_core == NULL) {
        scratch->to_core = calloc(PEER_ENTRIES_MAX, sizeof(struct core_entry));
    }
    if (scratch->to_core == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (size_t i = 0; i < from->n; i++) {
        scratch->to_core[i] = (struct core_entry){
            from->entries[i].term, (enum core_entry_kind)from->entries[i].type,
            from->entries[i].bytes};
    }
    to->kind = CORE_APPEND;
    to->term = from->term;
    to->append.prev_index = from->prev_log_index;
    to->append.prev_term = from->prev_log_term;
    to->append.commit_index = from->leader_commit;
    to->append.entries = scratch->to_core;
    to->append.n = from->n;
    return ERROR_NONE;
}

static enum error read_snapshot(const struct peer_install_snapshot *from,
                                struct wire_scratch *scratch,
                                struct core_message *to)
{
    TRY(wire_read_members(from->configuration, &scratch->members));
    to->kind = CORE_SNAPSHOT;
    to->term = from->term;
    to->snapshot.last_index = from->last_index;
    to->snapshot.last_term = from->last_term;
    to->snapshot.members_index = from->configuration_index;
    to->snapshot.members = &scratch->members;
    to->snapshot.manifest = from->manifest;
    return ERROR_NONE;
}

static void read_vote(const struct peer_request_vote *from,
                      struct core_message *to)
{
    to->kind = CORE_VOTE;
    to->term = from->term;
    to->vote.candidate = from->candidate_id;
    to->vote.last_index = from->last_log_index;
    to->vote.last_term = from->last_log_term;
    to->vote.disrupt = from->disrupt_leader;
    to->vote.pre_vote = from->pre_vote;
}

static void read_vote_result(const struct peer_request_vote_result *from,
                             struct core_message *to)
{
    static const enum core_pre_vote pre_votes[] = {
        [PEER_UNKNOWN] = CORE_PRE_VOTE_UNKNOWN,
        [PEER_FALSE] = CORE_PRE_VOTE_NO,
        [PEER_TRUE] = CORE_PRE_VOTE_YES,
    };

    to->kind = CORE_VOTE_RESULT;
    to->term = from->term;
    to->vote_result.granted = from->vote_granted;
    to->vote_result.pre_vote = pre_votes[from->pre_vote];
}

static void read_append_result(const struct peer_append_entries_result *from,
                               struct core_message *to)
{
    to->kind = CORE_APPEND_RESULT;
    to->term = from->term;
    to->append_result.rejected = from->rejected;
    to->append_result.last_index = from->last_log_index;
}

static void read_timeout_now(const struct peer_timeout_now *from,
                             struct core_message *to)
{
    to->kind = CORE_TIMEOUT_NOW;
    to->term = from->term;
    to->timeout_now.last_index = from->last_log_index;
    to->timeout_now.last_term = from->last_log_term;
}

enum error wire_read(const struct peer_message *from, uint64_t raft_id,
                     struct wire_scratch *scratch, struct core_message *to)
{
    to->peer = raft_id;
    switch (from->kind) {
    case PEER_APPEND_ENTRIES:
        return read_append(&from->append_entries, scratch, to);
    case PEER_APPEND_ENTRIES_RESULT:
        read_append_result(&from->append_entries_result, to);
        return ERROR_NONE;
    case PEER_REQUEST_VOTE:
        read_vote(&from->request_vote, to);
        return ERROR_NONE;
    case PEER_REQUEST_VOTE_RESULT:
        read_vote_result(&from->request_vote_result, to);
        return ERROR_NONE;
    case PEER_INSTALL_SNAPSHOT:
        return read_snapshot(&from->install_snapshot, scratch, to);
    case PEER_TIMEOUT_NOW:
        read_timeout_now(&from->timeout_now, to);
        return ERROR_NONE;
    case PEER_SNAPSHOT_LOST:
        to->kind = CORE_SNAPSHOT_LOST;
        to->term = from->snapshot_lost.term;
        return ERROR_NONE;
    default:
        return ERROR_NOT_FOUND;
    }
}
