/* Exporting, as a part of the archive: the leader cuts batches off for the
 * pool's compliance adapters and has their programs take them to their sinks.
 *
 * For each adapter, on the leader alone:
 *
 *   WAITING --interval passed, records there--> Cut proposed --applied--+
 *      ^                                                                |
 *      |     +------- a cut waits, its records are durable here <-------+
 *      |     v
 *      |   RUNNING --acknowledged as it should--> CutDone proposed --+
 *      |     |                                                       |
 *      |     +--failed, hung, lied--> AdapterReport, back-off -------+
 *      |     +--leadership lost, disabled, removed--> killed --------+
 *      +-------------------------------------------------------------+
 *
 * Cuts and cursors are committed; the rest is this node's memory and may be
 * lost at any moment: then the next leader runs the same cut again, and its
 * program finds in its sink what is there already. A program of an old leader
 * may for a moment run beside the new one's: they write the same.
 *
 * Records are read, and programs run, on a worker of each adapter; the state
 * loop never waits for them.
 *
 * Thread: state loop.
 */
#ifndef NODE_COMPLIANCE_EXPORTING_H
#define NODE_COMPLIANCE_EXPORTING_H

#include "node/compliance/compliance_parts.h"
#include "node/compliance/export_order.h"

enum {
    /* Until a proposal that did not leave this node is made again. */
    EXPORTING_PATIENCE_MS = 5000,
};

struct exporting;

extern const struct compliance_part exporting_part;

/** Make. @settings  Borrowed; NULL: this node exports nothing. Stops when
 * memory is out. */
struct exporting *exporting_new(struct compliance *compliance,
                                const struct exporting_settings *settings);

/** Kill what runs and free. Accepts NULL. */
void exporting_free(struct exporting *exporting);

#endif
