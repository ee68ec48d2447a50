/* The external program that is asked about posts before they are proposed: a
 * connection to its Unix socket, on a thread of its own.
 *
 *   DOWN --retry--> CONNECTING --connected--> UP --broken, mad, late--> DOWN
 *
 * Each question comes back once, by its deadline: answered; LATE; ABSENT when
 * there is no connection or it broke; MAD for an answer that is none; FULL when
 * PROGRAM_OPEN_MAX are open. The program may answer in any order. It is
 * connected to again by itself, sooner or later by how often that failed.
 *
 * Protocol: node/hook/README.md.
 *
 * Thread: made and freed by any one thread; the rest is its own.
 */
#ifndef NODE_HOOK_PROGRAM_H
#define NODE_HOOK_PROGRAM_H

#include <stdint.h>

#include "node/session/question.h"
#include "proto/base/error.h"
#include "proto/base/letters.h"
#include "proto/base/meter.h"

enum {
    PROGRAM_OPEN_MAX = 1024,             /* Questions not yet answered. */
    PROGRAM_ANSWER_BYTES_MAX = 8 * 1024, /* One line of the program's. */
    /* Written and not taken: who does not read gets no more. */
    PROGRAM_BACKLOG_BYTES_MAX = 4 * 1024 * 1024,
    /* Late ones in a row, after which the connection is given up, so that
     * posts do not each wait for a program that hangs. */
    PROGRAM_LATE_MAX = 16,
    PROGRAM_RETRY_MS_MIN = 100,
    PROGRAM_RETRY_MS_MAX = 5000,
};

struct program_settings {
    const char *path;        /* Of the socket; copied. */
    uint32_t deadline_ms;    /* From question to answer. */
    struct letters *answers; /* Takes the questions back. */
};

struct program_meters {
    struct meter_gauge connected;   /* 0 or 1. */
    struct meter_counter connects;  /* Connections made. */
    struct meter_counter failures;  /* Connections that failed or broke. */
    struct meter_counter questions; /* Put to it. */
    struct meter_counter late;      /* Answers that came after all. */
};

struct program;

/**
 * Start the thread, and connect as soon as that can be.
 *
 * Returns NO_MEMORY, or INVALID for a path that is too long for a socket.
 */
enum error program_open(const struct program_settings *settings,
                        struct program **program_out);

/** Borrow the queue that takes questions. */
struct letters *program_questions(struct program *program);

/** Borrow the meters. */
const struct program_meters *program_meters(const struct program *program);

/** Give all open questions back, ABSENT, and end. Accepts NULL. */
void program_close(struct program *program);

#endif
