#include "tests/wire/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/base/check.h"
#include "proto/base/time_text.h"
#include "proto/xccos/read.h"
#include "proto/xccos/reply.h"
#include "proto/xccos/write.h"

void wire_emit(const char *grammar, struct slice body)
{
    static unsigned serial;
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", WIRE_EMITTED_DIR, grammar);
    CHECK(mkdir(WIRE_EMITTED_DIR, 0777) == 0 || errno == EEXIST);
    CHECK(mkdir(path, 0777) == 0 || errno == EEXIST);
    snprintf(path, sizeof(path), "%s/%s/%s-%05u.xml", WIRE_EMITTED_DIR, grammar,
             program_invocation_short_name, serial++);
    file = fopen(path, "wb");
    CHECK(file != NULL);
    CHECK(fwrite(body.data, 1, body.len, file) == body.len);
    CHECK(fclose(file) == 0);
}

struct guid wire_guid(const char *text)
{
    struct guid guid;

    CHECK(guid_read(slice_of_text(text), &guid) == ERROR_NONE);
    return guid;
}

struct xccos_moment wire_moment(const char *text)
{
    struct xccos_moment moment = {.set = true};

    CHECK(time_read(slice_of_text(text), &moment.wall_us) == ERROR_NONE);
    return moment;
}

struct xccos_room wire_tide(void)
{
    return (struct xccos_room){
        .uri = SLICE_LITERAL(TIDE_URI),
        .name = SLICE_LITERAL("Tide Desk"),
        .description = SLICE_LITERAL("Berths & tides"),
    };
}

struct xccos_room wire_storm(void)
{
    return (struct xccos_room){
        .uri = SLICE_LITERAL(STORM_URI),
        .name = SLICE_LITERAL("Storm Line"),
        .description = SLICE_LITERAL("Bad weather"),
    };
}

struct xccos_envelope wire_command(uint64_t envid, enum xccos_verb verb,
                                   struct xccos_primitive *primitive)
{
    primitive->kind = XCCOS_KIND_COMMAND;
    primitive->seqid = 1;
    primitive->verb = verb;
    return (struct xccos_envelope){envid, primitive, 1};
}

struct xccos_envelope wire_reply(uint64_t envid, enum xccos_verb verb,
                                 uint64_t answered,
                                 struct xccos_primitive *primitive)
{
    struct xccos_envelope from = {.envid = answered};
    struct xccos_primitive to = {
        .kind = XCCOS_KIND_COMMAND, .seqid = 1, .verb = verb};
    struct xccos_data data = primitive->data;

    xccos_reply_init(primitive, &from, &to);
    primitive->data = data;
    return (struct xccos_envelope){envid, primitive, 1};
}

struct xccos_envelope wire_notice(uint64_t envid, enum xccos_verb verb,
                                  struct xccos_primitive *primitive)
{
    primitive->kind = XCCOS_KIND_NOTICE;
    primitive->seqid = 1;
    primitive->verb = verb;
    return (struct xccos_envelope){envid, primitive, 1};
}

/* The comparisons below end at the first member that differs. */
#define SAME(condition, name)                                                  \
    do {                                                                       \
        if (!(condition)) {                                                    \
            return name;                                                       \
        }                                                                      \
    } while (0)
#define SAME_TEXT(x, member)                                                   \
    SAME(slice_equal(a->member, b->member), x "." #member)
#define SAME_VALUE(x, member) SAME(a->member == b->member, x "." #member)
#define SAME_NUMBER(x, member)                                                 \
    SAME(a->member.set == b->member.set &&                                     \
             (!a->member.set || a->member.value == b->member.value),           \
         x "." #member)
#define SAME_MOMENT(x, member)                                                 \
    SAME(a->member.set == b->member.set &&                                     \
             (!a->member.set || a->member.wall_us == b->member.wall_us),       \
         x "." #member)
#define SAME_GUID(x, member)                                                   \
    SAME(guid_compare(&a->member, &b->member) == 0, x "." #member)
#define SAME_LIST(compare, member)                                             \
    do {                                                                       \
        const char *different_ = compare##_list(a->member, b->member);         \
        if (different_ != NULL) {                                              \
            return different_;                                                 \
        }                                                                      \
    } while (0)

/* Compare two lists with the comparison of their items. */
#define LIST_COMPARISON(compare, type)                                         \
    static const char *compare##_list(const struct type *a,                    \
                                      const struct type *b)                    \
    {                                                                          \
        for (; a != NULL && b != NULL; a = a->next, b = b->next) {             \
            const char *different = compare(a, b);                             \
            if (different != NULL) {                                           \
                return different;                                              \
            }                                                                  \
        }                                                                      \
        return a == NULL && b == NULL ? NULL : "length of a list of " #type;   \
    }

/* Compare what may be missing on both sides. */
#define OPTIONAL_COMPARISON(compare, type)                                     \
    static const char *compare##_list(const struct type *a,                    \
                                      const struct type *b)                    \
    {                                                                          \
        if (a == NULL || b == NULL) {                                          \
            return a == b ? NULL : "presence of " #type;                       \
        }                                                                      \
        return compare(a, b);                                                  \
    }

static const char *room_id(const struct xccos_room_id *a,
                           const struct xccos_room_id *b)
{
    SAME_NUMBER("room_id", key);
    SAME_TEXT("room_id", domain);
    SAME_GUID("room_id", guid);
    SAME_VALUE("room_id", revisions);
    return NULL;
}
LIST_COMPARISON(room_id, xccos_room_id)

static const char *presence(const struct xccos_presence *a,
                            const struct xccos_presence *b)
{
    SAME_NUMBER("presence", mask);
    SAME_TEXT("presence", value);
    SAME_TEXT("presence", domain);
    return NULL;
}
LIST_COMPARISON(presence, xccos_presence)

static const char *user(const struct xccos_user *a, const struct xccos_user *b)
{
    SAME_NUMBER("user", id);
    SAME_TEXT("user", uri);
    SAME_TEXT("user", name);
    SAME_TEXT("user", display_name);
    SAME_NUMBER("user", type);
    SAME_VALUE("user", disabled);
    SAME_VALUE("user", role);
    SAME_LIST(presence, presences);
    return NULL;
}
LIST_COMPARISON(user, xccos_user)

static const char *failure(const struct xccos_failure *a,
                           const struct xccos_failure *b)
{
    SAME_TEXT("failure", key);
    SAME_GUID("failure", guid);
    SAME_TEXT("failure", domain);
    return NULL;
}
LIST_COMPARISON(failure, xccos_failure)

static const char *message(const struct xccos_message *a,
                           const struct xccos_message *b)
{
    SAME_TEXT("message", room_uri);
    SAME_TEXT("message", author);
    SAME_TEXT("message", author_name);
    SAME_VALUE("message", alert);
    SAME_NUMBER("message", message_id);
    SAME_MOMENT("message", sent_at);
    SAME_TEXT("message", retry_id);
    SAME_VALUE("message", story);
    SAME_VALUE("message", state);
    SAME_TEXT("message", reason);
    SAME_TEXT("message", note);
    SAME_MOMENT("message", changed_at);
    SAME_NUMBER("message", about);
    SAME_NUMBER("message", csn);
    SAME_TEXT("message", text);
    SAME_TEXT("message", carried_attributes);
    SAME_TEXT("message", carried_children);
    return NULL;
}
LIST_COMPARISON(message, xccos_message)

static const char *room(const struct xccos_room *a, const struct xccos_room *b)
{
    SAME_TEXT("room", uri);
    SAME_TEXT("room", name);
    SAME_TEXT("room", description);
    SAME_TEXT("room", topic);
    SAME_TEXT("room", parent);
    SAME_VALUE("room", behavior);
    SAME_VALUE("room", visibility);
    SAME_VALUE("room", disabled);
    SAME_NUMBER("room", version);
    SAME_VALUE("room", over_limit);
    SAME_NUMBER("room", cleared_upto);
    SAME_NUMBER("room", user_count);
    SAME_VALUE("room", shown_visibility);
    SAME_VALUE("room", file_post);
    SAME_VALUE("room", invite);
    SAME_VALUE("room", logged);
    SAME_LIST(presence, presences);
    SAME_LIST(user, users);
    SAME_LIST(message, messages);
    return NULL;
}
LIST_COMPARISON(room, xccos_room)

static const char *category(const struct xccos_category *a,
                            const struct xccos_category *b)
{
    SAME_TEXT("category", uri);
    SAME_TEXT("category", name);
    SAME_TEXT("category", description);
    SAME_VALUE("category", file_post);
    SAME_VALUE("category", invite);
    SAME_VALUE("category", logged);
    return NULL;
}
LIST_COMPARISON(category, xccos_category)

static const char *server_info(const struct xccos_server_info *a,
                               const struct xccos_server_info *b)
{
    SAME_TEXT("server_info", domain);
    SAME_NUMBER("server_info", info_type);
    SAME_MOMENT("server_info", server_time);
    SAME_NUMBER("server_info", search_limit);
    SAME_NUMBER("server_info", message_size_limit);
    SAME_NUMBER("server_info", story_size_limit);
    SAME_TEXT("server_info", root_uri);
    SAME_GUID("server_info", db_version);
    SAME_TEXT("server_info", display_name);
    SAME_TEXT("server_info", room_management_url);
    return NULL;
}
OPTIONAL_COMPARISON(server_info, xccos_server_info)

static const char *invitation(const struct xccos_invitation *a,
                              const struct xccos_invitation *b)
{
    SAME_NUMBER("invitation", id);
    SAME_TEXT("invitation", domain);
    SAME_MOMENT("invitation", created_at);
    return room_list(a->room, b->room);
}
LIST_COMPARISON(invitation, xccos_invitation)

static const char *room_query(const struct xccos_room_query *a,
                              const struct xccos_room_query *b)
{
    SAME_VALUE("room_query", search);
    SAME_TEXT("room_query", criteria);
    SAME_VALUE("room_query", extended);
    SAME_VALUE("room_query", match_all);
    SAME_VALUE("room_query", exact);
    SAME_NUMBER("room_query", results_max);
    SAME_TEXT("room_query", category_uri);
    SAME_VALUE("room_query", privacy);
    SAME_VALUE("room_query", behavior);
    SAME_VALUE("room_query", disabled);
    return NULL;
}
OPTIONAL_COMPARISON(room_query, xccos_room_query)

static const char *author(const struct xccos_author *a,
                          const struct xccos_author *b)
{
    SAME_TEXT("author", uri);
    return NULL;
}
LIST_COMPARISON(author, xccos_author)

static const char *history_query(const struct xccos_history_query *a,
                                 const struct xccos_history_query *b)
{
    SAME_NUMBER("history_query", last);
    SAME_VALUE("history_query", exact);
    SAME_VALUE("history_query", case_on);
    SAME_TEXT("history_query", match);
    SAME_LIST(author, authors);
    SAME_MOMENT("history_query", from);
    SAME_MOMENT("history_query", to);
    SAME_NUMBER("history_query", after_id);
    SAME_NUMBER("history_query", results_max);
    SAME_VALUE("history_query", search);
    SAME_VALUE("history_query", sort);
    return NULL;
}
OPTIONAL_COMPARISON(history_query, xccos_history_query)

static const char *preference(const struct xccos_preference *a,
                              const struct xccos_preference *b)
{
    SAME_TEXT("preference", label);
    SAME_NUMBER("preference", seqid);
    SAME_VALUE("preference", create_default);
    SAME_TEXT("preference", content);
    return NULL;
}
OPTIONAL_COMPARISON(preference, xccos_preference)

static const char *association(const struct xccos_association *a,
                               const struct xccos_association *b)
{
    SAME_TEXT("association", domain);
    SAME_VALUE("association", kind);
    SAME_NUMBER("association", results_max);
    return NULL;
}
OPTIONAL_COMPARISON(association, xccos_association)

static const char *file(const struct xccos_file *a, const struct xccos_file *b)
{
    SAME_TEXT("file", room_uri);
    SAME_TEXT("file", file_url);
    return NULL;
}
OPTIONAL_COMPARISON(file, xccos_file)

static const char *token(const struct xccos_token *a,
                         const struct xccos_token *b)
{
    SAME_GUID("token", token);
    SAME_TEXT("token", server_uri);
    return NULL;
}
OPTIONAL_COMPARISON(token, xccos_token)

static const char *data(const struct xccos_data *a, const struct xccos_data *b)
{
    SAME_LIST(room_id, room_ids);
    SAME_LIST(room, rooms);
    SAME_LIST(failure, failures);
    SAME_LIST(user, users);
    SAME_LIST(server_info, server_info);
    SAME_LIST(invitation, invitations);
    SAME_LIST(room_query, room_query);
    SAME_LIST(history_query, history_query);
    SAME_LIST(preference, preference);
    SAME_LIST(association, association);
    SAME_LIST(category, categories);
    SAME_LIST(file, file);
    SAME_LIST(token, token);
    return NULL;
}

/* The text of a verb may be left out by who writes it. */
static struct slice verb_text(const struct xccos_primitive *primitive)
{
    return primitive->verb_text.len > 0
               ? primitive->verb_text
               : slice_of_text(xccos_verb_name(primitive->verb));
}

static const char *primitive(const struct xccos_primitive *a,
                             const struct xccos_primitive *b)
{
    SAME_VALUE("primitive", kind);
    SAME_VALUE("primitive", seqid);
    SAME_VALUE("primitive", fault.element);
    SAME_VALUE("primitive", verb);
    SAME(slice_equal(verb_text(a), verb_text(b)), "primitive.verb_text");
    SAME_NUMBER("primitive", command_seqid);
    SAME_NUMBER("primitive", command_envid);
    SAME_NUMBER("primitive", code);
    SAME_TEXT("primitive", sentence);
    if (a->kind == XCCOS_KIND_MESSAGE) {
        return message(&a->message, &b->message);
    }
    return data(&a->data, &b->data);
}
LIST_COMPARISON(primitive, xccos_primitive)

const char *wire_difference(const struct xccos_envelope *a,
                            const struct xccos_envelope *b)
{
    SAME_VALUE("envelope", envid);
    SAME_VALUE("envelope", n);
    SAME_LIST(primitive, primitives);
    return NULL;
}

struct xccos_envelope *wire_read(struct arena *arena, struct slice body)
{
    struct xccos_envelope *envelope = NULL;
    enum xccos_error error = xccos_read(body, arena, &envelope);

    if (error != XCCOS_ERROR_NONE) {
        fail_msg("%s in %.*s", xccos_error_name(error), SLICE_PRINT(body));
    }
    return envelope;
}

static void assert_read_as(const struct xccos_envelope *envelope,
                           const char *body)
{
    struct arena *arena = arena_new(4096);
    const char *different =
        wire_difference(wire_read(arena, slice_of_text(body)), envelope);

    if (different != NULL) {
        fail_msg("%s differs when read from %s", different, body);
    }
    arena_free(arena);
}

/* Put the attributes of the root into the order of a Lync client. */
static void reorder_root(struct buffer *out, const char *body)
{
    static const char begin[] = "<xccos ",
                      space[] = " xmlns=\"" XCCOS_SPACE "\"";
    const char *found = strstr(body, space);

    assert_non_null(found);
    buffer_printf(out, "<xccos%s ", space);
    buffer_append(out, body + strlen(begin),
                  (size_t)(found - body) - strlen(begin));
    buffer_append(out, found + strlen(space),
                  strlen(found + strlen(space)) + 1);
}

void wire_assert_both_ways(const struct xccos_envelope *envelope,
                           const char *body)
{
    struct buffer out = BUFFER_EMPTY;

    assert_int_equal(xccos_write(&out, envelope), XCCOS_ERROR_NONE);
    wire_emit("xccos", buffer_slice(&out));
    buffer_append(&out, "", 1);
    assert_string_equal((const char *)out.data, body);
    assert_read_as(envelope, body);

    buffer_clear(&out);
    reorder_root(&out, body);
    assert_read_as(envelope, (const char *)out.data);
    buffer_deinit(&out);
}
