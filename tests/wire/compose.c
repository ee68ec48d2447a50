#include "tests/wire/compose.h"

#include <string.h>

#include "proto/base/check.h"
#include "proto/xccos/reply.h"

uint32_t choose(struct choices *choices, uint32_t n)
{
    uint64_t z;

    if (choices->bytes.len >= 2) {
        uint32_t pair =
            (uint32_t)choices->bytes.data[0] << 8 | choices->bytes.data[1];

        choices->bytes = slice_after(choices->bytes, 2);
        return pair % n;
    }
    if (choices->state == 0) {
        return 0;
    }
    choices->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = choices->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % n);
}

/* Half of all optional things are there. */
static bool maybe(struct choices *choices)
{
    return choose(choices, 2) == 0;
}

static void *make(struct arena *arena, size_t bytes)
{
    void *memory = arena_alloc(arena, bytes);

    CHECK(memory != NULL);
    return memory;
}

size_t put_character(uint8_t *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (uint8_t)(0xc0 | c >> 6);
        to[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (uint8_t)(0xe0 | c >> 12);
        to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        to[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (uint8_t)(0xf0 | c >> 18);
    to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    to[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

static uint32_t compose_character(struct choices *choices)
{
    static const char special[] = "<>&\"'\r\n\t ]";
    static const struct {
        uint32_t first, count;
    } ranges[] = {
        {0x20, 0x60},    {0x80, 0x780},      {0x590, 0x170},
        {0x800, 0xd000}, {0xe000, 0x1ffe},   {0x1f300, 0x400},
        {0xfffd, 1},     {0x10000, 0xfffff}, {0x10fffe, 2},
    };
    uint32_t range = choose(choices, 2 + sizeof(ranges) / sizeof(ranges[0]));

    if (range < 2) {
        return (uint8_t)special[choose(choices, sizeof(special) - 1)];
    }
    return ranges[range - 2].first + choose(choices, ranges[range - 2].count);
}

struct slice compose_text(struct choices *choices, struct arena *arena,
                          uint32_t max)
{
    uint32_t characters = choose(choices, max + 1);
    uint8_t *text = make(arena, (size_t)characters * 4 + 1);
    size_t len = 0;

    for (uint32_t i = 0; i < characters; i++) {
        len += put_character(text + len, compose_character(choices));
    }
    return len == 0 ? SLICE_NONE : slice_of(text, len);
}

/* What the compositions below are made with. */
struct composer {
    struct choices *choices;
    struct arena *arena;
};

static struct slice text(struct composer *c)
{
    return maybe(c->choices) ? compose_text(c->choices, c->arena, 20)
                             : SLICE_NONE;
}

static struct xccos_number number(struct composer *c, uint64_t max)
{
    uint64_t value = (uint64_t)choose(c->choices, UINT32_MAX) << 32 |
                     choose(c->choices, UINT32_MAX);

    if (maybe(c->choices)) {
        return (struct xccos_number){false, 0};
    }
    if (choose(c->choices, 4) == 0) {
        return XCCOS_NUMBER(max);
    }
    return XCCOS_NUMBER(max == UINT64_MAX ? value : value % (max + 1));
}

static struct xccos_moment moment(struct composer *c)
{
    int64_t second = (int64_t)choose(c->choices, UINT32_MAX) * 50;

    if (maybe(c->choices)) {
        return (struct xccos_moment){false, 0};
    }
    return XCCOS_MOMENT((second - INT64_C(60000000000)) * 1000000 +
                        choose(c->choices, 1000000));
}

static struct guid compose_guid(struct composer *c)
{
    struct guid guid = {{0}};

    for (int i = 0; i < GUID_BYTES && maybe(c->choices); i++) {
        guid.bytes[i] = (uint8_t)choose(c->choices, 256);
    }
    return guid;
}

static unsigned word(struct composer *c, unsigned most)
{
    return choose(c->choices, most + 1);
}

/* Compose up to three items of a list. */
#define COMPOSE_LIST(compose, type)                                            \
    static struct type *compose##s(struct composer *c)                         \
    {                                                                          \
        struct type *first = NULL;                                             \
                                                                               \
        for (uint32_t n = choose(c->choices, 4); n > 0; n--) {                 \
            struct type *item = make(c->arena, sizeof(*item));                 \
            compose(c, item);                                                  \
            item->next = first;                                                \
            first = item;                                                      \
        }                                                                      \
        return first;                                                          \
    }

/* Compose what may be missing. */
#define COMPOSE_OPTIONAL(compose, type)                                        \
    static struct type *compose##s(struct composer *c)                         \
    {                                                                          \
        struct type *item = NULL;                                              \
                                                                               \
        if (maybe(c->choices)) {                                               \
            item = make(c->arena, sizeof(*item));                              \
            compose(c, item);                                                  \
        }                                                                      \
        return item;                                                           \
    }

static void room_id(struct composer *c, struct xccos_room_id *x)
{
    x->key = number(c, UINT32_MAX);
    x->domain = text(c);
    x->guid = compose_guid(c);
}
COMPOSE_LIST(room_id, xccos_room_id)

static void presence(struct composer *c, struct xccos_presence *x)
{
    x->mask = number(c, UINT32_MAX);
    x->value = text(c);
    x->domain = text(c);
}
COMPOSE_LIST(presence, xccos_presence)

static void user(struct composer *c, struct xccos_user *x)
{
    x->id = number(c, UINT32_MAX);
    x->uri = text(c);
    x->name = text(c);
    x->display_name = text(c);
    x->type = number(c, UINT8_MAX);
    x->disabled = word(c, XCCOS_FLAG_TRUE);
    x->role = word(c, XCCOS_ROLE_MANAGER);
    x->presences = presences(c);
}
COMPOSE_LIST(user, xccos_user)

static void failure(struct composer *c, struct xccos_failure *x)
{
    x->key = text(c);
    x->guid = compose_guid(c);
    x->domain = text(c);
}
COMPOSE_LIST(failure, xccos_failure)

/* What the reader keeps of the unknown, as it keeps it. */
static struct slice carried(struct composer *c, const char *const *kinds,
                            uint32_t n)
{
    char *all = make(c->arena, 1024);

    for (uint32_t i = 0; i < n; i++) {
        if (maybe(c->choices)) {
            strcat(all, kinds[i]);
        }
    }
    return slice_of_text(all[0] == '\0' ? NULL : all);
}

static void message(struct composer *c, struct xccos_message *x)
{
    static const char *const attributes[] = {
        " story=\"a &lt; b &quot;&#10;\"", " xml:lang=\"nn\"",
        " xmlns:c1=\"urn:x:&amp;\" c1:retry=\"1\"", " \xc3\xa6=\"\""};
    static const char *const children[] = {
        "<rtf>{\\rtf1 <b>x</b>&#13;}</rtf>", "<empty/>",
        "<p:q xmlns:p=\"urn:y\" p:a='b' >p:<![CDATA[</chat>]]></p:q>",
        "<rtf\txmlns=''><?pi?><!-- c --></rtf >"};

    x->room_uri = text(c);
    x->author = text(c);
    x->author_name = text(c);
    x->alert = word(c, XCCOS_FLAG_TRUE);
    x->message_id = number(c, UINT64_MAX);
    x->sent_at = moment(c);
    x->retry_id =
        maybe(c->choices) ? compose_text(c->choices, c->arena, 16) : SLICE_NONE;
    x->story = word(c, XCCOS_FLAG_TRUE);
    x->state = word(c, XCCOS_MESSAGE_REPLACED);
    x->reason = text(c);
    x->changed_at = moment(c);
    x->about = number(c, UINT64_MAX);
    x->csn = number(c, UINT64_MAX);
    x->note = text(c);
    x->text = compose_text(c->choices, c->arena, 100);
    x->carried_attributes = carried(c, attributes, 4);
    x->carried_children = carried(c, children, 4);
}
COMPOSE_LIST(message, xccos_message)

static void room(struct composer *c, struct xccos_room *x)
{
    x->uri = text(c);
    x->name = text(c);
    x->description = text(c);
    x->topic = text(c);
    x->parent = text(c);
    x->behavior = word(c, XCCOS_BEHAVIOR_AUDITORIUM);
    x->visibility = word(c, XCCOS_VISIBILITY_PRIVATE);
    x->disabled = word(c, XCCOS_FLAG_TRUE);
    x->version = number(c, UINT64_MAX);
    x->over_limit = word(c, XCCOS_FLAG_TRUE);
    x->cleared_upto = number(c, UINT64_MAX);
    x->user_count = number(c, UINT32_MAX);
    x->shown_visibility = word(c, XCCOS_VISIBILITY_PRIVATE);
    x->file_post = word(c, XCCOS_FLAG_TRUE);
    x->invite = word(c, XCCOS_FLAG_TRUE);
    x->logged = word(c, XCCOS_FLAG_TRUE);
    x->presences = presences(c);
    x->users = users(c);
    x->messages = messages(c);
}
COMPOSE_LIST(room, xccos_room)

static void category(struct composer *c, struct xccos_category *x)
{
    x->uri = text(c);
    x->name = text(c);
    x->description = text(c);
    x->file_post = word(c, XCCOS_FLAG_TRUE);
    x->invite = word(c, XCCOS_FLAG_TRUE);
    x->logged = word(c, XCCOS_FLAG_TRUE);
}
COMPOSE_LIST(category, xccos_category)

static void server_info(struct composer *c, struct xccos_server_info *x)
{
    x->domain = text(c);
    x->info_type = number(c, UINT32_MAX);
    x->server_time = moment(c);
    x->search_limit = number(c, UINT32_MAX);
    x->message_size_limit = number(c, UINT32_MAX);
    x->story_size_limit = number(c, UINT32_MAX);
    x->root_uri = text(c);
    x->db_version = compose_guid(c);
    x->display_name = text(c);
    x->room_management_url = text(c);
}
COMPOSE_OPTIONAL(server_info, xccos_server_info)

static void invitation(struct composer *c, struct xccos_invitation *x)
{
    x->id = number(c, UINT64_MAX);
    x->domain = text(c);
    x->created_at = moment(c);
    if (maybe(c->choices)) {
        x->room = make(c->arena, sizeof(*x->room));
        room(c, x->room);
    }
}
COMPOSE_LIST(invitation, xccos_invitation)

static void room_query(struct composer *c, struct xccos_room_query *x)
{
    x->search = word(c, XCCOS_SEARCH_USERBYNAME);
    x->criteria = text(c);
    x->extended = word(c, XCCOS_FLAG_TRUE);
    x->match_all = word(c, XCCOS_FLAG_TRUE);
    x->exact = word(c, XCCOS_FLAG_TRUE);
    x->results_max = number(c, UINT32_MAX);
    x->category_uri = text(c);
    x->privacy = word(c, XCCOS_VISIBILITY_PRIVATE);
    x->behavior = word(c, XCCOS_BEHAVIOR_AUDITORIUM);
    x->disabled = word(c, XCCOS_FLAG_TRUE);
}
COMPOSE_OPTIONAL(room_query, xccos_room_query)

static void author(struct composer *c, struct xccos_author *x)
{
    x->uri = text(c);
}
COMPOSE_LIST(author, xccos_author)

static void history_query(struct composer *c, struct xccos_history_query *x)
{
    x->last = number(c, UINT32_MAX);
    x->exact = word(c, XCCOS_FLAG_TRUE);
    x->case_on = word(c, XCCOS_FLAG_TRUE);
    x->match = text(c);
    x->authors = authors(c);
    x->from = moment(c);
    x->to = moment(c);
    x->after_id = number(c, UINT64_MAX);
    x->results_max = number(c, UINT32_MAX);
    x->search = word(c, XCCOS_DIRECTION_BACKWARD);
    x->sort = word(c, XCCOS_DIRECTION_BACKWARD);
}
COMPOSE_OPTIONAL(history_query, xccos_history_query)

static void preference(struct composer *c, struct xccos_preference *x)
{
    x->label = text(c);
    x->seqid = number(c, UINT32_MAX);
    x->create_default = word(c, XCCOS_FLAG_TRUE);
    x->content = text(c);
}
COMPOSE_OPTIONAL(preference, xccos_preference)

static void association(struct composer *c, struct xccos_association *x)
{
    x->domain = text(c);
    x->kind = word(c, XCCOS_ASSOCIATION_MANAGER);
    x->results_max = number(c, UINT32_MAX);
}
COMPOSE_OPTIONAL(association, xccos_association)

static void file(struct composer *c, struct xccos_file *x)
{
    x->room_uri = text(c);
    x->file_url = text(c);
}
COMPOSE_OPTIONAL(file, xccos_file)

static void token(struct composer *c, struct xccos_token *x)
{
    x->token = compose_guid(c);
    x->server_uri = text(c);
}
COMPOSE_OPTIONAL(token, xccos_token)

/* Of getassociations only the association is read. */
static void data(struct composer *c, bool is_association, struct xccos_data *x)
{
    x->association = associations(c);
    if (is_association) {
        return;
    }
    x->room_ids = room_ids(c);
    x->rooms = rooms(c);
    x->failures = failures(c);
    x->users = users(c);
    x->server_info = server_infos(c);
    x->invitations = invitations(c);
    x->room_query = room_querys(c);
    x->history_query = history_querys(c);
    x->preference = preferences(c);
    x->categories = categorys(c);
    x->file = files(c);
    x->token = tokens(c);
}

static void primitive(struct composer *c, struct xccos_primitive *x)
{
    x->kind = choose(c->choices, XCCOS_KIND_MESSAGE + 1);
    x->seqid = choose(c->choices, UINT32_MAX);
    if (x->kind == XCCOS_KIND_MESSAGE) {
        message(c, &x->message);
        return;
    }
    x->verb = choose(c->choices, XCCOS_VERB_COUNT);
    if (x->verb == XCCOS_VERB_UNKNOWN) {
        x->verb_text = slice_of_text("Frobnicate2");
    }
    if (x->kind == XCCOS_KIND_REPLY) {
        x->command_seqid = number(c, UINT32_MAX);
        x->command_envid = number(c, UINT64_MAX);
        x->code = XCCOS_NUMBER(choose(c->choices, UINT16_MAX + 1));
        x->sentence = text(c);
    }
    data(c,
         x->kind == XCCOS_KIND_COMMAND && x->verb == XCCOS_VERB_GETASSOCIATIONS,
         &x->data);
}
COMPOSE_LIST(primitive, xccos_primitive)

struct xccos_envelope *compose_envelope(struct choices *choices,
                                        struct arena *arena)
{
    struct xccos_envelope *envelope = make(arena, sizeof(*envelope));
    struct composer composer = {choices, arena};

    envelope->envid = number(&composer, UINT64_MAX).value;
    envelope->primitives = primitives(&composer);
    for (const struct xccos_primitive *x = envelope->primitives; x != NULL;
         x = x->next) {
        envelope->n++;
    }
    return envelope;
}
