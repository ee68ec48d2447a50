/* Who uses the pool in a run: clients that propose and read, and an
 * administrator who changes its members.
 */
#ifndef TESTS_SIM_CLIENTS_H
#define TESTS_SIM_CLIENTS_H

struct world;

/** Begin to propose and to read, for as long as the world runs. */
void clients_begin(struct world *world);

/** Begin to change members, until the world is healed. */
void clients_begin_members(struct world *world);

#endif
