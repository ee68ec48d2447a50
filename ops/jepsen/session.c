#include "ops/jepsen/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A try fails early rather than late: the runner tries again. */
enum {
    CONNECT_MS = 2000,
    SIGN_IN_MS = 4000,
    COPY_MS = 100, /* A repeated post has no copy: history is asked then. */
};

static void on_event(void *context, const struct client_event *event)
{
    struct session *session = context;

    if (session->process != NULL) {
        process_event(session->process, event);
    }
}

static bool begin(struct session *session, const char **why_out)
{
    const struct load *load = session->process->load;
    struct client_settings settings = {
        .user = session->user,
        .password = load->password,
        .servers = session->node,
        .limits = CLIENT_LIMITS_DEFAULT,
    };

    settings.limits.connect_ms = CONNECT_MS;
    settings.limits.sign_in_ms = SIGN_IN_MS;
    settings.limits.copy_ms = COPY_MS;
    return client_new(load->loop, &settings, on_event, session,
                      &session->client, why_out) == ERROR_NONE;
}

bool session_have(struct process *process, const char *user, const char *node,
                  const char **why_out)
{
    struct session *session = process->session;
    char address[sizeof(session->user)];

    snprintf(address, sizeof(address), "%s@%s", user, process->load->domain);
    if (session != NULL && strcmp(session->user, address) == 0 &&
        strcmp(session->node, node) == 0) {
        return true;
    }
    session_drop(process);
    session = calloc(1, sizeof(*session));
    if (session == NULL) {
        *why_out = "out of memory";
        return false;
    }
    session->process = process;
    memcpy(session->user, address, sizeof(address));
    snprintf(session->node, sizeof(session->node), "%s", node);
    if (!begin(session, why_out)) {
        free(session);
        return false;
    }
    process->session = session;
    client_start(session->client);
    return true;
}

void session_drop(struct process *process)
{
    struct session *session = process->session;

    if (session != NULL) {
        process->session = NULL;
        session->process = NULL;
        LIST_INSERT_HEAD(&process->load->dropped, session, link);
    }
}

void session_sweep(struct load *load)
{
    struct session *session;

    while ((session = LIST_FIRST(&load->dropped)) != NULL) {
        LIST_REMOVE(session, link);
        client_free(session->client);
        free(session);
    }
}
