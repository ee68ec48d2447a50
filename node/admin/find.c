#include "node/admin/find.h"

#include <stdlib.h>

#include "node/chat/filters.h"
#include "node/chat/text.h"

/* The end of "ma-chan://<domain>/<guid>", or all of what is no URI. */
static struct slice guid_part(struct slice name, struct slice scheme)
{
    if (slice_begins(name, scheme) && name.len > GUID_TEXT_BYTES) {
        return slice_after(name, name.len - GUID_TEXT_BYTES);
    }
    return name;
}

/* Nobody is called "": that a field is missing is the better thing to say. */
static bool is_given(struct answer *answer, ProtobufCBinaryData name)
{
    if (name.len == 0) {
        answer_refuse(answer, REFUSAL_NAME_MISSING);
    }
    return name.len > 0;
}

/* A room may be named like another's id: the id goes first, as it is never
 * given twice. */
const struct room *find_room_if(struct answer *answer,
                                ProtobufCBinaryData bytes)
{
    struct slice name = codec_slice(bytes);
    const struct room *room = NULL;
    struct guid guid;

    if (!is_given(answer, bytes)) {
        return NULL;
    }
    if (guid_read(guid_part(name, SLICE_LITERAL("ma-chan://")), &guid) ==
        ERROR_NONE) {
        room = query_room(answer->machine, &guid);
    }
    if (room == NULL) {
        room = query_room_named(answer->machine, name);
    }
    return room;
}

/* Refuse when what was looked for is not there. */
static void require(struct answer *answer, const void *found,
                    enum outcome outcome, struct slice name)
{
    if (found == NULL && !answer_refused(answer)) {
        answer_refuse_outcome(answer, outcome, name);
    }
}

const struct room *find_room(struct answer *answer, ProtobufCBinaryData name)
{
    const struct room *room = find_room_if(answer, name);

    require(answer, room, OUTCOME_ROOM_UNKNOWN, codec_slice(name));
    return room;
}

const struct category *find_category_if(struct answer *answer,
                                        ProtobufCBinaryData bytes)
{
    struct slice name = codec_slice(bytes);
    const struct category *category = NULL;
    struct guid guid;

    if (!is_given(answer, bytes)) {
        return NULL;
    }
    if (guid_read(guid_part(name, SLICE_LITERAL("ma-cat://")), &guid) ==
        ERROR_NONE) {
        category = query_category(answer->machine, &guid);
    }
    if (category == NULL) {
        category = query_category_named(answer->machine, name);
    }
    return category;
}

const struct category *find_category(struct answer *answer,
                                     ProtobufCBinaryData name)
{
    const struct category *category = find_category_if(answer, name);

    require(answer, category, OUTCOME_CATEGORY_UNKNOWN, codec_slice(name));
    return category;
}

const struct addin *find_addin_if(struct answer *answer,
                                  ProtobufCBinaryData bytes)
{
    struct slice name = codec_slice(bytes);
    const struct addin *addin = NULL;
    struct guid guid;

    if (!is_given(answer, bytes)) {
        return NULL;
    }
    if (guid_read(name, &guid) == ERROR_NONE) {
        addin = addins_find(answer->machine, &guid);
    }
    if (addin == NULL) {
        addin = addins_named(answer->machine, name);
    }
    return addin;
}

const struct addin *find_addin(struct answer *answer, ProtobufCBinaryData name)
{
    const struct addin *addin = find_addin_if(answer, name);

    require(answer, addin, OUTCOME_ADDIN_UNKNOWN, codec_slice(name));
    return addin;
}

struct slice find_user_uri(struct answer *answer, ProtobufCBinaryData bytes)
{
    struct slice name = codec_slice(bytes);
    struct pool_view pool;

    if (name.len >= 4 && text_compare_nocase(slice_of(name.data, 4),
                                             SLICE_LITERAL("sip:")) == 0) {
        return name;
    }
    if (name.len > 0 && memchr(name.data, '@', name.len) != NULL) {
        return answer_printf(answer, "sip:%.*s", SLICE_PRINT(name));
    }
    query_pool(answer->machine, &pool);
    if (pool.domain.len == 0) {
        answer_refuse_outcome(answer, OUTCOME_POOL_NOT_SET, SLICE_NONE);
        return SLICE_NONE;
    }
    return answer_printf(answer, "sip:%.*s@%.*s", SLICE_PRINT(name),
                         SLICE_PRINT(pool.domain));
}

const struct user *find_user_if(struct answer *answer, ProtobufCBinaryData name)
{
    struct slice uri;

    if (!is_given(answer, name)) {
        return NULL;
    }
    uri = find_user_uri(answer, name);
    return answer_refused(answer) ? NULL : query_user(answer->machine, uri);
}

const struct user *find_user(struct answer *answer, ProtobufCBinaryData name)
{
    const struct user *user = find_user_if(answer, name);

    if (user == NULL && !answer_refused(answer)) {
        require(answer, user, OUTCOME_USER_UNKNOWN,
                find_user_uri(answer, name));
    }
    return user;
}

const struct group *find_group_if(struct answer *answer,
                                  ProtobufCBinaryData name)
{
    return is_given(answer, name)
               ? query_group(answer->machine, codec_slice(name))
               : NULL;
}

const struct filter *find_filter(struct answer *answer,
                                 ProtobufCBinaryData name)
{
    const struct filter *filter;

    if (!is_given(answer, name)) {
        return NULL;
    }
    filter = filters_find(answer->machine, codec_slice(name));
    if (filter == NULL) {
        answer_refuse_outcome(answer, OUTCOME_FILTER_UNKNOWN,
                              codec_slice(name));
    }
    return filter;
}

const struct group *find_group(struct answer *answer, ProtobufCBinaryData name)
{
    const struct group *group = find_group_if(answer, name);

    require(answer, group, OUTCOME_GROUP_UNKNOWN, codec_slice(name));
    return group;
}

/* Whether it can name nothing but a group; how is for the rules. */
static bool is_groups(struct slice name)
{
    static const char *const kinds[] = {"group:", "unit:", "site:"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct slice kind = slice_of_text(kinds[i]);

        if (name.len >= kind.len &&
            text_compare_nocase(slice_of(name.data, kind.len), kind) == 0) {
            return true;
        }
    }
    return false;
}

bool find_uris(struct answer *answer, size_t n,
               const ProtobufCBinaryData *names, ProtobufCBinaryData **uris_out)
{
    ProtobufCBinaryData *uris;

    if (n > ADMIN_USERS_LISTED_MAX) {
        answer_refuse(answer, REFUSAL_USERS_LISTED);
        return false;
    }
    uris = answer_alloc(answer, (n + 1) * sizeof(*uris));
    for (size_t i = 0; i < n; i++) {
        uris[i] = is_groups(codec_slice(names[i]))
                      ? names[i]
                      : codec_bytes(find_user_uri(answer, names[i]));
    }
    *uris_out = uris;
    return !answer_refused(answer);
}

/* Cut a decimal number and what ends it off a text. */
static bool cut_number(struct slice *text, char end, uint64_t *number_out)
{
    uint64_t number = 0;
    size_t i = 0;

    while (i < text->len && text->data[i] >= '0' && text->data[i] <= '9') {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text->data[i] - '0', &number)) {
            return false;
        }
        i++;
    }
    if (i == 0 || (end == '\0' ? i != text->len
                               : i == text->len || text->data[i] != end)) {
        return false;
    }
    *text = slice_after(*text, i + 1);
    *number_out = number;
    return true;
}

bool find_session_id(struct slice text, struct session_id *id_out)
{
    uint64_t node;

    if (!cut_number(&text, '/', &node) || node > UINT8_MAX ||
        !cut_number(&text, '/', &id_out->epoch) ||
        !cut_number(&text, '\0', &id_out->serial)) {
        return false;
    }
    id_out->node = (uint8_t)node;
    return true;
}

struct slice find_new_guid(struct answer *answer, bool asked,
                           ProtobufCBinaryData text)
{
    uint8_t random[GUID_BYTES];

    if (!asked) {
        loop_random(answer->loop, random, sizeof(random));
        answer->guid = guid_from_random(random);
    } else if (guid_read(codec_slice(text), &answer->guid) != ERROR_NONE) {
        return SLICE_NONE;
    }
    return slice_of(answer->guid.bytes, GUID_BYTES);
}
