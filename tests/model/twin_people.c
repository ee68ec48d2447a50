#include "tests/model/twin.h"

#include <string.h>

#include "proto/base/check.h"

uint32_t twin_user(const struct twin *twin, ProtobufCBinaryData uri)
{
    uint32_t number = twin_principal(twin, uri);

    return twin->users[number].is_group ? 0 : number;
}

static enum outcome check_user(bool has_name, ProtobufCBinaryData name,
                               ProtobufCBinaryData ha1,
                               ProtobufCBinaryData ha1_user)
{
    enum outcome outcome =
        has_name ? twin_check_line(name, OUTCOME_NAME_TOO_LONG) : OUTCOME_DONE;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (ha1.len == 0 && ha1_user.len == 0) {
        return OUTCOME_DONE;
    }
    return ha1.len == 16 && (ha1_user.len == 0 || ha1_user.len == 16)
               ? OUTCOME_DONE
               : OUTCOME_HA1_INVALID;
}

enum outcome twin_user_create(struct twin *twin, const Perch__UserCreate *c)
{
    struct twin_user *user;
    enum outcome outcome;
    uint32_t users = 0;

    if (!twin_is_sip(c->uri)) {
        return OUTCOME_USER_URI_INVALID;
    }
    if (twin_user(twin, c->uri) != 0) {
        return OUTCOME_USER_EXISTS;
    }
    outcome =
        check_user(c->has_display_name, c->display_name, c->ha1, c->ha1_user);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (c->has_chat && ((int)c->chat < 0 || (int)c->chat > 2)) {
        return OUTCOME_CHAT_POLICY_INVALID;
    }
    outcome = twin_check_owner(c->has_owner, c->owner);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    for (uint32_t i = 1; i <= twin->n_users; i++) {
        users += !twin->users[i].is_group && !twin->users[i].gone;
    }
    if (users >= twin->settings[SETTING_USERS_MAX]) {
        return OUTCOME_USERS_FULL;
    }
    user = &twin->users[++twin->n_users];
    CHECK(twin->n_users <= TWIN_USERS);
    twin_copy(&user->uri, c->uri, true);
    twin_copy(&user->name, c->display_name, false);
    twin_copy(&user->ha1, c->ha1, false);
    twin_copy(&user->ha1_user, c->ha1_user, false);
    user->disabled = c->disabled;
    user->chat = (int)c->chat;
    twin_put_owner(user, c->has_owner, c->owner);
    user->version = 1;
    user->created = user->changed = twin->now;
    twin->value = twin->n_users;
    twin_event(twin, EVENT_USER_CREATED)->user = twin->n_users;
    return OUTCOME_DONE;
}

enum outcome twin_user_change(struct twin *twin, const Perch__UserChange *c)
{
    uint32_t number = twin_user(twin, c->uri);
    struct twin_user *user = &twin->users[number];
    enum outcome outcome;
    unsigned changed = 0;

    if (number == 0) {
        return OUTCOME_USER_UNKNOWN;
    }
    if (c->has_if_version && c->if_version != user->version) {
        return OUTCOME_VERSION_STALE;
    }
    outcome =
        check_user(c->has_display_name, c->display_name, c->ha1, c->ha1_user);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (c->has_chat && ((int)c->chat < 0 || (int)c->chat > 2)) {
        return OUTCOME_CHAT_POLICY_INVALID;
    }
    outcome = twin_check_owner(c->has_owner, c->owner);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (c->has_display_name &&
        !twin_same(c->display_name.data, c->display_name.len, user->name.bytes,
                   user->name.len)) {
        twin_copy(&user->name, c->display_name, false);
        changed |= CHANGED_NAME;
    }
    if (c->has_ha1 &&
        (!twin_same(c->ha1.data, c->ha1.len, user->ha1.bytes, user->ha1.len) ||
         !twin_same(c->ha1_user.data, c->ha1_user.len, user->ha1_user.bytes,
                    user->ha1_user.len))) {
        twin_copy(&user->ha1, c->ha1, false);
        twin_copy(&user->ha1_user, c->ha1_user, false);
        changed |= CHANGED_PASSWORD;
    }
    if (c->has_disabled && c->disabled != user->disabled) {
        user->disabled = c->disabled;
        changed |= CHANGED_DISABLED;
    }
    if (c->has_chat && (int)c->chat != user->chat) {
        user->chat = (int)c->chat;
        changed |= CHANGED_POLICY;
    }
    if (twin_put_owner(user, c->has_owner, c->owner)) {
        changed |= CHANGED_OWNER;
    }
    if (changed != 0) {
        struct event *event;

        user->version++;
        user->changed = twin->now;
        if (user->disabled) {
            twin_end_all(twin, number, 0, LEAVE_USER_DISABLED);
        }
        if (!twin_chats(twin, number)) {
            twin_end_all(twin, number, 0, LEAVE_NOT_ENABLED);
        }
        event = twin_event(twin, EVENT_USER_CHANGED);
        event->user = number;
        event->changed = (uint16_t)changed;
    }
    twin->value = user->version;
    return OUTCOME_DONE;
}

enum outcome twin_may(const struct twin *twin, uint32_t user, uint32_t room)
{
    const struct twin_place *place = &twin->places[room];

    bool in_scope = twin_in_scope(twin, place->category, user);

    if (twin->users[user].disabled) {
        return OUTCOME_USER_DISABLED;
    }
    if (place->visibility == 2 &&
        !(in_scope && (twin_roles(twin, room, user) & 3) != 0)) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    if (place->disabled) {
        return OUTCOME_ROOM_DISABLED;
    }
    if (!in_scope) {
        return OUTCOME_NOT_IN_SCOPE;
    }
    return place->visibility == 6 || (twin_roles(twin, room, user) & 3) != 0
               ? OUTCOME_DONE
               : OUTCOME_NOT_A_MEMBER;
}

enum outcome twin_may_post(const struct twin *twin, uint32_t user,
                           uint32_t room)
{
    const struct twin_place *place = &twin->places[room];
    unsigned roles = twin_roles(twin, room, user);
    enum outcome outcome = twin_may(twin, user, room);

    if (outcome != OUTCOME_DONE || place->behavior != 5) {
        return outcome;
    }
    if ((roles & ROLE_PRESENTER) == 0) {
        return OUTCOME_NOT_A_PRESENTER;
    }
    return place->visibility == 6 || (roles & ROLE_MEMBER) != 0
               ? OUTCOME_DONE
               : OUTCOME_NOT_A_PRESENTER;
}

static int find_session(const struct twin *twin, int node, uint64_t serial)
{
    for (int i = 0; i < TWIN_SESSIONS; i++) {
        const struct twin_session *s = &twin->sessions[i];

        if (s->open && s->node == node && s->serial == serial) {
            return i;
        }
    }
    return -1;
}

static struct session_id name(const struct twin *twin, int session)
{
    const struct twin_session *s = &twin->sessions[session];

    return (struct session_id){(uint8_t)s->node, twin->origins[s->node].epoch,
                               s->serial};
}

static uint64_t window(const struct twin *twin, const struct twin_memos *memos)
{
    uint64_t s = memos == &twin->retries
                     ? twin->settings[SETTING_RETRY_WINDOW_S]
                     : 24 * 60 * 60;

    return s * 1000000;
}

static uint32_t most(const struct twin *twin, const struct twin_memos *memos)
{
    return twin->settings[memos == &twin->retries ? SETTING_RETRIES_MAX
                                                  : SETTING_ENDPOINTS_MAX];
}

static void drop_memo(struct twin_memos *memos, size_t at)
{
    CHECK(at < memos->n && memos->n <= TWIN_MEMOS);
    memos->n--;
    memmove(&memos->memo[at], &memos->memo[at + 1],
            (memos->n - at) * sizeof(memos->memo[0]));
}

static long find_memo(const struct twin_memos *memos, uint32_t user,
                      const void *id, size_t len)
{
    for (size_t i = 0; i < memos->n; i++) {
        if (memos->memo[i].user == user &&
            twin_same(id, len, memos->memo[i].id.bytes,
                      memos->memo[i].id.len)) {
            return (long)i;
        }
    }
    return -1;
}

long twin_memo(const struct twin *twin, const struct twin_memos *memos,
               uint32_t user, const void *id, size_t len)
{
    long at = find_memo(memos, user, id, len);

    if (at >= 0 &&
        (uint64_t)(twin->now - memos->memo[at].at) > window(twin, memos)) {
        return -1;
    }
    return at;
}

static void expire(struct twin *twin, struct twin_memos *memos)
{
    for (int i = 0; i < 64 && memos->n > 0; i++) {
        if ((uint64_t)(twin->now - memos->memo[0].at) <= window(twin, memos) &&
            memos->n <= most(twin, memos)) {
            return;
        }
        drop_memo(memos, 0);
    }
}

void twin_expire(struct twin *twin)
{
    expire(twin, &twin->retries);
    expire(twin, &twin->endpoints);
}

static void add_memo(struct twin *twin, struct twin_memos *memos,
                     struct twin_memo memo)
{
    long at = find_memo(memos, memo.user, memo.id.bytes, memo.id.len);

    if (at >= 0) {
        drop_memo(memos, (size_t)at);
    } else if (memos->n >= most(twin, memos)) {
        drop_memo(memos, 0);
    }
    CHECK(memos->n < TWIN_MEMOS);
    memo.at = twin->now;
    memos->memo[memos->n++] = memo;
}

enum outcome twin_session_open(struct twin *twin, const Perch__Command *c)
{
    uint32_t user = twin_user(twin, c->user);
    struct twin_session *s = twin->sessions;
    uint32_t all = 0, mine = 0;
    struct event *event;

    if (user == 0) {
        return OUTCOME_USER_UNKNOWN;
    }
    if (twin->users[user].disabled) {
        return OUTCOME_USER_DISABLED;
    }
    if (!twin_chats(twin, user)) {
        return OUTCOME_CHAT_NOT_ENABLED;
    }
    if (c->session == 0) {
        return OUTCOME_SESSION_UNKNOWN;
    }
    if (find_session(twin, twin->entry->node, c->session) >= 0) {
        return OUTCOME_SESSION_EXISTS;
    }
    if (!twin_is_visible(c->session_open->endpoint_id, 128)) {
        return OUTCOME_ENDPOINT_ID_INVALID;
    }
    for (int i = 0; i < TWIN_SESSIONS; i++) {
        all += twin->sessions[i].open;
        mine += twin->sessions[i].open && twin->sessions[i].user == user;
    }
    if (mine >= twin->settings[SETTING_USER_SESSIONS_MAX]) {
        return OUTCOME_USER_SESSIONS_FULL;
    }
    if (all >= twin->settings[SETTING_SESSIONS_MAX]) {
        return OUTCOME_SESSIONS_FULL;
    }
    while (s->open) {
        s++;
    }
    CHECK(s < twin->sessions + TWIN_SESSIONS);
    *s = (struct twin_session){.open = true,
                               .node = twin->entry->node,
                               .serial = c->session,
                               .user = user,
                               .opened_index = twin->entry->index,
                               .opened_at = twin->now};
    twin_copy(&s->endpoint, c->session_open->endpoint_id, false);
    event = twin_event(twin, EVENT_SESSION_OPENED);
    event->user = user;
    event->session = name(twin, (int)(s - twin->sessions));
    return OUTCOME_DONE;
}

/* Whether no other endpoint of the user is in the room. */
static bool is_edge(const struct twin *twin, int session, uint32_t room)
{
    for (size_t i = 0; i < twin->n_present; i++) {
        if (twin->present[i].room == room &&
            twin->present[i].session != session &&
            twin->sessions[twin->present[i].session].user ==
                twin->sessions[session].user) {
            return false;
        }
    }
    return true;
}

static struct event *tell(struct twin *twin, enum event_kind kind, int session,
                          uint32_t room)
{
    struct event *event = twin_event(twin, kind);

    event->room = room;
    event->guid = twin->places[room].guid;
    event->user = twin->sessions[session].user;
    event->session = name(twin, session);
    return event;
}

void twin_leave(struct twin *twin, size_t at, enum leave leave)
{
    struct twin_present p = twin->present[at];
    struct event *event = tell(twin, EVENT_PARTED, p.session, p.room);

    event->edge = is_edge(twin, p.session, p.room);
    event->leave = (uint8_t)leave;
    twin->n_present--;
    memmove(&twin->present[at], &twin->present[at + 1],
            (twin->n_present - at) * sizeof(p));
}

static uint64_t reached(const struct twin *twin, int session,
                        uint64_t delivered)
{
    const struct twin_session *s = &twin->sessions[session];
    const struct twin_origin *origin = &twin->origins[s->node];
    uint64_t index = origin->delivered;
    bool excepted = false;

    if (delivered != 0 && delivered <= twin->entry->index) {
        return delivered;
    }
    for (size_t i = 0; i < origin->n_exceptions; i++) {
        if (origin->exceptions[i].serial == s->serial &&
            (!excepted || origin->exceptions[i].index < index)) {
            index = origin->exceptions[i].index;
            excepted = true;
        }
    }
    for (size_t i = 0; i < twin->n_present; i++) {
        if (twin->rules > 1 && twin->present[i].session == session &&
            twin->present[i].join_index > index) {
            return 0;
        }
    }
    return index;
}

void twin_end(struct twin *twin, int session, enum leave leave,
              uint64_t delivered)
{
    struct twin_session *s = &twin->sessions[session];
    uint64_t index = reached(twin, session, delivered);
    struct event *event;
    long known;

    for (size_t i = 0; i < twin->n_present;) {
        if (twin->present[i].session == session) {
            twin_leave(twin, i, leave);
        } else {
            i++;
        }
    }
    if (s->entered) {
        struct twin_memo memo = {.user = s->user, .id = s->endpoint};

        known = twin_memo(twin, &twin->endpoints, s->user, s->endpoint.bytes,
                          s->endpoint.len);
        memo.value =
            known >= 0 ? twin->endpoints.memo[known].value : s->opened_index;
        if (index > s->opened_index) {
            memo.value = index;
        }
        add_memo(twin, &twin->endpoints, memo);
    }
    event = twin_event(twin, EVENT_SESSION_CLOSED);
    event->user = s->user;
    event->session = name(twin, session);
    event->leave = (uint8_t)leave;
    s->open = false;
}

static bool ends_before(const struct twin *twin, int a, int b)
{
    const struct twin_session *x = &twin->sessions[a], *y = &twin->sessions[b];

    return x->node != y->node ? x->node < y->node : x->serial < y->serial;
}

void twin_end_all(struct twin *twin, uint32_t user, int node, enum leave leave)
{
    for (;;) {
        int first = -1;

        for (int i = 0; i < TWIN_SESSIONS; i++) {
            const struct twin_session *s = &twin->sessions[i];

            if (s->open && (s->user == user || s->node == node) &&
                (first < 0 || ends_before(twin, i, first))) {
                first = i;
            }
        }
        if (first < 0) {
            return;
        }
        twin_end(twin, first, leave, 0);
    }
}

enum outcome twin_session_close(struct twin *twin, const Perch__SessionClose *c)
{
    static const enum leave leaves[] = {LEAVES, LEAVE_ASKED, LEAVE_DROPPED,
                                        LEAVE_DRAINED};
    int session = find_session(twin, twin->entry->node, c->serial);

    if (session < 0) {
        return OUTCOME_SESSION_UNKNOWN;
    }
    if ((int)c->reason < 1 || (int)c->reason > 3) {
        return OUTCOME_REASON_INVALID;
    }
    twin_end(twin, session, leaves[c->reason], c->delivered_index);
    return OUTCOME_DONE;
}

enum outcome twin_session_expel(struct twin *twin, const Perch__SessionExpel *c)
{
    int session = -1;

    if (c->node < TWIN_NODES && twin->origins[c->node].known &&
        twin->origins[c->node].epoch == c->epoch) {
        session = find_session(twin, (int)c->node, c->serial);
    }
    if (session < 0) {
        return OUTCOME_SESSION_UNKNOWN;
    }
    twin_end(twin, session, LEAVE_EXPELLED, 0);
    return OUTCOME_DONE;
}

static enum outcome acting(const struct twin *twin, const Perch__Command *c,
                           int *session)
{
    const struct twin_text *uri;

    *session = find_session(twin, twin->entry->node, c->session);
    if (*session < 0) {
        return OUTCOME_SESSION_UNKNOWN;
    }
    uri = &twin->users[twin->sessions[*session].user].uri;
    return twin_same_nocase(c->user.data, c->user.len, uri->bytes, uri->len)
               ? OUTCOME_DONE
               : OUTCOME_NOT_THE_SESSIONS_USER;
}

enum outcome twin_acting(const struct twin *twin, const Perch__Command *c,
                         uint32_t *user)
{
    int session;
    enum outcome outcome = acting(twin, c, &session);

    *user = outcome == OUTCOME_DONE ? twin->sessions[session].user : 0;
    return outcome;
}

static long find_present(const struct twin *twin, int session, uint32_t room)
{
    for (size_t i = 0; i < twin->n_present; i++) {
        if (twin->present[i].session == session &&
            twin->present[i].room == room) {
            return (long)i;
        }
    }
    return -1;
}

static enum outcome join_room(struct twin *twin, int session,
                              ProtobufCBinaryData guid, uint32_t position)
{
    uint32_t room = twin_place(twin, guid, true);
    uint32_t rooms = 0;
    enum outcome outcome;
    struct event *event;
    long at;

    if (room == 0) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    outcome = twin_may(twin, twin->sessions[session].user, room);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    at = find_present(twin, session, room);
    for (size_t i = 0; i < twin->n_present; i++) {
        rooms += twin->present[i].session == session;
    }
    if (at < 0 && rooms >= twin->settings[SETTING_SESSION_ROOMS_MAX]) {
        return OUTCOME_SESSION_ROOMS_FULL;
    }
    event = tell(twin, EVENT_JOINED, session, room);
    event->position = position;
    event->again = at >= 0;
    event->edge = at < 0 && is_edge(twin, session, room);
    if (at < 0) {
        CHECK(twin->n_present < TWIN_PRESENT);
        at = (long)twin->n_present++;
    }
    twin->present[at] =
        (struct twin_present){session, room, twin->entry->index};
    twin->sessions[session].entered = true;
    return OUTCOME_DONE;
}

enum outcome twin_join(struct twin *twin, const Perch__Command *c)
{
    int session;
    enum outcome outcome = acting(twin, c, &session);

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    if (c->join->n_rooms == 0) {
        return OUTCOME_JOIN_EMPTY;
    }
    if (c->join->n_rooms > twin->settings[SETTING_JOIN_ROOMS_MAX]) {
        return OUTCOME_JOIN_TOO_MANY;
    }
    for (uint32_t i = 0; i < c->join->n_rooms; i++) {
        ProtobufCBinaryData guid = c->join->rooms[i];

        outcome = join_room(twin, session, guid, i);
        if (outcome == OUTCOME_DONE) {
            twin->value++;
        } else {
            struct event *event = tell(twin, EVENT_JOIN_REFUSED, session, 0);

            if (guid.len == 16) {
                memcpy(event->guid.bytes, guid.data, 16);
            }
            event->position = i;
            event->outcome = outcome;
        }
    }
    return c->join->n_rooms == 1 ? outcome : OUTCOME_DONE;
}

enum outcome twin_part(struct twin *twin, const Perch__Command *c)
{
    int session;
    enum outcome outcome = acting(twin, c, &session);
    long at;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    at = find_present(twin, session, twin_place(twin, c->part->room, true));
    if (at < 0) {
        return OUTCOME_NOT_JOINED;
    }
    twin_leave(twin, (size_t)at, LEAVE_ASKED);
    return OUTCOME_DONE;
}

static bool has_title(ProtobufCBinaryData text)
{
    size_t i = 0;

    while (i < text.len && strchr(" \t\r", text.data[i]) != NULL) {
        i++;
    }
    return i < text.len && text.data[i] != '\n';
}

enum outcome twin_check_said(const struct twin *twin, ProtobufCBinaryData text,
                             ProtobufCBinaryData extra, bool is_story)
{
    long n = twin_characters(text);

    if (n == -1) {
        return OUTCOME_TEXT_NOT_UTF8;
    }
    if (n == -2) {
        return OUTCOME_TEXT_CHARACTER;
    }
    if (n == 0) {
        return OUTCOME_TEXT_EMPTY;
    }
    if (n > (long)twin->settings[is_story ? SETTING_STORY_CHARACTERS_MAX
                                          : SETTING_MESSAGE_CHARACTERS_MAX]) {
        return OUTCOME_TEXT_TOO_LONG;
    }
    if (is_story && !has_title(text)) {
        return OUTCOME_STORY_UNTITLED;
    }
    if (extra.len > 65536) {
        return OUTCOME_EXTRA_TOO_LONG;
    }
    n = twin_characters(extra);
    return n == -1   ? OUTCOME_TEXT_NOT_UTF8
           : n == -2 ? OUTCOME_TEXT_CHARACTER
                     : OUTCOME_DONE;
}

enum outcome twin_may_say(const struct twin *twin, const Perch__Command *c,
                          uint32_t room)
{
    int session;
    enum outcome outcome = acting(twin, c, &session);

    CHECK(outcome == OUTCOME_DONE);
    if (room == 0) {
        return OUTCOME_ROOM_UNKNOWN;
    }
    outcome = twin_may_post(twin, twin->sessions[session].user, room);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    return find_present(twin, session, room) < 0 ? OUTCOME_NOT_JOINED
                                                 : OUTCOME_DONE;
}

static enum outcome check_post(struct twin *twin, const Perch__Command *c,
                               int *session, uint32_t room)
{
    const Perch__Post *p = c->post;
    enum outcome outcome = acting(twin, c, session);
    uint32_t user;
    long memo;

    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    user = twin->sessions[*session].user;
    if (p->has_retry_id) {
        if (!twin_is_visible(p->retry_id, 64)) {
            return OUTCOME_RETRY_ID_INVALID;
        }
        memo = twin_memo(twin, &twin->retries, user, p->retry_id.data,
                         p->retry_id.len);
        if (memo >= 0 && twin->retries.memo[memo].room != room) {
            return OUTCOME_RETRY_ID_REUSED;
        }
        if (memo >= 0) {
            twin->value = twin->retries.memo[memo].value;
            return OUTCOME_REPEATED;
        }
    }
    outcome = twin_may_say(twin, c, room);
    if (outcome == OUTCOME_DONE) {
        outcome = twin_check_said(twin, p->text, p->extra, p->story);
    }
    if (outcome == OUTCOME_DONE &&
        (p->annotation.len > 2048 || twin_characters(p->annotation) < 0)) {
        return OUTCOME_ANNOTATION_INVALID;
    }
    return outcome;
}

enum outcome twin_post(struct twin *twin, const Perch__Command *c)
{
    uint32_t room = twin_place(twin, c->post->room, true);
    struct twin_user *user;
    int session;
    enum outcome outcome = check_post(twin, c, &session, room);
    struct event *event;

    if (outcome == OUTCOME_DONE) {
        outcome = twin_gate(twin);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    twin->value = ++twin->places[room].message_id;
    event = tell(twin, EVENT_POSTED, session, room);
    event->message_id = twin->value;
    user = &twin->users[twin->sessions[session].user];
    twin->has_message = true;
    twin->message = (struct message){
        .room = room,
        .message_id = twin->value,
        .log_index = twin->entry->index,
        .sent_at_us = twin->now,
        .author_uri = {(const uint8_t *)user->uri.bytes, user->uri.len},
        .display_name = {(const uint8_t *)user->name.bytes, user->name.len},
        .hidden = twin->places[twin->places[room].category].history_off,
        .post = c->post,
    };
    twin_remember(twin, event->user, c->post);
    if (c->post->has_retry_id) {
        struct twin_memo memo = {
            .user = event->user, .value = twin->value, .room = room};

        twin_copy(&memo.id, c->post->retry_id, false);
        add_memo(twin, &twin->retries, memo);
    }
    return OUTCOME_DONE;
}

/* By node, then serial; rooms in the order of joining. */
void twin_put_out_user(struct twin *twin, uint32_t user)
{
    for (;;) {
        size_t first = twin->n_present;

        for (size_t i = 0; i < twin->n_present; i++) {
            const struct twin_session *s =
                &twin->sessions[twin->present[i].session];
            const struct twin_session *best =
                &twin->sessions[twin->present[first % TWIN_PRESENT].session];

            if (s->user == user &&
                twin_may(twin, user, twin->present[i].room) != OUTCOME_DONE &&
                (first == twin->n_present || s->node < best->node ||
                 (s->node == best->node && s->serial < best->serial))) {
                first = i;
            }
        }
        if (first == twin->n_present) {
            return;
        }
        twin_leave(twin, first,
                   twin_may(twin, user, twin->present[first].room) ==
                           OUTCOME_ROOM_DISABLED
                       ? LEAVE_ROOM_DISABLED
                       : LEAVE_EVICTED);
    }
}
