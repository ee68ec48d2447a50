/* perchctl messages test: the synthetic transaction of exchange.h, as a reply
 * like all others, and what --setup makes for it.
 *
 * Thread: the program's only one; the call waits.
 */
#ifndef OPS_PERCHCTL_MESSAGES_H
#define OPS_PERCHCTL_MESSAGES_H

#include <jansson.h>

#include "ops/perchctl/errand.h"

/**
 * Run the test that an errand of "messages test" asks for.
 *
 * @reply_out  A JSON object with result, outcome, text and advice, the steps
 *             and their milliseconds. Owned by the caller.
 *
 * Returns DONE, REFUSED when a step failed, UNREACHABLE when a server could not
 * be reached; of --setup as ask.
 */
Perch__Admin__Result messages_test(const struct errand *errand,
                                   json_t **reply_out);

#endif
