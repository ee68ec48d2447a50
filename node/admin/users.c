#include "node/admin/answers.h"
#include "node/admin/attention.h"
#include "node/admin/find.h"
#include "node/admin/page.h"
#include "node/admin/password.h"
#include "node/admin/show.h"
#include "node/chat/page.h"
#include "node/chat/text.h"

struct user_list {
    struct page page;
    const Perch__Admin__UsersList *asked;
    struct slice mark;
};

static bool is_wanted(const Perch__Admin__UsersList *asked,
                      const struct user_view *view)
{
    struct slice match = codec_slice(asked->match);

    return (text_contains_nocase(view->uri, match) ||
            text_contains_nocase(view->display_name, match)) &&
           (!asked->has_disabled || (asked->disabled != 0) == view->disabled);
}

static bool take_user(void *context, const struct user *user)
{
    struct user_list *list = context;
    struct user_view view;

    if (!page_look(&list->page)) {
        return false;
    }
    view_user(user, &view);
    list->mark = view.uri;
    if (is_wanted(list->asked, &view)) {
        page_add(&list->page, &show_user(list->page.answer, user)->base);
    }
    return true;
}

static void decide_list(struct answer *answer)
{
    Perch__Admin__UsersListReply *body =
        answer_new(answer, &perch__admin__users_list_reply__descriptor);
    struct user_list list = {.asked = answer->asked};

    page_begin(&list.page, answer);
    page_users(answer->machine, codec_slice(answer->ask->request.head->after),
               take_user, &list);
    page_end(&list.page, list.mark);
    body->n_users = list.page.n;
    body->users = (Perch__Admin__User **)list.page.items;
    answer->body = &body->base;
}

static Perch__Admin__UsersShowReply *put_user(struct answer *answer,
                                              const struct user *user)
{
    Perch__Admin__UsersShowReply *body =
        answer_new(answer, &perch__admin__users_show_reply__descriptor);

    body->user = show_user(answer, user);
    answer->body = &body->base;
    return body;
}

static void decide_show(struct answer *answer)
{
    const Perch__Admin__UsersShow *asked = answer->asked;
    const struct user *user = find_user(answer, asked->user);

    if (user != NULL) {
        attention_show(answer, user, put_user(answer, user));
    }
}

/* By the URI, which does not change. */
static void show_changed(struct answer *answer)
{
    const struct user *user = query_user(answer->machine, answer->uri);

    if (user != NULL) {
        put_user(answer, user);
    }
}

/* Hash the password for the user of answer->uri. Returns NULL, and refuses,
 * when it cannot be. */
static const struct password_hashes *hash_password(struct answer *answer,
                                                   ProtobufCBinaryData bytes)
{
    struct password_hashes *hashes = answer_alloc(answer, sizeof(*hashes));
    struct slice password = codec_slice(bytes);
    struct pool_view pool;

    query_pool(answer->machine, &pool);
    if (pool.domain.len == 0) {
        answer_refuse_outcome(answer, OUTCOME_POOL_NOT_SET, SLICE_NONE);
    } else if (!text_is_sip_uri(answer->uri)) {
        answer_refuse_outcome(answer, OUTCOME_USER_URI_INVALID, answer->uri);
    } else if (!password_is_fine(password)) {
        answer_refuse(answer, REFUSAL_PASSWORD_INVALID);
    } else {
        password_hash(answer->uri, pool.domain, password, hashes);
    }
    return answer_refused(answer) ? NULL : hashes;
}

static bool is_hex_of(const char *hex, struct slice hash)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < hash.len; i++) {
        if (hex[2 * i] != digits[hash.data[i] >> 4] ||
            hex[2 * i + 1] != digits[hash.data[i] & 15]) {
            return false;
        }
    }
    return hex[2 * hash.len] == '\0';
}

/* The same password gives the same hashes: asked for again, it is so already.
 */
static bool same_password(const struct user_view *view, struct slice ha1,
                          struct slice ha1_user)
{
    return is_hex_of(view->ha1, ha1) && is_hex_of(view->ha1_user, ha1_user);
}

static bool is_created(const struct user *user,
                       const Perch__Admin__UsersCreate *asked,
                       const Perch__UserCreate *create)
{
    struct user_view view;

    view_user(user, &view);
    return (!asked->has_display_name ||
            slice_equal(view.display_name, codec_slice(asked->display_name))) &&
           (!create->has_ha1 || same_password(&view, codec_slice(create->ha1),
                                              codec_slice(create->ha1_user))) &&
           (!asked->has_chat || asked->chat == view.chat) &&
           view.disabled == (create->disabled != 0);
}

static void decide_create(struct answer *answer)
{
    const Perch__Admin__UsersCreate *asked = answer->asked;
    Perch__UserCreate *create =
        answer_new(answer, &perch__user_create__descriptor);
    const struct password_hashes *hashes = NULL;
    const struct user *user;

    answer->uri = find_user_uri(answer, asked->user);
    if (answer_refused(answer)) {
        return;
    }
    if (asked->has_password) {
        hashes = hash_password(answer, asked->password);
        if (hashes == NULL) {
            return;
        }
        CODEC_SET_BYTES(create, ha1, slice_of(hashes->ha1, HA1_BYTES));
        CODEC_SET_BYTES(create, ha1_user,
                        slice_of(hashes->ha1_user, HA1_BYTES));
    }
    CODEC_SET(create, uri, codec_bytes(answer->uri));
    create->has_display_name = asked->has_display_name;
    create->display_name = asked->display_name;
    CODEC_SET(create, disabled, asked->disabled);
    create->has_chat = asked->has_chat;
    create->chat = asked->chat;
    answer_tells(answer, "created", "user %.*s", SLICE_PRINT(answer->uri));
    user = query_user(answer->machine, answer->uri);
    if (user != NULL && is_created(user, asked, create)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_USER_CREATE)->user_create =
        create;
}

static bool is_changed(const struct user_view *view,
                       const Perch__UserChange *change)
{
    return (!change->has_if_version || change->if_version == view->version) &&
           (!change->has_display_name ||
            slice_equal(view->display_name,
                        codec_slice(change->display_name))) &&
           (!change->has_ha1 || same_password(view, codec_slice(change->ha1),
                                              codec_slice(change->ha1_user))) &&
           (!change->has_chat || change->chat == view->chat) &&
           (!change->has_disabled || (change->disabled != 0) == view->disabled);
}

/* Fill in the change. Returns false when the answer was refused. */
static bool plan_change(struct answer *answer,
                        const Perch__Admin__UsersChange *asked,
                        Perch__UserChange *change)
{
    CODEC_SET(change, uri, codec_bytes(answer->uri));
    change->has_if_version = asked->has_if_version;
    change->if_version = asked->if_version;
    change->has_display_name = asked->has_display_name;
    change->display_name = asked->display_name;
    change->has_disabled = asked->has_disabled;
    change->disabled = asked->disabled;
    change->has_chat = asked->has_chat;
    change->chat = asked->chat;
    change->has_ha1 = asked->has_password || asked->no_password;
    if (asked->has_password) {
        const struct password_hashes *hashes =
            hash_password(answer, asked->password);

        if (hashes == NULL) {
            return false;
        }
        change->ha1 = codec_bytes(slice_of(hashes->ha1, HA1_BYTES));
        CODEC_SET_BYTES(change, ha1_user,
                        slice_of(hashes->ha1_user, HA1_BYTES));
    }
    return true;
}

/* What a change comes to in a word; NULL when it names nothing. */
static const char *deed_of(const Perch__UserChange *change)
{
    bool other =
        change->has_display_name || change->has_ha1 || change->has_chat;

    if (change->has_disabled && !other) {
        return change->disabled ? "disabled" : "enabled";
    }
    return change->has_disabled || other ? "changed" : NULL;
}

static void decide_change(struct answer *answer)
{
    const Perch__Admin__UsersChange *asked = answer->asked;
    const struct user *user = find_user(answer, asked->user);
    Perch__UserChange *change =
        answer_new(answer, &perch__user_change__descriptor);
    struct user_view view;

    if (user == NULL) {
        return;
    }
    view_user(user, &view);
    answer->uri = answer_printf(answer, "%.*s", SLICE_PRINT(view.uri));
    if (!plan_change(answer, asked, change)) {
        return;
    }
    if (deed_of(change) == NULL ||
        (asked->has_password && asked->no_password)) {
        answer_refuse(answer, REFUSAL_NOTHING_ASKED);
        return;
    }
    answer_tells(answer, deed_of(change), "user %.*s",
                 SLICE_PRINT(answer->uri));
    if (is_changed(&view, change)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_USER_CHANGE)->user_change =
        change;
}

const struct answer_row users_rows[] = {
    {ADMIN_USERS_LIST, decide_list, NULL},
    {ADMIN_USERS_SHOW, decide_show, NULL},
    {ADMIN_USERS_CREATE, decide_create, show_changed},
    {ADMIN_USERS_CHANGE, decide_change, show_changed},
    {.decide = NULL},
};
