/* The library's disk requests, put to the log. */
#include "raft/core/disk.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "raft/core/history.h"
#include "raft/core/servers.h"
#include "raft/guard/log_view.h"

/* An append under way. */
struct append {
    struct core_io_write io; /* First. */
    struct raft_io_append *request;
    raft_io_append_cb cb;
    struct core_entry entries[];
};

/* A snapshot's record under way. */
struct put {
    struct core_io_write io; /* First. */
    struct raft_io_snapshot_put *request;
    raft_io_snapshot_put_cb cb;
};

/* Entries being loaded. */
struct load {
    struct core *core;
    const struct core_image *image;
    struct raft_entry *entries;
    size_t n, capacity;
    bool begun; /* The snapshot, which comes before all entries, is noted. */
    bool failed;
};

int core_io_set_term(struct raft_io *io, raft_term term)
{
    struct core *core = io->impl;

    return core_code(core->log.set_term(core->log.context, term));
}

int core_io_set_vote(struct raft_io *io, raft_id server_id)
{
    struct core *core = io->impl;

    return core_code(core->log.set_vote(core->log.context, server_id));
}

int core_io_truncate(struct raft_io *io, raft_index index)
{
    struct core *core = io->impl;

    core_history_cut(core, index);
    return core_code(core->log.truncate(core->log.context, index));
}

static void begin_write(struct core *core, struct core_io_write *io,
                        void (*done)(struct core_write *write,
                                     enum error error))
{
    io->write.done = done;
    io->core = core;
    LIST_INSERT_HEAD(&core->writes, io, link);
}

/* The log refused at once, so done will not be called. */
static int end_write(struct core_io_write *io, enum error error)
{
    if (error != ERROR_NONE) {
        LIST_REMOVE(io, link);
        free(io);
    }
    return core_code(error);
}

void core_drop_writes(struct core *core)
{
    struct core_io_write *io;

    while ((io = LIST_FIRST(&core->writes)) != NULL) {
        LIST_REMOVE(io, link);
        free(io);
    }
}

static void on_appended(struct core_write *write, enum error error)
{
    struct append *append = (struct append *)write;
    struct core *core = append->io.core;

    LIST_REMOVE(&append->io, link);
    append->cb(append->request, core_code(error));
    free(append);
    core_settle(core);
}

static bool note_members(struct core *core, uint64_t first,
                         const struct core_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (entries[i].kind == CORE_ENTRY_MEMBERS &&
            !core_history_entry(core, first + i, entries[i].bytes)) {
            return false;
        }
    }
    return true;
}

int core_io_append(struct raft_io *io, struct raft_io_append *req,
                   const struct raft_entry entries[], unsigned n,
                   raft_io_append_cb cb)
{
    struct core *core = io->impl;
    uint64_t first = log_view_last(&core->raft) - n + 1;
    struct append *append =
        malloc(sizeof(*append) + n * sizeof(append->entries[0]));

    if (append == NULL) {
        return RAFT_NOMEM;
    }
    append->request = req;
    append->cb = cb;
    for (unsigned i = 0; i < n; i++) {
        append->entries[i] = (struct core_entry){
            entries[i].term, (enum core_entry_kind)entries[i].type,
            slice_of(entries[i].buf.base, entries[i].buf.len)};
    }
    if (!note_members(core, first, append->entries, n)) {
        free(append);
        return RAFT_MALFORMED;
    }
    begin_write(core, &append->io, on_appended);
    return end_write(&append->io,
                     core->log.append(core->log.context, first, append->entries,
                                      n, &append->io.write));
}

static void on_put(struct core_write *write, enum error error)
{
    struct put *put = (struct put *)write;
    struct core *core = put->io.core;

    LIST_REMOVE(&put->io, link);
    put->cb(put->request, core_code(error));
    free(put);
    core_settle(core);
}

int core_io_snapshot_put(struct raft_io *io, unsigned trailing,
                         struct raft_io_snapshot_put *req,
                         const struct raft_snapshot *snapshot,
                         raft_io_snapshot_put_cb cb)
{
    struct core *core = io->impl;
    bool own = snapshot == &core->raft.snapshot.pending;
    struct put *put = malloc(sizeof(*put));
    struct core_snapshot mark = {
        .index = snapshot->index,
        .term = snapshot->term,
        .members_index = snapshot->configuration_index,
        .members = core_members_of(&snapshot->configuration),
        .bytes = slice_of(snapshot->bufs[0].base, snapshot->bufs[0].len)};

    CHECK(snapshot->n_bufs == 1);
    if (put == NULL) {
        return RAFT_NOMEM;
    }
    put->request = req;
    put->cb = cb;
    if (!own) {
        core->restoring_index = snapshot->index;
        if (!core_history_snapshot(core, mark.members_index, &mark.members)) {
            free(put);
            return RAFT_NOMEM;
        }
    }
    begin_write(core, &put->io, on_put);
    return end_write(&put->io,
                     core->log.mark_snapshot(core->log.context, &mark, trailing,
                                             !own, &put->io.write));
}

static bool copy_bytes(struct slice from, struct raft_buffer *to)
{
    to->len = from.len;
    to->base = raft_malloc(from.len == 0 ? 1 : from.len);
    if (to->base == NULL) {
        return false;
    }
    if (from.len > 0) {
        memcpy(to->base, from.data, from.len);
    }
    return true;
}

static bool begin_history(struct load *load)
{
    const struct core_snapshot *snapshot = &load->image->snapshot;

    if (load->begun || snapshot->index == 0) {
        return true;
    }
    load->begun = true;
    return core_history_snapshot(load->core, snapshot->members_index,
                                 &snapshot->members);
}

/* What lies behind the snapshot is in it. */
static bool load_members(struct load *load, const struct core_entry *entry)
{
    uint64_t index = load->image->first_index + load->n;

    if (!begin_history(load)) {
        return false;
    }
    return entry->kind != CORE_ENTRY_MEMBERS ||
           index <= load->image->snapshot.index ||
           core_history_entry(load->core, index, entry->bytes);
}

static void load_entry(void *to, const struct core_entry *entry)
{
    struct load *load = to;

    if (load->n == load->capacity) {
        size_t capacity = load->capacity * 2 + 64;
        struct raft_entry *grown =
            raft_realloc(load->entries, capacity * sizeof(*grown));

        if (grown == NULL) {
            load->failed = true;
            return;
        }
        load->entries = grown;
        load->capacity = capacity;
    }
    load->entries[load->n] = (struct raft_entry){
        .term = entry->term, .type = (unsigned short)entry->kind};
    if (load->failed ||
        !copy_bytes(entry->bytes, &load->entries[load->n].buf) ||
        !load_members(load, entry)) {
        load->failed = true;
        return;
    }
    load->n++;
}

static struct raft_snapshot *load_snapshot(const struct core_snapshot *from)
{
    struct raft_snapshot *snapshot = raft_calloc(1, sizeof(*snapshot));

    if (snapshot == NULL) {
        return NULL;
    }
    snapshot->index = from->index;
    snapshot->term = from->term;
    snapshot->configuration_index = from->members_index;
    snapshot->n_bufs = 1;
    snapshot->bufs = raft_malloc(sizeof(*snapshot->bufs));
    if (snapshot->bufs == NULL ||
        !copy_bytes(from->bytes, &snapshot->bufs[0]) ||
        core_servers_of(&from->members, &snapshot->configuration) != 0) {
        return NULL; /* The node does not start. */
    }
    return snapshot;
}

int core_io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                 struct raft_snapshot **snapshot, raft_index *start_index,
                 struct raft_entry *entries[], size_t *n_entries)
{
    struct core *core = io->impl;
    struct core_image image = {.first_index = 1};
    struct load load = {.core = core, .image = &image};
    enum error error =
        core->log.load(core->log.context, &image, load_entry, &load);

    if (error != ERROR_NONE || load.failed || !begin_history(&load)) {
        core->start_error = error;
        return error != ERROR_NONE ? core_code(error) : RAFT_NOMEM;
    }
    *snapshot = NULL;
    if (image.snapshot.index != 0) {
        *snapshot = load_snapshot(&image.snapshot);
        if (*snapshot == NULL) {
            return RAFT_NOMEM;
        }
        core->restoring_index = image.snapshot.index;
    }
    *term = image.term;
    *voted_for = image.vote;
    *start_index = image.first_index;
    *entries = load.entries;
    *n_entries = load.n;
    return 0;
}
