#include "node/config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/base/check.h"

enum kind { TEXT, LIST, NUMBER, BOOLEAN, DURATION, SIZE };

/* One row per key: the parser, the defaults and the manual come from here. */
struct setting {
    const char *section, *key;
    enum kind kind;
    size_t offset;
    const char *initial; /* As it would stand in the file; NULL: none. */
    uint64_t least, most;
    const char *meaning;
};

#define AT(field) offsetof(struct config, field)
#define KiB       1024ull
#define MiB       (1024 * KiB)
#define GiB       (1024 * MiB)

static const struct setting settings[] = {
    {"node", "id", NUMBER, AT(node_id), NULL, 1, 255,
     "This node's number in the pool"},
    {"node", "data_dir", TEXT, AT(data_dir), "/var/lib/perch", 0, 0,
     "Where log, store and identity lie"},
    {"node", "run_dir", TEXT, AT(run_dir), "/run/perch", 0, 0,
     "Where the administrators' socket lies"},
    {"node", "journal_level", TEXT, AT(journal_level), "info", 0, 0,
     "error, warning, notice, info or debug"},
    {"node", "journal_stamp", BOOLEAN, AT(journal_stamp), "no", 0, 0,
     "Begin journal lines with the time (journald does it itself)"},

    {"peer", "listen", TEXT, AT(peer_listen), "0.0.0.0:5062", 0, 0,
     "Address for the other nodes"},
    {"peer", "node", LIST, AT(peer_nodes), NULL, 0, 0,
     "ID HOST:PORT of every node of the pool, this one too"},
    {"peer", "plain", BOOLEAN, AT(peer_plain), "no", 0, 0,
     "No TLS between nodes; only when every address is loopback"},
    {"peer", "certificate", TEXT, AT(peer_certificate),
     "/etc/perch/tls/node.crt", 0, 0, "Certificate of this node, PEM"},
    {"peer", "key", TEXT, AT(peer_key), "/etc/perch/tls/node.key", 0, 0,
     "Its private key, PEM"},
    {"peer", "authorities", TEXT, AT(peer_authorities), "/etc/perch/tls/ca.crt",
     0, 0, "Who may issue nodes' certificates, PEM"},

    {"sip", "listen", LIST, AT(sip_listen), NULL, 0, 0,
     "tcp|tls HOST:PORT [auth=digest|none]; auth=none only on loopback"},
    {"sip", "certificate", TEXT, AT(sip_certificate), "/etc/perch/tls/sip.crt",
     0, 0, "Certificate and chain for SIP clients, PEM"},
    {"sip", "key", TEXT, AT(sip_key), "/etc/perch/tls/sip.key", 0, 0,
     "Its private key, PEM"},
    {"sip", "edges", NUMBER, AT(sip_edges), "1", 1, 16,
     "Threads that serve SIP clients"},
    {"sip", "connections_max", NUMBER, AT(sip_connections_max), "20000", 1,
     1000000, "Most client connections"},
    {"sip", "connections_per_address_max", NUMBER,
     AT(sip_connections_per_address_max), "20000", 1, 1000000,
     "Most client connections from one address"},
    {"sip", "session_expires", DURATION, AT(sip_session_expires_ms), "720s",
     90000, 86400000, "Session timer of chat dialogs (RFC 4028)"},
    {"sip", "register_expires", DURATION, AT(sip_register_expires_ms), "600s",
     60000, 86400000, "How long a sign-in lasts unless refreshed"},
    {"sip", "keep_alive", DURATION, AT(sip_keep_alive_ms), "120s", 10000,
     3600000, "How often clients are asked to send an empty line"},
    {"sip", "redirect", TEXT, AT(sip_redirect), NULL, 0, 0,
     "HOST:PORT given to clients while this node drains"},

    {"web", "listen", TEXT, AT(web_listen), "127.0.0.1:9463", 0, 0,
     "Address of metrics and health"},

    {"admin", "listen", TEXT, AT(admin_listen), NULL, 0, 0,
     "Address for perchctl over TLS; none: only the local socket"},
    {"admin", "authorities", TEXT, AT(admin_authorities), NULL, 0, 0,
     "Who may issue administrators' certificates, PEM"},

    {"raft", "election", DURATION, AT(raft_election_ms), "500ms", 50, 60000,
     "Silence of a leader before another is sought (1x to 2x)"},
    {"raft", "heartbeat", DURATION, AT(raft_heartbeat_ms), "50ms", 5, 6000,
     "How often a leader speaks when idle"},
    {"raft", "snapshot_entries", NUMBER, AT(raft_snapshot_entries), "50000",
     100, 10000000, "Applied entries after which the log may be cut"},
    {"raft", "trailing_entries", NUMBER, AT(raft_trailing_entries), "100000",
     100, 10000000, "Entries kept behind a cut for nodes that were away"},
    {"raft", "trailing_bytes", SIZE, AT(raft_trailing_bytes), "256MiB", MiB,
     64 * GiB, "The same, in bytes"},
    {"raft", "segment_bytes", SIZE, AT(raft_segment_bytes), "64MiB", MiB, GiB,
     "Size of one log file"},

    {"store", "memtable_bytes", SIZE, AT(store_memtable_bytes), "64MiB", MiB,
     16 * GiB, "Memory for rows not yet flushed"},
    {"store", "cache_bytes", SIZE, AT(store_cache_bytes), "64MiB", MiB,
     256 * GiB, "Memory for rows read back"},
    {"store", "disk_floor", SIZE, AT(disk_floor_bytes), "1GiB", 0, 1024 * GiB,
     "Free disk below which posts are refused"},

    {"drain", "notice", DURATION, AT(drain_notice_ms), "2s", 0, 600000,
     "Not ready before sessions are moved away"},
    {"drain", "spread", DURATION, AT(drain_spread_ms), "5s", 0, 600000,
     "Over how long sessions are moved away"},
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

/* Where the reader stands, for messages. */
struct reader {
    struct config *config;
    bool given[SETTINGS]; /* Set by a file; a second time is an error. */
    const char *path;
    int line;
    char section[64];
    int depth; /* Of include. */
    char *error;
};

static void *field(struct config *config, const struct setting *setting)
{
    return (char *)config + setting->offset;
}

static enum error complain(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum error complain(struct reader *reader, const char *format, ...)
{
    va_list arguments;
    int len = snprintf(reader->error, CONFIG_ERROR_BYTES,
                       "%s:%d: ", reader->path, reader->line);

    if (len > 0 && len < CONFIG_ERROR_BYTES) {
        va_start(arguments, format);
        vsnprintf(reader->error + len, CONFIG_ERROR_BYTES - (size_t)len, format,
                  arguments);
        va_end(arguments);
    }
    return ERROR_INVALID;
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

static enum error unknown_key(struct reader *reader, const char *key)
{
    const struct setting *nearest = NULL;
    size_t least = SIZE_MAX;

    for (size_t i = 0; i < SETTINGS; i++) {
        size_t far = distance(key, settings[i].key);

        far += strcmp(settings[i].section, reader->section) == 0 ? 0 : 2;
        if (far < least) {
            least = far;
            nearest = &settings[i];
        }
    }
    return complain(reader, "[%s] has no key \"%s\"; the nearest is %s in [%s]",
                    reader->section, key, nearest->key, nearest->section);
}

/* Split a number from its unit and scale it. */
static bool read_scaled(const char *text, enum kind kind, uint64_t *value_out)
{
    static const struct {
        enum kind kind;
        const char *unit;
        uint64_t scale;
    } units[] = {
        {NUMBER, "", 1},          {DURATION, "ms", 1},
        {DURATION, "s", 1000},    {DURATION, "min", 60000},
        {DURATION, "h", 3600000}, {SIZE, "B", 1},
        {SIZE, "KiB", KiB},       {SIZE, "MiB", MiB},
        {SIZE, "GiB", GiB},
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

static const char *kind_words(enum kind kind)
{
    switch (kind) {
    case NUMBER:
        return "a whole number";
    case DURATION:
        return "a duration such as 500ms, 10s, 5min or 1h";
    case SIZE:
        return "a size such as 64MiB";
    case BOOLEAN:
        return "yes or no";
    default:
        return "text";
    }
}

static enum error set_text(struct reader *reader, char **to, const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL) {
        return complain(reader, "out of memory");
    }
    free(*to);
    *to = copy;
    return ERROR_NONE;
}

static enum error set_number(struct reader *reader,
                             const struct setting *setting, const char *text)
{
    uint64_t value;

    if (!read_scaled(text, setting->kind, &value)) {
        return complain(reader, "%s must be %s, not \"%s\"", setting->key,
                        kind_words(setting->kind), text);
    }
    if (value < setting->least || value > setting->most) {
        return complain(reader,
                        "%s must lie between %" PRIu64 " and %" PRIu64
                        "%s, not at %s",
                        setting->key, setting->least, setting->most,
                        setting->kind == DURATION ? " ms"
                        : setting->kind == SIZE   ? " bytes"
                                                  : "",
                        text);
    }
    *(uint64_t *)field(reader->config, setting) = value;
    return ERROR_NONE;
}

static enum error set_list(struct reader *reader, const struct setting *setting,
                           const char *text)
{
    struct config_list *list = field(reader->config, setting);

    if (list->n == CONFIG_LIST_MAX) {
        return complain(reader, "more than %d times %s", CONFIG_LIST_MAX,
                        setting->key);
    }
    TRY(set_text(reader, &list->values[list->n], text));
    list->n++;
    return ERROR_NONE;
}

static enum error set_value(struct reader *reader,
                            const struct setting *setting, const char *text)
{
    bool *flag = field(reader->config, setting);

    switch (setting->kind) {
    case LIST:
        return set_list(reader, setting, text);
    case TEXT:
        return set_text(reader, field(reader->config, setting), text);
    case BOOLEAN:
        if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0) {
            return complain(reader, "%s must be yes or no, not \"%s\"",
                            setting->key, text);
        }
        *flag = strcmp(text, "yes") == 0;
        return ERROR_NONE;
    default:
        return set_number(reader, setting, text);
    }
}

static char *trim(char *text)
{
    char *end;

    while (isspace((unsigned char)*text)) {
        text++;
    }
    end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1])) {
        end--;
    }
    *end = '\0';
    return text;
}

/* Take quotes off, or cut a comment that follows the value. */
static enum error plain_value(struct reader *reader, char **value)
{
    char *text = *value;
    size_t len;

    if (text[0] == '"') {
        char *end = strchr(text + 1, '"');

        if (end == NULL) {
            return complain(reader, "the quote is never closed");
        }
        if (end[1 + strspn(end + 1, " \t")] != '\0' &&
            end[1 + strspn(end + 1, " \t")] != '#') {
            return complain(reader, "text follows the closing quote");
        }
        *end = '\0';
        *value = text + 1;
    } else {
        char *comment = strstr(text, " #");

        if (comment != NULL) {
            *comment = '\0';
        }
        *value = trim(text);
    }
    len = strlen(*value);
    if (len > CONFIG_TEXT_BYTES_MAX) {
        return complain(reader, "a value of %zu bytes; %d are the most", len,
                        CONFIG_TEXT_BYTES_MAX);
    }
    return ERROR_NONE;
}

static enum error read_folder(struct reader *reader, const char *folder);

static enum error read_pair(struct reader *reader, char *line)
{
    char *equals = strchr(line, '=');
    char *key, *value;

    if (equals == NULL) {
        return complain(reader, "neither [section] nor key = value");
    }
    *equals = '\0';
    key = trim(line);
    value = trim(equals + 1);
    TRY(plain_value(reader, &value));
    if (strcmp(reader->section, "config") == 0 && strcmp(key, "include") == 0) {
        return read_folder(reader, value);
    }
    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(settings[i].section, reader->section) != 0 ||
            strcmp(settings[i].key, key) != 0) {
            continue;
        }
        if (reader->given[i] && settings[i].kind != LIST) {
            return complain(reader, "%s is set a second time", key);
        }
        reader->given[i] = true;
        return set_value(reader, &settings[i], value);
    }
    return unknown_key(reader, key);
}

static enum error read_section(struct reader *reader, char *line)
{
    char *end = strchr(line, ']');

    if (end == NULL || trim(end + 1)[0] != '\0') {
        return complain(reader, "a section looks like [name]");
    }
    *end = '\0';
    line = trim(line + 1);
    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(settings[i].section, line) == 0 ||
            strcmp(line, "config") == 0) {
            snprintf(reader->section, sizeof(reader->section), "%s", line);
            return ERROR_NONE;
        }
    }
    return complain(reader, "there is no section [%s]", line);
}

static enum error read_line(struct reader *reader, char *line)
{
    line = trim(line);
    if (line[0] == '\0' || line[0] == '#') {
        return ERROR_NONE;
    }
    return line[0] == '[' ? read_section(reader, line)
                          : read_pair(reader, line);
}

/* Read a whole file, so that its size can be refused before its lines. */
static enum error read_text(struct reader *reader, char **text_out)
{
    FILE *file = fopen(reader->path, "re");
    int number = errno; /* Writing the message may change errno. */
    char *text = NULL;
    size_t len;

    if (file == NULL) {
        complain(reader, "cannot be read: %s", strerror(number));
        return error_from_errno(number);
    }
    text = malloc(CONFIG_FILE_BYTES_MAX + 1);
    len = text == NULL ? 0 : fread(text, 1, CONFIG_FILE_BYTES_MAX + 1, file);
    fclose(file);
    if (text == NULL || len > CONFIG_FILE_BYTES_MAX ||
        memchr(text, '\0', len) != NULL) {
        free(text);
        return complain(reader, "not a text of at most %d bytes",
                        CONFIG_FILE_BYTES_MAX);
    }
    text[len] = '\0';
    *text_out = text;
    return ERROR_NONE;
}

static enum error read_file(struct reader *reader, const char *path)
{
    struct reader outer = *reader;
    char *text = NULL, *line, *rest;
    enum error error;

    reader->path = path;
    reader->line = 0;
    reader->section[0] = '\0';
    TRY(read_text(reader, &text));
    rest = text;
    error = ERROR_NONE;
    while (error == ERROR_NONE && (line = strsep(&rest, "\n")) != NULL) {
        reader->line++;
        error = read_line(reader, line);
    }
    free(text);
    reader->path = outer.path;
    reader->line = outer.line;
    memcpy(reader->section, outer.section, sizeof(reader->section));
    return error;
}

static int is_conf(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

static enum error read_folder(struct reader *reader, const char *folder)
{
    struct dirent **names;
    enum error error = ERROR_NONE;
    int n;

    if (reader->depth > 0) {
        return complain(reader, "an included file may not include again");
    }
    n = scandir(folder, &names, is_conf, alphasort);
    if (n < 0) {
        return complain(reader, "cannot list %s: %s", folder, strerror(errno));
    }
    reader->depth++;
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        if (error == ERROR_NONE) {
            error = read_file(reader, path);
        }
        free(names[i]);
    }
    reader->depth--;
    free(names);
    return error;
}

static void set_defaults(struct reader *reader)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (settings[i].initial != NULL) {
            CHECK(set_value(reader, &settings[i], settings[i].initial) ==
                  ERROR_NONE);
        }
    }
}

/* What holds between settings. */
static enum error check_whole(struct reader *reader)
{
    const struct config *config = reader->config;

    reader->line = 0;
    if (config->node_id == 0) {
        return complain(reader, "[node] id is missing");
    }
    if (config->peer_nodes.n == 0) {
        return complain(reader, "[peer] node is missing: one line per node");
    }
    if (config->raft_heartbeat_ms * 5 > config->raft_election_ms) {
        return complain(reader,
                        "[raft] election must be at least 5 heartbeats");
    }
    return ERROR_NONE;
}

enum error config_load(const char *path, struct config *config,
                       char error_out[CONFIG_ERROR_BYTES])
{
    struct reader reader = {.config = config, .path = path, .error = error_out};

    memset(config, 0, sizeof(*config));
    error_out[0] = '\0';
    set_defaults(&reader);
    TRY(read_file(&reader, path));
    return check_whole(&reader);
}

void config_deinit(struct config *config)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        struct config_list *list = field(config, &settings[i]);

        if (settings[i].kind == TEXT) {
            free(*(char **)field(config, &settings[i]));
        }
        for (size_t j = 0; settings[i].kind == LIST && j < list->n; j++) {
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
    case LIST:
        for (size_t j = 0; j < list->n; j++) {
            fprintf(to, "%s = \"%s\"\n", setting->key, list->values[j]);
        }
        return;
    case TEXT:
        memcpy(&text, at, sizeof(text));
        if (text != NULL) {
            fprintf(to, "%s = \"%s\"\n", setting->key, text);
        }
        return;
    case BOOLEAN:
        fprintf(to, "%s = %s\n", setting->key,
                *(const bool *)at ? "yes" : "no");
        return;
    default:
        fprintf(to, "%s = %" PRIu64 "%s\n", setting->key, *(const uint64_t *)at,
                setting->kind == DURATION ? "ms"
                : setting->kind == SIZE   ? "B"
                                          : "");
        return;
    }
}

void config_print(const struct config *config, FILE *to)
{
    const char *section = "";

    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(section, settings[i].section) != 0) {
            section = settings[i].section;
            fprintf(to, "%s[%s]\n", i == 0 ? "" : "\n", section);
        }
        print_value(&settings[i], config, to);
    }
}

void config_describe(FILE *to)
{
    fprintf(to, "%-8s %-28s %-24s %s\n", "section", "key", "default",
            "meaning");
    for (size_t i = 0; i < SETTINGS; i++) {
        fprintf(to, "%-8s %-28s %-24s %s\n", settings[i].section,
                settings[i].key,
                settings[i].initial == NULL ? "-" : settings[i].initial,
                settings[i].meaning);
    }
}

enum error config_split_address(const char *address, char host_out[256],
                                uint16_t *port_out)
{
    const char *colon = strrchr(address, ':');
    const char *host = address;
    size_t len;
    char *end;
    unsigned long port;

    if (colon == NULL || !isdigit((unsigned char)colon[1])) {
        return ERROR_INVALID;
    }
    port = strtoul(colon + 1, &end, 10);
    len = (size_t)(colon - address);
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    } else if (memchr(host, ':', len) != NULL) {
        return ERROR_INVALID;
    }
    if (*end != '\0' || port == 0 || port > UINT16_MAX || len == 0 ||
        len > 255) {
        return ERROR_INVALID;
    }
    memcpy(host_out, host, len);
    host_out[len] = '\0';
    *port_out = (uint16_t)port;
    return ERROR_NONE;
}
