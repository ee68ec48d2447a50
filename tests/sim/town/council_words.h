/* The words of an administrators' command: what the council's decisions are
 * made of, drawn from the seed.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_COUNCIL_WORDS_H
#define TESTS_SIM_TOWN_COUNCIL_WORDS_H

#include "tests/sim/town/town.h"

enum {
    COUNCIL_USERS = TOWN_GUESTS_MAX / 2, /* As the founder makes them. */
    COUNCIL_GUESTS = 5,                  /* Those above have no devices. */
    COUNCIL_GROUPS = 5,
    COUNCIL_HALLS = 4, /* Categories of clubs; some come later. */
    COUNCIL_LIST_MAX = 3,
};

/* One decision under way. */
struct decision {
    struct town *town;
    struct random *random;
    struct arena *arena;
    Perch__Command *command;
};

/** Draw a number below n. */
unsigned council_below(struct decision *decision, unsigned n);

/** Draw whether something happens that does once in so many times. */
bool council_odds(struct decision *decision, unsigned one_in);

/** Make a part of a command, all absent. Lives in the decision's arena. */
void *council_make(struct decision *decision,
                   const ProtobufCMessageDescriptor *what);

/** Tell the rules in force, as far as is known. */
uint32_t council_rules(const struct decision *decision);

/* Make the command's own message. */
#define COUNCIL_MAKE(decision, KIND, name)                                     \
    ((decision)->command->kind_case = PERCH__COMMAND__KIND_##KIND,             \
     (decision)->command->name =                                               \
         council_make((decision), &perch__##name##__descriptor))

/** Write a static text. */
ProtobufCBinaryData council_text(const char *words);

/** Write a text with a number in it. */
ProtobufCBinaryData council_named(struct decision *decision, const char *before,
                                  uint64_t number, const char *after);

/** Name a guid. */
ProtobufCBinaryData council_guid(struct decision *decision, struct guid id);

/** Name a user by number. */
ProtobufCBinaryData council_user(struct decision *decision, unsigned number);

/** Name a group by number. */
ProtobufCBinaryData council_group(unsigned number);

/** Name a category of clubs by number. */
ProtobufCBinaryData council_hall(struct decision *decision, unsigned number);

/** Name one of the ledger's rooms. */
ProtobufCBinaryData council_room(struct decision *decision, unsigned room);

/** Draw a club by its number in the ledger, mostly one that is there. */
unsigned council_club(struct decision *decision);

/** List a few users, and groups where the rules know them. */
ProtobufCBinaryData *council_people(struct decision *decision, size_t *n);

#endif
