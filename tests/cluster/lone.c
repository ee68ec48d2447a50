#include "tests/cluster/lone.h"
#include "raft/guard/status.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

enum { START_MS = 1000000 };

/* --- The inner raft_io --- */

static int io_init(struct raft_io *io, raft_id id, const char *address)
{
    (void)io;
    (void)id;
    (void)address;
    return 0;
}

static int io_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick,
                    raft_io_recv_cb receive)
{
    struct lone *lone = io->impl;

    (void)msecs;
    lone->tick = tick;
    lone->receive = receive;
    return 0;
}

static void io_close(struct raft_io *io, raft_io_close_cb cb)
{
    struct lone *lone = io->impl;

    lone_finish_sends(lone);
    cb(io);
}

static struct raft_snapshot *load_snapshot(const struct lone_disk *disk)
{
    struct raft_snapshot *snapshot = raft_calloc(1, sizeof(*snapshot));

    snapshot->index = disk->snapshot_index;
    snapshot->term = disk->snapshot_term;
    snapshot->configuration_index = disk->snapshot_members_index;
    lone_to_configuration(&disk->snapshot_members, &snapshot->configuration);
    snapshot->n_bufs = 1;
    snapshot->bufs = raft_malloc(sizeof(*snapshot->bufs));
    snapshot->bufs[0] = (struct raft_buffer){raft_calloc(1, 8), 8};
    return snapshot;
}

static struct raft_entry *batches_of(const struct lone_entry *from, unsigned n)
{
    struct raft_entry *entries = raft_malloc(n * sizeof(*entries));
    uint8_t *first = raft_malloc(LONE_BYTES_MAX);
    uint8_t *rest = n > 1 ? raft_malloc((n - 1) * LONE_BYTES_MAX) : NULL;

    for (unsigned i = 0; i < n; i++) {
        uint8_t *batch = i == 0 ? first : rest;
        uint8_t *bytes = i == 0 ? first : rest + (i - 1) * LONE_BYTES_MAX;

        memcpy(bytes, from[i].bytes, from[i].len);
        entries[i] = (struct raft_entry){.term = from[i].term,
                                         .type = from[i].type,
                                         .buf = {bytes, from[i].len},
                                         .batch = batch};
    }
    return entries;
}

static struct raft_entry *blocks_of(const struct lone_entry *from, unsigned n)
{
    struct raft_entry *entries = raft_malloc(n * sizeof(*entries));

    for (unsigned i = 0; i < n; i++) {
        void *bytes = raft_malloc(from[i].len);

        memcpy(bytes, from[i].bytes, from[i].len);
        entries[i] = (struct raft_entry){.term = from[i].term,
                                         .type = from[i].type,
                                         .buf = {bytes, from[i].len}};
    }
    return entries;
}

static int io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                   struct raft_snapshot **snapshot, raft_index *start_index,
                   struct raft_entry *entries[], size_t *n_entries)
{
    struct lone *lone = io->impl;
    const struct lone_disk *disk = lone->disk;

    *term = disk->term;
    *voted_for = disk->vote;
    *snapshot = disk->snapshot_index == 0 ? NULL : load_snapshot(disk);
    *start_index = disk->first;
    *n_entries = disk->n;
    *entries = NULL;
    if (disk->n > 0) {
        *entries = disk->batched ? batches_of(disk->log, disk->n)
                                 : blocks_of(disk->log, disk->n);
    }
    return 0;
}

static int io_set_term(struct raft_io *io, raft_term term)
{
    struct lone *lone = io->impl;

    if (lone->meta_result != 0) {
        return lone->meta_result;
    }
    lone->disk->term = term;
    lone->disk->vote = 0;
    lone->votes = 0;
    return 0;
}

static int io_set_vote(struct raft_io *io, raft_id server_id)
{
    struct lone *lone = io->impl;

    if (lone->meta_result != 0) {
        return lone->meta_result;
    }
    lone->votes += lone->disk->vote != server_id;
    lone->disk->vote = server_id;
    return 0;
}

static int io_send(struct raft_io *io, struct raft_io_send *req,
                   const struct raft_message *message, raft_io_send_cb cb)
{
    struct lone *lone = io->impl;
    struct lone_sent *sent = &lone->sent[lone->n_sent];

    if (lone->send_result != 0) {
        return lone->send_result;
    }
    CHECK(lone->n_sent < LONE_SENT_MAX);
    lone->n_sent++;
    *sent = (struct lone_sent){
        .message = *message, .request = req, .cb = cb, .finished = cb == NULL};
    if (message->type == RAFT_IO_APPEND_ENTRIES) {
        for (unsigned i = 0; i < message->append_entries.n_entries && i < 64;
             i++) {
            sent->terms[i] = message->append_entries.entries[i].term;
        }
    }
    return 0;
}

static int io_append(struct raft_io *io, struct raft_io_append *req,
                     const struct raft_entry entries[], unsigned n,
                     raft_io_append_cb cb)
{
    struct lone *lone = io->impl;
    struct lone_write *write;

    if (lone->n_writes == LONE_WRITES_MAX) {
        lone->n_writes -= lone->first_write;
        memmove(lone->writes, &lone->writes[lone->first_write],
                lone->n_writes * sizeof(*write));
        lone->first_write = 0;
    }
    CHECK(lone->n_writes < LONE_WRITES_MAX);
    write = &lone->writes[lone->n_writes++];
    *write = (struct lone_write){.request = req, .cb = cb, .n = n};
    write->first = raft_last_index(&lone->raft) - n + 1;
    write->entries = calloc(n, sizeof(*write->entries));
    for (unsigned i = 0; i < n; i++) {
        CHECK(entries[i].buf.len <= LONE_BYTES_MAX);
        write->entries[i].term = entries[i].term;
        write->entries[i].type = entries[i].type;
        write->entries[i].len = entries[i].buf.len;
        memcpy(write->entries[i].bytes, entries[i].buf.base,
               entries[i].buf.len);
    }
    return 0;
}

static int io_truncate(struct raft_io *io, raft_index index)
{
    struct lone *lone = io->impl;

    if (lone->meta_result != 0) {
        return lone->meta_result;
    }
    lone->truncates++;
    lone->truncated_at = index;
    lone->truncated_in_put |= lone->put != NULL;
    lone_disk_truncate(lone->disk, index);
    return 0;
}

static void mark_disk(struct lone_disk *disk, unsigned trailing,
                      const struct raft_snapshot *snapshot)
{
    disk->snapshot_index = snapshot->index;
    disk->snapshot_term = snapshot->term;
    disk->snapshot_members_index = snapshot->configuration_index;
    disk->snapshot_members.n = snapshot->configuration.n;
    for (unsigned i = 0; i < snapshot->configuration.n; i++) {
        disk->snapshot_members.ids[i] = snapshot->configuration.servers[i].id;
        disk->snapshot_members.roles[i] =
            snapshot->configuration.servers[i].role;
    }
    if (trailing == 0) {
        disk->n = 0;
        disk->first = snapshot->index + 1;
    }
}

static int io_snapshot_put(struct raft_io *io, unsigned trailing,
                           struct raft_io_snapshot_put *req,
                           const struct raft_snapshot *snapshot,
                           raft_io_snapshot_put_cb cb)
{
    struct lone *lone = io->impl;

    lone->puts++;
    lone->put = req;
    lone->put_cb = cb;
    lone->put_disk = *lone->disk;
    mark_disk(&lone->put_disk, trailing, snapshot);
    return 0;
}

static int io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
                           raft_io_snapshot_get_cb cb)
{
    struct lone *lone = io->impl;

    lone->gets++;
    lone->get = req;
    lone->get_cb = cb;
    return 0;
}

static raft_time io_time(struct raft_io *io)
{
    struct lone *lone = io->impl;

    return lone->now_ms;
}

static int io_random(struct raft_io *io, int min, int max)
{
    struct lone *lone = io->impl;

    return min + (max - min) * (int)lone->options.random_percent / 100;
}

static int io_async_work(struct raft_io *io, struct raft_io_async_work *req,
                         raft_io_async_work_cb cb)
{
    struct lone *lone = io->impl;

    lone->works++;
    cb(req, req->work(req));
    return 0;
}

/* --- The state machine and the guard's hooks --- */

static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buffer,
                     void **result)
{
    struct lone *lone = fsm->data;
    raft_index index = lone->raft.last_applied + 1;

    CHECK(index < LONE_APPLIED_MAX);
    memcpy(&lone->applied[index], buffer->base, sizeof(uint64_t));
    *result = NULL;
    return 0;
}

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *buffers[],
                        unsigned *n)
{
    struct lone *lone = fsm->data;

    *buffers = NULL;
    *n = 0;
    return guard_may_snapshot(lone->guard) ? 0 : RAFT_BUSY;
}

static int fsm_snapshot_async(struct raft_fsm *fsm,
                              struct raft_buffer *buffers[], unsigned *n)
{
    (void)fsm;
    *buffers = raft_malloc(sizeof(**buffers));
    **buffers = (struct raft_buffer){raft_calloc(1, 8), 8};
    *n = 1;
    return 0;
}

static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buffer)
{
    struct lone *lone = fsm->data;

    lone->restores++;
    raft_free(buffer->base);
    return 0;
}

static void on_role(void *context, const struct guard_role *role)
{
    struct lone *lone = context;

    lone->role = *role;
}

static void on_fatal(void *context, enum guard_fatal why, const char *text)
{
    struct lone *lone = context;

    (void)text;
    lone->fatals++;
    lone->why = why;
}

static int on_cut(void *context, raft_index index)
{
    struct lone *lone = context;

    lone->cut_index = index;
    while (lone->first_write < lone->n_writes) {
        struct lone_write *write = &lone->writes[lone->first_write++];

        for (unsigned i = 0; i < write->n; i++) {
            lone_disk_put(lone->disk, write->entries[i]);
        }
        free(write->entries);
    }
    lone_disk_truncate(lone->disk, index);
    return 0;
}

static void on_commit(void *context, raft_term term, raft_index commit)
{
    struct lone *lone = context;

    (void)term;
    lone->commit_told = commit;
}

static void on_offer(void *context, const struct raft_install_snapshot *offer,
                     raft_id from)
{
    struct lone *lone = context;

    (void)offer;
    (void)from;
    lone->offers++;
}

static void on_drop(void *context)
{
    struct lone *lone = context;

    lone->drops++;
}

/* --- Beginning and end --- */

static struct guard *new_guard(struct lone *lone)
{
    const struct lone_options *options = &lone->options;
    struct guard_settings settings = {
        .rules = options->rules,
        .send_entries_max = options->send_entries_max != 0
                                ? options->send_entries_max
                                : GUARD_SEND_ENTRIES_MAX,
        .send_bytes_max = GUARD_SEND_BYTES_MAX,
        .snapshot_wait_entries_max = options->snapshot_wait != 0
                                         ? options->snapshot_wait
                                         : GUARD_SNAPSHOT_WAIT_ENTRIES_MAX};
    struct guard_hooks hooks = {.context = lone,
                                .role_changed = on_role,
                                .fatal = on_fatal,
                                .cut = on_cut,
                                .commit_advanced = on_commit,
                                .snapshot_offered =
                                    options->withhold ? on_offer : NULL,
                                .snapshot_dropped = on_drop};

    return guard_new(&lone->io, &settings, &hooks);
}

static void fill(struct lone *lone)
{
    lone->io = (struct raft_io){.version = 2,
                                .impl = lone,
                                .init = io_init,
                                .close = io_close,
                                .load = io_load,
                                .start = io_start,
                                .set_term = io_set_term,
                                .set_vote = io_set_vote,
                                .send = io_send,
                                .append = io_append,
                                .truncate = io_truncate,
                                .snapshot_put = io_snapshot_put,
                                .snapshot_get = io_snapshot_get,
                                .time = io_time,
                                .random = io_random,
                                .async_work = io_async_work};
    lone->fsm = (struct raft_fsm){.version = 3,
                                  .data = lone,
                                  .apply = fsm_apply,
                                  .snapshot = fsm_snapshot,
                                  .restore = fsm_restore,
                                  .snapshot_async = fsm_snapshot_async};
}

struct lone *lone_start(struct lone_disk *disk, raft_id id,
                        const struct lone_options *options)
{
    struct lone *lone = calloc(1, sizeof(*lone));
    char address[8] = {(char)('0' + id), 0};
    struct raft *raft = &lone->raft;

    CHECK(lone != NULL);
    lone->disk = disk;
    lone->now_ms = START_MS;
    lone->options = *options;
    fill(lone);
    lone->guard = new_guard(lone);
    CHECK(raft_init(raft, guard_io(lone->guard), &lone->fsm, id, address) == 0);
    raft_set_election_timeout(raft, LONE_ELECTION_MS);
    raft_set_heartbeat_timeout(raft, LONE_HEARTBEAT_MS);
    raft_set_snapshot_threshold(raft, options->snapshot_threshold != 0
                                          ? options->snapshot_threshold
                                          : 100000);
    raft_set_snapshot_trailing(raft, options->snapshot_trailing != 0
                                         ? options->snapshot_trailing
                                         : 100000);
    raft_set_pre_vote(raft, options->pre_vote);
    CHECK(raft_start(raft) == 0);
    guard_started(lone->guard);
    return lone;
}

struct lone *lone_start_plain(struct lone_disk *disk, raft_id id,
                              uint64_t rules)
{
    struct lone_options options = {.rules = rules};

    return lone_start(disk, id, &options);
}

void lone_kill(struct lone *lone)
{
    if (lone == NULL) {
        return;
    }
    raft_close(&lone->raft, NULL);
    guard_free(lone->guard);
    while (lone->first_write < lone->n_writes) {
        free(lone->writes[lone->first_write++].entries);
    }
    free(lone);
}
