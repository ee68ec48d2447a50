/* perch-jepsen: many sessions that post and read as the fault runner says
 * (jepsen/contracts.md, "The load client", has the protocol).
 *
 *   main.c        lines in; setup
 *   command.c     a line becomes an invocation
 *   process.c     an invocation, step by step
 *   session.c     a process's client, made and dropped
 *   reading.c     what a room's history holds
 *   answer.c      completions
 *
 * Thread: main; all on one loop.
 */
#ifndef OPS_JEPSEN_LOAD_H
#define OPS_JEPSEN_LOAD_H

#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ops/client/ask.h"
#include "ops/client/pager.h"

enum {
    LOAD_PROTOCOL = 1,
    LOAD_NAME_BYTES = 64,  /* Of a user, before the domain. */
    LOAD_NODE_BYTES = 272, /* host:port */
    LOAD_TIMEOUT_MS_MAX = 3600 * 1000,
};

struct load;
struct process;

/* Messages of one room, by id, without a hole. */
struct reading {
    struct pager pager;
    uint64_t want;  /* The newest so many; 0: all. */
    bool is_newest; /* The newest message alone is asked for, to count back
                       from. */
    bool is_last;   /* The newest so many are asked for, in one page. */
    json_t *positions, *values;
};

enum verb { VERB_POST, VERB_READ };

/* What is to be done. Borrowed texts live in `line`. */
struct invocation {
    json_t *line;
    uint64_t id;
    uint64_t process;
    enum verb verb;
    const char *user, *node;
    const char *room_uri;
    const char *retry; /* NULL: none. */
    int64_t value;
    uint64_t limit;
    uint32_t timeout_ms;
};

/* A process has one session and at most one invocation open.
 *
 *   IDLE --invoke--> SIGNING_IN --> JOINING (until the room's past is known)
 *                                      |
 *                                      +--> POSTING --> SEEKING --> IDLE
 *                                      |                (its position)
 *                                      +--> READING --------------> IDLE
 */
enum phase {
    PHASE_IDLE,
    PHASE_SIGNING_IN,
    PHASE_JOINING,
    PHASE_POSTING,
    PHASE_SEEKING, /* The pool said yes; which message it is, history tells. */
    PHASE_READING,
    PHASES
};

/* A client of a process; it outlives it until the turn ends. */
struct session {
    LIST_ENTRY(session) link; /* load->dropped */
    struct process *process;  /* NULL: dropped. */
    struct client *client;
    char user[LOAD_NAME_BYTES + 256];
    char node[LOAD_NODE_BYTES];
};

struct process {
    RB_ENTRY(process) link;
    struct load *load;
    uint64_t number;
    enum phase phase;
    struct session *session; /* NULL: none. */
    struct timer *timer;     /* Until the invocation must be answered. */
    struct invocation invocation;
    uint64_t deadline_us;
    uint64_t sent_ns; /* 0: nothing was sent. */
    uint64_t token;   /* Of what is asked. */
    struct reading reading;
};

RB_HEAD(process_tree, process);
LIST_HEAD(session_list, session);

struct load {
    struct loop *loop;
    json_t *setup; /* NULL: not yet. Holds the texts below. */
    const char *domain, *password;
    json_t *rooms;
    struct process_tree processes;
    struct session_list dropped;
};

/* command.c */

/**
 * Take a line.
 *
 * Returns NULL, or what is wrong with it: the runner and this program do not
 * understand each other, and nothing can be trusted. Static.
 */
const char *command_take(struct load *load, struct slice line);

/* process.c */

/** Find a process, or make one. NULL when memory is out. */
struct process *process_get(struct load *load, uint64_t number);

/**
 * Begin an invocation. Ownership of its line passes.
 *
 * Returns false when one is open already.
 */
bool process_invoke(struct process *process, struct invocation *invocation);

/** End a process, unanswered if it must be. */
void process_end(struct process *process);

/** Take an event of the process's session. */
void process_event(struct process *process, const struct client_event *event);

#endif
