/* What is said in rooms, and taken back by administrators. */
#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/moment.h"
#include "node/admin/page.h"
#include "node/admin/sieve.h"
#include "node/chat/view.h"

enum {
    TEXT_SHOWN_BYTES_MAX = 4000, /* Of a text in a list, */
    VERSION_BYTES_MAX = 16000,   /* and of a version. */
    MESSAGES_LOOKED_MAX = 500,   /* For one page: they are read from disk, on
                                    the loop that posts wait for. */
};

/* As much of a text as may be shown, whole characters. */
static struct slice cut(struct answer *answer, struct slice text, size_t max)
{
    if (text.len > max) {
        text.len = max;
        while (text.len > 0 && (text.data[text.len] & 0xc0) == 0x80) {
            text.len--;
        }
    }
    return text.len == 0 ? SLICE_NONE : arena_copy_slice(answer->arena, text);
}

static Perch__Admin__Message *show_message(struct answer *answer,
                                           const struct room_view *room,
                                           const struct admin_message *message)
{
    const struct said *said = &message->said;
    Perch__Admin__Message *shown =
        answer_new(answer, &perch__admin__message__descriptor);

    CODEC_SET(shown, id, said->message_id);
    ANSWER_TEXT(shown, author,
                answer_printf(answer, "%.*s", SLICE_PRINT(said->author_uri)));
    ANSWER_TEXT(shown, display_name,
                answer_printf(answer, "%.*s", SLICE_PRINT(said->display_name)));
    CODEC_SET(shown, sent_at_us, said->sent_at_us);
    ANSWER_TEXT(shown, text, cut(answer, said->text, TEXT_SHOWN_BYTES_MAX));
    CODEC_SET(shown, cut, said->text.len > TEXT_SHOWN_BYTES_MAX);
    CODEC_SET(shown, alert, said->alert);
    CODEC_SET(shown, story, said->story);
    CODEC_SET(shown, state, (Perch__Admin__MessageState)said->state);
    if (message->changed_at_us > 0) {
        ANSWER_TEXT(
            shown, reason,
            answer_printf(answer, "%.*s", SLICE_PRINT(message->reason)));
        CODEC_SET(shown, changed_at_us, message->changed_at_us);
    }
    CODEC_SET(shown, shown,
              !said->hidden && said->message_id > room->cleared_upto);
    return shown;
}

struct listing {
    struct page page;
    struct sieve *sieve;
    struct room_view room;
    uint64_t mark;
    uint64_t *ids; /* Of those on the page; NULL: not kept. */
    bool is_redaction;
    bool is_replacement;
    struct slice replacement;
};

/* Those that are as asked already are left as they are. */
static bool is_so(const struct listing *listing, const struct said *said)
{
    return listing->is_redaction &&
           said->state == (listing->is_replacement ? REVISION_REPLACED
                                                   : REVISION_REDACTED) &&
           slice_equal(said->text, listing->replacement);
}

static bool take(void *context, const struct admin_message *message)
{
    struct listing *listing = context;
    const struct said *said = &message->said;

    if (!page_look(&listing->page)) {
        return false;
    }
    listing->mark = said->message_id;
    if (sieve_passes(listing->sieve, said) && !is_so(listing, said)) {
        if (listing->ids != NULL) {
            listing->ids[listing->page.n] = said->message_id;
        }
        page_add(
            &listing->page,
            &show_message(listing->page.answer, &listing->room, message)->base);
    }
    return true;
}

/* Fill a page with the messages that are meant. Returns false, and the answer
 * refused, when they cannot be read. */
static bool fill(struct answer *answer, struct listing *listing)
{
    const struct admin_state *state = answer->state;
    struct message_range range;
    uint32_t after = 0;
    enum error error = ERROR_NONE;

    if (!page_number(answer, &after)) {
        return false;
    }
    range = sieve_span(listing->sieve, &listing->room, listing->is_redaction,
                       after);
    page_begin(&listing->page, answer);
    listing->page.looks_left = MESSAGES_LOOKED_MAX;
    if (listing->is_redaction && listing->page.limit > REDACTIONS_MAX) {
        listing->page.limit = REDACTIONS_MAX;
    }
    if (range.first <= range.last) {
        error =
            state->messages->walk(state->context, listing->room.place.number,
                                  range.first, range.last, take, listing);
    }
    if (error != ERROR_NONE) {
        answer_refuse(answer, REFUSAL_NO_MESSAGES_HERE);
        return false;
    }
    page_end(&listing->page, answer_printf(answer, "%" PRIu64, listing->mark));
    return true;
}

static void put_list(struct answer *answer, const struct listing *listing)
{
    Perch__Admin__MessagesListReply *body =
        answer_new(answer, &perch__admin__messages_list_reply__descriptor);

    body->n_messages = listing->page.n;
    body->messages = (Perch__Admin__Message **)listing->page.items;
    answer->body = &body->base;
}

static void decide_list(struct answer *answer)
{
    const Perch__Admin__MessagesList *asked = answer->asked;
    const struct meaning meaning = MEANING(asked);
    const struct room *room = find_room(answer, asked->room);
    struct listing listing = {.mark = 0};

    if (room == NULL) {
        return;
    }
    view_room(room, &listing.room);
    listing.sieve = sieve_new(answer, &meaning);
    if (listing.sieve == NULL) {
        return;
    }
    if (fill(answer, &listing)) {
        put_list(answer, &listing);
    }
    sieve_deinit(listing.sieve);
}

static void propose_redaction(struct answer *answer,
                              const struct listing *listing)
{
    const Perch__Admin__MessagesRedact *asked = answer->asked;
    Perch__MessageRedact *redact =
        answer_new(answer, &perch__message_redact__descriptor);

    CODEC_SET(redact, room,
              codec_bytes(arena_copy_slice(
                  answer->arena,
                  slice_of(listing->room.place.guid.bytes, GUID_BYTES))));
    redact->n_message_ids = listing->page.n;
    redact->message_ids = listing->ids;
    CODEC_SET(redact, reason, asked->reason);
    redact->has_replacement = asked->has_replacement;
    redact->replacement = asked->replacement;
    answer_tells(answer, asked->has_replacement ? "replaced" : "redacted",
                 "what was asked for in room \"%.*s\" (%zu message%s)",
                 SLICE_PRINT(listing->room.place.name), listing->page.n,
                 listing->page.n == 1 ? "" : "s");
    answer_proposes(answer, PERCH__COMMAND__KIND_MESSAGE_REDACT)
        ->message_redact = redact;
}

static void end_redaction(struct answer *answer, const struct listing *listing,
                          const struct meaning *meaning)
{
    put_list(answer, listing);
    if (listing->page.n > 0) {
        propose_redaction(answer, listing);
    } else if (listing->mark == 0 && meaning_is_ids(meaning)) {
        answer_refuse_outcome(answer, OUTCOME_MESSAGE_UNKNOWN,
                              codec_slice(meaning->messages[0]));
    } else {
        answer->does = ANSWER_ALREADY;
        answer_tells(answer, "redacted",
                     "no message of room \"%.*s\" that is "
                     "not so already",
                     SLICE_PRINT(listing->room.place.name));
    }
}

static void decide_redact(struct answer *answer)
{
    const Perch__Admin__MessagesRedact *asked = answer->asked;
    const struct meaning meaning = MEANING(asked);
    const struct room *room = find_room(answer, asked->room);
    struct listing listing = {.is_redaction = true,
                              .is_replacement = asked->has_replacement,
                              .replacement = codec_slice(asked->replacement)};

    if (room == NULL) {
        return;
    }
    if (!meaning_says_which(&meaning)) {
        answer_refuse(answer, REFUSAL_NOTHING_ASKED);
        return;
    }
    view_room(room, &listing.room);
    listing.ids = answer_alloc(answer, REDACTIONS_MAX * sizeof(*listing.ids));
    listing.sieve = sieve_new(answer, &meaning);
    if (listing.sieve == NULL) {
        return;
    }
    if (fill(answer, &listing)) {
        end_redaction(answer, &listing, &meaning);
    }
    sieve_deinit(listing.sieve);
}

struct versions {
    struct answer *answer;
    Perch__Admin__MessagesShowReply *body;
    size_t bytes_left;
};

enum { VERSIONS_SHOWN_MAX = 64 };

static bool take_version(void *context, const struct admin_version *version)
{
    struct versions *versions = context;
    struct answer *answer = versions->answer;
    Perch__Admin__MessageVersion *shown =
        answer_new(answer, &perch__admin__message_version__descriptor);
    struct slice text = cut(answer, version->text, VERSION_BYTES_MAX);

    if (versions->body->n_versions == VERSIONS_SHOWN_MAX ||
        versions->bytes_left < VERSION_BYTES_MAX + PAGE_ITEM_BYTES_MAX) {
        return false;
    }
    CODEC_SET(shown, state, (Perch__Admin__MessageState)version->state);
    CODEC_SET(shown, at_us, version->at_us);
    ANSWER_TEXT(shown, user,
                answer_printf(answer, "%.*s", SLICE_PRINT(version->user)));
    ANSWER_TEXT(
        shown, administrator,
        answer_printf(answer, "%.*s", SLICE_PRINT(version->administrator)));
    ANSWER_TEXT(shown, source,
                answer_printf(answer, "%.*s", SLICE_PRINT(version->source)));
    ANSWER_TEXT(shown, reason,
                answer_printf(answer, "%.*s", SLICE_PRINT(version->reason)));
    ANSWER_TEXT(shown, text, text);
    CODEC_SET(shown, cut, text.len < version->text.len);
    CODEC_SET(shown, log_index, version->log_index);
    versions->bytes_left -= protobuf_c_message_get_packed_size(&shown->base);
    versions->body->versions[versions->body->n_versions++] = shown;
    return true;
}

struct one {
    struct answer *answer;
    struct room_view room;
    Perch__Admin__Message *message;
    enum revision state;
};

static bool take_one(void *context, const struct admin_message *message)
{
    struct one *one = context;

    one->message = show_message(one->answer, &one->room, message);
    one->state = message->said.state;
    return false;
}

/* Find a message. Returns false, and the answer refused, when it is not
 * there. */
static bool find_one(struct answer *answer, const struct room *room,
                     ProtobufCBinaryData name, struct one *one)
{
    const struct admin_state *state = answer->state;
    struct message_range range;

    *one = (struct one){.answer = answer};
    view_room(room, &one->room);
    if (!message_range_read(codec_slice(name), &range) ||
        range.first != range.last) {
        answer_refuse_about(answer, REFUSAL_MESSAGES_INVALID,
                            codec_slice(name));
        return false;
    }
    if (state->messages->walk(state->context, one->room.place.number,
                              range.first, range.first, take_one,
                              one) != ERROR_NONE) {
        answer_refuse(answer, REFUSAL_NO_MESSAGES_HERE);
    } else if (one->message == NULL) {
        answer_refuse_outcome(answer, OUTCOME_MESSAGE_UNKNOWN,
                              codec_slice(name));
    }
    return one->message != NULL;
}

static void put_one(struct answer *answer, const struct one *one)
{
    const struct admin_state *state = answer->state;
    Perch__Admin__MessagesShowReply *body =
        answer_new(answer, &perch__admin__messages_show_reply__descriptor);
    struct versions versions = {answer, body,
                                ADMIN_REPLY_BYTES_MAX - PAGE_SLACK_BYTES};

    body->message = one->message;
    body->versions =
        answer_alloc(answer, VERSIONS_SHOWN_MAX * sizeof(*body->versions));
    if (state->messages->versions(state->context, one->room.place.number,
                                  one->message->id, take_version,
                                  &versions) != ERROR_NONE) {
        answer_refuse(answer, REFUSAL_NO_MESSAGES_HERE);
        return;
    }
    answer->body = &body->base;
}

static void decide_show(struct answer *answer)
{
    const Perch__Admin__MessagesShow *asked = answer->asked;
    const struct room *room = find_room(answer, asked->room);
    struct one one;

    if (room != NULL && find_one(answer, room, asked->message, &one)) {
        put_one(answer, &one);
    }
}

/* As it will be: what is told of a change is told before the store has it. */
static void put_withdrawn(struct answer *answer, const struct one *one,
                          ProtobufCBinaryData reason)
{
    Perch__Admin__MessagesShowReply *body =
        answer_new(answer, &perch__admin__messages_show_reply__descriptor);

    body->message = one->message;
    CODEC_SET(body->message, state, PERCH__ADMIN__MESSAGE_STATE__WITHDRAWN);
    CODEC_SET(body->message, reason, reason);
    ANSWER_TEXT(body->message, text, SLICE_NONE);
    answer->body = &body->base;
}

static void decide_withdraw(struct answer *answer)
{
    const Perch__Admin__MessagesWithdraw *asked = answer->asked;
    const struct room *room = find_room(answer, asked->room);
    Perch__MessageWithdraw *withdraw =
        answer_new(answer, &perch__message_withdraw__descriptor);
    struct one one;

    if (room == NULL || !find_one(answer, room, asked->message, &one)) {
        return;
    }
    answer_tells(answer, "withdrawn", "message %" PRIu64 " of room \"%.*s\"",
                 one.message->id, SLICE_PRINT(one.room.place.name));
    if (one.state == REVISION_WITHDRAWN) {
        put_one(answer, &one);
        answer->does = ANSWER_ALREADY;
        return;
    }
    put_withdrawn(answer, &one, asked->reason);
    CODEC_SET(
        withdraw, room,
        codec_bytes(arena_copy_slice(
            answer->arena, slice_of(one.room.place.guid.bytes, GUID_BYTES))));
    CODEC_SET(withdraw, message_id, one.message->id);
    CODEC_SET(withdraw, reason, asked->reason);
    answer_proposes(answer, PERCH__COMMAND__KIND_MESSAGE_WITHDRAW)
        ->message_withdraw = withdraw;
}

const struct answer_row messages_rows[] = {
    {ADMIN_MESSAGES_LIST, decide_list, NULL},
    {ADMIN_MESSAGES_SHOW, decide_show, NULL},
    {ADMIN_MESSAGES_REDACT, decide_redact, NULL},
    {ADMIN_MESSAGES_WITHDRAW, decide_withdraw, NULL},
    {.decide = NULL},
};
