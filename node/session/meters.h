/* What sessions count while they run, for node/web to name.
 *
 * Thread: any.
 */
#ifndef NODE_SESSION_METERS_H
#define NODE_SESSION_METERS_H

#include "node/session/directories.h"
#include "node/session/question.h"
#include "proto/base/meter.h"

/* How posts are answered: X(name, what it counts). */
#define SESSION_ANSWER_LIST(X)                                                 \
    X(DONE, "done")             /* 200: committed. */                          \
    X(MALFORMED, "malformed")   /* 400 and the like. */                        \
    X(FORBIDDEN, "forbidden")   /* 403. */                                     \
    X(UNKNOWN, "unknown")       /* 404, 405, 412. */                           \
    X(TOO_LONG, "too_long")     /* 413. */                                     \
    X(DISABLED, "disabled")     /* 423. */                                     \
    X(BUSY, "busy")             /* 503: not committed, and will not be. */     \
    X(UNANSWERED, "unanswered") /* The connection was closed instead. */

#define SESSION_ANSWER_ENUM(name, text) SESSION_ANSWER_##name,
enum session_answer {
    SESSION_ANSWER_LIST(SESSION_ANSWER_ENUM) SESSION_ANSWERS
};
#undef SESSION_ANSWER_ENUM

struct outbox_meters {
    struct meter_counter deliveries; /* Letters. */
    struct meter_counter bodies;     /* Times dialogs. */
    struct meter_counter lost;       /* No edge takes them any more. */
};

/* What filters found: X(name, what it counts). */
#define SCREENING_LOOK_LIST(X)                                                 \
    X(PASSED, "passed")                                                        \
    X(WARNED, "warned")                                                        \
    X(BLOCKED, "blocked")                                                      \
    X(UNCHECKED, "unchecked") /* An expression took too long. */

#define SCREENING_LOOK_ENUM(name, text) SCREENING_##name,
enum screening_look {
    SCREENING_LOOK_LIST(SCREENING_LOOK_ENUM) SCREENING_LOOKS
};
#undef SCREENING_LOOK_ENUM

struct screening_meters {
    struct meter_counter looks[SCREENING_LOOKS];
    struct meter_counter answers[QUESTION_ANSWERS]; /* Of the program. */
    struct meter_gauge bad;         /* Expressions that cannot be compiled. */
    struct meter_gauge asking;      /* Posts of which the program is asked. */
    struct meter_histogram look_us; /* With the wait for the worker. */
    struct meter_histogram ask_us;  /* From question to answer. */
};

/* Retention, as this node sees to it while it leads. */
struct keeping_meters {
    struct meter_counter purges;   /* Made. */
    struct meter_counter purged;   /* Messages, by those. */
    struct meter_counter refused;  /* By the rules. */
    struct meter_counter not_read; /* Rooms whose messages were not read. */
};

struct session_meters {
    struct directory_meters directories;
    struct keeping_meters keeping;
    struct screening_meters screening;
    struct outbox_meters outbox;
    struct meter_gauge callers;    /* Dialogs of this node. */
    struct meter_gauge sessions;   /* Of them, known to the pool. */
    struct meter_gauge seats;      /* Rooms joined, all callers together. */
    struct meter_counter intakes;  /* Letters of edges. */
    struct meter_counter sign_ins; /* Answered, whatever the answer. */
    struct meter_counter requests; /* Commands of clients. */
    struct meter_counter refused;  /* Of them, not with 200. */
    struct meter_counter posts[SESSION_ANSWERS];
    struct meter_counter denials; /* Refusals that were put on record, */
    struct meter_counter denials_bounded; /* and beyond a user's budget. */
    struct meter_counter cut;             /* Connections told to close. */
    struct meter_counter returns;   /* Dialogs put back into their rooms. */
    struct meter_counter histories; /* Read. */
    struct meter_gauge histories_waiting;
    struct meter_gauge reads_waiting;
    struct meter_histogram intake_us;  /* From an edge's hand to ours. */
    struct meter_histogram post_us;    /* From an edge's hand to the answer. */
    struct meter_histogram history_us; /* Of one history, on its worker. */
};

#endif
