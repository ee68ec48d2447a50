#include "node/session/hub.h"

#include "node/chat/archive.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

static struct body *body_of(struct sessions *hub, enum xccos_error error)
{
    struct body *body;

    CHECK(error != XCCOS_ERROR_NO_MEMORY);
    if (error != XCCOS_ERROR_NONE) {
        journal_error("body_not_written", "reason=\"%s\"",
                      xccos_error_text(error));
        return NULL;
    }
    body = body_new(buffer_slice(&hub->body));
    CHECK(body != NULL);
    return body;
}

struct body *hub_write(struct sessions *hub,
                       const struct xccos_primitive *primitive)
{
    buffer_clear(&hub->body);
    hub->envid += 1;
    return body_of(hub,
                   xccos_write_primitive(&hub->body, hub->envid, primitive));
}

struct body *hub_write_message(struct sessions *hub,
                               const struct xccos_message *message)
{
    buffer_clear(&hub->body);
    hub->envid += 1;
    return body_of(hub, xccos_write_message(&hub->body, hub->envid, message));
}

struct slice hub_room_uri(const struct sessions *hub, struct arena *arena,
                          const struct guid *guid)
{
    struct pool_view pool;

    query_pool(hub->machine, &pool);
    return xccos_room_uri(arena, &(struct xccos_name){pool.domain, *guid});
}

bool hub_is_ours(const struct sessions *hub, const struct xccos_name *name)
{
    struct pool_view pool;

    query_pool(hub->machine, &pool);
    return slice_equal_nocase(name->domain, pool.domain);
}

bool hub_keeps_archive(const struct sessions *hub)
{
    struct archive_view view;

    archive_view(hub->machine, &view);
    return view.mode != PERCH__ARCHIVE_MODE__ARCHIVE_OFF;
}

/* The rules have the last word; what this node knows of its own archive they
 * learn later. */
enum outcome hub_archive_gate(const struct sessions *hub)
{
    struct archive_view view;
    enum outcome outcome =
        archive_gate(hub->machine, loop_wall_us(hub->settings.loop));

    if (outcome != OUTCOME_DONE || !hub->archive_fault) {
        return outcome;
    }
    archive_view(hub->machine, &view);
    return view.mode == PERCH__ARCHIVE_MODE__ARCHIVE_REQUIRED
               ? OUTCOME_ARCHIVE_UNAVAILABLE
               : OUTCOME_DONE;
}
