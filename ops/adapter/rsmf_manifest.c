#include "ops/adapter/rsmf_manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ops/adapter/transcript.h"
#include "proto/base/time_text.h"

#define POOL_PARTICIPANT "pool"

void rsmf_manifest_init(struct rsmf_manifest *manifest,
                        const struct batch *batch)
{
    *manifest = (struct rsmf_manifest){
        .batch = batch,
        .participants = json_array(),
        .known = json_object(),
        .present = json_array(),
        .events = json_array(),
        .by_csn = json_object(),
    };
    manifest->failed = manifest->participants == NULL ||
                       manifest->known == NULL || manifest->present == NULL ||
                       manifest->events == NULL || manifest->by_csn == NULL;
}

void rsmf_manifest_deinit(struct rsmf_manifest *manifest)
{
    json_decref(manifest->participants);
    json_decref(manifest->known);
    json_decref(manifest->present);
    json_decref(manifest->events);
    json_decref(manifest->by_csn);
}

static void check(struct rsmf_manifest *manifest, bool good)
{
    manifest->failed = manifest->failed || !good;
}

/* Texts of input are UTF-8 and may have a NUL, which jansson writes. */
static json_t *json_of(struct slice text)
{
    return json_stringn(text.len == 0 ? "" : (const char *)text.data, text.len);
}

static json_t *custom(const char *name, const char *value)
{
    return json_pack("{s:s, s:s}", "name", name, "value", value);
}

static json_t *custom_number(const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    return custom(name, text);
}

/* A participant is named by the URI, and found again by it. */
static const char *participant_id(const struct event *event)
{
    const char *uri = json_string_value(json_object_get(event->line, "user"));

    return uri == NULL || uri[0] == '\0' ? POOL_PARTICIPANT : uri;
}

static json_t *make_participant(const struct event *event, const char *id)
{
    struct slice name = event_text(event, "display_name");
    struct slice address = event_address(event_text(event, "user"));

    if (address.len == 0) {
        return json_pack("{s:s, s:s}", "id", id, "display", id);
    }
    return json_pack("{s:s, s:o, s:o}", "id", id, "display",
                     json_of(name.len > 0 ? name : address), "email",
                     json_of(address));
}

static void add_participant(struct rsmf_manifest *manifest,
                            const struct event *event, const char *id)
{
    bool is_join = strcmp(event->kind, "join") == 0;

    if (json_object_get(manifest->known, id) == NULL) {
        check(manifest,
              json_array_append_new(manifest->participants,
                                    make_participant(event, id)) == 0);
        check(manifest,
              json_object_set_new(manifest->known, id, json_true()) == 0);
        /* Who acts without having come in was there before. */
        if (!is_join && strcmp(id, POOL_PARTICIPANT) != 0) {
            check(manifest, json_array_append_new(manifest->present,
                                                  json_string(id)) == 0);
        }
    }
}

static bool is_one_of(const char *kind, const char *const *kinds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const char *type_of(const struct event *event)
{
    static const char *const messages[] = {"post", "alert", "story", "correct"};

    if (strcmp(event->kind, "join") == 0) {
        return "join";
    }
    if (strcmp(event->kind, "part") == 0) {
        return "leave";
    }
    return is_one_of(event->kind, messages, 4) ? "message" : "disclaimer";
}

static json_t *body_of(const struct event *event, const char *type)
{
    struct buffer text = BUFFER_EMPTY;
    json_t *body = NULL;

    if (strcmp(type, "message") == 0) {
        return json_of(event_content(event));
    }
    transcript_what(&text, event);
    if (!buffer_failed(&text)) {
        body = json_of(buffer_slice(&text));
    }
    buffer_deinit(&text);
    return body;
}

static json_t *customs_of(const struct event *event)
{
    json_t *list = json_array();
    uint64_t id = event_number(event, "message_id", 0);

    json_array_append_new(list, custom_number("csn", event->csn));
    json_array_append_new(list, custom("kind", event->kind));
    if (id != 0) {
        json_array_append_new(list, custom_number("message_id", id));
    }
    return list;
}

/* Mark the message that is spoken of, where the manifest has it. */
static void mark_original(struct rsmf_manifest *manifest, json_t *added,
                          const struct event *event, const char *id,
                          const char *time)
{
    static const char *const takes[] = {"withdraw", "redact"};
    char csn[24];
    json_t *original, *edits;

    snprintf(csn, sizeof(csn), "%" PRIu64,
             event_number(event, "of_csn", event->csn));
    original = json_object_get(manifest->by_csn, csn);
    if (original == NULL || original == added) {
        return;
    }
    check(manifest, json_object_set(added, "parent",
                                    json_object_get(original, "id")) == 0);
    if (is_one_of(event->kind, takes, 2)) {
        check(manifest,
              json_object_set_new(original, "deleted", json_true()) == 0);
    } else if (strcmp(event->kind, "correct") == 0) {
        edits = json_object_get(original, "edits");
        if (edits == NULL) {
            edits = json_array();
            check(manifest, json_object_set_new(original, "edits", edits) == 0);
        }
        check(manifest, json_array_append_new(
                            edits, json_pack("{s:s, s:s}", "participant", id,
                                             "timestamp", time)) == 0);
    }
}

static json_t *make_event(const struct event *event, const char *id,
                          const char *room, const char *time)
{
    const char *type = type_of(event);
    char name[24];

    snprintf(name, sizeof(name), "E%" PRIu64, event->csn);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o}", "id", name,
                     "type", type, "participant", id, "conversation", room,
                     "timestamp", time, "body", body_of(event, type),
                     "importance",
                     strcmp(event->kind, "alert") == 0 ? "high" : "normal",
                     "custom", customs_of(event));
}

void rsmf_manifest_add(struct rsmf_manifest *manifest,
                       const struct event *event)
{
    const struct batch *batch = manifest->batch;
    const char *id = participant_id(event);
    uint32_t place = batch->entries[event->csn - batch->cut.first].place;
    char time[TIME_TEXT_BYTES + 1], csn[24];
    json_t *added;

    time_write(event->time_us, time);
    snprintf(csn, sizeof(csn), "%" PRIu64, event->csn);
    add_participant(manifest, event, id);
    added = make_event(event, id, batch->conversations[place].room, time);
    check(manifest, json_array_append_new(manifest->events, added) == 0);
    if (manifest->failed) {
        return;
    }
    check(manifest, json_object_set(manifest->by_csn, csn, added) == 0);
    mark_original(manifest, added, event, id, time);
}

char *rsmf_manifest_dump(const struct rsmf_manifest *manifest, uint32_t place)
{
    const struct conversation *conversation =
        &manifest->batch->conversations[place];
    const char *name =
        conversation->name[0] != '\0' ? conversation->name : conversation->room;
    json_t *root;
    char *text = NULL;

    if (manifest->failed) {
        return NULL;
    }
    root =
        json_pack("{s:s, s:O, s:[{s:s, s:s, s:s, s:s, s:O}], s:O}", "version",
                  RSMF_VERSION, "participants", manifest->participants,
                  "conversations", "id", conversation->room, "display", name,
                  "platform", "perch", "type", "channel", "participants",
                  manifest->present, "events", manifest->events);
    if (root != NULL) {
        text = json_dumps(root, JSON_SORT_KEYS | JSON_INDENT(1));
    }
    json_decref(root);
    return text;
}
