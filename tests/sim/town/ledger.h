/* What must be true of a town, whatever befalls it: each post once, under the
 * same number for all, none lost that was acknowledged; equal states where
 * equal entries were applied.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_LEDGER_H
#define TESTS_SIM_TOWN_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/slice.h"

/* Squares are open to all and all are in them; clubs are what people's rights
 * make of them. */
enum {
    LEDGER_SQUARES = 3,
    LEDGER_CLUBS = 8, /* Some are made later, some deleted. */
    LEDGER_ROOMS = LEDGER_SQUARES + LEDGER_CLUBS, /* Clubs come last. */
    LEDGER_NOBODY = UINT16_MAX, /* No guest: what was imported. */
};

/* The first thing found wrong; kind "": nothing. */
struct violation {
    char kind[16];
    char text[232];
};

/* One text that a guest wants to have said, however often he tries. */
struct ledger_post {
    unsigned room, guest;
    uint64_t message_id; /* 0: nobody has seen it. */
    unsigned tries;      /* By a guest. */
    bool acknowledged;
    bool given_up;
    bool refused; /* Each try was answered that it has not happened. */
    bool loose;   /* Its retry id may have been forgotten between two tries. */
};

/* A room as those who are in it were told. */
struct ledger_room {
    uint64_t told;   /* The highest message id anyone has seen. */
    uint64_t *posts; /* By message id; 0: not seen. */
    uint64_t unsure; /* Up to here any message may have been purged. */
    size_t capacity;
};

/* What is known of the state at one log index; 0: nothing yet. */
struct ledger_index {
    uint64_t digest;
    uint64_t state;
    uint64_t said; /* Rows of messages and of what they were made. */
};

struct ledger_sums {
    uint64_t posts, acknowledged, refused, unknown;
    uint64_t copies, histories, reads, reads_failed;
    uint64_t compared; /* States at an index that another node had had. */
    uint64_t judged;   /* Entries, by the twin. */
    uint64_t deeds;    /* Changes of people, groups, places and rules, */
    uint64_t raises;   /* and those of them that raised the rules. */
    /* In clubs: copies, posts that were refused for a right, histories that
     * were shown, and not. */
    uint64_t club_copies, barred, shown, not_shown;
    /* Of messages: what they were made, by whomever; texts that were shown and
     * are not what was posted; messages that were purged. */
    uint64_t revised, shown_revised, purged;
    uint64_t found; /* By searches. */
};

struct ledger {
    struct violation violation;
    struct ledger_sums sums;
    struct ledger_room rooms[LEDGER_ROOMS];
    struct ledger_post *posts; /* By number, from 1. */
    size_t n_posts, posts_capacity;
    struct ledger_index *indexes; /* By log index. */
    size_t indexes_capacity;
};

/** Free what is held. */
void ledger_end(struct ledger *ledger);

/** Note that something is wrong; the first time counts. */
void ledger_break(struct ledger *ledger, const char *kind, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));

/** Begin a post. Returns its number, which is its text. */
uint64_t ledger_post(struct ledger *ledger, unsigned room, unsigned guest);

/** Note that a guest tries to have it said. */
void ledger_tried(struct ledger *ledger, uint64_t post);

/** Note that retry ids are forgotten: what is tried again may stand twice. */
void ledger_forget_retries(struct ledger *ledger);

/** Note that a post was answered 200. */
void ledger_acknowledged(struct ledger *ledger, uint64_t post);

/** Note that a post is given up; @refused: it has not happened for certain. */
void ledger_given_up(struct ledger *ledger, uint64_t post, bool refused);

/** Check a message that somebody was told, or that stands in a store. */
void ledger_message(struct ledger *ledger, unsigned room, uint64_t message_id,
                    struct slice text);

/** Tell which post a text is; 0: none that was ever begun. */
uint64_t ledger_number(const struct ledger *ledger, struct slice text);

/** Note that a post's message was purged: it counts as seen. */
void ledger_purged(struct ledger *ledger, unsigned room, uint64_t message_id,
                   uint64_t post);

/** Note that any message of a room up to this one may have been purged: where
 * nobody judges entries, none of them is missed. */
void ledger_unsure(struct ledger *ledger, unsigned room, uint64_t message_id);

/** Check the digest of all entries up to a log index. */
void ledger_digest(struct ledger *ledger, unsigned node, uint64_t index,
                   uint64_t digest);

/** Check the hash of the state at a log index. */
void ledger_state(struct ledger *ledger, unsigned node, uint64_t index,
                  uint64_t hash);

/** Check the hash of all rows of what was said at a log index. */
void ledger_said(struct ledger *ledger, unsigned node, uint64_t index,
                 uint64_t hash);

/** Check, at the end, that all that was acknowledged has been seen, in a store
 * at least. */
void ledger_close(struct ledger *ledger);

#endif
