#include "ops/perch/events_json.h"

#include "ops/perch/safe.h"
#include "ops/perch/words.h"
#include "proto/base/time_text.h"

/* Bytes that are no UTF-8, each as U+FFFD. */
static json_t *mended_text(struct slice text)
{
    struct buffer mended = BUFFER_EMPTY;
    json_t *string;
    uint32_t code;
    size_t len;

    while ((len = safe_character(text, &code)) > 0) {
        if (code >= SAFE_NO_CHARACTER) {
            buffer_append_text(&mended, "\xef\xbf\xbd");
        } else {
            buffer_append(&mended, text.data, len);
        }
        text = slice_after(text, len);
    }
    string = json_stringn((const char *)mended.data, mended.len);
    buffer_deinit(&mended);
    return string;
}

json_t *json_text(struct slice text)
{
    json_t *string;

    if (text.len == 0) {
        return json_string("");
    }
    string = json_stringn((const char *)text.data, text.len);
    return string != NULL ? string : mended_text(text);
}

static void put_text(json_t *object, const char *key, struct slice text)
{
    if (text.len > 0) {
        json_object_set_new(object, key, json_text(text));
    }
}

static void put_number(json_t *object, const char *key, uint64_t number)
{
    json_object_set_new(object, key, json_integer((json_int_t)number));
}

static void put_true(json_t *object, const char *key, bool is_so)
{
    json_object_set_new(object, key, json_boolean(is_so));
}

json_t *json_people(struct people *people)
{
    json_t *array = json_array();

    for (struct person *person = people_first(people); person != NULL;
         person = people_next(person)) {
        json_t *each = json_object();

        put_text(each, "uri", person->uri);
        put_text(each, "name", person->name);
        put_text(each, "role", slice_of_text(word_of_role(person->role)));
        json_array_append_new(array, each);
    }
    return array;
}

/* What it was made since it was posted. */
static void put_state_of(json_t *object, const struct xccos_message *message)
{
    char at[TIME_TEXT_BYTES + 1];

    put_text(object, "state", slice_of_text(word_of_state(message->state)));
    put_text(object, "reason", message->reason);
    if (message->changed_at.set) {
        time_write(message->changed_at.wall_us, at);
        put_text(object, "changed_at", slice_of_text(at));
    }
}

json_t *json_message(struct slice room_uri, const struct xccos_message *message)
{
    json_t *object = json_object();
    char at[TIME_TEXT_BYTES + 1];

    put_text(object, "event", SLICE_LITERAL("message"));
    put_text(object, "room", room_uri);
    if (message->message_id.set) {
        put_number(object, "id", message->message_id.value);
    }
    if (message->sent_at.set) {
        time_write(message->sent_at.wall_us, at);
        put_text(object, "sent_at", slice_of_text(at));
    }
    put_text(object, "author", message->author);
    put_text(object, "author_name", message->author_name);
    if (message->alert == XCCOS_FLAG_TRUE) {
        put_true(object, "alert", true);
    }
    if (message->story == XCCOS_FLAG_TRUE) {
        put_true(object, "story", true);
    }
    put_state_of(object, message);
    if (message->csn.set) {
        put_number(object, "csn", message->csn.value);
    }
    json_object_set_new(object, "text", json_text(message->text));
    if (message->note.len > 0) {
        put_text(object, "note", message->note);
    }
    return object;
}

json_t *json_room(const struct xccos_room *room)
{
    json_t *object = json_object();

    put_text(object, "event", SLICE_LITERAL("room"));
    put_text(object, "room", room->uri);
    put_text(object, "name", room->name);
    put_text(object, "description", room->description);
    put_text(object, "category", room->parent);
    put_text(object, "behavior",
             slice_of_text(word_of_behavior(room->behavior)));
    put_text(object, "visibility", slice_of_text(word_of_visibility(room)));
    if (room->user_count.set) {
        put_number(object, "people", room->user_count.value);
    }
    put_text(object, "addin", room->addin_name);
    put_text(object, "addin_url", room->addin_url);
    if (room->disabled == XCCOS_FLAG_TRUE) {
        put_true(object, "disabled", true);
    }
    return object;
}

json_t *json_invitation(const struct xccos_invitation *invitation)
{
    json_t *object = json_room(invitation->room);
    char at[TIME_TEXT_BYTES + 1];

    json_object_set_new(object, "event", json_string("invitation"));
    if (invitation->id.set) {
        put_number(object, "id", invitation->id.value);
    }
    if (invitation->created_at.set) {
        time_write(invitation->created_at.wall_us, at);
        put_text(object, "created_at", slice_of_text(at));
    }
    return object;
}

json_t *json_person(const struct xccos_user *user)
{
    json_t *object = json_object();

    put_text(object, "event", SLICE_LITERAL("person"));
    put_text(object, "uri", user->uri);
    put_text(object, "name", user->display_name);
    return object;
}

static void put_state(json_t *object, const struct client_event_state *state)
{
    put_text(object, "state", slice_of_text(client_state_word(state->state)));
    put_text(object, "server", slice_of_text(state->server));
    if (state->cause != CLIENT_CAUSE_NONE) {
        put_text(object, "cause",
                 slice_of_text(client_cause_word(state->cause)));
    }
    if (state->status != 0) {
        put_number(object, "status", (uint64_t)state->status);
    }
    put_text(object, "text", slice_of_text(state->text));
    if (state->state == CLIENT_WAITING) {
        put_number(object, "retry_in_ms", state->retry_in_ms);
        put_number(object, "failures", state->failures);
    }
}

static void put_posted(json_t *object, const struct client_event *event)
{
    put_text(object, "result",
             slice_of_text(client_result_word(event->posted.result)));
    if (event->posted.message_id != 0) {
        put_number(object, "id", event->posted.message_id);
    }
    put_text(object, "retry_id", event->posted.retry_id);
    if (event->posted.status != 0) {
        put_number(object, "code", (uint64_t)event->posted.status);
    }
    put_text(object, "text", event->posted.reason);
}

static void put_set(json_t *object, const char *key, struct xccos_number number)
{
    if (number.set) {
        put_number(object, key, number.value);
    }
}

static void put_news(json_t *object, const struct xccos_news *news)
{
    if (news == NULL) {
        return;
    }
    put_set(object, "last", news->last);
    put_set(object, "read", news->read);
    put_set(object, "unread", news->unread);
    put_set(object, "mentions", news->mentions);
    put_set(object, "mention", news->message_id);
    if (news->followed != XCCOS_FLAG_UNSET) {
        put_true(object, "followed", news->followed == XCCOS_FLAG_TRUE);
        put_true(object, "cut", news->cut == XCCOS_FLAG_TRUE);
    }
}

json_t *json_news(const struct xccos_room *room)
{
    json_t *object = json_object(), *feeds = json_array();

    put_text(object, "event", SLICE_LITERAL("news"));
    put_text(object, "room", room->uri);
    put_text(object, "name", room->name);
    put_news(object, room->news);
    for (const struct xccos_hits *hits = room->news == NULL ? NULL
                                                            : room->news->hits;
         hits != NULL; hits = hits->next) {
        json_t *each = json_object();

        put_text(each, "feed", hits->feed);
        put_set(each, "count", hits->count);
        put_set(each, "id", hits->message_id);
        json_array_append_new(feeds, each);
    }
    json_object_set_new(object, "feeds", feeds);
    return object;
}

json_t *json_feed(const struct xccos_feed *feed)
{
    json_t *object = json_object(), *words = json_array(),
           *authors = json_array();

    put_text(object, "event", SLICE_LITERAL("feed"));
    put_text(object, "feed", feed->name);
    for (const struct xccos_word *word = feed->words; word != NULL;
         word = word->next) {
        json_array_append_new(words, json_text(word->text));
    }
    for (const struct xccos_author *author = feed->authors; author != NULL;
         author = author->next) {
        json_array_append_new(authors, json_text(author->uri));
    }
    json_object_set_new(object, "words", words);
    json_object_set_new(object, "authors", authors);
    return object;
}

static void put_rest(json_t *object, const struct client_event *event)
{
    switch (event->kind) {
    case CLIENT_EVENT_JOINED:
        put_text(object, "description", event->joined.description);
        put_true(object, "again", event->joined.is_again);
        json_object_set_new(object, "people",
                            json_people(event->joined.people));
        break;
    case CLIENT_EVENT_LEFT:
        put_text(object, "why",
                 slice_of_text(client_left_word(event->left.why)));
        if (event->left.code != 0) {
            put_number(object, "code", event->left.code);
        }
        put_text(object, "text", event->left.sentence);
        break;
    case CLIENT_EVENT_CHANGED:
        put_text(object, "description", event->changed.description);
        break;
    case CLIENT_EVENT_GAP:
        put_number(object, "first", event->gap.first_id);
        put_number(object, "last", event->gap.last_id);
        break;
    case CLIENT_EVENT_CLEARED:
        put_number(object, "upto", event->cleared_upto);
        break;
    case CLIENT_EVENT_ENTERED:
    case CLIENT_EVENT_GONE:
        put_text(object, "uri", event->person.uri);
        put_text(object, "person", event->person.name);
        break;
    case CLIENT_EVENT_NEWS:
    case CLIENT_EVENT_READ:
        put_news(object, event->news);
        break;
    case CLIENT_EVENT_PROBLEM:
        put_text(object, "text", event->problem);
        break;
    default:
        break;
    }
}

static const char *const event_words[] = {
    [CLIENT_EVENT_STATE] = "state",     [CLIENT_EVENT_JOINED] = "joined",
    [CLIENT_EVENT_LEFT] = "left",       [CLIENT_EVENT_CHANGED] = "changed",
    [CLIENT_EVENT_MESSAGE] = "message", [CLIENT_EVENT_GAP] = "gap",
    [CLIENT_EVENT_ENTERED] = "entered", [CLIENT_EVENT_GONE] = "gone",
    [CLIENT_EVENT_POSTED] = "posted",   [CLIENT_EVENT_REPLY] = "reply",
    [CLIENT_EVENT_PROBLEM] = "problem", [CLIENT_EVENT_REVISED] = "revised",
    [CLIENT_EVENT_CLEARED] = "cleared", [CLIENT_EVENT_NEWS] = "fresh",
    [CLIENT_EVENT_READ] = "read",       [CLIENT_EVENT_FOLLOWED] = "follows",
};

json_t *json_revised(struct slice room_uri, uint64_t message_id,
                     const char *what)
{
    json_t *object = json_object();

    put_text(object, "event", slice_of_text(what));
    put_text(object, "room", room_uri);
    put_number(object, "id", message_id);
    return object;
}

json_t *json_event(const struct client_event *event)
{
    json_t *object;

    if (event->kind == CLIENT_EVENT_MESSAGE) {
        object = json_message(event->room_uri, event->message.message);
        put_text(object, "name", event->room_name);
        put_true(object, "live", event->message.is_live);
        put_true(object, "own", event->message.is_own);
        return object;
    }
    if (event->kind == CLIENT_EVENT_REVISED) {
        object = json_message(event->room_uri, event->revised);
        json_object_set_new(object, "event", json_string("revised"));
        put_text(object, "name", event->room_name);
        return object;
    }
    object = json_object();
    put_text(object, "event", slice_of_text(event_words[event->kind]));
    put_text(object, "room", event->room_uri);
    put_text(object, "name", event->room_name);
    if (event->kind == CLIENT_EVENT_STATE) {
        put_state(object, &event->state);
    } else if (event->kind == CLIENT_EVENT_POSTED) {
        put_posted(object, event);
    } else {
        put_rest(object, event);
    }
    return object;
}
