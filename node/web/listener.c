#include "node/web/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/base/journal.h"

/* Bind and listen. Returns -1 with errno as the failing call left it. */
static int try_address(const struct addrinfo *address)
{
    const int on = 1;
    int saved;
    int listener = socket(address->ai_family,
                          SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (listener < 0) {
        return -1;
    }
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->ai_family == AF_INET6) {
        setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    if (bind(listener, address->ai_addr, address->ai_addrlen) != 0 ||
        listen(listener, LISTENER_BACKLOG) != 0) {
        saved = errno;
        close(listener);
        errno = saved;
        return -1;
    }
    return listener;
}

/* The port the kernel gave, in either family. */
static uint16_t port_of(int listener)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    in_port_t port = 0;

    if (getsockname(listener, (struct sockaddr *)&address, &len) == 0) {
        /* sin_port and sin6_port lie at the same place. */
        memcpy(&port, (char *)&address + offsetof(struct sockaddr_in, sin_port),
               sizeof(port));
    }
    return ntohs(port);
}

enum error http_listener_open(const char *host, uint16_t port, int *socket_out,
                              uint16_t *port_out)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *addresses = NULL;
    char service[8];
    int listener = -1;
    int code;

    snprintf(service, sizeof(service), "%u", port);
    code = getaddrinfo(host, service, &hints, &addresses);
    if (code != 0) {
        journal_error("listen_failed", "host=%s port=%u reason=\"%s\"", host,
                      port, gai_strerror(code));
        return ERROR_NOT_FOUND;
    }
    for (struct addrinfo *at = addresses; at != NULL && listener < 0;
         at = at->ai_next) {
        listener = try_address(at);
    }
    code = errno;
    freeaddrinfo(addresses);
    if (listener < 0) {
        journal_error("listen_failed", "host=%s port=%u reason=\"%s\"", host,
                      port, strerror(code));
        return ERROR_IO;
    }
    *socket_out = listener;
    *port_out = port_of(listener);
    return ERROR_NONE;
}
