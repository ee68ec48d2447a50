/* What commands say: questions laid out as XCCOS.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_QUESTIONS_H
#define OPS_CLIENT_QUESTIONS_H

#include "ops/client/client_parts.h"

/**
 * Lay a question out as a command.
 *
 * @primitive  Filled; all it points to is in the arena.
 *
 * Returns INVALID for a question nobody can answer, NO_MEMORY.
 */
enum error question_lay_out(struct arena *arena, const struct client *client,
                            const struct client_question *question,
                            struct xccos_primitive *primitive);

#endif
