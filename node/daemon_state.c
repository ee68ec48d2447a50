#include <stdlib.h>
#include <unistd.h>

#include "node/daemon_parts.h"
#include "node/exports.h"
#include "node/session/proposer.h"
#include "proto/base/journal.h"
#include "raft/replica_meters.h"

/* What the backend tells, on the state loop. */

static enum edge_admission admission_at(enum load load)
{
    return load == LOAD_OPEN ? EDGE_OPEN : EDGE_CLOSED_TO_NEW;
}

static void on_load(void *context, enum load load)
{
    struct daemon *daemon = context;
    struct edges *edges = atomic_load(&daemon->edges);

    daemon->load = load;
    if (edges != NULL) {
        edges_set_admission(edges, admission_at(load));
    }
}

static void open_edges(struct daemon *daemon, const char *domain)
{
    struct sessions *sessions = backend_sessions(daemon->backend);
    struct edges *edges;
    enum error error =
        edges_open(&edges, daemon->config, daemon->plan, domain,
                   admission_at(daemon->load), sessions_intake(sessions));

    if (error != ERROR_NONE) {
        journal_error("clients_not_served", "node=%u error=%s",
                      daemon->plan->node, error_name(error));
        _exit(DAEMON_EXIT_FATAL);
    }
    for (size_t i = 0; i < edges_count(edges); i++) {
        sessions_set_edge(sessions, (uint8_t)i, edges_deliveries(edges, i));
    }
    atomic_store(&daemon->edges, edges);
    health_set(daemon->health, HEALTH_LISTENING, true);
    journal_notice("serving", "node=%u domain=%s listeners=%zu edges=%zu",
                   daemon->plan->node, domain, daemon->plan->n_listeners,
                   edges_count(edges));
}

/* There is a realm to sign in to. A node that leaves would only have to send
 * away who comes; on_moving, which does that, may be past. */
static void on_domain(void *context, const char *domain)
{
    struct daemon *daemon = context;

    if (daemon->plan->n_listeners == 0) {
        return;
    }
    if (health_is(daemon->health, HEALTH_DRAINING)) {
        journal_notice("clients_not_served", "node=%u reason=draining",
                       daemon->plan->node);
        return;
    }
    open_edges(daemon, domain);
}

static void on_changed(void *context, const struct replica_status *status)
{
    struct daemon *daemon = context;

    board_post(daemon->status, status);
    health_set(daemon->health, HEALTH_LEADER_KNOWN, status->leader != 0);
    health_set(daemon->health, HEALTH_LEADER, status->role == REPLICA_LEADER);
    health_set(daemon->health, HEALTH_NO_MEMBER, status->needs_operator);
}

static void on_fresh(void *context, bool fresh)
{
    struct daemon *daemon = context;

    health_set(daemon->health, HEALTH_CAUGHT_UP, fresh);
}

static void on_fatal(void *context, enum error error, const char *reason)
{
    (void)context; /* The backend has told the journal. */
    (void)error;
    (void)reason;
    _exit(DAEMON_EXIT_FATAL);
}

struct backend_events daemon_backend_events(struct daemon *daemon)
{
    return (struct backend_events){
        .context = daemon,
        .domain = on_domain,
        .load = on_load,
        .changed = on_changed,
        .fresh = on_fresh,
        .fatal = on_fatal,
    };
}

/* What main's loop has the state loop do. */

static void on_handed_over(void *context, enum error error)
{
    struct daemon *daemon = context;

    if (error != ERROR_NONE) {
        journal_warning("not_handed_over", "node=%u error=%s",
                        daemon->plan->node, error_name(error));
    }
}

/* Hand leadership over, send clients away. */
static void on_moving(void *context)
{
    struct daemon *daemon = context;
    struct edges *edges = atomic_load(&daemon->edges);
    struct replica *replica = backend_replica(daemon->backend);

    if (replica_status(replica)->role == REPLICA_LEADER) {
        replica_transfer(replica, 0, on_handed_over, daemon);
    }
    if (edges != NULL) {
        edges_drain(edges, daemon->config->sip_redirect,
                    daemon->config->drain_spread_ms);
    }
}

static void on_reload(void *context)
{
    struct daemon *daemon = context;
    struct edges *edges = atomic_load(&daemon->edges);

    if (edges != NULL) {
        edges_reload_certificates(edges);
    }
    replica_reload_tls(backend_replica(daemon->backend));
    server_reload(admin_server(daemon->admin));
}

/* What other threads read of the state loop. */
static void on_beat(void *context)
{
    struct daemon *daemon = context;
    struct sessions *sessions = backend_sessions(daemon->backend);

    atomic_store(&daemon->unanswered,
                 proposer_waiting(sessions_proposer(sessions)));
    board_post(daemon->status,
               replica_status(backend_replica(daemon->backend)));
}

/* What administrators see of the node, on the state loop. */

/* What is in use; the files may be newer. 0: no TLS there. */
static void add_certificate(struct admin_node *node, const char *name,
                            int64_t expires_s)
{
    if (expires_s != 0) {
        node->certificates[node->n_certificates++] =
            (struct admin_certificate){name, expires_s};
    }
}

static void add_certificates(struct daemon *daemon, struct admin_node *node)
{
    const struct edges *edges = atomic_load(&daemon->edges);
    const struct replica_meters *peers =
        replica_meters(backend_replica(daemon->backend));
    const struct server_meters *administrators =
        server_meters(admin_server(daemon->admin));

    add_certificate(node, "peer", meter_level(&peers->certificate_expires_s));
    if (edges != NULL) {
        add_certificate(node, "sip", edges_certificate_expires_s(edges));
    }
    add_certificate(node, "admin",
                    meter_level(&administrators->certificate_expires_s));
}

static void describe_hook(const struct daemon *daemon, struct admin_node *node)
{
    const struct screening_meters *meters =
        &sessions_meters(backend_sessions(daemon->backend))->screening;

    node->hook.expressions_bad = (uint32_t)meter_level(&meters->bad);
    if (daemon->program == NULL) {
        return;
    }
    node->hook.socket = daemon->config->hook_socket;
    node->hook.connected =
        meter_level(&program_meters(daemon->program)->connected) != 0;
    node->hook.waiting = (uint32_t)meter_level(&meters->asking);
    node->hook.absent_refuses = daemon->plan->hook_absent_refuses;
}

static void describe_node(void *context, struct admin_node *node)
{
    struct daemon *daemon = context;
    const struct applier *applier = backend_applier(daemon->backend);
    struct health_report report;

    health_judge(daemon->health, loop_now_us(daemon->state_loop), &report);
    node->digest_index = applier_digested(applier);
    applier_digest_at(applier, node->digest_index, &node->digest);
    node->node = daemon->plan->node;
    node->software = DAEMON_SOFTWARE;
    node->rules_known = COMMAND_RULES_KNOWN;
    node->alive = report.alive;
    node->ready = report.ready;
    for (unsigned i = 0; i < HEALTH_FACTS; i++) {
        if (report.faults[i] && node->n_faults < ADMIN_FAULTS_MAX) {
            node->faults[node->n_faults++] = health_fault_text(i);
        }
    }
    add_certificates(daemon, node);
    describe_hook(daemon, node);
}

static enum error open_program(struct daemon *daemon)
{
    struct sessions *sessions = backend_sessions(daemon->backend);
    const struct program_settings settings = {
        .path = daemon->config->hook_socket,
        .deadline_ms = (uint32_t)daemon->config->hook_deadline_ms,
        .answers = sessions_answers(sessions),
    };

    if (settings.path == NULL) {
        return ERROR_NONE;
    }
    TRY(program_open(&settings, &daemon->program));
    sessions_set_program(sessions, program_questions(daemon->program),
                         daemon->plan->hook_absent_refuses);
    return exports_add_program(daemon->metrics,
                               program_meters(daemon->program));
}

static enum error open_admin(struct daemon *daemon)
{
    const struct bridge_settings bridging = {.backend = daemon->backend,
                                             .describe = describe_node,
                                             .context = daemon};
    const struct plan_address *listen = &daemon->plan->admin_listen;
    struct admin_options options = {
        .state_loop = daemon->state_loop,
        .web_loop = web_loop(daemon->web),
        .server = {.node = daemon->plan->node,
                   .software = DAEMON_SOFTWARE,
                   .path = daemon->socket_path,
                   .group = daemon->config->admin_group,
                   .page = exports_page,
                   .page_context = daemon->metrics},
    };

    daemon->bridge = bridge_new(&bridging);
    if (daemon->bridge == NULL) {
        return ERROR_NO_MEMORY;
    }
    options.state = bridge_state(daemon->bridge);
    if (listen->host[0] != '\0') {
        options.server.tls = (struct server_tls){
            .host = listen->host,
            .port = listen->port,
            .node = daemon->plan->node,
            .certificate = daemon->config->peer_certificate,
            .key = daemon->config->peer_key,
            .authority = daemon->config->peer_authorities,
            .administrators = daemon->config->admin_authorities,
        };
    }
    TRY(admin_open(&options, &daemon->admin));
    bridge_set_desk(daemon->bridge, admin_desk(daemon->admin));
    return exports_add_admin(daemon->metrics,
                             server_meters(admin_server(daemon->admin)));
}

enum error daemon_state_open(struct daemon *daemon)
{
    const struct exports exports = {
        .backend = daemon->backend,
        .status = daemon->status,
        .edges = &daemon->edges,
    };

    daemon->moving = waker_new(daemon->state_loop, on_moving, daemon);
    daemon->reload = waker_new(daemon->state_loop, on_reload, daemon);
    daemon->beat = timer_new(daemon->state_loop, on_beat, daemon);
    if (daemon->moving == NULL || daemon->reload == NULL ||
        daemon->beat == NULL) {
        return ERROR_NO_MEMORY;
    }
    timer_start(daemon->beat, BACKEND_TICK_MS, BACKEND_TICK_MS);
    TRY(exports_add(daemon->metrics, &exports));
    TRY(open_program(daemon));
    return open_admin(daemon);
}

void daemon_state_close(struct daemon *daemon)
{
    if (daemon->bridge != NULL) {
        bridge_set_desk(daemon->bridge, NULL);
    }
    admin_close(daemon->admin);
    timer_free(daemon->beat);
    waker_free(daemon->reload);
    waker_free(daemon->moving);
}
