/* The one account of a driver: who signs in where, and what becomes of it.
 *
 *   IDLE --account_sign_in--> CONNECTING --REGISTER 200--> CONNECTED
 *    ^                         ^      |                        |
 *    +--- fatal, or no reconnect -----+--- connection lost ----+
 *                              |                               |
 *                              +--- after reconnect_ms --------+  next server
 *
 * The plugin takes one server. A pool has several, so after a loss the driver
 * does what a person or a name with several addresses does: it goes to the
 * next one, with the same account in the same process; the plugin then enters
 * its rooms again by itself.
 *
 * Events: "connected" {server}, "disconnected" {server, fatal, why}, "offline".
 *
 * Thread: the only one.
 */
#ifndef TESTS_INTEROP_DRIVER_ACCOUNT_H
#define TESTS_INTEROP_DRIVER_ACCOUNT_H

#include <jansson.h>
#include <purple.h>

/** Take over libpurple's reports of connections. Once, after core_start. */
void account_init(void);

/**
 * Sign in, or say why not.
 *
 * @wanted  user (without "sip:"), password, transport ("tcp" or "tls"),
 *          servers (a list of "host:port"), login and reconnect_ms (optional;
 *          without it a lost connection stays lost). Borrowed.
 */
void account_sign_in(json_t *wanted);

/** Sign out. Reported as "offline". */
void account_sign_out(void);

/** The connection when signed in, else NULL. */
PurpleConnection *account_connection(void);

#endif
