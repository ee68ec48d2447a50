/* What one node is told by its file: addresses, paths, certificates, timers
 * and limits of this machine. What all nodes must agree on is not here but in
 * the replicated state.
 *
 * The dialect: [section], key = value, "#" begins a comment, a key that takes
 * a list may be repeated, values may be quoted, `include = folder` under
 * [config] reads folder/\*.conf in order of name. Durations carry ms, s, min or
 * h; sizes B, KiB, MiB or GiB. Anything unknown is an error that names file,
 * line and the nearest known key. One table makes the parser, the defaults and
 * the manual's list (config_describe).
 *
 * Thread: main, before others start; read-only afterwards.
 */
#ifndef NODE_CONFIG_H
#define NODE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/base/error.h"

enum {
    CONFIG_LIST_MAX = 16,        /* Values of a repeated key. */
    CONFIG_TEXT_BYTES_MAX = 512, /* One value. */
    CONFIG_FILE_BYTES_MAX = 1024 * 1024,
    CONFIG_ERROR_BYTES = 1024,
};

/* Values of a key that may be repeated. */
struct config_list {
    size_t n;
    char *values[CONFIG_LIST_MAX];
};

struct config {
    /* [pool] */
    char *pool_id;

    /* [node] */
    uint64_t node_id;
    char *data_dir;
    char *run_dir;
    char *journal_level;
    bool journal_stamp;

    /* [peer] */
    char *peer_listen;
    struct config_list peer_nodes; /* "ID HOST:PORT" */
    bool peer_plain;
    char *peer_certificate, *peer_key, *peer_authorities;

    /* [sip] */
    struct config_list sip_listen; /* "tcp|tls HOST:PORT [auth=digest|none]" */
    char *sip_certificate, *sip_key;
    uint64_t sip_edges;
    uint64_t sip_connections_max;
    uint64_t sip_connections_per_address_max;
    uint64_t sip_session_expires_ms;
    uint64_t sip_register_expires_ms;
    uint64_t sip_keep_alive_ms;
    char *sip_redirect;

    /* [web] */
    char *web_listen;

    /* [hook] */
    char *hook_socket;
    uint64_t hook_deadline_ms;
    char *hook_absent;

    /* [admin] */
    char *admin_listen;
    char *admin_authorities;
    char *admin_group;

    /* [archive] */
    char *archive_directory;
    char *archive_log_key, *archive_node_key;
    char *archive_pkcs11_module, *archive_pkcs11_pin_file;
    char *archive_witness_authorities;
    struct config_list archive_outputs;  /* Directories. */
    struct config_list archive_programs; /* "NAME PATH [ARGUMENT]..." */
    char *archive_adapter_program;
    uint64_t archive_adapters_at_once;
    uint64_t archive_adapter_deadline_ms;

    /* [raft] */
    uint64_t raft_election_ms;
    uint64_t raft_heartbeat_ms;
    uint64_t raft_snapshot_entries;
    uint64_t raft_trailing_entries;
    uint64_t raft_segment_bytes;

    /* [store] */
    uint64_t store_memtable_bytes;
    uint64_t store_cache_bytes;
    uint64_t disk_floor_bytes;

    /* [drain] */
    uint64_t drain_notice_ms;
    uint64_t drain_spread_ms;
};

/**
 * Read a file over the defaults.
 *
 * @config     Initialised by this call; deinit it also after an error.
 * @error_out  CONFIG_ERROR_BYTES; on an error says which file and line and
 *             what is wrong there, in one sentence.
 *
 * Returns NOT_FOUND, TOO_LARGE, IO or INVALID.
 */
enum error config_load(const char *path, struct config *config,
                       char error_out[CONFIG_ERROR_BYTES]);

/** Free what config_load allocated. */
void config_deinit(struct config *config);

/** Print every setting with its value in effect, as a file that loads. */
void config_print(const struct config *config, FILE *to);

/** Print the manual's table: section, key, default, range, meaning. */
void config_describe(FILE *to);

/**
 * Split "HOST:PORT" or "[V6]:PORT".
 *
 * @host_out  256 bytes.
 *
 * Returns INVALID when it is neither or the port is not 1-65535.
 */
enum error config_split_address(const char *address, char host_out[256],
                                uint16_t *port_out);

#endif
