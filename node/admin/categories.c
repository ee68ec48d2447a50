/* Looking at categories. What changes them is category_changes.c. */
#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/holders.h"
#include "node/admin/page.h"
#include "node/admin/show.h"
#include "node/chat/page.h"
#include "node/chat/text.h"

struct category_list {
    struct page page;
    const Perch__Admin__CategoriesList *asked;
    struct slice mark;
};

static bool take_category(void *context, const struct category *category)
{
    struct category_list *list = context;
    struct category_view view;

    if (!page_look(&list->page)) {
        return false;
    }
    view_category(category, &view);
    list->mark = view.place.name;
    if (text_contains_nocase(view.place.name,
                             codec_slice(list->asked->match))) {
        page_add(&list->page,
                 &show_category(list->page.answer, category)->base);
    }
    return true;
}

static void decide_list(struct answer *answer)
{
    Perch__Admin__CategoriesListReply *body =
        answer_new(answer, &perch__admin__categories_list_reply__descriptor);
    struct category_list list = {.asked = answer->asked};

    page_begin(&list.page, answer);
    page_categories(answer->machine,
                    codec_slice(answer->ask->request.head->after),
                    take_category, &list);
    page_end(&list.page, list.mark);
    body->n_categories = list.page.n;
    body->categories = (Perch__Admin__Category **)list.page.items;
    answer->body = &body->base;
}

static void put_category(struct answer *answer, const struct category *category)
{
    Perch__Admin__CategoriesShowReply *body =
        answer_new(answer, &perch__admin__categories_show_reply__descriptor);

    body->category = show_category(answer, category);
    answer->body = &body->base;
}

static void decide_show(struct answer *answer)
{
    const Perch__Admin__CategoriesShow *asked = answer->asked;
    const struct category *category = find_category(answer, asked->category);

    if (category != NULL) {
        put_category(answer, category);
    }
}

void categories_show(struct answer *answer)
{
    const struct category *category =
        query_category(answer->machine, &answer->guid);

    if (category != NULL) {
        put_category(answer, category);
    }
}

static ProtobufCMessage *show_holder(struct answer *answer,
                                     const struct principal_view *view,
                                     unsigned roles)
{
    Perch__Admin__CategoryHolder *holder =
        answer_new(answer, &perch__admin__category_holder__descriptor);

    ANSWER_TEXT(holder, uri, view->uri);
    ANSWER_TEXT(holder, display_name, view->display_name);
    CODEC_SET(holder, allowed, (roles & ROLE_ALLOWED) != 0);
    CODEC_SET(holder, denied, (roles & ROLE_DENIED) != 0);
    CODEC_SET(holder, creator, (roles & ROLE_CREATOR) != 0);
    CODEC_SET(holder, is_group, view->is_group);
    CODEC_SET(holder, disabled, view->disabled);
    return &holder->base;
}

static void walk_roles(const struct machine *machine, const void *category,
                       uint32_t after, list_role *each, void *context)
{
    page_category_roles(machine, category, after, each, context);
}

static unsigned role_of(const Perch__Admin__CategoriesRoles *asked)
{
    if (!asked->has_role) {
        return ROLES_OF_CATEGORY;
    }
    switch (asked->role) {
    case PERCH__ADMIN__CATEGORY_ROLE__ALLOWED:
        return ROLE_ALLOWED;
    case PERCH__ADMIN__CATEGORY_ROLE__DENIED:
        return ROLE_DENIED;
    default:
        return ROLE_CREATOR;
    }
}

static void decide_roles(struct answer *answer)
{
    const Perch__Admin__CategoriesRoles *asked = answer->asked;
    Perch__Admin__CategoriesRolesReply *body =
        answer_new(answer, &perch__admin__categories_roles_reply__descriptor);
    const struct category *category = find_category(answer, asked->category);
    const struct holders holders = {role_of(asked), show_holder, walk_roles,
                                    category};

    if (category != NULL) {
        body->users = (Perch__Admin__CategoryHolder **)holders_list(
            answer, &holders, &body->n_users);
        answer->body = body->users == NULL ? NULL : &body->base;
    }
}

const struct answer_row categories_rows[] = {
    {ADMIN_CATEGORIES_LIST, decide_list, NULL},
    {ADMIN_CATEGORIES_SHOW, decide_show, NULL},
    {ADMIN_CATEGORIES_ROLES, decide_roles, NULL},
    {.decide = NULL},
};
