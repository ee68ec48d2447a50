/* A node's administration for tests: the real desk and server, each on a loop
 * and thread of its own, over the real rules with the small pool of
 * tests/unit/chat_fixture.h, where alice is in the lobby from node 2. Between
 * desk and rules stands a pool of one, which can be told to misbehave.
 *
 * Thread: the test's, but for what runs on the loops.
 */
#ifndef TESTS_ADMIN_SCENE_H
#define TESTS_ADMIN_SCENE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "node/admin/admin.h"
#include "tests/unit/chat_fixture.h"
#include "tests/unit/temp_directory.h"

/* What the pool does with what it is given. */
enum weather {
    WEATHER_FAIR,
    WEATHER_NO_LEADER,  /* A read index is refused. */
    WEATHER_STANDSTILL, /* It is never answered. */
    WEATHER_REFUSES,    /* A proposal is not taken. */
    WEATHER_WITHDRAWS,  /* A proposal comes back undone. */
    WEATHER_FORGETS,    /* Nobody knows what became of it; it is done. */
    WEATHER_MUTE,       /* It is done and never told. */
    WEATHER_ANOTHER,    /* Another's same command is applied before it. */
    WEATHER_NOT_LOADED, /* There is no state. */
};

/* X(what the server takes it for, file) */
#define SCENE_FILES(X)                                                         \
    X(certificate, "node1.pem")                                                \
    X(key, "node1.key")                                                        \
    X(authority, "ca.pem")                                                     \
    X(administrators, "admins.pem")

struct scene {
    struct chat_fixture *f; /* The state loop's while that runs. */
    struct loop *state_loop, *web_loop;
    pthread_t state_thread, web_thread;
    struct waker *state_end, *web_end;
    struct waker *look;    /* Takes the hash on the state loop. */
    sem_t *_Atomic looked; /* libuv's own wake-up is not seen by TSan. */
    uint64_t hash;
    struct admin *admin;
    struct replica_status replica;
    struct timer *turn; /* Answers what was asked in the turn before. */
    uint64_t reading[SERVER_CLIENTS_MAX], proposed[SERVER_CLIENTS_MAX];
    struct buffer commands[SERVER_CLIENTS_MAX];
    size_t n_reading, n_proposed;
    _Atomic enum weather weather;
    _Atomic unsigned proposals; /* Taken so far. */
    char directory[TEMP_DIRECTORY_BYTES];
    char path[TEMP_DIRECTORY_BYTES + 16]; /* Of the socket. */
    /* Of SCENE_FILES. */
    char files[4][TEMP_DIRECTORY_BYTES + 16];
    char out[65536], err[8192]; /* Of the last perchctl. */
};

/** cmocka's setup and teardown: a node that serves. */
int scene_setup(void **state);
int scene_teardown(void **state);

/** The same, of a pool in which nothing has been set up. */
int scene_setup_empty(void **state);

/** The same, with a node 2 that has said it knows version 2 of the rules. */
int scene_setup_mixed(void **state);

/** The same, where a client may let the server wait for half a second. */
int scene_setup_hasty(void **state);

/** The same, serving by TLS, too; certificates are made in the build tree. */
int scene_setup_tls(void **state);

/** The same, with files of its own: SCENE_FILES in the scene's directory, the
 * administrators' authority a file beside the nodes'. */
int scene_setup_renewal(void **state);

/** Say where the certificates of scene_setup_tls lie. */
const char *scene_certificates(void);

/**
 * Run perchctl with these words, as a shell reads them.
 *
 * @input  Its standard input.
 *
 * Returns its exit code; what it printed is in out and err.
 */
int scene_run(struct scene *scene, const char *words, const char *input);

/** Tell the hash of the state, stopping nothing. */
uint64_t scene_hash(struct scene *scene);

/** Connect to the socket: a descriptor, closed by the caller. */
int scene_connect(const struct scene *scene);

#endif
