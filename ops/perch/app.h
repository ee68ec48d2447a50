/* What the commands of perch share: one client, its output, its end.
 *
 * Thread: main; all on one loop.
 */
#ifndef OPS_PERCH_APP_H
#define OPS_PERCH_APP_H

#include <uv.h>

#include "ops/client/ask.h"
#include "ops/perch/command.h"
#include "ops/perch/find.h"
#include "ops/perch/input.h"
#include "ops/perch/options.h"
#include "ops/perch/screen.h"
#include "ops/perch/transcript.h"

enum { APP_WHY_BYTES = 384, APP_WORDS_BYTES = 512 };

struct app {
    const struct options *options;
    const struct command *command;
    struct loop *loop;
    struct trust *trust;
    struct client *client;
    struct screen screen;
    struct transcript transcript;
    struct finder finder;
    struct input input; /* Of the command that reads it. */
    void *state;        /* The command's. */

    int exit_code;
    bool is_ending;
    bool has_password;
    bool wants_password;     /* It ended for want of one. */
    enum client_cause cause; /* Why it is not online. */
    char why[APP_WHY_BYTES]; /* The same in words. */
    uint64_t deadline_us;    /* Of what is done once. */
    struct timer *patience;
    uv_signal_t interrupt, terminate;
};

/**
 * Do what the options say.
 *
 * @password            NULL: none is known.
 * @wants_password_out  Nothing was done, since the pool asks for a password.
 *
 * Returns the exit code.
 */
int app_run(const struct options *options, const char *password,
            bool *wants_password_out);

/** End with this code: sign out, then return from app_run. */
void app_end(struct app *app, int exit_code);

/** The same, and say why on standard error; the text is made safe. */
void app_fail(struct app *app, int exit_code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** End with what the result of a post or question deserves; words may be
 * empty. Does nothing for DONE. */
void app_fail_result(struct app *app, enum client_result result, unsigned code,
                     struct slice words);

/**
 * Say what a result that is not DONE means.
 *
 * @words_out  In words for people.
 *
 * Returns the exit code it deserves.
 */
int app_judge(const struct app *app, enum client_result result, unsigned code,
              struct slice words, char words_out[APP_WORDS_BYTES]);

/** Milliseconds until the deadline; at least 1. */
uint32_t app_left_ms(const struct app *app);

/** Give what comes next the whole time again. */
void app_begin_anew(struct app *app);

/** Wait for the deadline no longer: it goes on until it is ended. */
void app_wait_no_more(struct app *app);

/** From now on, what is under way has the time of one thing to end. */
void app_be_patient(struct app *app);

/** Join words of the command line with blanks, from one on. Freed by the
 * caller; NULL when memory is out. */
char *app_words(const struct app *app, size_t from);

#endif
