/* A client as a node's state loop sees one. He is in all squares and in what
 * clubs let him in, posts, reads
 * what was said, confirms what he is given, breaks and resumes dialogs, and
 * goes to another host when his is lost or slow; and he notices when something
 * is told twice or not at all.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_GUEST_H
#define TESTS_SIM_TOWN_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "node/session/delivery.h"
#include "tests/sim/random.h"
#include "tests/sim/town/ledger.h"

struct host;
struct town;

/* What commands are called, to know their replies. */
enum {
    GUEST_JOIN = 1,
    GUEST_FIRST = 100,    /* First history of room r: GUEST_FIRST + r, */
    GUEST_AGAIN = 200,    /* a later one. */
    GUEST_CALL = 300,     /* Joining club GUEST_CALL + r, */
    GUEST_PEEK = 400,     /* reading what was said there. */
    GUEST_TEND = 600,     /* What is not waited for. */
    GUEST_SEARCH = 700,   /* Searching all his rooms. */
    GUEST_PAST_MAX = 500, /* Of messages in one history. */
};

enum guest_at {
    GUEST_AWAY,
    GUEST_ENTERING, /* Has asked to join, and for what was said. */
    GUEST_IN,
};

/* A room in the present dialog, */
struct guest_room {
    uint64_t live_first, live_last; /* Copies; 0: none yet. */
    bool past_known;
    uint64_t past_last; /* Where the first history ended. */
    /* and beyond it. */
    uint64_t seen; /* All up to here was seen. */
};

/* What he wants to say. */
struct guest_post {
    uint64_t number;   /* 0: nothing. */
    uint64_t token;    /* Of the try that waits for an answer; 0: none does. */
    uint64_t asked_us; /* When it was made. */
    bool retries;      /* It has a retry id. */
    bool unknown;      /* A try was not answered. */
};

/* A history asked without joining anew. */
struct guest_reading {
    bool waits;
    unsigned room;
    uint64_t told;  /* It must reach this message at least. */
    uint64_t asked; /* When this was the newest entry. */
};

/* A club in the present dialog: he may be let in, put out, let in again. */
struct guest_club {
    uint64_t live_last; /* The last copy; 0: none yet. */
    bool called;        /* He has not asked since he called. */
    bool joins;         /* What he asked is what he joins with. */
    bool peeks;         /* He has asked what was said there, */
    uint64_t asked;     /* when this was the newest entry, */
    uint64_t cleared;   /* and up to here it was cleared. */
};

#define GUEST_BETTER "better" /* In every corrected text, and no other. */

/* A search under way. */
struct guest_search {
    bool waits;
    uint64_t asked; /* When this was the newest entry, and rooms were cleared */
    uint64_t cleared[LEDGER_ROOMS]; /* up to here. */
};

/* How far he has confirmed what he was given. */
struct guest_mark {
    uint64_t log_index;
    uint32_t replies;
};

struct guest {
    struct town *town;
    unsigned number; /* From 0. */
    struct random random;
    char uri[64], endpoint[16];

    enum guest_at at;
    struct host *host;
    uint64_t life; /* Of the host, when he came. */
    edge_ref dialog, connection;
    uint64_t dialogs, tokens;
    uint64_t entered_us, left_us; /* left_us 0: not in good order. */
    unsigned pasts;               /* First histories that are not here yet. */
    bool is_recorded;             /* There was an archive when he dialled. */
    bool counts_on_marks;         /* His last farewell must be remembered. */
    struct guest_mark given, confirmed;
    struct guest_room rooms[LEDGER_SQUARES];
    struct guest_club clubs[LEDGER_CLUBS];
    struct guest_post post;
    struct guest_reading reading;
    struct guest_search search;
};

/** Set up, away. */
void guest_init(struct guest *guest, struct town *town, unsigned number);

/** Begin to come and go. */
void guest_begin(struct guest *guest);

/** Note that a host has ended, for whoever was there. */
void guests_lose(struct host *host);

/** Take what a host's state loop gives to its edge; frees it. */
void guests_take(struct host *host, struct letter_list *list);

/** Tell whether he is in, and waits for nothing. */
bool guest_is_calm(const struct guest *guest);

#endif
