/* One client's connection, from accept to close. Who is on the other end is
 * decided once, by its sign-in, and holds for everything that comes later.
 *
 *   HANDSHAKING --TLS is up--> STRANGER <--refused--+
 *                               |    ^              |
 *                      REGISTER |    | Expires 0    |
 *                               v    |              |
 *                            CHECKING ----------> SIGNED_IN
 *
 *   each of them --last words--> LINGERING --FIN or time--> CLOSED
 *   each of them --lost-------------------------------------> CLOSED
 *
 * HANDSHAKING  TLS only; perhaps waiting for its turn.
 * STRANGER     Nobody yet. REGISTER and OPTIONS are served, little else.
 * CHECKING     The state loop was asked who it is. Nothing is read meanwhile.
 * SIGNED_IN    identity says who.
 * LINGERING    What is written goes out, what comes in is thrown away.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_CONNECTION_H
#define NODE_SIP_CONNECTION_H

#include <bsd/sys/queue.h>
#include <uv.h>

#include "node/sip/address.h"
#include "node/sip/ending.h"
#include "node/sip/framer.h"
#include "node/sip/listener.h"
#include "node/sip/tls.h"
#include "proto/base/arena.h"

enum connection_state {
    CONNECTION_HANDSHAKING,
    CONNECTION_STRANGER,
    CONNECTION_CHECKING,
    CONNECTION_SIGNED_IN,
    CONNECTION_LINGERING,
    CONNECTION_CLOSED,
    CONNECTION_STATES,
};

/* Why a connection is not read for a while. */
enum pause {
    PAUSE_SIGN_IN = 1, /* Until the state loop has answered. */
    PAUSE_OUTPUT = 2,  /* Until it has read what we wrote. */
    PAUSE_RATE = 4,    /* Until its INFOs of this second are used up. */
};

/* Who is signed in. All texts are in the arena. */
struct identity {
    struct arena *arena;
    struct slice user_uri;    /* As the pool writes it. */
    struct slice who;         /* "user@host" in lower case, as in From. */
    struct slice endpoint_id; /* +sip.instance or epid; may be empty. */
    struct slice pool_uri;
    struct slice web_url; /* Of room management; empty: none. */
};

struct connection {
    struct edge *edge;
    struct listener *listener;
    edge_ref ref;
    enum connection_state state;
    unsigned paused;                      /* enum pause bits. */
    TAILQ_ENTRY(connection) link;         /* edge->open */
    TAILQ_ENTRY(connection) dirty_link;   /* edge->dirty or edge->deferred */
    TAILQ_ENTRY(connection) waiting_link; /* edge->waiting */
    bool is_dirty;
    bool is_deferred;
    bool is_waiting;
    bool is_reading;
    bool is_shut; /* FIN is on its way. */

    uv_tcp_t tcp;
    struct tls *tls;
    struct address peer;
    struct framer framer;
    size_t kept;               /* By the framer, as counted by the edge. */
    struct buffer out;         /* Said in this turn. */
    struct buffer wire;        /* The same, encrypted. */
    struct write_job *writing; /* What the kernel would not take at once. */

    /* Moments on the loop's clock in ms; 0: not running. */
    uint64_t opened_ms;
    uint64_t stranger_ms; /* Since when nobody is signed in. */
    uint64_t heard_ms;    /* The last byte. */
    uint64_t partial_ms;  /* The first byte of an unfinished message. */
    uint64_t said_ms;     /* The last output that no CRLF has followed. */
    uint64_t stuck_ms;    /* Since when nothing moves. */
    uint64_t lingering_ms;
    uint64_t expires_ms;    /* When the registration ends. */
    size_t stuck_bytes;     /* What the kernel had not taken then. */
    unsigned silence_max_s; /* Announced keep-alive; 0: none. */

    unsigned requests;  /* 0, 1 or more: the first has its deadline. */
    unsigned malformed; /* Messages. */
    unsigned challenges;
    unsigned failures;
    unsigned infos_left;     /* In this second. */
    char nonce[33];          /* The one outstanding; empty: none. */
    uint64_t nonce_ms;       /* Made then. */
    struct sign_in *sign_in; /* Under way, in CHECKING. */
    struct identity *identity;

    LIST_HEAD(, dialog) dialogs;
    unsigned dialogs_n;
    bool broke_dialog; /* The client was told 481, or invited anew. */
    LIST_HEAD(, info_answer) answers;     /* INFOs waiting for commit. */
    LIST_HEAD(, presence_wait) presences; /* Likewise, of documents. */
    unsigned presences_n;
    struct subscription *subscription; /* To its user's document; or NULL. */
};

/**
 * Take the connection that waits at a listener, or turn it away at a cap.
 *
 * Returns false when memory is out; it then still waits.
 */
bool connection_accept(struct listener *listener);

/** Serve a socket that did not come through accept: for tests. */
struct connection *connection_adopt(struct listener *listener, int fd);

/** Go on after accept or TLS: read requests. */
void connection_welcome(struct connection *connection);

/** Move to another state. */
void connection_move(struct connection *connection, enum connection_state next);

/** Tell whether it still serves: neither lingering nor closed. */
bool connection_is_live(const struct connection *connection);

/**
 * Send what is written, then end it. Its dialogs end now.
 *
 * @ending  Why, for the journal. The same in the next two.
 */
void connection_finish(struct connection *connection, enum ending ending);

/** End it now; unsent output is lost. Freed once the loop has closed it. */
void connection_close(struct connection *connection, enum ending ending);

/** Close it so that the kernel drops what it still holds. */
void connection_reset(struct connection *connection, enum ending ending);

/** End a user's connections that have no dialog; those that have one end with
 * it. */
void connections_dismiss(struct edge *edge, struct slice user_uri);

/** Write our side's address as Via shows it. */
void connection_local(struct connection *connection,
                      char text[ADDRESS_TEXT_BYTES]);

/** Free an identity. Accepts NULL. */
void identity_free(struct identity *identity);

#endif
