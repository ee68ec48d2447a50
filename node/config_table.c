#include "node/config_table.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct config, field)
#define KiB       1024ull
#define MiB       (1024 * KiB)
#define GiB       (1024 * MiB)

const struct setting settings[] = {
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

const size_t settings_n = sizeof(settings) / sizeof(settings[0]);

_Static_assert(sizeof(settings) / sizeof(settings[0]) <= SETTINGS_MAX,
               "the reader marks at most SETTINGS_MAX settings as given");

static void *field(struct config *config, const struct setting *setting)
{
    return (char *)config + setting->offset;
}

const struct setting *config_setting_find(const char *section, const char *key)
{
    for (size_t i = 0; i < settings_n; i++) {
        if (strcmp(settings[i].section, section) == 0 &&
            strcmp(settings[i].key, key) == 0) {
            return &settings[i];
        }
    }
    return NULL;
}

bool config_setting_section_known(const char *section)
{
    for (size_t i = 0; i < settings_n; i++) {
        if (strcmp(settings[i].section, section) == 0) {
            return true;
        }
    }
    return false;
}

/* Edit distance, small and quadratic: for "did you mean". */
static size_t distance(const char *a, const char *b)
{
    size_t row[64], len = strlen(b);

    if (len >= 63 || strlen(a) >= 63) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[len];
}

const struct setting *config_setting_nearest(const char *section,
                                             const char *key)
{
    const struct setting *nearest = NULL;
    size_t least = SIZE_MAX;

    for (size_t i = 0; i < settings_n; i++) {
        size_t far = distance(key, settings[i].key);

        far += strcmp(settings[i].section, section) == 0 ? 0 : 2;
        if (far < least) {
            least = far;
            nearest = &settings[i];
        }
    }
    return nearest;
}

/* Split a number from its unit and scale it. */
static bool read_scaled(const char *text, enum setting_kind kind,
                        uint64_t *value_out)
{
    static const struct {
        enum setting_kind kind;
        const char *unit;
        uint64_t scale;
    } units[] = {
        {SETTING_NUMBER, "", 1},          {SETTING_DURATION, "ms", 1},
        {SETTING_DURATION, "s", 1000},    {SETTING_DURATION, "min", 60000},
        {SETTING_DURATION, "h", 3600000}, {SETTING_SIZE, "B", 1},
        {SETTING_SIZE, "KiB", KiB},       {SETTING_SIZE, "MiB", MiB},
        {SETTING_SIZE, "GiB", GiB},
    };
    char *unit;
    uint64_t number;

    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    number = strtoull(text, &unit, 10);
    if (errno != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].kind == kind && strcmp(units[i].unit, unit) == 0) {
            return !__builtin_mul_overflow(number, units[i].scale, value_out);
        }
    }
    return false;
}

static const char *kind_words(enum setting_kind kind)
{
    switch (kind) {
    case SETTING_NUMBER:
        return "a whole number";
    case SETTING_DURATION:
        return "a duration such as 500ms, 10s, 5min or 1h";
    case SETTING_SIZE:
        return "a size such as 64MiB";
    case SETTING_BOOLEAN:
        return "yes or no";
    default:
        return "text";
    }
}

/* Say why a value is refused. */
static enum error refuse(char *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum error refuse(char *why, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(why, CONFIG_ERROR_BYTES, format, arguments);
    va_end(arguments);
    return ERROR_INVALID;
}

static enum error set_text(char **to, const char *text, char *why)
{
    char *copy = strdup(text);

    if (copy == NULL) {
        return refuse(why, "out of memory");
    }
    free(*to);
    *to = copy;
    return ERROR_NONE;
}

static enum error set_list(const struct setting *setting,
                           struct config_list *list, const char *text,
                           char *why)
{
    if (list->n == CONFIG_LIST_MAX) {
        return refuse(why, "more than %d times %s", CONFIG_LIST_MAX,
                      setting->key);
    }
    TRY(set_text(&list->values[list->n], text, why));
    list->n++;
    return ERROR_NONE;
}

static enum error set_flag(const struct setting *setting, bool *flag,
                           const char *text, char *why)
{
    if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0) {
        return refuse(why, "%s must be yes or no, not \"%s\"", setting->key,
                      text);
    }
    *flag = strcmp(text, "yes") == 0;
    return ERROR_NONE;
}

static enum error set_number(const struct setting *setting, uint64_t *number,
                             const char *text, char *why)
{
    uint64_t value;

    if (!read_scaled(text, setting->kind, &value)) {
        return refuse(why, "%s must be %s, not \"%s\"", setting->key,
                      kind_words(setting->kind), text);
    }
    if (value < setting->least || value > setting->most) {
        return refuse(
            why, "%s must lie between %" PRIu64 " and %" PRIu64 "%s, not at %s",
            setting->key, setting->least, setting->most,
            setting->kind == SETTING_DURATION ? " ms"
            : setting->kind == SETTING_SIZE   ? " bytes"
                                              : "",
            text);
    }
    *number = value;
    return ERROR_NONE;
}

enum error config_setting_set(const struct setting *setting,
                              struct config *config, const char *text,
                              char why[CONFIG_ERROR_BYTES])
{
    void *at = field(config, setting);

    switch (setting->kind) {
    case SETTING_LIST:
        return set_list(setting, at, text, why);
    case SETTING_TEXT:
        return set_text(at, text, why);
    case SETTING_BOOLEAN:
        return set_flag(setting, at, text, why);
    default:
        return set_number(setting, at, text, why);
    }
}

void config_deinit(struct config *config)
{
    for (size_t i = 0; i < settings_n; i++) {
        struct config_list *list = field(config, &settings[i]);

        if (settings[i].kind == SETTING_TEXT) {
            free(*(char **)field(config, &settings[i]));
        }
        for (size_t j = 0; settings[i].kind == SETTING_LIST && j < list->n;
             j++) {
            free(list->values[j]);
        }
    }
    memset(config, 0, sizeof(*config));
}

static void print_value(const struct setting *setting,
                        const struct config *config, FILE *to)
{
    const char *at = (const char *)config + setting->offset;
    const struct config_list *list = (const struct config_list *)at;
    const char *text = NULL;

    switch (setting->kind) {
    case SETTING_LIST:
        for (size_t j = 0; j < list->n; j++) {
            fprintf(to, "%s = \"%s\"\n", setting->key, list->values[j]);
        }
        return;
    case SETTING_TEXT:
        memcpy(&text, at, sizeof(text));
        if (text != NULL) {
            fprintf(to, "%s = \"%s\"\n", setting->key, text);
        }
        return;
    case SETTING_BOOLEAN:
        fprintf(to, "%s = %s\n", setting->key,
                *(const bool *)at ? "yes" : "no");
        return;
    default:
        fprintf(to, "%s = %" PRIu64 "%s\n", setting->key, *(const uint64_t *)at,
                setting->kind == SETTING_DURATION ? "ms"
                : setting->kind == SETTING_SIZE   ? "B"
                                                  : "");
        return;
    }
}

void config_print(const struct config *config, FILE *to)
{
    const char *section = "";

    for (size_t i = 0; i < settings_n; i++) {
        if (strcmp(section, settings[i].section) != 0) {
            section = settings[i].section;
            fprintf(to, "%s[%s]\n", i == 0 ? "" : "\n", section);
        }
        print_value(&settings[i], config, to);
    }
}
