#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/bench/bench.h"
#include "ops/bench/clock.h"
#include "ops/bench/complain.h"
#include "ops/bench/crowd.h"
#include "ops/bench/told.h"

enum { SEARCH_S = 10 };

struct search {
    const char *prefix;
    struct rooms *rooms;
    size_t wanted;
    int status; /* Of the reply; 0: not yet. */
};

static void ignore_answered(void *context, struct client *client,
                            const struct client_info *info, int status)
{
    (void)context, (void)client, (void)info, (void)status;
}

static void ignore_replied(void *context, struct client *client,
                           const struct client_info *info, int status,
                           struct slice body)
{
    (void)context, (void)client, (void)info, (void)status, (void)body;
}

static void ignore_posted(void *context, struct client *client, uint32_t serial)
{
    (void)context, (void)client, (void)serial;
}

static void ignore_client(void *context, struct client *client)
{
    (void)context, (void)client;
}

static void ignore_knocked(void *context, uint64_t due_ns, int status)
{
    (void)context, (void)due_ns, (void)status;
}

struct client_handler handler_ignoring(void *context)
{
    return (struct client_handler){.context = context,
                                   .answered = ignore_answered,
                                   .replied = ignore_replied,
                                   .posted = ignore_posted,
                                   .ready = ignore_client,
                                   .lost = ignore_client,
                                   .knocked = ignore_knocked};
}

static void keep_room(struct search *search, struct slice tag)
{
    struct rooms *rooms = search->rooms;
    struct slice uri = told_attribute(tag, "uri");

    if (rooms->n < search->wanted && uri.len > 0 &&
        slice_begins(told_attribute(tag, "name"),
                     slice_of_text(search->prefix))) {
        rooms->uris[rooms->n] = strndup((const char *)uri.data, uri.len);
        rooms->n += rooms->uris[rooms->n] != NULL;
    }
}

static void take_found(void *context, struct client *client,
                       const struct client_info *info, int status,
                       struct slice body)
{
    struct search *search = context;
    struct slice tag;

    (void)client, (void)info;
    search->status = status;
    while (told_next_element(&body, "chanib", &tag)) {
        keep_room(search, tag);
    }
}

static enum error ask(struct search *search, struct crowd *crowd)
{
    uint64_t until_ns = clock_after(SEARCH_S);
    struct buffer inside = BUFFER_EMPTY;

    TRY(crowd_open(crowd, 1));
    buffer_printf(&inside,
                  "<cmd id=\"cmd:chansrch\" seqid=\"1\"><data><qib "
                  "qtype=\"BYNAME\" criteria=\"%s\" extended=\"false\"/>"
                  "</data></cmd>",
                  search->prefix);
    client_command(crowd_client(crowd, 0), buffer_slice(&inside), 0, 0);
    buffer_deinit(&inside);
    while (search->status == 0) {
        if (clock_ns() >= until_ns) {
            return complain(ERROR_TIMED_OUT, "no answer to a search for rooms");
        }
        TRY(crowd_turn(crowd, until_ns));
    }
    return ERROR_NONE;
}

static enum error search_rooms(struct search *search, const struct bench *bench)
{
    struct crowd_settings settings = {.options = bench->options,
                                      .pool = &bench->pool,
                                      .handler = handler_ignoring(search),
                                      .n = 1};
    struct crowd *crowd;
    enum error error;

    settings.handler.replied = take_found;
    TRY(crowd_new(&crowd, &settings));
    error = ask(search, crowd);
    crowd_free(crowd);
    return error;
}

enum error rooms_find(struct rooms *rooms, const struct bench *bench, size_t n)
{
    struct search search = {
        .prefix = bench->options->rooms_named, .rooms = rooms, .wanted = n};

    *rooms = (struct rooms){.uris = calloc(n + 1, sizeof(char *))};
    if (rooms->uris == NULL) {
        return ERROR_NO_MEMORY;
    }
    TRY(search_rooms(&search, bench));
    if (rooms->n < n) {
        return complain(ERROR_NOT_FOUND,
                        "the pool shows %zu rooms named %s... (search: %d), "
                        "%zu are needed: make them with ops/bench/prepare",
                        rooms->n, search.prefix, search.status, n);
    }
    return ERROR_NONE;
}

void rooms_deinit(struct rooms *rooms)
{
    for (size_t i = 0; i < rooms->n; i++) {
        free(rooms->uris[i]);
    }
    free(rooms->uris);
    *rooms = (struct rooms){0};
}
