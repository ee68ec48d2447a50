/* The pages about the node: /metrics, /livez, /readyz, /leaderz.
 *
 * Thread: web.
 */
#ifndef NODE_WEB_PAGES_H
#define NODE_WEB_PAGES_H

#include "node/web/health.h"
#include "node/web/http.h"
#include "node/web/metrics.h"
#include "proto/base/loop.h"

/* What the pages show. */
struct pages {
    struct loop *loop; /* Whose clock health is judged by. */
    struct health *health;
    struct metrics *metrics;
};

enum { PAGES = 4 };

/**
 * Fill in the table of routes.
 *
 * @pages  Borrowed for as long as the routes are served.
 */
void pages_routes(struct pages *pages, struct http_route routes_out[PAGES]);

/** Show whether loops turn: 200, or 503 with a line for each that does not. */
void pages_livez(const struct health_report *report, struct http_reply *reply);

/**
 * Show whether clients should come: 200, or 503 with a line for each reason.
 *
 * @verbose  As JSON, with all facts and loops.
 */
void pages_readyz(const struct health_report *report, bool verbose,
                  struct http_reply *reply);

/** Show whether this node leads: 200 or 503, for load balancers. */
void pages_leaderz(const struct health_report *report,
                   struct http_reply *reply);

#endif
