/* The SIP edges of a node as one: as many threads as the configuration says,
 * all with the same listeners and limits.
 *
 * They open when the pool has a domain, for that is their realm; until then
 * there is nobody who could sign in.
 *
 * Thread: state loop; edges_connections, edges_certificate_expires_s and
 * edges_sum any.
 */
#ifndef NODE_EDGES_H
#define NODE_EDGES_H

#include <stddef.h>
#include <stdint.h>

#include "node/config.h"
#include "node/plan.h"
#include "node/sip/edge.h"
#include "proto/base/error.h"

struct edges;

enum { EDGES_MAX = 16 }; /* As [sip] edges allows. */

/**
 * Tell what each edge is held to.
 *
 * What the configuration says of all connections is divided, rounded up; what
 * it says of one holds for every edge. Callers get no descriptor that the node
 * needs itself (descriptors.h).
 */
struct edge_limits edges_limits(const struct config *config);

/**
 * Open them all.
 *
 * @config, plan  Borrowed for the call.
 * @domain        The pool's.
 * @admission     Until edges_set_admission.
 * @intake        The state loop's queue; outlives the edges.
 *
 * Returns what edge_open returns; none is open then. Owned by the caller.
 */
enum error edges_open(struct edges **edges_out, const struct config *config,
                      const struct plan *plan, const char *domain,
                      enum edge_admission admission, struct letters *intake);

/** Count them. */
size_t edges_count(const struct edges *edges);

/** Borrow the queue that takes the deliveries of one of them. */
struct letters *edges_deliveries(struct edges *edges, size_t edge);

/** Open or close the door to sign-ins on new connections. */
void edges_set_admission(struct edges *edges, enum edge_admission admission);

/** Load certificates again. Returns the first error; others are tried. */
enum error edges_reload_certificates(struct edges *edges);

/** Tell when the first of the certificates in use ends: seconds since 1970; 0
 * without TLS. */
int64_t edges_certificate_expires_s(const struct edges *edges);

/**
 * Send the clients away.
 *
 * @redirect   HOST:PORT where to, by TLS; NULL: they find out themselves.
 * @spread_ms  Over about how long.
 */
void edges_drain(struct edges *edges, const char *redirect, uint64_t spread_ms);

/** Count the clients' connections. */
uint64_t edges_connections(const struct edges *edges);

/** Add up one of the counts of all edges. */
uint64_t edges_sum(const struct edges *edges, enum edge_metric metric);

/** Close all connections, end the threads and free. Accepts NULL. */
void edges_close(struct edges *edges);

#endif
