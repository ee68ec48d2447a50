/* Rows of add-ins.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_ADDIN_ROWS_H
#define NODE_CHAT_ADDIN_ROWS_H

#include "node/chat/encode.h"
#include "node/chat/load.h"
#include "node/chat/state.h"

/** As encoder, of the row of an add-in. */
bool encode_addin(const struct machine *machine, const struct row_key *key,
                  struct arena *scratch, struct buffer *to);

/** As loader, of the row of an add-in. */
enum error load_addin(struct machine *machine, const struct row_key *key,
                      const void *message);

#endif
