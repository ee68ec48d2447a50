/* Who administers, and what keeps users in the town's stead. */
#include "node/chat/limits.h"
#include "proto/codec.h"
#include "proto/command.h"
#include "tests/sim/town/council.h"
#include "tests/sim/town/council_words.h"

enum {
    SIGNED_BY_ROOT = 8, /* But for one in so many. */
    RUNS = 3,
    LEASE_S_MAX = 20,
};

/* Root stays: who else would go on? */
static const struct officer {
    const char *name, *listed;
    Perch__Credential credential;
} officers[] = {{"mate", "local:mate", PERCH__CREDENTIAL__LOCAL},
                {"cook", "local:cook", PERCH__CREDENTIAL__LOCAL},
                {"bosun", "certificate:bosun", PERCH__CREDENTIAL__CERTIFICATE}};

static const struct officer *any_officer(struct decision *decision)
{
    return &officers[council_below(decision,
                                   sizeof(officers) / sizeof(officers[0]))];
}

void council_sign(struct decision *decision)
{
    Perch__Command *command = decision->command;
    const struct officer *officer = any_officer(decision);

    if (council_rules(decision) < RULES_TALK) {
        return;
    }
    if (council_odds(decision, SIGNED_BY_ROOT)) {
        CODEC_SET(command, administrator, council_text(officer->name));
        CODEC_SET(command, credential, officer->credential);
    }
}

void council_grant(struct decision *decision)
{
    Perch__AdministratorGrant *grant =
        COUNCIL_MAKE(decision, ADMINISTRATOR_GRANT, administrator_grant);

    CODEC_SET(grant, name, council_text(any_officer(decision)->listed));
    CODEC_SET(grant, role,
              (Perch__AdministratorRole)(1 + council_below(decision, 5)));
}

void council_revoke(struct decision *decision)
{
    Perch__AdministratorRevoke *revoke =
        COUNCIL_MAKE(decision, ADMINISTRATOR_REVOKE, administrator_revoke);

    CODEC_SET(revoke, name, council_text(any_officer(decision)->listed));
    if (council_odds(decision, 2)) {
        CODEC_SET(revoke, role,
                  (Perch__AdministratorRole)(1 + council_below(decision, 5)));
    }
}

void council_report(struct decision *decision)
{
    Perch__OwnerReport *report =
        COUNCIL_MAKE(decision, OWNER_REPORT, owner_report);

    CODEC_SET(report, owner,
              council_text(council_odds(decision, 3) ? "crew" : "harbour"));
    CODEC_SET(
        report, holder,
        council_named(decision, "adapter-", council_below(decision, 2), ""));
    CODEC_SET(report, lease_s, council_below(decision, LEASE_S_MAX));
    CODEC_SET(report, phase,
              (Perch__OwnerReport__Phase)(1 + council_below(decision, 5)));
    if (!council_odds(decision, 4)) {
        CODEC_SET(
            report, run,
            council_named(decision, "run-", council_below(decision, RUNS), ""));
    }
    CODEC_SET(report, changes, council_below(decision, 9));
    CODEC_SET(report, leaving, council_below(decision, 3));
}

void council_confirm(struct decision *decision)
{
    Perch__OwnerConfirm *confirm =
        COUNCIL_MAKE(decision, OWNER_CONFIRM, owner_confirm);

    CODEC_SET(
        confirm, run,
        council_named(decision, "run-", council_below(decision, RUNS), ""));
}
