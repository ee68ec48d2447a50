#include <inttypes.h>
#include <stdio.h>

#include "node/admin/answers.h"
#include "node/chat/query.h"
#include "node/chat/setting.h"
#include "node/chat/text.h"

enum { TEXTS = 3 }; /* Before the numbers. */

static const char *const text_names[TEXTS] = {"domain", "pool_uri",
                                              "room_management_url"};

static const char *const text_meanings[TEXTS] = {
    "of the URIs of rooms and categories; realm of passwords",
    "what clients invite",
};

static Perch__Admin__Setting *show_text(struct answer *answer, unsigned which,
                                        struct slice value)
{
    Perch__Admin__Setting *shown =
        answer_new(answer, &perch__admin__setting__descriptor);

    ANSWER_TEXT(shown, name, slice_of_text(text_names[which]));
    ANSWER_TEXT(shown, value, value);
    ANSWER_TEXT(shown, text, slice_of_text(text_meanings[which]));
    return shown;
}

static Perch__Admin__Setting *show_number(struct answer *answer,
                                          enum setting setting)
{
    const struct setting_fact *fact = setting_fact(setting);
    Perch__Admin__Setting *shown =
        answer_new(answer, &perch__admin__setting__descriptor);
    struct slice name = slice_of_text(fact->name);
    uint8_t *lower = answer_alloc(answer, name.len);

    text_fold(lower, name);
    ANSWER_TEXT(shown, name, slice_of(lower, name.len));
    ANSWER_TEXT(shown, value,
                answer_printf(answer, "%" PRIu32,
                              machine_setting(answer->machine, setting)));
    ANSWER_TEXT(shown, standard,
                answer_printf(answer, "%" PRIu32, fact->standard));
    CODEC_SET(shown, least, fact->least);
    CODEC_SET(shown, most, fact->most);
    ANSWER_TEXT(shown, text, slice_of_text(fact->text));
    return shown;
}

/* All settings whose names have the text in them: there are few. */
static void put_settings(struct answer *answer, struct slice match)
{
    Perch__Admin__SettingsListReply *body =
        answer_new(answer, &perch__admin__settings_list_reply__descriptor);
    struct pool_view pool;

    query_pool(answer->machine, &pool);
    const struct slice texts[TEXTS] = {pool.domain, pool.pool_uri,
                                       pool.web_url};

    body->settings =
        answer_alloc(answer, (TEXTS + SETTINGS) * sizeof(*body->settings));
    for (unsigned i = 0; i < TEXTS; i++) {
        if (text_contains_nocase(slice_of_text(text_names[i]), match)) {
            body->settings[body->n_settings++] = show_text(answer, i, texts[i]);
        }
    }
    for (int i = 0; i < SETTINGS; i++) {
        if (text_contains_nocase(
                slice_of_text(setting_fact((enum setting)i)->name), match)) {
            body->settings[body->n_settings++] =
                show_number(answer, (enum setting)i);
        }
    }
    answer->body = &body->base;
}

static void decide_list(struct answer *answer)
{
    const Perch__Admin__SettingsList *asked = answer->asked;

    put_settings(answer, codec_slice(asked->match));
}

static void show_changed(struct answer *answer)
{
    put_settings(answer, SLICE_NONE);
}

/* Decimal and nothing else; ten digits are as many as UINT32_MAX has. */
static bool read_number(struct slice text, uint32_t *number_out)
{
    uint64_t number = 0;

    if (text.len == 0 || text.len > 10) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        number = number * 10 + (text.data[i] - '0');
    }
    *number_out = (uint32_t)number;
    return number <= UINT32_MAX;
}

static void add_number(Perch__PoolPut *put, Perch__PoolPut__Setting *item,
                       enum setting setting, uint32_t value)
{
    CODEC_SET(item, number, (uint32_t)setting);
    CODEC_SET(item, value, value);
    put->settings[put->n_settings++] = item;
}

static void read_setting(struct answer *answer, Perch__PoolPut *put,
                         struct slice name, struct slice value)
{
    enum setting setting;
    uint32_t number;

    if (slice_equal_nocase(name, slice_of_text(text_names[0]))) {
        CODEC_SET(put, domain, codec_bytes(value));
    } else if (slice_equal_nocase(name, slice_of_text(text_names[1]))) {
        CODEC_SET(put, pool_uri, codec_bytes(value));
    } else if (slice_equal_nocase(name, slice_of_text(text_names[2]))) {
        CODEC_SET(put, web_url, codec_bytes(value));
    } else if (!setting_find(name, &setting)) {
        answer_refuse_outcome(answer, OUTCOME_SETTING_UNKNOWN, name);
    } else if (!read_number(value, &number)) {
        answer_refuse_about(answer, REFUSAL_SETTING_NOT_NUMBER, name);
    } else {
        add_number(put,
                   answer_new(answer, &perch__pool_put__setting__descriptor),
                   setting, number);
    }
}

/* Split NAME=VALUE. */
static void read_pair(struct answer *answer, Perch__PoolPut *put,
                      struct slice pair)
{
    const uint8_t *equals =
        pair.len == 0 ? NULL : memchr(pair.data, '=', pair.len);
    size_t len;

    if (equals == NULL) {
        answer_refuse_about(answer, REFUSAL_SETTING_MALFORMED, pair);
        return;
    }
    len = (size_t)(equals - pair.data);
    read_setting(answer, put, slice_of(pair.data, len),
                 slice_after(pair, len + 1));
}

/* Whether all that was asked for holds, the domain compared as the rules do. */
static bool is_set(const struct machine *machine, const Perch__PoolPut *put)
{
    struct pool_view pool;

    query_pool(machine, &pool);
    if ((put->has_domain &&
         !slice_equal_nocase(pool.domain, codec_slice(put->domain))) ||
        (put->has_pool_uri &&
         !slice_equal(pool.pool_uri, codec_slice(put->pool_uri))) ||
        (put->has_web_url &&
         !slice_equal(pool.web_url, codec_slice(put->web_url)))) {
        return false;
    }
    for (size_t i = 0; i < put->n_settings; i++) {
        if (machine_setting(machine, (enum setting)put->settings[i]->number) !=
            put->settings[i]->value) {
            return false;
        }
    }
    return true;
}

static void propose(struct answer *answer, Perch__PoolPut *put)
{
    if (is_set(answer->machine, put)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_POOL_PUT)->pool_put = put;
}

/* The rules that every started node knows; nodes that are given up have no
 * say, as in node/chat. */
static uint32_t rules_of_all(const struct machine *machine)
{
    uint32_t version = COMMAND_RULES_KNOWN;

    for (unsigned node = 1; node <= UINT8_MAX; node++) {
        struct node_view view;

        if (query_node(machine, (uint8_t)node, &view) && !view.lost &&
            view.rules_known < version) {
            version = view.rules_known;
        }
    }
    return version;
}

/* A pool begins with its domain, and a new one with the newest rules it can
 * have: nobody is used to older ones. Raising those of a pool in use is for
 * its administrators. */
static void begin_pool(struct answer *answer, const Perch__PoolPut *put)
{
    uint32_t known = rules_of_all(answer->machine);
    struct pool_view pool;

    query_pool(answer->machine, &pool);
    if (put->has_domain && pool.domain.len == 0 && known > pool.rules_version) {
        answer->raise_to = known;
    }
}

static void tell_set(struct answer *answer, size_t n)
{
    const char *what = n == 1 ? "the setting" : "every setting";

    if (answer->raised || answer->raise_to != 0) {
        answer_tells(answer, "set", "rules version %" PRIu32 " and %s",
                     answer->raise_to, what);
    } else {
        answer_tells(answer, "set", "%s", what);
    }
}

static void decide_set(struct answer *answer)
{
    const Perch__Admin__SettingsSet *asked = answer->asked;
    Perch__PoolPut *put = answer_new(answer, &perch__pool_put__descriptor);

    if (asked->n_settings == 0) {
        answer_refuse(answer, REFUSAL_NOTHING_ASKED);
        return;
    }
    if (asked->n_settings > ADMIN_USERS_LISTED_MAX) {
        answer_refuse(answer, REFUSAL_REQUEST_TOO_LARGE);
        return;
    }
    put->settings =
        answer_alloc(answer, asked->n_settings * sizeof(*put->settings));
    for (size_t i = 0; i < asked->n_settings && !answer_refused(answer); i++) {
        read_pair(answer, put, codec_slice(asked->settings[i]));
    }
    if (answer_refused(answer)) {
        return;
    }
    begin_pool(answer, put);
    tell_set(answer, asked->n_settings);
    propose(answer, put);
}

static void put_policy(struct answer *answer)
{
    Perch__Admin__NodesPolicyReply *body =
        answer_new(answer, &perch__admin__nodes_policy_reply__descriptor);

    CODEC_SET(body, policy,
              (Perch__Admin__Policy)machine_setting(answer->machine,
                                                    SETTING_REJOIN_POLICY));
    answer->body = &body->base;
}

static void show_policy(struct answer *answer)
{
    put_policy(answer);
}

static void decide_policy(struct answer *answer)
{
    const Perch__Admin__NodesPolicy *asked = answer->asked;
    Perch__PoolPut *put;

    if (!asked->has_policy) {
        put_policy(answer);
        return;
    }
    put = answer_new(answer, &perch__pool_put__descriptor);
    put->settings = answer_alloc(answer, sizeof(*put->settings));
    add_number(put, answer_new(answer, &perch__pool_put__setting__descriptor),
               SETTING_REJOIN_POLICY, (uint32_t)asked->policy);
    answer_tells(answer, "set", "the policy for emptied nodes");
    propose(answer, put);
}

const struct answer_row settings_rows[] = {
    {ADMIN_NODES_POLICY, decide_policy, show_policy},
    {ADMIN_SETTINGS_LIST, decide_list, NULL},
    {ADMIN_SETTINGS_SET, decide_set, show_changed},
    {.decide = NULL},
};
