#include "node/chat/node.h"

#include <stdlib.h>

#include "node/chat/origin.h"
#include "node/chat/rollback.h"
#include "node/chat/session.h"
#include "proto/base/check.h"

static bool is_start(const struct turn *turn, const Perch__NodeStarted *command)
{
    return turn->entry->number == 0 && turn->entry->epoch == 0 &&
           command->start_id.len == GUID_BYTES && command->rules_known > 0;
}

/* How many starts ago it was; STARTS_KEPT when it is not known. */
static int starts_since(const struct origin *origin, const struct guid *id)
{
    int i = 0;

    while (i < STARTS_KEPT && guid_compare(&origin->start_ids[i], id) != 0) {
        i += 1;
    }
    return i;
}

static void tell(struct turn *turn, enum event_kind kind,
                 const struct origin *origin)
{
    struct event *event = effects_event(turn->effects, kind);

    event->session.node = origin->node;
    event->session.epoch = origin->epoch;
    origin_mark(turn->machine, origin);
}

enum outcome node_started(struct turn *turn, const Perch__NodeStarted *command)
{
    struct origin *origin = turn->machine->origins[turn->entry->node];
    struct guid start_id;
    bool admitted;

    if (!is_start(turn, command)) {
        return OUTCOME_START_INVALID;
    }
    memcpy(start_id.bytes, command->start_id.data, GUID_BYTES);
    if (guid_is_nil(&start_id)) {
        return OUTCOME_START_INVALID;
    }
    if (origin != NULL) {
        int since = starts_since(origin, &start_id);

        turn->value = origin->epoch;
        if (since < STARTS_KEPT) {
            return since == 0 ? OUTCOME_REPEATED : OUTCOME_NODE_EPOCH_STALE;
        }
    }
    archive_started(turn, command);
    if (origin != NULL) {
        session_end_origin(turn, origin, LEAVE_NODE_RESTARTED);
    }

    /* Coming back under another raft id uses up the leave to do so. */
    admitted = origin != NULL && origin->admitted &&
               origin->raft_id == command->raft_id;
    origin = origin_begin(turn, &start_id);
    origin->admitted = admitted;
    origin->raft_id = command->raft_id;
    origin->directory_id = command->directory_id;
    origin->rules_known = command->rules_known;
    turn->value = origin->epoch;
    tell(turn, EVENT_NODE_STARTED, origin);
    return OUTCOME_DONE;
}

enum outcome node_lost(struct turn *turn, const Perch__NodeLost *command)
{
    struct origin *origin = NULL;

    if (command->node < NODES) {
        origin = turn->machine->origins[command->node];
    }
    if (origin == NULL) {
        return OUTCOME_NODE_UNKNOWN;
    }
    if (command->epoch != origin->epoch) {
        return OUTCOME_NODE_EPOCH_STALE;
    }

    /* The epoch goes on: a node that was merely cut off keeps its numbers, so
     * that none of its proposals is lost or done twice. */
    session_end_origin(turn, origin, LEAVE_NODE_LOST);
    origin->lost = true;
    tell(turn, EVENT_NODE_LOST, origin);
    return OUTCOME_DONE;
}

enum outcome node_admit(struct turn *turn, const Perch__NodeAdmit *command)
{
    struct origin *origin = NULL;

    if (command->node < NODES) {
        origin = turn->machine->origins[command->node];
    }
    if (origin == NULL) {
        return OUTCOME_NODE_UNKNOWN;
    }
    if (command->has_raft_id && command->raft_id != origin->raft_id) {
        return OUTCOME_NODE_RAFT_ID_STALE;
    }
    if (turn->judging) {
        return OUTCOME_DONE;
    }

    if (!origin->admitted) {
        origin->admitted = true;
        tell(turn, EVENT_NODE_ADMITTED, origin);
    }
    return OUTCOME_DONE;
}

static int compare_exceptions(const void *a, const void *b)
{
    const struct mark_exception *x = a, *y = b;

    if (x->serial != y->serial) {
        return x->serial < y->serial ? -1 : 1;
    }
    return (x->delivered_index > y->delivered_index) -
           (x->delivered_index < y->delivered_index);
}

/* Those of open sessions; of a serial named twice the lower index counts. */
static void put_exceptions(struct origin *origin,
                           const Perch__NodeMark *command)
{
    size_t n = 0;

    free(origin->exceptions);
    origin->exceptions = NULL;
    if (command->n_exceptions > 0) {
        origin->exceptions =
            calloc(command->n_exceptions, sizeof(*origin->exceptions));
        CHECK(origin->exceptions != NULL);
    }
    for (size_t i = 0; i < command->n_exceptions; i++) {
        const Perch__NodeMark__Exception *exception = command->exceptions[i];

        if (session_find(origin, exception->serial) != NULL) {
            origin->exceptions[n++] = (struct mark_exception){
                exception->serial, exception->delivered_index};
        }
    }
    if (n > 0) {
        qsort(origin->exceptions, n, sizeof(*origin->exceptions),
              compare_exceptions);
    }
    origin->n_exceptions = n;
}

enum outcome node_mark(struct turn *turn, const Perch__NodeMark *command)
{
    struct origin *origin = turn->origin;

    CHECK(origin != NULL); /* A mark has a number of its node. */
    if (command->n_exceptions > MARK_EXCEPTIONS_MAX) {
        return OUTCOME_MARK_EXCEPTIONS_TOO_MANY;
    }
    if (command->delivered_index > turn->entry->index) {
        return OUTCOME_MARK_AHEAD;
    }
    if (command->delivered_index < origin->delivered_index) {
        return OUTCOME_MARK_BACKWARD;
    }

    origin->delivered_index = command->delivered_index;
    put_exceptions(origin, command);
    origin_mark(turn->machine, origin);
    return OUTCOME_DONE;
}

static enum outcome check_raise(const struct machine *machine,
                                const Perch__RulesRaise *command)
{
    if (command->version <= machine->rules_version) {
        return OUTCOME_RULES_NOT_UPWARD;
    }
    for (int node = 0; node < NODES; node++) {
        const struct origin *origin = machine->origins[node];

        if (origin != NULL && !origin->lost &&
            origin->rules_known < command->version) {
            return OUTCOME_RULES_NODE_BEHIND;
        }
    }
    return OUTCOME_DONE;
}

enum outcome rules_raise(struct turn *turn, const Perch__RulesRaise *command)
{
    struct machine *machine = turn->machine;
    enum outcome outcome = check_raise(machine, command);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (turn->judging) {
        return command->version > machine->rules_known ? OUTCOME_STOP_NODE
                                                       : OUTCOME_DONE;
    }

    CHECK(command->version <= machine->rules_known); /* See rules_beyond. */
    machine->rules_version = command->version;
    turn->value = command->version;
    changes_mark(&machine->changes, ROW_POOL, 0, 0, 0);
    effects_event(turn->effects, EVENT_RULES_RAISED);
    return OUTCOME_DONE;
}

bool rules_beyond(const struct machine *machine, const Perch__Command *command)
{
    return command != NULL &&
           command->kind_case == PERCH__COMMAND__KIND_RULES_RAISE &&
           command->rules_raise->version > machine->rules_known &&
           check_raise(machine, command->rules_raise) == OUTCOME_DONE;
}
