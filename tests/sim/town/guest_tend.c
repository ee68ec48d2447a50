/* What guests do besides talking. Nobody waits for an answer: what comes of it
 * is in the log, where the witness's twin judges it, and in what is shown. */
#include <inttypes.h>
#include <stdio.h>

#include "proto/base/buffer.h"
#include "proto/base/check.h"
#include "proto/xccos/roaming.h"
#include "tests/sim/town/guest_inner.h"
#include "tests/sim/town/town.h"

enum {
    LOOKED_THROUGH = 40, /* Posts, the newest first. */
    VERSIONS_GUESSED = 4,
    INSTANCES = 3,
};

#define SPACES " xmlns=\"urn:parlano:xml:ns:xccos\" xmlns:p=\"urn:perch:xccos\""

static unsigned below(struct guest *guest, unsigned n)
{
    return (unsigned)random_below(&guest->random, n);
}

static void command(struct guest *guest, const char *verb, struct buffer *data)
{
    struct buffer body = BUFFER_EMPTY;

    buffer_printf(&body,
                  "<xccos ver=\"1\" envid=\"1\"" SPACES
                  "><cmd id=\"cmd:%s\" seqid=\"%d\"><data>",
                  verb, GUEST_TEND);
    buffer_append_slice(&body, buffer_slice(data));
    buffer_printf(&body, "</data></cmd></xccos>");
    buffer_deinit(data);
    guest_say(guest, 0, &body);
}

/* One of his that was acknowledged and seen. NULL: none of late. */
static const struct ledger_post *own_post(struct guest *guest)
{
    const struct ledger *ledger = &guest->town->ledger;
    uint64_t number = ledger->n_posts - below(guest, LOOKED_THROUGH / 4);

    for (unsigned i = 0;
         i < LOOKED_THROUGH && number > 0 && number <= ledger->n_posts;
         i++, number--) {
        const struct ledger_post *post = &ledger->posts[number];

        if (post->guest / 2 == guest->number / 2 && post->message_id != 0) {
            return post;
        }
    }
    return NULL;
}

static void begin_message(struct guest *guest, const struct ledger_post *post,
                          struct buffer *data)
{
    buffer_printf(
        data,
        "<chanib uri=\"" TOWN_ROOM_SCHEME
        "%s\"><msg id=\"grpchat\" seqid=\"1\" chanUri=\"" TOWN_ROOM_SCHEME
        "%s\" author=\"%s\" chatId=\"%" PRIu64 "\"",
        room_guid_text(post->room), room_guid_text(post->room), guest->uri,
        post->message_id);
}

/* The post's number and something behind it. */
static void correct(struct guest *guest)
{
    const struct ledger_post *post = own_post(guest);
    struct buffer data = BUFFER_EMPTY;

    if (post != NULL) {
        begin_message(guest, post, &data);
        buffer_printf(&data,
                      "><chat>%td " GUEST_BETTER " %u</chat></msg></chanib>",
                      post - guest->town->ledger.posts, below(guest, 100));
        command(guest, "modmsg", &data);
    }
}

static void withdraw(struct guest *guest)
{
    const struct ledger_post *post = own_post(guest);
    struct buffer data = BUFFER_EMPTY;

    if (post != NULL) {
        begin_message(guest, post, &data);
        buffer_printf(&data, " p:reason=\"no more\"><chat/></msg></chanib>");
        command(guest, "delmsg", &data);
    }
}

static unsigned any_room(struct guest *guest)
{
    return below(guest, 2) == 0 ? town_club(guest->town, &guest->random)
                                : below(guest, LEDGER_SQUARES);
}

static void mark_read(struct guest *guest)
{
    struct buffer data = BUFFER_EMPTY;
    unsigned room = any_room(guest);
    uint64_t told = guest->town->ledger.rooms[room].told;

    buffer_printf(&data, "<chanib uri=\"" TOWN_ROOM_SCHEME "%s\">",
                  room_guid_text(room));
    if (below(guest, 3) == 0) {
        buffer_printf(&data, "<news back=\"%s\"/>",
                      below(guest, 2) == 0 ? "true" : "false");
    } else {
        buffer_printf(&data, "<news read=\"%" PRIu64 "\"/>",
                      random_below(&guest->random, told + 2));
    }
    buffer_printf(&data, "</chanib>");
    command(guest, "markread", &data);
}

static void put_feeds(struct guest *guest)
{
    struct buffer data = BUFFER_EMPTY;

    buffer_printf(&data, "<feeds version=\"%u\">",
                  below(guest, VERSIONS_GUESSED));
    for (unsigned i = below(guest, 3); i > 0; i--) {
        buffer_printf(&data,
                      "<feed name=\"Feed %u\"><word>%u</word>"
                      "<author uri=\"%s\"/></feed>",
                      i, below(guest, 100), guest->uri);
    }
    buffer_printf(&data, "</feeds>");
    command(guest, "setfeeds", &data);
}

static void ask_news(struct guest *guest)
{
    struct buffer data = BUFFER_EMPTY;

    command(guest, "getnews", &data);
}

static void ask_invitations(struct guest *guest)
{
    struct buffer data = BUFFER_EMPTY;

    buffer_printf(&data, "<inv inviteId=\"%u\" domain=\"" TOWN_DOMAIN "\"/>",
                  below(guest, 2));
    command(guest, "getinv", &data);
}

/* A room in his presence document. */
static void follow(struct guest *guest)
{
    struct intake *intake = intake_new(INTAKE_PRESENCE, 0, guest->connection);
    struct roaming_item *item;
    char uri[96];

    CHECK(intake != NULL);
    item = arena_alloc(intake->arena, sizeof(*item));
    CHECK(item != NULL);
    snprintf(uri, sizeof(uri), TOWN_ROOM_SCHEME "%s",
             room_guid_text(any_room(guest)));
    *item = (struct roaming_item){
        .category = SLICE_LITERAL(ROAMING_ROOM_SETTING),
        .instance = below(guest, INSTANCES),
        .version = below(guest, VERSIONS_GUESSED),
        .expire_type = SLICE_LITERAL("static"),
        .remove = below(guest, 4) == 0,
        .url = arena_copy_slice(intake->arena, slice_of_text(uri)),
        .xml =
            SLICE_LITERAL("<roomSetting xmlns=\"urn:x\">seen</roomSetting>")};
    intake->presence = (struct intake_presence){
        .token = ++guest->tokens,
        .ask = PRESENCE_PUBLISH,
        .user_uri = arena_copy_slice(intake->arena, slice_of_text(guest->uri)),
        .items = item};
    guest_hand_over(guest, intake);
}

void guest_tend(struct guest *guest)
{
    static void (*const all[])(struct guest * guest) = {
        correct,  correct,         withdraw, mark_read,    put_feeds,
        ask_news, ask_invitations, follow,   guest_search, guest_search};

    all[below(guest, sizeof(all) / sizeof(all[0]))](guest);
}
