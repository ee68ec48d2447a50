/* A signed-in user of a pool, who stays signed in: one connection at a time,
 * to whichever of the pool's servers takes it.
 *
 *   IDLE --start--> CONNECTING <---> WAITING
 *                    |      ^
 *                    v      | connection lost, server stuck or draining
 *                   ONLINE -+            stop: --> LEAVING --> STOPPED
 *      CONNECTING, ONLINE --password or account refused--> DENIED
 *
 * Over a lost connection nothing is lost: rooms are joined again, what was
 * said meanwhile is fetched, and what the owner asked is asked again. Posts
 * carry a retry id, so that one that is sent twice is one message; a post
 * whose fate cannot be known is told as such, never as refused.
 *
 * No call blocks. Many clients share a loop.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_CLIENT_H
#define OPS_CLIENT_CLIENT_H

#include "ops/client/event.h"
#include "ops/client/limits.h"
#include "ops/client/secure.h"
#include "proto/base/error.h"
#include "proto/base/loop.h"

struct client;

/* Texts are borrowed for client_new; trust and loop as long as the client. */
struct client_settings {
    const char *user;          /* alice@example; "sip:" before it is allowed. */
    const char *login;         /* The name Digest proves; NULL: user. */
    const char *password;      /* NULL: none. */
    const char *servers;       /* host:port,host:port; tried in this order. */
    const struct trust *trust; /* NULL: TCP without TLS. */
    const char *instance;      /* A guid, names this device; NULL: a new one. */
    bool locates;              /* Ask the pool which URI to invite (requri). */
    struct client_limits limits; /* CLIENT_LIMITS_DEFAULT, or changed. */

    /* Is shown all that the pool says, as it said it, before anything else is
     * done with it; with the context of tell. NULL: nobody is. */
    void (*heard)(void *context, const struct xccos_envelope *envelope);
};

/**
 * Make a client. It does nothing before client_start.
 *
 * Makes the process ignore SIGPIPE, which a connection that is gone would
 * raise.
 *
 * @tell     Gets every event.
 * @why_out  What is wrong with the settings, on INVALID or TOO_LARGE. Static.
 *
 * Returns INVALID, TOO_LARGE, NO_MEMORY.
 */
enum error client_new(struct loop *loop, const struct client_settings *settings,
                      void (*tell)(void *context,
                                   const struct client_event *event),
                      void *context, struct client **client_out,
                      const char **why_out);

/** Begin to sign in. Once. */
void client_start(struct client *client);

/**
 * Sign out. What is unanswered is told as UNSENT or UNKNOWN; then comes the
 * state STOPPED, later.
 */
void client_stop(struct client *client);

/** Close at once and free, in any state. Not from within an event. Accepts
 * NULL. */
void client_free(struct client *client);

/** Tell the state. */
enum client_state client_state(const struct client *client);

/** Borrow the user's own URI, "sip:alice@example". */
struct slice client_uri(const struct client *client);

#endif
