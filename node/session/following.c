#include "node/session/following.h"

#include <stdlib.h>
#include <string.h>

#include "node/chat/attending.h"
#include "node/chat/view.h"
#include "node/session/hub.h"
#include "proto/base/check.h"
#include "proto/xccos/names.h"

enum { BUSY_RETRY_S = 2 };

/* A connection that looks at its user's document. */
struct subscriber {
    RB_ENTRY(subscriber) by_ref;
    RB_ENTRY(subscriber) by_user;
    edge_ref ref;
    struct slice user_uri; /* In text. */
    char text[];
};

/* A question or change under way; lies in the arena of its intake. */
struct presence_errand {
    TAILQ_ENTRY(presence_errand) link;
    struct sessions *hub;
    struct intake *intake;
    struct read read;
    struct proposal proposal;
};

static int compare_refs(const struct subscriber *a, const struct subscriber *b)
{
    return (a->ref > b->ref) - (a->ref < b->ref);
}

static int compare_users(const struct subscriber *a, const struct subscriber *b)
{
    int order = slice_compare(a->user_uri, b->user_uri);

    return order != 0 ? order : compare_refs(a, b);
}

TREE_GENERATE(subscriber_refs, subscriber, by_ref, compare_refs)
TREE_GENERATE(subscriber_users, subscriber, by_user, compare_users)

void following_init(struct following *following)
{
    RB_INIT(&following->by_ref);
    RB_INIT(&following->by_user);
    TAILQ_INIT(&following->errands);
}

static struct subscriber *find(struct following *following, edge_ref ref)
{
    struct subscriber key;

    key.ref = ref;
    return RB_FIND(subscriber_refs, &following->by_ref, &key);
}

static void drop(struct following *following, struct subscriber *subscriber)
{
    RB_REMOVE(subscriber_refs, &following->by_ref, subscriber);
    RB_REMOVE(subscriber_users, &following->by_user, subscriber);
    free(subscriber);
}

void following_deinit(struct following *following)
{
    struct subscriber *subscriber;
    struct presence_errand *errand;

    while ((subscriber = RB_ROOT(&following->by_ref)) != NULL) {
        drop(following, subscriber);
    }
    while ((errand = TAILQ_FIRST(&following->errands)) != NULL) {
        TAILQ_REMOVE(&following->errands, errand, link);
        intake_free(errand->intake);
    }
}

static void add(struct following *following, edge_ref ref, struct slice uri)
{
    struct subscriber *subscriber = find(following, ref);

    if (subscriber != NULL) {
        return; /* A connection has one user, for good. */
    }
    subscriber = calloc(1, sizeof(*subscriber) + uri.len);
    CHECK(subscriber != NULL);
    subscriber->ref = ref;
    memcpy(subscriber->text, uri.data, uri.len);
    subscriber->user_uri = slice_of(subscriber->text, uri.len);
    RB_INSERT(subscriber_refs, &following->by_ref, subscriber);
    RB_INSERT(subscriber_users, &following->by_user, subscriber);
}

/* --- the document --- */

static bool add_item(void *context, const struct publication_view *view)
{
    struct buffer *out = context;
    struct roaming_item item = {
        .category = SLICE_LITERAL(ROAMING_ROOM_SETTING),
        .container = view->container,
        .instance = view->instance,
        .version = view->version,
        .expire_type = view->expire_type,
        .xml = view->xml,
    };

    return roaming_add(out, &item) == XCCOS_ERROR_NONE;
}

/* A user's document, with one holder. NULL: memory is out. */
static struct body *write_document(struct sessions *hub,
                                   const struct user *user)
{
    struct buffer *out = &hub->body;
    struct user_view view;

    buffer_clear(out);
    view_user(user, &view);
    if (roaming_begin(out, view.uri) != XCCOS_ERROR_NONE) {
        return NULL;
    }
    attending_publications(hub->machine, user, add_item, out);
    roaming_end(out);
    return buffer_failed(out) ? NULL : body_new(buffer_slice(out));
}

/* --- answers --- */

/* Takes the body. Ends the errand. */
static void answer(struct presence_errand *errand, int status,
                   enum presence_document document, struct body *body)
{
    struct sessions *hub = errand->hub;
    struct intake *intake = errand->intake;
    struct delivery *delivery = delivery_new(DELIVERY_PRESENCE, intake->ref);

    CHECK(delivery != NULL);
    delivery->presence = (struct delivery_presence){
        .token = intake->presence.token,
        .status = status,
        .document = document,
        .body = body,
        .retry_after_s = status == 503 ? BUSY_RETRY_S : 0,
    };
    outbox_add(hub->outbox, delivery);
    TAILQ_REMOVE(&hub->following.errands, errand, link);
    intake_free(intake); /* And with it the errand. */
}

static void refuse(struct presence_errand *errand, int status)
{
    answer(errand, status, PRESENCE_NOTHING, NULL);
}

static void show(struct presence_errand *errand)
{
    struct sessions *hub = errand->hub;
    const struct user *user =
        query_user(hub->machine, errand->intake->presence.user_uri);
    struct body *body = user == NULL ? NULL : write_document(hub, user);

    if (body == NULL) {
        refuse(errand, user == NULL ? 404 : 503);
    } else {
        answer(errand, 200, PRESENCE_SELF, body);
    }
}

/* Whether the user may use persistent chat, by the policy in force. */
static void tell_policy(struct presence_errand *errand)
{
    const struct machine *machine = errand->hub->machine;
    const struct user *user =
        query_user(machine, errand->intake->presence.user_uri);

    refuse(errand,
           user != NULL && query_chat_enabled(machine, user) ? 200 : 403);
}

static void index_told(struct read *read, enum error error)
{
    struct presence_errand *errand =
        (struct presence_errand *)((char *)read -
                                   offsetof(struct presence_errand, read));

    if (error != ERROR_NONE) {
        refuse(errand, 503);
    } else if (errand->intake->presence.ask == PRESENCE_POLICY) {
        tell_policy(errand);
    } else {
        show(errand);
    }
}

static void ask(struct presence_errand *errand)
{
    errand->read.tell = index_told;
    if (reads_ask(errand->hub->reads, &errand->read) != ERROR_NONE) {
        refuse(errand, 503);
    }
}

/* --- what is published --- */

static bool is_kept(const struct roaming_item *item)
{
    return slice_equal_text(item->category, ROAMING_ROOM_SETTING);
}

static size_t count_kept(const struct roaming_item *item)
{
    size_t n = 0;

    for (; item != NULL; item = item->next) {
        n += is_kept(item);
    }
    return n;
}

/* Which items were published over another version than there is. */
static void answer_conflict(struct presence_errand *errand)
{
    const struct intake_presence *asked = &errand->intake->presence;
    const struct user *user = query_user(errand->hub->machine, asked->user_uri);
    size_t n = 0, room = count_kept(asked->items);
    struct roaming_conflict *conflicts =
        arena_alloc(errand->intake->arena, room * sizeof(*conflicts) + 1);
    struct buffer *out = &errand->hub->body;
    uint32_t index = 0;

    CHECK(conflicts != NULL && user != NULL);
    for (const struct roaming_item *item = asked->items; item != NULL;
         item = item->next) {
        uint32_t version =
            attending_version(user, item->container, item->instance);

        index += 1;
        if (is_kept(item) && version != item->version) {
            conflicts[n++] = (struct roaming_conflict){index, version};
        }
    }
    buffer_clear(out);
    roaming_write_fault(out, conflicts, n);
    answer(errand, 409, PRESENCE_FAULT, body_new(buffer_slice(out)));
}

static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects)
{
    struct presence_errand *errand =
        (struct presence_errand *)((char *)proposal -
                                   offsetof(struct presence_errand, proposal));

    (void)effects;
    if (fate != PROPOSAL_APPLIED) {
        /* It may have happened: who says it again is told by the version. */
        refuse(errand, 503);
    } else if (outcome_is_success(applied->outcome)) {
        show(errand);
    } else if (applied->outcome == OUTCOME_PUBLICATION_STALE) {
        answer_conflict(errand);
    } else {
        refuse(errand, (int)outcome_code(applied->outcome));
    }
}

static void fill_room(const struct sessions *hub,
                      const struct roaming_item *from, struct arena *arena,
                      Perch__Publish__Item *item)
{
    struct xccos_name name;
    struct slice guid;

    if (from->url.len > 0 &&
        xccos_room_uri_read(from->url, &name) == ERROR_NONE &&
        hub_is_ours(hub, &name)) {
        guid = arena_copy_slice(arena, slice_of(name.guid.bytes, GUID_BYTES));
        CODEC_SET_BYTES(item, room, guid);
    }
}

static void fill(const struct sessions *hub, const struct roaming_item *from,
                 struct arena *arena, Perch__Publish__Item *item)
{
    perch__publish__item__init(item);
    CODEC_SET(item, container, from->container);
    CODEC_SET(item, instance, from->instance);
    CODEC_SET(item, version, from->version);
    CODEC_SET_BYTES(item, expire_type, from->expire_type);
    CODEC_SET_BYTES(item, xml, from->xml);
    fill_room(hub, from, arena, item);
    if (from->remove) {
        CODEC_SET(item, remove, true);
    }
}

static enum error propose(struct presence_errand *errand, size_t n)
{
    const struct intake_presence *asked = &errand->intake->presence;
    struct arena *arena = errand->intake->arena;
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Publish publish = PERCH__PUBLISH__INIT;
    Perch__Publish__Item *items = arena_alloc(arena, n * sizeof(*items));

    publish.items = arena_alloc(arena, n * sizeof(*publish.items));
    if (items == NULL || publish.items == NULL) {
        return ERROR_NO_MEMORY;
    }
    for (const struct roaming_item *from = asked->items; from != NULL;
         from = from->next) {
        if (is_kept(from)) {
            fill(errand->hub, from, arena, &items[publish.n_items]);
            publish.items[publish.n_items] = &items[publish.n_items];
            publish.n_items += 1;
        }
    }
    CODEC_SET_BYTES(&command, user, asked->user_uri);
    command.kind_case = PERCH__COMMAND__KIND_PUBLISH;
    command.publish = &publish;
    errand->proposal = (struct proposal){.tell = told};
    return proposer_propose(errand->hub->proposer, &errand->proposal, &command);
}

static void publish(struct presence_errand *errand)
{
    size_t n = count_kept(errand->intake->presence.items);

    if (n == 0) {
        ask(errand); /* Nothing of it is kept: the answer shows that. */
    } else if (propose(errand, n) != ERROR_NONE) {
        refuse(errand, 503);
    }
}

void following_serve(struct sessions *hub, struct intake *intake)
{
    const struct intake_presence *asked = &intake->presence;
    struct subscriber *subscriber = find(&hub->following, intake->ref);
    struct presence_errand *errand;

    if (asked->ask == PRESENCE_END) {
        if (subscriber != NULL) {
            drop(&hub->following, subscriber);
        }
        intake_free(intake);
        return;
    }
    if (asked->ask == PRESENCE_SUBSCRIBE) {
        add(&hub->following, intake->ref, asked->user_uri);
    }
    errand = arena_alloc(intake->arena, sizeof(*errand));
    CHECK(errand != NULL);
    errand->hub = hub;
    errand->intake = intake;
    TAILQ_INSERT_TAIL(&hub->following.errands, errand, link);
    if (asked->ask == PRESENCE_PUBLISH) {
        publish(errand);
    } else {
        ask(errand);
    }
}

/* --- notifications --- */

static struct subscriber *first_of(struct following *following,
                                   struct slice user_uri)
{
    struct subscriber key, *found;

    key.ref = 0;
    key.user_uri = user_uri;
    found = RB_NFIND(subscriber_users, &following->by_user, &key);
    return found != NULL && slice_equal(found->user_uri, user_uri) ? found
                                                                   : NULL;
}

/* Holds the body once more. */
static void notify(struct sessions *hub, const struct subscriber *subscriber,
                   struct body *body)
{
    struct delivery *delivery =
        delivery_new(DELIVERY_PRESENCE, subscriber->ref);

    CHECK(delivery != NULL);
    delivery->presence = (struct delivery_presence){.document = PRESENCE_SELF,
                                                    .body = body_hold(body)};
    outbox_add(hub->outbox, delivery);
}

static void tell(struct sessions *hub, const struct user *user)
{
    struct subscriber *subscriber;
    struct user_view view;
    struct body *body;

    view_user(user, &view);
    subscriber = first_of(&hub->following, view.uri);
    body = subscriber == NULL ? NULL : write_document(hub, user);
    while (body != NULL && subscriber != NULL &&
           slice_equal(subscriber->user_uri, view.uri)) {
        notify(hub, subscriber, body);
        subscriber = RB_NEXT(subscriber_users, NULL, subscriber);
    }
    body_release(body);
}

void following_published(struct sessions *hub, const struct event *event)
{
    const struct user *user = query_user_numbered(hub->machine, event->user);

    CHECK(user != NULL);
    tell(hub, user);
}

void following_restored(struct sessions *hub)
{
    struct subscriber *subscriber =
        RB_MIN(subscriber_users, &hub->following.by_user);

    while (subscriber != NULL) {
        struct slice uri = subscriber->user_uri;
        const struct user *user = query_user(hub->machine, uri);

        if (user != NULL) {
            tell(hub, user);
        }
        do {
            subscriber = RB_NEXT(subscriber_users, NULL, subscriber);
        } while (subscriber != NULL && slice_equal(subscriber->user_uri, uri));
    }
}
