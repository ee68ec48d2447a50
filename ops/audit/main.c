/* perch-audit: is a compliance archive complete? See perch-audit(1). */
#include <stdio.h>

#include "ops/audit/commands.h"
#include "ops/audit/verify.h"
#include "proto/base/journal.h"

static const struct audit_command commands[] = {
    {"verify", "DIR", "is the archive complete?", 1, 1, verify_run},
    {"prove", "DIR CSN", "print a proof of one record", 2, 2, prove_run},
    {"check-proof", "FILE", "check a proof against --policy", 1, 1,
     check_proof_run},
    {"show", "DIR", "print records", 1, 1, show_run},
    {"diff", "DIR DIR", "compare two copies", 2, 2, diff_run},
    {"pin", "DIR", "print the checkpoint, to keep elsewhere", 1, 1, pin_run},
    {"vkey", "KEY | NAME TYPE FILE", "explain or print a verifier key", 1, 3,
     vkey_run},
    {"key", "new FILE NAME [TYPE]", "make a key; log (default) or cosigner", 3,
     4, key_run},
    {0},
};

const struct audit_command *audit_commands(void)
{
    return commands;
}

int main(int argc, char *argv[])
{
    struct options options;
    int exit_code;

    journal_configure(JOURNAL_WARNING, false, false);
    if (!options_read(argc, argv, &options, &exit_code)) {
        return exit_code;
    }
    exit_code = options.command->run(&options);
    if (fflush(stdout) != 0) {
        perror("perch-audit: standard output");
        return AUDIT_EXIT_UNREADABLE;
    }
    return exit_code;
}
