/* The names under which a node exports what its parts count: the one place
 * that knows both the meters and what monitoring calls them.
 *
 * Thread: main's, before the web thread starts; pages are the web thread's.
 */
#ifndef NODE_EXPORTS_H
#define NODE_EXPORTS_H

#include <stdatomic.h>

#include "node/admin/server.h"
#include "node/backend.h"
#include "node/compliance/meters.h"
#include "node/edges.h"
#include "node/hook/program.h"
#include "node/web/metrics.h"
#include "proto/base/board.h"
#include "proto/base/buffer.h"
#include "proto/base/error.h"

struct exports {
    struct backend *backend;
    struct board *status;           /* struct replica_status. */
    _Atomic(struct edges *) *edges; /* NULL in it: not open yet. */
};

/**
 * Register everything.
 *
 * @exports  Borrowed for the call; what it points to outlives the registry's
 *           last page.
 *
 * Returns NO_MEMORY.
 */
enum error exports_add(struct metrics *metrics, const struct exports *exports);

/**
 * Register what the administrators' server counts.
 *
 * @meters  Outlive the registry's last page.
 *
 * Returns NO_MEMORY.
 */
enum error exports_add_admin(struct metrics *metrics,
                             const struct server_meters *meters);

/** Register what filters find and what the external program answers; meters
 * outlive the registry's last page. Returns NO_MEMORY. */
enum error exports_add_screening(struct metrics *metrics,
                                 const struct screening_meters *meters);

/** Register how directories are followed, likewise. */
enum error exports_add_directories(struct metrics *metrics,
                                   const struct directory_meters *meters);

/** Register what retention has erased, likewise. */
enum error exports_add_keeping(struct metrics *metrics,
                               const struct keeping_meters *meters);

/** Register the connection to the external program, likewise. */
enum error exports_add_program(struct metrics *metrics,
                               const struct program_meters *meters);

/** Register how the compliance archive is, likewise. */
enum error exports_add_archive(struct metrics *metrics,
                               const struct compliance_meters *meters);

/** Append the page; context is the registry. For the administrators' server. */
void exports_page(void *context, struct buffer *to);

#endif
