#include "tests/model/script.h"

#include <string.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "tests/model/script_parts.h"

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

bool script_rarely(struct script *s, uint32_t n)
{
    return script_below(s, n) == 0;
}

static Perch__Command__KindCase crowd(struct script *s)
{
    static const Perch__Command__KindCase kinds[] = {
        PERCH__COMMAND__KIND_ADMINISTRATOR_GRANT,
        PERCH__COMMAND__KIND_FILTER_CREATE,
        PERCH__COMMAND__KIND_WITNESS_PUT,
        PERCH__COMMAND__KIND_ADAPTER_PUT,
        PERCH__COMMAND__KIND_CUT,
    };
    uint32_t i = script_below(s, 16);

    return i < COUNT(kinds) ? kinds[i] : PERCH__COMMAND__KIND__NOT_SET;
}

void script_init(struct script *s, uint64_t seed)
{
    memset(s, 0, sizeof(*s));
    s->random = seed;
    s->clock_us = 1900000000000000;
    s->crowd = crowd(s);
}

ProtobufCBinaryData script_text(const char *text)
{
    return codec_bytes(slice_of_text(text));
}

ProtobufCBinaryData script_fill(struct arena *arena, size_t len, char byte)
{
    char *bytes = arena_alloc(arena, len + 1);

    memset(bytes, byte, len);
    return codec_bytes(slice_of(bytes, len));
}

void *script_make(struct arena *arena, const ProtobufCMessageDescriptor *what)
{
    ProtobufCMessage *message = arena_alloc(arena, what->sizeof_message);

    CHECK(message != NULL);
    protobuf_c_message_init(what, message);
    return message;
}

static uint32_t place_of(Perch__Command__KindCase kind)
{
    uint32_t i = 0;

    while (script_kinds[i].kind != kind) {
        i += 1;
        CHECK(i < script_kinds_n);
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
        return script_rarely(s, 9) ? PERCH__COMMAND__KIND_CATEGORY_CREATE
                                   : PERCH__COMMAND__KIND_POOL_PUT;
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

    if (first != PERCH__COMMAND__KIND__NOT_SET && !script_rarely(s, 10)) {
        return place_of(first);
    }
    if (s->crowd != PERCH__COMMAND__KIND__NOT_SET && s->twin->rules >= 3 &&
        !script_rarely(s, 3)) {
        return place_of(s->crowd);
    }
    for (uint32_t i = 0; i < script_kinds_n; i++) {
        all += script_kinds[i].weight;
    }
    at = script_below(s, all);
    for (uint32_t i = 0; i < script_kinds_n; i++) {
        if (at < script_kinds[i].weight) {
            return i;
        }
        at -= script_kinds[i].weight;
    }
    CHECK_UNREACHABLE();
}

/* A serial of an open session of the node, mostly. */
static uint64_t serial(struct script *s, int node)
{
    for (int i = 0; i < 200 && !script_rarely(s, 2000); i++) {
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
    for (int i = 0; i < TWIN_SESSIONS && !script_rarely(s, 2000); i++) {
        const struct twin_session *session = &s->twin->sessions[i];
        const struct twin_text *who = &s->twin->users[session->user].uri;

        if (session->open && session->node == node &&
            session->serial == serial) {
            return codec_bytes(slice_of(who->bytes, who->len));
        }
    }
    return script_uri(s);
}

static void act_as_user(struct script *s, int node, Perch__Command *c)
{
    CODEC_SET(c, session, serial(s, node));
    if (c->kind_case == PERCH__COMMAND__KIND_SESSION_OPEN &&
        !script_rarely(s, 20)) {
        CODEC_SET(c, session, 1 + script_below(s, SERIALS));
        CODEC_SET(c, user, script_uri(s));
        return;
    }
    CODEC_SET(c, user, user_of(s, node, c->session));
}

/* As someone of the list who may do everything; false when nobody may. */
static bool act_as_listed(struct script *s, Perch__Command *c)
{
    uint32_t from = script_below(s, ADMINISTRATORS_MAX);

    for (uint32_t i = 0; i < ADMINISTRATORS_MAX; i++) {
        const struct twin_administrator *one =
            &s->twin->administrators[(from + i) % ADMINISTRATORS_MAX];
        const char *colon = memchr(one->name, ':', one->len);
        size_t kind = colon == NULL ? 0 : (size_t)(colon - one->name);

        if (one->roles >> PERCH__ADMINISTRATOR_ROLE__ADMINISTRATOR != 0) {
            CODEC_SET(c, credential,
                      kind == strlen("local") ? PERCH__CREDENTIAL__LOCAL
                                              : PERCH__CREDENTIAL__CERTIFICATE);
            CODEC_SET(c, administrator,
                      codec_bytes(slice_of(colon + 1, one->len - kind - 1)));
            return true;
        }
    }
    return false;
}

/* What commands of administrators carry once the rules know it, mostly: what
 * they are believed by, and why. */
static void explain(struct script *s, struct arena *arena, Perch__Command *c)
{
    if (s->twin->rules < 3 && !script_rarely(s, 50)) {
        return;
    }
    if (script_rarely(s, 4) || !act_as_listed(s, c)) {
        CODEC_SET(c, credential, (Perch__Credential)(1 + script_below(s, 2)));
    }
    if (script_rarely(s, 50)) {
        CODEC_SET(c, credential, (Perch__Credential)script_below(s, 5));
    }
    c->has_credential = !script_rarely(s, 50);
    if (script_rarely(s, 30)) {
        CODEC_SET(c, reason,
                  script_rarely(s, 3)
                      ? script_fill(arena, 498 + script_below(s, 5), 'r')
                      : script_text(script_rarely(s, 3) ? "two\nlines"
                                                        : "as agreed"));
    }
}

static void act(struct script *s, struct arena *arena, int node, char actor,
                Perch__Command *c)
{
    if (script_rarely(s, 100)) {
        actor = "ua-b"[script_below(s, 4)];
    }
    if (actor == 'm') {
        actor = "ua"[script_rarely(s, 2)];
    }
    if (actor == 'k') {
        actor = "-a"[script_rarely(s, 2)];
    }
    if (actor == 'u' || actor == 'b') {
        act_as_user(s, node, c);
    }
    if (actor == 'a' || actor == 'b') {
        CODEC_SET(c, administrator,
                  script_rarely(s, 100)
                      ? script_fill(arena, 250 + script_below(s, 9), 'a')
                      : script_text("root"));
        CODEC_SET(c, source,
                  script_text(script_rarely(s, 100) ? "\xff" : "socket"));
        explain(s, arena, c);
    }
    if (script_rarely(s, 100)) {
        CODEC_SET(c, needs_rules, script_below(s, 5));
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

    if (!script_rarely(s, 10)) {
        entry->epoch = 0;
        entry->number = 0;
    }
    if (started->start_id.len != 16) {
        return;
    }
    if (script_rarely(s, 2) &&
        s->starts[entry->node] > 0) { /* Some late one. */
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
    if (script_rarely(s, 5)) {
        CODEC_SET(lost, epoch, script_below(s, (uint32_t)s->index));
    }
    CODEC_SET(lost, node, script_rarely(s, 20) ? node + 256 : node);
}

static int64_t stamp(struct script *s, const struct twin *twin)
{
    s->clock_us =
        twin->now + script_below(s, script_rarely(s, 3) ? 3000000 : 999);
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
    s->index += 1 + script_rarely(s, 50);
    entry->index = s->index;
    entry->term = 1;
    /* The last node starts rarely; the first does most. */
    entry->node = (uint8_t)(1 + script_below(s, script_rarely(s, 9) ? 5 : 2));
    entry->sent_at_us = stamp(s, twin);
    number_entry(s, twin, entry);
    kind = pick(s, entry->node);
    made.command->kind_case = script_kinds[kind].kind;
    act(s, arena, entry->node, script_kinds[kind].actor, made.command);
    script_kinds[kind].say(s, arena, made.command);
    if (script_kinds[kind].kind == PERCH__COMMAND__KIND_NODE_STARTED) {
        start(s, entry, made.command->node_started);
    }
    if (script_kinds[kind].kind == PERCH__COMMAND__KIND_NODE_LOST) {
        lose(s, twin, made.command->node_lost);
    }
    if (script_rarely(s, 300)) {
        made.command->kind_case = PERCH__COMMAND__KIND__NOT_SET;
    }
    if (script_rarely(s, 300)) {
        made.command = NULL;
    }
    return made;
}
