/* perch: a persistent chat client for terminals and scripts. See perch(1). */
#include <locale.h>
#include <stdio.h>

#include "ops/perch/app.h"
#include "ops/perch/password.h"
#include "proto/base/journal.h"

static int work(const struct options *options, struct password *password)
{
    bool wants_password;
    int exit_code = app_run(options, password->is_known ? password->text : NULL,
                            &wants_password);

    if (!wants_password) {
        return exit_code;
    }
    if (!password_ask(password, options->user)) {
        fputs("perch: the pool asks for a password: --password-file, "
              "PERCH_PASSWORD_FILE or PERCH_PASSWORD\n",
              stderr);
        return exit_code;
    }
    return app_run(options, password->text, &wants_password);
}

int main(int argc, char *argv[])
{
    struct password password = {.is_known = false};
    struct options options;
    int exit_code;

    setlocale(LC_ALL, "");
    journal_configure(JOURNAL_WARNING, false, false);
    if (!options_read(argc, argv, &options, &exit_code)) {
        return exit_code;
    }
    exit_code = EXIT_USAGE;
    if (password_find(&password, options.password_file)) {
        exit_code = work(&options, &password);
    }
    password_wipe(&password);
    return exit_code;
}
