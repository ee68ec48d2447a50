/* What a cut tells of its rooms and users, beside the events: Persistent
 * Chat's AddChatRoomDetails and AddUserDetails.
 *
 * From the cut's records alone, so that a repeated cut says the same.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_DETAILS_H
#define OPS_ADAPTER_DETAILS_H

#include <jansson.h>

#include "ops/adapter/batch.h"
#include "ops/adapter/event.h"

/* Each by guid or URI: first_csn, last_csn, records, kinds (how many of each),
 * and name, category, category_name of a room; display_name, principal,
 * internal of a user. NULL when they are not wanted. Owned. */
struct details {
    json_t *rooms;
    json_t *users;
};

/** Begin with what the cut's settings want. Returns FAILED without memory. */
enum fault details_init(struct details *details, const struct cut *cut);

/** Free what it holds. */
void details_deinit(struct details *details);

/** Count a record in. Records come in the order of their CSNs. */
enum fault details_add(struct details *details, const struct batch *batch,
                       size_t index, const struct event *event);

#endif
