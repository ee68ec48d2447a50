/* Filters: what they are, and what they would make of a text. */
#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/page.h"
#include "node/chat/filters.h"
#include "node/chat/text.h"
#include "node/chat/view.h"
#include "node/session/strainer.h"

/* Of all filters that one test looks for: compiled on the state loop. */
enum { TEST_EXPRESSIONS_MAX = 4096 };

static Perch__Admin__Filter *describe(struct answer *answer,
                                      const struct filter_view *view)
{
    Perch__Admin__Filter *shown =
        answer_new(answer, &perch__admin__filter__descriptor);

    ANSWER_TEXT(shown, name, view->name);
    CODEC_SET(shown, action, view->action);
    ANSWER_TEXT(shown, notice, view->notice);
    CODEC_SET(shown, disabled, view->disabled);
    CODEC_SET(shown, categories_n, view->n_categories);
    CODEC_SET(shown, expressions_n, view->n_expressions);
    CODEC_SET(shown, version, view->version);
    CODEC_SET(shown, created_at_us, view->created_at_us);
    CODEC_SET(shown, changed_at_us, view->changed_at_us);
    return shown;
}

static ProtobufCBinaryData *new_list(struct answer *answer, size_t n)
{
    return answer_alloc(answer, (n + 1) * sizeof(ProtobufCBinaryData));
}

/* A category by name; by guid when it is no more. */
static struct slice name_category(struct answer *answer,
                                  const struct guid *guid)
{
    const struct category *category = query_category(answer->machine, guid);
    char text[GUID_TEXT_BYTES + 1];
    struct category_view view;

    if (category != NULL) {
        view_category(category, &view);
        return view.place.name;
    }
    guid_write(guid, text);
    return answer_printf(answer, "%s", text);
}

static void put_filter(struct answer *answer, const struct filter *filter)
{
    Perch__Admin__FiltersShowReply *body =
        answer_new(answer, &perch__admin__filters_show_reply__descriptor);
    Perch__Admin__Filter *shown;
    struct filter_view view;

    filters_view(filter, &view);
    shown = describe(answer, &view);
    shown->expressions = new_list(answer, view.n_expressions);
    shown->categories = new_list(answer, view.n_categories);
    for (uint32_t i = 0; i < view.n_expressions; i++) {
        shown->expressions[i] = codec_bytes(filters_expression(filter, i));
    }
    for (uint32_t i = 0; i < view.n_categories; i++) {
        shown->categories[i] =
            codec_bytes(name_category(answer, &view.categories[i]));
    }
    shown->n_expressions = view.n_expressions;
    shown->n_categories = view.n_categories;
    body->filter = shown;
    answer->body = &body->base;
}

void filters_show(struct answer *answer)
{
    const struct filter *filter = filters_find(answer->machine, answer->uri);

    if (filter != NULL) {
        put_filter(answer, filter);
    }
}

static void decide_list(struct answer *answer)
{
    const Perch__Admin__FiltersList *asked = answer->asked;
    Perch__Admin__FiltersListReply *body =
        answer_new(answer, &perch__admin__filters_list_reply__descriptor);
    struct page page;
    uint32_t slot = 0;

    if (!page_number(answer, &slot)) {
        return;
    }
    page_begin(&page, answer);
    while (slot < FILTERS_MAX) {
        const struct filter *filter = filters_at(answer->machine, slot);
        struct filter_view view;

        if (!page_look(&page)) {
            break;
        }
        slot += 1; /* Marks are one more than the slot: 0 is the beginning. */
        if (filter == NULL) {
            continue;
        }
        filters_view(filter, &view);
        if (text_contains_nocase(view.name, codec_slice(asked->match))) {
            page_add(&page, &describe(answer, &view)->base);
        }
    }
    page_end(&page, answer_printf(answer, "%" PRIu32, slot));
    body->n_filters = page.n;
    body->filters = (Perch__Admin__Filter **)page.items;
    answer->body = &body->base;
}

static void decide_show(struct answer *answer)
{
    const Perch__Admin__FiltersShow *asked = answer->asked;
    const struct filter *filter = find_filter(answer, asked->filter);

    if (filter != NULL) {
        put_filter(answer, filter);
    }
}

static size_t count_expressions(const struct machine *machine)
{
    size_t n = 0;

    for (uint32_t slot = 0; slot < FILTERS_MAX; slot++) {
        const struct filter *filter = filters_at(machine, slot);
        struct filter_view view;

        if (filter != NULL) {
            filters_view(filter, &view);
            n += view.disabled ? 0 : view.n_expressions;
        }
    }
    return n;
}

static Perch__Admin__FilterVerdict judge(const struct strainer_verdict *verdict)
{
    if (verdict->blocked) {
        return PERCH__ADMIN__FILTER_VERDICT__BLOCKED;
    }
    for (size_t i = 0; i < verdict->n; i++) {
        if (verdict->hits[i].unchecked) {
            return PERCH__ADMIN__FILTER_VERDICT__UNCHECKED;
        }
    }
    return verdict->n > 0 ? PERCH__ADMIN__FILTER_VERDICT__WARNED
                          : PERCH__ADMIN__FILTER_VERDICT__PASSED;
}

static Perch__Admin__FilterHit *describe_hit(struct answer *answer,
                                             const struct strainer_hit *hit)
{
    const struct filter *filter = filters_find(answer->machine, hit->filter);
    Perch__Admin__FilterHit *shown =
        answer_new(answer, &perch__admin__filter_hit__descriptor);
    struct filter_view view;

    /* Not from the hit: that lies in the strainer. */
    filters_view(filter, &view);
    ANSWER_TEXT(shown, filter, view.name);
    CODEC_SET(shown, action, view.action);
    ANSWER_TEXT(shown, notice, view.notice);
    CODEC_SET(shown, unchecked, hit->unchecked);
    ANSWER_TEXT(shown, expression, filters_expression(filter, hit->place));
    return shown;
}

/* @strainer  NULL: there is nothing to look for. Taken. */
static void test(struct answer *answer, struct strainer *strainer,
                 const struct guid *category, struct slice text)
{
    Perch__Admin__FiltersTestReply *body =
        answer_new(answer, &perch__admin__filters_test_reply__descriptor);
    struct strainer_verdict verdict = {.n = 0};

    if (strainer != NULL) {
        strainer_compile(strainer);
        strainer_look(strainer, category, text, &verdict);
    }
    CODEC_SET(body, verdict, judge(&verdict));
    CODEC_SET(body, steps, verdict.steps);
    body->hits = answer_alloc(answer, (verdict.n + 1) * sizeof(*body->hits));
    for (size_t i = 0; i < verdict.n; i++) {
        body->hits[i] = describe_hit(answer, &verdict.hits[i]);
    }
    body->n_hits = verdict.n;
    answer->body = &body->base;
    strainer_free(strainer);
}

static void test_all(struct answer *answer,
                     const Perch__Admin__FiltersTest *asked)
{
    const struct room *room = NULL;
    struct category_view category;
    struct room_view view;

    if (asked->has_room) {
        room = find_room(answer, asked->room);
        if (room == NULL) {
            return;
        }
        view_room(room, &view);
        view_category(view.category, &category);
    }
    if (count_expressions(answer->machine) > TEST_EXPRESSIONS_MAX) {
        answer_refuse(answer, REFUSAL_EXPRESSIONS_MANY);
        return;
    }
    test(answer, strainer_new(answer->machine),
         room == NULL ? NULL : &category.place.guid, codec_slice(asked->text));
}

static void decide_test(struct answer *answer)
{
    const Perch__Admin__FiltersTest *asked = answer->asked;
    const struct filter *filter;

    if (!asked->has_filter) {
        test_all(answer, asked);
        return;
    }
    filter = find_filter(answer, asked->filter);
    if (filter != NULL) {
        test(answer, strainer_of(filter), NULL, codec_slice(asked->text));
    }
}

const struct answer_row filters_rows[] = {
    {ADMIN_FILTERS_LIST, decide_list, NULL},
    {ADMIN_FILTERS_SHOW, decide_show, NULL},
    {ADMIN_FILTERS_TEST, decide_test, NULL},
    {.decide = NULL},
};
