/* Looking at categories. What changes them is category_changes.c. */
#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/find.h"
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

/* Those with any of these, while they are listed. */
struct role_list {
    struct page page;
    unsigned role;
    uint32_t mark;
};

static bool take_role(void *context, const struct principal *principal,
                      unsigned roles)
{
    struct role_list *list = context;
    Perch__Admin__CategoryHolder *holder;
    struct principal_view view;

    if (!page_look(&list->page)) {
        return false;
    }
    view_principal(principal, &view);
    list->mark = view.number;
    if ((roles & list->role) == 0) {
        return true;
    }
    holder = answer_new(list->page.answer,
                        &perch__admin__category_holder__descriptor);
    ANSWER_TEXT(holder, uri, view.uri);
    ANSWER_TEXT(holder, display_name, view.display_name);
    CODEC_SET(holder, allowed, (roles & ROLE_ALLOWED) != 0);
    CODEC_SET(holder, denied, (roles & ROLE_DENIED) != 0);
    CODEC_SET(holder, creator, (roles & ROLE_CREATOR) != 0);
    CODEC_SET(holder, is_group, view.is_group);
    CODEC_SET(holder, disabled, view.disabled);
    page_add(&list->page, &holder->base);
    return true;
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
    struct role_list list = {.role = role_of(asked)};
    uint32_t after = 0;

    if (category == NULL || !page_number(answer, &after)) {
        return;
    }
    page_begin(&list.page, answer);
    page_category_roles(answer->machine, category, after, take_role, &list);
    page_end(&list.page, answer_printf(answer, "%" PRIu32, list.mark));
    body->n_users = list.page.n;
    body->users = (Perch__Admin__CategoryHolder **)list.page.items;
    answer->body = &body->base;
}

const struct answer_row categories_rows[] = {
    {ADMIN_CATEGORIES_LIST, decide_list, NULL},
    {ADMIN_CATEGORIES_SHOW, decide_show, NULL},
    {ADMIN_CATEGORIES_ROLES, decide_roles, NULL},
    {.decide = NULL},
};
