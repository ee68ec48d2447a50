/* What an edge counts, readable from any thread.
 *
 * One thread, the edge's, writes; so a count is a relaxed load and store, not
 * a locked addition.
 */
#ifndef NODE_SIP_METRICS_H
#define NODE_SIP_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* X(name, GAUGE or COUNTER, lower-case name, help) */
#define EDGE_METRICS(X)                                                        \
    X(CONNECTIONS, GAUGE, "connections", "client connections open now")        \
    X(SIGNED_IN, GAUGE, "signed_in", "connections with a signed-in user")      \
    X(DIALOGS, GAUGE, "dialogs", "chat dialogs open now")                      \
    X(HANDSHAKES, GAUGE, "handshakes", "TLS handshakes under way")             \
    X(FANOUT_WAITING, GAUGE, "fanout_waiting", "dialogs a body still is due")  \
    X(ACCEPTED, COUNTER, "accepted", "connections accepted")                   \
    X(REFUSED_TOTAL, COUNTER, "refused",                                       \
      "connections refused at the cap for all")                                \
    X(REFUSED_ADDRESS, COUNTER, "refused_address",                             \
      "connections refused at the cap of their address")                       \
    X(TLS_FAILED, COUNTER, "tls_failed", "connections lost to a TLS error")    \
    X(DEADLINES, COUNTER, "deadlines", "connections closed by a deadline")     \
    X(STUCK, COUNTER, "stuck", "connections closed for not reading")           \
    X(OVERFLOWS, COUNTER, "overflows",                                         \
      "connections closed because a dialog's queue was full")                  \
    X(REQUESTS, COUNTER, "requests", "SIP requests read")                      \
    X(RESPONSES, COUNTER, "responses", "SIP responses read")                   \
    X(MALFORMED, COUNTER, "malformed", "messages that could not be read")      \
    X(CHALLENGES, COUNTER, "challenges", "407 answers")                        \
    X(SIGN_INS, COUNTER, "sign_ins", "successful sign-ins")                    \
    X(SIGN_IN_FAILURES, COUNTER, "sign_in_failures", "403 to a sign-in")       \
    X(SPOOFED, COUNTER, "spoofed",                                             \
      "requests refused because they claim another user")                      \
    X(UNAVAILABLE, COUNTER, "unavailable", "503 answers")                      \
    X(INFOS, COUNTER, "infos", "INFO requests handed to the state loop")       \
    X(DELIVERIES, COUNTER, "deliveries", "INFO requests sent to clients")      \
    X(DELIVERIES_ANSWERED, COUNTER, "deliveries_answered",                     \
      "INFO requests clients have answered")                                   \
    X(DELIVERIES_REFUSED, COUNTER, "deliveries_refused",                       \
      "of these with another status than 2xx")                                 \
    X(BYTES_IN, COUNTER, "bytes_in", "SIP bytes read")                         \
    X(BYTES_OUT, COUNTER, "bytes_out", "SIP bytes written")                    \
    X(CERTIFICATE_LOADS, COUNTER, "certificate_loads",                         \
      "certificates taken into use")

#define EDGE_METRIC_ENUM(name, kind, text, help) EDGE_METRIC_##name,
enum edge_metric { EDGE_METRICS(EDGE_METRIC_ENUM) EDGE_METRIC_COUNT };
#undef EDGE_METRIC_ENUM

enum edge_metric_kind { EDGE_METRIC_KIND_COUNTER, EDGE_METRIC_KIND_GAUGE };

/* What a metric is called and means. */
struct edge_metric_info {
    const char *name;
    const char *help;
    enum edge_metric_kind kind;
};

struct edge_metrics {
    atomic_uint_fast64_t values[EDGE_METRIC_COUNT];
};

/** Describe a metric, for those who print it. Any thread. */
const struct edge_metric_info *edge_metric_info(enum edge_metric metric);

/** Read a metric. Any thread. */
static inline uint64_t edge_metrics_read(const struct edge_metrics *metrics,
                                         enum edge_metric metric)
{
    return atomic_load_explicit(&metrics->values[metric], memory_order_relaxed);
}

/** Add to a metric; a gauge may get a negative n. Edge thread only. */
static inline void edge_metrics_add(struct edge_metrics *metrics,
                                    enum edge_metric metric, int64_t n)
{
    atomic_store_explicit(&metrics->values[metric],
                          edge_metrics_read(metrics, metric) + (uint64_t)n,
                          memory_order_relaxed);
}

#endif
