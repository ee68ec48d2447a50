/* Whether the machine and its twin say and hold the same.
 */
#ifndef TESTS_MODEL_COMPARE_H
#define TESTS_MODEL_COMPARE_H

#include "tests/model/twin.h"

/** Compare what one entry brought about. NULL, or what differs. */
const char *compare_effects(const struct effects *effects,
                            const struct twin *twin);

/** Compare the records that one entry has made, its command being of these
 * bytes. NULL, or what differs. */
const char *compare_records(const struct machine *machine,
                            const struct effects *effects,
                            const struct twin *twin, struct slice command);

/** Compare all that can be asked of the two. NULL, or what differs. */
const char *compare_state(const struct machine *machine,
                          const struct twin *twin);

/** Compare the archive, its adapters and witnesses. NULL, or what differs. */
const char *compare_archive(const struct machine *machine,
                            const struct twin *twin);

/** Compare what one user follows and has read. NULL, or what differs. */
const char *compare_attention(const struct machine *machine,
                              const struct twin *twin, uint32_t number);

#endif
