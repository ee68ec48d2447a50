/* Registered add-ins. */
#include "node/chat/addins.h"
#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/page.h"
#include "node/admin/show.h"
#include "node/chat/text.h"

/* Those of a list that fit and are asked for. They are few, and listed by age:
 * a page is all there are. */
struct addin_list {
    struct page page;
    const Perch__Admin__AddinsList *asked;
};

static bool take_addin(void *context, const struct addin *addin)
{
    struct addin_list *list = context;
    struct addin_view view;

    view_addin(addin, &view);
    if (text_contains_nocase(view.name, codec_slice(list->asked->match))) {
        if (!page_look(&list->page)) {
            return false;
        }
        page_add(&list->page, &show_addin(list->page.answer, addin)->base);
    }
    return true;
}

struct skipping {
    struct addin_list *list;
    uint32_t after, last;
};

static bool take_after(void *context, const struct addin *addin)
{
    struct skipping *skipping = context;
    struct addin_view view;

    view_addin(addin, &view);
    if (view.number <= skipping->after) {
        return true;
    }
    if (!take_addin(skipping->list, addin)) {
        return false;
    }
    skipping->last = view.number;
    return true;
}

static void decide_list(struct answer *answer)
{
    Perch__Admin__AddinsListReply *body =
        answer_new(answer, &perch__admin__addins_list_reply__descriptor);
    struct addin_list list = {.asked = answer->asked};
    struct skipping skipping = {.list = &list};

    if (!page_number(answer, &skipping.after)) {
        return;
    }
    skipping.last = skipping.after;
    page_begin(&list.page, answer);
    addins_list(answer->machine, take_after, &skipping);
    page_end(&list.page, answer_printf(answer, "%u", (unsigned)skipping.last));
    body->n_addins = list.page.n;
    body->addins = (Perch__Admin__Addin **)list.page.items;
    answer->body = &body->base;
}

static void put_addin(struct answer *answer, const struct addin *addin)
{
    Perch__Admin__AddinsShowReply *body =
        answer_new(answer, &perch__admin__addins_show_reply__descriptor);

    body->addin = show_addin(answer, addin);
    answer->body = &body->base;
}

static void decide_show(struct answer *answer)
{
    const Perch__Admin__AddinsShow *asked = answer->asked;
    const struct addin *addin = find_addin(answer, asked->addin);

    if (addin != NULL) {
        put_addin(answer, addin);
    }
}

/* The one that the change was about, as it is now. */
static void show_changed(struct answer *answer)
{
    const struct addin *addin = addins_find(answer->machine, &answer->guid);

    if (addin != NULL) {
        put_addin(answer, addin);
    }
}

static bool is_created(const struct addin *addin,
                       const Perch__Admin__AddinsCreate *asked, struct slice id)
{
    struct addin_view view;

    view_addin(addin, &view);
    return (!asked->has_id ||
            slice_equal(id, slice_of(view.guid.bytes, GUID_BYTES))) &&
           slice_equal(view.name, codec_slice(asked->name)) &&
           slice_equal(view.url, codec_slice(asked->url));
}

static void decide_create(struct answer *answer)
{
    const Perch__Admin__AddinsCreate *asked = answer->asked;
    const struct addin *addin =
        addins_named(answer->machine, codec_slice(asked->name));
    Perch__AddinCreate *create =
        answer_new(answer, &perch__addin_create__descriptor);
    struct slice id = find_new_guid(answer, asked->has_id, asked->id);
    struct addin_view view;

    answer_tells(answer, "registered", "add-in \"%.*s\"",
                 SLICE_PRINT(codec_slice(asked->name)));
    if (addin != NULL && is_created(addin, asked, id)) {
        view_addin(addin, &view);
        answer->guid = view.guid;
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET(create, addin, codec_bytes(id));
    CODEC_SET(create, name, asked->name);
    CODEC_SET(create, url, asked->url);
    answer_proposes(answer, PERCH__COMMAND__KIND_ADDIN_CREATE)->addin_create =
        create;
}

static bool is_changed(const struct addin_view *view,
                       const Perch__Admin__AddinsChange *asked)
{
    return (!asked->has_if_version || asked->if_version == view->version) &&
           (!asked->has_name ||
            slice_equal(view->name, codec_slice(asked->name))) &&
           (!asked->has_url || slice_equal(view->url, codec_slice(asked->url)));
}

static void decide_change(struct answer *answer)
{
    const Perch__Admin__AddinsChange *asked = answer->asked;
    const struct addin *addin = find_addin(answer, asked->addin);
    Perch__AddinChange *change =
        answer_new(answer, &perch__addin_change__descriptor);
    struct addin_view view;

    if (addin == NULL) {
        return;
    }
    if (!asked->has_name && !asked->has_url) {
        answer_refuse(answer, REFUSAL_NOTHING_ASKED);
        return;
    }
    view_addin(addin, &view);
    answer->guid = view.guid;
    answer_tells(answer, "changed", "add-in \"%.*s\"", SLICE_PRINT(view.name));
    if (is_changed(&view, asked)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET(change, addin,
              codec_bytes(slice_of(answer->guid.bytes, GUID_BYTES)));
    change->has_if_version = asked->has_if_version;
    change->if_version = asked->if_version;
    change->has_name = asked->has_name;
    change->name = asked->name;
    change->has_url = asked->has_url;
    change->url = asked->url;
    answer_proposes(answer, PERCH__COMMAND__KIND_ADDIN_CHANGE)->addin_change =
        change;
}

/* What is gone is shown as it was. */
static void decide_delete(struct answer *answer)
{
    const Perch__Admin__AddinsDelete *asked = answer->asked;
    const struct addin *addin = find_addin_if(answer, asked->addin);
    Perch__AddinDelete *delete =
        answer_new(answer, &perch__addin_delete__descriptor);
    struct addin_view view;

    if (addin == NULL) {
        deletions_tell_gone(answer, "add-in", asked->addin);
        return;
    }
    view_addin(addin, &view);
    answer->guid = view.guid;
    answer_tells(answer, "deleted", "add-in \"%.*s\"", SLICE_PRINT(view.name));
    put_addin(answer, addin);
    answer_keep_body(answer);
    CODEC_SET(delete, addin,
              codec_bytes(slice_of(answer->guid.bytes, GUID_BYTES)));
    delete->has_if_version = asked->has_if_version;
    delete->if_version = asked->if_version;
    answer_proposes(answer, PERCH__COMMAND__KIND_ADDIN_DELETE)->addin_delete =
        delete;
}

const struct answer_row addins_rows[] = {
    {ADMIN_ADDINS_LIST, decide_list, NULL},
    {ADMIN_ADDINS_SHOW, decide_show, NULL},
    {ADMIN_ADDINS_CREATE, decide_create, show_changed},
    {ADMIN_ADDINS_CHANGE, decide_change, show_changed},
    {ADMIN_ADDINS_DELETE, decide_delete, NULL},
    {.decide = NULL},
};
