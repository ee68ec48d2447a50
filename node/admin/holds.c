/* Legal holds. */
#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/page.h"
#include "node/chat/list.h"
#include "node/chat/text.h"
#include "node/chat/view.h"

static Perch__Admin__Hold *show_hold(struct answer *answer,
                                     const struct hold_view *view)
{
    Perch__Admin__Hold *shown =
        answer_new(answer, &perch__admin__hold__descriptor);
    struct room_view room;
    struct user_view user;

    ANSWER_TEXT(shown, name, view->name);
    if (view->room != NULL) {
        view_room(view->room, &room);
        ANSWER_TEXT(shown, room, room.place.name);
    } else {
        view_user(view->user, &user);
        ANSWER_TEXT(shown, user, user.uri);
    }
    ANSWER_TEXT(shown, reason, view->reason);
    ANSWER_TEXT(shown, administrator, view->administrator);
    CODEC_SET(shown, placed_at_us, view->placed_at_us);
    return shown;
}

struct hold_list {
    struct page page;
    struct slice match;
    uint64_t mark;
};

static bool take_hold(void *context, const struct hold *hold)
{
    struct hold_list *list = context;
    struct hold_view view;

    if (!page_look(&list->page)) {
        return false;
    }
    view_hold(hold, &view);
    list->mark = view.number;
    if (text_contains_nocase(view.name, list->match)) {
        page_add(&list->page, &show_hold(list->page.answer, &view)->base);
    }
    return true;
}

static void decide_list(struct answer *answer)
{
    const Perch__Admin__HoldsList *asked = answer->asked;
    Perch__Admin__HoldsListReply *body =
        answer_new(answer, &perch__admin__holds_list_reply__descriptor);
    struct hold_list list = {.match = codec_slice(asked->match)};
    uint32_t after = 0;

    if (!page_number(answer, &after)) {
        return;
    }
    page_begin(&list.page, answer);
    list_holds(answer->machine, after, take_hold, &list);
    page_end(&list.page, answer_printf(answer, "%" PRIu64, list.mark));
    body->n_holds = list.page.n;
    body->holds = (Perch__Admin__Hold **)list.page.items;
    answer->body = &body->base;
}

/* What a hold lies on, or is to. */
struct target {
    struct slice name;
    const struct room *room; /* Either. */
    const struct user *user;
    struct guid guid;
    struct hold_view found; /* number 0: there is none. */
};

static bool take_same(void *context, const struct hold *hold)
{
    struct target *target = context;
    struct hold_view view;

    view_hold(hold, &view);
    if (view.room == target->room && view.user == target->user &&
        text_compare_nocase(view.name, target->name) == 0) {
        target->found = view;
        return false;
    }
    return true;
}

/* Returns false, and the answer refused, for a room or user that is not there;
 * which of both is asked for is for the rules. */
static bool find_target(struct answer *answer, ProtobufCBinaryData name,
                        ProtobufCBinaryData room, ProtobufCBinaryData user,
                        struct target *target)
{
    struct room_view view;

    *target = (struct target){.name = codec_slice(name)};
    if (room.len > 0) {
        target->room = find_room(answer, room);
    }
    if (!answer_refused(answer) && user.len > 0) {
        target->user = find_user(answer, user);
    }
    if (answer_refused(answer)) {
        return false;
    }
    if (target->room != NULL) {
        view_room(target->room, &view);
        answer->guid = view.place.guid;
    }
    list_holds(answer->machine, 0, take_same, target);
    return true;
}

static ProtobufCBinaryData room_field(struct answer *answer,
                                      const struct target *target)
{
    struct slice guid = slice_of(answer->guid.bytes, GUID_BYTES);

    return codec_bytes(target->room == NULL ? SLICE_NONE : guid);
}

static ProtobufCBinaryData user_field(struct answer *answer,
                                      const struct target *target)
{
    struct user_view view;

    if (target->user == NULL) {
        return codec_bytes(SLICE_NONE);
    }
    view_user(target->user, &view);
    return codec_bytes(arena_copy_slice(answer->arena, view.uri));
}

static void put_hold(struct answer *answer, const struct target *target)
{
    Perch__Admin__HoldsPlaceReply *body =
        answer_new(answer, &perch__admin__holds_place_reply__descriptor);

    if (target->found.number != 0) {
        body->hold = show_hold(answer, &target->found);
    }
    answer->body = &body->base;
}

static void decide_place(struct answer *answer)
{
    const Perch__Admin__HoldsPlace *asked = answer->asked;
    Perch__HoldPlace *place =
        answer_new(answer, &perch__hold_place__descriptor);
    struct target target;

    if (!find_target(answer, asked->name, asked->room, asked->user, &target)) {
        return;
    }
    answer_tells(answer, "placed", "hold \"%.*s\"", SLICE_PRINT(target.name));
    if (target.found.number != 0) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    CODEC_SET(place, name, asked->name);
    CODEC_SET(place, room, room_field(answer, &target));
    CODEC_SET(place, user, user_field(answer, &target));
    CODEC_SET(place, reason, asked->reason);
    answer_proposes(answer, PERCH__COMMAND__KIND_HOLD_PLACE)->hold_place =
        place;
}

static void show_placed(struct answer *answer)
{
    const Perch__Admin__HoldsPlace *asked = answer->asked;
    struct target target;

    if (find_target(answer, asked->name, asked->room, asked->user, &target)) {
        put_hold(answer, &target);
    }
}

static void decide_lift(struct answer *answer)
{
    const Perch__Admin__HoldsLift *asked = answer->asked;
    Perch__HoldLift *lift = answer_new(answer, &perch__hold_lift__descriptor);
    struct target target;

    if (!find_target(answer, asked->name, asked->room, asked->user, &target)) {
        return;
    }
    answer_tells(answer, "lifted", "hold \"%.*s\"", SLICE_PRINT(target.name));
    put_hold(answer, &(struct target){.found.number = 0});
    CODEC_SET(lift, name, asked->name);
    CODEC_SET(lift, room, room_field(answer, &target));
    CODEC_SET(lift, user, user_field(answer, &target));
    CODEC_SET(lift, reason, asked->reason);
    answer_proposes(answer, PERCH__COMMAND__KIND_HOLD_LIFT)->hold_lift = lift;
}

const struct answer_row holds_rows[] = {
    {ADMIN_HOLDS_LIST, decide_list, NULL},
    {ADMIN_HOLDS_PLACE, decide_place, show_placed},
    {ADMIN_HOLDS_LIFT, decide_lift, NULL},
    {.decide = NULL},
};
