/* How a test drives a lone: time, messages, writes. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "tests/cluster/lone.h"

/* --- Sends --- */

void lone_finish_sends(struct lone *lone)
{
    for (unsigned i = 0; i < lone->n_sent; i++) {
        struct lone_sent *sent = &lone->sent[i];

        if (!sent->finished) {
            sent->finished = true;
            sent->cb(sent->request, 0);
        }
    }
}

/* What the inner raft_io does after each turn. */
static void settle(struct lone *lone)
{
    if (!lone->hold_sends) {
        lone_finish_sends(lone);
    }
}

const struct lone_sent *lone_find_sent(const struct lone *lone, int type,
                                       raft_id to)
{
    for (unsigned i = lone->n_sent; i > 0; i--) {
        const struct raft_message *message = &lone->sent[i - 1].message;

        if (message->type == type && (to == 0 || message->server_id == to)) {
            return &lone->sent[i - 1];
        }
    }
    return NULL;
}

unsigned lone_count_sent(const struct lone *lone, int type, raft_id to)
{
    unsigned n = 0;

    for (unsigned i = 0; i < lone->n_sent; i++) {
        const struct raft_message *message = &lone->sent[i].message;

        n += message->type == type && (to == 0 || message->server_id == to);
    }
    return n;
}

void lone_clear_sent(struct lone *lone)
{
    lone_finish_sends(lone);
    lone->n_sent = 0;
}

/* --- Messages in --- */

void lone_receive(struct lone *lone, struct raft_message *message)
{
    char address[8] = {(char)('0' + message->server_id), 0};

    message->server_address = address;
    lone->receive(&lone->io, message);
    settle(lone);
}

static struct raft_message message_from(raft_id from, int type)
{
    return (struct raft_message){.type = (unsigned short)type,
                                 .server_id = from};
}

static struct raft_entry *entries_in(const struct lone_entry *from, unsigned n)
{
    struct raft_entry *entries;
    uint8_t *batch;

    if (n == 0) {
        return NULL;
    }
    entries = raft_malloc(n * sizeof(*entries));
    batch = raft_malloc((size_t)n * LONE_BYTES_MAX);
    for (unsigned i = 0; i < n; i++) {
        uint8_t *bytes = batch + (size_t)i * LONE_BYTES_MAX;

        memcpy(bytes, from[i].bytes, from[i].len);
        entries[i] = (struct raft_entry){.term = from[i].term,
                                         .type = from[i].type,
                                         .buf = {bytes, from[i].len},
                                         .batch = batch};
    }
    return entries;
}

void lone_receive_append(struct lone *lone, raft_id from, raft_term term,
                         raft_index prev_index, raft_term prev_term,
                         raft_index commit, const struct lone_entry *entries,
                         unsigned n)
{
    struct raft_message message = message_from(from, RAFT_IO_APPEND_ENTRIES);

    message.append_entries =
        (struct raft_append_entries){.term = term,
                                     .prev_log_index = prev_index,
                                     .prev_log_term = prev_term,
                                     .leader_commit = commit,
                                     .entries = entries_in(entries, n),
                                     .n_entries = n};
    lone_receive(lone, &message);
}

void lone_receive_result(struct lone *lone, raft_id from, raft_term term,
                         raft_index rejected, raft_index last_index)
{
    struct raft_message message =
        message_from(from, RAFT_IO_APPEND_ENTRIES_RESULT);

    message.append_entries_result =
        (struct raft_append_entries_result){term, rejected, last_index};
    lone_receive(lone, &message);
}

void lone_receive_vote(struct lone *lone, raft_id from, raft_term term,
                       raft_index last_index, raft_term last_term, bool disrupt,
                       bool pre_vote)
{
    struct raft_message message = message_from(from, RAFT_IO_REQUEST_VOTE);

    message.request_vote = (struct raft_request_vote){
        term, from, last_index, last_term, disrupt, pre_vote};
    lone_receive(lone, &message);
}

void lone_receive_vote_result(struct lone *lone, raft_id from, raft_term term,
                              bool granted, bool pre_vote)
{
    struct raft_message message =
        message_from(from, RAFT_IO_REQUEST_VOTE_RESULT);

    message.request_vote_result = (struct raft_request_vote_result){
        term, granted, pre_vote ? raft_tribool_true : raft_tribool_false};
    lone_receive(lone, &message);
}

void lone_receive_snapshot(struct lone *lone, raft_id from, raft_term term,
                           raft_index last_index, raft_term last_term,
                           const struct lone_members *members)
{
    struct raft_message message = message_from(from, RAFT_IO_INSTALL_SNAPSHOT);
    struct raft_install_snapshot *args = &message.install_snapshot;

    *args = (struct raft_install_snapshot){.term = term,
                                           .last_index = last_index,
                                           .last_term = last_term,
                                           .conf_index = 1,
                                           .data = {raft_calloc(1, 8), 8}};
    for (unsigned i = 0; i < members->n; i++) {
        char address[8] = {(char)('0' + members->ids[i]), 0};

        CHECK(raft_configuration_add(&args->conf, members->ids[i], address,
                                     members->roles[i]) == 0);
    }
    lone_receive(lone, &message);
}

/* --- From one to another --- */

/* The receiver owns what it gets, so entries and snapshots are copied. */
static struct raft_message copy_of(const struct raft_message *from)
{
    struct raft_message copy = *from;
    const struct raft_append_entries *args = &from->append_entries;
    struct lone_entry *entries;

    if (from->type != RAFT_IO_APPEND_ENTRIES || args->n_entries == 0) {
        return copy;
    }
    entries = calloc(args->n_entries, sizeof(*entries));
    for (unsigned i = 0; i < args->n_entries; i++) {
        entries[i].term = args->entries[i].term;
        entries[i].type = args->entries[i].type;
        entries[i].len = args->entries[i].buf.len;
        memcpy(entries[i].bytes, args->entries[i].buf.base, entries[i].len);
    }
    copy.append_entries.entries = entries_in(entries, args->n_entries);
    free(entries);
    return copy;
}

unsigned lone_pass(struct lone *from, struct lone *to)
{
    unsigned n = 0;

    CHECK(from->hold_sends); /* Or the entries might be gone. */
    for (unsigned i = 0; i < from->n_sent; i++) {
        struct lone_sent *sent = &from->sent[i];

        if (!sent->passed && sent->message.server_id == to->raft.id &&
            sent->message.type != RAFT_IO_INSTALL_SNAPSHOT) {
            struct raft_message copy = copy_of(&sent->message);

            copy.server_id = from->raft.id;
            sent->passed = true;
            lone_receive(to, &copy);
            n++;
        }
    }
    return n;
}

/* --- Writes --- */

static bool take_write(struct lone *lone, struct lone_write *write_out)
{
    if (lone->first_write == lone->n_writes) {
        return false;
    }
    *write_out = lone->writes[lone->first_write++];
    return true;
}

bool lone_written(struct lone *lone)
{
    struct lone_disk *disk = lone->disk;
    struct lone_write write;

    if (!take_write(lone, &write)) {
        return false;
    }
    for (unsigned i = 0; i < write.n; i++) {
        raft_index index = write.first + i;

        /* What a truncate has cut since then does not come back. */
        if (index == disk->first + disk->n && disk->n < LONE_LOG_MAX) {
            disk->log[disk->n++] = write.entries[i];
        }
    }
    free(write.entries);
    write.cb(write.request, 0);
    settle(lone);
    return true;
}

void lone_write_all(struct lone *lone)
{
    while (lone_written(lone)) {
    }
}

void lone_write_fails(struct lone *lone, int status)
{
    struct lone_write write;

    CHECK(take_write(lone, &write));
    free(write.entries);
    write.cb(write.request, status);
    settle(lone);
}

void lone_put_done(struct lone *lone, int status)
{
    struct raft_io_snapshot_put *put = lone->put;

    CHECK(put != NULL);
    lone->put = NULL;
    if (status == 0) {
        *lone->disk = lone->put_disk;
    }
    lone->put_cb(put, status);
    settle(lone);
}

/* --- Time, elections, proposals --- */

void lone_tick(struct lone *lone, uint64_t ms)
{
    lone->now_ms += ms;
    lone->tick(&lone->io);
    settle(lone);
}

void lone_elect(struct lone *lone)
{
    const struct raft *raft = &lone->raft;
    raft_term term = raft->current_term + 1;

    lone_tick(lone, 2 * LONE_ELECTION_MS);
    CHECK(raft->state == RAFT_CANDIDATE);
    for (unsigned i = 0; i < raft->configuration.n; i++) {
        raft_id id = raft->configuration.servers[i].id;

        if (id != raft->id && raft->state == RAFT_CANDIDATE) {
            lone_receive_vote_result(lone, id, term, true, false);
        }
    }
    CHECK(raft->state == RAFT_LEADER);
}

static void on_applied(struct raft_apply *request, int status, void *result)
{
    (void)status;
    (void)result;
    free(request);
}

int lone_propose(struct lone *lone, uint64_t value)
{
    struct raft_apply *request = calloc(1, sizeof(*request));
    struct raft_buffer buffer = {raft_malloc(sizeof(value)), sizeof(value)};
    int rv;

    memcpy(buffer.base, &value, sizeof(value));
    rv = raft_apply(&lone->raft, request, &buffer, 1, on_applied);
    if (rv != 0) {
        raft_free(buffer.base);
        free(request);
    }
    guard_step(lone->guard);
    settle(lone);
    return rv;
}
