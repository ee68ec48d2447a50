/* What a node's configuration comes to: its texts read as addresses, ids and
 * levels, and what must hold between them, checked before anything is opened.
 *
 * Thread: main, before others start; read-only afterwards.
 */
#ifndef NODE_PLAN_H
#define NODE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/config.h"
#include "proto/base/error.h"
#include "proto/base/guid.h"
#include "proto/base/journal.h"

enum {
    PLAN_HOST_BYTES = 256,
    PLAN_SOCKET_BYTES_MAX = 107, /* What an address of a Unix socket holds. */
};

struct plan_address {
    char host[PLAN_HOST_BYTES]; /* Empty: not configured. */
    uint16_t port;
};

struct plan_node {
    uint8_t node;
    struct plan_address at;
};

struct plan_listener {
    struct plan_address at;
    bool tls;
    bool digest; /* Else whoever connects is who he says he is. */
};

struct plan {
    struct guid pool;
    uint8_t node;
    enum journal_level journal_level;
    struct plan_address peer_listen, web_listen, admin_listen;
    size_t n_nodes; /* This one, too. */
    struct plan_node nodes[CONFIG_LIST_MAX];
    size_t n_listeners; /* 0: no clients are served. */
    struct plan_listener listeners[CONFIG_LIST_MAX];
    bool hook_absent_refuses; /* Posts the program does not answer for. */
};

/**
 * Read a configuration's texts.
 *
 * @error_out  On an error names the setting and what is wrong with it, in one
 *             sentence.
 *
 * Returns INVALID: a text is not what it should be, a node stands twice, this
 * node is not among the nodes, more nodes than REPLICA_NODES_MAX, no TLS
 * between nodes or no authentication beyond loopback, a hook of which it is not
 * said what its absence means.
 */
enum error plan_make(const struct config *config, struct plan *plan_out,
                     char error_out[CONFIG_ERROR_BYTES]);

#endif
