#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ops/directory/server_parts.h"
#include "ops/directory/watchdog.h"
#include "ops/perchctl/wire.h"
#include "proto/base/check.h"

enum { PASSWORD_BYTES_MAX = 1024 };

enum error server_say(char *why, enum error error, const char *format, ...)
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
enum error server_fail(LDAP *ldap, const char *what, int code, char *why)
{
    char *more = NULL;
    enum error error;

    ldap_get_option(ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
    error = server_say(
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
        return server_say(why, ERROR_INVALID, "password_file %s: %s", path,
                          strerror(number));
    }
    n = read(fd, password, PASSWORD_BYTES_MAX);
    close(fd);
    if ((stat.st_mode & 077) != 0) {
        return server_say(why, ERROR_INVALID,
                          "password_file %s: others may read it (chmod 600)",
                          path);
    }
    password[n < 0 ? 0 : n] = '\0';
    password[strcspn(password, "\r\n")] = '\0';
    /* A bind without a password is an anonymous one that looks like another. */
    return password[0] == '\0'
               ? server_say(why, ERROR_INVALID, "password_file %s: it is empty",
                            path)
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
                                : server_fail(server->ldap, "bind", code, why);
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
                                : server_fail(server->ldap, "bind", code, why);
}

static enum error open_one(struct server *server, const char *uri,
                           const struct directory_settings *settings,
                           char why[SERVER_WHY_BYTES])
{
    int code = ldap_initialize(&server->ldap, uri);

    if (code != LDAP_SUCCESS) {
        return server_say(why, ERROR_INVALID, "%.100s: %s", uri,
                          ldap_err2string(code));
    }
    if (!set_options(server, settings)) {
        return server_say(
            why, ERROR_TLS,
            "%.100s: authorities, certificate or key cannot be used", uri);
    }
    if (strncasecmp(uri, "ldap://", 7) == 0 && settings->starttls) {
        code = ldap_start_tls_s(server->ldap, NULL, NULL);
        if (code != LDAP_SUCCESS) {
            return server_fail(server->ldap, "StartTLS", code, why);
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
    server->end_ms = wire_now_ms() + settings->deadline_ms;
    server->page_size = (int)settings->page_size;
    server->ignore_referrals = settings->ignore_referrals;
    server_say(why, error, "[ldap] uri names no server");
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
