/* What rooms carry, and what is looked for in posts. */
#include "proto/base/check.h"
#include "proto/codec.h"
#include "tests/sim/town/council.h"
#include "tests/sim/town/council_words.h"

enum { ADDINS = 4, FILTERS_OF_TOWN = 3, ENDINGS = 10 };

static ProtobufCBinaryData any_addin(struct decision *decision)
{
    struct guid id = {.bytes = {0xd0 + council_below(decision, ADDINS), 1}};

    return council_guid(decision, id);
}

void council_create_addin(struct decision *decision)
{
    Perch__AddinCreate *create =
        COUNCIL_MAKE(decision, ADDIN_CREATE, addin_create);

    CODEC_SET(create, addin, any_addin(decision));
    CODEC_SET(
        create, name,
        council_named(decision, "Tides ", council_below(decision, ADDINS), ""));
    CODEC_SET(create, url, council_text("https://tides.example/"));
}

void council_change_addin(struct decision *decision)
{
    Perch__AddinChange *change =
        COUNCIL_MAKE(decision, ADDIN_CHANGE, addin_change);

    CODEC_SET(change, addin, any_addin(decision));
    CODEC_SET(change, url,
              council_named(decision, "https://tides.example/",
                            council_below(decision, ADDINS), ".html"));
}

void council_delete_addin(struct decision *decision)
{
    Perch__AddinDelete *away =
        COUNCIL_MAKE(decision, ADDIN_DELETE, addin_delete);

    CODEC_SET(away, addin, any_addin(decision));
}

static ProtobufCBinaryData any_filter(struct decision *decision)
{
    return council_named(decision, "Filter ",
                         council_below(decision, FILTERS_OF_TOWN), "");
}

/* A list of one. */
static ProtobufCBinaryData *only(struct decision *decision,
                                 ProtobufCBinaryData one, size_t *n)
{
    ProtobufCBinaryData *list = arena_alloc(decision->arena, sizeof(*list));

    CHECK(list != NULL);
    *list = one;
    *n = 1;
    return list;
}

/* In some posts: each is a number. */
static ProtobufCBinaryData expression(struct decision *decision)
{
    return council_named(decision, "like:*", council_below(decision, ENDINGS),
                         "");
}

static ProtobufCBinaryData any_hall(struct decision *decision)
{
    return council_hall(decision, council_below(decision, COUNCIL_HALLS));
}

static Perch__FilterAction action(struct decision *decision)
{
    return council_odds(decision, 2) ? PERCH__FILTER_ACTION__BLOCK
                                     : PERCH__FILTER_ACTION__WARN;
}

/* Never of the whole pool: guests are promised their squares. */
void council_create_filter(struct decision *decision)
{
    Perch__FilterCreate *create =
        COUNCIL_MAKE(decision, FILTER_CREATE, filter_create);

    CODEC_SET(create, name, any_filter(decision));
    CODEC_SET(create, action, action(decision));
    create->expressions =
        only(decision, expression(decision), &create->n_expressions);
    create->categories =
        only(decision, any_hall(decision), &create->n_categories);
}

void council_change_filter(struct decision *decision)
{
    Perch__FilterChange *change =
        COUNCIL_MAKE(decision, FILTER_CHANGE, filter_change);

    CODEC_SET(change, filter, any_filter(decision));
    CODEC_SET(change, disabled, council_odds(decision, 3));
    if (council_odds(decision, 2)) {
        change->expressions_add =
            only(decision, expression(decision), &change->n_expressions_add);
    } else {
        change->expressions_remove =
            only(decision, expression(decision), &change->n_expressions_remove);
    }
    if (council_odds(decision, 2)) {
        change->categories_add =
            only(decision, any_hall(decision), &change->n_categories_add);
    } else {
        change->categories_remove =
            only(decision, any_hall(decision), &change->n_categories_remove);
    }
}

void council_delete_filter(struct decision *decision)
{
    Perch__FilterDelete *away =
        COUNCIL_MAKE(decision, FILTER_DELETE, filter_delete);

    CODEC_SET(away, filter, any_filter(decision));
}
