/* Changes of filters. An expression is compiled before anything is proposed:
 * the rules would take one that no node can use. */
#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/chat/filters.h"
#include "node/chat/view.h"
#include "node/session/strainer.h"

/* Compiled on the state loop, for one request; the rules refuse more. */
static bool can_be_compiled(struct answer *answer, size_t n,
                            const ProtobufCBinaryData *expressions)
{
    char why[STRAINER_WHY_BYTES];

    for (size_t i = 0; i < n && i < FILTER_EXPRESSIONS_MAX; i++) {
        struct slice expression = codec_slice(expressions[i]);

        if (!filters_is_expression(expression) ||
            strainer_try(expression, why)) {
            continue; /* What is none is for the rules to refuse. */
        }
        answer_refuse_about(
            answer, REFUSAL_EXPRESSION_BAD,
            answer_printf(answer, "%.*s (%s)", SLICE_PRINT(expression), why));
        return false;
    }
    return true;
}

/* Write a list of categories as guids. Returns false, and the answer refused,
 * when one is not found. */
static bool find_categories(struct answer *answer, size_t n,
                            const ProtobufCBinaryData *names, size_t *n_out,
                            ProtobufCBinaryData **guids_out)
{
    ProtobufCBinaryData *guids = answer_alloc(answer, (n + 1) * sizeof(*guids));

    for (size_t i = 0; i < n; i++) {
        const struct category *category = find_category(answer, names[i]);
        struct category_view view;

        if (category == NULL) {
            return false;
        }
        view_category(category, &view);
        guids[i].data = answer_alloc(answer, GUID_BYTES);
        memcpy(guids[i].data, view.place.guid.bytes, GUID_BYTES);
        guids[i].len = GUID_BYTES;
    }
    *n_out = n;
    *guids_out = guids;
    return true;
}

static bool has_category(const struct filter_view *view,
                         ProtobufCBinaryData guid)
{
    for (uint32_t i = 0; i < view->n_categories; i++) {
        if (memcmp(view->categories[i].bytes, guid.data, GUID_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether each of a list is in the filter, or each is not. */
static bool expressions_are(const struct filter *filter, size_t n,
                            const ProtobufCBinaryData *expressions, bool in)
{
    for (size_t i = 0; i < n; i++) {
        if (filters_has(filter, codec_slice(expressions[i])) != in) {
            return false;
        }
    }
    return true;
}

static bool categories_are(const struct filter_view *view, size_t n,
                           const ProtobufCBinaryData *guids, bool in)
{
    for (size_t i = 0; i < n; i++) {
        if (has_category(view, guids[i]) != in) {
            return false;
        }
    }
    return true;
}

/* Repeating a request that was carried out finds that it holds. */
static bool is_created(const struct filter *filter,
                       const Perch__FilterCreate *create)
{
    struct filter_view view;

    filters_view(filter, &view);
    return view.action == create->action &&
           slice_equal(view.notice, codec_slice(create->notice)) &&
           view.disabled == create->disabled &&
           view.n_categories == create->n_categories &&
           expressions_are(filter, create->n_expressions, create->expressions,
                           true) &&
           categories_are(&view, create->n_categories, create->categories,
                          true);
}

static void decide_create(struct answer *answer)
{
    const Perch__Admin__FiltersCreate *asked = answer->asked;
    Perch__FilterCreate *create =
        answer_new(answer, &perch__filter_create__descriptor);
    const struct filter *filter;

    answer->uri = codec_slice(asked->name);
    CODEC_SET(create, name, asked->name);
    create->has_action = asked->has_action;
    create->action = asked->action;
    create->has_notice = asked->has_notice;
    create->notice = asked->notice;
    create->has_disabled = asked->has_disabled;
    create->disabled = asked->disabled;
    create->n_expressions = asked->n_expressions;
    create->expressions = asked->expressions;
    if (!find_categories(answer, asked->n_categories, asked->categories,
                         &create->n_categories, &create->categories) ||
        !can_be_compiled(answer, asked->n_expressions, asked->expressions)) {
        return;
    }
    answer_tells(answer, "created", "filter \"%.*s\"",
                 SLICE_PRINT(answer->uri));
    filter = filters_find(answer->machine, answer->uri);
    if (filter != NULL && is_created(filter, create)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_FILTER_CREATE)->filter_create =
        create;
}

static bool is_changed(const struct filter *filter,
                       const Perch__FilterChange *change)
{
    struct filter_view view;

    filters_view(filter, &view);
    return (!change->has_if_version || change->if_version == view.version) &&
           (!change->has_name ||
            slice_equal(view.name, codec_slice(change->name))) &&
           (!change->has_action || change->action == view.action) &&
           (!change->has_notice ||
            slice_equal(view.notice, codec_slice(change->notice))) &&
           (!change->has_disabled || change->disabled == view.disabled) &&
           (!change->everywhere ||
            view.n_categories == change->n_categories_add) &&
           expressions_are(filter, change->n_expressions_remove,
                           change->expressions_remove, false) &&
           expressions_are(filter, change->n_expressions_add,
                           change->expressions_add, true) &&
           categories_are(&view, change->n_categories_remove,
                          change->categories_remove, false) &&
           categories_are(&view, change->n_categories_add,
                          change->categories_add, true);
}

static void plan_change(Perch__FilterChange *change,
                        const Perch__Admin__FiltersChange *asked)
{
    CODEC_SET(change, filter, asked->filter);
    change->has_if_version = asked->has_if_version;
    change->if_version = asked->if_version;
    change->has_name = asked->has_name;
    change->name = asked->name;
    change->has_action = asked->has_action;
    change->action = asked->action;
    change->has_notice = asked->has_notice;
    change->notice = asked->notice;
    change->has_disabled = asked->has_disabled;
    change->disabled = asked->disabled;
    change->has_everywhere = asked->has_everywhere;
    change->everywhere = asked->everywhere;
    change->n_expressions_add = asked->n_expressions_add;
    change->expressions_add = asked->expressions_add;
    change->n_expressions_remove = asked->n_expressions_remove;
    change->expressions_remove = asked->expressions_remove;
}

static bool asks_nothing(const Perch__Admin__FiltersChange *asked)
{
    return !asked->has_name && !asked->has_action && !asked->has_notice &&
           !asked->has_disabled && !asked->has_everywhere &&
           asked->n_expressions_add == 0 && asked->n_expressions_remove == 0 &&
           asked->n_categories_add == 0 && asked->n_categories_remove == 0;
}

static void decide_change(struct answer *answer)
{
    const Perch__Admin__FiltersChange *asked = answer->asked;
    const struct filter *filter = find_filter(answer, asked->filter);
    Perch__FilterChange *change =
        answer_new(answer, &perch__filter_change__descriptor);

    if (filter == NULL) {
        return;
    }
    if (asks_nothing(asked)) {
        answer_refuse(answer, REFUSAL_NOTHING_ASKED);
        return;
    }
    plan_change(change, asked);
    if (!find_categories(answer, asked->n_categories_add, asked->categories_add,
                         &change->n_categories_add, &change->categories_add) ||
        !find_categories(answer, asked->n_categories_remove,
                         asked->categories_remove, &change->n_categories_remove,
                         &change->categories_remove) ||
        !can_be_compiled(answer, asked->n_expressions_add,
                         asked->expressions_add)) {
        return;
    }
    /* The reply shows it as it then is called. */
    answer->uri = codec_slice(asked->has_name ? asked->name : asked->filter);
    answer_tells(answer, "changed", "filter \"%.*s\"",
                 SLICE_PRINT(codec_slice(asked->filter)));
    if (is_changed(filter, change)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_FILTER_CHANGE)->filter_change =
        change;
}

/* There is nothing to show then. */
static void show_deleted(struct answer *answer)
{
    answer->body =
        answer_new(answer, &perch__admin__filters_show_reply__descriptor);
}

static void decide_delete(struct answer *answer)
{
    const Perch__Admin__FiltersDelete *asked = answer->asked;
    Perch__FilterDelete *removal =
        answer_new(answer, &perch__filter_delete__descriptor);

    if (asked->filter.len == 0) {
        answer_refuse(answer, REFUSAL_NAME_MISSING);
        return;
    }
    if (filters_find(answer->machine, codec_slice(asked->filter)) == NULL) {
        deletions_tell_gone(answer, "filter", asked->filter);
        return;
    }
    answer_tells(answer, "deleted", "filter \"%.*s\"",
                 SLICE_PRINT(codec_slice(asked->filter)));
    CODEC_SET(removal, filter, asked->filter);
    removal->has_if_version = asked->has_if_version;
    removal->if_version = asked->if_version;
    answer_proposes(answer, PERCH__COMMAND__KIND_FILTER_DELETE)->filter_delete =
        removal;
}

const struct answer_row filter_changes_rows[] = {
    {ADMIN_FILTERS_CREATE, decide_create, filters_show},
    {ADMIN_FILTERS_CHANGE, decide_change, filters_show},
    {ADMIN_FILTERS_DELETE, decide_delete, show_deleted},
    {.decide = NULL},
};
