/* The synthetic transaction: two users sign in over SIP, find and enter a room,
 * say something to each other, leave and sign out, each step timed.
 *
 *   SIGN_IN -> FIND -> JOIN -> MESSAGE_THERE -> MESSAGE_BACK -> LEAVE
 *           -> SIGN_OUT -> over;  each --refused, too late--> over
 *
 * What a monitoring system learns from it is what a user would notice.
 *
 * Thread: the program's only one; exchange_run waits.
 */
#ifndef OPS_PERCHCTL_EXCHANGE_H
#define OPS_PERCHCTL_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/client/secure.h"

/* X(name, word): the word is what JSON says. */
#define EXCHANGE_STEP_LIST(X)                                                  \
    X(SIGN_IN, "sign_in")                                                      \
    X(FIND, "find")                                                            \
    X(JOIN, "join")                                                            \
    X(MESSAGE_THERE, "message_there")                                          \
    X(MESSAGE_BACK, "message_back")                                            \
    X(LEAVE, "leave")                                                          \
    X(SIGN_OUT, "sign_out")

#define EXCHANGE_STEP_ENUM(name, word) STEP_##name,
enum exchange_step_kind { EXCHANGE_STEP_LIST(EXCHANGE_STEP_ENUM) STEPS };
#undef EXCHANGE_STEP_ENUM

enum { EXCHANGE_TEXT_BYTES = 256, EXCHANGE_USERS = 2 };

struct exchange_settings {
    const char *users[EXCHANGE_USERS];   /* alice@example.com */
    const char *servers[EXCHANGE_USERS]; /* host:port */
    const char *password;                /* Of both; NULL: none. */
    const char *room;                    /* Name or URI. */
    const struct trust *trust;           /* NULL: TCP. */
    uint32_t timeout_ms;                 /* For all of it. */
};

struct exchange_result {
    bool done;
    bool reached;   /* Both servers have answered at all. */
    unsigned steps; /* That are done; the next one failed. */
    uint64_t step_us[STEPS];
    char text[EXCHANGE_TEXT_BYTES]; /* What went wrong. */
};

/** Name a step. A static string. */
const char *exchange_step_word(enum exchange_step_kind step);

/** Do it all, once. */
void exchange_run(const struct exchange_settings *settings,
                  struct exchange_result *result_out);

#endif
