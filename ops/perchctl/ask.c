#include "ops/perchctl/ask.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ops/perchctl/field.h"
#include "ops/perchctl/text.h"
#include "ops/perchctl/wire.h"
#include "proto/base/check.h"

enum {
    TROUBLE_BYTES = 1024,
    ARENA_BYTES = 64 * 1024,
    REQUEST_ID = 1, /* One request at a time. */
};

/* One request on its way through the nodes. */
struct asking {
    const struct errand *errand;
    struct buffer frame;
    json_t *reply; /* The one to show; of a node that cannot decide, until
                      another does better. */
    Perch__Admin__Result result;
    char trouble[TROUBLE_BYTES]; /* With the nodes so far. */
};

/* What to do next when one of them has been tried. */
enum next { NEXT_DONE, NEXT_NODE };

static void answer(struct asking *asking, Perch__Admin__Result result,
                   json_t *reply)
{
    json_decref(asking->reply);
    asking->reply = reply;
    asking->result = result;
}

static json_t *say(const char *result, const char *outcome, const char *text,
                   const char *advice)
{
    json_t *reply = json_object();

    json_object_set_new(reply, "result", json_string(result));
    json_object_set_new(reply, "outcome", json_string(outcome));
    json_object_set_new(reply, "text", text_json(slice_of_text(text)));
    json_object_set_new(reply, "advice", json_string(advice));
    CHECK(json_object_size(reply) == 4);
    return reply;
}

static void note_trouble(struct asking *asking, const char *node,
                         const char *why)
{
    size_t len = strlen(asking->trouble);

    snprintf(asking->trouble + len, sizeof(asking->trouble) - len, "%s%s: %s",
             len == 0 ? "" : "; ", node, why);
}

static bool is_change(const struct errand *errand)
{
    return admin_fact(errand->command->kind)->access == ADMIN_CHANGE &&
           !errand->options.dry_run;
}

/* The request is whole with a node, and the reply did not come. */
static enum next lose(struct asking *asking, const char *node, enum error error)
{
    const char *why = error == ERROR_TIMED_OUT
                          ? "it took the request and did not answer in time"
                          : "it took the request and hung up";

    note_trouble(asking, node, why);
    if (!is_change(asking->errand)) {
        return NEXT_NODE;
    }
    asking->result = PERCH__ADMIN__RESULT__UNKNOWN;
    asking->reply =
        say("unknown", "OUTCOME_UNKNOWN", asking->trouble,
            "look whether the change was made, or ask for it again: what is so "
            "already is not done twice");
    return NEXT_DONE;
}

static json_t *json_of_reply(const struct admin_reply *reply)
{
    json_t *all = field_json(&reply->head->base);

    json_object_del(all, "id");
    json_object_del(all, "body");
    if (reply->body != NULL) {
        json_t *body = field_json(reply->body);

        json_object_update(all, body);
        json_decref(body);
    }
    return all;
}

/* Another node may be able to do what this one cannot. */
static bool is_for_another(const struct admin_reply *reply)
{
    return reply->head->result == PERCH__ADMIN__RESULT__NO_LEADER ||
           slice_equal_text(codec_slice(reply->head->outcome), "NOT_LEADER");
}

static enum next take_reply(struct asking *asking, const char *node,
                            const struct frame *frame)
{
    enum admin_kind kind = asking->errand->command->kind;
    struct arena *arena = arena_new(ARENA_BYTES);
    enum next next = NEXT_DONE;
    struct admin_reply reply;
    enum error error = ERROR_MALFORMED;

    CHECK(arena != NULL);
    if (frame->kind == (kind | ADMIN_REPLY)) {
        error = admin_read_reply(kind, frame->payload, arena, &reply);
    }
    if (error != ERROR_NONE) {
        next = lose(asking, node, error);
    } else {
        answer(asking, reply.head->result, json_of_reply(&reply));
        next = is_for_another(&reply) ? NEXT_NODE : NEXT_DONE;
    }
    arena_free(arena);
    return next;
}

static enum next exchange(struct asking *asking, const char *node,
                          struct wire *wire)
{
    struct frame frame;
    enum error error = wire_send(wire, buffer_slice(&asking->frame));

    if (error != ERROR_NONE) {
        note_trouble(asking, node, error_text(error));
        return NEXT_NODE;
    }
    error = wire_receive(wire, &frame);
    return error == ERROR_NONE ? take_reply(asking, node, &frame)
                               : lose(asking, node, error);
}

static enum error hear_greeting(struct wire *wire, char why[WIRE_WHY_BYTES])
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct admin_reply reply;
    struct frame frame;
    enum error error = wire_receive(wire, &frame);

    CHECK(arena != NULL);
    if (error == ERROR_NONE) {
        error = admin_read_reply(ADMIN_PING, frame.payload, arena, &reply);
    }
    if (error != ERROR_NONE) {
        snprintf(why, WIRE_WHY_BYTES, "the node did not let us in: %s",
                 error_text(error));
    } else if (reply.head->result != PERCH__ADMIN__RESULT__DONE) {
        snprintf(why, WIRE_WHY_BYTES, "%.*s",
                 SLICE_PRINT(codec_slice(reply.head->text)));
        error = ERROR_REFUSED;
    }
    arena_free(arena);
    return error;
}

/* In TLS 1.3 a node judges our certificate when we are done already. Whether it
 * listens is seen by a question that changes nothing. */
static enum error greet(struct wire *wire, char why[WIRE_WHY_BYTES])
{
    Perch__Admin__Request head = PERCH__ADMIN__REQUEST__INIT;
    Perch__Admin__Nothing nothing = PERCH__ADMIN__NOTHING__INIT;
    struct buffer bytes = BUFFER_EMPTY;
    enum error error =
        admin_write_request(ADMIN_PING, &head, &nothing.base, &bytes);

    CHECK(error == ERROR_NONE);
    error = wire_send(wire, buffer_slice(&bytes));
    buffer_deinit(&bytes);
    if (error != ERROR_NONE) {
        snprintf(why, WIRE_WHY_BYTES, "%s", error_text(error));
        return error;
    }
    return hear_greeting(wire, why);
}

static enum error open_wire(const struct endpoint *endpoint,
                            const struct options *options,
                            struct wire **wire_out, char why[WIRE_WHY_BYTES])
{
    uint64_t deadline_ms =
        wire_now_ms() + options->timeout_s * 1000ull + ASK_SLACK_MS;
    enum error error;

    TRY(wire_open(endpoint, options, deadline_ms, wire_out, why));
    error = endpoint->is_far ? greet(*wire_out, why) : ERROR_NONE;
    if (error != ERROR_NONE) {
        wire_close(*wire_out);
    }
    return error;
}

static enum next try_node(struct asking *asking, size_t i)
{
    const struct options *options = &asking->errand->options;
    const struct endpoint *endpoint = &options->endpoints[i];
    char why[WIRE_WHY_BYTES];
    struct wire *wire;
    enum next next;

    if (open_wire(endpoint, options, &wire, why) != ERROR_NONE) {
        note_trouble(asking, endpoint->name, why);
        return NEXT_NODE;
    }
    next = exchange(asking, endpoint->name, wire);
    wire_close(wire);
    return next;
}

static void try_nodes(struct asking *asking)
{
    size_t n = asking->errand->options.n_endpoints;

    for (size_t i = 0; i < n; i++) {
        if (try_node(asking, i) == NEXT_DONE) {
            return;
        }
    }
    if (asking->reply == NULL) {
        answer(asking, PERCH__ADMIN__RESULT__UNREACHABLE,
               say("unreachable", "UNREACHABLE", asking->trouble,
                   "name a node that runs by --socket or --tls; only its owner "
                   "and, where one is set, its group may use a node's "
                   "socket"));
    }
}

/* Who runs the tool, for the node's records. */
static struct slice user_name(void)
{
    const char *name = getenv("SUDO_USER");
    const struct passwd *user;

    if (name == NULL) {
        user = getpwuid(getuid());
        name = user == NULL ? "" : user->pw_name;
    }
    return slice_of_text(name);
}

static uint32_t page_items(const struct errand *errand, size_t have)
{
    uint32_t limit = errand->options.limit;

    if (limit == 0 || limit - have > ADMIN_PAGE_ITEMS_MAX) {
        return ADMIN_PAGE_ITEMS_MAX;
    }
    return (uint32_t)(limit - have);
}

/* Ask for what stands behind a mark. */
static Perch__Admin__Result ask_once(const struct errand *errand,
                                     const char *after, size_t have,
                                     json_t **reply_out)
{
    struct asking asking = {.errand = errand};
    Perch__Admin__Request head = PERCH__ADMIN__REQUEST__INIT;
    enum error error;

    CODEC_SET(&head, id, REQUEST_ID);
    CODEC_SET(&head, wait_ms, errand->options.timeout_s * 1000);
    CODEC_SET(&head, dry_run, errand->options.dry_run);
    CODEC_SET(&head, stale, errand->options.stale);
    CODEC_SET_BYTES(&head, user, user_name());
    CODEC_SET_BYTES(&head, after, slice_of_text(after));
    CODEC_SET_BYTES(&head, reason, slice_of_text(errand->options.reason));
    if (errand->command->list != NULL) {
        CODEC_SET(&head, limit, page_items(errand, have));
    }
    error = admin_write_request(errand->command->kind, &head, errand->request,
                                &asking.frame);
    if (error == ERROR_NONE) {
        try_nodes(&asking);
    } else {
        answer(&asking, PERCH__ADMIN__RESULT__USAGE,
               say("usage", "REQUEST_TOO_LARGE", error_text(error),
                   "name fewer users at a time"));
    }
    if (asking.frame.len > 0) {
        explicit_bzero(asking.frame.data, asking.frame.len);
    }
    buffer_deinit(&asking.frame);
    *reply_out = asking.reply;
    return asking.result;
}

static bool wants_more(const struct errand *errand, const json_t *all)
{
    size_t have = json_array_size(json_object_get(all, errand->command->list));

    return json_is_string(json_object_get(all, "next")) &&
           (errand->options.limit == 0 || have < errand->options.limit);
}

/* Put a page behind those before it. */
static void join_page(json_t *all, json_t *page, const char *list)
{
    json_array_extend(json_object_get(all, list), json_object_get(page, list));
    json_object_set(all, "next", json_object_get(page, "next"));
    json_object_set(all, "log_index", json_object_get(page, "log_index"));
    json_decref(page);
}

Perch__Admin__Result ask(const struct errand *errand, json_t **reply_out)
{
    const char *list = errand->command->list;
    json_t *all, *page;
    Perch__Admin__Result result =
        ask_once(errand, errand->options.after, 0, &all);

    while (result == PERCH__ADMIN__RESULT__DONE && list != NULL &&
           wants_more(errand, all)) {
        result =
            ask_once(errand, json_string_value(json_object_get(all, "next")),
                     json_array_size(json_object_get(all, list)), &page);
        if (result != PERCH__ADMIN__RESULT__DONE) {
            json_decref(all); /* Half a list might be taken for all of it. */
            all = page;
        } else {
            join_page(all, page, list);
        }
    }
    *reply_out = all;
    return result;
}
