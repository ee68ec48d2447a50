#include "node/session/inviting.h"

#include "node/chat/invited.h"
#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"

struct inviting {
    struct look look; /* First. */
    struct proposal proposal;
    uint64_t after;
    struct invitation list[INVITATIONS_TAKEN_MAX];
};

static void reply(struct inviting *inviting,
                  struct xccos_invitation *invitations, uint64_t log_index)
{
    struct xccos_primitive primitive;

    errand_reply_init(&inviting->look.errand, &primitive);
    primitive.data.invitations = invitations;
    errand_reply(&inviting->look.errand, &primitive, log_index);
}

/* Nobody can say any more whether it was done: the client must come back. */
static void give_up(struct inviting *inviting)
{
    caller_cut(inviting->look.errand.visit->caller, "invitations_unknown");
    errand_end(&inviting->look.errand);
}

static struct xccos_invitation *describe(const struct sessions *hub,
                                         struct arena *arena,
                                         const struct invitation *invitation)
{
    struct xccos_invitation *block = arena_alloc(arena, sizeof(*block));
    struct pool_view pool;

    if (block == NULL) {
        return NULL;
    }
    query_pool(hub->machine, &pool);
    block->id = XCCOS_NUMBER(invitation->id);
    block->domain = pool.domain;
    block->created_at = XCCOS_MOMENT(invitation->created_at_us);
    block->room = describe_room(hub, arena, invitation->room);
    return block->room == NULL ? NULL : block;
}

/* Returns false when the user was not invited to the room, or so many others
 * wait to be shown that it is not among the next. */
static bool find(const struct sessions *hub, const struct user *user,
                 const struct room *room, struct invitation *invitation_out)
{
    struct invitation list[INVITATIONS_TAKEN_MAX];
    size_t n = invited_list(hub->machine, user, invited_shown(user), list,
                            INVITATIONS_TAKEN_MAX);

    while (n > 0 && list[n - 1].room != room) {
        n -= 1; /* The newest are last. */
    }
    if (n == 0) {
        return false;
    }
    *invitation_out = list[n - 1];
    return true;
}

static struct body *write_notice(struct sessions *hub,
                                 const struct invitation *invitation)
{
    struct xccos_primitive notice = {
        .kind = XCCOS_KIND_NOTICE, .seqid = 1, .verb = XCCOS_VERB_INV};

    notice.data.invitations = describe(hub, hub->arena, invitation);
    return notice.data.invitations == NULL ? NULL : hub_write(hub, &notice);
}

void inviting_announce(struct sessions *hub, const struct effects *effects,
                       const struct event *event)
{
    const struct user *user = query_user_numbered(hub->machine, event->user);
    const struct room *room = query_room_numbered(hub->machine, event->room);
    struct caller *caller;
    struct invitation invitation;
    struct user_view view;
    struct body *body;

    if (user == NULL || room == NULL ||
        (event->roles & ~event->roles_before & ROLE_MEMBER) == 0) {
        return;
    }
    view_user(user, &view);
    caller = callers_next_of(&hub->callers, view.uri, NULL);
    if (caller == NULL || !find(hub, user, room, &invitation)) {
        return;
    }
    body = write_notice(hub, &invitation);
    for (; caller != NULL && body != NULL;
         caller = callers_next_of(&hub->callers, view.uri, caller)) {
        caller_give(caller, body, effects->log_index);
    }
    body_release(body);
}

/* Reply with what the command has taken: what was shown by it, and no more,
 * though a state that came as a snapshot may have more. */
static void show(struct inviting *inviting, uint64_t after, uint64_t log_index)
{
    const struct visit *visit = inviting->look.errand.visit;
    const struct user *user =
        query_user(visit->hub->machine, visit->caller->user_uri);
    struct xccos_invitation *first = NULL, **tail = &first;
    size_t n = 0;

    if (user != NULL) {
        n = invited_list(visit->hub->machine, user, after, inviting->list,
                         INVITATIONS_TAKEN_MAX);
    }
    for (size_t i = 0; i < n && inviting->list[i].id <= invited_shown(user);
         i++) {
        *tail = describe(visit->hub, visit->intake->arena, &inviting->list[i]);
        if (*tail == NULL) {
            give_up(inviting);
            return;
        }
        tail = &(*tail)->next;
    }
    reply(inviting, first, log_index);
}

static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects)
{
    struct inviting *inviting =
        (struct inviting *)((char *)proposal -
                            offsetof(struct inviting, proposal));

    if (fate != PROPOSAL_APPLIED) {
        give_up(inviting);
    } else if (applied->outcome != OUTCOME_DONE) {
        errand_refuse_acting(&inviting->look.errand, applied->outcome);
    } else {
        show(inviting, applied->value,
             effects == NULL ? 0 : effects->log_index);
    }
}

static enum error propose(struct inviting *inviting)
{
    struct caller *caller = inviting->look.errand.visit->caller;
    Perch__InvitationsTake take = PERCH__INVITATIONS_TAKE__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    enum error error = caller_open(caller);

    if (error != ERROR_NONE) {
        return error;
    }
    CODEC_SET(&take, after, inviting->after);
    CODEC_SET_BYTES(&command, user, caller->user_uri);
    CODEC_SET(&command, session, caller->serial);
    command.kind_case = PERCH__COMMAND__KIND_INVITATIONS_TAKE;
    command.invitations_take = &take;
    inviting->proposal.tell = told;
    return proposer_propose(caller->hub->proposer, &inviting->proposal,
                            &command);
}

static bool is_any_new(struct inviting *inviting, const struct user *user)
{
    uint64_t after = invited_shown(user);

    if (inviting->after > after) {
        after = inviting->after;
    }
    return invited_list(inviting->look.errand.visit->hub->machine, user, after,
                        inviting->list, 1) > 0;
}

static bool take(struct look *look)
{
    struct inviting *inviting = (struct inviting *)look;
    const struct visit *visit = look->errand.visit;
    const struct user *user =
        query_user(visit->hub->machine, visit->caller->user_uri);

    if (user == NULL) {
        errand_refuse_outcome(&look->errand, OUTCOME_USER_UNKNOWN);
    } else if (!is_any_new(inviting, user)) {
        reply(inviting, NULL, 0);
    } else if (propose(inviting) == ERROR_NONE) {
        errand_waits(&look->errand);
    } else {
        errand_refuse(&look->errand, XCCOS_CODE_BUSY,
                      "the pool is busy, try again");
    }
    return true;
}

void inviting_serve(struct visit *visit, const struct xccos_primitive *command,
                    const struct xccos_request *request)
{
    struct inviting *inviting =
        look_begin(visit, sizeof(*inviting), command, take);

    if (inviting == NULL) {
        return;
    }
    inviting->after = request->after_invitation;
    if (machine_rules_version(visit->hub->machine) < RULES_TALK) {
        reply(inviting, NULL, 0); /* The rules know of none. */
    } else {
        look_ask(&inviting->look);
    }
}
