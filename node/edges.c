#include "node/edges.h"

#include <stdio.h>
#include <stdlib.h>

#include "node/descriptors.h"
#include "proto/base/certificate.h"
#include "proto/base/check.h"

enum {
    DRAIN_BATCH_MS = 100, /* From one batch of closed connections to another. */
    HOST_BYTES = 32,
    URI_BYTES = PLAN_HOST_BYTES + 32,
};

struct edges {
    size_t n;
    struct edge *at[EDGES_MAX];
};

struct edge_limits edges_limits(const struct config *config)
{
    struct edge_limits limits = EDGE_LIMITS_DEFAULT;
    uint64_t n = config->sip_edges;

    limits.connections_max =
        (unsigned)((config->sip_connections_max + n - 1) / n);
    limits.connections_per_address_max =
        (unsigned)config->sip_connections_per_address_max;
    limits.descriptors_max = descriptors_for_callers();
    limits.session_s = (unsigned)(config->sip_session_expires_ms / 1000);
    limits.expires_default_s =
        (unsigned)(config->sip_register_expires_ms / 1000);
    if (limits.expires_max_s < limits.expires_default_s) {
        limits.expires_max_s = limits.expires_default_s;
    }
    limits.keep_alive_s = (unsigned)(config->sip_keep_alive_ms / 1000);
    return limits;
}

static size_t fill_listeners(const struct config *config,
                             const struct plan *plan,
                             struct edge_listener listeners[CONFIG_LIST_MAX])
{
    for (size_t i = 0; i < plan->n_listeners; i++) {
        const struct plan_listener *from = &plan->listeners[i];

        listeners[i] = (struct edge_listener){
            .address = from->at.host,
            .port = from->at.port,
            .auth = from->digest ? EDGE_AUTH_DIGEST : EDGE_AUTH_NONE,
            .tls = from->tls,
            .certificate_file = from->tls ? config->sip_certificate : NULL,
            .key_file = from->tls ? config->sip_key : NULL,
        };
    }
    return plan->n_listeners;
}

enum error edges_open(struct edges **edges_out, const struct config *config,
                      const struct plan *plan, const char *domain,
                      enum edge_admission admission, struct letters *intake)
{
    struct edge_listener listeners[CONFIG_LIST_MAX];
    char host[HOST_BYTES], uri[URI_BYTES];
    struct edge_settings settings = {
        .node = plan->node,
        .domain = domain,
        .host = host,
        .node_uri = uri,
        .listeners = listeners,
        .n = fill_listeners(config, plan, listeners),
        .admission = admission,
        .limits = edges_limits(config),
    };
    struct edges *edges = calloc(1, sizeof(*edges));
    enum error error = ERROR_NONE;

    CHECK(config->sip_edges <= EDGES_MAX);
    if (edges == NULL) {
        return ERROR_NO_MEMORY;
    }
    snprintf(host, sizeof(host), "node%u", plan->node);
    snprintf(uri, sizeof(uri), "sip:%s@%s", host, domain);
    while (error == ERROR_NONE && edges->n < config->sip_edges) {
        settings.edge = (uint8_t)edges->n;
        error = edge_open(&edges->at[edges->n], &settings, intake);
        edges->n += error == ERROR_NONE;
    }
    if (error != ERROR_NONE) {
        edges_close(edges);
        return error;
    }
    *edges_out = edges;
    return ERROR_NONE;
}

size_t edges_count(const struct edges *edges)
{
    return edges->n;
}

struct letters *edges_deliveries(struct edges *edges, size_t edge)
{
    CHECK(edge < edges->n);
    return edge_deliveries(edges->at[edge]);
}

void edges_set_admission(struct edges *edges, enum edge_admission admission)
{
    for (size_t i = 0; i < edges->n; i++) {
        edge_set_admission(edges->at[i], admission);
    }
}

enum error edges_reload_certificates(struct edges *edges)
{
    enum error first = ERROR_NONE;

    for (size_t i = 0; i < edges->n; i++) {
        enum error error = edge_reload_certificates(edges->at[i]);

        first = first == ERROR_NONE ? error : first;
    }
    return first;
}

int64_t edges_certificate_expires_s(const struct edges *edges)
{
    int64_t first_s = 0;

    for (size_t i = 0; i < edges->n; i++) {
        first_s = certificate_sooner(first_s,
                                     edge_certificate_expires_s(edges->at[i]));
    }
    return first_s;
}

void edges_drain(struct edges *edges, const char *redirect, uint64_t spread_ms)
{
    uint64_t batches = spread_ms / DRAIN_BATCH_MS + 1;
    char target[URI_BYTES];

    if (redirect != NULL) {
        snprintf(target, sizeof(target), "sip:%s;transport=tls", redirect);
    }
    for (size_t i = 0; i < edges->n; i++) {
        uint64_t connections =
            edge_metric(edges->at[i], EDGE_METRIC_CONNECTIONS);

        edge_drain(edges->at[i], redirect == NULL ? NULL : target,
                   (unsigned)(connections / batches + 1), DRAIN_BATCH_MS);
    }
}

uint64_t edges_connections(const struct edges *edges)
{
    return edges_sum(edges, EDGE_METRIC_CONNECTIONS);
}

uint64_t edges_sum(const struct edges *edges, enum edge_metric metric)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < edges->n; i++) {
        sum += edge_metric(edges->at[i], metric);
    }
    return sum;
}

void edges_close(struct edges *edges)
{
    for (size_t i = 0; edges != NULL && i < edges->n; i++) {
        edge_close(edges->at[i]);
    }
    free(edges);
}
