#include "proto/xccos/schema.h"

#include "proto/xccos/envelope.h"
#include "proto/xccos/limits.h"
#include "proto/xccos/schema_rows.h"

static const char *const behavior_texts[] = {NULL, "NORMAL", "AUDITORIUM"};
static const struct schema_words behaviors = {behavior_texts,
                                              COUNT(behavior_texts)};

static const char *const visibility_texts[] = {NULL, "OPEN", "SCOPED",
                                               "PRIVATE"};
static const struct schema_words visibilities = {visibility_texts,
                                                 COUNT(visibility_texts)};

static const char *const state_texts[] = {NULL, "corrected", "withdrawn",
                                          "redacted", "replaced"};
static const struct schema_words states = {state_texts, COUNT(state_texts)};

static const char *const role_texts[] = {NULL, "member", "presenter",
                                         "manager"};
static const struct schema_words roles = {role_texts, COUNT(role_texts)};

static const char *const search_texts[] = {
    NULL,       "BYNAME", "BYCATEGORY", "BYMEMBER", "BYMANAGER",
    "BYJOINED", "MINE",   "MANAGED",    "INVITED",  "USERBYNAME"};
static const struct schema_words searches = {search_texts, COUNT(search_texts)};

static const char *const direction_texts[] = {NULL, "forward", "backward"};
static const struct schema_words directions = {direction_texts,
                                               COUNT(direction_texts)};

static const char *const association_texts[] = {NULL, "MEMBER", "MANAGER"};
static const struct schema_words associations = {association_texts,
                                                 COUNT(association_texts)};

static const struct schema_field room_id_fields[] = {
    NUMBER("key", xccos_room_id, key, UINT32_MAX),
    TEXT("domain", xccos_room_id, domain),
    GUID("value", xccos_room_id, guid),
    PERCH_FLAG("revisions", xccos_room_id, revisions),
};
static const struct schema_block room_id_block = {
    .name = "chanid",
    .bytes = sizeof(struct xccos_room_id),
    FIELDS(room_id_fields),
};

static const struct schema_field presence_fields[] = {
    NUMBER("key", xccos_presence, mask, UINT32_MAX),
    TEXT("domain", xccos_presence, domain),
    TEXT_ALWAYS("value", xccos_presence, value),
};
static const struct schema_block presence_block = {
    .name = "aib",
    .bytes = sizeof(struct xccos_presence),
    FIELDS(presence_fields),
};

static const struct schema_field user_fields[] = {
    NUMBER("id", xccos_user, id, UINT32_MAX),
    TEXT_ALWAYS("uri", xccos_user, uri),
    TEXT("uname", xccos_user, name),
    TEXT("dispname", xccos_user, display_name),
    NUMBER("type", xccos_user, type, UINT8_MAX),
    FLAG("disabled", xccos_user, disabled),
    WORD("role", xccos_user, role, roles),
};
static const struct schema_child user_children[] = {
    LIST(presence_block, xccos_user, presences),
};
static const struct schema_block user_block = {
    .name = "uib",
    .bytes = sizeof(struct xccos_user),
    FIELDS(user_fields),
    CHILDREN(user_children),
};

static const struct schema_field failure_fields[] = {
    TEXT_ALWAYS("key", xccos_failure, key),
    GUID("value", xccos_failure, guid),
    TEXT("domain", xccos_failure, domain),
};
static const struct schema_block failure_block = {
    .name = "fib",
    .bytes = sizeof(struct xccos_failure),
    FIELDS(failure_fields),
};

static const struct schema_field message_fields[] = {
    TEXT_ALWAYS("chanUri", xccos_message, room_uri),
    TEXT_ALWAYS("author", xccos_message, author),
    TEXT("authdisp", xccos_message, author_name),
    FLAG("alert", xccos_message, alert),
    NUMBER("chatId", xccos_message, message_id, UINT64_MAX),
    MOMENT("ts", xccos_message, sent_at),
    {.name = "retry",
     .type = FIELD_TEXT,
     .offset = OFFSET(xccos_message, retry_id, struct slice),
     .max = XCCOS_RETRY_ID_BYTES_MAX,
     .is_perch = true},
    PERCH_FLAG("story", xccos_message, story),
    PERCH_WORD("state", xccos_message, state, states),
    PERCH_TEXT("reason", xccos_message, reason),
    PERCH_MOMENT("changed", xccos_message, changed_at),
    PERCH_NUMBER("about", xccos_message, about, UINT64_MAX),
    PERCH_NUMBER("csn", xccos_message, csn, UINT64_MAX),
    {.name = "note",
     .type = FIELD_TEXT,
     .offset = OFFSET(xccos_message, note, struct slice),
     .max = XCCOS_NOTE_BYTES_MAX,
     .is_perch = true},
};
static const struct schema_field chat_text = TEXT(NULL, xccos_message, text);
static const struct schema_block chat_block = {.name = "chat",
                                               .text = &chat_text};
static const struct schema_child message_children[] = {
    {.block = &chat_block, .kind = CHILD_INLAY, .always = true},
};
const struct schema_block schema_message = {
    .name = "grpchat",
    .bytes = sizeof(struct xccos_message),
    FIELDS(message_fields),
    CHILDREN(message_children),
    .carries = true,
};
static const struct schema_block history_message_block = {
    .name = "msg",
    .bytes = sizeof(struct xccos_message),
    .fixed = " id=\"grpchat\" seqid=\"1\"",
    FIELDS(message_fields),
    CHILDREN(message_children),
    .carries = true,
};

static const struct schema_block info_block = {.name = "info"};
static const struct schema_block prop_block = {.name = "prop"};

static const struct schema_field room_fields[] = {
    TEXT("uri", xccos_room, uri),
    TEXT("name", xccos_room, name),
    TEXT("description", xccos_room, description),
    TEXT("topic", xccos_room, topic),
    TEXT("parent", xccos_room, parent),
    WORD("behavior", xccos_room, behavior, behaviors),
    WORD("visibility", xccos_room, visibility, visibilities),
    FLAG("disabled", xccos_room, disabled),
    NUMBER("version", xccos_room, version, UINT64_MAX),
    FLAG("overlimit", xccos_room, over_limit),
    PERCH_NUMBER("cleared", xccos_room, cleared_upto, UINT64_MAX),
    TEXT("siopid", xccos_room, addin_id),
    TEXT("sioname", xccos_room, addin_name),
    TEXT("siourl", xccos_room, addin_url),
};
static const struct schema_fact room_facts[] = {
    INFO("ucnt", NUMBER(NULL, xccos_room, user_count, UINT32_MAX)),
    INFO("visibilty", WORD(NULL, xccos_room, shown_visibility, visibilities)),
    INFO("visibility", WORD(NULL, xccos_room, shown_visibility, visibilities)),
    PROP("filepost", xccos_room, file_post),
    PROP("invite", xccos_room, invite),
    PROP("logged", xccos_room, logged),
};
static const struct schema_field hits_fields[] = {
    TEXT_ALWAYS("feed", xccos_hits, feed),
    NUMBER("cnt", xccos_hits, count, UINT32_MAX),
    NUMBER("chatId", xccos_hits, message_id, UINT64_MAX),
};
static const struct schema_block hits_block = {
    .name = "hits",
    .bytes = sizeof(struct xccos_hits),
    FIELDS(hits_fields),
};
static const struct schema_field news_fields[] = {
    NUMBER("last", xccos_news, last, UINT64_MAX),
    NUMBER("read", xccos_news, read, UINT64_MAX),
    NUMBER("unread", xccos_news, unread, UINT64_MAX),
    NUMBER("mentions", xccos_news, mentions, UINT32_MAX),
    NUMBER("chatId", xccos_news, message_id, UINT64_MAX),
    FLAG("followed", xccos_news, followed),
    FLAG("cut", xccos_news, cut),
    FLAG("back", xccos_news, back),
};
static const struct schema_child news_children[] = {
    LIST(hits_block, xccos_news, hits),
};
static const struct schema_block news_block = {
    .name = "news",
    .bytes = sizeof(struct xccos_news),
    FIELDS(news_fields),
    CHILDREN(news_children),
};

static const struct schema_child room_children[] = {
    LIST(presence_block, xccos_room, presences),
    LIST(user_block, xccos_room, users),
    LIST(history_message_block, xccos_room, messages),
    ONE(news_block, xccos_room, news),
};
static const struct schema_block room_block = {
    .name = "chanib",
    .bytes = sizeof(struct xccos_room),
    FIELDS(room_fields),
    FACTS(room_facts),
    CHILDREN(room_children),
};

static const struct schema_field category_fields[] = {
    TEXT_ALWAYS("uri", xccos_category, uri),
    TEXT_ALWAYS("name", xccos_category, name),
    TEXT("description", xccos_category, description),
};
static const struct schema_fact category_facts[] = {
    PROP("filepost", xccos_category, file_post),
    PROP("invite", xccos_category, invite),
    PROP("logged", xccos_category, logged),
};
static const struct schema_block category_block = {
    .name = "catib",
    .bytes = sizeof(struct xccos_category),
    FIELDS(category_fields),
    FACTS(category_facts),
};

static const struct schema_field server_info_fields[] = {
    TEXT("domain", xccos_server_info, domain),
    NUMBER("infoType", xccos_server_info, info_type, UINT32_MAX),
    MOMENT("serverTime", xccos_server_info, server_time),
    NUMBER("searchLimit", xccos_server_info, search_limit, UINT32_MAX),
    NUMBER("messageSizeLimit", xccos_server_info, message_size_limit,
           UINT32_MAX),
    NUMBER("storySizeLimit", xccos_server_info, story_size_limit, UINT32_MAX),
    NUMBER("fileSizeLimit", xccos_server_info, file_size_limit, UINT32_MAX),
    TEXT("rootUri", xccos_server_info, root_uri),
    GUID("dbVersion", xccos_server_info, db_version),
    TEXT("displayName", xccos_server_info, display_name),
    TEXT("roomManagementUrl", xccos_server_info, room_management_url),
};
static const struct schema_block server_info_block = {
    .name = "sib",
    .bytes = sizeof(struct xccos_server_info),
    FIELDS(server_info_fields),
};

static const struct schema_field invitation_fields[] = {
    NUMBER("inviteId", xccos_invitation, id, UINT64_MAX),
    TEXT("domain", xccos_invitation, domain),
    MOMENT("createdOn", xccos_invitation, created_at),
};
static const struct schema_child invitation_children[] = {
    ONE(room_block, xccos_invitation, room),
};
static const struct schema_block invitation_block = {
    .name = "inv",
    .bytes = sizeof(struct xccos_invitation),
    FIELDS(invitation_fields),
    CHILDREN(invitation_children),
};

static const struct schema_field room_query_fields[] = {
    WORD("qtype", xccos_room_query, search, searches),
    TEXT_ALWAYS("criteria", xccos_room_query, criteria),
    FLAG("extended", xccos_room_query, extended),
    FLAG("matchall", xccos_room_query, match_all),
    FLAG("exact", xccos_room_query, exact),
    NUMBER("maxResults", xccos_room_query, results_max, UINT32_MAX),
    TEXT("categoryUri", xccos_room_query, category_uri),
    WORD("privacy", xccos_room_query, privacy, visibilities),
    WORD("behavior", xccos_room_query, behavior, behaviors),
    FLAG("disabled", xccos_room_query, disabled),
    FLAG("invite", xccos_room_query, invite),
    TEXT("addin", xccos_room_query, addin),
};
static const struct schema_block room_query_block = {
    .name = "qib",
    .bytes = sizeof(struct xccos_room_query),
    FIELDS(room_query_fields),
};

static const struct schema_field last_fields[] = {
    NUMBER("cnt", xccos_history_query, last, UINT32_MAX),
};
static const struct schema_field matches_fields[] = {
    FLAG("exact", xccos_history_query, exact),
    FLAG("case", xccos_history_query, case_on),
};
static const struct schema_field matches_text =
    TEXT(NULL, xccos_history_query, match);
static const struct schema_field author_fields[] = {
    TEXT_ALWAYS("uri", xccos_author, uri),
};
static const struct schema_field between_fields[] = {
    MOMENT("from", xccos_history_query, from),
    MOMENT("to", xccos_history_query, to),
};
static const struct schema_field msgid_fields[] = {
    NUMBER("id", xccos_history_query, after_id, UINT64_MAX),
};
static const struct schema_field limit_fields[] = {
    NUMBER("cnt", xccos_history_query, results_max, UINT32_MAX),
};
static const struct schema_field search_fields[] = {
    WORD("mode", xccos_history_query, search, directions),
};
static const struct schema_field sort_fields[] = {
    WORD("mode", xccos_history_query, sort, directions),
};
static const struct schema_block last_block = {.name = "last",
                                               FIELDS(last_fields)};
static const struct schema_block matches_block = {
    .name = "matches", FIELDS(matches_fields), .text = &matches_text};
static const struct schema_block author_block = {
    .name = "author",
    .bytes = sizeof(struct xccos_author),
    FIELDS(author_fields),
};
static const struct schema_block between_block = {.name = "between",
                                                  FIELDS(between_fields)};
static const struct schema_block msgid_block = {.name = "msgid",
                                                FIELDS(msgid_fields)};
static const struct schema_block limit_block = {.name = "limit",
                                                FIELDS(limit_fields)};
static const struct schema_block search_block = {.name = "search",
                                                 FIELDS(search_fields)};
static const struct schema_block sort_block = {.name = "sort",
                                               FIELDS(sort_fields)};
static const struct schema_child history_query_children[] = {
    INLAY(last_block),
    INLAY(matches_block),
    LIST(author_block, xccos_history_query, authors),
    INLAY(between_block),
    INLAY(msgid_block),
    INLAY(limit_block),
    INLAY(search_block),
    INLAY(sort_block),
};
static const struct schema_block history_query_block = {
    .name = "bcq",
    .bytes = sizeof(struct xccos_history_query),
    CHILDREN(history_query_children),
};

static const struct schema_field word_text = TEXT(NULL, xccos_word, text);
static const struct schema_block word_block = {
    .name = "word",
    .bytes = sizeof(struct xccos_word),
    .text = &word_text,
};
static const struct schema_field feed_fields[] = {
    TEXT_ALWAYS("name", xccos_feed, name),
};
static const struct schema_child feed_children[] = {
    LIST(word_block, xccos_feed, words),
    LIST(author_block, xccos_feed, authors),
};
static const struct schema_block feed_block = {
    .name = "feed",
    .bytes = sizeof(struct xccos_feed),
    FIELDS(feed_fields),
    CHILDREN(feed_children),
};
static const struct schema_field feeds_fields[] = {
    NUMBER("version", xccos_feeds, version, UINT32_MAX),
};
static const struct schema_child feeds_children[] = {
    LIST(feed_block, xccos_feeds, feeds),
};
static const struct schema_block feeds_block = {
    .name = "feeds",
    .bytes = sizeof(struct xccos_feeds),
    FIELDS(feeds_fields),
    CHILDREN(feeds_children),
};

static const struct schema_field preference_fields[] = {
    TEXT_ALWAYS("label", xccos_preference, label),
    NUMBER("seqid", xccos_preference, seqid, UINT32_MAX),
    FLAG("createdefault", xccos_preference, create_default),
    TEXT("content", xccos_preference, content),
};
static const struct schema_block preference_block = {
    .name = "pref",
    .bytes = sizeof(struct xccos_preference),
    FIELDS(preference_fields),
};

static const struct schema_field association_fields[] = {
    TEXT_ALWAYS("domain", xccos_association, domain),
    WORD("type", xccos_association, kind, associations),
    NUMBER("maxResults", xccos_association, results_max, UINT32_MAX),
};
static const struct schema_block association_block = {
    .name = "association",
    .bytes = sizeof(struct xccos_association),
    FIELDS(association_fields),
};

static const struct schema_field file_fields[] = {
    TEXT_ALWAYS("channelUri", xccos_file, room_uri),
    TEXT_ALWAYS("fileUrl", xccos_file, file_url),
};
static const struct schema_block file_block = {
    .name = "ftdb",
    .bytes = sizeof(struct xccos_file),
    FIELDS(file_fields),
};

static const struct schema_field token_fields[] = {
    GUID("token", xccos_token, token),
    TEXT_ALWAYS("serveruri", xccos_token, server_uri),
};
static const struct schema_block token_block = {
    .name = "token",
    .bytes = sizeof(struct xccos_token),
    FIELDS(token_fields),
};

static const struct schema_child data_children[] = {
    LIST(room_id_block, xccos_data, room_ids),
    LIST(room_block, xccos_data, rooms),
    LIST(failure_block, xccos_data, failures),
    LIST(user_block, xccos_data, users),
    ONE(server_info_block, xccos_data, server_info),
    LIST(invitation_block, xccos_data, invitations),
    ONE(room_query_block, xccos_data, room_query),
    ONE(history_query_block, xccos_data, history_query),
    ONE(preference_block, xccos_data, preference),
    ONE(association_block, xccos_data, association),
    LIST(category_block, xccos_data, categories),
    ONE(file_block, xccos_data, file),
    ONE(token_block, xccos_data, token),
    ONE(feeds_block, xccos_data, feeds),
};
static const struct schema_block data_block = {
    .name = "data",
    .bytes = sizeof(struct xccos_data),
    CHILDREN(data_children),
};

static const struct schema_field command_id_fields[] = {
    NUMBER("seqid", xccos_primitive, command_seqid, UINT32_MAX),
    NUMBER("envid", xccos_primitive, command_envid, UINT64_MAX),
};
static const struct schema_block command_id_block = {
    .name = "commandid",
    FIELDS(command_id_fields),
};
static const struct schema_field result_fields[] = {
    NUMBER("code", xccos_primitive, code, UINT16_MAX),
};
static const struct schema_field result_text =
    TEXT(NULL, xccos_primitive, sentence);
static const struct schema_block result_block = {
    .name = "resp",
    FIELDS(result_fields),
    .text = &result_text,
};

#define DATA                                                                   \
    {                                                                          \
        .block = &data_block, .kind = CHILD_INLAY,                             \
        .offset = offsetof(struct xccos_primitive, data), .always = true       \
    }

static const struct schema_child command_children[] = {DATA};
static const struct schema_child reply_children[] = {
    {.block = &command_id_block, .kind = CHILD_INLAY, .always = true},
    {.block = &result_block, .kind = CHILD_INLAY, .always = true},
    DATA,
};
const struct schema_block schema_command = {.name = "cmd",
                                            CHILDREN(command_children)};
const struct schema_block schema_reply = {.name = "rpl",
                                          CHILDREN(reply_children)};
const struct schema_block schema_notice = {.name = "ntc",
                                           CHILDREN(command_children)};
