#include "raft/peer/settings.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/host.h"
#include "proto/base/journal.h"
#include "raft/peer/transport_uv.h"

static enum error refuse(const char *what, const char *why)
{
    journal_error("transport_refused", "setting=%s text=\"%s\"", what, why);
    return ERROR_INVALID;
}

static enum error check_node(const struct transport_settings *settings,
                             size_t at)
{
    const struct transport_node *node = &settings->nodes[at];
    char what[32];

    snprintf(what, sizeof(what), "node%u", (unsigned)node->node);
    if (node->node == 0 || node->node == settings->hello.node) {
        return refuse(what, "not the id of another node");
    }
    for (size_t i = 0; i < at; i++) {
        if (settings->nodes[i].node == node->node) {
            return refuse(what, "configured twice");
        }
    }
    if (node->host == NULL || node->host[0] == '\0' ||
        strlen(node->host) > TRANSPORT_HOST_BYTES_MAX || node->port == 0) {
        return refuse(what, "no host and port");
    }
    if (settings->plain && !host_is_loopback(node->host)) {
        return refuse(what, "without TLS every address must be a loopback "
                            "address, written as a number");
    }
    return ERROR_NONE;
}

static enum error check_listen(const struct transport_settings *settings)
{
    if (settings->listen_host == NULL ||
        !host_is_address(settings->listen_host)) {
        return refuse("listen", "not an address");
    }
    if (settings->plain && !host_is_loopback(settings->listen_host)) {
        return refuse("listen", "without TLS it must be a loopback address");
    }
    return ERROR_NONE;
}

static enum error check_tls(const struct transport_settings *settings)
{
    const struct transport_tls *tls = &settings->tls;

    if (settings->plain) {
        return tls->certificate == NULL && tls->key == NULL &&
                       tls->authority == NULL
                   ? ERROR_NONE
                   : refuse("tls", "files are given, and no TLS is wanted");
    }
    if (tls->certificate == NULL || tls->key == NULL ||
        tls->authority == NULL) {
        return refuse("tls", "certificate, key and authority are all needed");
    }
    return ERROR_NONE;
}

static enum error check_limits(const struct transport_settings *settings)
{
    struct transport_limits limits = transport_limits_of(&settings->limits);

    if (limits.alive_ms > limits.silent_ms / 4) {
        return refuse("alive_ms", "more than a quarter of silent_ms");
    }
    for (int kind = PEER_HELLO; kind < PEER_KINDS; kind++) {
        enum peer_class class = peer_class_of((enum peer_kind)kind);

        if (limits.class_bytes_max[class] <
            FRAME_HEADER_BYTES + peer_limits()->kinds[kind].bytes_max) {
            return refuse("class_bytes_max",
                          "less than the largest message of the class");
        }
    }
    return ERROR_NONE;
}

enum error transport_settings_check(const struct transport_settings *settings)
{
    if (peer_hello_check(&settings->hello) != ERROR_NONE) {
        return refuse("hello", "it contradicts itself, or a text is not "
                               "printable ASCII without quotes");
    }
    if (settings->n_nodes > TRANSPORT_NODES_MAX) {
        return refuse("nodes", "too many");
    }
    for (size_t i = 0; i < settings->n_nodes; i++) {
        TRY(check_node(settings, i));
    }
    TRY(check_listen(settings));
    TRY(check_tls(settings));
    return check_limits(settings);
}

static uint32_t or_default(uint32_t value, uint32_t standard)
{
    return value != 0 ? value : standard;
}

struct transport_limits transport_limits_of(
    const struct transport_limits *limits)
{
    static const size_t class_bytes_max[PEER_CLASSES] = {
        [PEER_CLASS_CONTROL] = TRANSPORT_CONTROL_BYTES_MAX,
        [PEER_CLASS_RAFT] = TRANSPORT_RAFT_BYTES_MAX,
        [PEER_CLASS_READ] = TRANSPORT_READ_BYTES_MAX,
        [PEER_CLASS_PROPOSAL] = TRANSPORT_PROPOSAL_BYTES_MAX,
        [PEER_CLASS_SNAPSHOT] = TRANSPORT_SNAPSHOT_BYTES_MAX,
        [PEER_CLASS_ARCHIVE] = TRANSPORT_ARCHIVE_BYTES_MAX,
    };
    struct transport_limits full = {
        .connect_ms = or_default(limits->connect_ms, TRANSPORT_CONNECT_MS),
        .handshake_ms =
            or_default(limits->handshake_ms, TRANSPORT_HANDSHAKE_MS),
        .alive_ms = or_default(limits->alive_ms, TRANSPORT_ALIVE_MS),
        .silent_ms = or_default(limits->silent_ms, TRANSPORT_SILENT_MS),
        .strangers_max =
            or_default(limits->strangers_max, TRANSPORT_STRANGERS_MAX),
    };

    for (int i = 0; i < PEER_CLASSES; i++) {
        full.class_bytes_max[i] = limits->class_bytes_max[i] != 0
                                      ? limits->class_bytes_max[i]
                                      : class_bytes_max[i];
    }
    return full;
}
