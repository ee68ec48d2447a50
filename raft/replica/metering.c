#include "raft/replica/engine_parts.h"

/* What others of this loop have counted, brought where any thread may read. */

/* Bring a counter to what somebody else has counted. */
static void count_to(struct meter_counter *counter, uint64_t count)
{
    meter_add(counter, count - meter_count(counter));
}

static void post_reads(struct replica_meters *meters,
                       const struct read_index_counts *reads)
{
    count_to(&meters->reads, reads->rounds);
    count_to(&meters->reads_asked, reads->asked);
    count_to(&meters->reads_granted, reads->granted);
    count_to(&meters->reads_expired, reads->expired);
}

static void post_peer(struct replica_peer_meters *meters,
                      const struct transport *transport)
{
    struct transport_stats stats;

    if (meters->node != 0 &&
        transport_stats_of(transport, meters->node, &stats) == ERROR_NONE) {
        meter_set(&meters->connected, stats.connected);
        meter_set(&meters->rtt_us, (int64_t)stats.rtt_us);
        count_to(&meters->connects, stats.connects);
        count_to(&meters->busy, stats.busy);
        count_to(&meters->bytes_sent, stats.bytes_sent);
        count_to(&meters->bytes_received, stats.bytes_received);
    }
}

static void post_transport(struct replica_meters *meters,
                           const struct transport *transport)
{
    struct transport_stats strangers;

    for (size_t i = 0; i < REPLICA_NODES_MAX; i++) {
        post_peer(&meters->peers[i], transport);
    }
    if (transport_stats_of(transport, 0, &strangers) == ERROR_NONE) {
        count_to(&meters->strangers, strangers.drops);
    }
    meter_set(&meters->certificate_expires_s,
              transport_certificate_expires_s(transport));
}

void engine_post_meters(struct engine *engine)
{
    struct read_index_counts reads = read_index_counts(engine->reads);
    struct snapshot_send_status sent =
        snapshot_send_status(engine->snapshots.send);
    const uint64_t *guard = core_guard_counts(engine->core);
    struct replica_meters *meters = &engine->meters;

    post_reads(meters, &reads);
    post_transport(meters, peers_transport(engine->peers));
    count_to(&meters->snapshot_bytes_sent, sent.bytes);
    for (size_t i = 0; i < GUARD_RULE_COUNT; i++) {
        count_to(&meters->guard[i], guard[i]);
    }
    meter_set(&meters->apply_lag, (int64_t)commits_lag(engine->commits));
    meter_set(&meters->full, engine->disk.full);
}
