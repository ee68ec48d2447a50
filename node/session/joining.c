#include "node/session/joining.h"

#include "node/session/denying.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "node/session/roster.h"
#include "node/session/screening.h"
#include "proto/base/check.h"

/* A join under way. */
struct joining {
    struct errand errand; /* First. */
    struct proposal proposal;
    const struct xccos_request *request;
    struct guid *guids; /* Those asked for in the pool's domain, */
    size_t n;           /* as the command has them. */
    const struct xccos_name *foreign; /* The first of another's; or NULL. */
    size_t n_foreign;
};

struct parting {
    struct errand errand; /* First. */
    struct proposal proposal;
    struct screen turn; /* Behind posts that are being looked at. */
    struct guid guid;
};

static struct joining *joining_of(struct proposal *proposal)
{
    return (struct joining *)((char *)proposal -
                              offsetof(struct joining, proposal));
}

static struct parting *parting_of(struct proposal *proposal)
{
    return (struct parting *)((char *)proposal -
                              offsetof(struct parting, proposal));
}

/* Nobody can say any more whether it was done: the client must come back. */
static void give_up(struct errand *errand)
{
    caller_cut(errand->visit->caller, "join_unknown");
    errand_end(errand);
}

/* The reply while it is composed. */
struct composing {
    struct sessions *hub;
    struct arena *arena;
    struct roster roster;
    struct xccos_primitive reply;
    struct xccos_room **room_tail;
    struct xccos_failure **failure_tail;
    bool failed;
};

static void add_failure(struct composing *composing, const struct guid *guid,
                        struct slice domain)
{
    struct xccos_failure *failure =
        arena_alloc(composing->arena, sizeof(*failure));

    if (failure == NULL) {
        composing->failed = true;
        return;
    }
    failure->key = SLICE_LITERAL("OPERATION_FAILED");
    failure->guid = *guid;
    failure->domain = domain;
    *composing->failure_tail = failure;
    composing->failure_tail = &failure->next;
}

static void add_room(struct composing *composing, const struct event *event)
{
    const struct machine *machine = composing->hub->machine;
    const struct room *room = query_room_numbered(machine, event->room);
    struct xccos_room *block =
        describe_room(composing->hub, composing->arena, room);

    if (block == NULL) {
        composing->failed = true;
        return;
    }
    roster_add(&composing->roster, block, room,
               query_user_numbered(machine, event->user));
    *composing->room_tail = block;
    composing->room_tail = &block->next;
}

static void add_foreign(struct composing *composing,
                        const struct joining *joining)
{
    for (size_t i = 0; i < joining->request->rooms.n; i++) {
        const struct xccos_name *name = &joining->request->rooms.names[i];

        if (!hub_is_ours(composing->hub, name)) {
            add_failure(composing, &name->guid, name->domain);
        }
    }
}

static void compose_begin(struct composing *composing, struct joining *joining)
{
    struct visit *visit = joining->errand.visit;
    struct xccos_data *data = &composing->reply.data;

    composing->hub = visit->hub;
    composing->arena = visit->intake->arena;
    composing->failed = false;
    errand_reply_init(&joining->errand, &composing->reply);
    composing->room_tail = &data->rooms;
    composing->failure_tail = &data->failures;
    roster_init(&composing->roster, visit->hub, visit->intake->arena);
}

static void compose_end(struct composing *composing, struct joining *joining,
                        uint64_t log_index)
{
    add_foreign(composing, joining);
    composing->reply.data.users = composing->roster.users;
    if (composing->failed || composing->roster.failed) {
        give_up(&joining->errand);
    } else {
        errand_reply(&joining->errand, &composing->reply, log_index);
    }
}

static void compose(struct joining *joining, const struct effects *effects)
{
    struct composing composing;
    struct pool_view pool;

    compose_begin(&composing, joining);
    query_pool(composing.hub->machine, &pool);
    for (size_t i = 0; i < effects->n_events; i++) {
        const struct event *event = &effects->events[i];

        if (event->kind == EVENT_JOINED) {
            add_room(&composing, event);
        } else if (event->kind == EVENT_JOIN_REFUSED) {
            CHECK(event->position < joining->n);
            add_failure(&composing, &joining->guids[event->position],
                        pool.domain);
        }
    }
    compose_end(&composing, joining, effects->log_index);
}

/* bjoin succeeds whatever becomes of its rooms, even when it has but one. */
static bool is_told_by_room(const struct joining *joining,
                            const struct effects *effects)
{
    return joining->request->verb == XCCOS_VERB_BJOIN && effects->n_events > 0;
}

static void join_told(struct proposal *proposal, enum proposal_fate fate,
                      const struct applied *applied,
                      const struct effects *effects)
{
    struct joining *joining = joining_of(proposal);

    joining->errand.visit->caller->joins -= 1;
    if (fate != PROPOSAL_APPLIED || effects == NULL) {
        give_up(&joining->errand);
    } else if (applied->outcome != OUTCOME_DONE &&
               !is_told_by_room(joining, effects)) {
        errand_refuse_acting(&joining->errand, applied->outcome);
    } else {
        compose(joining, effects);
    }
}

enum error joining_propose(struct caller *caller, const struct guid *guids,
                           size_t n, struct proposal *proposal)
{
    Perch__Join join = PERCH__JOIN__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    struct arena *arena = caller->hub->arena;
    ProtobufCBinaryData *rooms = arena_alloc(arena, n * sizeof(*rooms));
    enum error error = ERROR_NO_MEMORY;

    if (rooms != NULL) {
        for (size_t i = 0; i < n; i++) {
            rooms[i] = codec_bytes(slice_of(guids[i].bytes, GUID_BYTES));
        }
        join.n_rooms = n;
        join.rooms = rooms;
        CODEC_SET_BYTES(&command, user, caller->user_uri);
        CODEC_SET(&command, session, caller->serial);
        command.kind_case = PERCH__COMMAND__KIND_JOIN;
        command.join = &join;
        error = proposer_propose(caller->hub->proposer, proposal, &command);
    }
    arena_reset(arena);
    return error;
}

/* Those that may be rooms of this pool. */
static bool choose(struct joining *joining)
{
    const struct visit *visit = joining->errand.visit;
    const struct xccos_request *request = joining->request;

    joining->guids = arena_alloc(visit->intake->arena,
                                 request->rooms.n * sizeof(struct guid));
    for (size_t i = 0; joining->guids != NULL && i < request->rooms.n; i++) {
        const struct xccos_name *name = &request->rooms.names[i];

        if (hub_is_ours(visit->hub, name)) {
            joining->guids[joining->n++] = name->guid;
        } else {
            joining->foreign =
                joining->n_foreign == 0 ? name : joining->foreign;
            joining->n_foreign += 1;
        }
    }
    return joining->guids != NULL;
}

static void none_is_ours(struct joining *joining)
{
    struct composing composing;

    if (joining->request->verb == XCCOS_VERB_JOIN) {
        errand_refuse_outcome(&joining->errand, OUTCOME_ROOM_UNKNOWN);
        return;
    }
    compose_begin(&composing, joining);
    compose_end(&composing, joining, 0);
}

static void refuse_busy_join(struct joining *joining)
{
    errand_refuse(&joining->errand, XCCOS_CODE_BUSY,
                  "the pool is busy, try again");
}

static void propose(struct joining *joining)
{
    struct caller *caller = joining->errand.visit->caller;
    enum error error = caller_open(caller);

    joining->proposal.tell = join_told;
    if (error == ERROR_NONE) {
        error = joining_propose(caller, joining->guids, joining->n,
                                &joining->proposal);
    }
    if (error == ERROR_NONE) {
        caller->joins += 1;
        errand_waits(&joining->errand);
    } else {
        refuse_busy_join(joining);
    }
}

/* What is ours is for the rules. */
static void pass_on(struct joining *joining)
{
    if (joining->n == 0) {
        none_is_ours(joining);
    } else {
        propose(joining);
    }
}

static void foreign_told(struct proposal *proposal, enum proposal_fate fate,
                         const struct applied *applied,
                         const struct effects *effects)
{
    struct joining *joining = joining_of(proposal);

    (void)effects;
    if (fate == PROPOSAL_UNKNOWN) {
        give_up(&joining->errand);
    } else if (fate == PROPOSAL_WITHDRAWN ||
               outcome_code(applied->outcome) == 503 ||
               !caller_is_served(joining->errand.visit->caller)) {
        refuse_busy_join(joining);
    } else {
        pass_on(joining);
    }
}

static enum error propose_foreign(struct joining *joining)
{
    struct visit *visit = joining->errand.visit;
    const struct xccos_name *name = joining->foreign;
    struct slice uri = xccos_room_uri(visit->intake->arena, name);
    struct buffer notice = BUFFER_EMPTY;
    Perch__Post post = PERCH__POST__INIT;
    enum error error = ERROR_NO_MEMORY;

    buffer_printf(&notice, "Join of %.*s, one of %zu of other pools: %s",
                  SLICE_PRINT(uri), joining->n_foreign,
                  outcome_text(OUTCOME_ROOM_UNKNOWN));
    CODEC_SET_BYTES(&post, room, slice_of(name->guid.bytes, GUID_BYTES));
    joining->proposal.tell = foreign_told;
    if (!buffer_failed(&notice)) {
        error = denying_propose(visit->caller, &joining->proposal, &post,
                                buffer_slice(&notice));
    }
    buffer_deinit(&notice);
    return error;
}

/* Rooms of other pools are no matter of the rules; while there is an archive
 * it is on record first that they were asked for. */
static void deny_foreign(struct joining *joining)
{
    struct visit *visit = joining->errand.visit;

    if (!hub_keeps_archive(visit->hub)) {
        pass_on(joining);
    } else if (!denying_may(visit->caller)) {
        errand_refuse(&joining->errand, XCCOS_CODE_BUSY, DENYING_TOO_MANY);
    } else if (propose_foreign(joining) == ERROR_NONE) {
        errand_waits(&joining->errand);
    } else {
        refuse_busy_join(joining);
    }
}

void joining_serve(struct visit *visit, const struct xccos_primitive *command,
                   const struct xccos_request *request)
{
    struct joining *joining = errand_begin(visit, sizeof(*joining), command);

    if (joining == NULL) {
        return;
    }
    joining->request = request;
    if (request->rooms.knows_revisions) {
        visit->caller->knows_revisions = true;
    }
    if (!choose(joining)) {
        give_up(&joining->errand);
    } else if (joining->n_foreign > 0) {
        deny_foreign(joining);
    } else {
        pass_on(joining);
    }
}

static void reply_parted(struct parting *parting, const struct effects *effects)
{
    struct visit *visit = parting->errand.visit;
    struct xccos_primitive reply;

    errand_reply_init(&parting->errand, &reply);
    reply.data.rooms =
        describe_room_uri(visit->hub, visit->intake->arena, &parting->guid);
    if (reply.data.rooms == NULL) {
        give_up(&parting->errand);
        return;
    }
    errand_reply(&parting->errand, &reply,
                 effects == NULL ? 0 : effects->log_index);
}

static void part_told(struct proposal *proposal, enum proposal_fate fate,
                      const struct applied *applied,
                      const struct effects *effects)
{
    struct parting *parting = parting_of(proposal);

    if (fate != PROPOSAL_APPLIED) {
        give_up(&parting->errand);
    } else if (outcome_is_success(applied->outcome) ||
               applied->outcome == OUTCOME_NOT_JOINED) {
        reply_parted(parting, effects); /* Either way it is out. */
    } else {
        errand_refuse_acting(&parting->errand, applied->outcome);
    }
}

static enum error propose_part(struct parting *parting)
{
    struct caller *caller = parting->errand.visit->caller;
    Perch__Part part = PERCH__PART__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET_BYTES(&part, room, slice_of(parting->guid.bytes, GUID_BYTES));
    CODEC_SET_BYTES(&command, user, caller->user_uri);
    CODEC_SET(&command, session, caller->serial);
    command.kind_case = PERCH__COMMAND__KIND_PART;
    command.part = &part;
    parting->proposal.tell = part_told;
    return proposer_propose(caller->hub->proposer, &parting->proposal,
                            &command);
}

static void refuse_busy(struct parting *parting)
{
    errand_refuse(&parting->errand, XCCOS_CODE_BUSY,
                  "the pool is busy, try again");
}

/* What was said before it is on its way. */
static void its_turn(struct screen *screen)
{
    struct parting *parting =
        (struct parting *)((char *)screen - offsetof(struct parting, turn));

    if (propose_part(parting) == ERROR_NONE) {
        errand_waits(&parting->errand);
    } else {
        refuse_busy(parting);
    }
}

void parting_serve(struct visit *visit, const struct xccos_primitive *command,
                   const struct xccos_request *request)
{
    struct parting *parting = errand_begin(visit, sizeof(*parting), command);

    if (parting == NULL) {
        return;
    }
    parting->guid = request->room.guid;
    parting->turn =
        (struct screen){.caller = visit->caller, .decided = its_turn};
    if (!hub_is_ours(visit->hub, &request->room)) {
        errand_refuse_outcome(&parting->errand, OUTCOME_NOT_JOINED);
    } else if (visit->caller->serial == 0) {
        reply_parted(parting, NULL);
    } else if (!screening_follow(&parting->turn)) {
        refuse_busy(parting);
    }
}
