#include "node/session/managing.h"

#include "node/chat/list.h"
#include "node/session/denying.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "proto/xccos/limits.h"
#include "proto/xccos/text.h"

/* A change under way. */
struct managing {
    struct errand errand; /* First. */
    struct proposal proposal;
    const struct xccos_request *request;
    struct guid guid; /* Of the room. */
};

/* A list of categories while it is made. */
struct offering {
    struct look look; /* First. */
    struct xccos_category *categories, **tail;
    size_t bytes;
    bool is_over;
    bool failed;
};

enum {
    CATEGORY_MARKUP_BYTES = 600, /* Names, flags, the URI. */
    CATEGORIES_BYTES_MAX = XCCOS_BODY_BYTES_MAX - 8 * 1024,
};

enum { ROLES = 3 };

/* The users named with each role. */
struct named {
    size_t n[ROLES];
    ProtobufCBinaryData *at[ROLES];
};

enum { MEMBERS, MANAGERS, PRESENTERS };

static int place_of(enum xccos_role role)
{
    switch (role) {
    case XCCOS_ROLE_MANAGER:
        return MANAGERS;
    case XCCOS_ROLE_PRESENTER:
        return PRESENTERS;
    default:
        return MEMBERS;
    }
}

static bool name_users(struct arena *arena, const struct xccos_room *block,
                       struct named *named)
{
    const struct xccos_user *user;

    *named = (struct named){.n = {0}};
    for (user = block->users; user != NULL; user = user->next) {
        named->n[place_of(user->role)] += 1;
    }
    for (int i = 0; i < ROLES; i++) {
        named->at[i] =
            arena_alloc(arena, (named->n[i] + 1) * sizeof(*named->at[i]));
        if (named->at[i] == NULL) {
            return false;
        }
        named->n[i] = 0;
    }
    for (user = block->users; user != NULL; user = user->next) {
        int i = place_of(user->role);

        named->at[i][named->n[i]++] = codec_bytes(user->uri);
    }
    return true;
}

static Perch__Visibility visibility_of(enum xccos_visibility visibility)
{
    switch (visibility) {
    case XCCOS_VISIBILITY_OPEN:
        return PERCH__VISIBILITY__OPEN;
    case XCCOS_VISIBILITY_PRIVATE:
        return PERCH__VISIBILITY__SECRET;
    default:
        return PERCH__VISIBILITY__CLOSED;
    }
}

static Perch__Behavior behavior_of(enum xccos_behavior behavior)
{
    return behavior == XCCOS_BEHAVIOR_AUDITORIUM ? PERCH__BEHAVIOR__AUDITORIUM
                                                 : PERCH__BEHAVIOR__NORMAL;
}

/* Commands of both kinds have these fields by these names. */
#define GIVE_KIND(command, block)                                              \
    do {                                                                       \
        if ((block)->visibility != XCCOS_VISIBILITY_UNSET) {                   \
            CODEC_SET(command, visibility,                                     \
                      visibility_of((block)->visibility));                     \
        }                                                                      \
        if ((block)->behavior != XCCOS_BEHAVIOR_UNSET) {                       \
            CODEC_SET(command, behavior, behavior_of((block)->behavior));      \
        }                                                                      \
        if ((block)->disabled != XCCOS_FLAG_UNSET) {                           \
            CODEC_SET(command, disabled,                                       \
                      (block)->disabled == XCCOS_FLAG_TRUE);                   \
        }                                                                      \
        if ((block)->invite != XCCOS_FLAG_UNSET) {                             \
            CODEC_SET(command, invitations,                                    \
                      (block)->invite == XCCOS_FLAG_TRUE);                     \
        }                                                                      \
        if ((block)->file_post != XCCOS_FLAG_UNSET) {                          \
            CODEC_SET(command, file_upload,                                    \
                      (block)->file_post == XCCOS_FLAG_TRUE);                  \
        }                                                                      \
    } while (0)

/* The same of the add-in; an empty one is none. */
#define GIVE_ADDIN(command, asked)                                             \
    do {                                                                       \
        if ((asked)->has_addin) {                                              \
            CODEC_SET(command, addin,                                          \
                      codec_bytes(slice_of(                                    \
                          (asked)->addin.bytes,                                \
                          guid_is_nil(&(asked)->addin) ? 0 : GUID_BYTES)));    \
        }                                                                      \
    } while (0)

static void fill_create(const struct managing *managing,
                        const struct named *named, Perch__RoomCreate *create)
{
    const struct xccos_management *asked = &managing->request->management;
    const struct guid *category = &asked->category.guid;

    CODEC_SET_BYTES(create, room, slice_of(managing->guid.bytes, GUID_BYTES));
    CODEC_SET_BYTES(create, category, slice_of(category->bytes, GUID_BYTES));
    CODEC_SET_BYTES(create, name, asked->block->name);
    CODEC_SET_BYTES(create, description, asked->block->description);
    GIVE_KIND(create, asked->block);
    GIVE_ADDIN(create, asked);
    create->n_members = named->n[MEMBERS];
    create->members = named->at[MEMBERS];
    create->n_managers = named->n[MANAGERS];
    create->managers = named->at[MANAGERS];
    create->n_presenters = named->n[PRESENTERS];
    create->presenters = named->at[PRESENTERS];
}

static void fill_lists(enum xccos_verb verb, const struct named *named,
                       Perch__RoomChange *change)
{
    if (verb == XCCOS_VERB_PERMADD) {
        change->n_members_add = named->n[MEMBERS];
        change->members_add = named->at[MEMBERS];
        change->n_managers_add = named->n[MANAGERS];
        change->managers_add = named->at[MANAGERS];
        change->n_presenters_add = named->n[PRESENTERS];
        change->presenters_add = named->at[PRESENTERS];
    } else if (verb == XCCOS_VERB_PERMDEL) {
        change->n_members_remove = named->n[MEMBERS];
        change->members_remove = named->at[MEMBERS];
        change->n_managers_remove = named->n[MANAGERS];
        change->managers_remove = named->at[MANAGERS];
        change->n_presenters_remove = named->n[PRESENTERS];
        change->presenters_remove = named->at[PRESENTERS];
    }
}

/* permadd and permdel change who has which role, and nothing else. An empty
 * text is as good as none: to empty a description is for administrators. */
static void fill_change(const struct managing *managing,
                        const struct named *named, Perch__RoomChange *change)
{
    const struct xccos_management *asked = &managing->request->management;
    const struct xccos_room *block = asked->block;

    CODEC_SET_BYTES(change, room, slice_of(managing->guid.bytes, GUID_BYTES));
    if (block->version.set && block->version.value <= UINT32_MAX) {
        CODEC_SET(change, if_version, (uint32_t)block->version.value);
    }
    if (managing->request->verb != XCCOS_VERB_CHANMODIFY) {
        fill_lists(managing->request->verb, named, change);
        return;
    }
    CODEC_SET_BYTES(change, name, block->name);
    CODEC_SET_BYTES(change, description, block->description);
    if (asked->has_category) {
        CODEC_SET_BYTES(change, category,
                        slice_of(asked->category.guid.bytes, GUID_BYTES));
    }
    GIVE_KIND(change, block);
    GIVE_ADDIN(change, asked);
}

static void reply(struct managing *managing, const struct effects *effects)
{
    struct visit *visit = managing->errand.visit;
    const struct room *room = query_room(visit->hub->machine, &managing->guid);
    struct xccos_primitive primitive;

    errand_reply_init(&managing->errand, &primitive);
    primitive.data.rooms =
        describe_room(visit->hub, visit->intake->arena, room);
    if (primitive.data.rooms == NULL) {
        caller_cut(visit->caller, "no_memory");
        errand_end(&managing->errand);
        return;
    }
    errand_reply(&managing->errand, &primitive,
                 effects == NULL ? 0 : effects->log_index);
}

static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects)
{
    struct managing *managing =
        (struct managing *)((char *)proposal -
                            offsetof(struct managing, proposal));

    if (fate != PROPOSAL_APPLIED) {
        /* Nobody can say any more whether it was done. */
        caller_cut(managing->errand.visit->caller, "change_unknown");
        errand_end(&managing->errand);
    } else if (outcome_is_success(applied->outcome)) {
        reply(managing, effects);
    } else {
        errand_refuse_acting(&managing->errand, applied->outcome);
    }
}

static enum error propose(struct managing *managing)
{
    const struct xccos_management *asked = &managing->request->management;
    struct visit *visit = managing->errand.visit;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__RoomCreate create = PERCH__ROOM_CREATE__INIT;
    Perch__RoomChange change = PERCH__ROOM_CHANGE__INIT;
    struct named named;
    enum error error = caller_open(visit->caller);

    if (error != ERROR_NONE) {
        return error;
    }
    if (!name_users(visit->intake->arena, asked->block, &named)) {
        return ERROR_NO_MEMORY;
    }
    if (asked->has_room) {
        fill_change(managing, &named, &change);
        command.kind_case = PERCH__COMMAND__KIND_ROOM_CHANGE;
        command.room_change = &change;
    } else {
        fill_create(managing, &named, &create);
        command.kind_case = PERCH__COMMAND__KIND_ROOM_CREATE;
        command.room_create = &create;
    }
    CODEC_SET_BYTES(&command, user, visit->caller->user_uri);
    CODEC_SET(&command, session, visit->caller->serial);
    managing->proposal.tell = told;
    return proposer_propose(visit->hub->proposer, &managing->proposal,
                            &command);
}

/* What names no place of this pool. */
static enum outcome check_names(const struct managing *managing)
{
    const struct xccos_management *asked = &managing->request->management;
    const struct sessions *hub = managing->errand.visit->hub;

    if (asked->has_room && !hub_is_ours(hub, &asked->room)) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    return asked->has_category && !hub_is_ours(hub, &asked->category)
               ? OUTCOME_CATEGORY_UNKNOWN
               : OUTCOME_DONE;
}

static struct guid new_guid(struct sessions *hub)
{
    uint8_t random[GUID_BYTES];

    loop_random(hub->settings.loop, random, sizeof(random));
    return guid_from_random(random);
}

void managing_serve(struct visit *visit, const struct xccos_primitive *command,
                    const struct xccos_request *request)
{
    struct managing *managing = errand_begin(visit, sizeof(*managing), command);
    enum outcome outcome;

    if (managing == NULL) {
        return;
    }
    managing->request = request;
    managing->guid = request->management.has_room
                         ? request->management.room.guid
                         : new_guid(visit->hub);
    outcome = check_names(managing);
    if (outcome != OUTCOME_DONE) {
        errand_refuse_outcome(&managing->errand, outcome);
    } else if (propose(managing) == ERROR_NONE) {
        errand_waits(&managing->errand);
    } else {
        errand_refuse(&managing->errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
    }
}

void managing_refuse(struct visit *visit, const struct xccos_primitive *command,
                     const struct xccos_request *request)
{
    struct denial *denial = errand_begin(visit, sizeof(*denial), command);

    if (denial != NULL) {
        denial->outcome = OUTCOME_NOT_AN_ADMINISTRATOR;
        denying_refuse(denial,
                       request->verb == XCCOS_VERB_PURGE
                           ? &request->room.guid
                           : &request->management.room.guid,
                       xccos_verb_name(request->verb));
    }
}

static bool offer(void *context, const struct category *category)
{
    struct offering *offering = context;
    struct visit *visit = offering->look.errand.visit;
    struct xccos_category *block =
        describe_category(visit->hub, visit->intake->arena, category);

    if (block == NULL) {
        offering->failed = true;
        return false;
    }
    offering->bytes += CATEGORY_MARKUP_BYTES +
                       xccos_text_escaped_bytes(block->name, true) +
                       xccos_text_escaped_bytes(block->description, true);
    if (offering->bytes > CATEGORIES_BYTES_MAX) {
        offering->is_over = true;
        return false;
    }
    *offering->tail = block;
    offering->tail = &block->next;
    return true;
}

static bool offer_all(struct look *look)
{
    struct offering *offering = (struct offering *)look;
    struct visit *visit = look->errand.visit;
    const struct user *user =
        query_user(visit->hub->machine, visit->caller->user_uri);
    struct xccos_primitive primitive;

    if (user == NULL) {
        errand_refuse_outcome(&offering->look.errand, OUTCOME_USER_UNKNOWN);
        return true;
    }
    offering->tail = &offering->categories;
    list_categories_for(visit->hub->machine, user, offer, offering);
    if (offering->failed) {
        errand_refuse(&offering->look.errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
        return true;
    }
    if (offering->is_over) {
        errand_refuse(&offering->look.errand, XCCOS_CODE_LIMIT_EXCEEDED,
                      "there are more categories than fit into a reply");
        return true;
    }
    errand_reply_init(&offering->look.errand, &primitive);
    primitive.data.categories = offering->categories;
    errand_reply(&offering->look.errand, &primitive, 0);
    return true;
}

void managing_serve_categories(struct visit *visit,
                               const struct xccos_primitive *command,
                               const struct xccos_request *request)
{
    struct offering *offering =
        look_begin(visit, sizeof(*offering), command, offer_all);

    (void)request;
    if (offering != NULL) {
        look_ask(&offering->look);
    }
}
