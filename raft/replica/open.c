/* raft/replica_open.h: a replica's beginning and end. */
#include "raft/replica_open.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "proto/entry.h"
#include "raft/replica/front.h"

static const char *fault_in_nodes(const struct replica_settings *settings)
{
    bool self = false;

    if (settings->n_nodes == 0 || settings->n_nodes > REPLICA_NODES_MAX) {
        return "a pool has 1 to 9 nodes";
    }
    for (size_t i = 0; i < settings->n_nodes; i++) {
        self |= settings->nodes[i].node == settings->node;
        if (settings->nodes[i].node == 0) {
            return "node ids are 1 to 255";
        }
        for (size_t k = 0; k < i; k++) {
            if (settings->nodes[i].node == settings->nodes[k].node) {
                return "a node is listed twice";
            }
        }
    }
    return self ? NULL : "this node is not one of the pool's";
}

static enum error check_settings(const struct replica_settings *settings)
{
    const char *fault = fault_in_nodes(settings);

    if (fault == NULL && guid_is_nil(&settings->pool)) {
        fault = "the pool has no id";
    }
    if (fault == NULL && settings->election_ms != 0 &&
        settings->election_ms <= settings->heartbeat_ms) {
        fault = "an election may not be shorter than a heartbeat";
    }
    if (fault == NULL && settings->noop.len > ENTRY_COMMAND_BYTES_MAX) {
        fault = "the noop is too large";
    }
    if (fault != NULL) {
        journal_error("settings_unusable", "node=%u why=\"%s\"", settings->node,
                      fault);
        return ERROR_INVALID;
    }
    return ERROR_NONE;
}

static bool copy_noop(struct replica *replica, struct slice noop)
{
    uint8_t *copy = malloc(noop.len + 1);

    if (copy == NULL) {
        return false;
    }
    if (noop.len > 0) {
        memcpy(copy, noop.data, noop.len);
    }
    replica->noop = copy;
    replica->noop_len = noop.len;
    return true;
}

static struct replica *replica_new(const struct replica_settings *settings)
{
    struct replica *replica = calloc(1, sizeof(*replica));

    if (replica == NULL) {
        return NULL;
    }
    replica->events = settings->events;
    replica->node = settings->node;
    replica->inbox = letters_new(settings->owner_loop, FRONT_LETTERS_MAX,
                                 front_take_letters, replica);
    replica->engine =
        replica->inbox == NULL ? NULL : engine_new(settings, replica->inbox);
    replica->copy = calloc(1, sizeof(*replica->copy));
    if (replica->engine == NULL || replica->copy == NULL ||
        !copy_noop(replica, settings->noop)) {
        replica_close(replica);
        return NULL;
    }
    return replica;
}

enum error replica_open(const struct replica_settings *settings,
                        struct replica **replica_out)
{
    struct replica *replica;
    enum error error;

    TRY(check_settings(settings));
    replica = replica_new(settings);
    if (replica == NULL) {
        return ERROR_NO_MEMORY;
    }
    error = engine_open(replica->engine, settings);
    if (error != ERROR_NONE) {
        journal_error("replica_not_opened", "node=%u path=%s error=%s",
                      settings->node, settings->directory, error_name(error));
        replica_close(replica);
        return error;
    }
    *replica_out = replica;
    return ERROR_NONE;
}

enum error replica_start(struct replica *replica, uint64_t applied_index)
{
    return engine_start(replica->engine, applied_index);
}

void replica_close(struct replica *replica)
{
    struct letter_list left = STAILQ_HEAD_INITIALIZER(left);

    if (replica == NULL) {
        return;
    }
    engine_free(replica->engine);
    if (replica->inbox != NULL) {
        letters_close(replica->inbox, &left);
        memo_free_all(&left);
        letters_free(replica->inbox);
    }
    free(replica->noop);
    free(replica->copy);
    free(replica);
}

struct replica_identity replica_identity(const struct replica *replica)
{
    return replica->engine->identity;
}

uint64_t replica_staged_index(const struct replica *replica)
{
    return replica->engine->staged_index;
}

const struct replica_meters *replica_meters(const struct replica *replica)
{
    return &replica->engine->meters;
}
