#include "node/chat/pool.h"

#include <stdio.h>

#include "node/chat/enforce.h"
#include "node/chat/setting.h"
#include "proto/base/check.h"

#define POOL_NAME "sip:GC-1-PersistentChatService-1@"

/* It is in the address of every room and category, and in what is kept of every
 * password (RFC 7616's realm). Rules version 1 did not ask for users. */
static bool domain_is_fixed(const struct machine *machine)
{
    bool in_passwords =
        machine->rules_version >= RULES_PEOPLE && !RB_EMPTY(&machine->by_uri);

    return machine->domain != NULL && (machine->place_last > 0 || in_passwords);
}

static enum outcome check_domain(const struct machine *machine,
                                 struct slice domain)
{
    if (!text_is_domain(domain)) {
        return OUTCOME_DOMAIN_INVALID;
    }
    if (domain_is_fixed(machine) &&
        text_compare_nocase(domain, text_slice(machine->domain)) != 0) {
        return OUTCOME_DOMAIN_FIXED;
    }
    return OUTCOME_DONE;
}

/* A pool whose rules have not been raised has the settings they had. */
static bool is_setting(const struct machine *machine,
                       const Perch__PoolPut__Setting *setting)
{
    uint32_t known = machine->rules_version >= RULES_ARCHIVE ? SETTINGS
                     : machine->rules_version >= RULES_TALK  ? SETTINGS_OF_TALK
                     : machine->rules_version >= RULES_PEOPLE
                         ? SETTINGS_OF_PEOPLE
                         : SETTINGS_AT_FIRST;

    return setting->has_number && setting->number < known;
}

static enum outcome check_settings(struct turn *turn,
                                   const Perch__PoolPut *command)
{
    for (size_t i = 0; i < command->n_settings; i++) {
        const Perch__PoolPut__Setting *setting = command->settings[i];

        turn->value = i;
        if (!is_setting(turn->machine, setting)) {
            return OUTCOME_SETTING_UNKNOWN;
        }
        if (!setting_allows((enum setting)setting->number, setting->value)) {
            return OUTCOME_SETTING_OUT_OF_RANGE;
        }
    }
    turn->value = 0;
    return OUTCOME_DONE;
}

static enum outcome check(struct turn *turn, const Perch__PoolPut *command)
{
    if (command->has_domain) {
        enum outcome outcome =
            check_domain(turn->machine, codec_slice(command->domain));

        if (outcome != OUTCOME_DONE) {
            return outcome;
        }
    }
    if (command->has_pool_uri &&
        !text_is_sip_uri(codec_slice(command->pool_uri))) {
        return OUTCOME_POOL_URI_INVALID;
    }
    if (command->web_url.len > 0 &&
        !text_is_web_url(codec_slice(command->web_url), WEB_URL_BYTES_MAX)) {
        return OUTCOME_WEB_URL_INVALID;
    }
    return check_settings(turn, command);
}

static void put_domain(struct machine *machine, struct slice domain)
{
    char uri[sizeof(POOL_NAME) + DOMAIN_BYTES_MAX];

    if (domain_is_fixed(machine)) {
        return; /* It is the same: check_domain. */
    }
    CHECK(domain.len <= DOMAIN_BYTES_MAX);
    text_replace(&machine->domain, domain);
    text_fold(machine->domain->bytes, domain);
    if (machine->pool_uri == NULL) {
        snprintf(uri, sizeof(uri), POOL_NAME "%.*s",
                 SLICE_PRINT(text_slice(machine->domain)));
        text_replace(&machine->pool_uri, slice_of_text(uri));
    }
}

enum outcome pool_put(struct turn *turn, const Perch__PoolPut *command)
{
    struct machine *machine = turn->machine;
    enum outcome outcome = check(turn, command);
    uint32_t chat_before = machine->settings[SETTING_CHAT_ENABLED];

    if (outcome != OUTCOME_DONE || turn->judging) {
        return outcome;
    }

    if (command->has_pool_uri) {
        text_replace(&machine->pool_uri, codec_slice(command->pool_uri));
    }
    if (command->has_web_url) {
        text_replace(&machine->web_url, codec_slice(command->web_url));
    }
    if (command->has_domain) {
        put_domain(machine, codec_slice(command->domain));
    }
    for (size_t i = 0; i < command->n_settings; i++) {
        const Perch__PoolPut__Setting *setting = command->settings[i];

        machine->settings[setting->number] = setting->value;
    }
    changes_mark(&machine->changes, ROW_POOL, 0, 0, 0);
    if (chat_before != 0 && machine->settings[SETTING_CHAT_ENABLED] == 0) {
        enforce_all(turn);
    }
    effects_event(turn->effects, EVENT_POOL_CHANGED);
    return OUTCOME_DONE;
}
