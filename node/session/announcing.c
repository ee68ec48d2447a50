#include "node/session/announcing.h"

#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "node/session/inviting.h"
#include "node/session/posting.h"
#include "node/session/retelling.h"
#include "proto/base/check.h"

/* An entry's log index stands for all that is told of it. */
struct news {
    struct sessions *hub;
    const struct effects *effects;
    const struct event *event;
    const struct room *room; /* Of the event; NULL: of none. */
};

static void fill_message(const struct news *news,
                         struct xccos_message *message_out)
{
    const struct message *said = &news->effects->message;
    const Perch__Post *post = said->post;
    struct room_view room;

    view_room(news->room, &room);
    *message_out = (struct xccos_message){
        .story = post->story ? XCCOS_FLAG_TRUE : XCCOS_FLAG_UNSET,
        .room_uri = hub_room_uri(news->hub, news->hub->arena, &room.place.guid),
        .author = said->author_uri,
        .author_name = said->display_name,
        .alert = post->alert ? XCCOS_FLAG_TRUE : XCCOS_FLAG_FALSE,
        .message_id = XCCOS_NUMBER(said->message_id),
        .sent_at = XCCOS_MOMENT(said->sent_at_us),
        .csn = {.set = said->has_csn, .value = said->csn},
        .text = codec_slice(post->text),
        .note = codec_slice(post->annotation),
    };
    posting_split_extra(codec_slice(post->extra),
                        &message_out->carried_attributes,
                        &message_out->carried_children);
}

/* Takes the body. */
static void give_all(const struct news *news, struct audience *audience,
                     struct body *body)
{
    if (body != NULL) {
        audience_give(audience, news->hub->outbox, body,
                      news->effects->log_index);
        body_release(body);
    }
}

static void tell_posted(const struct news *news)
{
    struct audience *audience =
        audiences_find(&news->hub->audiences, news->event->room);
    struct xccos_message message;

    CHECK(news->effects->has_message);
    if (audience != NULL) {
        fill_message(news, &message);
        give_all(news, audience, hub_write_message(news->hub, &message));
    }
    tidings_posted(news->hub, news->event, news->room);
}

static bool is_listed(const struct news *news)
{
    struct room_view room;

    view_room(news->room, &room);
    return !describe_is_large(news->hub, room.users_present);
}

static struct xccos_user *user_of(const struct news *news)
{
    struct xccos_user *user =
        describe_user(news->hub->arena,
                      query_user_told(news->hub->machine, news->event->user));

    CHECK(user != NULL);
    return user;
}

/* Where a joiner is: the aib of a notice. */
static struct xccos_presence *place_of(const struct news *news)
{
    struct sessions *hub = news->hub;
    struct xccos_presence *presence =
        arena_alloc(hub->arena, sizeof(*presence));
    char *text = arena_alloc(hub->arena, GUID_TEXT_BYTES + 1);
    struct room_view room;
    struct pool_view pool;
    unsigned roles;

    CHECK(presence != NULL && text != NULL);
    view_room(news->room, &room);
    query_pool(hub->machine, &pool);
    roles = view_roles(news->room,
                       query_user_told(hub->machine, news->event->user));
    guid_write(&room.place.guid, text);
    presence->mask =
        XCCOS_NUMBER(xccos_mask(&hub->settings.masks, describe_role(roles)));
    presence->value = slice_of(text, GUID_TEXT_BYTES);
    presence->domain = pool.domain;
    return presence;
}

static struct body *write_notice(const struct news *news, enum xccos_verb verb,
                                 const struct xccos_data *data)
{
    struct xccos_primitive notice = {
        .kind = XCCOS_KIND_NOTICE, .seqid = 1, .verb = verb, .data = *data};

    return hub_write(news->hub, &notice);
}

static void notify_joined(const struct news *news, struct audience *audience)
{
    struct xccos_user *user = user_of(news);

    user->presences = place_of(news);
    give_all(news, audience,
             write_notice(news, XCCOS_VERB_JOIN,
                          &(struct xccos_data){.users = user}));
}

static void seat(const struct news *news, struct caller *caller)
{
    struct sessions *hub = news->hub;
    struct room_view room;
    struct seat *seat =
        seat_take(&hub->audiences, caller, news->event->room,
                  news->effects->log_index, loop_now_us(hub->settings.loop));

    view_room(news->room, &room);
    seat->message_id_last = room.message_id_last;
    seat->shown_from = room.message_id_last + 1;
    seat->user = news->event->user;
    if (news->effects->log_index == caller->resumed_index) {
        seat->state = SEAT_SETTLED; /* It has all that was before. */
        seat->history_due = false;
    }
    meter_set(&hub->meters.seats, (int64_t)hub->audiences.seats);
}

static void tell_joined(const struct news *news)
{
    struct sessions *hub = news->hub;
    const struct event *event = news->event;
    struct audience *audience = audiences_find(&hub->audiences, event->room);
    struct caller *caller =
        callers_find_session(&hub->callers, &event->session);

    if (event->edge && !event->again && audience != NULL && is_listed(news)) {
        notify_joined(news, audience);
    }
    if (caller != NULL && caller_is_served(caller)) {
        seat(news, caller);
    }
}

/* A room named by its URI, with the event's user in it. */
static struct xccos_data room_and_user(const struct news *news)
{
    struct room_view view;
    struct xccos_room *room;

    view_room(news->room, &view);
    room = describe_room_uri(news->hub, news->hub->arena, &view.place.guid);
    CHECK(room != NULL);
    room->users = user_of(news);
    return (struct xccos_data){.rooms = room};
}

/* Takes the body. */
static void give_one(const struct news *news, struct caller *caller,
                     struct body *body)
{
    if (body != NULL) {
        caller_give(caller, body, news->effects->log_index);
        body_release(body);
    }
}

static bool is_put_out(enum leave leave)
{
    return leave == LEAVE_EVICTED || leave == LEAVE_ROOM_DISABLED ||
           leave == LEAVE_ROOM_DELETED;
}

/* The client has not asked for it: it is told what became of it. */
static void tell_put_out(const struct news *news, struct caller *caller)
{
    struct xccos_data data = room_and_user(news);

    give_one(news, caller, write_notice(news, XCCOS_VERB_PART, &data));
    if (news->event->leave == LEAVE_EVICTED) {
        give_one(news, caller, write_notice(news, XCCOS_VERB_KICK, &data));
    } else {
        data.rooms->users = NULL;
        give_one(news, caller,
                 write_notice(news, XCCOS_VERB_CHANDISABLE, &data));
    }
}

static void unseat(const struct news *news)
{
    struct sessions *hub = news->hub;
    const struct event *event = news->event;
    struct caller *caller =
        callers_find_session(&hub->callers, &event->session);
    struct seat *seat = caller == NULL ? NULL : seat_find(caller, event->room);

    if (seat == NULL) {
        return;
    }
    if (is_put_out((enum leave)event->leave)) {
        tell_put_out(news, caller);
    }
    shown_flush(seat);
    seat_leave(&hub->audiences, seat);
    meter_set(&hub->meters.seats, (int64_t)hub->audiences.seats);
}

static void tell_parted(const struct news *news)
{
    struct audience *audience;
    struct xccos_data data;

    unseat(news); /* And with the last of this node the audience is gone. */
    audience = audiences_find(&news->hub->audiences, news->event->room);
    if (news->event->edge && audience != NULL && is_listed(news)) {
        data = room_and_user(news);
        give_all(news, audience, write_notice(news, XCCOS_VERB_PART, &data));
    }
}

static void tell_changed(const struct news *news)
{
    struct audience *audience =
        audiences_find(&news->hub->audiences, news->event->room);
    struct xccos_room *room;

    if (audience != NULL) {
        room = describe_room(news->hub, news->hub->arena, news->room);
        CHECK(room != NULL);
        give_all(news, audience,
                 write_notice(news, XCCOS_VERB_CHANMODIFY,
                              &(struct xccos_data){.rooms = room}));
    }
}

static void tell_read(const struct news *news)
{
    shown_marked(news->hub, news->event);
    tidings_read(news->hub, news->event, news->room, news->effects->log_index);
}

static void tell_published(const struct news *news)
{
    following_published(news->hub, news->event);
}

static void tell_closed(const struct news *news)
{
    struct caller *caller =
        callers_find_session(&news->hub->callers, &news->event->session);

    if (caller != NULL) {
        caller_ended(caller, (enum leave)news->event->leave);
    }
}

/* Dialogs and connections that have no session yet must not become the next
 * one's of the same URI; those that had one are cut with it. */
static void tell_user_deleted(const struct news *news)
{
    struct callers *callers = &news->hub->callers;
    struct caller *caller = NULL;
    struct user_view user;

    view_user(query_user_told(news->hub->machine, news->event->user), &user);
    while ((caller = callers_next_of(callers, user.uri, caller)) != NULL) {
        caller_cut(caller, "user_deleted");
    }
    outbox_dismiss(news->hub->outbox, user.uri);
}

static void tell_revised(const struct news *news)
{
    retell_revised(news->hub, news->effects, news->room);
}

static void tell_cleared(const struct news *news)
{
    retell_cleared(news->hub, news->effects, news->room);
}

static void tell_role(const struct news *news)
{
    inviting_announce(news->hub, news->effects, news->event);
}

/* Those who are told are the posts to come. */
static void tell_filters(const struct news *news)
{
    screening_touch(news->hub);
}

/* What is not in the table concerns nobody who is connected. */
static void (*const tellers[EVENT_KINDS])(const struct news *news) = {
    [EVENT_POSTED] = tell_posted,
    [EVENT_JOINED] = tell_joined,
    [EVENT_PARTED] = tell_parted,
    [EVENT_SESSION_CLOSED] = tell_closed,
    [EVENT_ROOM_CHANGED] = tell_changed,
    [EVENT_USER_DELETED] = tell_user_deleted,
    [EVENT_MESSAGES_REVISED] = tell_revised,
    [EVENT_ROOM_CLEARED] = tell_cleared,
    [EVENT_READ] = tell_read,
    [EVENT_ROLE_CHANGED] = tell_role,
    [EVENT_PUBLISHED] = tell_published,
    [EVENT_FILTER_CHANGED] = tell_filters,
};

static bool has_room(const struct event *event)
{
    return event->kind == EVENT_POSTED || event->kind == EVENT_JOINED ||
           event->kind == EVENT_PARTED || event->kind == EVENT_ROOM_CHANGED ||
           event->kind == EVENT_MESSAGES_REVISED ||
           event->kind == EVENT_ROOM_CLEARED || event->kind == EVENT_READ;
}

void announce(struct sessions *hub, const struct effects *effects)
{
    for (size_t i = 0; i < effects->n_events; i++) {
        const struct event *event = &effects->events[i];
        struct news news = {hub, effects, event, NULL};

        if (tellers[event->kind] == NULL) {
            continue;
        }
        if (has_room(event)) {
            news.room = query_room_told(hub->machine, event->room);
            CHECK(news.room != NULL);
        }
        tellers[event->kind](&news);
        arena_reset(hub->arena);
    }
}
