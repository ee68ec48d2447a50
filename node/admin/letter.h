/* What passes between the administrators' server and the desk: a request that
 * was read, and a reply that is written, each a letter with all it needs.
 *
 * Thread: an ask is made on the web loop and read on the state loop; a reply
 * the other way round.
 */
#ifndef NODE_ADMIN_LETTER_H
#define NODE_ADMIN_LETTER_H

#include "node/chat/limits.h"
#include "proto/admin.h"
#include "proto/base/arena.h"
#include "proto/base/letters.h"

/* Who asks, as commands record it. */
struct admin_actor {
    Perch__Credential credential;     /* What it was believed by. */
    char name[ACTOR_BYTES_MAX + 1];   /* As authenticated: "root", "alice". */
    char source[ACTOR_BYTES_MAX + 1]; /* From where. */
};

struct admin_ask {
    struct letter letter;
    struct arena *arena; /* Owns the request. */
    uint64_t client;     /* The server's own; returned in the reply. */
    struct letters *reply_to;
    struct admin_actor actor;
    struct admin_request request;
};

struct admin_told {
    struct letter letter;
    uint64_t client;
    struct buffer frame; /* The whole reply. */
};

/** Make an ask with its arena. NULL when memory is out. */
struct admin_ask *admin_ask_new(void);

/** Free an ask and all in its arena; a password is overwritten first. Accepts
 * NULL. */
void admin_ask_free(struct admin_ask *ask);

/** Overwrite bytes that may be a password where they lie, though a slice only
 * borrows them. */
void admin_wipe(struct slice bytes);

/** Make the letter of a reply. NULL when memory is out. */
struct admin_told *admin_told_new(uint64_t client);

/** Free a reply. Accepts NULL. */
void admin_told_free(struct admin_told *told);

#endif
