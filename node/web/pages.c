#include "node/web/pages.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

enum { OK = 200, UNAVAILABLE = 503 };

void pages_livez(const struct health_report *report, struct http_reply *reply)
{
    if (report->alive) {
        buffer_append_text(&reply->body, "alive\n");
        return;
    }
    reply->status = UNAVAILABLE;
    for (size_t i = 0; i < report->loops_n; i++) {
        if (report->loops[i].hung) {
            buffer_printf(&reply->body,
                          "hung: loop %s has not turned for %" PRIu64 " ms\n",
                          report->loops[i].name, report->loops[i].silent_ms);
        }
    }
}

/* Lines for people and for `curl` in scripts. */
static void readyz_text(const struct health_report *report, struct buffer *text)
{
    if (report->ready) {
        buffer_append_text(text, "ready\n");
        return;
    }
    for (unsigned i = 0; i < HEALTH_FACTS; i++) {
        if (report->faults[i]) {
            buffer_printf(text, "not ready: %s: %s\n", health_fact_name(i),
                          health_fault_text(i));
        }
    }
    if (!report->alive) {
        buffer_append_text(text, "not ready: hung: see /livez\n");
    }
}

/* Append a value to an array; true when memory sufficed. */
static bool push(json_t *array, json_t *value)
{
    return json_array_append_new(array, value) == 0;
}

static bool add_reasons(json_t *top, const struct health_report *report)
{
    json_t *reasons = json_array();
    bool done = json_object_set_new(top, "reasons", reasons) == 0;

    for (unsigned i = 0; i < HEALTH_FACTS && done; i++) {
        if (report->faults[i]) {
            done = push(reasons,
                        json_pack("{s:s, s:s}", "name", health_fact_name(i),
                                  "text", health_fault_text(i)));
        }
    }
    if (!report->alive && done) {
        done = push(reasons, json_pack("{s:s, s:s}", "name", "hung", "text",
                                       "a loop does not turn"));
    }
    return done;
}

static bool add_facts(json_t *top, const struct health_report *report)
{
    json_t *facts = json_object();
    bool done = json_object_set_new(top, "facts", facts) == 0;

    for (unsigned i = 0; i < HEALTH_FACTS && done; i++) {
        done = json_object_set_new(facts, health_fact_name(i),
                                   json_boolean(report->facts[i])) == 0;
    }
    return done;
}

static bool add_loops(json_t *top, const struct health_report *report)
{
    json_t *loops = json_array();
    bool done = json_object_set_new(top, "loops", loops) == 0;

    for (size_t i = 0; i < report->loops_n && done; i++) {
        done = push(loops, json_pack("{s:s, s:I, s:b}", "name",
                                     report->loops[i].name, "silent_ms",
                                     (json_int_t)report->loops[i].silent_ms,
                                     "hung", report->loops[i].hung));
    }
    return done;
}

/* For tools: everything that is known, reasons first. */
static bool readyz_json(const struct health_report *report, struct buffer *text)
{
    json_t *top =
        json_pack("{s:b, s:b}", "ready", report->ready, "alive", report->alive);
    char *dump = NULL;

    if (add_reasons(top, report) && add_facts(top, report) &&
        add_loops(top, report)) {
        dump = json_dumps(top, JSON_INDENT(2));
    }
    json_decref(top);
    if (dump == NULL) {
        return false;
    }
    buffer_printf(text, "%s\n", dump);
    free(dump);
    return true;
}

void pages_readyz(const struct health_report *report, bool verbose,
                  struct http_reply *reply)
{
    reply->status = report->ready ? OK : UNAVAILABLE;
    if (verbose && readyz_json(report, &reply->body)) {
        reply->content_type = HTTP_JSON;
        return;
    }
    readyz_text(report, &reply->body);
}

void pages_leaderz(const struct health_report *report, struct http_reply *reply)
{
    bool leads = report->facts[HEALTH_LEADER];

    reply->status = leads ? OK : UNAVAILABLE;
    buffer_append_text(&reply->body, leads ? "leader\n" : "not the leader\n");
}

static struct health_report judge(const struct pages *pages)
{
    struct health_report report;

    health_judge(pages->health, loop_now_us(pages->loop), &report);
    return report;
}

static void on_livez(void *context, const struct http_request *request,
                     struct http_reply *reply)
{
    struct health_report report = judge(context);

    (void)request;
    pages_livez(&report, reply);
}

static void on_readyz(void *context, const struct http_request *request,
                      struct http_reply *reply)
{
    struct health_report report = judge(context);

    pages_readyz(&report, http_query_has(request, "verbose"), reply);
}

static void on_leaderz(void *context, const struct http_request *request,
                       struct http_reply *reply)
{
    struct health_report report = judge(context);

    (void)request;
    pages_leaderz(&report, reply);
}

static void on_metrics(void *context, const struct http_request *request,
                       struct http_reply *reply)
{
    const struct pages *pages = context;

    (void)request;
    reply->content_type = METRICS_CONTENT_TYPE;
    metrics_write(pages->metrics, &reply->body);
}

void pages_routes(struct pages *pages, struct http_route routes_out[PAGES])
{
    routes_out[0] = (struct http_route){"GET", "/livez", on_livez, pages};
    routes_out[1] = (struct http_route){"GET", "/readyz", on_readyz, pages};
    routes_out[2] = (struct http_route){"GET", "/leaderz", on_leaderz, pages};
    routes_out[3] = (struct http_route){"GET", "/metrics", on_metrics, pages};
}
