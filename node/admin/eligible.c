/* Who may be given a role in a category's rooms: those whom it allows. */
#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/page.h"
#include "node/chat/access.h"
#include "node/chat/page.h"
#include "node/chat/text.h"
#include "node/chat/view.h"

struct eligible_list {
    struct page page;
    const Perch__Admin__CategoriesEligible *asked;
    const struct category *category;
    uint32_t mark;
};

static bool take_principal(void *context, const struct principal *principal)
{
    struct eligible_list *list = context;
    struct slice match = codec_slice(list->asked->match);
    struct principal_view view;
    Perch__Admin__Eligible *shown;

    if (!page_look(&list->page)) {
        return false;
    }
    view_principal(principal, &view);
    list->mark = view.number;
    if (!access_is_eligible(principal, list->category) ||
        (!text_contains_nocase(view.uri, match) &&
         !text_contains_nocase(view.display_name, match))) {
        return true;
    }
    shown = answer_new(list->page.answer, &perch__admin__eligible__descriptor);
    ANSWER_TEXT(shown, uri, view.uri);
    ANSWER_TEXT(shown, display_name, view.display_name);
    CODEC_SET(shown, is_group, view.is_group);
    page_add(&list->page, &shown->base);
    return true;
}

static void decide_eligible(struct answer *answer)
{
    Perch__Admin__CategoriesEligibleReply *body = answer_new(
        answer, &perch__admin__categories_eligible_reply__descriptor);
    struct eligible_list list = {.asked = answer->asked};
    uint32_t after = 0;

    list.category = find_category(answer, list.asked->category);
    if (list.category == NULL || !page_number(answer, &after)) {
        return;
    }
    page_begin(&list.page, answer);
    page_principals(answer->machine, after, take_principal, &list);
    page_end(&list.page, answer_printf(answer, "%" PRIu32, list.mark));
    body->n_principals = list.page.n;
    body->principals = (Perch__Admin__Eligible **)list.page.items;
    answer->body = &body->base;
}

const struct answer_row eligible_rows[] = {
    {ADMIN_CATEGORIES_ELIGIBLE, decide_eligible, NULL},
    {.decide = NULL},
};
