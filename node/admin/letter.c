#include "node/admin/letter.h"

#include <stdlib.h>
#include <string.h>

enum { ASK_ARENA_BYTES = 4096 };

struct admin_ask *admin_ask_new(void)
{
    struct admin_ask *ask = calloc(1, sizeof(*ask));

    if (ask == NULL) {
        return NULL;
    }
    ask->arena = arena_new(ASK_ARENA_BYTES);
    if (ask->arena == NULL) {
        free(ask);
        return NULL;
    }
    return ask;
}

void admin_wipe(struct slice bytes)
{
    if (bytes.len > 0) {
        explicit_bzero((void *)(uintptr_t)bytes.data, bytes.len);
    }
}

static void wipe(ProtobufCBinaryData bytes)
{
    admin_wipe(codec_slice(bytes));
}

/* Memory of a request is used again for others: no password stays in it,
 * neither as a field nor in the bytes that the field was read from. */
static void wipe_passwords(const struct admin_request *request)
{
    if (request->body == NULL) {
        return;
    }
    if (request->kind == ADMIN_USERS_CREATE) {
        wipe(((const Perch__Admin__UsersCreate *)request->body)->password);
        wipe(request->head->body);
    } else if (request->kind == ADMIN_USERS_CHANGE) {
        wipe(((const Perch__Admin__UsersChange *)request->body)->password);
        wipe(request->head->body);
    }
}

void admin_ask_free(struct admin_ask *ask)
{
    if (ask != NULL) {
        wipe_passwords(&ask->request);
        arena_free(ask->arena);
        free(ask);
    }
}

struct admin_told *admin_told_new(uint64_t client)
{
    struct admin_told *told = calloc(1, sizeof(*told));

    if (told != NULL) {
        told->client = client;
        buffer_init(&told->frame);
    }
    return told;
}

void admin_told_free(struct admin_told *told)
{
    if (told != NULL) {
        buffer_deinit(&told->frame);
        free(told);
    }
}
