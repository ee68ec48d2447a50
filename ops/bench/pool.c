#include "ops/bench/pool.h"

#include <jansson.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/bench/complain.h"

enum { ADDRESS_BYTES = 128 };

/* Split at the last colon; brackets around the address are dropped. */
static bool split(const char *text, char host[ADDRESS_BYTES],
                  const char **port_out)
{
    const char *colon = strrchr(text, ':');
    size_t len;

    if (colon == NULL || colon == text) {
        return false;
    }
    len = (size_t)(colon - text);
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= ADDRESS_BYTES) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    *port_out = colon + 1;
    return true;
}

enum error pool_read_address(const char *text,
                             struct sockaddr_storage *address_out)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[ADDRESS_BYTES];
    const char *port;

    if (!split(text, host, &port) ||
        getaddrinfo(host, port, &hints, &found) != 0) {
        return complain(ERROR_INVALID,
                        "\"%s\" is no address: 127.0.0.1:5060 would be one",
                        text);
    }
    memset(address_out, 0, sizeof(*address_out));
    memcpy(address_out, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return ERROR_NONE;
}

static enum error read_listener(const json_t *node, const char *key,
                                struct sockaddr_storage *address)
{
    const char *text = json_string_value(json_object_get(node, key));

    if (text == NULL || text[0] == '\0') {
        address->ss_family = AF_UNSPEC;
        return ERROR_NONE;
    }
    return pool_read_address(text, address);
}

static enum error read_node(const json_t *node, struct pool *pool)
{
    struct pool_server *server = &pool->servers[pool->n];
    json_int_t pid = json_integer_value(json_object_get(node, "pid"));
    const char *directory =
        json_string_value(json_object_get(node, "data_directory"));

    if (pid <= 0) {
        return ERROR_NONE;
    }
    if (pool->n == POOL_SERVERS_MAX) {
        return complain(ERROR_TOO_LARGE, "more than %d nodes",
                        POOL_SERVERS_MAX);
    }
    *server = (struct pool_server){.pid = (pid_t)pid};
    TRY(read_listener(node, "sip_tcp", &server->tcp));
    TRY(read_listener(node, "sip_tls", &server->tls));
    snprintf(server->data_directory, sizeof(server->data_directory), "%s",
             directory == NULL ? "" : directory);
    pool->n++;
    return ERROR_NONE;
}

static enum error read_nodes(const json_t *nodes, struct pool *pool)
{
    size_t i;
    json_t *node;

    if (!json_is_array(nodes)) {
        return complain(ERROR_MALFORMED,
                        "the pool's status is no list of nodes");
    }
    json_array_foreach (nodes, i, node) {
        TRY(read_node(node, pool));
    }
    if (pool->n == 0) {
        return complain(ERROR_NOT_FOUND,
                        "no node is running: ops/pool start, or --server");
    }
    return ERROR_NONE;
}

enum error pool_read_status(const char *json, size_t len, struct pool *pool)
{
    json_error_t where;
    json_t *root = json_loadb(json, len, 0, &where);
    enum error error;

    pool->n = 0;
    if (root == NULL) {
        return complain(ERROR_MALFORMED, "the pool's status is no JSON: %s",
                        where.text);
    }
    error = read_nodes(
        json_is_object(root) ? json_object_get(root, "nodes") : root, pool);
    json_decref(root);
    return error;
}

enum error pool_ask(const char *tool, struct pool *pool)
{
    char command[PATH_MAX + 32];
    char *text = malloc(POOL_STATUS_BYTES_MAX);
    enum error error = ERROR_NO_MEMORY;
    FILE *said = NULL;
    size_t len = 0;

    if (text == NULL) {
        goto out;
    }
    error = ERROR_IO;
    snprintf(command, sizeof(command), "exec '%s' status --json", tool);
    said = popen(command, "re");
    if (said != NULL) {
        len = fread(text, 1, POOL_STATUS_BYTES_MAX, said);
    }
    if (said == NULL || pclose(said) != 0) {
        complain(error,
                 "\"%s status --json\" fails; name the servers by "
                 "--server and --pid instead",
                 tool);
        goto out;
    }
    error = pool_read_status(text, len, pool);
out:
    free(text);
    return error;
}

static bool holds(const pid_t *pids, size_t n, pid_t pid)
{
    for (size_t i = 0; i < n; i++) {
        if (pids[i] == pid) {
            return true;
        }
    }
    return false;
}

size_t pool_pids(const struct pool *pool, pid_t pids[POOL_SERVERS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < pool->n; i++) {
        pid_t pid = pool->servers[i].pid;

        if (pid > 0 && !holds(pids, n, pid)) {
            pids[n] = pid;
            n++;
        }
    }
    return n;
}

void pool_socket(const struct pool *pool, char path[POOL_SOCKET_BYTES])
{
    char folder[PATH_MAX];
    char *end;

    snprintf(folder, sizeof(folder), "%s", pool->servers[0].data_directory);
    end = strrchr(folder, '/');
    if (end != NULL) {
        *end = '\0';
    }
    snprintf(path, POOL_SOCKET_BYTES, "%s/run/admin.sock", folder);
}
