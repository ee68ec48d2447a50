#include "node/compliance/fetching.h"

#include <inttypes.h>
#include <stdlib.h>

#include "node/compliance/tiler.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

enum { NODES = 256 };

struct fetching {
    struct compliance *compliance;
    bool asking;
    struct climb_want want;
    void (*got)(void *context, struct slice bytes, bool absent);
    void *context;
    uint64_t number; /* Of the ask on its way; parts of others do not count. */
    uint8_t node;    /* Asked now; 0: nobody, until resume_us. */
    uint8_t gave;    /* What was got last; 0: nobody. */
    uint64_t resume_us;
    uint64_t deadline_us;
    bool tried[NODES];  /* For this want, since the last pause. */
    bool absent[NODES]; /* Of those, who has said that there is no such. */
    uint64_t wrong_us[NODES]; /* When it last gave wrong bytes; 0: never. */
    struct buffer bytes;
};

struct fetching *fetching_new(struct compliance *compliance)
{
    struct fetching *fetching = calloc(1, sizeof(*fetching));

    CHECK(fetching != NULL);
    fetching->compliance = compliance;
    return fetching;
}

void fetching_free(struct fetching *fetching)
{
    if (fetching != NULL) {
        buffer_deinit(&fetching->bytes);
        free(fetching);
    }
}

static uint64_t now_of(const struct fetching *fetching)
{
    return loop_now_us(fetching->compliance->settings.loop);
}

bool fetching_is_asking(const struct fetching *fetching)
{
    return fetching->asking;
}

void fetching_stop(struct fetching *fetching)
{
    fetching->asking = false;
}

/* --- Whom --- */

static bool is_suspect(const struct fetching *fetching, uint8_t node)
{
    uint64_t wrong_us = fetching->wrong_us[node];

    return wrong_us != 0 &&
           now_of(fetching) - wrong_us < FETCHING_SUSPECT_MS * 1000ull;
}

/* The next one to ask: the one that gave the last thing, as long as it is well;
 * those that were wrong after all others. 0: all were asked. */
static uint8_t choose(const struct fetching *fetching)
{
    const struct compliance *compliance = fetching->compliance;
    uint8_t chosen = 0;
    bool suspect = false;

    for (size_t i = 0; i < compliance->n_peers; i++) {
        uint8_t node = compliance->peers[i];

        if (fetching->tried[node]) {
            continue;
        }
        if (node == fetching->gave && !is_suspect(fetching, node)) {
            return node;
        }
        if (chosen == 0 || (suspect && !is_suspect(fetching, node))) {
            chosen = node;
            suspect = is_suspect(fetching, node);
        }
    }
    return chosen;
}

/* --- Asking --- */

static void send_ask(struct fetching *fetching)
{
    struct peer_message message = {
        .kind = PEER_ARCHIVE_ASK,
        .archive_ask = {.number = ++fetching->number,
                        .level = fetching->want.level,
                        .index = fetching->want.index,
                        .width = fetching->want.width,
                        .offset = fetching->bytes.len}};

    fetching->deadline_us = now_of(fetching) + FETCHING_PART_MS * 1000ull;
    replica_send_archive(fetching->compliance->replica, fetching->node,
                         &message);
}

static void forget_tries(struct fetching *fetching)
{
    for (size_t i = 0; i < NODES; i++) {
        fetching->tried[i] = false;
        fetching->absent[i] = false;
    }
}

/* Has every node that is connected said that there is no such payload? A node
 * that is not connected might have it: of those that the pool has, none may be
 * away. */
static bool is_nowhere(const struct fetching *fetching)
{
    const struct compliance *compliance = fetching->compliance;

    if (fetching->want.level != PEER_ARCHIVE_PAYLOAD ||
        compliance->n_peers == 0 || compliance->n_away > 0) {
        return false;
    }
    for (size_t i = 0; i < compliance->n_peers; i++) {
        if (!fetching->absent[compliance->peers[i]]) {
            return false;
        }
    }
    return true;
}

static void tell(struct fetching *fetching, bool absent)
{
    fetching->asking = false;
    fetching->gave = absent ? 0 : fetching->node;
    fetching->got(fetching->context, buffer_slice(&fetching->bytes), absent);
}

static void ask_next(struct fetching *fetching)
{
    buffer_clear(&fetching->bytes);
    fetching->node = choose(fetching);
    if (fetching->node != 0) {
        fetching->tried[fetching->node] = true;
        send_ask(fetching);
    } else if (is_nowhere(fetching)) {
        tell(fetching, true);
    } else {
        fetching->resume_us = now_of(fetching) + FETCHING_PAUSE_MS * 1000ull;
    }
}

void fetching_want(struct fetching *fetching, const struct climb_want *want,
                   void (*got)(void *context, struct slice bytes, bool absent),
                   void *context)
{
    fetching->asking = true;
    fetching->want = *want;
    fetching->got = got;
    fetching->context = context;
    forget_tries(fetching);
    ask_next(fetching);
}

void fetching_blame(struct fetching *fetching, const struct climb_want *want)
{
    if (fetching->gave == 0) {
        return;
    }
    journal_error("archive_peer_wrong",
                  "node=%u level=%d index=%" PRIu64
                  " reason=\"its bytes do not have the hash they must have\"",
                  fetching->gave, want->level, want->index);
    meter_add(&fetching->compliance->meters.refused, 1);
    fetching->wrong_us[fetching->gave] = now_of(fetching);
    fetching->gave = 0;
}

/* --- Parts --- */

static size_t bytes_max(const struct climb_want *want)
{
    switch (want->level) {
    case PEER_ARCHIVE_PAYLOAD:
        return PEER_BULK_BYTES_MAX;
    case PEER_ARCHIVE_ENTRIES:
        return BUNDLE_BYTES_MAX;
    default:
        return TILE_BYTES;
    }
}

void fetching_part_came(struct fetching *fetching, uint8_t node,
                        const struct peer_archive_part *part)
{
    if (!fetching->asking || node != fetching->node ||
        part->number != fetching->number) {
        return;
    }
    if (part->absent) {
        fetching->absent[node] = true;
        ask_next(fetching);
        return;
    }
    if (part->offset != fetching->bytes.len ||
        part->bytes > bytes_max(&fetching->want) ||
        (part->data.len == 0 && part->offset < part->bytes)) {
        ask_next(fetching);
        return;
    }
    buffer_append_slice(&fetching->bytes, part->data);
    if (buffer_failed(&fetching->bytes)) {
        ask_next(fetching);
    } else if (fetching->bytes.len < part->bytes) {
        send_ask(fetching);
    } else {
        tell(fetching, false);
    }
}

/* --- As a part --- */

static void on_tick(struct compliance *compliance)
{
    struct fetching *fetching = compliance->fetching;
    uint64_t now_us = now_of(fetching);

    if (!fetching->asking) {
        return;
    }
    if (fetching->node == 0 && now_us >= fetching->resume_us) {
        forget_tries(fetching);
        ask_next(fetching);
    } else if (fetching->node != 0 && now_us >= fetching->deadline_us) {
        ask_next(fetching);
    }
}

const struct compliance_part fetching_part = {
    .name = "fetching",
    .tick = on_tick,
};
