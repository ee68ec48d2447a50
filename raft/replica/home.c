#include "raft/replica/home.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/core.h"
#include "raft/replica/identity.h"

enum { PATH_BYTES_MAX = 1024 };

static enum error log_path(const char *directory, char path[PATH_BYTES_MAX])
{
    int n = snprintf(path, PATH_BYTES_MAX, "%s/log", directory);

    return n > 0 && n < PATH_BYTES_MAX ? ERROR_NONE : ERROR_TOO_LARGE;
}

static struct log_store_options options_of(
    const struct replica_settings *settings,
    const struct replica_identity *identity, const char *path)
{
    return (struct log_store_options){
        .path = path,
        .identity = {identity->pool, identity->directory_id},
        .segment_bytes = settings->segment_bytes,
        .floor_bytes = settings->floor_bytes};
}

/* --- Setting aside --- */

static enum error rename_if_there(struct device *device, const char *from,
                                  const char *to)
{
    enum error error = device_rename(device, from, to);

    return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* The log goes last: as long as it is there, all of it is done again. */
static enum error set_aside(struct device *device, const char *state,
                            int64_t wall_us)
{
    char to[64], state_to[DEVICE_NAME_BYTES_MAX + 1];
    int n;

    snprintf(to, sizeof(to), "rotted-%" PRId64, wall_us);
    if (state != NULL) {
        n = snprintf(state_to, sizeof(state_to), "%s-%s", to, state);
        CHECK(n > 0 && (size_t)n < sizeof(state_to));
        TRY(rename_if_there(device, state, state_to));
    }
    TRY(rename_if_there(device, "log", to));
    return device_sync(device);
}

enum error replica_set_aside(const char *directory, const char *state,
                             int64_t wall_us)
{
    struct device *device = NULL;
    enum error error;

    TRY(device_open(directory, &device));
    error = rename_if_there(device, "identity", "identity.rotted");
    if (error == ERROR_NONE) {
        error = set_aside(device, state, wall_us);
    }
    device_close(device);
    return error;
}

/* --- Making --- */

static void note_error(void *context, enum error error)
{
    enum error *noted = context;

    *noted = error;
}

static enum error first_entry(const struct replica_settings *settings,
                              struct buffer *bytes)
{
    struct core_members members = {.n = settings->n_nodes};

    for (size_t i = 0; i < settings->n_nodes; i++) {
        members.list[i] =
            (struct core_member){settings->nodes[i].node, CORE_VOTER};
    }
    return core_first_entry(&members, bytes);
}

/* Close runs the completion. */
static enum error write_first_entry(const struct replica_settings *settings,
                                    struct log_store *log)
{
    struct log_entry entry = {.term = 1, .type = CORE_ENTRY_MEMBERS};
    enum error written = ERROR_IO, error;
    struct buffer bytes;

    buffer_init(&bytes);
    error = first_entry(settings, &bytes);
    if (error == ERROR_NONE) {
        error = log_store_set_term(log, 1);
    }
    if (error == ERROR_NONE) {
        entry.data = buffer_slice(&bytes);
        error = log_store_append(log, &entry, 1, note_error, &written);
    }
    log_store_close(log);
    buffer_deinit(&bytes);
    return error != ERROR_NONE ? error : written;
}

static enum error found(const struct replica_settings *settings,
                        const struct log_store_options *options)
{
    struct log_store_owner nobody = {0};
    struct log_recovered *recovered = NULL;
    struct log_store *log = NULL;
    struct log_damage damage;

    TRY(log_store_open(settings->raft_loop, options, &nobody, &log, &recovered,
                       &damage));
    log_recovered_free(recovered);
    return write_first_entry(settings, log);
}

static struct replica_identity new_identity(
    const struct replica_settings *settings, bool founding)
{
    struct replica_identity identity = {.pool = settings->pool,
                                        .node = settings->node,
                                        .raft_id = settings->node};
    uint64_t incarnation = 0;

    while (!founding && incarnation == 0) {
        loop_random(settings->raft_loop, &incarnation, sizeof(incarnation));
        incarnation &= 0xffffffffffff;
    }
    identity.raft_id |= incarnation << 8;
    loop_random(settings->raft_loop, &identity.directory_id,
                sizeof(identity.directory_id));
    return identity;
}

static enum error make(const struct replica_settings *settings,
                       struct device *device, bool founding,
                       struct replica_identity *identity_out)
{
    struct replica_identity identity = new_identity(settings, founding);
    struct log_store_options options;
    char path[PATH_BYTES_MAX];

    TRY(log_path(settings->directory, path));
    TRY(set_aside(device, settings->state, loop_wall_us(settings->raft_loop)));
    options = options_of(settings, &identity, path);
    TRY(log_store_format(&options));
    if (founding) {
        TRY(found(settings, &options));
    }
    TRY(identity_write(device, &identity));
    journal_notice("directory_made",
                   "node=%u raft_id=%" PRIu64 " directory=%016" PRIx64
                   " founding=%s path=%s",
                   identity.node, identity.raft_id, identity.directory_id,
                   founding ? "yes" : "no", settings->directory);
    *identity_out = identity;
    return ERROR_NONE;
}

/* --- Opening --- */

static enum error check_identity(const struct replica_settings *settings,
                                 const struct replica_identity *identity)
{
    if (guid_compare(&identity->pool, &settings->pool) == 0 &&
        identity->node == settings->node) {
        return ERROR_NONE;
    }
    journal_error("directory_of_another",
                  "path=%s node=%u configured_node=%u same_pool=%s",
                  settings->directory, identity->node, settings->node,
                  guid_compare(&identity->pool, &settings->pool) == 0 ? "yes"
                                                                      : "no");
    return ERROR_WRONG_POOL;
}

/* Whether a node whose log is lost can come back by itself: somebody must be
 * left who knows what it knew. A log of another directory is what a crash in
 * here leaves, between the new log and the new identity. */
static bool may_come_back(const struct replica_settings *settings,
                          enum error error)
{
    return settings->n_nodes > 1 &&
           (error == ERROR_ROTTEN || error == ERROR_FORGOTTEN ||
            error == ERROR_WRONG_POOL);
}

static enum error open_log(const struct replica_settings *settings,
                           const struct log_store_owner *owner,
                           struct home *home)
{
    struct log_store_options options;
    struct log_damage damage;
    char path[PATH_BYTES_MAX];

    TRY(log_path(settings->directory, path));
    options = options_of(settings, &home->identity, path);
    return log_store_open(settings->raft_loop, &options, owner, &home->log,
                          &home->recovered, &damage);
}

static enum error come_back(const struct replica_settings *settings,
                            const struct log_store_owner *owner,
                            struct device *device, struct home *home)
{
    journal_warning("log_set_aside",
                    "path=%s raft_id=%" PRIu64
                    " why=\"the node comes back as a new member\"",
                    settings->directory, home->identity.raft_id);
    TRY(make(settings, device, false, &home->identity));
    return open_log(settings, owner, home);
}

static enum error open_in(const struct replica_settings *settings,
                          const struct log_store_owner *owner,
                          struct device *device, struct home *home)
{
    enum error error = identity_read(device, &home->identity);

    if (error == ERROR_NOT_FOUND) {
        TRY(make(settings, device, settings->founding, &home->identity));
        return open_log(settings, owner, home);
    }
    if (error == ERROR_NONE) {
        TRY(check_identity(settings, &home->identity));
        error = home->identity.removed ? ERROR_FORGOTTEN
                                       : open_log(settings, owner, home);
    } else if (error == ERROR_ROTTEN) {
        journal_error("identity_unreadable", "path=%s error=%s",
                      settings->directory, error_name(error));
    }
    if (may_come_back(settings, error)) {
        return come_back(settings, owner, device, home);
    }
    return error;
}

enum error home_open(const struct replica_settings *settings,
                     const struct log_store_owner *owner, struct home *home_out)
{
    struct device *device = NULL;
    struct home home = {.log = NULL};
    enum error error;

    TRY(device_open(settings->directory, &device));
    error = open_in(settings, owner, device, &home);
    device_close(device);
    if (error == ERROR_NONE) {
        *home_out = home;
    }
    return error;
}

enum error home_mark_removed(const char *directory,
                             const struct replica_identity *identity)
{
    struct replica_identity removed = *identity;
    struct device *device = NULL;
    enum error error;

    removed.removed = true;
    TRY(device_open(directory, &device));
    error = identity_write(device, &removed);
    device_close(device);
    return error;
}

enum error replica_format(const struct replica_settings *settings)
{
    struct replica_identity identity;
    struct device *device = NULL;
    enum error error;

    TRY(device_open(settings->directory, &device));
    error = identity_read(device, &identity);
    if (error == ERROR_NONE) {
        error = ERROR_EXISTS;
    } else if (error == ERROR_NOT_FOUND) {
        error = make(settings, device, settings->founding, &identity);
    }
    device_close(device);
    return error;
}
