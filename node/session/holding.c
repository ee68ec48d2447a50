#include "node/session/holding.h"

#include <stdlib.h>
#include <string.h>

#include "raft/replica.h"

void holding_init(struct holding *holding)
{
    TAILQ_INIT(&holding->list);
    holding->n = 0;
    holding->bytes = 0;
}

void holding_deinit(struct holding *holding)
{
    while (!TAILQ_EMPTY(&holding->list)) {
        holding_drop(holding, TAILQ_FIRST(&holding->list));
    }
}

enum error holding_add(struct holding *holding, struct proposal *proposal,
                       struct slice command)
{
    struct held *held;

    if (holding->n >= REPLICA_PROPOSALS_MAX ||
        holding->bytes + command.len > REPLICA_PROPOSALS_BYTES_MAX) {
        return ERROR_BUSY;
    }
    held = malloc(sizeof(*held) + command.len);
    if (held == NULL) {
        return ERROR_NO_MEMORY;
    }
    held->proposal = proposal;
    held->len = command.len;
    if (command.len > 0) {
        memcpy(held->command, command.data, command.len);
    }
    holding->n += 1;
    holding->bytes += command.len;
    TAILQ_INSERT_TAIL(&holding->list, held, link);
    return ERROR_NONE;
}

struct held *holding_first(const struct holding *holding)
{
    return TAILQ_FIRST(&holding->list);
}

struct held *holding_next(const struct held *held)
{
    return TAILQ_NEXT(held, link);
}

void holding_drop(struct holding *holding, struct held *held)
{
    TAILQ_REMOVE(&holding->list, held, link);
    holding->n -= 1;
    holding->bytes -= held->len;
    free(held);
}
