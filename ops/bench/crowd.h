/* Many clients on one epoll: opens them in a bounded stream, runs them, and
 * measures nothing itself.
 *
 * Thread: one crowd, one thread.
 */
#ifndef OPS_BENCH_CROWD_H
#define OPS_BENCH_CROWD_H

#include "ops/bench/client.h"
#include "ops/bench/options.h"
#include "ops/bench/pool.h"

enum {
    CROWD_SIGN_INS_MAX = 64,    /* Under way at once. */
    CROWD_PER_ADDRESS = 250,    /* Clients of one loopback source address. */
    CROWD_KEEP_ALIVE_S = 50,    /* From one keep-alive to the next. */
    CROWD_SIGN_IN_S_LEAST = 20, /* Patience with sign-ins: this, and */
    CROWD_SIGN_IN_PER_S = 200,  /* a second more for so many clients. */
    CROWD_NEWCOMERS_MAX = 256,  /* Whose answers are due at once. */
};

struct crowd;

struct crowd_settings {
    const struct options *options;
    const struct pool *pool;
    struct client_handler handler;
    size_t n;              /* Clients at most. */
    struct slice question; /* For client_question; may be empty. */
    /* The rooms that may be joined; borrowed. */
    char **room_uris;
    size_t room_uris_n;
    /* Put the indexes of the rooms of client i into rooms, say how many; NULL:
     * nobody joins. */
    size_t (*rooms_of)(void *context, unsigned i,
                       unsigned rooms[CLIENT_ROOMS_MAX]);
};

/**
 * Prepare a crowd; nobody connects yet.
 *
 * Returns INVALID when a server does not listen in the way asked for, TLS or
 * NO_MEMORY.
 */
enum error crowd_new(struct crowd **crowd_out,
                     const struct crowd_settings *settings);

/**
 * Bring the number of clients that are READY to n, and wait for it.
 *
 * Returns TIMED_OUT or what refused a client, with a complaint.
 */
enum error crowd_open(struct crowd *crowd, size_t n);

/**
 * Wait for what comes, serve it, and send what waits; ends at until_ns at the
 * latest, and after the first wake-up.
 *
 * Returns what no client can recover from, complained of.
 */
enum error crowd_turn(struct crowd *crowd, uint64_t until_ns);

/**
 * Have a newcomer connect, sign in and go, once; he is none of the clients.
 *
 * Servers are tried in turn. The handler's knocked follows.
 *
 * Returns BUSY when CROWD_NEWCOMERS_MAX have no answer yet, or descriptors have
 * run out.
 */
enum error crowd_newcomer(struct crowd *crowd, uint64_t due_ns);

/** Borrow client i, i below the number opened. */
struct client *crowd_client(struct crowd *crowd, size_t i);

/** Tell how many clients have been opened. */
size_t crowd_size(const struct crowd *crowd);

/** Tell how often a sign-in had to be tried again. */
uint64_t crowd_refusals(const struct crowd *crowd);

/** Close all and free. Accepts NULL. */
void crowd_free(struct crowd *crowd);

#endif
