/* What a town's administrators and nodes ask of its compliance archive: that
 * there is one, that it is required or not, canaries, an adapter and its cuts.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_ARCHIVIST_H
#define TESTS_SIM_TOWN_ARCHIVIST_H

#include "proto/base/arena.h"
#include "proto/command.h"

struct town;

/**
 * Choose what is asked next.
 *
 * @arena    Owns what the command points to.
 * @command  One of a node has no administrator, nor may it be given one.
 */
void archivist_decide(struct town *town, struct arena *arena,
                      Perch__Command *command);

/** Tell whether a command is a node's own. */
bool archivist_is_nodes(const Perch__Command *command);

#endif
