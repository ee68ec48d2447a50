/* What the parts of the line editor share.
 *
 *   edit.c       keys, and what they do to the line
 *   edit_draw.c  the line on the terminal
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_EDIT_PARTS_H
#define OPS_PERCH_EDIT_PARTS_H

#include "ops/perch/edit.h"

/** Draw prompt and line, the cursor where it stands. */
void edit_draw(struct edit *edit);

/** Take them off the screen. */
void edit_wipe(void);

#endif
