#include "node/sip/edge.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/sip/control.h"
#include "node/sip/engine.h"
#include "proto/base/certificate.h"
#include "proto/base/check.h"

static void *run(void *context)
{
    struct edge *edge = context;
    sigset_t all;
    char name[16];

    /* Signals are the main thread's; a lost client must not raise SIGPIPE. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    snprintf(name, sizeof(name), "edge-%u", edge->settings.edge);
    pthread_setname_np(pthread_self(), name);
    loop_run(edge->loop);
    return NULL;
}

enum error edge_open(struct edge **edge_out,
                     const struct edge_settings *settings,
                     struct letters *intake)
{
    struct edge *edge = NULL;
    int number;

    TRY(edge_new(&edge, settings, intake));
    number = pthread_create(&edge->thread, NULL, run, edge);
    if (number != 0) {
        edge_free(edge);
        return error_from_errno(number);
    }
    *edge_out = edge; /* Ownership passes to the caller. */
    return ERROR_NONE;
}

struct letters *edge_deliveries(struct edge *edge)
{
    return edge->deliveries;
}

uint16_t edge_port(const struct edge *edge, size_t listener)
{
    CHECK(listener < edge->listeners_n);
    return edge->listeners[listener].port;
}

void edge_set_admission(struct edge *edge, enum edge_admission admission)
{
    atomic_store_explicit(&edge->admission, admission, memory_order_relaxed);
}

/* Load on the caller's thread, so that it learns the outcome; hand over after
 * all have loaded. */
enum error edge_reload_certificates(struct edge *edge)
{
    struct control *controls[LISTENERS_MAX] = {NULL};
    enum error error = ERROR_NONE;

    for (size_t i = 0; i < edge->listeners_n && error == ERROR_NONE; i++) {
        const struct edge_listener *listener = &edge->settings.listeners[i];

        if (!listener->tls) {
            continue;
        }
        controls[i] = control_new(CONTROL_KEYS);
        if (controls[i] == NULL) {
            error = ERROR_NO_MEMORY;
            break;
        }
        controls[i]->listener = i;
        error =
            edge_tls_keys_load(&controls[i]->keys, listener->certificate_file,
                               listener->key_file, listener->chain_file);
    }
    for (size_t i = 0; i < edge->listeners_n; i++) {
        if (controls[i] == NULL) {
            continue;
        }
        if (error == ERROR_NONE) {
            control_send(edge, controls[i]);
        } else {
            control_free(controls[i]);
        }
    }
    return error;
}

int64_t edge_certificate_expires_s(const struct edge *edge)
{
    int64_t first_s = 0;

    for (size_t i = 0; i < edge->listeners_n; i++) {
        first_s = certificate_sooner(
            first_s, meter_level(&edge->listeners[i].expires_s));
    }
    return first_s;
}

void edge_drain(struct edge *edge, const char *target, unsigned batch,
                unsigned batch_ms)
{
    struct control *control = control_new(CONTROL_DRAIN);

    CHECK(control != NULL);
    control->target = target == NULL ? NULL : strdup(target);
    control->batch = batch;
    control->batch_ms = batch_ms;
    control_send(edge, control);
}

uint64_t edge_metric(const struct edge *edge, enum edge_metric metric)
{
    return edge_metrics_read(&edge->metrics, metric);
}

void edge_close(struct edge *edge)
{
    struct control *control;

    if (edge == NULL) {
        return;
    }
    control = control_new(CONTROL_STOP);
    CHECK(control != NULL);
    control_send(edge, control);
    pthread_join(edge->thread, NULL);
    edge_free(edge);
}
