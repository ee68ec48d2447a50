/* The rooms a client is in, or means to be in: joined one by one or, after a
 * reconnect, all at once.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_ROOMS_H
#define OPS_CLIENT_ROOMS_H

#include "ops/client/client_parts.h"

/** Find a room by URI. NULL when it was not asked for. */
struct seat *rooms_find(struct client *client, struct slice uri);

/** Find a room by guid, as notices name it. */
struct seat *rooms_find_guid(struct client *client, const struct guid *guid);

/** Join all that are wanted and not joined. */
void rooms_join_wanted(struct client *client);

/** Join one anew that the pool does not count us in. */
void rooms_join_again(struct client *client, struct seat *seat);

/**
 * Tell that a room is joined, if that is due.
 *
 * The first time it waits until it is known where the room's past ends: from
 * JOINED on nothing is missed, even if the connection is lost at once.
 */
void rooms_tell_joined(struct client *client, struct seat *seat);

/** The connection is gone. */
void rooms_lose_all(struct client *client);

/** Out of a room for good: tell, end its posts. */
void rooms_leave(struct client *client, struct seat *seat, enum client_left why,
                 unsigned code, struct slice sentence);

/** Forget all without a word. */
void rooms_forget_all(struct client *client);

/** Free those that are gone. */
void rooms_sweep(struct client *client);

#endif
