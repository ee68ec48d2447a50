#include "node/exports_raft.h"

#include <ctype.h>
#include <stdio.h>

#include "raft/replica.h"

enum { RULE_NAME_BYTES_MAX = 16 }; /* With the NUL. */

/* What the replica posts to its board. */

static void fill_status(void *context, double *values)
{
    struct replica_status status;

    if (!board_read(context, &status)) {
        return;
    }
    values[0] = (double)status.role;
    values[1] = (double)status.term;
    values[2] = (double)status.leader;
    values[3] = (double)status.commit_index;
    values[4] = (double)status.last_index;
    values[5] = (double)status.first_index;
    values[6] = (double)status.snapshot_index;
    values[7] = (double)status.log_bytes;
    values[8] = (double)status.append_us;
    values[9] = (double)status.proposals_waiting;
}

static enum error add_status(struct metrics *metrics, struct board *status)
{
    static const struct metric rows[] = {
        {.name = "perch_raft_role",
         .help = "0 stopped, 1 follower, 2 candidate, 3 leader.",
         .type = METRIC_GAUGE},
        {.name = "perch_raft_term",
         .help = "The current term.",
         .type = METRIC_GAUGE},
        {.name = "perch_raft_leader",
         .help = "The leader's node id; 0 when none is known.",
         .type = METRIC_GAUGE},
        {.name = "perch_raft_commit_index",
         .help = "Log index up to which entries are known to be committed.",
         .type = METRIC_GAUGE},
        {.name = "perch_raft_last_index",
         .help = "Last index of the log.",
         .type = METRIC_GAUGE},
        {.name = "perch_raft_first_index",
         .help = "First index of the log.",
         .type = METRIC_GAUGE},
        {.name = "perch_raft_snapshot_index",
         .help = "Index of the last snapshot.",
         .type = METRIC_GAUGE},
        {.name = "perch_raft_log_bytes",
         .help = "Size of the log's files.",
         .type = METRIC_GAUGE},
        {.name = "perch_raft_append_seconds",
         .help = "Recent mean time of a log write with its sync.",
         .type = METRIC_GAUGE,
         .per_unit = 1000000},
        {.name = "perch_raft_proposals_waiting",
         .help = "Proposals the replica has not seen answered.",
         .type = METRIC_GAUGE},
    };

    return metrics_add_group(metrics, rows, METRIC_ROWS(rows), fill_status,
                             status);
}

/* What the replica counts by itself. */

#define COUNTER(field, text, words)                                            \
    {                                                                          \
        .name = "perch_raft_" text "_total", .help = words ".",                \
        .type = METRIC_COUNTER, .counter = &meters->field                      \
    }

static enum error add_counts(struct metrics *metrics,
                             const struct replica_meters *meters)
{
    const struct metric rows[] = {
        COUNTER(led, "led_entries", "Entries put into the log as leader"),
        COUNTER(batches, "led_batches", "In how many batches"),
        COUNTER(forwarded, "forwarded_entries", "Entries sent to a leader"),
        COUNTER(gathered, "gathered_entries", "Entries of other nodes, taken"),
        COUNTER(turned_away, "turned_away", "Frames of entries, not taken"),
        COUNTER(committed, "committed_entries", "Entries given to be applied"),
        COUNTER(elections, "elections_won", "Elections won by this node"),
        COUNTER(hand_overs, "hand_overs",
                "Leadership handed over for a slow or full disk"),
        COUNTER(reads, "read_rounds", "Rounds of pings for reads"),
        COUNTER(reads_asked, "reads_asked", "Reads asked of a leader"),
        COUNTER(reads_granted, "reads", "Reads answered"),
        COUNTER(reads_expired, "reads_expired", "Reads not answered in time"),
        COUNTER(snapshot_bytes_sent, "snapshot_sent_bytes",
                "Bytes of state copied to other nodes"),
        COUNTER(strangers, "strangers",
                "Connections ended that named no node of ours"),
        {.name = "perch_raft_certificate_expiry_timestamp_seconds",
         .help = "When the certificate between nodes ends, since 1970.",
         .type = METRIC_GAUGE,
         .gauge = &meters->certificate_expires_s},
        {.name = "perch_raft_apply_lag_entries",
         .help = "Committed entries not yet applied.",
         .type = METRIC_GAUGE,
         .gauge = &meters->apply_lag},
        {.name = "perch_raft_disk_full",
         .help = "1 while the disk takes no more entries.",
         .type = METRIC_GAUGE,
         .gauge = &meters->full},
        {.name = "perch_raft_write_seconds",
         .help = "Time of log writes with their sync, by mean per tick.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->write_us},
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

/* Why proposals were sent again. */
static enum error add_resent(struct metrics *metrics,
                             const struct replica_meters *meters)
{
#define RESENT(field, why)                                                     \
    {                                                                          \
        .name = "perch_raft_resent_total",                                     \
        .help = "Times proposals were sent again, by reason.",                 \
        .type = METRIC_COUNTER, .kind = why, .counter = &meters->field         \
    }
    const struct metric rows[] = {
        RESENT(resent_role, "role"), RESENT(resent_link, "link"),
        RESENT(resent_gap, "gap"),   RESENT(resent_busy, "busy"),
        RESENT(resent_late, "late"),
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

/* How often each rule of the guard has acted, under its name. */
static enum error add_guard(struct metrics *metrics,
                            const struct replica_meters *meters)
{
    static char names[GUARD_RULE_COUNT][RULE_NAME_BYTES_MAX];

    for (size_t i = 0; i < GUARD_RULE_COUNT; i++) {
        const struct metric row = {
            .name = "perch_raft_guard_total",
            .help = "Times a rule of the guard has acted, by rule.",
            .type = METRIC_COUNTER,
            .kind = names[i],
            .counter = &meters->guard[i]};

        snprintf(names[i], sizeof(names[i]), "%s", guard_rule_name(i));
        for (char *at = names[i]; *at != '\0'; at++) {
            *at = (char)tolower((unsigned char)*at);
        }
        TRY(metrics_add(metrics, &row, 1));
    }
    return ERROR_NONE;
}

/* The network to another node. */
static enum error add_peer(struct metrics *metrics,
                           const struct replica_peer_meters *peer)
{
    const struct metric rows[] = {
        {.name = "perch_peer_connected",
         .help = "1 while the other node is connected.",
         .type = METRIC_GAUGE,
         .gauge = &peer->connected},
        {.name = "perch_peer_round_trip_seconds",
         .help = "Smoothed time of a keep-alive there and back.",
         .type = METRIC_GAUGE,
         .per_unit = 1000000,
         .gauge = &peer->rtt_us},
        {.name = "perch_peer_connects_total",
         .help = "Connections that became usable.",
         .type = METRIC_COUNTER,
         .counter = &peer->connects},
        {.name = "perch_peer_busy_total",
         .help = "Messages not sent because a queue was full.",
         .type = METRIC_COUNTER,
         .counter = &peer->busy},
        {.name = "perch_peer_sent_bytes_total",
         .help = "Bytes sent to the other node.",
         .type = METRIC_COUNTER,
         .counter = &peer->bytes_sent},
        {.name = "perch_peer_received_bytes_total",
         .help = "Bytes received from the other node.",
         .type = METRIC_COUNTER,
         .counter = &peer->bytes_received},
    };

    for (size_t i = 0; i < METRIC_ROWS(rows); i++) {
        struct metric row = rows[i];

        row.node = peer->node;
        TRY(metrics_add(metrics, &row, 1));
    }
    return ERROR_NONE;
}

static enum error add_peers(struct metrics *metrics,
                            const struct replica_meters *meters)
{
    for (size_t i = 0; i < REPLICA_NODES_MAX; i++) {
        if (meters->peers[i].node != 0) {
            TRY(add_peer(metrics, &meters->peers[i]));
        }
    }
    return ERROR_NONE;
}

enum error exports_add_raft(struct metrics *metrics, struct board *status,
                            const struct replica_meters *meters)
{
    TRY(add_status(metrics, status));
    TRY(add_counts(metrics, meters));
    TRY(add_resent(metrics, meters));
    TRY(add_peers(metrics, meters));
    return add_guard(metrics, meters);
}
