/* What a node can be told: the table that its reader, its printing and the
 * manual's list walk. */
#include "node/config_table.h"

#define AT(field) offsetof(struct config, field)
#define KiB       1024ull
#define MiB       (1024 * KiB)
#define GiB       (1024 * MiB)

static const struct setting settings[] = {
    {"pool", "id", SETTING_TEXT, AT(pool_id), NULL, 0, 0,
     "A GUID, the same on all nodes, unlike any other pool's (uuidgen)"},

    {"node", "id", SETTING_NUMBER, AT(node_id), NULL, 1, 255,
     "This node's number in the pool"},
    {"node", "data_dir", SETTING_TEXT, AT(data_dir), "/var/lib/perch", 0, 0,
     "Where log, store and identity lie"},
    {"node", "run_dir", SETTING_TEXT, AT(run_dir), "/run/perch", 0, 0,
     "Where the administrators' socket lies"},
    {"node", "journal_level", SETTING_TEXT, AT(journal_level), "info", 0, 0,
     "error, warning, notice, info or debug"},
    {"node", "journal_stamp", SETTING_BOOLEAN, AT(journal_stamp), "no", 0, 0,
     "Begin journal lines with the time (journald does it itself)"},

    {"peer", "listen", SETTING_TEXT, AT(peer_listen), "0.0.0.0:5062", 0, 0,
     "Address for the other nodes"},
    {"peer", "node", SETTING_LIST, AT(peer_nodes), NULL, 0, 0,
     "ID HOST:PORT of every node of the pool, this one too"},
    {"peer", "plain", SETTING_BOOLEAN, AT(peer_plain), "no", 0, 0,
     "No TLS between nodes; only when every address is loopback"},
    {"peer", "certificate", SETTING_TEXT, AT(peer_certificate),
     "/etc/perch/tls/node.crt", 0, 0, "Certificate of this node, PEM"},
    {"peer", "key", SETTING_TEXT, AT(peer_key), "/etc/perch/tls/node.key", 0, 0,
     "Its private key, PEM"},
    {"peer", "authorities", SETTING_TEXT, AT(peer_authorities),
     "/etc/perch/tls/ca.crt", 0, 0, "Who may issue nodes' certificates, PEM"},

    {"sip", "listen", SETTING_LIST, AT(sip_listen), NULL, 0, 0,
     "tcp|tls HOST:PORT [auth=digest|none]; auth=none only on loopback"},
    {"sip", "certificate", SETTING_TEXT, AT(sip_certificate),
     "/etc/perch/tls/sip.crt", 0, 0,
     "Certificate and chain for SIP clients, PEM"},
    {"sip", "key", SETTING_TEXT, AT(sip_key), "/etc/perch/tls/sip.key", 0, 0,
     "Its private key, PEM"},
    {"sip", "edges", SETTING_NUMBER, AT(sip_edges), "1", 1, 16,
     "Threads that serve SIP clients"},
    {"sip", "connections_max", SETTING_NUMBER, AT(sip_connections_max), "20000",
     1, 1000000, "Most client connections"},
    {"sip", "connections_per_address_max", SETTING_NUMBER,
     AT(sip_connections_per_address_max), "20000", 1, 1000000,
     "Most client connections from one address"},
    {"sip", "session_expires", SETTING_DURATION, AT(sip_session_expires_ms),
     "720s", 90000, 86400000, "Session timer of chat dialogs (RFC 4028)"},
    {"sip", "register_expires", SETTING_DURATION, AT(sip_register_expires_ms),
     "600s", 60000, 86400000, "How long a sign-in lasts unless refreshed"},
    {"sip", "keep_alive", SETTING_DURATION, AT(sip_keep_alive_ms), "120s",
     30000, 3600000, "How often clients are asked to send an empty line"},
    {"sip", "redirect", SETTING_TEXT, AT(sip_redirect), NULL, 0, 0,
     "HOST:PORT given to clients while this node drains"},

    {"web", "listen", SETTING_TEXT, AT(web_listen), "127.0.0.1:9463", 0, 0,
     "Address of metrics and health"},

    {"admin", "listen", SETTING_TEXT, AT(admin_listen), NULL, 0, 0,
     "Address for perchctl over TLS; none: only the local socket"},
    {"admin", "authorities", SETTING_TEXT, AT(admin_authorities), NULL, 0, 0,
     "Who may issue administrators' certificates, PEM"},
    {"admin", "group", SETTING_TEXT, AT(admin_group), NULL, 0, 0,
     "Whose members may use the local socket; none: only its owner"},

    {"hook", "socket", SETTING_TEXT, AT(hook_socket), NULL, 0, 0,
     "Unix socket of a program that is asked about each post; none: nobody is"},
    {"hook", "deadline", SETTING_DURATION, AT(hook_deadline_ms), "500ms", 10,
     30000, "How long a post waits for its answer"},
    {"hook", "absent", SETTING_TEXT, AT(hook_absent), NULL, 0, 0,
     "allow or refuse: posts it does not answer for; must be said"},

    {"archive", "directory", SETTING_TEXT, AT(archive_directory), NULL, 0, 0,
     "Where the compliance archive lies; none: archive, in data_dir"},
    {"archive", "log_key", SETTING_TEXT, AT(archive_log_key), NULL, 0, 0,
     "Private key of the archive's log: PEM file or pkcs11: URI; none: not "
     "here"},
    {"archive", "node_key", SETTING_TEXT, AT(archive_node_key), NULL, 0, 0,
     "Private key of this node there; none: archive-node.key, made in "
     "data_dir"},
    {"archive", "pkcs11_module", SETTING_TEXT, AT(archive_pkcs11_module), NULL,
     0, 0, "Library of the token that pkcs11: keys are in"},
    {"archive", "pkcs11_pin_file", SETTING_TEXT, AT(archive_pkcs11_pin_file),
     NULL, 0, 0, "File with the token's PIN in its first line"},
    {"archive", "witness_authorities", SETTING_TEXT,
     AT(archive_witness_authorities), NULL, 0, 0,
     "Who may issue witnesses' certificates, PEM; none: the system's"},
    {"archive", "output", SETTING_LIST, AT(archive_outputs), NULL, 0, 0,
     "Directory that adapters may write below; unless said data_dir/export"},
    {"archive", "program", SETTING_LIST, AT(archive_programs), NULL, 0, 0,
     "NAME PATH [ARGUMENT]...: what adapters of type program may run"},
    {"archive", "adapter_program", SETTING_TEXT, AT(archive_adapter_program),
     NULL, 0, 0,
     "What built-in adapters run; unless said perch-adapter beside "
     "perchd"},
    {"archive", "adapters_at_once", SETTING_NUMBER,
     AT(archive_adapters_at_once), "4", 1, 16, "Adapters that run at a time"},
    {"archive", "adapter_deadline", SETTING_DURATION,
     AT(archive_adapter_deadline_ms), "10min", 1000, 86400000,
     "Silence after which an adapter is killed"},

    {"raft", "election", SETTING_DURATION, AT(raft_election_ms), "500ms", 50,
     60000, "Silence of a leader before another is sought (1x to 2x)"},
    {"raft", "heartbeat", SETTING_DURATION, AT(raft_heartbeat_ms), "50ms", 5,
     6000, "How often a leader speaks when idle"},
    {"raft", "snapshot_entries", SETTING_NUMBER, AT(raft_snapshot_entries),
     "50000", 100, 10000000, "Applied entries after which the log may be cut"},
    {"raft", "trailing_entries", SETTING_NUMBER, AT(raft_trailing_entries),
     "100000", 100, 10000000,
     "Entries kept behind a cut for nodes that were away"},
    {"raft", "segment_bytes", SETTING_SIZE, AT(raft_segment_bytes), "64MiB",
     MiB, GiB, "Size of one log file"},

    {"store", "memtable_bytes", SETTING_SIZE, AT(store_memtable_bytes), "64MiB",
     MiB, 16 * GiB, "Memory for rows not yet flushed"},
    {"store", "cache_bytes", SETTING_SIZE, AT(store_cache_bytes), "64MiB", MiB,
     256 * GiB, "Memory for rows read back"},
    {"store", "disk_floor", SETTING_SIZE, AT(disk_floor_bytes), "1GiB", 0,
     1024 * GiB, "Free disk below which posts are refused"},

    {"drain", "notice", SETTING_DURATION, AT(drain_notice_ms), "2s", 0, 600000,
     "Not ready before sessions are moved away"},
    {"drain", "spread", SETTING_DURATION, AT(drain_spread_ms), "5s", 0, 600000,
     "Over how long sessions are moved away"},
};

const struct setting_table config_settings = {
    settings, sizeof(settings) / sizeof(settings[0])};

_Static_assert(sizeof(settings) / sizeof(settings[0]) <= SETTINGS_MAX,
               "the reader marks at most SETTINGS_MAX settings as given");
