/* What a client tells its owner.
 *
 * All that an event points to is borrowed for the call. The owner may use any
 * function of the client from within, but client_free.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_EVENT_H
#define OPS_CLIENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/client/cause.h"
#include "ops/client/people.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/roaming.h"

/* X(name, word): the word is what JSON says. */
#define CLIENT_STATE_LIST(X)                                                   \
    X(IDLE, "idle")             /* Not yet started. */                         \
    X(CONNECTING, "connecting") /* To event.server. */                         \
    X(ONLINE, "online")         /* Rooms are joined, posts go out. */          \
    X(WAITING, "waiting")       /* For the next attempt, in retry_in_ms. */    \
    X(DENIED, "denied")         /* The pool refuses this user: it is over. */  \
    X(LEAVING, "leaving")       /* Signing out. */                             \
    X(STOPPED, "stopped")       /* After client_stop: it is over. */

#define CLIENT_STATE_ENUM(name, word) CLIENT_##name,
enum client_state { CLIENT_STATE_LIST(CLIENT_STATE_ENUM) CLIENT_STATES };
#undef CLIENT_STATE_ENUM

/** Tell the word for a state. Static. */
const char *client_state_word(enum client_state state);

/* What became of a post or a question. */
enum client_result {
    CLIENT_DONE,
    CLIENT_REFUSED, /* For a stated reason: nothing has come of it. */
    CLIENT_UNSENT,  /* No server took it in time: nothing has come of it. */
    CLIENT_UNKNOWN, /* It was sent, and what came of it cannot be known. */
};

/** Tell the word for a result. Static. */
const char *client_result_word(enum client_result result);

enum client_event_kind {
    CLIENT_EVENT_STATE,
    CLIENT_EVENT_JOINED,   /* In the room, or in it again: from here on every
                              message is told. */
    CLIENT_EVENT_LEFT,     /* Out of it for good, or never let in. */
    CLIENT_EVENT_CHANGED,  /* The room has another name or description. */
    CLIENT_EVENT_MESSAGE,  /* Each once, in order. */
    CLIENT_EVENT_GAP,      /* These cannot be had; the next ones follow. */
    CLIENT_EVENT_REVISED,  /* A message is to be shown another way now. */
    CLIENT_EVENT_CLEARED,  /* Nothing is to be shown any more up to one. */
    CLIENT_EVENT_ENTERED,  /* Someone came into the room. */
    CLIENT_EVENT_GONE,     /* Someone left it. */
    CLIENT_EVENT_POSTED,   /* What became of a post. */
    CLIENT_EVENT_REPLY,    /* What became of a question. */
    CLIENT_EVENT_FOLLOWED, /* The rooms the user follows, whenever they are
                              others. */
    CLIENT_EVENT_NEWS,     /* There is something new in a followed room. */
    CLIENT_EVENT_READ,     /* The user has read up to there, anywhere. */
    CLIENT_EVENT_PROBLEM,  /* The server said what cannot be used. */
};

struct client_event_state {
    enum client_state state;
    const char *server;      /* host:port */
    enum client_cause cause; /* Why not ONLINE any more, or not yet. */
    int status;              /* The SIP answer behind it; 0: none. */
    const char *text;        /* The same in words; may be empty. */
    uint32_t retry_in_ms;    /* WAITING. */
    unsigned failures;       /* Attempts in a row that came to nothing. */
};

/* Why a room was left. */
enum client_left {
    CLIENT_LEFT_ASKED,    /* client_part */
    CLIENT_LEFT_REFUSED,  /* The pool does not let this user in. */
    CLIENT_LEFT_KICKED,   /* No longer a member. */
    CLIENT_LEFT_DISABLED, /* The room is gone. */
};

/** Tell the word for why a room was left. Static. */
const char *client_left_word(enum client_left why);

struct client_event {
    enum client_event_kind kind;
    struct slice room_uri; /* Of events of a room; else empty. */
    struct slice room_name;
    union {
        struct client_event_state state;
        struct {
            bool is_again; /* After a reconnect. */
            struct slice description;
            struct people *people;
        } joined;
        struct {
            enum client_left why;
            unsigned code;         /* Of the refusal; 0: not told. */
            struct slice sentence; /* The pool's words; may be empty. */
        } left;
        struct {
            struct slice description;
        } changed;
        struct {
            const struct xccos_message *message;
            bool is_live; /* Else from history. */
            bool is_own;  /* This user's, from whatever device. */
        } message;
        struct {
            uint64_t first_id, last_id;
        } gap;
        const struct xccos_message *revised; /* With its state. */
        uint64_t cleared_upto;               /* Message id. */
        struct {
            struct slice uri;
            struct slice name; /* May be empty. */
        } person;
        struct {
            uint64_t token;
            enum client_result result;
            uint64_t message_id; /* 0: not known. */
            struct slice retry_id;
            int status;          /* The last SIP answer; 0: none. */
            struct slice reason; /* Of a refusal; may be empty. */
        } posted;
        struct {
            uint64_t token;
            enum client_result result;
            unsigned code; /* XCCOS's, or SIP's where it came to none. */
            struct slice sentence;
            const struct xccos_data *data; /* Never NULL. */
        } reply;
        struct {
            const struct roaming_item *rooms;
            size_t waiting;        /* Changes that are not done yet. */
            unsigned code;         /* Of a refusal: they are dropped; or 0. */
            struct slice sentence; /* The pool's words. */
        } followed;
        const struct xccos_news *news; /* Of NEWS and READ; NULL: somewhere. */
        struct slice problem;
    };
};

#endif
