/* Creating and changing categories: what was asked as a command of the rules,
 * unless it is so already. */
#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/lists.h"
#include "node/admin/show.h"

static unsigned roles_of(const void *of, const struct principal *principal)
{
    return view_category_roles_own(of, principal);
}

enum { LISTS_OF_CREATE = 3, LISTS_OF_CHANGE = 6 };

static void lists_of_create(const Perch__Admin__CategoriesCreate *asked,
                            Perch__CategoryCreate *create,
                            struct listed lists[LISTS_OF_CREATE])
{
    lists[0] = LISTED(asked, create, allowed, ROLE_ALLOWED, false);
    lists[1] = LISTED(asked, create, denied, ROLE_DENIED, false);
    lists[2] = LISTED(asked, create, creators, ROLE_CREATOR, false);
}

static void lists_of_change(const Perch__Admin__CategoriesChange *asked,
                            Perch__CategoryChange *change,
                            struct listed lists[LISTS_OF_CHANGE])
{
    lists[0] = LISTED(asked, change, allowed_remove, ROLE_ALLOWED, true);
    lists[1] = LISTED(asked, change, denied_remove, ROLE_DENIED, true);
    lists[2] = LISTED(asked, change, creators_remove, ROLE_CREATOR, true);
    lists[3] = LISTED(asked, change, allowed_add, ROLE_ALLOWED, false);
    lists[4] = LISTED(asked, change, denied_add, ROLE_DENIED, false);
    lists[5] = LISTED(asked, change, creators_add, ROLE_CREATOR, false);
}

/* Whether switches that requests of both kinds have are as they ask. */
#define SWITCHED(asked, view)                                                  \
    ((!(asked)->has_everyone ||                                                \
      ((asked)->everyone != 0) != (view)->restricted) &&                       \
     (!(asked)->has_invitations ||                                             \
      ((asked)->invitations != 0) == (view)->invitations) &&                   \
     (!(asked)->has_file_upload ||                                             \
      ((asked)->file_upload != 0) == (view)->file_upload) &&                   \
     (!(asked)->has_history || ((asked)->history != 0) == (view)->history))

/* Lend the switches to the command. */
#define SWITCHES(asked, command)                                               \
    do {                                                                       \
        (command)->has_everyone = (asked)->has_everyone;                       \
        (command)->everyone = (asked)->everyone;                               \
        (command)->has_invitations = (asked)->has_invitations;                 \
        (command)->invitations = (asked)->invitations;                         \
        (command)->has_file_upload = (asked)->has_file_upload;                 \
        (command)->file_upload = (asked)->file_upload;                         \
        (command)->has_history = (asked)->has_history;                         \
        (command)->history = (asked)->history;                                 \
    } while (0)

static bool is_created(struct answer *answer, const struct category *category,
                       const Perch__Admin__CategoriesCreate *asked,
                       struct slice id, const struct listed *lists)
{
    struct category_view view;

    view_category(category, &view);
    return (!asked->has_id ||
            slice_equal(id, slice_of(view.place.guid.bytes, GUID_BYTES))) &&
           slice_equal(view.place.name, codec_slice(asked->name)) &&
           (!asked->has_description ||
            slice_equal(view.place.description,
                        codec_slice(asked->description))) &&
           SWITCHED(asked, &view) &&
           lists_are_so(answer, lists, LISTS_OF_CREATE, roles_of, category);
}

static void decide_create(struct answer *answer)
{
    const Perch__Admin__CategoriesCreate *asked = answer->asked;
    const struct category *category =
        query_category_named(answer->machine, codec_slice(asked->name));
    Perch__CategoryCreate *create =
        answer_new(answer, &perch__category_create__descriptor);
    struct slice id = find_new_guid(answer, asked->has_id, asked->id);
    struct listed lists[LISTS_OF_CREATE];
    struct category_view view;

    lists_of_create(asked, create, lists);
    if (!lists_write(answer, lists, LISTS_OF_CREATE)) {
        return;
    }
    answer_tells(answer, "created", "category \"%.*s\"",
                 SLICE_PRINT(codec_slice(asked->name)));
    if (category != NULL && is_created(answer, category, asked, id, lists)) {
        view_category(category, &view);
        answer->guid = view.place.guid;
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET(create, category, codec_bytes(id));
    CODEC_SET(create, name, asked->name);
    CODEC_SET(create, description, asked->description);
    SWITCHES(asked, create);
    answer_proposes(answer, PERCH__COMMAND__KIND_CATEGORY_CREATE)
        ->category_create = create;
}

static bool is_changed(struct answer *answer, const struct category *category,
                       const Perch__Admin__CategoriesChange *asked,
                       const struct listed *lists)
{
    struct category_view view;

    view_category(category, &view);
    return (!asked->has_if_version ||
            asked->if_version == view.place.version) &&
           (!asked->has_name ||
            slice_equal(view.place.name, codec_slice(asked->name))) &&
           (!asked->has_description ||
            slice_equal(view.place.description,
                        codec_slice(asked->description))) &&
           SWITCHED(asked, &view) &&
           /* Allowing someone ends everyone. */
           (asked->n_allowed_add == 0 || asked->has_everyone ||
            view.restricted) &&
           lists_are_so(answer, lists, LISTS_OF_CHANGE, roles_of, category);
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
    SWITCHES(asked, change);
    return change;
}

static bool names_nothing(const Perch__Admin__CategoriesChange *asked,
                          const struct listed *lists)
{
    return !asked->has_name && !asked->has_description &&
           !asked->has_everyone && !asked->has_invitations &&
           !asked->has_file_upload && !asked->has_history &&
           lists_are_empty(lists, LISTS_OF_CHANGE);
}

static void decide_change(struct answer *answer)
{
    const Perch__Admin__CategoriesChange *asked = answer->asked;
    const struct category *category = find_category(answer, asked->category);
    struct listed lists[LISTS_OF_CHANGE];
    Perch__CategoryChange *change;
    struct category_view view;

    if (category == NULL) {
        return;
    }
    view_category(category, &view);
    answer->guid = view.place.guid;
    change = plan_change(answer, asked);
    lists_of_change(asked, change, lists);
    if (names_nothing(asked, lists)) {
        answer_refuse(answer, REFUSAL_NOTHING_ASKED);
        return;
    }
    if (!lists_write(answer, lists, LISTS_OF_CHANGE)) {
        return;
    }
    answer_tells(answer, "changed", "category \"%.*s\"",
                 SLICE_PRINT(view.place.name));
    if (is_changed(answer, category, asked, lists)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_CATEGORY_CHANGE)
        ->category_change = change;
}

const struct answer_row category_changes_rows[] = {
    {ADMIN_CATEGORIES_CREATE, decide_create, categories_show},
    {ADMIN_CATEGORIES_CHANGE, decide_change, categories_show},
    {.decide = NULL},
};
