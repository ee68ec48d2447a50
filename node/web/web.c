#include "node/web/web.h"

#include <stdlib.h>

#include "node/web/http.h"
#include "node/web/pages.h"
#include "proto/base/check.h"
#include "proto/base/os/loop_thread.h"
#include "proto/base/os/loop_uv.h"

struct web {
    struct loop *loop;
    struct http *http;
    struct pages pages;
    struct pulse *pulse;
    struct loop_thread *thread; /* NULL: it does not run. */
};

/* What the web thread tells of itself. */

#define HTTP_REPLIES "Replies sent, by class of status."
#define HTTP_REFUSED "Requests not to the letter or never whole, by fault."

static enum error add_replies(struct metrics *metrics,
                              const struct http_meters *meters)
{
    static const char *const classes[HTTP_CLASSES] = {NULL,  NULL,  "2xx",
                                                      "3xx", "4xx", "5xx"};

    for (size_t i = 2; i < HTTP_CLASSES; i++) {
        const struct metric row = {.name = "perch_http_replies_total",
                                   .help = HTTP_REPLIES,
                                   .type = METRIC_COUNTER,
                                   .kind = classes[i],
                                   .counter = &meters->replies[i]};

        TRY(metrics_add(metrics, &row, 1));
    }
    return ERROR_NONE;
}

static enum error add_refused(struct metrics *metrics,
                              const struct http_meters *meters)
{
    for (unsigned i = HTTP_FAULT_NONE + 1; i < HTTP_FAULTS; i++) {
        const struct metric row = {.name = "perch_http_refused_total",
                                   .help = HTTP_REFUSED,
                                   .type = METRIC_COUNTER,
                                   .kind = http_fault_name(i),
                                   .counter = &meters->refused[i]};

        TRY(metrics_add(metrics, &row, 1));
    }
    return ERROR_NONE;
}

static enum error add_clients(struct metrics *metrics,
                              const struct http_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_http_connections",
         .help = "Connections to the pages about the node.",
         .type = METRIC_GAUGE,
         .gauge = &meters->clients.connected},
        {.name = "perch_http_timed_out_total",
         .help = "Connections cut off because no request was completed.",
         .type = METRIC_COUNTER,
         .counter = &meters->clients.timed_out},
        {.name = "perch_http_displaced_total",
         .help = "Connections cut off to make room for a newcomer.",
         .type = METRIC_COUNTER,
         .counter = &meters->clients.displaced},
        {.name = "perch_http_request_seconds",
         .help = "Time from the request line to the end of the reply.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->seconds},
    };

    return metrics_add(metrics, rows, sizeof(rows) / sizeof(rows[0]));
}

/* The same judgement as /livez and /readyz, and every fact. */
static void fill_health(void *context, double *values)
{
    const struct web *web = context;
    struct health_report report;
    uint64_t silent_ms = 0;

    health_judge(web->pages.health, loop_now_us(web->loop), &report);
    for (size_t i = 0; i < report.loops_n; i++) {
        if (report.loops[i].silent_ms > silent_ms) {
            silent_ms = report.loops[i].silent_ms;
        }
    }
    values[0] = report.ready;
    values[1] = report.alive;
    values[2] = (double)silent_ms;
    for (unsigned i = 0; i < HEALTH_FACTS; i++) {
        values[3 + i] = report.facts[i];
    }
}

static enum error add_health(struct web *web, struct metrics *metrics)
{
    struct metric rows[3 + HEALTH_FACTS] = {
        {.name = "perch_ready",
         .help = "1 when /readyz answers 200.",
         .type = METRIC_GAUGE},
        {.name = "perch_alive",
         .help = "1 when /livez answers 200.",
         .type = METRIC_GAUGE},
        {.name = "perch_loop_silence_seconds",
         .help = "Time since the quietest watched loop turned.",
         .type = METRIC_GAUGE,
         .per_unit = 1000},
    };

    for (unsigned i = 0; i < HEALTH_FACTS; i++) {
        rows[3 + i] = (struct metric){
            .name = "perch_health",
            .help = "1 when the fact is true of the node.",
            .type = METRIC_GAUGE,
            .kind = health_fact_name(i),
        };
    }
    return metrics_add_group(metrics, rows, 3 + HEALTH_FACTS, fill_health, web);
}

static enum error add_metrics(struct web *web)
{
    const struct http_meters *meters = http_meters(web->http);
    struct metrics *metrics = web->pages.metrics;

    TRY(add_replies(metrics, meters));
    TRY(add_refused(metrics, meters));
    TRY(add_clients(metrics, meters));
    return add_health(web, metrics);
}

/* Everything that lives on the loop. */
static enum error open_parts(struct web *web, const struct web_options *options)
{
    const struct http_options listen = {.host = options->host,
                                        .port = options->port};
    struct http_route routes[PAGES];

    web->pulse = pulse_new(options->health, web->loop, "web");
    if (web->pulse == NULL) {
        return ERROR_NO_MEMORY;
    }
    pages_routes(&web->pages, routes);
    TRY(http_open(&web->http, web->loop, &listen, routes, PAGES));
    return add_metrics(web);
}

enum error web_open(struct web **web_out, const struct web_options *options)
{
    struct web *web = calloc(1, sizeof(*web));
    enum error error = ERROR_NO_MEMORY;

    if (web == NULL) {
        return ERROR_NO_MEMORY;
    }
    web->loop = loop_new();
    if (web->loop == NULL) {
        goto out;
    }
    web->pages = (struct pages){web->loop, options->health, options->metrics};
    error = open_parts(web, options);
    if (error != ERROR_NONE) {
        goto out;
    }
    *web_out = web; /* Ownership passes to the caller. */
    web = NULL;
out:
    web_close(web);
    return error;
}

struct loop *web_loop(struct web *web)
{
    return web->loop;
}

uint16_t web_port(const struct web *web)
{
    return http_port(web->http);
}

enum error web_start(struct web *web)
{
    CHECK(web->thread == NULL);
    web->thread = loop_thread_start(web->loop, "web");
    return web->thread == NULL ? ERROR_NO_MEMORY : ERROR_NONE;
}

void web_stop(struct web *web)
{
    loop_thread_stop(web->thread);
    web->thread = NULL;
}

void web_close(struct web *web)
{
    if (web == NULL) {
        return;
    }
    web_stop(web);
    http_close(web->http);
    pulse_free(web->pulse);
    loop_free(web->loop);
    free(web);
}
