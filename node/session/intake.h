/* What an edge hands to the state loop: sign-ins, dialogs and requests of the
 * clients it holds.
 *
 * One intake is one letter with its own arena; ownership passes whole. The
 * queue is bounded; when it is full the edge answers 503 itself.
 *
 * Thread: made on an edge loop, read on the state loop.
 */
#ifndef NODE_SESSION_INTAKE_H
#define NODE_SESSION_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/base/letters.h"
#include "proto/base/slice.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/roaming.h"

enum { INTAKES_WAITING_MAX = 16384 };

/* Names a connection or a dialog of one edge for as long as it lives: edge
 * number, slot and a generation that makes reuse of the slot visible. Never 0.
 * Who serves several edges finds the right one with edge_of. */
typedef uint64_t edge_ref;

enum { EDGE_REF_EDGE_SHIFT = 56 };

/** Tell which edge named a connection or dialog. */
static inline uint8_t edge_of(edge_ref ref)
{
    return (uint8_t)(ref >> EDGE_REF_EDGE_SHIFT);
}

/** Name an edge as a whole. */
static inline edge_ref edge_whole(uint8_t edge)
{
    return (edge_ref)edge << EDGE_REF_EDGE_SHIFT;
}

enum intake_kind {
    INTAKE_SIGN_IN, /* Who is this user? Answered by a sign-in delivery. */
    INTAKE_DIALOG_OPENED, /* A chat dialog was accepted. */
    INTAKE_DIALOG_CLOSED, /* It ended, for any reason; told once, always. */
    INTAKE_REQUEST,       /* An INFO with an XCCOS body. */
    INTAKE_DELIVERED,     /* How far clients have confirmed deliveries. */
    INTAKE_PRESENCE,      /* Of a connection: its user's presence document. */
};

struct intake_sign_in {
    uint64_t token;        /* The edge's own, returned in the delivery. */
    struct slice user_uri; /* "sip:user@domain" as in From. */
};

/* Why a dialog ended, as far as a session cares. */
enum dialog_end {
    DIALOG_LEFT,    /* The client said so: BYE, sign-out. */
    DIALOG_DROPPED, /* The connection was lost, or the client forgot it. */
    DIALOG_DRAINED, /* The node sends its clients away. */
};

struct intake_dialog {
    edge_ref connection;       /* It came by. */
    struct slice user_uri;     /* The connection's identity. */
    struct slice endpoint_id;  /* +sip.instance or epid; names the device. */
    struct slice pool_uri;     /* The URI the client invited. */
    struct slice peer_address; /* "192.0.2.1:41822", for sessions lists. */

    /* On opening: an earlier dialog of the connection broke (the client got a
     * 481, or invited anew under its names). Clients such as pidgin-sipe then
     * take themselves to be in the rooms of that dialog. */
    bool resumes;

    enum dialog_end end;      /* On close. */
    uint64_t delivered_index; /* On close: as in INTAKE_DELIVERED, */
    uint32_t replies;         /* likewise. */
};

struct intake_request {
    uint64_t token; /* Names the INFO in the answering delivery; 0 when it
                       has been answered 200 already. */
    struct xccos_envelope *envelope; /* What the INFO's body says. */
};

struct intake_delivered {
    size_t n;
    struct {
        edge_ref dialog;
        uint64_t log_index; /* All bodies up to this index were answered, */
        uint32_t replies;   /* and so many of those for it alone. */
    } * marks;
};

/* What is asked of a presence document. */
enum presence_ask {
    PRESENCE_FETCH,     /* To be shown it once, */
    PRESENCE_SUBSCRIBE, /* and whenever it is another. */
    PRESENCE_PUBLISH,   /* To change it. */
    PRESENCE_POLICY,    /* Nothing of it: whether the user is enabled for
                           persistent chat, 200, or not, 403. */
    PRESENCE_END,       /* Not to be shown it any more; unanswered. */
};

struct intake_presence {
    uint64_t token; /* The edge's own, returned in the delivery. */
    enum presence_ask ask;
    struct slice user_uri;      /* The connection's identity. */
    struct roaming_item *items; /* To be published. */
};

struct intake {
    struct letter letter; /* kind: enum intake_kind. */
    struct arena *arena;  /* Owns everything below. */
    uint8_t edge;         /* Whose letter: index of the edge. */
    edge_ref ref;         /* Connection (sign-in) or dialog. */
    uint64_t handed_us;   /* Over to the state loop, by its monotonic clock. */
    union {
        struct intake_sign_in sign_in;
        struct intake_dialog dialog;
        struct intake_request request;
        struct intake_delivered delivered;
        struct intake_presence presence;
    };
};

/** Make an intake with its arena. NULL when memory is out. */
struct intake *intake_new(enum intake_kind kind, uint8_t edge, edge_ref ref);

/** Free an intake and its arena. Accepts NULL. */
void intake_free(struct intake *intake);

#endif
