/* What administration may ask of a node's state and of the pool, and what it
 * is told. Whoever wires a node fills this in and calls desk_... (desk.h) when
 * something asked for has come about.
 *
 * Tokens name what was asked for; the desk makes them, never the same twice,
 * and takes no offence at an answer to one it has given up.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_STATE_H
#define NODE_ADMIN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/chat/machine.h"
#include "node/chat/said.h"
#include "node/session/lookup.h" /* Its types alone. */
#include "proto/base/arena.h"
#include "proto/base/error.h"
#include "proto/command.h"
#include "proto/store.pb-c.h"
#include "raft/replica.h"

struct room;

enum {
    ADMIN_FAULTS_MAX = 16,
    ADMIN_CERTIFICATES_MAX = 8,
};

/* What became of a proposal. */
enum admin_fate {
    ADMIN_APPLIED,   /* Here, with an outcome. */
    ADMIN_WITHDRAWN, /* It has not happened and never will. */
    ADMIN_LOST,      /* It may have happened; nobody can tell any more. */
};

/* A certificate the node uses. */
struct admin_certificate {
    const char *name;  /* "peer", "sip", "admin". */
    int64_t expires_s; /* Seconds since 1970. */
};

/* What a node knows of itself. All texts are borrowed for the call that gets
 * them. */
struct admin_node {
    uint8_t node;
    const char *software; /* "perchd 0.1.0" */
    uint32_t rules_known;
    bool alive, ready;
    uint64_t digest, digest_index; /* Of the entries applied up to there. */
    size_t n_faults;
    const char *faults[ADMIN_FAULTS_MAX]; /* Why it is not ready. */
    struct {
        const char *socket; /* NULL: there is no external program. */
        bool connected, absent_refuses;
        uint32_t waiting, expressions_bad;
    } hook;
    size_t n_certificates;
    struct admin_certificate certificates[ADMIN_CERTIFICATES_MAX];
};

/* A message with why it is as it is; borrowed for the call that gets it. */
struct admin_message {
    struct said said;
    struct slice reason;
    int64_t changed_at_us; /* 0: never. */
};

/* A text of a message. */
struct admin_version {
    enum revision state;
    int64_t at_us;
    struct slice user, administrator, source, reason, text;
    uint64_t log_index;
};

/** Take a message, or a version; false ends the walk. */
typedef bool admin_take_message(void *context,
                                const struct admin_message *message);
typedef bool admin_take_version(void *context,
                                const struct admin_version *version);

/* What a node's store has of messages. Each returns an error when it cannot be
 * read now. */
struct admin_messages {
    /**
     * Look up what a command wants the rules to be told of messages.
     */
    enum error (*facts)(void *context, const Perch__Command *command,
                        struct arena *arena, struct facts *facts_out);

    /** Walk the messages of a room from one id to another, oldest first.
     */
    enum error (*walk)(void *context, uint32_t room, uint64_t first,
                       uint64_t last, admin_take_message *take,
                       void *take_context);

    /** Walk the texts of a message, the one as posted first. Returns NOT_FOUND
     * when it is not there. */
    enum error (*versions)(void *context, uint32_t room, uint64_t message_id,
                           admin_take_version *take, void *take_context);

    /** Find up to which message a room is to be purged next, 0: nothing is due.
     */
    enum error (*due)(void *context, const struct room *room, int64_t now_us,
                      uint64_t *upto_out);
};

/* What an administrator looks for; all conditions hold. Lies in its arena. */
struct admin_search {
    struct arena *arena;
    struct slice text;
    bool is_exact, match_case;
    const struct slice *authors; /* URIs; none: whoever. */
    size_t n_authors;
    const struct lookup_room *rooms; /* By number. */
    size_t n_rooms;
    int64_t from_us, to_us; /* Both inclusive. */
    bool oldest_first;
    uint32_t most;
};

/* A message as the store has it, and what it says now. */
struct admin_content {
    const Perch__Stored__Message *message;
    struct slice text, extra;
    bool taken_back; /* Withdrawn or redacted: it says nothing any more. */
};

/** Take a message, borrowed for the call; false ends the walk. */
typedef bool admin_take_content(void *context,
                                const struct admin_content *content);

struct admin_state {
    void *context; /* Given to each of the following. */

    /** Borrow the state until the loop turns; NULL while it is loaded or
     * replaced. */
    const struct machine *(*machine)(void *context);

    /** Tell the log index of the last entry the state has applied. */
    uint64_t (*applied)(void *context);

    /** Borrow what the replica knows, until the loop turns. */
    const struct replica_status *(*replica)(void *context);

    /** Describe the node; node_out is zeroed before. */
    void (*node)(void *context, struct admin_node *node_out);

    /**
     * Ask for a moment at which the state here is as new as any acknowledged
     * change: answered by desk_read_ready.
     *
     * Returns BUSY when too many wait; there is then no answer.
     */
    enum error (*read)(void *context, uint64_t token);

    /**
     * Have a command committed: answered by desk_told when it is applied here,
     * or when it was taken back.
     *
     * @command      Borrowed for the call; names its administrator and source.
     * @patience_ms  Taken back when it has not left this node within.
     *
     * Returns an error when it was not taken; there is then no answer, and the
     * command will not be committed.
     */
    enum error (*propose)(void *context, uint64_t token,
                          Perch__Command *command, unsigned patience_ms);

    /** Hand leadership to a node, or to the fittest for 0: answered by
     * desk_transferred. */
    void (*transfer)(void *context, uint64_t token, uint8_t node);

    /** Search what was said, as the state is: answered by desk_found. Takes
     * the search; frees it when it has answered. */
    void (*search)(void *context, uint64_t token, struct admin_search *search);

    const struct admin_messages *messages; /* NULL: there is no store. */
    /**
     * Walk what was said in a room, from a message on, oldest first.
     *
     * Returns CLOSED while the store is replaced, or what the store says.
     */
    enum error (*content)(void *context, uint32_t room, uint64_t first,
                          admin_take_content *take, void *take_context);
};

/** Make a search with its arena, of all there is. NULL: no memory. */
struct admin_search *admin_search_new(void);

/** Free a search. Accepts NULL. */
void admin_search_free(struct admin_search *search);

#endif
