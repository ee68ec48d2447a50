#include "node/session/peopling.h"

#include "node/chat/access.h"
#include "node/chat/page.h"
#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "proto/xccos/limits.h"

enum {
    USERS_BYTES_MAX = XCCOS_BODY_BYTES_MAX - 8 * 1024,
};

/* A list of people while it is made. */
struct peopling {
    struct look look; /* First. */
    const struct xccos_request *request;
    unsigned role; /* A set of enum role; 0: who is there now. */
    struct xccos_user *users, **tail;
    size_t bytes;
    bool is_over;
    bool failed;
};

static unsigned role_of(enum xccos_role role)
{
    switch (role) {
    case XCCOS_ROLE_MEMBER:
        return ROLE_MEMBER;
    case XCCOS_ROLE_MANAGER:
        return ROLE_MANAGER;
    case XCCOS_ROLE_PRESENTER:
        return ROLE_PRESENTER;
    default:
        return 0;
    }
}

static bool add(struct peopling *peopling, struct xccos_user *block,
                enum xccos_role role)
{
    if (block == NULL) {
        peopling->failed = true;
        return false;
    }
    block->role = role;
    peopling->bytes += describe_user_bytes_max(block);
    peopling->is_over = peopling->bytes > USERS_BYTES_MAX;
    *peopling->tail = block;
    peopling->tail = &block->next;
    return !peopling->is_over;
}

static bool add_present(void *context, const struct present *present)
{
    struct peopling *peopling = context;
    struct arena *arena = peopling->look.errand.visit->intake->arena;

    return add(peopling, describe_user(arena, present->user),
               describe_role(present->roles));
}

static bool add_holder(void *context, const struct principal *principal,
                       unsigned roles)
{
    struct peopling *peopling = context;
    const struct visit *visit = peopling->look.errand.visit;

    return (roles & peopling->role) == 0 ||
           add(peopling,
               describe_principal(visit->hub, visit->intake->arena, principal),
               peopling->request->people.role);
}

/* Those who are in the room, or manage it, see who is there; those who manage
 * it see who has which role. */
static enum outcome may_see(const struct peopling *peopling,
                            const struct user *user, const struct room *room)
{
    const struct caller *caller = peopling->look.errand.visit->caller;
    enum outcome outcome;
    struct room_view view;

    if (user == NULL || room == NULL) {
        return user == NULL ? OUTCOME_USER_UNKNOWN : OUTCOME_ROOM_UNKNOWN;
    }
    outcome = access_find(user, room);
    if (outcome != OUTCOME_DONE ||
        (view_roles(room, user) & ROLE_MANAGER) != 0) {
        return outcome;
    }
    if (peopling->role != 0) {
        return OUTCOME_NOT_A_MANAGER;
    }
    view_room(room, &view);
    return seat_find(caller, view.place.number) == NULL ? OUTCOME_NOT_JOINED
                                                        : OUTCOME_DONE;
}

static void reply(struct peopling *peopling, const struct guid *guid)
{
    struct visit *visit = peopling->look.errand.visit;
    struct xccos_primitive primitive;

    if (peopling->is_over) {
        errand_refuse(&peopling->look.errand, XCCOS_CODE_LIMIT_EXCEEDED,
                      "there are more people than fit into a reply");
        return;
    }
    errand_reply_init(&peopling->look.errand, &primitive);
    primitive.data.rooms =
        describe_room_uri(visit->hub, visit->intake->arena, guid);
    if (primitive.data.rooms == NULL || peopling->failed) {
        errand_refuse(&peopling->look.errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
        return;
    }
    primitive.data.rooms->users = peopling->users;
    errand_reply(&peopling->look.errand, &primitive, 0);
}

static void list(struct peopling *peopling, const struct room *room)
{
    const struct sessions *hub = peopling->look.errand.visit->hub;
    struct room_view view;

    view_room(room, &view);
    peopling->tail = &peopling->users;
    if (peopling->role != 0) {
        page_roles(hub->machine, room, 0, add_holder, peopling);
    } else if (describe_is_large(hub, view.users_present)) {
        errand_refuse(&peopling->look.errand, XCCOS_CODE_NO_PARTICIPANT_LIST,
                      "too many are in the room to list them");
        return;
    } else {
        list_participants(room, add_present, peopling);
    }
    reply(peopling, &view.place.guid);
}

static bool take(struct look *look)
{
    struct peopling *peopling = (struct peopling *)look;
    const struct visit *visit = look->errand.visit;
    const struct machine *machine = visit->hub->machine;
    const struct xccos_name *name = &peopling->request->people.room;
    const struct room *room =
        hub_is_ours(visit->hub, name) ? query_room(machine, &name->guid) : NULL;
    enum outcome outcome =
        may_see(peopling, query_user(machine, visit->caller->user_uri), room);

    if (outcome != OUTCOME_DONE) {
        errand_refuse_outcome(&look->errand, outcome);
    } else {
        list(peopling, room);
    }
    return true;
}

void peopling_serve(struct visit *visit, const struct xccos_primitive *command,
                    const struct xccos_request *request)
{
    struct peopling *peopling =
        look_begin(visit, sizeof(*peopling), command, take);

    if (peopling != NULL) {
        peopling->request = request;
        peopling->role = role_of(request->people.role);
        look_ask(&peopling->look);
    }
}
