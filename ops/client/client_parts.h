/* What the parts of a client share: the client, its rooms and its errands.
 *
 *   client.c    settings; states; which server, and when
 *   errand.c    what is to be sent: kept, sent, repeated, answered
 *   posts.c     posts: one at a time per room, retry ids, their own copies
 *   questions.c what commands say
 *   rooms.c     joining, and joining again
 *   catch_up.c  messages, in order and without gaps
 *   followed.c  the rooms the user follows
 *   hear.c      what the pool says: replies, notices, messages
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_CLIENT_PARTS_H
#define OPS_CLIENT_CLIENT_PARTS_H

#include <bsd/sys/queue.h>

#include "ops/client/ask.h"
#include "ops/client/call.h"
#include "ops/client/servers.h"
#include "ops/client/timeline.h"
#include "ops/client/visit.h"
#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/xccos/names.h"

/* Something that is to be sent, until it is answered. It lies in its own
 * arena.
 *
 *   WAITING --sent--> SENT --SIP 200--> ACCEPTED --reply, or copy--> finished
 *      ^               |                   |
 *      +---- 503, or the connection was lost
 */
enum errand_state { ERRAND_WAITING, ERRAND_SENT, ERRAND_ACCEPTED };

struct seat;
struct errand;

/* How an errand ended. */
struct errand_end {
    enum client_result result;
    unsigned code; /* SIP's or XCCOS's. */
    struct slice sentence;
    const struct xccos_data *data; /* Of a reply; never NULL. */
};

struct errand {
    TAILQ_ENTRY(errand) link;
    struct arena *arena;
    uint64_t token;
    enum errand_state state;
    struct seat *seat; /* Of a post, and of what a room asks; or NULL. */
    bool is_post;
    bool is_bound;      /* To this connection: forgotten with it. */
    bool is_once;       /* Never sent a second time. */
    bool is_in_doubt;   /* It was sent, and its answer is lost. */
    unsigned rejoins;   /* A post's: times it was told "not joined". */
    unsigned last_code; /* Of the last refusal; 0: none. */
    uint64_t deadline_us;
    uint64_t not_before_us;
    uint64_t sent_us;          /* When it was last sent, or accepted. */
    uint64_t envid;            /* It was last sent with. */
    uint64_t after_id;         /* A post's copy has a higher message id. */
    uint64_t message_id;       /* Of the copy; 0: not seen. */
    struct timeline_want want; /* Of a room's history. */
    struct xccos_primitive primitive;

    /* Gets the end of what the client itself asked; NULL: the owner does. */
    void (*finish)(struct client *client, struct errand *errand,
                   const struct errand_end *end);
};

/* Errands in one state. */
TAILQ_HEAD(errand_list, errand);

enum seat_state {
    SEAT_WANTED,  /* To be joined when there is a connection. */
    SEAT_JOINING, /* It was asked. */
    SEAT_IN,
    SEAT_PARTING, /* The owner wants out. */
    SEAT_GONE,    /* Told; memory goes when no call is under way. */
};

/* A room the owner wants to be in. */
struct seat {
    TAILQ_ENTRY(seat) link; /* client->seats, or client->gone */
    enum seat_state state;
    struct guid guid;
    char *uri;
    struct slice domain; /* Within uri. */
    struct buffer name, description;
    bool was_in;         /* JOINED was told: the next time is again. */
    bool owes_joined;    /* The pool has let us in; JOINED is not told. */
    uint64_t join_token; /* Of the errand that joins it. */
    unsigned fills;      /* History requests in a row that came to nothing. */
    struct people people;
    struct timeline timeline;
    struct errand_list posts; /* Waiting, in order. */
    struct errand *posting;   /* The one that is sent; NULL: none. */
};

/* Rooms; the one whose turn to post it is first. */
TAILQ_HEAD(seat_list, seat);

/* A room that is to be followed, or not any more. */
struct followed_change {
    char *uri, *name;
    bool follows;
};

/* followed.c */
struct followed {
    bool is_asked;              /* The owner wants to know. */
    struct arena *arena;        /* Of the items. */
    struct roaming_item *items; /* As the pool last told. */
    size_t n_changes;
    struct followed_change changes[CLIENT_FOLLOWS_MAX]; /* Not yet true. */
    uint64_t retry_us; /* When to ask again; 0: not. */
};

struct client {
    struct loop *loop;
    void (*tell)(void *context, const struct client_event *event);
    void (*heard)(void *context, const struct xccos_envelope *envelope);
    void *context;
    unsigned holds; /* Calls under way: rooms that are gone stay so long. */

    char user[CLIENT_USER_BYTES_MAX + 1];
    char uri[CLIENT_USER_BYTES_MAX + 8]; /* sip:user */
    char *login, *password;
    char instance[GUID_TEXT_BYTES + 1];
    struct client_limits limits;
    struct visitor visitor;

    enum client_state state;
    struct servers servers;
    struct server redirect; /* Where a 301 points, */
    bool is_redirected;     /* and whether that is where we are. */
    struct visit *visit;    /* NULL between connections. */
    uint64_t online_us;     /* Since when; 0: not, or long enough. */
    struct timer *wake;     /* The next attempt. */
    struct timer *tick;
    uint32_t tick_ms;

    uint64_t envid, token; /* The last ones used. */
    struct seat_list seats, gone;
    size_t seats_n;
    struct followed followed;
    uint64_t rejoin_us;          /* When to try WANTED seats again; 0: now. */
    struct errand_list waiting;  /* Commands. */
    struct errand_list underway; /* Commands, SENT or ACCEPTED. */
    struct errand_list settling; /* Posts, ACCEPTED: their copies are due. */
    size_t errands_n;            /* Of the owner's. */
    bool is_pumping;
};

/** A call begins that may tell the owner something. */
void client_hold(struct client *client);

/** It ends: what is gone is freed when it was the outermost. */
void client_release(struct client *client);

/** Tell the owner. Events of a room get its uri and name. */
void client_tell(struct client *client, const struct seat *seat,
                 struct client_event *event);

/** Tell that the server said what cannot be used. */
void client_problem(struct client *client, const char *text);

/** Tell whether it is over: DENIED, LEAVING or STOPPED. */
bool client_is_over(const struct client *client);

/** See to it that the clock is looked at often enough. */
void client_pace(struct client *client);

#endif
