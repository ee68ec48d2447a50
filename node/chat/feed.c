#include "node/chat/feed.h"

#include "node/chat/attention.h"
#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/store.pb-c.h"

static bool is_word(ProtobufCBinaryData word)
{
    return word.len > 0 &&
           text_check_line(codec_slice(word), FEED_WORD_CHARACTERS_MAX,
                           OUTCOME_FEED_INVALID) == OUTCOME_DONE;
}

/* Whether an earlier feed of the command has the same name. */
static bool is_repeated(const Perch__FeedsPut *command, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (slice_equal(codec_slice(command->feeds[j]->name),
                        codec_slice(command->feeds[i]->name))) {
            return true;
        }
    }
    return false;
}

static bool is_feed(const Perch__FeedsPut__Feed *feed)
{
    if (!is_word(feed->name) || feed->n_words > FEED_WORDS_MAX ||
        feed->n_authors > FEED_WORDS_MAX ||
        feed->n_words + feed->n_authors == 0) {
        return false;
    }
    for (size_t i = 0; i < feed->n_words; i++) {
        if (!is_word(feed->words[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < feed->n_authors; i++) {
        if (!text_is_sip_uri(codec_slice(feed->authors[i]))) {
            return false;
        }
    }
    return true;
}

static enum outcome check(struct turn *turn, const struct user *user,
                          const Perch__FeedsPut *command)
{
    uint32_t version =
        user->attention == NULL ? 0 : user->attention->feeds_version;

    if (command->has_if_version && command->if_version != version) {
        return OUTCOME_VERSION_STALE;
    }
    if (command->n_feeds > FEEDS_MAX) {
        return OUTCOME_FEEDS_TOO_MANY;
    }
    for (size_t i = 0; i < command->n_feeds; i++) {
        if (!is_feed(command->feeds[i]) || is_repeated(command, i)) {
            turn->value = i;
            return OUTCOME_FEED_INVALID;
        }
    }
    return OUTCOME_DONE;
}

/* The row's bytes, since that is what is kept: a feed as it was given, but for
 * its authors, who are kept as users are. */
static void fill(const Perch__FeedsPut__Feed *feed,
                 uint8_t authors[FEED_WORDS_MAX][URI_BYTES_MAX],
                 ProtobufCBinaryData *names, Perch__Stored__Feeds__Feed *row)
{
    perch__stored__feeds__feed__init(row);
    CODEC_SET_BYTES(row, name, codec_slice(feed->name));
    row->n_words = feed->n_words;
    row->words = feed->words;
    row->n_authors = feed->n_authors;
    row->authors = names;
    for (size_t i = 0; i < feed->n_authors; i++) {
        struct slice uri = codec_slice(feed->authors[i]);

        CHECK(uri.len <= URI_BYTES_MAX);
        text_fold(authors[i], uri);
        names[i] = codec_bytes(slice_of(authors[i], uri.len));
    }
}

/* A feed's bytes by themselves are those of the whole row with that feed alone:
 * protobuf's repeated fields are one after the other. */
static void append(struct buffer *out, const Perch__FeedsPut__Feed *feed)
{
    uint8_t authors[FEED_WORDS_MAX][URI_BYTES_MAX];
    ProtobufCBinaryData names[FEED_WORDS_MAX];
    Perch__Stored__Feeds__Feed row, *list = &row;
    Perch__Stored__Feeds feeds = PERCH__STORED__FEEDS__INIT;

    fill(feed, authors, names, &row);
    feeds.n_feeds = 1;
    feeds.feeds = &list;
    codec_write(&feeds.base, out);
}

static void put(struct turn *turn, struct user *user,
                const Perch__FeedsPut *command)
{
    struct attention *attention = attention_of(user);
    Perch__Stored__Feeds head = PERCH__STORED__FEEDS__INIT;
    struct buffer row = BUFFER_EMPTY;

    turn->machine->counts[ROW_FEEDS] += attention->feeds_version == 0;
    attention->feeds_version += 1;
    CODEC_SET(&head, version, attention->feeds_version);
    codec_write(&head.base, &row);
    for (size_t i = 0; i < command->n_feeds; i++) {
        append(&row, command->feeds[i]);
    }
    CHECK(!buffer_failed(&row));
    text_replace(&attention->feeds, buffer_slice(&row));
    buffer_deinit(&row);
    changes_mark(&turn->machine->changes, ROW_FEEDS, user->principal.number, 0,
                 0);
}

enum outcome feeds_put(struct turn *turn, const Perch__Command *command)
{
    struct user *user = NULL;
    enum outcome outcome = attention_actor(turn, command, &user);

    if (outcome == OUTCOME_DONE) {
        outcome = check(turn, user, command->feeds_put);
    }
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    put(turn, user, command->feeds_put);
    turn->value = user->attention->feeds_version;
    return OUTCOME_DONE;
}
