/* What the state loop hands to an edge: answers, and bodies for many dialogs.
 *
 * A body that goes to many is encoded once and counted. Deliveries answer
 * bounded requests or committed entries; the edge bounds them per dialog and
 * closes who cannot keep up.
 *
 * Thread: made on the state loop, read on an edge loop.
 */
#ifndef NODE_SESSION_DELIVERY_H
#define NODE_SESSION_DELIVERY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/session/intake.h"
#include "proto/base/letters.h"

enum delivery_kind {
    DELIVERY_SIGN_IN,  /* Answers INTAKE_SIGN_IN. */
    DELIVERY_ANSWER,   /* The SIP status of an INFO that waited for commit. It
                          overtakes bodies that wait for their turn. */
    DELIVERY_BODY,     /* Send as INFO to these dialogs. */
    DELIVERY_PRESENCE, /* A presence document: answers an INTAKE_PRESENCE, or
                         it is another now. */
    DELIVERY_CLOSE,    /* Close the connections of these dialogs, once the
                          bodies given before have been written. */
    DELIVERY_DISMISS,  /* A user is deleted: close the connections of this user
                          that have no dialog. To every edge. */
};

enum sign_in_result {
    SIGN_IN_FOUND,
    SIGN_IN_UNKNOWN,     /* No such user. */
    SIGN_IN_DISABLED,    /* The account is disabled. */
    SIGN_IN_NOT_READY,   /* No leader, replaying or overloaded: 503. */
    SIGN_IN_NOT_ENABLED, /* By policy: no persistent chat for this user. */
};

struct delivery_sign_in {
    uint64_t token;
    enum sign_in_result result;
    /* Digest HA1 over "user@domain", 32 lower-case hex digits and NUL; and the
     * same over "user" alone, for clients that give that, or "". */
    char ha1[33];
    char ha1_user[33];
    struct slice user_uri; /* Canonical form; in the arena. */
    struct slice pool_uri; /* What to provision; in the arena, */
    struct slice web_url;  /* likewise; empty: none. */
};

struct delivery_answer {
    uint64_t token;         /* Of the intake. */
    int status;             /* 200, 403, 404, 412, 413, 503, ... */
    unsigned retry_after_s; /* 0: no Retry-After. */
    struct slice reason; /* For ms-diagnostics; in the arena, may be empty. */
};

/* Immutable, counted, shared by the deliveries of all edges. */
struct body {
    atomic_uint holders;
    size_t len;
    uint8_t bytes[];
};

/* By what a dialog accounts for a body, to tell how far its client has
 * confirmed what it was given. */
struct delivery_mark {
    /* What the body tells was committed here; 0 for a reply that no log entry
     * stands for. A dialog gets its bodies in log order, all of one index
     * before any of the next: its delivered mark counts on that. */
    uint64_t log_index;
    /* Which it is of the bodies for this dialog alone, from 1; 0: it goes to
     * all in a room. */
    uint32_t reply;
};

struct delivery_body {
    struct body *body; /* Held. */
    struct delivery_mark mark;
    size_t n;
    edge_ref *dialogs; /* In the arena. */
};

/* What a presence delivery brings. */
enum presence_document {
    PRESENCE_NOTHING,
    PRESENCE_SELF,  /* The document. */
    PRESENCE_FAULT, /* Why it was not changed. */
};

struct delivery_presence {
    uint64_t token; /* Of the intake; 0: nobody asked. */
    int status;     /* Of the answer. */
    enum presence_document document;
    struct body *body;      /* Held; NULL: nothing. */
    unsigned retry_after_s; /* 0: no Retry-After. */
};

struct delivery_close {
    size_t n;
    edge_ref *dialogs;   /* In the arena. */
    struct slice reason; /* For the journal; in the arena. */
};

struct delivery_dismiss {
    struct slice user_uri; /* In the arena. */
};

struct delivery {
    struct letter letter; /* kind: enum delivery_kind. */
    struct arena *arena;
    /* Where bodies not yet passed on are counted: its n leave the count when
     * the delivery is freed. Borrowed; NULL: nobody counts. */
    atomic_size_t *backlog;
    edge_ref ref; /* Of the intake that is answered. */
    union {
        struct delivery_sign_in sign_in;
        struct delivery_answer answer;
        struct delivery_body body;
        struct delivery_presence presence;
        struct delivery_close close;
        struct delivery_dismiss dismiss;
    };
};

/** Copy bytes into a body with one holder. NULL when memory is out. */
struct body *body_new(struct slice bytes);

/** Hold a body once more. Any thread. */
struct body *body_hold(struct body *body);

/** Let go; the last holder frees. Accepts NULL. Any thread. */
void body_release(struct body *body);

/** Make a delivery with its arena. NULL when memory is out. */
struct delivery *delivery_new(enum delivery_kind kind, edge_ref ref);

/** Free a delivery, its arena and its hold on a body. Accepts NULL. */
void delivery_free(struct delivery *delivery);

#endif
