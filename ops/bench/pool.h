/* The servers under load: where they listen, and which processes they are.
 *
 * Taken from the command line (--server, --pid) or from what
 * "ops/pool status --json" says of the local pool.
 *
 * Thread: the owner's.
 */
#ifndef OPS_BENCH_POOL_H
#define OPS_BENCH_POOL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "proto/base/error.h"

enum {
    POOL_SERVERS_MAX = 9,
    POOL_STATUS_BYTES_MAX = 1024 * 1024,
    POOL_SOCKET_BYTES = PATH_MAX + 32
};

struct pool_server {
    struct sockaddr_storage tcp; /* ss_family 0: it does not listen so. */
    struct sockaddr_storage tls;
    pid_t pid; /* 0: not known, so not measured. */
    char data_directory[PATH_MAX];
};

struct pool {
    size_t n;
    struct pool_server servers[POOL_SERVERS_MAX];
};

/** Read "ADDRESS:PORT" or "[ADDRESS]:PORT", numeric. INVALID otherwise. */
enum error pool_read_address(const char *text,
                             struct sockaddr_storage *address_out);

/**
 * Read the list of nodes as "ops/pool status --json" prints it: an array, or an
 * object whose member "nodes" is one; of each node pid, sip_tcp, sip_tls and
 * data_directory. A node without a pid is not running and is left out.
 *
 * Returns MALFORMED with a complaint, NOT_FOUND when no node runs.
 */
enum error pool_read_status(const char *json, size_t len, struct pool *pool);

/**
 * Run a program "TOOL status --json" and read what it prints.
 *
 * Returns IO when it cannot be run or fails, else as pool_read_status.
 */
enum error pool_ask(const char *tool, struct pool *pool);

/** Name the first server's administrators' socket, which lies beside its data
 * directory. */
void pool_socket(const struct pool *pool, char path[POOL_SOCKET_BYTES]);

/** Put the pids that are known into a list, each once. Returns how many. */
size_t pool_pids(const struct pool *pool, pid_t pids[POOL_SERVERS_MAX]);

#endif
