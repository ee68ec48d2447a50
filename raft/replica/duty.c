/* What is looked after from time to time: the status, the disk, a transfer of
 * leadership under way. */
#include <inttypes.h>
#include <stdlib.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "raft/replica/engine_parts.h"
#include "raft/replica/lead.h"
#include "raft/replica/membership.h"

/* --- Status --- */

static enum replica_role role_of(enum core_state state)
{
    switch (state) {
    case CORE_FOLLOWER:
        return REPLICA_FOLLOWER;
    case CORE_CANDIDATE:
        return REPLICA_CANDIDATE;
    case CORE_LEADER:
        return REPLICA_LEADER;
    }
    return REPLICA_STOPPED;
}

static bool is_connected(const struct engine *engine, uint64_t raft_id)
{
    return raft_id == engine->identity.raft_id ||
           peers_is_member_there(engine->peers, raft_id);
}

static enum replica_member_role member_role_of(enum core_member_role role)
{
    switch (role) {
    case CORE_STANDBY:
        return REPLICA_STANDBY;
    case CORE_VOTER:
        return REPLICA_VOTER;
    case CORE_SPARE:
        return REPLICA_SPARE;
    }
    return REPLICA_SPARE;
}

static void fill_members(const struct engine *engine,
                         struct replica_status *status)
{
    struct core_peers members = core_peers(engine->core);

    status->n = 0;
    for (size_t i = 0; i < members.n; i++) {
        const struct core_peer *from = &members.list[i];

        CHECK(status->n < sizeof(status->members) / sizeof(status->members[0]));
        status->members[status->n++] =
            (struct replica_member){.raft_id = from->id,
                                    .node = (uint8_t)(from->id & 0xff),
                                    .role = member_role_of(from->role),
                                    .connected = is_connected(engine, from->id),
                                    .match_index = from->match_index};
    }
}

static void fill_status(struct engine *engine)
{
    struct core_status core = core_status(engine->core);
    struct replica_status *status = &engine->status;
    struct log_store_status log;

    log_seam_status(engine->log, &log);
    status->role = engine->dead ? REPLICA_STOPPED : role_of(core.state);
    status->term = core.term;
    status->leader = (uint8_t)(core.leader & 0xff);
    status->commit_index = core.commit_index;
    status->last_index = core.last_index;
    status->first_index = log.first_index;
    status->snapshot_index = core.snapshot_index;
    status->append_us = engine->disk.mean_us;
    status->log_bytes = log.segments * engine->segment_bytes;
    status->proposals_waiting = submit_waiting(&engine->submit);
    status->needs_operator = engine->outside.needs_operator;
    fill_members(engine, status);
}

void engine_post_status(struct engine *engine, bool tell)
{
    struct memo *memo;

    fill_status(engine);
    board_post(engine->board, &engine->status);
    if (tell) {
        memo = memo_new(MEMO_CHANGED);
        memo->status = malloc(sizeof(*memo->status));
        CHECK(memo->status != NULL);
        *memo->status = engine->status;
        engine_tell(engine, memo);
    }
}

void engine_renew_hello(struct engine *engine)
{
    struct core_status core = core_status(engine->core);

    if (engine->hello.last_log_index == core.last_index) {
        return;
    }
    engine->hello.last_log_index = core.last_index;
    engine->hello.last_log_term = core.term;
    transport_set_hello(peers_transport(engine->peers), &engine->hello);
}

/* --- Transfer of leadership --- */

static void end_transfer(struct engine *engine, struct memo *memo,
                         enum error error)
{
    memo->transfer.error = error;
    engine_tell(engine, memo);
}

/* Returns 0 when the node is no voter. */
static uint64_t voter_of(const struct engine *engine, uint8_t node)
{
    struct core_peers members = core_peers(engine->core);

    for (size_t i = 0; i < members.n; i++) {
        if (members.list[i].role == CORE_VOTER &&
            (members.list[i].id & 0xff) == node) {
            return members.list[i].id;
        }
    }
    return 0;
}

void engine_transfer(struct engine *engine, struct memo *memo)
{
    uint8_t node = memo->transfer.node;
    uint64_t heir = node == 0 ? 0 : voter_of(engine, node);
    enum error error = ERROR_NOT_FOUND;

    if (node == 0 || heir != 0) {
        error = engine->transfer != NULL ? ERROR_BUSY
                                         : core_transfer(engine->core, heir);
    }
    if (error != ERROR_NONE) {
        end_transfer(engine, memo, error);
        return;
    }
    engine->transfer = memo;
    engine->transfer_until_us = loop_now_us(engine->loop) +
                                2ull * engine->core_settings.election_ms * 1000;
}

void engine_transfer_step(struct engine *engine)
{
    struct memo *memo = engine->transfer;
    bool leads = core_status(engine->core).state == CORE_LEADER;

    if (memo != NULL &&
        (!leads || loop_now_us(engine->loop) >= engine->transfer_until_us)) {
        engine->transfer = NULL;
        end_transfer(engine, memo, leads ? ERROR_TIMED_OUT : ERROR_NONE);
    }
}

/* --- The disk --- */

/* A leader's slow disk slows the pool, a full one stops it. */
static void hand_over(struct engine *engine, const char *why)
{
    struct engine_disk *disk = &engine->disk;
    uint64_t now_us = loop_now_us(engine->loop);

    if (engine->role.state != CORE_LEADER ||
        (disk->handed_over_us != 0 &&
         now_us - disk->handed_over_us < REPLICA_HAND_OVER_MS * 1000ull)) {
        return;
    }
    if (core_transfer(engine->core, 0) == ERROR_NONE) {
        disk->handed_over_us = now_us;
        meter_add(&engine->meters.hand_overs, 1);
        journal_warning("leader_hands_over",
                        "node=%u term=%" PRIu64 " why=\"%s\"",
                        engine->identity.node, engine->role.term, why);
    }
}

void engine_watch_full(struct engine *engine)
{
    struct log_store_status log;
    bool full;

    log_seam_status(engine->log, &log);
    full = log.spare_error == ERROR_NO_SPACE;
    if (full == engine->disk.full) {
        return;
    }
    engine->disk.full = full;
    engine->links_changed = true;
    if (full) {
        journal_error("log_disk_full",
                      "node=%u effect=\"takes no entries until there is room\"",
                      engine->identity.node);
    } else {
        journal_notice("log_disk_has_room", "node=%u", engine->identity.node);
    }
}

static void measure_writes(struct engine *engine,
                           const struct log_store_status *log)
{
    struct engine_disk *disk = &engine->disk;
    uint64_t appends = 0;

    for (size_t i = 0; i < LOG_LATENCY_BUCKETS; i++) {
        appends += log->append_us[i];
    }
    if (appends > disk->appends) {
        disk->mean_us =
            (log->append_us_sum - disk->append_us) / (appends - disk->appends);
        meter_observe(&engine->meters.write_us, disk->mean_us);
    }
    disk->appends = appends;
    disk->append_us = log->append_us_sum;
}

static void watch_disk(struct engine *engine)
{
    struct log_store_status log;

    log_seam_status(engine->log, &log);
    measure_writes(engine, &log);
    if (engine->disk.full) {
        hand_over(engine, "its disk is full");
    }
    if (core_status(engine->core).write_wait_ms > engine->slow_disk_ms ||
        engine->disk.hand_over) {
        engine->disk.hand_over = false;
        hand_over(engine, "its disk is slow");
    }
}

/* With its disk full a node takes no more entries, so that what is left lasts
 * for terms' first entries, and the node lives. Now and then it takes an append
 * without the entries: a heartbeat, that it may know its leader. */
bool engine_disk_lets_pass(struct engine *engine, struct core_message *message)
{
    uint64_t now_us;

    if (!engine->disk.full || message->kind != CORE_APPEND ||
        message->append.n == 0) {
        return true;
    }
    now_us = loop_now_us(engine->loop);
    if (now_us - engine->disk.empty_us <
        engine->core_settings.heartbeat_ms * 1000ull) {
        return false;
    }
    engine->disk.empty_us = now_us;
    message->append.n = 0;
    return true;
}

void engine_tick(void *context)
{
    struct engine *engine = context;

    letters_take(engine->inbox); /* What was left there without a wake. */
    if (engine->dead) {
        return;
    }
    read_index_tick(engine->reads);
    engine_watch_proposals(engine);
    engine_transfer_step(engine);
    watch_disk(engine);
    engine_membership_step(engine);
    engine_outside_tick(engine);
    engine_post_status(engine, false);
    engine_renew_hello(engine);
    engine_post_meters(engine);
}
