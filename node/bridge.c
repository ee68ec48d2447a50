#include "node/bridge.h"

#include <bsd/sys/queue.h>
#include <stddef.h>
#include <stdlib.h>

#include "node/bridge_content.h"
#include "node/bridge_messages.h"
#include "node/session/cataloging.h"
#include "node/session/facts.h"
#include "node/session/keeping.h"
#include "node/session/proposer.h"
#include "node/session/reads.h"
#include "proto/admin.h"
#include "proto/base/check.h"

/* One thing asked for and not yet told. */
struct errand {
    LIST_ENTRY(errand) link;
    struct bridge *bridge;
    uint64_t token;
    union {
        struct read read;
        struct proposal proposal;
    };
};

/* A search under way, which its lookup points at. */
struct search {
    struct bridge *bridge;
    uint64_t token;
    struct admin_search *wanted;
    struct lookup *lookup;
};

enum {
    SLACK_BYTES = 16 * 1024,  /* Of a reply, for all but the messages. */
    FOUND_EXTRA_BYTES = 1024, /* Of one message, beside its texts. */
};

struct bridge {
    struct bridge_settings settings;
    struct desk *desk;
    LIST_HEAD(, errand) errands;
};

static struct errand *errand_new(struct bridge *bridge, uint64_t token)
{
    struct errand *errand = calloc(1, sizeof(*errand));

    if (errand != NULL) {
        errand->bridge = bridge;
        errand->token = token;
        LIST_INSERT_HEAD(&bridge->errands, errand, link);
    }
    return errand;
}

static void errand_free(struct errand *errand)
{
    LIST_REMOVE(errand, link);
    free(errand);
}

static const struct machine *on_machine(void *context)
{
    struct bridge *bridge = context;

    return applier_machine(backend_applier(bridge->settings.backend));
}

static uint64_t on_applied(void *context)
{
    struct bridge *bridge = context;

    return applier_applied(backend_applier(bridge->settings.backend));
}

static enum error on_content(void *context, uint32_t room, uint64_t first,
                             admin_take_content *take, void *take_context)
{
    struct bridge *bridge = context;
    struct store *store =
        applier_store(backend_applier(bridge->settings.backend));

    return store == NULL
               ? ERROR_CLOSED
               : bridge_content(store, room, first, take, take_context);
}

static const struct replica_status *on_replica(void *context)
{
    struct bridge *bridge = context;

    return replica_status(backend_replica(bridge->settings.backend));
}

static void on_node(void *context, struct admin_node *node_out)
{
    struct bridge *bridge = context;

    bridge->settings.describe(bridge->settings.context, node_out);
}

static void on_read(struct read *read, enum error error)
{
    struct errand *errand =
        (struct errand *)((char *)read - offsetof(struct errand, read));
    struct desk *desk = errand->bridge->desk;
    uint64_t token = errand->token;

    errand_free(errand);
    if (desk != NULL) {
        desk_read_ready(desk, token, error);
    }
}

static enum error ask_read(void *context, uint64_t token)
{
    struct bridge *bridge = context;
    struct sessions *sessions = backend_sessions(bridge->settings.backend);
    struct errand *errand = errand_new(bridge, token);
    enum error error;

    if (errand == NULL) {
        return ERROR_NO_MEMORY;
    }
    errand->read.tell = on_read;
    error = reads_ask(sessions_reads(sessions), &errand->read);
    if (error != ERROR_NONE) {
        errand_free(errand);
    }
    return error;
}

static enum admin_fate fate_of(enum proposal_fate fate)
{
    switch (fate) {
    case PROPOSAL_APPLIED:
        return ADMIN_APPLIED;
    case PROPOSAL_WITHDRAWN:
        return ADMIN_WITHDRAWN;
    default:
        return ADMIN_LOST;
    }
}

static void on_proposed(struct proposal *proposal, enum proposal_fate fate,
                        const struct applied *applied,
                        const struct effects *effects)
{
    struct errand *errand =
        (struct errand *)((char *)proposal - offsetof(struct errand, proposal));
    struct desk *desk = errand->bridge->desk;
    uint64_t token = errand->token;

    (void)effects;
    errand_free(errand);
    if (desk != NULL) {
        desk_told(desk, token, fate_of(fate), applied);
    }
}

static enum error ask_propose(void *context, uint64_t token,
                              Perch__Command *command, unsigned patience_ms)
{
    struct bridge *bridge = context;
    struct sessions *sessions = backend_sessions(bridge->settings.backend);
    struct errand *errand = errand_new(bridge, token);
    enum error error;

    if (errand == NULL) {
        return ERROR_NO_MEMORY;
    }
    errand->proposal.tell = on_proposed;
    errand->proposal.patience_ms = patience_ms;
    error = proposer_propose(sessions_proposer(sessions), &errand->proposal,
                             command);
    if (error != ERROR_NONE) {
        errand_free(errand);
    }
    return error;
}

static void on_transferred(void *context, enum error error)
{
    struct errand *errand = context;
    struct desk *desk = errand->bridge->desk;
    uint64_t token = errand->token;

    errand_free(errand);
    if (desk != NULL) {
        desk_transferred(desk, token, error);
    }
}

static void ask_transfer(void *context, uint64_t token, uint8_t node)
{
    struct bridge *bridge = context;
    struct errand *errand = errand_new(bridge, token);

    if (errand == NULL) {
        desk_transferred(bridge->desk, token, ERROR_NO_MEMORY);
        return;
    }
    replica_transfer(backend_replica(bridge->settings.backend), node,
                     on_transferred, errand);
}

static void end_search(struct search *search)
{
    admin_search_free(search->wanted);
    lookup_free(search->lookup);
    free(search);
}

static void on_searched(struct lookup *lookup)
{
    struct search *search = lookup->context;
    struct desk *desk = search->bridge->desk;

    if (desk != NULL) {
        desk_found(desk, search->token, lookup, cataloging_why(lookup->error));
    }
    end_search(search);
}

/* What a message adds to the reply. */
static size_t weigh(struct lookup *lookup, const struct lookup_found *found)
{
    const struct said *said = &found->said;

    (void)lookup;
    return said->author_uri.len + said->display_name.len + said->text.len +
           FOUND_EXTRA_BYTES;
}

static enum error lay_out(struct lookup *lookup,
                          const struct admin_search *wanted)
{
    lookup->authors = wanted->authors;
    lookup->n_authors = wanted->n_authors;
    lookup->rooms = wanted->rooms;
    lookup->n_rooms = wanted->n_rooms;
    lookup->from_us = wanted->from_us;
    lookup->to_us = wanted->to_us;
    lookup->newest_first = !wanted->oldest_first;
    lookup->newest_shown_first = lookup->newest_first;
    lookup->wanted = wanted->most;
    lookup->bytes_max = ADMIN_REPLY_BYTES_MAX - SLACK_BYTES;
    lookup->weigh = weigh;
    lookup->told = on_searched;
    return spelling_read(wanted->text, wanted->is_exact, wanted->match_case,
                         wanted->arena, &lookup->spelling);
}

static void ask_search(void *context, uint64_t token,
                       struct admin_search *wanted)
{
    struct bridge *bridge = context;
    struct backend *backend = bridge->settings.backend;
    struct cataloging *cataloging =
        sessions_cataloging(backend_sessions(backend));
    struct search *search = malloc(sizeof(*search));
    struct lookup *lookup = lookup_new();

    CHECK(search != NULL && lookup != NULL);
    *search = (struct search){bridge, token, wanted, lookup};
    lookup->context = search;
    lookup->error = lay_out(lookup, wanted);
    if (lookup->error == ERROR_NONE && cataloging == NULL) {
        lookup->error = ERROR_UNSUPPORTED;
    }
    if (lookup->error != ERROR_NONE) {
        on_searched(lookup);
        return;
    }
    cataloging_ask(cataloging, lookup,
                   applier_applied(backend_applier(backend)));
}

static struct store *store_of(void *context)
{
    struct bridge *bridge = context;

    return applier_store(backend_applier(bridge->settings.backend));
}

static enum error on_facts(void *context, const Perch__Command *command,
                           struct arena *arena, struct facts *facts_out)
{
    struct store *store = store_of(context);

    return store == NULL ? ERROR_CLOSED
                         : facts_read(store, on_machine(context), command,
                                      arena, facts_out);
}

static enum error on_messages(void *context, uint32_t room, uint64_t first,
                              uint64_t last, admin_take_message *take,
                              void *take_context)
{
    struct reading_range range = {room, first, last, false};
    struct store *store = store_of(context);

    return store == NULL
               ? ERROR_CLOSED
               : bridge_messages_walk(store, &range, take, take_context);
}

static enum error on_versions(void *context, uint32_t room, uint64_t message_id,
                              admin_take_version *take, void *take_context)
{
    struct store *store = store_of(context);

    return store == NULL ? ERROR_CLOSED
                         : bridge_messages_versions(store, room, message_id,
                                                    take, take_context);
}

static enum error on_due(void *context, const struct room *room, int64_t now_us,
                         uint64_t *upto_out)
{
    struct store *store = store_of(context);

    return store == NULL ? ERROR_CLOSED
                         : keeping_due(store, room, now_us, upto_out);
}

static const struct admin_messages messages = {on_facts, on_messages,
                                               on_versions, on_due};

struct bridge *bridge_new(const struct bridge_settings *settings)
{
    struct bridge *bridge = calloc(1, sizeof(*bridge));

    if (bridge != NULL) {
        bridge->settings = *settings;
        LIST_INIT(&bridge->errands);
    }
    return bridge;
}

struct admin_state bridge_state(struct bridge *bridge)
{
    return (struct admin_state){
        .context = bridge,
        .machine = on_machine,
        .applied = on_applied,
        .replica = on_replica,
        .node = on_node,
        .read = ask_read,
        .propose = ask_propose,
        .transfer = ask_transfer,
        .search = ask_search,
        .messages = &messages,
        .content = on_content,
    };
}

void bridge_set_desk(struct bridge *bridge, struct desk *desk)
{
    bridge->desk = desk;
}

void bridge_free(struct bridge *bridge)
{
    if (bridge == NULL) {
        return;
    }
    while (!LIST_EMPTY(&bridge->errands)) {
        errand_free(LIST_FIRST(&bridge->errands));
    }
    free(bridge);
}
