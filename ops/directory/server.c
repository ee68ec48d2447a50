#include "ops/directory/server.h"

#include <errno.h>
#include <fcntl.h>
#include <ldap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops/directory/range.h"
#include "ops/directory/watchdog.h"
#include "ops/perchctl/link.h"
#include "proto/base/check.h"

enum {
    PASSWORD_BYTES_MAX = 1024,
    WATCHDOG_SLACK_MS = 500, /* The library's own time-out comes first. */
};

struct server {
    LDAP *ldap;
    struct timeval timeout;
    uint64_t timeout_ms, end_ms; /* Of one call; of all. */
    int page_size;
    bool ignore_referrals;
    char *why; /* Of the call that runs. */
};

static enum error say(char *why, enum error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum error say(char *why, enum error error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(why, SERVER_WHY_BYTES, format, arguments);
    va_end(arguments);
    return error;
}

static enum error error_of(int code)
{
    switch (code) {
    case LDAP_SUCCESS:
        return ERROR_NONE;
    case LDAP_TIMEOUT:
    case LDAP_TIMELIMIT_EXCEEDED:
        return ERROR_TIMED_OUT;
    case LDAP_SERVER_DOWN:
    case LDAP_CONNECT_ERROR:
    case LDAP_UNAVAILABLE:
    case LDAP_BUSY:
        return ERROR_CLOSED;
    case LDAP_NO_SUCH_OBJECT:
        return ERROR_NOT_FOUND;
    case LDAP_NO_MEMORY:
        return ERROR_NO_MEMORY;
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED:
    case LDAP_PARTIAL_RESULTS:
    case LDAP_REFERRAL:
        return ERROR_TRUNCATED;
    default:
        return ERROR_REFUSED;
    }
}

/* Say what the library says, and what the server said to it. */
static enum error fail(LDAP *ldap, const char *what, int code, char *why)
{
    char *more = NULL;
    enum error error;

    ldap_get_option(ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
    error = say(
        why, error_of(code), "%s: %s%s%.100s", what, ldap_err2string(code),
        more == NULL || *more == '\0' ? "" : ": ", more == NULL ? "" : more);
    ldap_memfree(more);
    return error;
}

static bool set_text(LDAP *ldap, int option, const char *text)
{
    return text == NULL ||
           ldap_set_option(ldap, option, text) == LDAP_OPT_SUCCESS;
}

/* The library has connected: that is what the watchdog is to look after. */
static int on_connected(LDAP *ldap, Sockbuf *sockbuf, LDAPURLDesc *url,
                        struct sockaddr *address, struct ldap_conncb *self)
{
    int fd = -1;

    (void)ldap;
    (void)url;
    (void)address;
    (void)self;
    ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_GET_FD, &fd);
    watchdog_watch(fd);
    return 0;
}

static void on_disconnected(LDAP *ldap, Sockbuf *sockbuf,
                            struct ldap_conncb *self)
{
    (void)ldap;
    (void)sockbuf;
    (void)self;
    watchdog_watch(-1);
}

static bool set_options(struct server *server,
                        const struct directory_settings *settings)
{
    static const int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND,
                     client = 0;
    static struct ldap_conncb connected = {on_connected, on_disconnected, NULL};
    LDAP *ldap = server->ldap;

    return ldap_set_option(ldap, LDAP_OPT_CONNECT_CB, &connected) == 0 &&
           ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version) == 0 &&
           ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == 0 &&
           ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &server->timeout) ==
               0 &&
           ldap_set_option(ldap, LDAP_OPT_TIMEOUT, &server->timeout) == 0 &&
           ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == 0 &&
           set_text(ldap, LDAP_OPT_X_TLS_CACERTFILE, settings->authorities) &&
           set_text(ldap, LDAP_OPT_X_TLS_CERTFILE, settings->certificate) &&
           set_text(ldap, LDAP_OPT_X_TLS_KEYFILE, settings->key) &&
           ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &client) == 0;
}

/* The first line of a file that nobody else can read. */
static enum error read_password(const char *path, char *password,
                                char why[SERVER_WHY_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    ssize_t n;

    if (fd < 0 || fstat(fd, &stat) != 0) {
        int number = errno;

        if (fd >= 0) {
            close(fd);
        }
        return say(why, ERROR_INVALID, "password_file %s: %s", path,
                   strerror(number));
    }
    n = read(fd, password, PASSWORD_BYTES_MAX);
    close(fd);
    if ((stat.st_mode & 077) != 0) {
        return say(why, ERROR_INVALID,
                   "password_file %s: others may read it (chmod 600)", path);
    }
    password[n < 0 ? 0 : n] = '\0';
    password[strcspn(password, "\r\n")] = '\0';
    /* A bind without a password is an anonymous one that looks like another. */
    return password[0] == '\0'
               ? say(why, ERROR_INVALID, "password_file %s: it is empty", path)
               : ERROR_NONE;
}

static enum error bind_simple(struct server *server,
                              const struct directory_settings *settings,
                              char why[SERVER_WHY_BYTES])
{
    char password[PASSWORD_BYTES_MAX + 1];
    struct berval bytes;
    int code;

    TRY(read_password(settings->password_file, password, why));
    bytes = (struct berval){strlen(password), password};
    code = ldap_sasl_bind_s(server->ldap, settings->bind_dn, LDAP_SASL_SIMPLE,
                            &bytes, NULL, NULL, NULL);
    explicit_bzero(password, sizeof(password));
    return code == LDAP_SUCCESS ? ERROR_NONE
                                : fail(server->ldap, "bind", code, why);
}

static enum error bind_to(struct server *server,
                          const struct directory_settings *settings,
                          char why[SERVER_WHY_BYTES])
{
    struct berval none = {0, (char[]){""}};
    bool external = strcmp(settings->bind, "external") == 0;
    int code;

    if (strcmp(settings->bind, "simple") == 0) {
        return bind_simple(server, settings, why);
    }
    code = ldap_sasl_bind_s(server->ldap, external ? NULL : "",
                            external ? "EXTERNAL" : LDAP_SASL_SIMPLE, &none,
                            NULL, NULL, NULL);
    return code == LDAP_SUCCESS ? ERROR_NONE
                                : fail(server->ldap, "bind", code, why);
}

static enum error open_one(struct server *server, const char *uri,
                           const struct directory_settings *settings,
                           char why[SERVER_WHY_BYTES])
{
    int code = ldap_initialize(&server->ldap, uri);

    if (code != LDAP_SUCCESS) {
        return say(why, ERROR_INVALID, "%.100s: %s", uri,
                   ldap_err2string(code));
    }
    if (!set_options(server, settings)) {
        return say(why, ERROR_TLS,
                   "%.100s: authorities, certificate or key cannot be used",
                   uri);
    }
    if (strncasecmp(uri, "ldap://", 7) == 0 && settings->starttls) {
        code = ldap_start_tls_s(server->ldap, NULL, NULL);
        if (code != LDAP_SUCCESS) {
            return fail(server->ldap, "StartTLS", code, why);
        }
    }
    return bind_to(server, settings, why);
}

static void drop(struct server *server)
{
    if (server->ldap != NULL) {
        watchdog_start(server->timeout_ms);
        ldap_unbind_ext_s(server->ldap, NULL, NULL);
        watchdog_stop();
        watchdog_watch(-1);
        server->ldap = NULL;
    }
}

enum error server_open(const struct directory_settings *settings,
                       struct server **server_out, char why[SERVER_WHY_BYTES])
{
    struct server *server = calloc(1, sizeof(*server));
    char *uris = strdup(settings->uri), *rest = uris, *uri;
    enum error error = ERROR_INVALID;

    CHECK(server != NULL && uris != NULL);
    server->timeout.tv_sec = (time_t)(settings->timeout_ms / 1000);
    server->timeout.tv_usec = (suseconds_t)(settings->timeout_ms % 1000) * 1000;
    server->timeout_ms = settings->timeout_ms;
    server->end_ms = link_now_ms() + settings->deadline_ms;
    server->page_size = (int)settings->page_size;
    server->ignore_referrals = settings->ignore_referrals;
    say(why, error, "[ldap] uri names no server");
    while (error != ERROR_NONE && (uri = strsep(&rest, " \t")) != NULL) {
        if (uri[0] != '\0') {
            drop(server);
            watchdog_start(server->timeout_ms);
            error = open_one(server, uri, settings, why);
            watchdog_stop();
        }
    }
    free(uris);
    if (error != ERROR_NONE) {
        server_close(server);
        return error;
    }
    *server_out = server;
    return ERROR_NONE;
}

void server_close(struct server *server)
{
    if (server != NULL) {
        drop(server);
        free(server);
    }
}

/* Values are texts here; one with a NUL in it is none. */
static void take_values(struct entries *entries, struct entry *entry,
                        const char *name, struct berval **values)
{
    size_t n = (size_t)ldap_count_values_len(values);
    struct attribute *attribute = entries_attribute(entries, entry, name, n);

    for (size_t i = 0; i < n; i++) {
        struct slice value = slice_of(values[i]->bv_val, values[i]->bv_len);

        if (memchr(value.data, '\0', value.len) == NULL) {
            const char *copy = arena_copy(entries->arena, value);

            CHECK(copy != NULL);
            attribute->values[attribute->n++] = copy;
        }
    }
}

static int search_once(struct server *server, const char *base, int scope,
                       const char *filter, const char *const *attributes,
                       LDAPControl **controls, LDAPMessage **result_out)
{
    int code;

    if (link_now_ms() >= server->end_ms) {
        return LDAP_TIMEOUT;
    }
    watchdog_start(server->timeout_ms + WATCHDOG_SLACK_MS);
    code = ldap_search_ext_s(server->ldap, base, scope, filter,
                             (char **)(uintptr_t)attributes, 0, controls, NULL,
                             &server->timeout, LDAP_NO_LIMIT, result_out);
    watchdog_stop();
    return code;
}

/* Take one attribute; of one that comes in parts, *part says which part. */
static enum error take_attribute(struct server *server, LDAPMessage *message,
                                 const char *description,
                                 struct entries *entries, struct entry *entry,
                                 struct range *part)
{
    struct berval **values;

    if (!range_read(description, part)) {
        return say(server->why, ERROR_MALFORMED,
                   "%.60s: the server gives an attribute \"%.60s\"", entry->dn,
                   description);
    }
    if (entry->n == ENTRY_ATTRIBUTES_MAX &&
        entry_attribute(entry, part->name) == NULL) {
        return say(server->why, ERROR_MALFORMED,
                   "%.60s: the server gives more than it was asked for",
                   entry->dn);
    }
    values = ldap_get_values_len(server->ldap, message, description);
    if (values != NULL) {
        take_values(entries, entry, part->name, values);
        ldap_value_free_len(values);
    }
    return ERROR_NONE;
}

/* Fetch the part behind one; *part becomes that. */
static enum error fetch_part(struct server *server, struct entries *entries,
                             struct entry *entry, struct range *part)
{
    char wanted[RANGE_NAME_BYTES];
    const char *const attributes[] = {wanted, NULL};
    LDAPMessage *result = NULL, *message;
    BerElement *ber = NULL;
    char *description;
    unsigned long first = part->last + 1;
    enum error error = ERROR_TRUNCATED;
    int code;

    range_next(part, wanted);
    code = search_once(server, entry->dn, LDAP_SCOPE_BASE, "(objectClass=*)",
                       attributes, NULL, &result);
    message = result == NULL ? NULL : ldap_first_entry(server->ldap, result);
    description = message == NULL
                      ? NULL
                      : ldap_first_attribute(server->ldap, message, &ber);
    if (code != LDAP_SUCCESS) {
        error = fail(server->ldap, wanted, code, server->why);
    } else if (description == NULL) {
        say(server->why, error, "%.100s: %.60s did not come", entry->dn,
            wanted);
    } else {
        error =
            take_attribute(server, message, description, entries, entry, part);
    }
    if (error == ERROR_NONE && (!part->ranged || part->first != first)) {
        error = say(server->why, ERROR_TRUNCATED,
                    "%.100s: asked for %.60s, "
                    "got another part",
                    entry->dn, wanted);
    }
    ldap_memfree(description);
    ber_free(ber, 0);
    ldap_msgfree(result);
    return error;
}

static enum error fetch_parts(struct server *server, struct entries *entries,
                              struct entry *entry, struct range *part)
{
    for (int i = 0; part->ranged && !part->is_last; i++) {
        if (i == SERVER_RANGES_MAX) {
            return say(server->why, ERROR_TOO_LARGE,
                       "%.100s: more than %d parts of one attribute", entry->dn,
                       SERVER_RANGES_MAX);
        }
        TRY(fetch_part(server, entries, entry, part));
    }
    return ERROR_NONE;
}

static enum error take_entry(struct server *server, LDAPMessage *message,
                             struct entries *entries)
{
    char *dn = ldap_get_dn(server->ldap, message), *description;
    struct entry *entry;
    BerElement *ber = NULL;
    enum error error = ERROR_NONE;

    CHECK(dn != NULL);
    entry = entries_add(entries, dn);
    ldap_memfree(dn);
    description = ldap_first_attribute(server->ldap, message, &ber);
    while (description != NULL && error == ERROR_NONE) {
        struct range part;

        error =
            take_attribute(server, message, description, entries, entry, &part);
        if (error == ERROR_NONE) {
            error = fetch_parts(server, entries, entry, &part);
        }
        ldap_memfree(description);
        description = ldap_next_attribute(server->ldap, message, ber);
    }
    ldap_memfree(description);
    ber_free(ber, 0);
    return error;
}

static enum error take_page(struct server *server, LDAPMessage *result,
                            struct entries *entries)
{
    LDAPMessage *message;

    if (ldap_count_references(server->ldap, result) > 0 &&
        !server->ignore_referrals) {
        return say(server->why, ERROR_TRUNCATED,
                   "part of the answer is on another server (a referral); "
                   "[ldap] ignore_referrals = yes does without it");
    }
    for (message = ldap_first_entry(server->ldap, result); message != NULL;
         message = ldap_next_entry(server->ldap, message)) {
        if (entries->n == SERVER_ENTRIES_MAX) {
            return say(server->why, ERROR_TOO_LARGE, "more than %d entries",
                       SERVER_ENTRIES_MAX);
        }
        TRY(take_entry(server, message, entries));
    }
    return ERROR_NONE;
}

/* The mark for the next page; of no bytes behind the last. An answer without
 * one is not known to be whole. */
static enum error read_mark(struct server *server, LDAPMessage *result,
                            struct berval *mark)
{
    LDAPControl **controls = NULL, *paged;
    int code = LDAP_SUCCESS, parsed;
    ber_int_t size;

    ber_memfree(mark->bv_val);
    *mark = (struct berval){0, NULL};
    parsed = ldap_parse_result(server->ldap, result, &code, NULL, NULL, NULL,
                               &controls, 0);
    paged = parsed != LDAP_SUCCESS
                ? NULL
                : ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (paged != NULL) {
        parsed =
            ldap_parse_pageresponse_control(server->ldap, paged, &size, mark);
    }
    ldap_controls_free(controls);
    if (parsed != LDAP_SUCCESS) {
        return fail(server->ldap, "reading the answer", parsed, server->why);
    }
    return paged != NULL ? ERROR_NONE
                         : say(server->why, ERROR_TRUNCATED,
                               "the server does not say whether its answer is "
                               "whole (paged results, RFC 2696)");
}

static enum error search_page(struct server *server,
                              const struct search *search,
                              struct entries *entries, struct berval *mark)
{
    LDAPControl *controls[2] = {NULL, NULL};
    LDAPMessage *result = NULL;
    enum error error = ERROR_NONE;
    int code = ldap_create_page_control(server->ldap, server->page_size, mark,
                                        'C', &controls[0]);

    if (code == LDAP_SUCCESS) {
        code =
            search_once(server, search->base, LDAP_SCOPE_SUBTREE,
                        search->filter, search->attributes, controls, &result);
    }
    if (code != LDAP_SUCCESS) {
        error = fail(server->ldap, search->base, code, server->why);
    } else {
        error = take_page(server, result, entries);
    }
    if (error == ERROR_NONE) {
        error = read_mark(server, result, mark);
    }
    ldap_control_free(controls[0]);
    ldap_msgfree(result);
    return error;
}

enum error server_search(struct server *server, const struct search *search,
                         struct entries *entries, char why[SERVER_WHY_BYTES])
{
    struct berval mark = {0, NULL};
    int empty = 0;
    enum error error;

    server->why = why;
    do {
        size_t before = entries->n;

        error = search_page(server, search, entries, &mark);
        empty = entries->n == before ? empty + 1 : 0;
        if (error == ERROR_NONE && empty > SERVER_EMPTY_PAGES_MAX) {
            error = say(why, ERROR_TRUNCATED,
                        "%.100s: page after page without "
                        "entries",
                        search->base);
        }
    } while (error == ERROR_NONE && mark.bv_len > 0);
    ber_memfree(mark.bv_val);
    return error;
}
