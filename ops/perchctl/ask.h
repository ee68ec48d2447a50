/* Having a request answered by one of the nodes that were named.
 *
 * A change is handed to one node and never to a second: once a node may have
 * it, a lost reply is an outcome that is not known, and is told so.
 *
 * Thread: the program's only one; every call may wait.
 */
#ifndef OPS_PERCHCTL_ASK_H
#define OPS_PERCHCTL_ASK_H

#include <jansson.h>

#include "ops/perchctl/errand.h"

enum {
    /* Beyond --timeout: the node answers when that is over, at the latest when
     * it could not take a change back. */
    ASK_SLACK_MS = 3000,
};

/**
 * Ask, all pages of a list one after the other.
 *
 * @reply_out  What there is to say, also when nobody answered: a JSON object
 *             with the fields of Reply and those of its body. Owned by the
 *             caller.
 *
 * Returns how it ended, the exit code.
 */
Perch__Admin__Result ask(const struct errand *errand, json_t **reply_out);

#endif
