/* What the owner of a client wants: posts, questions, rooms.
 *
 * All of it may be asked in any state but DENIED, LEAVING and STOPPED, and is
 * done when there is a connection. What is not answered is asked again, on the
 * next connection if need be, until its deadline.
 *
 * Thread: the client's loop.
 */
#ifndef OPS_CLIENT_ASK_H
#define OPS_CLIENT_ASK_H

#include "ops/client/client.h"

/* Borrowed for the call. */
struct client_post {
    struct slice room_uri; /* Joined, or being joined. */
    struct slice text;     /* 1 byte or more. */
    bool is_alert;
    bool is_story;         /* Long; its first line is its title. */
    struct slice retry_id; /* Empty: one is made. */
    uint32_t within_ms;    /* Until its deadline. */
    bool is_once;          /* Never sent twice: a lost answer is UNKNOWN. */
};

enum client_question_kind {
    CLIENT_FIND_ROOMS,    /* By text in the name; empty: all. */
    CLIENT_MY_ROOMS,      /* That the user is a member of. */
    CLIENT_MANAGED_ROOMS, /* That he manages. */
    CLIENT_LAST,          /* The newest `most` messages of a room. */
    CLIENT_AFTER,         /* The oldest `most` after message_id. */
    CLIENT_BEFORE,        /* The newest `most` before message_id. */
    CLIENT_CORRECT,       /* Text instead of message_id's, one's own. */
    CLIENT_WITHDRAW,      /* Take message_id back; the text says why. */
    CLIENT_SEARCH,        /* Messages by `search`, at most `most`. */
    CLIENT_NEWS,          /* What is unread: of room_uri, or all followed. */
    CLIENT_MARK_READ,     /* A room is read up to message_id; 0: to its last. */
    CLIENT_FEEDS,         /* What the user wants to be told of. */
    CLIENT_SET_FEEDS,     /* To be told of feeds. */
    CLIENT_INVITATIONS,   /* That the user was not told of yet: now he is. */
    CLIENT_FIND_PEOPLE,   /* Users and groups, by text in name or URI. */
};

/* What was said: all of these hold. */
struct client_search {
    struct slice text; /* Words; empty: whatever was said. */
    bool is_exact;     /* They stand together, in order. */
    bool match_case;
    const char *const *rooms; /* URIs; none: all of one's rooms. */
    size_t rooms_n;
    const char *const *authors; /* URIs, any of them; none: whoever. */
    size_t authors_n;
    bool has_from, has_to;
    int64_t from_us, to_us; /* Both inclusive. */
    bool oldest_first;      /* Else the newest. */
};

/* Borrowed for the call. */
struct client_question {
    enum client_question_kind kind;
    struct slice text;
    bool is_exact;         /* The text is the whole name. */
    struct slice room_uri; /* Of history, which need not be joined, and of
                              what is corrected and withdrawn. */
    uint64_t message_id;
    const struct client_search *search;
    uint32_t most;      /* Of history: 1 to CLIENT_HISTORY_MAX; of a search 1
                           to CLIENT_SEARCH_MAX. */
    uint32_t within_ms; /* Until its deadline. */
    bool is_once;
    bool is_back; /* The mark may go back; message_id 0 is then nothing. */
    const struct xccos_feeds *feeds; /* Outlive the answer. */
};

/* A room the client is in, or means to be in. */
struct client_room {
    struct slice uri;
    struct slice name; /* Empty until it was joined. */
    struct slice description;
    bool is_in;
    bool is_current; /* Nothing is known to be missing. */
    bool is_blind;   /* Its history cannot be had until the next join. */
    uint64_t told;   /* The last message id told. */
    struct people *people;
};

/**
 * Post a text. Posts of one room are sent one after the other, in the order
 * given. POSTED follows.
 *
 * Returns NOT_FOUND for a room that was not asked to be joined, INVALID for a
 * text or retry id that no pool would take, TOO_LARGE, BUSY when
 * CLIENT_ERRANDS_MAX wait, CLOSED when it is over, NO_MEMORY.
 */
enum error client_post(struct client *client, const struct client_post *post,
                       uint64_t *token_out);

/**
 * Ask a question. REPLY follows.
 *
 * Returns as client_post.
 */
enum error client_ask(struct client *client,
                      const struct client_question *question,
                      uint64_t *token_out);

/**
 * Join a room and stay in it. JOINED or LEFT follows, then its messages.
 *
 * @history_n  How many messages to tell of what was said before, up to
 *             CLIENT_HISTORY_MAX.
 *
 * Returns INVALID for what is no room URI, EXISTS, BUSY when there are
 * CLIENT_ROOMS_MAX, CLOSED, NO_MEMORY.
 */
enum error client_join(struct client *client, struct slice room_uri,
                       uint32_t history_n);

/**
 * Join, in one command, the followed rooms that the pool has told and that
 * were not asked to be joined yet.
 *
 * Returns as client_join, but for EXISTS.
 */
enum error client_join_followed(struct client *client, uint32_t history_n);

/** Leave a room. LEFT follows. Returns NOT_FOUND. */
enum error client_part(struct client *client, struct slice room_uri);

/** Tell of the rooms the user follows, by FOLLOWED, now and whenever they are
 * others. Returns CLOSED. */
enum error client_watch_followed(struct client *client);

/**
 * Have a room followed, or not any more, on all devices. FOLLOWED follows.
 *
 * @name  Of the room, kept with it; may be empty.
 *
 * Returns INVALID, BUSY when CLIENT_FOLLOWS_MAX wait, CLOSED, NO_MEMORY.
 */
enum error client_follow(struct client *client, struct slice room_uri,
                         struct slice name, bool follows);

/** Look at a room; what view_out borrows is valid until the next event. */
enum error client_look(struct client *client, struct slice room_uri,
                       struct client_room *view_out);

#endif
