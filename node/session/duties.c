#include "node/session/duties.h"

#include <stdlib.h>
#include <string.h>

#include "node/chat/query.h"
#include "node/session/hub.h"
#include "node/session/keeping.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

void duties_init(struct duties *duties)
{
    memset(duties, 0, sizeof(*duties));
}

/* Whether what the client confirms says anything of the room's past. */
static bool is_settled(const struct seat *seat, uint64_t now_us)
{
    return seat->state == SEAT_SETTLED ||
           (seat->state == SEAT_FRESH &&
            now_us - seat->joined_us >= SEAT_PATIENCE_MS * 1000ull);
}

uint64_t duties_delivered(const struct caller *caller)
{
    uint64_t now_us = loop_now_us(caller->hub->settings.loop);
    uint64_t delivered = caller->delivered_index;
    uint64_t given = caller->given_index;
    const struct seat *seat;

    if (caller->told_index > 0) {
        return caller->told_index;
    }
    if (caller->joins > 0 || caller->n_seats == 0) {
        return DELIVERED_NOTHING;
    }
    TAILQ_FOREACH (seat, &caller->seats, in_caller) {
        uint64_t here = seat_given(seat);

        if (!is_settled(seat, now_us)) {
            return DELIVERED_NOTHING;
        }
        given = here > given ? here : given;
    }
    if (delivered >= given) {
        return caller->hub->applied_index;
    }
    return delivered > 0 ? delivered : DELIVERED_NOTHING;
}

static bool note(struct caller *caller, uint64_t delivered_index,
                 uint32_t replies)
{
    bool has_moved = delivered_index > caller->delivered_index ||
                     replies > caller->replies_confirmed;

    if (delivered_index > caller->delivered_index) {
        caller->delivered_index = delivered_index;
    }
    if (replies > caller->replies_confirmed) {
        caller->replies_confirmed = replies;
    }
    if (caller->replies_confirmed >= caller->history_reply) {
        caller->history_given = 0;
    }
    return has_moved;
}

void duties_confirmed(struct caller *caller, uint64_t delivered_index,
                      uint32_t replies)
{
    struct seat *seat;

    if (!note(caller, delivered_index, replies)) {
        return;
    }
    caller->hub->duties.moved = true;
    TAILQ_FOREACH (seat, &caller->seats, in_caller) {
        if (seat->state == SEAT_GIVEN &&
            caller->replies_confirmed >= seat->given_reply) {
            seat->state = SEAT_SETTLED;
            shown_settled(seat);
        }
    }
}

/* A session that has not confirmed all. */
struct laggard {
    uint64_t serial;
    uint64_t delivered_index;
};

struct laggards {
    size_t n;
    struct laggard *list;
};

static struct laggards find_laggards(struct sessions *hub)
{
    struct laggards found = {0, NULL};
    size_t capacity = (size_t)meter_level(&hub->meters.callers);
    struct caller *caller;

    found.list = calloc(capacity + 1, sizeof(*found.list));
    CHECK(found.list != NULL);
    for (caller = callers_next(&hub->callers, NULL); caller != NULL;
         caller = callers_next(&hub->callers, caller)) {
        uint64_t delivered = duties_delivered(caller);

        if (caller->has_session && delivered < hub->applied_index) {
            CHECK(found.n < capacity);
            found.list[found.n++] = (struct laggard){caller->serial, delivered};
        }
    }
    return found;
}

static int by_delivered(const void *a, const void *b)
{
    const struct laggard *x = a, *y = b;

    return (x->delivered_index > y->delivered_index) -
           (x->delivered_index < y->delivered_index);
}

/* As many as a mark may except; the mark itself then holds for the others. */
static uint64_t choose_mark(struct sessions *hub, struct laggards *laggards)
{
    if (laggards->n <= MARK_EXCEPTIONS_MAX) {
        return hub->applied_index;
    }
    qsort(laggards->list, laggards->n, sizeof(*laggards->list), by_delivered);
    laggards->n = MARK_EXCEPTIONS_MAX;
    return laggards->list[MARK_EXCEPTIONS_MAX].delivered_index;
}

static void mark_told(struct proposal *proposal, enum proposal_fate fate,
                      const struct applied *applied,
                      const struct effects *effects)
{
    struct duties *duties =
        (struct duties *)((char *)proposal - offsetof(struct duties, mark));

    (void)fate;
    (void)applied;
    (void)effects;
    duties->marking = false;
}

static enum error propose_mark(struct sessions *hub, uint64_t index,
                               const struct laggards *laggards)
{
    Perch__NodeMark mark = PERCH__NODE_MARK__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__NodeMark__Exception *exceptions =
        arena_alloc(hub->arena, laggards->n * sizeof(*exceptions) + 1);
    Perch__NodeMark__Exception **list =
        arena_alloc(hub->arena, laggards->n * sizeof(*list) + 1);

    CHECK(exceptions != NULL && list != NULL);
    for (size_t i = 0; i < laggards->n; i++) {
        perch__node_mark__exception__init(&exceptions[i]);
        CODEC_SET(&exceptions[i], serial, laggards->list[i].serial);
        CODEC_SET(&exceptions[i], delivered_index,
                  laggards->list[i].delivered_index);
        list[i] = &exceptions[i];
    }
    CODEC_SET(&mark, delivered_index, index);
    mark.n_exceptions = laggards->n;
    mark.exceptions = list;
    command.kind_case = PERCH__COMMAND__KIND_NODE_MARK;
    command.node_mark = &mark;
    hub->duties.mark = (struct proposal){.tell = mark_told};
    return proposer_propose(hub->proposer, &hub->duties.mark, &command);
}

static void make_mark(struct sessions *hub)
{
    struct laggards laggards = find_laggards(hub);
    uint64_t index = choose_mark(hub, &laggards);
    struct node_view node;

    if (query_node(hub->machine, hub->settings.node, &node) &&
        index >= node.delivered_index &&
        propose_mark(hub, index, &laggards) == ERROR_NONE) {
        hub->duties.marking = true;
        hub->duties.moved = false;
    }
    free(laggards.list);
    arena_reset(hub->arena);
}

static bool is_seen(const struct sessions *hub, uint8_t node)
{
    const struct replica_status *status = &hub->duties.status;

    for (size_t i = 0; i < status->n; i++) {
        if (status->members[i].node == node && status->members[i].connected) {
            return true;
        }
    }
    return node == hub->settings.node;
}

static void lost_told(struct proposal *proposal, enum proposal_fate fate,
                      const struct applied *applied,
                      const struct effects *effects)
{
    struct duties *duties =
        (struct duties *)((char *)proposal - offsetof(struct duties, lost));

    (void)fate;
    (void)applied;
    (void)effects;
    duties->losing = false;
}

static void propose_lost(struct sessions *hub, const struct node_view *node)
{
    Perch__NodeLost lost = PERCH__NODE_LOST__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(&lost, node, node->node);
    CODEC_SET(&lost, epoch, node->epoch);
    command.kind_case = PERCH__COMMAND__KIND_NODE_LOST;
    command.node_lost = &lost;
    hub->duties.lost = (struct proposal){.tell = lost_told};
    if (proposer_propose(hub->proposer, &hub->duties.lost, &command) ==
        ERROR_NONE) {
        hub->duties.losing = true;
        journal_notice("node_given_up", "node=%u unseen_ms=%d", node->node,
                       NODE_LEASE_MS);
    }
}

/* Watch one node that the pool believes in. */
static void watch(struct sessions *hub, const struct node_view *node,
                  uint64_t now_us)
{
    uint64_t *since_us = &hub->duties.unseen_since_us[node->node];

    if (node->lost || is_seen(hub, node->node)) {
        *since_us = 0;
    } else if (*since_us == 0) {
        *since_us = now_us;
    } else if (now_us - *since_us >= NODE_LEASE_MS * 1000ull &&
               !hub->duties.losing) {
        propose_lost(hub, node);
    }
}

static void watch_nodes(struct sessions *hub)
{
    uint64_t now_us = loop_now_us(hub->settings.loop);
    struct node_view node;

    if (hub->duties.status.role != REPLICA_LEADER) {
        memset(hub->duties.unseen_since_us, 0,
               sizeof(hub->duties.unseen_since_us));
        return;
    }
    for (unsigned n = 1; n < DUTIES_NODES; n++) {
        if (query_node(hub->machine, (uint8_t)n, &node)) {
            watch(hub, &node, now_us);
        }
    }
}

void duties_tick(struct sessions *hub)
{
    directories_count(hub->machine, &hub->meters.directories);
    if (proposer_epoch(hub->proposer) == 0) {
        return;
    }
    /* A mark holds for sessions that are to be closed, too: they say first how
     * far they were told. */
    if (hub->duties.moved && !hub->duties.marking &&
        TAILQ_EMPTY(&hub->callers.leaving)) {
        make_mark(hub);
    }
    watch_nodes(hub);
    keeping_tick(hub);
}
