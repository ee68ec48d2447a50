/* Tells the state loop how far clients have confirmed what was delivered.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_MARKS_H
#define NODE_SIP_MARKS_H

struct dialog;
struct edge;

/** Note that a dialog's delivered index has grown. */
void marks_add(struct dialog *dialog);

/** Forget a dialog that ends: its end carries the index itself. */
void marks_remove(struct dialog *dialog);

/** Report all that have grown since the last report. */
void marks_report(struct edge *edge);

#endif
