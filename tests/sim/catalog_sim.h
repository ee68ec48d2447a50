/* What tests may do to the catalog that is a list in memory.
 *
 * Thread: any; one at a time.
 */
#ifndef TESTS_SIM_CATALOG_SIM_H
#define TESTS_SIM_CATALOG_SIM_H

#include <stddef.h>

#include "proto/base/error.h"

/* Where it is to fail. */
enum catalog_sim_point {
    CATALOG_SIM_OPEN,
    CATALOG_SIM_COMMIT,
    CATALOG_SIM_SEARCH,
    CATALOG_SIM_POINTS
};

/** Fail at a point with this error, the next n times. */
void catalog_sim_fail(enum catalog_sim_point point, enum error error,
                      unsigned n);

/** Count the catalogs discarded since the program began. */
size_t catalog_sim_discarded(void);

/** Count the messages that are in catalogs. */
size_t catalog_sim_messages(void);

#endif
