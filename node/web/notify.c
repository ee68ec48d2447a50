#include "node/web/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/base/journal.h"

enum { MESSAGE_BYTES_MAX = NOTIFY_STATUS_BYTES_MAX + 128 };

struct notify {
    int socket; /* -1: nobody wants to know. */
    struct sockaddr_un address;
    socklen_t address_len;
    _Atomic bool failing; /* The journal has said so. */
};

/* A path, or @name for a name that begins with a NUL instead. */
static enum error read_address(struct notify *notify, const char *text)
{
    size_t len = strlen(text);

    if ((text[0] != '/' && text[0] != '@') || len < 2 ||
        len >= sizeof(notify->address.sun_path)) {
        journal_error("notify_socket_invalid", "address=\"%.128s\"", text);
        return ERROR_INVALID;
    }
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, text, len);
    if (text[0] == '@') {
        notify->address.sun_path[0] = '\0';
    }
    /* An abstract name is as long as it is said to be; a path ends in NUL. */
    notify->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                                      len + (text[0] == '/'));
    return ERROR_NONE;
}

static enum error open_socket(struct notify *notify)
{
    struct timeval wait = {.tv_sec = NOTIFY_WAIT_MS_MAX / 1000,
                           .tv_usec = NOTIFY_WAIT_MS_MAX % 1000 * 1000};

    notify->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify->socket < 0 ||
        setsockopt(notify->socket, SOL_SOCKET, SO_SNDTIMEO, &wait,
                   sizeof(wait)) != 0) {
        return error_from_errno(errno);
    }
    return ERROR_NONE;
}

enum error notify_open(struct notify **notify_out)
{
    const char *address = getenv("NOTIFY_SOCKET");
    struct notify *notify = calloc(1, sizeof(*notify));
    enum error error = ERROR_NONE;

    if (notify == NULL) {
        return ERROR_NO_MEMORY;
    }
    notify->socket = -1;
    if (address != NULL && address[0] != '\0') {
        error = read_address(notify, address);
        if (error == ERROR_NONE) {
            error = open_socket(notify);
        }
    }
    if (error != ERROR_NONE) {
        notify_close(notify);
        return error;
    }
    *notify_out = notify;
    return ERROR_NONE;
}

void notify_close(struct notify *notify)
{
    if (notify == NULL) {
        return;
    }
    if (notify->socket >= 0) {
        close(notify->socket);
    }
    free(notify);
}

/* The journal hears of the first failure and of the end of failing. */
static enum error told(struct notify *notify, int number)
{
    bool failed = number != 0;

    if (atomic_exchange(&notify->failing, failed) == failed) {
        return error_from_errno(number);
    }
    if (failed) {
        journal_warning("notify_failed", "reason=\"%s\"", strerror(number));
    } else {
        journal_notice("notify_recovered", "socket=%d", notify->socket);
    }
    return error_from_errno(number);
}

static enum error send_message(struct notify *notify, const char *message,
                               int flags)
{
    ssize_t sent;

    if (notify->socket < 0) {
        return ERROR_NONE;
    }
    do {
        sent = sendto(
            notify->socket, message, strlen(message), MSG_NOSIGNAL | flags,
            (const struct sockaddr *)&notify->address, notify->address_len);
    } while (sent < 0 && errno == EINTR);
    return told(notify, sent < 0 ? errno : 0);
}

/* A state and a status. A line end in the status would begin another
 * assignment, so control characters become spaces. */
static enum error send_status(struct notify *notify, const char *state,
                              const char *status)
{
    char message[MESSAGE_BYTES_MAX];
    int begin = snprintf(message, sizeof(message), "%sSTATUS=", state);

    snprintf(message + begin, NOTIFY_STATUS_BYTES_MAX + 1, "%s", status);
    for (char *at = message + begin; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            *at = ' ';
        }
    }
    return send_message(notify, message, 0);
}

enum error notify_ready(struct notify *notify, const char *status)
{
    return send_status(notify, "READY=1\n", status);
}

enum error notify_status(struct notify *notify, const char *status)
{
    return send_status(notify, "", status);
}

enum error notify_reloading(struct notify *notify, uint64_t monotonic_us)
{
    char message[MESSAGE_BYTES_MAX];

    snprintf(message, sizeof(message),
             "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n", monotonic_us);
    return send_message(notify, message, 0);
}

enum error notify_stopping(struct notify *notify, const char *status)
{
    return send_status(notify, "STOPPING=1\n", status);
}

enum error notify_extend_timeout(struct notify *notify, uint64_t us)
{
    char message[MESSAGE_BYTES_MAX];

    snprintf(message, sizeof(message), "EXTEND_TIMEOUT_USEC=%" PRIu64 "\n", us);
    return send_message(notify, message, 0);
}

enum error notify_watchdog(struct notify *notify)
{
    return send_message(notify, "WATCHDOG=1\n", MSG_DONTWAIT);
}

/* A whole number and nothing else. */
static bool read_number(const char *text, uint64_t *number_out)
{
    char *end;

    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    *number_out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

uint64_t notify_watchdog_us(void)
{
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t number;

    if (pid != NULL &&
        (!read_number(pid, &number) || number != (uint64_t)getpid())) {
        return 0;
    }
    return read_number(getenv("WATCHDOG_USEC"), &number) ? number : 0;
}
