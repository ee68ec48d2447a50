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

static void show_changed(struct answer *answer)
{
    const struct category *category =
        query_category(answer->machine, &answer->guid);

    if (category != NULL) {
        put_category(answer, category);
    }
}

static bool is_created(const struct place_view *view,
                       const Perch__Admin__CategoriesCreate *asked,
                       struct slice id)
{
    return (!asked->has_id ||
            slice_equal(id, slice_of(view->guid.bytes, GUID_BYTES))) &&
           slice_equal(view->name, codec_slice(asked->name)) &&
           (!asked->has_description ||
            slice_equal(view->description, codec_slice(asked->description)));
}

static void decide_create(struct answer *answer)
{
    const Perch__Admin__CategoriesCreate *asked = answer->asked;
    const struct category *category =
        query_category_named(answer->machine, codec_slice(asked->name));
    Perch__CategoryCreate *create =
        answer_new(answer, &perch__category_create__descriptor);
    struct slice id = find_new_guid(answer, asked->has_id, asked->id);
    struct category_view view;

    answer_tells(answer, "created", "category \"%.*s\"",
                 SLICE_PRINT(codec_slice(asked->name)));
    if (category != NULL) {
        view_category(category, &view);
    }
    if (category != NULL && is_created(&view.place, asked, id)) {
        answer->guid = view.place.guid;
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET(create, category, codec_bytes(id));
    CODEC_SET(create, name, asked->name);
    CODEC_SET(create, description, asked->description);
    answer_proposes(answer, PERCH__COMMAND__KIND_CATEGORY_CREATE)
        ->category_create = create;
}

static bool is_changed(const struct place_view *view,
                       const Perch__Admin__CategoriesChange *asked)
{
    return (!asked->has_if_version || asked->if_version == view->version) &&
           (!asked->has_name ||
            slice_equal(view->name, codec_slice(asked->name))) &&
           (!asked->has_description ||
            slice_equal(view->description, codec_slice(asked->description)));
}

static Perch__CategoryChange *plan_change(
    struct answer *answer, const Perch__Admin__CategoriesChange *asked)
{
    Perch__CategoryChange *change =
        answer_new(answer, &perch__category_change__descriptor);

    CODEC_SET(change, category,
              codec_bytes(slice_of(answer->guid.bytes, GUID_BYTES)));
    change->has_if_version = asked->has_if_version;
    change->if_version = asked->if_version;
    change->has_name = asked->has_name;
    change->name = asked->name;
    change->has_description = asked->has_description;
    change->description = asked->description;
    return change;
}

static void decide_change(struct answer *answer)
{
    const Perch__Admin__CategoriesChange *asked = answer->asked;
    const struct category *category = find_category(answer, asked->category);
    struct category_view view;

    if (category == NULL) {
        return;
    }
    if (!asked->has_name && !asked->has_description) {
        answer_refuse(answer, REFUSAL_NOTHING_ASKED);
        return;
    }
    view_category(category, &view);
    answer->guid = view.place.guid;
    answer_tells(answer, "changed", "category \"%.*s\"",
                 SLICE_PRINT(view.place.name));
    if (is_changed(&view.place, asked)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_CATEGORY_CHANGE)
        ->category_change = plan_change(answer, asked);
}

const struct answer_row categories_rows[] = {
    {ADMIN_CATEGORIES_LIST, decide_list, NULL},
    {ADMIN_CATEGORIES_SHOW, decide_show, NULL},
    {ADMIN_CATEGORIES_CREATE, decide_create, show_changed},
    {ADMIN_CATEGORIES_CHANGE, decide_change, show_changed},
    {.decide = NULL},
};
