#include <string.h>

#include "proto/base/check.h"
#include "tests/model/script_attend.h"
#include "tests/model/script_parts.h"

static const char *const uris[] = {
    "sip:a@x.example", "sip:b@x.example", "sip:C@x.example", "SIP:d@X.example",
    "sip:e@x.example", "sip:f@y",         "sip:never@x",     "nonsense",
    "sip:a b@x",       "sip:@x",
};
enum { URIS_GOOD = 6 };

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

ProtobufCBinaryData script_uri(struct script *s)
{
    return script_text(
        uris[script_below(s, script_rarely(s, 30) ? COUNT(uris) : URIS_GOOD)]);
}

ProtobufCBinaryData script_group(struct script *s)
{
    return script_text(group_uris[script_below(
        s, script_rarely(s, 30) ? COUNT(group_uris) : GROUPS_GOOD)]);
}

static ProtobufCBinaryData principal(struct script *s)
{
    return s->twin->rules > 1 && script_rarely(s, 3) ? script_group(s)
                                                     : script_uri(s);
}

static ProtobufCBinaryData name(struct script *s, struct arena *arena)
{
    return script_rarely(s, 40)
               ? script_fill(arena, 250 + script_below(s, 10), 'n')
               : script_text(names[script_below(s, COUNT(names))]);
}

/* A name that fits the twin's memory even when it is accepted: of 257 or more
 * characters or of few. */
static ProtobufCBinaryData line(struct script *s, struct arena *arena)
{
    ProtobufCBinaryData made = name(s, arena);

    return made.len > 60 ? script_fill(arena, 257, 'n') : made;
}

/* Guids 1-12 are meant for categories, 20-59 for rooms. */
static ProtobufCBinaryData guid(struct script *s, struct arena *arena,
                                uint32_t from, uint32_t n)
{
    char byte = (char)(from + script_below(s, n));

    if (script_rarely(s, 60)) {
        return script_fill(arena, script_below(s, 18),
                           (char)script_below(s, 24));
    }
    return script_fill(arena, 16, byte);
}

/* A place there is, mostly. */
ProtobufCBinaryData script_place(struct script *s, struct arena *arena,
                                 bool is_room)
{
    for (int i = 0; i < 8 && s->twin->n_places > 0 && !script_rarely(s, 20);
         i++) {
        const struct twin_place *place =
            &s->twin->places[1 + script_below(s, s->twin->n_places)];

        if (place->is_room == is_room && (!place->gone || i == 7)) {
            return codec_bytes(slice_of(place->guid.bytes, GUID_BYTES));
        }
    }
    return is_room ? guid(s, arena, 20, 40) : guid(s, arena, 1, 12);
}

static ProtobufCBinaryData room(struct script *s, struct arena *arena)
{
    return script_place(s, arena, true);
}

ProtobufCBinaryData script_category(struct script *s, struct arena *arena)
{
    return script_place(s, arena, false);
}

ProtobufCBinaryData script_room(struct script *s, struct arena *arena)
{
    return room(s, arena);
}

ProtobufCBinaryData script_words(struct script *s)
{
    return script_text(
        texts[script_below(s, script_rarely(s, 8) ? COUNT(texts) : 2)]);
}

static ProtobufCBinaryData *uri_list(struct script *s, struct arena *arena,
                                     size_t *n)
{
    ProtobufCBinaryData *list = arena_alloc(arena, 8 * sizeof(*list));

    *n = script_rarely(s, 2) ? 0 : script_below(s, 5);
    for (size_t i = 0; i < *n; i++) {
        list[i] = principal(s);
    }
    return list;
}

/* A list longer than any may be, now and then. */
static void too_many(struct script *s, struct arena *arena, size_t *n,
                     ProtobufCBinaryData **list)
{
    if (!script_rarely(s, 400)) {
        return;
    }
    *n = ROLES_PER_COMMAND_MAX + script_below(s, 2);
    *list = arena_alloc(arena, *n * sizeof(**list));
    for (size_t i = 0; i < *n; i++) {
        (*list)[i] = script_text(uris[i % URIS_GOOD]);
    }
}

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
              script_rarely(s, 4) ? room(s, arena)
                                  : joined(s, arena, c->session));
    CODEC_SET(post, text, script_words(s));
    if (script_rarely(s, 10) && s->twin->rules > 2) {
        CODEC_SET(post, story, !script_rarely(s, 5));
        if (script_rarely(s, 5)) {
            CODEC_SET(post, text, script_text(" \t\nuntitled"));
        }
    }
    if (script_rarely(s, 500)) {
        CODEC_SET(post, text,
                  script_fill(arena, 7990 + script_below(s, 20), 'x'));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(post, extra,
                  script_text(texts[script_below(
                      s, script_rarely(s, 9) ? COUNT(texts) : 2)]));
    }
    if (script_rarely(s, 1000)) {
        CODEC_SET(
            post, extra,
            script_fill(arena, EXTRA_BYTES_MAX + script_below(s, 2), ' '));
    }
    if (!script_rarely(s, 3)) {
        char id[2] = {(char)('a' + script_below(s, 8)), '\0'};

        CODEC_SET(post, retry_id,
                  codec_bytes(arena_copy_slice(arena, slice_of_text(id))));
    }
    if (script_rarely(s, 100)) {
        CODEC_SET(post, retry_id,
                  script_fill(arena, script_below(s, 3) * 40, ' '));
    }
    if (script_rarely(s, s->twin->rules > 2 ? 10 : 200)) {
        CODEC_SET(post, annotation,
                  script_rarely(s, 8)
                      ? script_fill(arena, 2047 + script_below(s, 3), 'n')
                      : script_text(texts[script_below(s, COUNT(texts))]));
    }
}

static void say_join(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__Join *join = c->join = MAKE(arena, join);

    join->n_rooms = script_rarely(s, 3) ? script_below(s, 9) : 1;
    join->rooms = arena_alloc(arena, 9 * sizeof(*join->rooms));
    for (size_t i = 0; i < join->n_rooms; i++) {
        join->rooms[i] = room(s, arena);
    }
}

static void say_part(struct script *s, struct arena *arena, Perch__Command *c)
{
    c->part = MAKE(arena, part);
    CODEC_SET(c->part, room,
              script_rarely(s, 4) ? room(s, arena)
                                  : joined(s, arena, c->session));
}

static void say_session_open(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    c->session_open = MAKE(arena, session_open);
    CODEC_SET(c->session_open, endpoint_id,
              script_text(script_endpoint(script_below(s, SCRIPT_ENDPOINTS))));
    if (script_rarely(s, 50)) {
        CODEC_SET(c->session_open, endpoint_id,
                  script_fill(arena, script_below(s, 140), 'e'));
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
              (Perch__SessionClose__Reason)(script_rarely(s, 20)
                                                ? script_below(s, 6)
                                                : 1 + script_below(s, 3)));
    CODEC_SET(c->session_close, delivered_index, delivered(s));
}

static void say_node_mark(struct script *s, struct arena *arena,
                          Perch__Command *c)
{
    Perch__NodeMark *mark = c->node_mark = MAKE(arena, node_mark);
    size_t n =
        script_rarely(s, 200) ? 1020 + script_below(s, 8) : script_below(s, 4);

    CODEC_SET(mark, delivered_index,
              script_rarely(s, 3) ? delivered(s)
                                  : s->index - script_below(s, 3));
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
              script_rarely(s, 10) ? 1020 + script_below(s, 8)
                                   : script_below(s, 4));
    CODEC_SET(c->probe, payload,
              script_fill(arena,
                          script_rarely(s, 100)
                              ? PROBE_BYTES_MAX + script_below(s, 2)
                              : script_below(s, 40),
                          'p'));
}

static void say_node_started(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    c->node_started = MAKE(arena, node_started);
    CODEC_SET(c->node_started, start_id, script_fill(arena, 16, 0));
    CODEC_SET(c->node_started, rules_known,
              script_rarely(s, 10) ? 1 + script_below(s, 5) : 5);
    CODEC_SET(c->node_started, raft_id, script_below(s, 3));
    script_seen(s, c->node_started);
    if (script_rarely(s, 30)) {
        CODEC_SET(c->node_started, rules_known, script_below(s, 3));
        CODEC_SET(c->node_started, start_id,
                  script_fill(arena, 14 + script_below(s, 4), 's'));
    }
}

static void say_node_lost(struct script *s, struct arena *arena,
                          Perch__Command *c)
{
    (void)s;
    c->node_lost = MAKE(arena, node_lost);
}

static Perch__ChatPolicy chat(struct script *s)
{
    return (Perch__ChatPolicy)(script_rarely(s, 20)  ? script_below(s, 5)
                               : script_rarely(s, 4) ? 2
                                                     : script_below(s, 2));
}

/* Few names, so that they meet again; now and then more than there may be, and
 * now and then no name. */
static ProtobufCBinaryData owner(struct script *s, struct arena *arena)
{
    static const char *const owners[] = {"corp", "hr.eu", "x-_9", "",
                                         "Corp", "a b",   "\xff"};
    ProtobufCBinaryData many;

    if (script_rarely(s, 60)) {
        return script_fill(arena, 62 + script_below(s, 5), 'o');
    }
    if (script_rarely(s, 3)) {
        many = script_fill(arena, 2, 'd');
        many.data[1] = (uint8_t)('a' + script_below(s, 16));
        return many;
    }
    return script_text(
        owners[script_below(s, script_rarely(s, 9) ? COUNT(owners) : 4)]);
}

static ProtobufCBinaryData run(struct script *s, struct arena *arena)
{
    static const char *const runs[] = {"r1", "r2", "r3", "", "bad run"};

    return script_rarely(s, 90)
               ? script_fill(arena, 62 + script_below(s, 5), 'r')
               : script_text(runs[script_below(s, COUNT(runs))]);
}

static void say_owner_report(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    Perch__OwnerReport *report = c->owner_report = MAKE(arena, owner_report);

    CODEC_SET(report, owner, owner(s, arena));
    CODEC_SET(report, holder,
              script_text(script_rarely(s, 2) ? "node1" : "node2"));
    if (script_rarely(s, 30)) {
        CODEC_SET(report, holder,
                  script_fill(arena, 126 + script_below(s, 5), 'h'));
        report->holder.data[3] = ' '; /* Never one the twin would keep. */
    }
    if (script_rarely(s, 2)) {
        CODEC_SET(report, lease_s,
                  script_rarely(s, 9) ? 3599 + script_below(s, 3)
                                      : script_below(s, 300));
    }
    if (!script_rarely(s, 30)) {
        CODEC_SET(report, phase,
                  (Perch__OwnerReport__Phase)(1 + script_below(s, 5)));
    }
    CODEC_SET(report, run, run(s, arena));
    if (script_rarely(s, 2)) {
        CODEC_SET(report, text, line(s, arena));
    }
    CODEC_SET(report, users, script_below(s, 9));
    CODEC_SET(report, groups, script_below(s, 9));
    CODEC_SET(report, changes, script_below(s, 9));
    CODEC_SET(report, leaving, script_below(s, 9));
}

static void say_owner_confirm(struct script *s, struct arena *arena,
                              Perch__Command *c)
{
    c->owner_confirm = MAKE(arena, owner_confirm);
    CODEC_SET(c->owner_confirm, run, run(s, arena));
}

static void say_group_create(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    Perch__GroupCreate *group = c->group_create = MAKE(arena, group_create);

    CODEC_SET(group, uri, script_group(s));
    if (script_rarely(s, 200)) {
        CODEC_SET(group, uri,
                  script_fill(arena, 1020 + script_below(s, 10), 'g'));
        memcpy(group->uri.data, "group:", 6);
        group->uri.data[6] = '\n'; /* Never one that the twin would keep. */
    }
    if (script_rarely(s, 2)) {
        CODEC_SET(group, display_name, line(s, arena));
    }
    if (script_rarely(s, 6)) {
        CODEC_SET(group, chat, chat(s));
    }
    if (script_rarely(s, 9)) {
        CODEC_SET(group, owner, owner(s, arena));
    }
    group->members = uri_list(s, arena, &group->n_members);
    too_many(s, arena, &group->n_members, &group->members);
}

static void say_group_change(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    Perch__GroupChange *group = c->group_change = MAKE(arena, group_change);

    CODEC_SET(group, uri, script_group(s));
    if (script_rarely(s, 6)) {
        CODEC_SET(group, if_version, 1 + script_below(s, 9));
    }
    if (script_rarely(s, 6)) {
        CODEC_SET(group, display_name, line(s, arena));
    }
    if (script_rarely(s, 6)) {
        CODEC_SET(group, chat, chat(s));
    }
    if (script_rarely(s, 9)) {
        CODEC_SET(group, owner, owner(s, arena));
    }
    group->members_add = uri_list(s, arena, &group->n_members_add);
    group->members_remove = uri_list(s, arena, &group->n_members_remove);
    too_many(s, arena, &group->n_members_add, &group->members_add);
}

static void say_session_expel(struct script *s, struct arena *arena,
                              Perch__Command *c)
{
    uint32_t node = script_below(s, TWIN_NODES + script_rarely(s, 20));

    c->session_expel = MAKE(arena, session_expel);
    CODEC_SET(c->session_expel, node, node);
    CODEC_SET(c->session_expel, epoch,
              s->twin->origins[node % TWIN_NODES].epoch + script_rarely(s, 9));
    CODEC_SET(c->session_expel, serial, script_below(s, SERIALS));
}

static void say_node_admit(struct script *s, struct arena *arena,
                           Perch__Command *c)
{
    c->node_admit = MAKE(arena, node_admit);
    CODEC_SET(c->node_admit, node,
              script_below(s, TWIN_NODES + script_rarely(s, 9)));
    if (script_rarely(s, 2)) {
        CODEC_SET(c->node_admit, raft_id, script_below(s, 3));
    }
}

static void say_rules_raise(struct script *s, struct arena *arena,
                            Perch__Command *c)
{
    c->rules_raise = MAKE(arena, rules_raise);
    CODEC_SET(c->rules_raise, version,
              script_rarely(s, 5) ? script_below(s, 6)
                                  : 1 + script_below(s, 4));
}

/* Values that limits of a small pool are hit with. */
static uint32_t small(struct script *s, uint32_t setting)
{
    if (script_rarely(s, 10)) {
        return script_rarely(s, 2) ? 0 : UINT32_MAX - script_below(s, 2);
    }
    switch (setting) {
    case SETTING_RETRY_WINDOW_S:
        return 1 + script_below(s, 90);
    case SETTING_RETRIES_MAX:
    case SETTING_ENDPOINTS_MAX:
        return 1 + script_below(s, 40);
    case SETTING_MESSAGE_CHARACTERS_MAX:
        return 1 + script_below(s, 12);
    case SETTING_CORRECTION_WINDOW_S:
        return script_rarely(s, 6) ? 0 : 1 + script_below(s, 60);
    case SETTING_CHAT_ENABLED:
        return !script_rarely(s, 3);
    case SETTING_REJOIN_POLICY:
        return script_below(s, 3);
    case SETTING_SESSIONS_MAX:
    case SETTING_ROOMS_MAX:
        return 2 + script_below(s, 60);
    default:
        return 1 + script_below(s, 12);
    }
}

static ProtobufCBinaryData web_url(struct script *s, struct arena *arena)
{
    static const char *const urls[] = {
        "http://a", "https://b.example/c", "HTTPS://d", "http://",
        "ftp://e",  "https://f g",
    };

    return script_rarely(s, 40)
               ? script_fill(arena, 256, 'u')
               : script_text(urls[script_below(
                     s, script_rarely(s, 9) ? COUNT(urls) : 3)]);
}

static void say_pool_put(struct script *s, struct arena *arena,
                         Perch__Command *c)
{
    Perch__PoolPut *put = c->pool_put = MAKE(arena, pool_put);

    if (script_rarely(s, 2)) {
        CODEC_SET(
            put, domain,
            script_text(script_rarely(s, 8) ? "bad..domain" : "X.example"));
        if (script_rarely(s, 8)) {
            CODEC_SET(put, domain, script_text("other.example"));
        }
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(put, pool_uri, script_uri(s));
    }
    if (s->twin->rules > 2 && script_rarely(s, 6)) {
        CODEC_SET(put, web_url,
                  script_rarely(s, 3) ? script_text("") : web_url(s, arena));
    }
    put->n_settings = script_below(s, 3);
    put->settings = arena_alloc(arena, 3 * sizeof(*put->settings));
    for (size_t i = 0; i < put->n_settings; i++) {
        uint32_t number =
            script_below(s, script_rarely(s, 20) ? SETTINGS + 2 : SETTINGS);

        put->settings[i] = MAKE(arena, pool_put__setting);
        CODEC_SET(put->settings[i], number, number);
        CODEC_SET(put->settings[i], value, small(s, number));
    }
}

static void say_user_create(struct script *s, struct arena *arena,
                            Perch__Command *c)
{
    Perch__UserCreate *user = c->user_create = MAKE(arena, user_create);

    CODEC_SET(user, uri, script_uri(s));
    if (script_rarely(s, 2)) {
        CODEC_SET(user, display_name, line(s, arena));
    }
    if (script_rarely(s, 2)) {
        CODEC_SET(user, ha1,
                  script_fill(arena, script_rarely(s, 9) ? 15 : 16, 'h'));
    }
    if (script_rarely(s, 3)) {
        CODEC_SET(user, ha1_user,
                  script_fill(arena, script_rarely(s, 9) ? 17 : 16, 'u'));
    }
    if (script_rarely(s, 9)) {
        CODEC_SET(user, disabled, true);
    }
    if (script_rarely(s, 9)) {
        CODEC_SET(user, chat, chat(s));
    }
    if (script_rarely(s, 9)) {
        CODEC_SET(user, owner, owner(s, arena));
    }
}

static void say_user_change(struct script *s, struct arena *arena,
                            Perch__Command *c)
{
    Perch__UserChange *user = c->user_change = MAKE(arena, user_change);

    CODEC_SET(user, uri, script_uri(s));
    if (script_rarely(s, 4)) {
        CODEC_SET(user, if_version, 1 + script_below(s, 9));
    }
    if (script_rarely(s, 2)) {
        CODEC_SET(user, display_name, line(s, arena));
    }
    if (script_rarely(s, 3)) {
        CODEC_SET(user, ha1,
                  script_fill(arena,
                              16 * script_below(s, 2) + script_rarely(s, 9),
                              (char)('a' + script_below(s, 3))));
    }
    if (script_rarely(s, 6)) {
        CODEC_SET(user, ha1_user,
                  script_fill(arena, 16, (char)('b' + script_below(s, 2))));
    }
    if (script_rarely(s, 3)) {
        CODEC_SET(user, disabled, script_rarely(s, 6));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(user, chat, chat(s));
    }
    if (script_rarely(s, 9)) {
        CODEC_SET(user, owner, owner(s, arena));
    }
}

static void scope_create(struct script *s, struct arena *arena,
                         Perch__CategoryCreate *made)
{
    if (script_rarely(s, 3)) {
        CODEC_SET(made, everyone, script_rarely(s, 2));
    }
    if (script_rarely(s, 2)) {
        CODEC_SET(made, invitations, script_rarely(s, 2));
        CODEC_SET(made, file_upload, script_rarely(s, 2));
        CODEC_SET(made, history, !script_rarely(s, 4));
    }
    made->allowed = uri_list(s, arena, &made->n_allowed);
    made->denied = uri_list(s, arena, &made->n_denied);
    made->creators = uri_list(s, arena, &made->n_creators);
}

static void scope_change(struct script *s, struct arena *arena,
                         Perch__CategoryChange *change)
{
    if (script_rarely(s, 2)) {
        CODEC_SET(change, everyone, !script_rarely(s, 4));
    }
    if (script_rarely(s, 6)) {
        CODEC_SET(change, invitations, script_rarely(s, 2));
    }
    if (script_rarely(s, 6)) {
        CODEC_SET(change, file_upload, script_rarely(s, 2));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(change, history, !script_rarely(s, 3));
    }
    if (script_rarely(s, 3)) {
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
    CODEC_SET(c->category_create, category, guid(s, arena, 1, 12));
    CODEC_SET(c->category_create, name, line(s, arena));
    CODEC_SET(c->category_create, description, line(s, arena));
    if (script_rarely(s, 3)) {
        scope_create(s, arena, c->category_create);
    }
}

static void say_category_change(struct script *s, struct arena *arena,
                                Perch__Command *c)
{
    Perch__CategoryChange *change = c->category_change =
        MAKE(arena, category_change);

    CODEC_SET(change, category, script_category(s, arena));
    if (script_rarely(s, 4)) {
        CODEC_SET(change, if_version, 1 + script_below(s, 9));
    }
    if (script_rarely(s, 2)) {
        CODEC_SET(change, name, line(s, arena));
    }
    if (script_rarely(s, 2)) {
        CODEC_SET(change, description, line(s, arena));
    }
    if (!script_rarely(s, 4)) {
        scope_change(s, arena, change);
    }
}

static Perch__Visibility visibility(struct script *s)
{
    return (Perch__Visibility)(script_rarely(s, 20) ? script_below(s, 8)
                               : script_rarely(s, 4)
                                   ? 2
                                   : 3 + 3 * script_below(s, 2));
}

static Perch__Behavior behavior(struct script *s)
{
    return (Perch__Behavior)(script_rarely(s, 20) ? script_below(s, 8)
                                                  : 4 + script_below(s, 2));
}

/* Guids 30-33 are those of add-ins. */
static ProtobufCBinaryData addin_id(struct script *s, struct arena *arena)
{
    return guid(s, arena, 30, 4);
}

static ProtobufCBinaryData addin_name(struct script *s, struct arena *arena)
{
    return script_rarely(s, 20)
               ? script_fill(arena, 51 + script_below(s, 3), 'n')
               : script_text(names[script_below(s, COUNT(names))]);
}

static void say_addin_create(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    c->addin_create = MAKE(arena, addin_create);
    CODEC_SET(c->addin_create, addin, addin_id(s, arena));
    CODEC_SET(c->addin_create, name, addin_name(s, arena));
    CODEC_SET(c->addin_create, url, web_url(s, arena));
}

static void say_addin_change(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    c->addin_change = MAKE(arena, addin_change);
    CODEC_SET(c->addin_change, addin, addin_id(s, arena));
    if (script_rarely(s, 3)) {
        CODEC_SET(c->addin_change, if_version, 1 + script_below(s, 3));
    }
    if (script_rarely(s, 2)) {
        CODEC_SET(c->addin_change, name, addin_name(s, arena));
    }
    if (script_rarely(s, 2)) {
        CODEC_SET(c->addin_change, url, web_url(s, arena));
    }
}

static void say_addin_delete(struct script *s, struct arena *arena,
                             Perch__Command *c)
{
    c->addin_delete = MAKE(arena, addin_delete);
    CODEC_SET(c->addin_delete, addin, addin_id(s, arena));
    if (script_rarely(s, 3)) {
        CODEC_SET(c->addin_delete, if_version, 1 + script_below(s, 3));
    }
}

static void say_room_create(struct script *s, struct arena *arena,
                            Perch__Command *c)
{
    Perch__RoomCreate *made = c->room_create = MAKE(arena, room_create);

    CODEC_SET(made, room, guid(s, arena, 20, 40));
    CODEC_SET(made, category, script_category(s, arena));
    CODEC_SET(made, name, line(s, arena));
    CODEC_SET(made, description, line(s, arena));
    if (!script_rarely(s, 4)) {
        CODEC_SET(made, visibility, visibility(s));
    }
    if (script_rarely(s, 20)) {
        CODEC_SET(made, disabled, true);
    }
    made->members = uri_list(s, arena, &made->n_members);
    made->managers = uri_list(s, arena, &made->n_managers);
    if (script_rarely(s, 4)) {
        CODEC_SET(made, behavior, behavior(s));
        made->presenters = uri_list(s, arena, &made->n_presenters);
    }
    if (script_rarely(s, 6)) {
        CODEC_SET(made, invitations, script_rarely(s, 2));
        CODEC_SET(made, file_upload, script_rarely(s, 2));
    }
    if (script_rarely(s, 8)) {
        CODEC_SET(made, addin, addin_id(s, arena));
    }
    too_many(s, arena, &made->n_members, &made->members);
}

static void say_room_change(struct script *s, struct arena *arena,
                            Perch__Command *c)
{
    Perch__RoomChange *change = c->room_change = MAKE(arena, room_change);

    CODEC_SET(change, room, room(s, arena));
    if (script_rarely(s, 6)) {
        CODEC_SET(change, if_version, 1 + script_below(s, 9));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(change, category, script_category(s, arena));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(change, name, line(s, arena));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(change, description, line(s, arena));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(change, visibility, visibility(s));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(change, disabled, script_rarely(s, 8));
    }
    if (script_rarely(s, 8)) {
        CODEC_SET(change, behavior, behavior(s));
    }
    if (script_rarely(s, 8)) {
        CODEC_SET(change, invitations, script_rarely(s, 2));
    }
    if (script_rarely(s, 8)) {
        CODEC_SET(change, file_upload, script_rarely(s, 2));
    }
    if (script_rarely(s, 8)) {
        CODEC_SET(change, addin,
                  script_rarely(s, 3) ? script_text("") : addin_id(s, arena));
    }
    if (script_rarely(s, 6)) {
        change->presenters_add = uri_list(s, arena, &change->n_presenters_add);
        change->presenters_remove =
            uri_list(s, arena, &change->n_presenters_remove);
    }
    if (script_rarely(s, 2)) {
        change->members_add = uri_list(s, arena, &change->n_members_add);
        change->members_remove = uri_list(s, arena, &change->n_members_remove);
        change->managers_add = uri_list(s, arena, &change->n_managers_add);
        change->managers_remove =
            uri_list(s, arena, &change->n_managers_remove);
        too_many(s, arena, &change->n_managers_remove,
                 &change->managers_remove);
    }
}

static void say_invitations_take(struct script *s, struct arena *arena,
                                 Perch__Command *c)
{
    c->invitations_take = MAKE(arena, invitations_take);
    if (script_rarely(s, 3)) {
        CODEC_SET(c->invitations_take, after,
                  script_rarely(s, 3)
                      ? UINT64_MAX - script_below(s, 2)
                      : (uint64_t)twin_since(s->twin) * (1 << 25) +
                            script_below(s, 9) - 4);
    }
}

const struct script_kind script_kinds[] = {
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
    {PERCH__COMMAND__KIND_PUBLISH, say_publish, 40, 'u'},
    {PERCH__COMMAND__KIND_READ_MARK, say_read_mark, 40, 'u'},
    {PERCH__COMMAND__KIND_READ_MARKS, say_read_marks, 20, '-'},
    {PERCH__COMMAND__KIND_FEEDS_PUT, say_feeds_put, 15, 'u'},
    {PERCH__COMMAND__KIND_INVITATIONS_TAKE, say_invitations_take, 80, 'u'},
    {PERCH__COMMAND__KIND_MESSAGE_CORRECT, script_say_correct, 30, 'u'},
    {PERCH__COMMAND__KIND_MESSAGE_WITHDRAW, script_say_withdraw, 20, 'm'},
    {PERCH__COMMAND__KIND_MESSAGE_REDACT, script_say_redact, 10, 'a'},
    {PERCH__COMMAND__KIND_ROOM_CLEAR, script_say_clear, 3, 'a'},
    {PERCH__COMMAND__KIND_ROOM_PURGE, script_say_purge, 15, '-'},
    {PERCH__COMMAND__KIND_RETENTION_SET, script_say_retain, 6, 'a'},
    {PERCH__COMMAND__KIND_HOLD_PLACE, script_say_hold, 5, 'a'},
    {PERCH__COMMAND__KIND_HOLD_LIFT, script_say_lift, 4, 'a'},
    {PERCH__COMMAND__KIND_ADDIN_CREATE, say_addin_create, 12, 'a'},
    {PERCH__COMMAND__KIND_ADDIN_CHANGE, say_addin_change, 12, 'a'},
    {PERCH__COMMAND__KIND_ADDIN_DELETE, say_addin_delete, 8, 'a'},
    {PERCH__COMMAND__KIND_ROOM_DELETE, say_room_delete, 6, 'a'},
    {PERCH__COMMAND__KIND_CATEGORY_DELETE, say_category_delete, 4, 'a'},
    {PERCH__COMMAND__KIND_GROUP_DELETE, say_group_delete, 3, 'a'},
    {PERCH__COMMAND__KIND_USER_DELETE, say_user_delete, 3, 'a'},
    {PERCH__COMMAND__KIND_ADMINISTRATOR_GRANT, say_grant, 6, 'a'},
    {PERCH__COMMAND__KIND_ADMINISTRATOR_REVOKE, say_revoke, 4, 'a'},
    {PERCH__COMMAND__KIND_OWNER_REPORT, say_owner_report, 20, 'a'},
    {PERCH__COMMAND__KIND_OWNER_CONFIRM, say_owner_confirm, 5, 'a'},
    {PERCH__COMMAND__KIND_MESSAGES_IMPORT, script_import, 20, 'a'},
    {PERCH__COMMAND__KIND_FILTER_CREATE, script_filter_create, 10, 'a'},
    {PERCH__COMMAND__KIND_FILTER_CHANGE, script_filter_change, 30, 'a'},
    {PERCH__COMMAND__KIND_FILTER_DELETE, script_filter_delete, 4, 'a'},
    {PERCH__COMMAND__KIND_ARCHIVE_PUT, script_archive_put, 8, 'a'},
    {PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT, script_archive_key, 15, 'k'},
    {PERCH__COMMAND__KIND_ARCHIVE_MARK, script_archive_mark, 50, '-'},
    {PERCH__COMMAND__KIND_CHECKPOINT_BEGIN, script_checkpoint, 25, '-'},
    {PERCH__COMMAND__KIND_COSIGN, script_cosign, 50, '-'},
    {PERCH__COMMAND__KIND_WITNESS_PUT, script_witness_put, 8, 'a'},
    {PERCH__COMMAND__KIND_WITNESS_REMOVE, script_witness_remove, 3, 'a'},
    {PERCH__COMMAND__KIND_WITNESSED, script_witnessed, 30, '-'},
    {PERCH__COMMAND__KIND_ADAPTER_PUT, script_adapter_put, 15, 'a'},
    {PERCH__COMMAND__KIND_ADAPTER_REMOVE, script_adapter_remove, 3, 'a'},
    {PERCH__COMMAND__KIND_CUT, script_cut, 40, 'k'},
    {PERCH__COMMAND__KIND_CUT_DONE, script_cut_done, 35, '-'},
    {PERCH__COMMAND__KIND_ADAPTER_REPORT, script_adapter_report, 8, '-'},
    {PERCH__COMMAND__KIND_ARCHIVE_HALT, script_halt, 1, '-'},
    {PERCH__COMMAND__KIND_ARCHIVE_REFILL, script_refill, 30, 'k'},
    {PERCH__COMMAND__KIND_ARCHIVE_REOPEN, script_reopen, 6, 'a'},
    {PERCH__COMMAND__KIND_HISTORY_READ, script_history_read, 25, 'u'},
    {PERCH__COMMAND__KIND_SEARCHED, script_searched, 15, 'u'},
    {PERCH__COMMAND__KIND_POST_DENIED, script_post_denied, 10, 'u'},
    {PERCH__COMMAND__KIND_MESSAGES_READ, script_messages_read, 10, 'a'},
    {PERCH__COMMAND__KIND_FILE_UP, script_file_up, 20, 'u'},
    {PERCH__COMMAND__KIND_FILE_DOWN, script_file_down, 15, 'u'},
    {PERCH__COMMAND__KIND_CANARY, script_canary, 8, 'k'},
};

const uint32_t script_kinds_n = COUNT(script_kinds);
