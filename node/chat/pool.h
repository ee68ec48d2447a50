/* The rules of what holds for the whole pool: its domain, its address and its
 * settings.
 *
 * Thread: state loop.
 */
#ifndef NODE_CHAT_POOL_H
#define NODE_CHAT_POOL_H

#include "node/chat/state.h"

/**
 * Set the domain, the address and settings; all or nothing.
 *
 * The domain is part of every room's and category's address and, from
 * RULES_PEOPLE on, of every password's hash: it cannot change once there is one
 * of them. The first domain also makes the address, unless the command has one.
 *
 * Returns DOMAIN_INVALID, DOMAIN_FIXED, POOL_URI_INVALID, SETTING_UNKNOWN or
 * SETTING_OUT_OF_RANGE; the value of the last two is the setting's position in
 * the command.
 */
enum outcome pool_put(struct turn *turn, const Perch__PoolPut *command);

#endif
