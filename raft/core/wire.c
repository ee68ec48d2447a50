/* Messages between the library's form and ours. */
#include "raft/core/wire.h"

#include <stdlib.h>
#include <string.h>

#include "raft/core/sanity.h"
#include "raft/core/servers.h"
#include "raft/core_input.h"

const char *core_message_name(enum core_message_kind kind)
{
    static const char *const names[] = {
        [CORE_APPEND] = "append",
        [CORE_APPEND_RESULT] = "append_result",
        [CORE_VOTE] = "vote",
        [CORE_VOTE_RESULT] = "vote_result",
        [CORE_SNAPSHOT] = "snapshot",
        [CORE_TIMEOUT_NOW] = "timeout_now",
        [CORE_SNAPSHOT_LOST] = "snapshot_lost",
    };

    if (kind < CORE_APPEND || kind > CORE_SNAPSHOT_LOST) {
        return "unknown";
    }
    return names[kind];
}

/* --- Out --- */

static bool reserve_scratch(struct core *core, size_t n)
{
    struct core_entry *grown;

    if (n <= core->scratch_capacity) {
        return true;
    }
    grown = realloc(core->scratch, n * sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    core->scratch = grown;
    core->scratch_capacity = n;
    return true;
}

static int append_out(struct core *core, const struct raft_append_entries *args,
                      struct core_message *out)
{
    if (!reserve_scratch(core, args->n_entries)) {
        return RAFT_NOMEM;
    }
    for (unsigned i = 0; i < args->n_entries; i++) {
        const struct raft_entry *entry = &args->entries[i];

        core->scratch[i] =
            (struct core_entry){entry->term, (enum core_entry_kind)entry->type,
                                slice_of(entry->buf.base, entry->buf.len)};
    }
    out->term = args->term;
    out->append.prev_index = args->prev_log_index;
    out->append.prev_term = args->prev_log_term;
    out->append.commit_index = args->leader_commit;
    out->append.entries = core->scratch;
    out->append.n = args->n_entries;
    return 0;
}

static void vote_out(const struct raft_request_vote *args,
                     struct core_message *out)
{
    out->term = args->term;
    out->vote.candidate = args->candidate_id;
    out->vote.last_index = args->last_log_index;
    out->vote.last_term = args->last_log_term;
    out->vote.disrupt = args->disrupt_leader;
    out->vote.pre_vote = args->pre_vote;
}

static void snapshot_out(const struct raft_install_snapshot *args,
                         struct core_members *members, struct core_message *out)
{
    *members = core_members_of(&args->conf);
    out->term = args->term;
    out->snapshot.last_index = args->last_index;
    out->snapshot.last_term = args->last_term;
    out->snapshot.members_index = args->conf_index;
    out->snapshot.members = members;
    out->snapshot.manifest = slice_of(args->data.base, args->data.len);
}

static int message_out(struct core *core, const struct raft_message *message,
                       struct core_members *members, struct core_message *out)
{
    *out = (struct core_message){.kind = (enum core_message_kind)message->type,
                                 .peer = message->server_id};
    switch (message->type) {
    case RAFT_IO_APPEND_ENTRIES:
        return append_out(core, &message->append_entries, out);
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        out->term = message->append_entries_result.term;
        out->append_result.rejected = message->append_entries_result.rejected;
        out->append_result.last_index =
            message->append_entries_result.last_log_index;
        break;
    case RAFT_IO_REQUEST_VOTE:
        vote_out(&message->request_vote, out);
        break;
    case RAFT_IO_REQUEST_VOTE_RESULT:
        out->term = message->request_vote_result.term;
        out->vote_result.granted = message->request_vote_result.vote_granted;
        out->vote_result.pre_vote =
            (enum core_pre_vote)message->request_vote_result.pre_vote;
        break;
    case RAFT_IO_INSTALL_SNAPSHOT:
        snapshot_out(&message->install_snapshot, members, out);
        break;
    default:
        out->term = message->timeout_now.term;
        out->timeout_now.last_index = message->timeout_now.last_log_index;
        out->timeout_now.last_term = message->timeout_now.last_log_term;
        break;
    }
    return 0;
}

static bool reserve_sent(struct core *core)
{
    size_t capacity = core->sent_capacity * 2 + 16;
    struct core_sent *grown;

    if (core->n_sent < core->sent_capacity) {
        return true;
    }
    grown = realloc(core->sent, capacity * sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    core->sent = grown;
    core->sent_capacity = capacity;
    return true;
}

/* The network has taken its copy, so the message is as good as sent; but the
 * library wants to hear of it later. */
int core_io_send(struct raft_io *io, struct raft_io_send *req,
                 const struct raft_message *message, raft_io_send_cb cb)
{
    struct core *core = io->impl;
    struct core_message out;
    struct core_members members;
    int rv = message_out(core, message, &members, &out);

    if (rv != 0 || !reserve_sent(core)) {
        return RAFT_NOMEM;
    }
    if (core->network.send(core->network.context, &out) != ERROR_NONE) {
        return RAFT_NOCONNECTION;
    }
    core->sent[core->n_sent++] = (struct core_sent){req, cb};
    return 0;
}

void core_finish_sent(struct core *core)
{
    for (size_t i = 0; i < core->n_sent; i++) {
        if (core->sent[i].cb != NULL) {
            core->sent[i].cb(core->sent[i].request, 0);
        }
    }
    core->n_sent = 0;
}

/* --- In --- */

/* All entries' bytes in one batch, as the library's contract has it. */
static bool append_in(const struct core_message *in,
                      struct raft_append_entries *args)
{
    size_t n = in->append.n;
    size_t bytes = 0;
    uint8_t *batch;

    *args =
        (struct raft_append_entries){.term = in->term,
                                     .prev_log_index = in->append.prev_index,
                                     .prev_log_term = in->append.prev_term,
                                     .leader_commit = in->append.commit_index};
    if (n == 0) {
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        bytes += in->append.entries[i].bytes.len;
    }
    batch = raft_malloc(bytes + 1);
    args->entries = raft_malloc(n * sizeof(*args->entries));
    if (batch == NULL || args->entries == NULL) {
        raft_free(batch);
        raft_free(args->entries);
        return false;
    }
    args->n_entries = (unsigned)n;
    bytes = 0;
    for (size_t i = 0; i < n; i++) {
        const struct core_entry *entry = &in->append.entries[i];

        if (entry->bytes.len > 0) {
            memcpy(batch + bytes, entry->bytes.data, entry->bytes.len);
        }
        args->entries[i] =
            (struct raft_entry){.term = entry->term,
                                .type = (unsigned short)entry->kind,
                                .buf = {batch + bytes, entry->bytes.len},
                                .batch = batch};
        bytes += entry->bytes.len;
    }
    return true;
}

static bool snapshot_in(const struct core_message *in,
                        struct raft_install_snapshot *args)
{
    struct slice manifest = in->snapshot.manifest;

    *args = (struct raft_install_snapshot){
        .term = in->term,
        .last_index = in->snapshot.last_index,
        .last_term = in->snapshot.last_term,
        .conf_index = in->snapshot.members_index};
    args->data.len = manifest.len;
    args->data.base = raft_malloc(manifest.len + 1);
    if (args->data.base == NULL) {
        return false;
    }
    if (manifest.len > 0) {
        memcpy(args->data.base, manifest.data, manifest.len);
    }
    if (core_servers_of(in->snapshot.members, &args->conf) != 0) {
        raft_configuration_close(&args->conf);
        raft_free(args->data.base);
        return false;
    }
    return true;
}

/* False when memory is out: then the message is lost, as messages may be. */
static bool message_in(const struct core_message *in, struct raft_message *out)
{
    switch (in->kind) {
    case CORE_APPEND:
        return append_in(in, &out->append_entries);
    case CORE_APPEND_RESULT:
        out->append_entries_result = (struct raft_append_entries_result){
            in->term, in->append_result.rejected, in->append_result.last_index};
        return true;
    case CORE_VOTE:
        out->request_vote = (struct raft_request_vote){
            in->term,           in->vote.candidate, in->vote.last_index,
            in->vote.last_term, in->vote.disrupt,   in->vote.pre_vote};
        return true;
    case CORE_VOTE_RESULT:
        out->request_vote_result = (struct raft_request_vote_result){
            in->term, in->vote_result.granted,
            (raft_tribool)in->vote_result.pre_vote};
        return true;
    case CORE_SNAPSHOT:
        return snapshot_in(in, &out->install_snapshot);
    case CORE_TIMEOUT_NOW:
        out->timeout_now = (struct raft_timeout_now){
            in->term, in->timeout_now.last_index, in->timeout_now.last_term};
        return true;
    case CORE_SNAPSHOT_LOST:
        break;
    }
    return false;
}

enum error core_receive(struct core *core, const struct core_message *message)
{
    char address[CORE_ADDRESS_BYTES];
    struct raft_message in = {.type = (unsigned short)message->kind,
                              .server_id = message->peer,
                              .server_address = address};

    if (!core_is_sane(core, message)) {
        return ERROR_MALFORMED;
    }
    if (message->kind == CORE_SNAPSHOT_LOST) {
        if (message->term == core->raft.current_term) {
            core_peer_reset(core, message->peer);
        }
        return ERROR_NONE;
    }
    if (core->stopped || !message_in(message, &in)) {
        return ERROR_NONE;
    }
    core_address(message->peer, address);
    core->receive(&core->io, &in);
    core_settle(core);
    return ERROR_NONE;
}
