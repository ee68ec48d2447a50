#include "node/admin/admin.h"

#include <stdlib.h>

struct admin {
    struct desk *desk;
    struct server *server;
};

enum error admin_open(const struct admin_options *options,
                      struct admin **admin_out)
{
    struct admin *admin = calloc(1, sizeof(*admin));
    enum error error = ERROR_NO_MEMORY;

    if (admin == NULL) {
        return ERROR_NO_MEMORY;
    }
    error = desk_open(options->state_loop, &options->state, &admin->desk);
    if (error != ERROR_NONE) {
        goto out;
    }
    error = server_open(options->web_loop, &options->server,
                        desk_inbox(admin->desk), &admin->server);
    if (error != ERROR_NONE) {
        goto out;
    }
    *admin_out = admin; /* Ownership passes to the caller. */
    admin = NULL;
out:
    admin_close(admin);
    return error;
}

void admin_close(struct admin *admin)
{
    if (admin == NULL) {
        return;
    }
    /* The desk may still hold requests whose replies would go to the server's
     * letters: it goes first, and drops them. */
    desk_close(admin->desk);
    server_close(admin->server);
    free(admin);
}

struct desk *admin_desk(struct admin *admin)
{
    return admin->desk;
}

struct server *admin_server(struct admin *admin)
{
    return admin->server;
}
