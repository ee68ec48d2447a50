#include "node/admin/actor.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    NAME_BYTES_MAX = 64,
    PASSWD_BYTES_MAX = 4096, /* Of one line of the system's user table. */
};

static const char prefix[] = "admin:";

/* Names go into journal lines and commands as they are. */
static bool is_name(struct slice text)
{
    if (text.len == 0 || text.len > NAME_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];

        if ((c < '0' || c > '9') && ((c | 0x20) < 'a' || (c | 0x20) > 'z') &&
            (c == '\0' || strchr("._-@", c) == NULL)) {
            return false;
        }
    }
    return true;
}

bool actor_read_local(struct admin_actor *actor, const uv_pipe_t *pipe)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    struct passwd user, *found = NULL;
    char bytes[PASSWD_BYTES_MAX];
    uv_os_fd_t fd;

    if (uv_fileno((const uv_handle_t *)pipe, &fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return false;
    }
    /* A directory service that is slow to answer holds up the web loop: pages
     * and administrators, no client and no commit. */
    if (getpwuid_r(peer.uid, &user, bytes, sizeof(bytes), &found) == 0 &&
        found != NULL && is_name(slice_of_text(found->pw_name))) {
        snprintf(actor->name, sizeof(actor->name), "%s", found->pw_name);
    } else {
        snprintf(actor->name, sizeof(actor->name), "uid:%u", peer.uid);
    }
    actor->credential = PERCH__CREDENTIAL__LOCAL;
    snprintf(actor->source, sizeof(actor->source), "local uid=%u pid=%d",
             peer.uid, (int)peer.pid);
    return true;
}

void actor_read_source(struct admin_actor *actor, const uv_tcp_t *tcp)
{
    struct sockaddr_storage address;
    int len = sizeof(address);
    char host[INET6_ADDRSTRLEN] = "?";

    if (uv_tcp_getpeername(tcp, (struct sockaddr *)&address, &len) == 0) {
        uv_ip_name((const struct sockaddr *)&address, host, sizeof(host));
    }
    snprintf(actor->source, sizeof(actor->source), "tls address=%s", host);
}

bool actor_read_certificate(struct admin_actor *actor, const struct tls *tls,
                            const uv_tcp_t *tcp)
{
    char name[sizeof(prefix) + NAME_BYTES_MAX];
    size_t len = tls_peer_name(tls, name, sizeof(name));
    struct slice text = slice_of(name, len);

    actor_read_source(actor, tcp);
    if (!slice_begins(text, SLICE_LITERAL(prefix)) ||
        !is_name(slice_after(text, sizeof(prefix) - 1))) {
        return false;
    }
    text = slice_after(text, sizeof(prefix) - 1);
    actor->credential = PERCH__CREDENTIAL__CERTIFICATE;
    snprintf(actor->name, sizeof(actor->name), "%.*s", SLICE_PRINT(text));
    return true;
}

void actor_note(struct admin_actor *actor, struct slice said)
{
    size_t len = strlen(actor->source);

    if (is_name(said)) {
        snprintf(actor->source + len, sizeof(actor->source) - len, " says=%.*s",
                 SLICE_PRINT(said));
    }
}
