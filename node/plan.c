#include "node/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/host.h"
#include "raft/replica.h"

/* Say why the configuration is refused. */
static enum error refuse(char *error_out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum error refuse(char *error_out, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error_out, CONFIG_ERROR_BYTES, format, arguments);
    va_end(arguments);
    return ERROR_INVALID;
}

static enum error read_address(const char *setting, const char *text,
                               struct plan_address *to, char *error_out)
{
    if (config_split_address(text, to->host, &to->port) != ERROR_NONE) {
        return refuse(error_out, "%s must be HOST:PORT, not \"%s\"", setting,
                      text);
    }
    return ERROR_NONE;
}

static enum error read_pool(const struct config *config, struct plan *plan,
                            char *error_out)
{
    struct slice text = slice_of_text(config->pool_id);

    if (guid_read(text, &plan->pool) != ERROR_NONE ||
        guid_is_nil(&plan->pool)) {
        return refuse(error_out, "[pool] id must be a GUID, not \"%s\"",
                      config->pool_id);
    }
    return ERROR_NONE;
}

static enum error read_level(const struct config *config, struct plan *plan,
                             char *error_out)
{
    static const char *const names[] = {"error", "warning", "notice", "info",
                                        "debug"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(config->journal_level, names[i]) == 0) {
            plan->journal_level = (enum journal_level)i;
            return ERROR_NONE;
        }
    }
    return refuse(error_out,
                  "[node] journal_level must be error, warning, notice, info "
                  "or debug, not \"%s\"",
                  config->journal_level);
}

static enum error read_node(const char *text, struct plan *plan,
                            char *error_out)
{
    struct plan_node *node = &plan->nodes[plan->n_nodes];
    char *after;
    unsigned long id = strtoul(text, &after, 10);

    if (after == text || *after != ' ' || id == 0 || id > UINT8_MAX) {
        return refuse(error_out,
                      "[peer] node must be an ID of 1 to 255 and HOST:PORT, "
                      "not \"%s\"",
                      text);
    }
    for (size_t i = 0; i < plan->n_nodes; i++) {
        if (plan->nodes[i].node == id) {
            return refuse(error_out, "[peer] node %lu stands twice", id);
        }
    }
    node->node = (uint8_t)id;
    after += strspn(after, " ");
    TRY(read_address("[peer] node", after, &node->at, error_out));
    plan->n_nodes++;
    return ERROR_NONE;
}

static enum error check_plain(const struct plan *plan, char *error_out)
{
    bool all = host_is_loopback(plan->peer_listen.host);

    for (size_t i = 0; i < plan->n_nodes; i++) {
        all = all && host_is_loopback(plan->nodes[i].at.host);
    }
    return all ? ERROR_NONE
               : refuse(error_out, "[peer] plain is for pools whose addresses "
                                   "are all loopback");
}

static enum error read_nodes(const struct config *config, struct plan *plan,
                             char *error_out)
{
    bool here = false;

    if (config->peer_nodes.n > REPLICA_NODES_MAX) {
        return refuse(error_out, "a pool has at most %d nodes, not %zu",
                      REPLICA_NODES_MAX, config->peer_nodes.n);
    }
    for (size_t i = 0; i < config->peer_nodes.n; i++) {
        TRY(read_node(config->peer_nodes.values[i], plan, error_out));
        here = here || plan->nodes[i].node == plan->node;
    }
    if (!here) {
        return refuse(error_out, "[node] id %u is not among [peer] node",
                      plan->node);
    }
    TRY(read_address("[peer] listen", config->peer_listen, &plan->peer_listen,
                     error_out));
    return config->peer_plain ? check_plain(plan, error_out) : ERROR_NONE;
}

/* "tcp|tls HOST:PORT [auth=digest|none]" */
static enum error read_listener(const char *text, struct plan *plan,
                                char *error_out)
{
    struct plan_listener *listener = &plan->listeners[plan->n_listeners];
    char kind[8], address[PLAN_HOST_BYTES + 16], auth[16] = "auth=digest";
    char more;
    int n = sscanf(text, "%7s %271s %15s %c", kind, address, auth, &more);

    listener->tls = n >= 2 && strcmp(kind, "tls") == 0;
    listener->digest = strcmp(auth, "auth=digest") == 0;
    if (n < 2 || n > 3 || (!listener->tls && strcmp(kind, "tcp") != 0) ||
        (!listener->digest && strcmp(auth, "auth=none") != 0)) {
        return refuse(error_out,
                      "[sip] listen must be tcp or tls, HOST:PORT, and perhaps "
                      "auth=digest or auth=none, not \"%s\"",
                      text);
    }
    TRY(read_address("[sip] listen", address, &listener->at, error_out));
    if (!listener->digest && !host_is_loopback(listener->at.host)) {
        return refuse(error_out,
                      "[sip] listen: auth=none is for loopback alone, not for "
                      "%s",
                      listener->at.host);
    }
    plan->n_listeners++;
    return ERROR_NONE;
}

/* What happens to posts when the program is away is nobody's to guess. */
static enum error read_hook(const struct config *config, struct plan *plan,
                            char *error_out)
{
    const char *absent = config->hook_absent;

    if (config->hook_socket == NULL) {
        return ERROR_NONE;
    }
    if (config->hook_socket[0] != '/') {
        return refuse(error_out, "[hook] socket must be a path from /, not %s",
                      config->hook_socket);
    }
    if (strlen(config->hook_socket) > PLAN_SOCKET_BYTES_MAX) {
        return refuse(error_out, "[hook] socket has more than %d bytes",
                      PLAN_SOCKET_BYTES_MAX);
    }
    if (absent == NULL ||
        (strcmp(absent, "allow") != 0 && strcmp(absent, "refuse") != 0)) {
        return refuse(error_out,
                      "[hook] absent must say allow or refuse: what becomes of "
                      "posts the program does not answer for");
    }
    plan->hook_absent_refuses = strcmp(absent, "refuse") == 0;
    return ERROR_NONE;
}

/* Committed paths are held against these: they must say what they mean. */
static enum error read_archive(const struct config *config, char *error_out)
{
    for (size_t i = 0; i < config->archive_outputs.n; i++) {
        if (config->archive_outputs.values[i][0] != '/') {
            return refuse(error_out,
                          "[archive] output must be a path from /, not %s",
                          config->archive_outputs.values[i]);
        }
    }
    for (size_t i = 0; i < config->archive_programs.n; i++) {
        const char *program = strchr(config->archive_programs.values[i], ' ');

        if (program == NULL || program[1] != '/') {
            return refuse(error_out,
                          "[archive] program must be NAME and a path from /, "
                          "not \"%s\"",
                          config->archive_programs.values[i]);
        }
    }
    return ERROR_NONE;
}

enum error plan_make(const struct config *config, struct plan *plan,
                     char error_out[CONFIG_ERROR_BYTES])
{
    memset(plan, 0, sizeof(*plan));
    plan->node = (uint8_t)config->node_id;
    TRY(read_pool(config, plan, error_out));
    TRY(read_level(config, plan, error_out));
    TRY(read_nodes(config, plan, error_out));
    for (size_t i = 0; i < config->sip_listen.n; i++) {
        TRY(read_listener(config->sip_listen.values[i], plan, error_out));
    }
    TRY(read_address("[web] listen", config->web_listen, &plan->web_listen,
                     error_out));
    TRY(read_hook(config, plan, error_out));
    TRY(read_archive(config, error_out));
    if (config->admin_listen == NULL) {
        return ERROR_NONE;
    }
    if (config->admin_authorities == NULL) {
        return refuse(error_out, "[admin] listen needs [admin] authorities");
    }
    return read_address("[admin] listen", config->admin_listen,
                        &plan->admin_listen, error_out);
}
