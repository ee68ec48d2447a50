#include "tests/model/script.h"

#include <string.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

static const char *const uris[] = {
    "sip:a@x.example", "sip:b@x.example", "sip:C@x.example", "SIP:d@X.example",
    "sip:e@x.example", "sip:f@y",         "sip:never@x",     "nonsense",
    "sip:a b@x",       "sip:@x",
};
enum { URIS_GOOD = 6, SERIALS = 30 };

static const char *const group_uris[] = {
    "group:g", "unit:U",   "site:s",      "GROUP:h",
    "group:",  "grup:odd", "group:t\tab", "unit:\xff",
};
enum { GROUPS_GOOD = 4 };

static const char *const names[] = {
    "one",    "two",    "Two",   "three", "\xc3\x84rger", "\xc3\xa4rger",
    "five",   "six",    "seven", "eight", "nine",         "ten",
    "eleven", "twelve", "",      "   ",   "tab\there",    "bad\xff",
};

static const char *const texts[] = {
    "hi",
    "hello there",
    "",
    "\xf0\x9f\x98\x80",
    "a\x01",
    "\xff",
    "\xed\xa0\x80",
    "\xef\xbf\xbf",
    "line\r\nline",
};

static const char *const endpoints[SCRIPT_ENDPOINTS] = {"e1", "e2", "e3", "e4"};

static uint64_t next(struct script *s)
{
    uint64_t z = (s->random += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t script_below(struct script *s, uint32_t n)
{
    return (uint32_t)(next(s) % n);
}

const char *script_endpoint(unsigned i)
{
    return endpoints[i];
}

/* One time in n. */
static bool rarely(struct script *s, uint32_t n)
{
    return script_below(s, n) == 0;
}

void script_init(struct script *s, uint64_t seed)
{
    memset(s, 0, sizeof(*s));
    s->random = seed;
    s->clock_us = 1900000000000000;
}

static ProtobufCBinaryData text(const char *text)
{
    return codec_bytes(slice_of_text(text));
}

static ProtobufCBinaryData fill(struct arena *arena, size_t len, char byte)
{
    char *bytes = arena_alloc(arena, len + 1);

    memset(bytes, byte, len);
    return codec_bytes(slice_of(bytes, len));
}

static ProtobufCBinaryData uri(struct script *s)
{
    return text(uris[script_below(s, rarely(s, 30) ? COUNT(uris) : URIS_GOOD)]);
}

static ProtobufCBinaryData group_uri(struct script *s)
{
    return text(group_uris[script_below(s, rarely(s, 30) ? COUNT(group_uris)
                                                         : GROUPS_GOOD)]);
}

static ProtobufCBinaryData principal(struct script *s)
{
    return s->twin->rules > 1 && rarely(s, 3) ? group_uri(s) : uri(s);
}

static ProtobufCBinaryData name(struct script *s, struct arena *arena)
{
    return rarely(s, 40) ? fill(arena, 250 + script_below(s, 10), 'n')
                         : text(names[script_below(s, COUNT(names))]);
}

/* A name that fits the twin's memory even when it is accepted: of 257 or more
 * characters or of few. */
static ProtobufCBinaryData line(struct script *s, struct arena *arena)
{
    ProtobufCBinaryData made = name(s, arena);

    return made.len > 60 ? fill(arena, 257, 'n') : made;
}

/* Guids 1-6 are meant for categories, 7-20 for rooms. */
static ProtobufCBinaryData guid(struct script *s, struct arena *arena,
                                uint32_t from, uint32_t n)
{
    char byte = (char)(from + script_below(s, n));

    if (rarely(s, 60)) {
        return fill(arena, script_below(s, 18), (char)script_below(s, 24));
    }
    return fill(arena, 16, byte);
}

/* A place there is, mostly. */
static ProtobufCBinaryData place(struct script *s, struct arena *arena,
                                 bool is_room)
{
    for (int i = 0; i < 8 && s->twin->n_places > 0 && !rarely(s, 20); i++) {
        const struct twin_place *place =
            &s->twin->places[1 + script_below(s, s->twin->n_places)];

        if (place->is_room == is_room) {
            return codec_bytes(slice_of(place->guid.bytes, GUID_BYTES));
        }
    }
    return is_room ? guid(s, arena, 7, 14) : guid(s, arena, 1, 4);
}

static ProtobufCBinaryData room(struct script *s, struct arena *arena)
{
    return place(s, arena, true);
}

static ProtobufCBinaryData category(struct script *s, struct arena *arena)
{
    return place(s, arena, false);
}

static ProtobufCBinaryData *uri_list(struct script *s, struct arena *arena,
                                     size_t *n)
{
    ProtobufCBinaryData *list = arena_alloc(arena, 8 * sizeof(*list));

    *n = rarely(s, 2) ? 0 : script_below(s, 5);
    for (size_t i = 0; i < *n; i++) {
        list[i] = principal(s);
    }
    return list;
}

/* A list longer than any may be, now and then. */
static void too_many(struct script *s, struct arena *arena, size_t *n,
                     ProtobufCBinaryData **list)
{
    if (!rarely(s, 400)) {
        return;
    }
    *n = ROLES_PER_COMMAND_MAX + script_below(s, 2);
    *list = arena_alloc(arena, *n * sizeof(**list));
    for (size_t i = 0; i < *n; i++) {
        (*list)[i] = text(uris[i % URIS_GOOD]);
    }
}

static void *make(struct arena *arena, const ProtobufCMessageDescriptor *what)
{
    ProtobufCMessage *message = arena_alloc(arena, what->sizeof_message);

    CHECK(message != NULL);
    protobuf_c_message_init(what, message);
    return message;
}

#define MAKE(arena, type) make(arena, &perch__##type##__descriptor)

/* A room that one of the sessions of this serial is in, mostly. */
static ProtobufCBinaryData joined(struct script *s, struct arena *arena,
                                  uint64_t serial)
{
    for (size_t i = 0; i < 40 && s->twin->n_present > 0; i++) {
        const struct twin_present *at =
            &s->twin->present[script_below(s, (uint32_t)s->twin->n_present)];

        if (s->twin->sessions[at->session].serial == serial) {
            const struct guid *guid = &s->twin->places[at->room].guid;

            return codec_bytes(slice_of(guid->bytes, GUID_BYTES));
        }
    }
    return room(s, arena);
}

static void say_post(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__Post *post = c->post = MAKE(arena, post);

    CODEC_SET(post, room,
              rarely(s, 4) ? room(s, arena) : joined(s, arena, c->session));
    CODEC_SET(post, text,
              text(texts[script_below(s, rarely(s, 8) ? COUNT(texts) : 2)]));
    if (rarely(s, 500)) {
        CODEC_SET(post, text, fill(arena, 7990 + script_below(s, 20), 'x'));
    }
    if (rarely(s, 4)) {
        CODEC_SET(
            post, extra,
            text(texts[script_below(s, rarely(s, 9) ? COUNT(texts) : 2)]));
    }
    if (rarely(s, 1000)) {
        CODEC_SET(post, extra,
                  fill(arena, EXTRA_BYTES_MAX + script_below(s, 2), ' '));
    }
    if (!rarely(s, 3)) {
        char id[2] = {(char)('a' + script_below(s, 8)), '\0'};

        CODEC_SET(post, retry_id,
                  codec_bytes(arena_copy_slice(arena, slice_of_text(id))));
    }
    if (rarely(s, 100)) {
        CODEC_SET(post, retry_id, fill(arena, script_below(s, 3) * 40, ' '));
    }
}

static void say_join(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__Join *join = c->join = MAKE(arena, join);

    join->n_rooms = rarely(s, 3) ? script_below(s, 9) : 1;
    join->rooms = arena_alloc(arena, 9 * sizeof(*join->rooms));
    for (size_t i = 0; i < join->n_rooms; i++) {
        join->rooms[i] = room(s, arena);
    }
}

static void say_part(struct script *s, struct arena *arena, Perch__Command *c)
{
    c->part = MAKE(arena, part);
    CODEC_SET(c->part, room,
              rarely(s, 4) ? room(s, arena) : joined(s, arena, c->session));
}

static void say_session_open(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    c->session_open = MAKE(arena, session_open);
    CODEC_SET(c->session_open, endpoint_id,
              text(endpoints[script_below(s, SCRIPT_ENDPOINTS)]));
    if (rarely(s, 50)) {
        CODEC_SET(c->session_open, endpoint_id,
                  fill(arena, script_below(s, 140), 'e'));
        if (c->session_open->endpoint_id.len > 60 &&
            c->session_open->endpoint_id.len <= ENDPOINT_ID_BYTES_MAX) {
            c->session_open->endpoint_id.len = 0; /* Too long for the twin. */
        }
    }
}

static uint64_t delivered(struct script *s)
{
    switch (script_below(s, 4)) {
    case 0:
        return 0;
    case 1:
        return s->index + script_below(s, 4);
    default:
        return script_below(s, (uint32_t)s->index + 2);
    }
}

static void say_session_close(struct script *s, struct arena *arena,
                              Perch__Command *c)
{
    c->session_close = MAKE(arena, session_close);
    CODEC_SET(c->session_close, serial, script_below(s, SERIALS));
    CODEC_SET(c->session_close, reason,
              (Perch__SessionClose__Reason)(rarely(s, 20)
                                                ? script_below(s, 6)
                                                : 1 + script_below(s, 3)));
    CODEC_SET(c->session_close, delivered_index, delivered(s));
}

static void say_node_mark(struct script *s, struct arena *arena,
                          Perch__Command *c)
{
    Perch__NodeMark *mark = c->node_mark = MAKE(arena, node_mark);
    size_t n = rarely(s, 200) ? 1020 + script_below(s, 8) : script_below(s, 4);

    CODEC_SET(mark, delivered_index,
              rarely(s, 3) ? delivered(s) : s->index - script_below(s, 3));
    mark->exceptions = arena_alloc(arena, n * sizeof(*mark->exceptions));
    mark->n_exceptions = n;
    for (size_t i = 0; i < n; i++) {
        mark->exceptions[i] = MAKE(arena, node_mark__exception);
        /* Few of a long list are of open sessions. */
        CODEC_SET(mark->exceptions[i], serial,
                  n > 8 ? 100 + i : 1 + script_below(s, SERIALS));
        CODEC_SET(mark->exceptions[i], delivered_index, delivered(s));
    }
}

static void say_noop(struct script *s, struct arena *arena, Perch__Command *c)
{
    (void)s;
    c->noop = MAKE(arena, noop);
}

static void say_probe(struct script *s, struct arena *arena, Perch__Command *c)
{
    c->probe = MAKE(arena, probe);
    CODEC_SET(c->probe, slot,
              rarely(s, 10) ? 1020 + script_below(s, 8) : script_below(s, 4));
    CODEC_SET(c->probe, payload,
              fill(arena,
                   rarely(s, 100) ? PROBE_BYTES_MAX + script_below(s, 2)
                                  : script_below(s, 40),
                   'p'));
}

static void say_node_started(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    c->node_started = MAKE(arena, node_started);
    CODEC_SET(c->node_started, start_id, fill(arena, 16, 0));
    CODEC_SET(c->node_started, rules_known,
              rarely(s, 10) ? 1 + script_below(s, 4) : 4);
    CODEC_SET(c->node_started, raft_id, script_below(s, 3));
    if (rarely(s, 30)) {
        CODEC_SET(c->node_started, rules_known, script_below(s, 3));
        CODEC_SET(c->node_started, start_id,
                  fill(arena, 14 + script_below(s, 4), 's'));
    }
}

static void say_node_lost(struct script *s, struct arena *arena,
                          Perch__Command *c)
{
    (void)s;
    c->node_lost = MAKE(arena, node_lost);
}

static void say_group_create(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    Perch__GroupCreate *group = c->group_create = MAKE(arena, group_create);

    CODEC_SET(group, uri, group_uri(s));
    if (rarely(s, 200)) {
        CODEC_SET(group, uri, fill(arena, 1020 + script_below(s, 10), 'g'));
        memcpy(group->uri.data, "group:", 6);
        group->uri.data[6] = '\n'; /* Never one that the twin would keep. */
    }
    if (rarely(s, 2)) {
        CODEC_SET(group, display_name, line(s, arena));
    }
    group->members = uri_list(s, arena, &group->n_members);
    too_many(s, arena, &group->n_members, &group->members);
}

static void say_group_change(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    Perch__GroupChange *group = c->group_change = MAKE(arena, group_change);

    CODEC_SET(group, uri, group_uri(s));
    if (rarely(s, 6)) {
        CODEC_SET(group, if_version, 1 + script_below(s, 9));
    }
    if (rarely(s, 6)) {
        CODEC_SET(group, display_name, line(s, arena));
    }
    group->members_add = uri_list(s, arena, &group->n_members_add);
    group->members_remove = uri_list(s, arena, &group->n_members_remove);
    too_many(s, arena, &group->n_members_add, &group->members_add);
}

static void say_session_expel(struct script *s, struct arena *arena,
                              Perch__Command *c)
{
    uint32_t node = script_below(s, TWIN_NODES + rarely(s, 20));

    c->session_expel = MAKE(arena, session_expel);
    CODEC_SET(c->session_expel, node, node);
    CODEC_SET(c->session_expel, epoch,
              s->twin->origins[node % TWIN_NODES].epoch + rarely(s, 9));
    CODEC_SET(c->session_expel, serial, script_below(s, SERIALS));
}

static void say_node_admit(struct script *s, struct arena *arena,
                           Perch__Command *c)
{
    c->node_admit = MAKE(arena, node_admit);
    CODEC_SET(c->node_admit, node, script_below(s, TWIN_NODES + rarely(s, 9)));
    if (rarely(s, 2)) {
        CODEC_SET(c->node_admit, raft_id, script_below(s, 3));
    }
}

static void say_rules_raise(struct script *s, struct arena *arena,
                            Perch__Command *c)
{
    c->rules_raise = MAKE(arena, rules_raise);
    CODEC_SET(c->rules_raise, version,
              rarely(s, 5) ? script_below(s, 6) : 1 + script_below(s, 3));
}

/* Values that limits of a small pool are hit with. */
static uint32_t small(struct script *s, uint32_t setting)
{
    if (rarely(s, 10)) {
        return rarely(s, 2) ? 0 : UINT32_MAX - script_below(s, 2);
    }
    switch (setting) {
    case SETTING_RETRY_WINDOW_S:
        return 1 + script_below(s, 90);
    case SETTING_RETRIES_MAX:
    case SETTING_ENDPOINTS_MAX:
        return 1 + script_below(s, 40);
    case SETTING_MESSAGE_CHARACTERS_MAX:
        return 1 + script_below(s, 12);
    case SETTING_REJOIN_POLICY:
        return script_below(s, 3);
    case SETTING_SESSIONS_MAX:
    case SETTING_ROOMS_MAX:
        return 2 + script_below(s, 60);
    default:
        return 1 + script_below(s, 12);
    }
}

static void say_pool_put(struct script *s, struct arena *arena,
                         Perch__Command *c)
{
    Perch__PoolPut *put = c->pool_put = MAKE(arena, pool_put);

    if (rarely(s, 2)) {
        CODEC_SET(put, domain,
                  text(rarely(s, 8) ? "bad..domain" : "X.example"));
        if (rarely(s, 8)) {
            CODEC_SET(put, domain, text("other.example"));
        }
    }
    if (rarely(s, 4)) {
        CODEC_SET(put, pool_uri, uri(s));
    }
    put->n_settings = script_below(s, 3);
    put->settings = arena_alloc(arena, 3 * sizeof(*put->settings));
    for (size_t i = 0; i < put->n_settings; i++) {
        uint32_t number =
            script_below(s, rarely(s, 20) ? SETTINGS + 2 : SETTINGS);

        put->settings[i] = MAKE(arena, pool_put__setting);
        CODEC_SET(put->settings[i], number, number);
        CODEC_SET(put->settings[i], value, small(s, number));
    }
}

static void say_user_create(struct script *s, struct arena *arena,
                            Perch__Command *c)
{
    Perch__UserCreate *user = c->user_create = MAKE(arena, user_create);

    CODEC_SET(user, uri, uri(s));
    if (rarely(s, 2)) {
        CODEC_SET(user, display_name, line(s, arena));
    }
    if (rarely(s, 2)) {
        CODEC_SET(user, ha1, fill(arena, rarely(s, 9) ? 15 : 16, 'h'));
    }
    if (rarely(s, 3)) {
        CODEC_SET(user, ha1_user, fill(arena, rarely(s, 9) ? 17 : 16, 'u'));
    }
    if (rarely(s, 9)) {
        CODEC_SET(user, disabled, true);
    }
}

static void say_user_change(struct script *s, struct arena *arena,
                            Perch__Command *c)
{
    Perch__UserChange *user = c->user_change = MAKE(arena, user_change);

    CODEC_SET(user, uri, uri(s));
    if (rarely(s, 4)) {
        CODEC_SET(user, if_version, 1 + script_below(s, 9));
    }
    if (rarely(s, 2)) {
        CODEC_SET(user, display_name, line(s, arena));
    }
    if (rarely(s, 3)) {
        CODEC_SET(user, ha1,
                  fill(arena, 16 * script_below(s, 2) + rarely(s, 9),
                       (char)('a' + script_below(s, 3))));
    }
    if (rarely(s, 6)) {
        CODEC_SET(user, ha1_user,
                  fill(arena, 16, (char)('b' + script_below(s, 2))));
    }
    if (rarely(s, 3)) {
        CODEC_SET(user, disabled, rarely(s, 6));
    }
}

static void scope_create(struct script *s, struct arena *arena,
                         Perch__CategoryCreate *made)
{
    if (rarely(s, 3)) {
        CODEC_SET(made, everyone, rarely(s, 2));
    }
    if (rarely(s, 2)) {
        CODEC_SET(made, invitations, rarely(s, 2));
        CODEC_SET(made, file_upload, rarely(s, 2));
        CODEC_SET(made, history, !rarely(s, 4));
    }
    made->allowed = uri_list(s, arena, &made->n_allowed);
    made->denied = uri_list(s, arena, &made->n_denied);
    made->creators = uri_list(s, arena, &made->n_creators);
}

static void scope_change(struct script *s, struct arena *arena,
                         Perch__CategoryChange *change)
{
    if (rarely(s, 2)) {
        CODEC_SET(change, everyone, !rarely(s, 4));
    }
    if (rarely(s, 6)) {
        CODEC_SET(change, invitations, rarely(s, 2));
    }
    if (rarely(s, 6)) {
        CODEC_SET(change, file_upload, rarely(s, 2));
    }
    if (rarely(s, 4)) {
        CODEC_SET(change, history, !rarely(s, 3));
    }
    if (rarely(s, 3)) {
        change->allowed_add = uri_list(s, arena, &change->n_allowed_add);
        change->denied_add = uri_list(s, arena, &change->n_denied_add);
        too_many(s, arena, &change->n_denied_add, &change->denied_add);
    }
    change->allowed_remove = uri_list(s, arena, &change->n_allowed_remove);
    change->denied_remove = uri_list(s, arena, &change->n_denied_remove);
    change->creators_add = uri_list(s, arena, &change->n_creators_add);
    change->creators_remove = uri_list(s, arena, &change->n_creators_remove);
}

static void say_category_create(struct script *s, struct arena *arena,
                                Perch__Command *c)
{
    c->category_create = MAKE(arena, category_create);
    CODEC_SET(c->category_create, category, guid(s, arena, 1, 4));
    CODEC_SET(c->category_create, name, line(s, arena));
    CODEC_SET(c->category_create, description, line(s, arena));
    if (rarely(s, 3)) {
        scope_create(s, arena, c->category_create);
    }
}

static void say_category_change(struct script *s, struct arena *arena,
                                Perch__Command *c)
{
    Perch__CategoryChange *change = c->category_change =
        MAKE(arena, category_change);

    CODEC_SET(change, category, category(s, arena));
    if (rarely(s, 4)) {
        CODEC_SET(change, if_version, 1 + script_below(s, 9));
    }
    if (rarely(s, 2)) {
        CODEC_SET(change, name, line(s, arena));
    }
    if (rarely(s, 2)) {
        CODEC_SET(change, description, line(s, arena));
    }
    if (!rarely(s, 4)) {
        scope_change(s, arena, change);
    }
}

static Perch__Visibility visibility(struct script *s)
{
    return (Perch__Visibility)(rarely(s, 20)  ? script_below(s, 8)
                               : rarely(s, 4) ? 2
                                              : 3 + 3 * script_below(s, 2));
}

static Perch__Behavior behavior(struct script *s)
{
    return (Perch__Behavior)(rarely(s, 20) ? script_below(s, 8)
                                           : 4 + script_below(s, 2));
}

static void say_room_create(struct script *s, struct arena *arena,
                            Perch__Command *c)
{
    Perch__RoomCreate *made = c->room_create = MAKE(arena, room_create);

    CODEC_SET(made, room, guid(s, arena, 7, 14));
    CODEC_SET(made, category, category(s, arena));
    CODEC_SET(made, name, line(s, arena));
    CODEC_SET(made, description, line(s, arena));
    if (!rarely(s, 4)) {
        CODEC_SET(made, visibility, visibility(s));
    }
    if (rarely(s, 20)) {
        CODEC_SET(made, disabled, true);
    }
    made->members = uri_list(s, arena, &made->n_members);
    made->managers = uri_list(s, arena, &made->n_managers);
    if (rarely(s, 4)) {
        CODEC_SET(made, behavior, behavior(s));
        made->presenters = uri_list(s, arena, &made->n_presenters);
    }
    if (rarely(s, 6)) {
        CODEC_SET(made, invitations, rarely(s, 2));
        CODEC_SET(made, file_upload, rarely(s, 2));
    }
    too_many(s, arena, &made->n_members, &made->members);
}

static void say_room_change(struct script *s, struct arena *arena,
                            Perch__Command *c)
{
    Perch__RoomChange *change = c->room_change = MAKE(arena, room_change);

    CODEC_SET(change, room, room(s, arena));
    if (rarely(s, 6)) {
        CODEC_SET(change, if_version, 1 + script_below(s, 9));
    }
    if (rarely(s, 4)) {
        CODEC_SET(change, category, category(s, arena));
    }
    if (rarely(s, 4)) {
        CODEC_SET(change, name, line(s, arena));
    }
    if (rarely(s, 4)) {
        CODEC_SET(change, description, line(s, arena));
    }
    if (rarely(s, 4)) {
        CODEC_SET(change, visibility, visibility(s));
    }
    if (rarely(s, 4)) {
        CODEC_SET(change, disabled, rarely(s, 8));
    }
    if (rarely(s, 8)) {
        CODEC_SET(change, behavior, behavior(s));
    }
    if (rarely(s, 8)) {
        CODEC_SET(change, invitations, rarely(s, 2));
    }
    if (rarely(s, 8)) {
        CODEC_SET(change, file_upload, rarely(s, 2));
    }
    if (rarely(s, 6)) {
        change->presenters_add = uri_list(s, arena, &change->n_presenters_add);
        change->presenters_remove =
            uri_list(s, arena, &change->n_presenters_remove);
    }
    if (rarely(s, 2)) {
        change->members_add = uri_list(s, arena, &change->n_members_add);
        change->members_remove = uri_list(s, arena, &change->n_members_remove);
        change->managers_add = uri_list(s, arena, &change->n_managers_add);
        change->managers_remove =
            uri_list(s, arena, &change->n_managers_remove);
        too_many(s, arena, &change->n_managers_remove,
                 &change->managers_remove);
    }
}

static const struct {
    Perch__Command__KindCase kind;
    void (*say)(struct script *s, struct arena *arena, Perch__Command *c);
    uint32_t weight;
    char actor; /* u: user, a: administrator, m: one of them, -: nobody. */
} kinds[] = {
    {PERCH__COMMAND__KIND_POST, say_post, 350, 'u'},
    {PERCH__COMMAND__KIND_JOIN, say_join, 150, 'u'},
    {PERCH__COMMAND__KIND_PART, say_part, 50, 'u'},
    {PERCH__COMMAND__KIND_SESSION_OPEN, say_session_open, 60, 'u'},
    {PERCH__COMMAND__KIND_SESSION_CLOSE, say_session_close, 15, '-'},
    {PERCH__COMMAND__KIND_NODE_MARK, say_node_mark, 25, '-'},
    {PERCH__COMMAND__KIND_NOOP, say_noop, 5, '-'},
    {PERCH__COMMAND__KIND_PROBE, say_probe, 10, '-'},
    {PERCH__COMMAND__KIND_NODE_STARTED, say_node_started, 2, '-'},
    {PERCH__COMMAND__KIND_NODE_LOST, say_node_lost, 3, '-'},
    {PERCH__COMMAND__KIND_RULES_RAISE, say_rules_raise, 6, '-'},
    {PERCH__COMMAND__KIND_POOL_PUT, say_pool_put, 15, 'a'},
    {PERCH__COMMAND__KIND_USER_CREATE, say_user_create, 15, 'a'},
    {PERCH__COMMAND__KIND_USER_CHANGE, say_user_change, 20, 'a'},
    {PERCH__COMMAND__KIND_CATEGORY_CREATE, say_category_create, 8, 'a'},
    {PERCH__COMMAND__KIND_CATEGORY_CHANGE, say_category_change, 25, 'a'},
    {PERCH__COMMAND__KIND_ROOM_CREATE, say_room_create, 25, 'm'},
    {PERCH__COMMAND__KIND_ROOM_CHANGE, say_room_change, 80, 'm'},
    {PERCH__COMMAND__KIND_SESSION_EXPEL, say_session_expel, 10, 'a'},
    {PERCH__COMMAND__KIND_NODE_ADMIT, say_node_admit, 4, 'a'},
    {PERCH__COMMAND__KIND_GROUP_CREATE, say_group_create, 8, 'a'},
    {PERCH__COMMAND__KIND_GROUP_CHANGE, say_group_change, 40, 'a'},
};

static uint32_t place_of(Perch__Command__KindCase kind)
{
    uint32_t i = 0;

    while (kinds[i].kind != kind) {
        i += 1;
        CHECK(i < COUNT(kinds));
    }
    return i;
}

/* What a young pool needs first; NOT_SET when it has it. */
static Perch__Command__KindCase missing(struct script *s, int node)
{
    if (!s->twin->origins[node].known) {
        return PERCH__COMMAND__KIND_NODE_STARTED;
    }
    if (s->twin->domain.len == 0) {
        return PERCH__COMMAND__KIND_POOL_PUT;
    }
    if (s->twin->n_places == 0) {
        return PERCH__COMMAND__KIND_CATEGORY_CREATE;
    }
    if (s->twin->n_users < 3) {
        return PERCH__COMMAND__KIND_USER_CREATE;
    }
    return s->twin->n_places < 4 ? PERCH__COMMAND__KIND_ROOM_CREATE
                                 : PERCH__COMMAND__KIND__NOT_SET;
}

static uint32_t pick(struct script *s, int node)
{
    Perch__Command__KindCase first = missing(s, node);
    uint32_t all = 0, at;

    if (first != PERCH__COMMAND__KIND__NOT_SET && !rarely(s, 10)) {
        return place_of(first);
    }
    for (uint32_t i = 0; i < COUNT(kinds); i++) {
        all += kinds[i].weight;
    }
    at = script_below(s, all);
    for (uint32_t i = 0; i < COUNT(kinds); i++) {
        if (at < kinds[i].weight) {
            return i;
        }
        at -= kinds[i].weight;
    }
    CHECK_UNREACHABLE();
}

/* A serial of an open session of the node, mostly. */
static uint64_t serial(struct script *s, int node)
{
    for (int i = 0; i < 200 && !rarely(s, 2000); i++) {
        const struct twin_session *session =
            &s->twin->sessions[script_below(s, TWIN_SESSIONS)];

        if (session->open && session->node == node) {
            return session->serial;
        }
    }
    return script_below(s, SERIALS);
}

/* The session's user, mostly. */
static ProtobufCBinaryData user_of(struct script *s, int node, uint64_t serial)
{
    for (int i = 0; i < TWIN_SESSIONS && !rarely(s, 2000); i++) {
        const struct twin_session *session = &s->twin->sessions[i];
        const struct twin_text *who = &s->twin->users[session->user].uri;

        if (session->open && session->node == node &&
            session->serial == serial) {
            return codec_bytes(slice_of(who->bytes, who->len));
        }
    }
    return uri(s);
}

static void act_as_user(struct script *s, int node, Perch__Command *c)
{
    CODEC_SET(c, session, serial(s, node));
    if (c->kind_case == PERCH__COMMAND__KIND_SESSION_OPEN && !rarely(s, 20)) {
        CODEC_SET(c, session, 1 + script_below(s, SERIALS));
        CODEC_SET(c, user, uri(s));
        return;
    }
    CODEC_SET(c, user, user_of(s, node, c->session));
}

static void act(struct script *s, struct arena *arena, int node, char actor,
                Perch__Command *c)
{
    if (rarely(s, 100)) {
        actor = "ua-b"[script_below(s, 4)];
    }
    if (actor == 'm') {
        actor = "ua"[rarely(s, 2)];
    }
    if (actor == 'u' || actor == 'b') {
        act_as_user(s, node, c);
    }
    if (actor == 'a' || actor == 'b') {
        CODEC_SET(c, administrator,
                  rarely(s, 100) ? fill(arena, 250 + script_below(s, 9), 'a')
                                 : text("root"));
        CODEC_SET(c, source, text(rarely(s, 100) ? "\xff" : "socket"));
    }
    if (rarely(s, 100)) {
        CODEC_SET(c, needs_rules, script_below(s, 4));
    }
}

static void number_entry(struct script *s, const struct twin *twin,
                         struct applied_entry *entry)
{
    const struct twin_origin *origin = &twin->origins[entry->node];

    entry->epoch = origin->epoch;
    entry->number = origin->number + 1;
    switch (script_below(s, 60)) {
    case 0:
        entry->epoch = script_below(s, (uint32_t)s->index);
        break;
    case 1:
        entry->number = script_below(s, (uint32_t)origin->number + 1);
        break;
    case 2:
        entry->number += 1 + script_below(s, 3);
        break;
    default:
        break;
    }
}

static void start(struct script *s, struct applied_entry *entry,
                  Perch__NodeStarted *started)
{
    uint32_t number;

    if (!rarely(s, 10)) {
        entry->epoch = 0;
        entry->number = 0;
    }
    if (started->start_id.len != 16) {
        return;
    }
    if (rarely(s, 2) && s->starts[entry->node] > 0) { /* Some late one. */
        number = script_below(s, 12) % (s->starts[entry->node] + 1);
        number = s->starts[entry->node] - number;
    } else {
        number = ++s->starts[entry->node];
    }
    memcpy(started->start_id.data, &number, sizeof(number));
}

static void lose(struct script *s, const struct twin *twin,
                 Perch__NodeLost *lost)
{
    uint32_t node = 1 + script_below(s, TWIN_NODES - 1);

    CODEC_SET(lost, epoch, twin->origins[node].epoch);
    if (rarely(s, 5)) {
        CODEC_SET(lost, epoch, script_below(s, (uint32_t)s->index));
    }
    CODEC_SET(lost, node, rarely(s, 20) ? node + 256 : node);
}

static int64_t stamp(struct script *s, const struct twin *twin)
{
    s->clock_us = twin->now + script_below(s, rarely(s, 3) ? 3000000 : 999);
    switch (script_below(s, 200)) {
    case 0:
        return (int64_t)script_below(s, 1000) - 500; /* 1970. */
    case 1:
        return INT64_MAX - script_below(s, 3);
    case 2:
        return SENT_AT_US_MAX + 1;
    case 3:
        return s->clock_us + INT64_C(3600000000) * script_below(s, 30);
    default:
        return s->clock_us;
    }
}

struct script_entry script_next(struct script *s, const struct twin *twin,
                                struct arena *arena)
{
    struct script_entry made = {.command = MAKE(arena, command)};
    struct applied_entry *entry = &made.entry;
    uint32_t kind;

    s->twin = twin;
    s->index += 1 + rarely(s, 50);
    entry->index = s->index;
    entry->term = 1;
    /* The last node starts rarely; the first does most. */
    entry->node = (uint8_t)(1 + script_below(s, rarely(s, 9) ? 5 : 2));
    entry->sent_at_us = stamp(s, twin);
    number_entry(s, twin, entry);
    kind = pick(s, entry->node);
    made.command->kind_case = kinds[kind].kind;
    act(s, arena, entry->node, kinds[kind].actor, made.command);
    kinds[kind].say(s, arena, made.command);
    if (kinds[kind].kind == PERCH__COMMAND__KIND_NODE_STARTED) {
        start(s, entry, made.command->node_started);
    }
    if (kinds[kind].kind == PERCH__COMMAND__KIND_NODE_LOST) {
        lose(s, twin, made.command->node_lost);
    }
    if (rarely(s, 300)) {
        made.command->kind_case = PERCH__COMMAND__KIND__NOT_SET;
    }
    if (rarely(s, 300)) {
        made.command = NULL;
    }
    return made;
}
