#include "node/session/retelling.h"

#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/hub.h"
#include "node/session/wording.h"
#include "proto/base/check.h"

/* What is told, and to whom. */
struct retelling {
    struct sessions *hub;
    const struct effects *effects;
    struct audience *audience; /* NULL: nobody of this node is there. */
    struct xccos_room *block;
    struct wording_change change;
};

static void begin(struct retelling *retelling, struct sessions *hub,
                  const struct effects *effects, const struct room *room)
{
    struct room_view view;

    view_room(room, &view);
    *retelling = (struct retelling){
        .hub = hub,
        .effects = effects,
        .audience = audiences_find(&hub->audiences, view.place.number),
        .change = {.reason = effects->revised.reason,
                   .at_us = effects->sent_at_us},
    };
    if (retelling->audience != NULL) {
        retelling->block = describe_room_uri(hub, hub->arena, &view.place.guid);
        CHECK(retelling->block != NULL);
    }
}

/* The number of the record of what the message in this place was made. */
static struct xccos_number csn_of(const struct effects *effects, size_t at)
{
    return (struct xccos_number){.set = effects->revised.has_csn,
                                 .value = effects->revised.csn + at};
}

/* Takes the body. */
static void give(const struct retelling *retelling, bool to_knowing,
                 struct body *body)
{
    if (body != NULL) {
        audience_give_some(retelling->audience, retelling->hub->outbox, body,
                           retelling->effects->log_index, to_knowing);
        body_release(body);
    }
}

static void give_notice(const struct retelling *retelling, enum xccos_verb verb)
{
    struct xccos_primitive notice = {.kind = XCCOS_KIND_NOTICE,
                                     .seqid = 1,
                                     .verb = verb,
                                     .data.rooms = retelling->block};

    give(retelling, true, hub_write(retelling->hub, &notice));
}

/* What an author has done is said under the author's name, all else under the
 * pool's: nobody has said it. */
static void give_line(const struct retelling *retelling,
                      const struct said *author, uint64_t about,
                      struct slice text)
{
    struct xccos_message line = {
        .room_uri = retelling->block->uri,
        .alert = XCCOS_FLAG_FALSE,
        .sent_at = XCCOS_MOMENT(retelling->effects->sent_at_us),
        .about = XCCOS_NUMBER(about),
        .csn = csn_of(retelling->effects, 0),
        .text = text,
    };
    struct pool_view pool;

    CHECK(text.len > 0);
    query_pool(retelling->hub->machine, &pool);
    line.author = author != NULL ? author->author_uri : pool.pool_uri;
    line.author_name = author != NULL ? author->display_name : SLICE_NONE;
    give(retelling, false, hub_write_message(retelling->hub, &line));
}

/* A message as it was made. */
static struct said remade(const struct effects *effects, uint64_t message_id)
{
    const struct said *before = facts_find(effects->facts, message_id);
    struct said said;

    CHECK(before != NULL); /* Or the rule would not have revised it. */
    said = *before;
    said.state = effects->revised.kind;
    said.text = effects->revised.text;
    said.extra = effects->revised.extra;
    return said;
}

static void add_message(struct retelling *retelling, size_t at,
                        struct xccos_message ***tail)
{
    struct arena *arena = retelling->hub->arena;
    struct xccos_message *message = arena_alloc(arena, sizeof(*message));
    struct said said = remade(retelling->effects, retelling->effects->ids[at]);

    CHECK(message != NULL);
    retelling->change.csn = csn_of(retelling->effects, at);
    CHECK(wording_message(&said, &retelling->change, arena, message) ==
          ERROR_NONE);
    message->room_uri = retelling->block->uri;
    **tail = message;
    *tail = &message->next;
}

void retell_revised(struct sessions *hub, const struct effects *effects,
                    const struct room *room)
{
    bool by_author = effects->command->user.len > 0;
    struct xccos_message **tail;
    struct retelling retelling;
    struct said first;

    begin(&retelling, hub, effects, room);
    if (retelling.audience == NULL) {
        return;
    }
    tail = &retelling.block->messages;
    for (size_t i = 0; i < effects->n_ids; i++) {
        add_message(&retelling, i, &tail);
    }
    give_notice(&retelling, XCCOS_VERB_MODMSG);
    first = remade(effects, effects->ids[0]);
    retelling.audience = audiences_find(&hub->audiences, effects->revised.room);
    if (retelling.audience != NULL) { /* Those who were behind are cut. */
        give_line(&retelling, by_author ? &first : NULL, effects->ids[0],
                  wording_line(&first, &retelling.change, effects->n_ids,
                               hub->arena));
    }
}

void retell_cleared(struct sessions *hub, const struct effects *effects,
                    const struct room *room)
{
    struct retelling retelling;

    begin(&retelling, hub, effects, room);
    if (retelling.audience == NULL) {
        return;
    }
    retelling.block->cleared_upto = XCCOS_NUMBER(effects->revised.upto_id);
    give_notice(&retelling, XCCOS_VERB_PURGE);
    retelling.audience = audiences_find(&hub->audiences, effects->revised.room);
    if (retelling.audience != NULL) {
        give_line(&retelling, NULL, effects->revised.upto_id,
                  wording_cleared(effects->revised.reason, hub->arena));
    }
}
