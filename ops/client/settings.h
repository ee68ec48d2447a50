/* Settings of a client, checked and kept.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_SETTINGS_H
#define OPS_CLIENT_SETTINGS_H

#include "ops/client/client_parts.h"

/**
 * Check settings and copy them into the client.
 *
 * @why_out  What is wrong with them. Static.
 *
 * Returns INVALID, TOO_LARGE, NO_MEMORY.
 */
enum error settings_take(struct client *client,
                         const struct client_settings *settings,
                         const char **why_out);

/** Free what was copied, the password first of all. */
void settings_drop(struct client *client);

#endif
