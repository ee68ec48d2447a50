#include "node/chat/policy.h"

#include "node/chat/closure.h"
#include "node/chat/principal.h"
#include "proto/base/check.h"

/* What the groups above say together; UNSET when they say nothing. */
static int word_of_groups(const struct machine *machine,
                          const struct principal *principal)
{
    const struct closure *closure = closure_of(principal);
    int word = PERCH__CHAT_POLICY__UNSET;

    for (uint32_t i = 0; i < closure->n; i++) {
        int chat = principal_at(machine, closure->groups[i])->chat;

        if (chat == PERCH__CHAT_POLICY__DISABLED) {
            return chat;
        }
        word = chat == PERCH__CHAT_POLICY__UNSET ? word : chat;
    }
    return word;
}

bool policy_allows(const struct machine *machine, const struct user *user)
{
    int word = user->principal.chat;

    if (word == PERCH__CHAT_POLICY__UNSET) {
        word = word_of_groups(machine, &user->principal);
    }
    if (word == PERCH__CHAT_POLICY__UNSET) {
        return machine->settings[SETTING_CHAT_ENABLED] != 0;
    }
    return word == PERCH__CHAT_POLICY__ENABLED;
}

enum outcome policy_check(bool is_given, int chat)
{
    return !is_given || (chat >= PERCH__CHAT_POLICY__UNSET &&
                         chat <= PERCH__CHAT_POLICY__DISABLED)
               ? OUTCOME_DONE
               : OUTCOME_CHAT_POLICY_INVALID;
}

unsigned policy_put(struct principal *principal, bool is_given, int chat)
{
    if (!is_given || principal->chat == chat) {
        return 0;
    }
    CHECK(policy_check(true, chat) == OUTCOME_DONE);
    principal->chat = (uint8_t)chat;
    return CHANGED_POLICY;
}
