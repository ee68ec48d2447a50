#include "node/exports.h"

#include <stdlib.h>

#include "node/exports_raft.h"
#include "node/session/cataloging.h"
#include "node/session/proposer.h"

static enum error add_applier(struct metrics *metrics,
                              const struct applier_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_apply_entries_total",
         .help = "Committed entries applied.",
         .type = METRIC_COUNTER,
         .counter = &meters->entries},
        {.name = "perch_apply_skipped_total",
         .help = "Entries that came again after a start.",
         .type = METRIC_COUNTER,
         .counter = &meters->skipped},
        {.name = "perch_apply_batches_total",
         .help = "Store batches; entries by batches is how they group.",
         .type = METRIC_COUNTER,
         .counter = &meters->batches},
        {.name = "perch_apply_index",
         .help = "Log index of the last entry applied.",
         .type = METRIC_GAUGE,
         .gauge = &meters->applied_index},
        {.name = "perch_store_flushed_index",
         .help = "Log index up to which the store survives a crash.",
         .type = METRIC_GAUGE,
         .gauge = &meters->flushed_index},
        {.name = "perch_store_commit_seconds",
         .help = "Time of a store batch.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->commit_us},
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

static enum error add_proposer(struct metrics *metrics,
                               const struct proposer_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_proposals_total",
         .help = "Commands this node has proposed.",
         .type = METRIC_COUNTER,
         .counter = &meters->proposed},
        {.name = "perch_proposals_refused_total",
         .help = "Commands refused because too many waited.",
         .type = METRIC_COUNTER,
         .counter = &meters->refused},
        {.name = "perch_proposals_withdrawn_total",
         .help = "Commands taken back: no leader in time.",
         .type = METRIC_COUNTER,
         .counter = &meters->withdrawn},
        {.name = "perch_proposals_unknown_total",
         .help = "Commands whose fate nobody can tell any more.",
         .type = METRIC_COUNTER,
         .counter = &meters->unknown},
        {.name = "perch_proposals_waiting",
         .help = "Commands not yet applied here.",
         .type = METRIC_GAUGE,
         .gauge = &meters->waiting},
        {.name = "perch_commit_seconds",
         .help = "Time from proposed to applied here.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->commit_us},
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

static enum error add_posts(struct metrics *metrics,
                            const struct session_meters *meters)
{
#define ANSWER_TEXT(name, text) text,
    static const char *const kinds[SESSION_ANSWERS] = {
        SESSION_ANSWER_LIST(ANSWER_TEXT)};
#undef ANSWER_TEXT

    for (size_t i = 0; i < SESSION_ANSWERS; i++) {
        const struct metric row = {.name = "perch_posts_total",
                                   .help = "Posts of clients, by answer.",
                                   .type = METRIC_COUNTER,
                                   .kind = kinds[i],
                                   .counter = &meters->posts[i]};

        TRY(metrics_add(metrics, &row, 1));
    }
    return ERROR_NONE;
}

static enum error add_times(struct metrics *metrics,
                            const struct session_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_session_intake_seconds",
         .help = "Time from an edge's hand to the state loop.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->intake_us},
        {.name = "perch_post_seconds",
         .help = "Time from an edge's hand to the answer of a post.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->post_us},
        {.name = "perch_history_seconds",
         .help = "Time to read one history.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->history_us},
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

static enum error add_sessions(struct metrics *metrics,
                               const struct session_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_session_dialogs",
         .help = "Chat dialogs of this node.",
         .type = METRIC_GAUGE,
         .gauge = &meters->callers},
        {.name = "perch_session_sessions",
         .help = "Of them, those known to the pool.",
         .type = METRIC_GAUGE,
         .gauge = &meters->sessions},
        {.name = "perch_session_seats",
         .help = "Rooms joined, all dialogs together.",
         .type = METRIC_GAUGE,
         .gauge = &meters->seats},
        {.name = "perch_session_requests_total",
         .help = "Commands of clients.",
         .type = METRIC_COUNTER,
         .counter = &meters->requests},
        {.name = "perch_session_refused_total",
         .help = "Commands of clients not answered with 200.",
         .type = METRIC_COUNTER,
         .counter = &meters->refused},
        {.name = "perch_session_denials_total",
         .help = "Refusals of this node that were put on record.",
         .type = METRIC_COUNTER,
         .counter = &meters->denials},
        {.name = "perch_session_denials_bounded_total",
         .help = "Refusals beyond a user's budget, answered 503.",
         .type = METRIC_COUNTER,
         .counter = &meters->denials_bounded},
        {.name = "perch_session_cut_total",
         .help = "Connections closed by the sessions.",
         .type = METRIC_COUNTER,
         .counter = &meters->cut},
        {.name = "perch_session_returns_total",
         .help = "Dialogs put back into their rooms.",
         .type = METRIC_COUNTER,
         .counter = &meters->returns},
        {.name = "perch_session_histories_total",
         .help = "Histories read.",
         .type = METRIC_COUNTER,
         .counter = &meters->histories},
    };

    TRY(metrics_add(metrics, rows, METRIC_ROWS(rows)));
    TRY(add_times(metrics, meters));
    TRY(exports_add_screening(metrics, &meters->screening));
    TRY(exports_add_directories(metrics, &meters->directories));
    TRY(exports_add_keeping(metrics, &meters->keeping));
    return add_posts(metrics, meters);
}

static enum error add_search(struct metrics *metrics,
                             const struct cataloging_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_search_seconds",
         .help = "Time of one search of messages, from the catalog's worker "
                 "being asked to its answer.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->search_us},
        {.name = "perch_search_feed_seconds",
         .help = "Time to put some messages into the catalog.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->feed_us},
        {.name = "perch_searches_total",
         .help = "Searches of messages that were answered.",
         .type = METRIC_COUNTER,
         .counter = &meters->searches},
        {.name = "perch_searches_refused_total",
         .help = "Searches of messages refused for want of a catalog that is "
                 "level with the store.",
         .type = METRIC_COUNTER,
         .counter = &meters->refused},
        {.name = "perch_search_fed_total",
         .help = "Messages put into the catalog.",
         .type = METRIC_COUNTER,
         .counter = &meters->fed},
        {.name = "perch_search_rebuilds_total",
         .help = "Catalogs that were damaged, or another's, and made anew.",
         .type = METRIC_COUNTER,
         .counter = &meters->rebuilds},
        {.name = "perch_search_behind_messages",
         .help = "Messages not yet in the catalog.",
         .type = METRIC_GAUGE,
         .gauge = &meters->behind},
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

/* What the edges count, once they are open. */

#define EDGE_NAME_COUNTER(text) "perch_sip_" text "_total"
#define EDGE_NAME_GAUGE(text)   "perch_sip_" text
#define EDGE_ROW(metric, kind, text, words)                                    \
    {.name = EDGE_NAME_##kind(text), .help = words ".", .type = METRIC_##kind},

static void fill_edges(void *context, double *values)
{
    struct edges *edges = atomic_load((_Atomic(struct edges *) *)context);

    if (edges == NULL) {
        return; /* The pool has no domain yet: all are 0. */
    }
    for (unsigned i = 0; i < EDGE_METRIC_COUNT; i++) {
        values[i] = (double)edges_sum(edges, (enum edge_metric)i);
    }
    values[EDGE_METRIC_COUNT] = (double)edges_certificate_expires_s(edges);
}

static enum error add_edges(struct metrics *metrics,
                            _Atomic(struct edges *) *edges)
{
    static const struct metric rows[] = {
        EDGE_METRICS(EDGE_ROW){
            .name = "perch_sip_certificate_expiry_timestamp_seconds",
            .help = "When the certificate for clients ends, since 1970.",
            .type = METRIC_GAUGE},
    };

    return metrics_add_group(metrics, rows, METRIC_ROWS(rows), fill_edges,
                             edges);
}

enum error exports_add(struct metrics *metrics, const struct exports *exports)
{
    struct sessions *sessions = backend_sessions(exports->backend);

    TRY(add_applier(metrics,
                    applier_meters(backend_applier(exports->backend))));
    TRY(add_proposer(metrics, proposer_meters(sessions_proposer(sessions))));
    TRY(add_sessions(metrics, sessions_meters(sessions)));
    if (sessions_cataloging(sessions) != NULL) {
        TRY(add_search(metrics,
                       cataloging_meters(sessions_cataloging(sessions))));
    }
    TRY(exports_add_raft(metrics, exports->status,
                         replica_meters(backend_replica(exports->backend))));
    TRY(exports_add_archive(
        metrics, compliance_meters(backend_compliance(exports->backend))));
    return add_edges(metrics, exports->edges);
}

enum error exports_add_admin(struct metrics *metrics,
                             const struct server_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_admin_connections",
         .help = "Administrators' connections.",
         .type = METRIC_GAUGE,
         .gauge = &meters->clients},
        {.name = "perch_admin_certificate_expiry_timestamp_seconds",
         .help = "When the certificate for administrators ends, since 1970.",
         .type = METRIC_GAUGE,
         .gauge = &meters->certificate_expires_s},
        {.name = "perch_admin_requests_total",
         .help = "Administrators' requests, whole ones.",
         .type = METRIC_COUNTER,
         .counter = &meters->requests},
        {.name = "perch_admin_refused_total",
         .help = "Requests that could not be read or had no place.",
         .type = METRIC_COUNTER,
         .counter = &meters->refused},
        {.name = "perch_admin_strangers_total",
         .help = "TLS connections by nobody who is an administrator.",
         .type = METRIC_COUNTER,
         .counter = &meters->strangers},
        {.name = "perch_admin_timed_out_total",
         .help = "Connections cut off because they let the node wait.",
         .type = METRIC_COUNTER,
         .counter = &meters->timed_out},
        {.name = "perch_admin_displaced_total",
         .help = "Idle connections cut off to make room for a newcomer.",
         .type = METRIC_COUNTER,
         .counter = &meters->displaced},
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}

void exports_page(void *context, struct buffer *to)
{
    metrics_write(context, to);
}
