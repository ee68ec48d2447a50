/* The web thread: one loop that serves the pages about the node, apart from
 * all others, so that neither a scrape nor a stuck client reaches raft's
 * timers, and so that it can tell when another loop hangs.
 *
 * Thread: main's; what runs on web_loop, the web thread's.
 */
#ifndef NODE_WEB_WEB_H
#define NODE_WEB_WEB_H

#include <stdint.h>

#include "node/web/health.h"
#include "node/web/metrics.h"
#include "proto/base/error.h"
#include "proto/base/loop.h"

struct web_options {
    const char *host; /* A loopback address unless the operator says other. */
    uint16_t port;    /* 0: any that is free. */
    struct metrics *metrics; /* Gets the web thread's own rows, too. */
    struct health *health;
};

struct web;

/**
 * Make the loop and listen. Nothing is served before web_start.
 *
 * @options  The registry and health are borrowed until web_close.
 *
 * Returns what http_open returns.
 */
enum error web_open(struct web **web_out, const struct web_options *options);

/**
 * Borrow the loop, for what else is to run beside the pages (the
 * administrators' socket). Before web_start or on the loop's thread.
 */
struct loop *web_loop(struct web *web);

/** The port the pages are served at. */
uint16_t web_port(const struct web *web);

/** Start the thread. Returns NO_MEMORY when there is none to be had. */
enum error web_start(struct web *web);

/** End the thread and wait for it. What runs on the loop may then be freed. */
void web_stop(struct web *web);

/** Stop if need be, close all and free. Accepts NULL. */
void web_close(struct web *web);

#endif
