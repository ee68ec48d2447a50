/* Random bodies of the profile: what the server says about rooms, users and
 * messages whose names and texts can be anything. Each must come back, and
 * all go to the grammar. */
#include "proto/xccos/reply.h"

#include "proto/xccos/write.h"
#include "tests/wire/compose.h"
#include "tests/wire/wire.h"

enum { SEEDS = 60, ITEMS_MAX = 6 };

struct fixture {
    struct arena *arena;
    struct choices choices;
    struct xccos_room rooms[ITEMS_MAX];
    struct xccos_user users[ITEMS_MAX];
    struct xccos_participant participants[ITEMS_MAX];
    struct xccos_message messages[ITEMS_MAX];
};

static struct slice text(struct fixture *f)
{
    return compose_text(&f->choices, f->arena, 40);
}

static enum xccos_flag flag(struct fixture *f)
{
    return choose(&f->choices, XCCOS_FLAG_TRUE + 1);
}

static void link_room(struct fixture *f, size_t i, size_t n)
{
    struct xccos_room *room = &f->rooms[i];

    *room = (struct xccos_room){
        .next = i + 1 < n ? room + 1 : NULL,
        .uri = SLICE_LITERAL(TIDE_URI),
        .name = text(f),
        .description = text(f),
        .topic = text(f),
        .parent = SLICE_LITERAL(OPS_URI),
        .behavior = choose(&f->choices, XCCOS_BEHAVIOR_AUDITORIUM + 1),
        .visibility = choose(&f->choices, XCCOS_VISIBILITY_PRIVATE + 1),
        .disabled = flag(f),
        .shown_visibility = choose(&f->choices, XCCOS_VISIBILITY_PRIVATE + 1),
        .user_count = XCCOS_NUMBER(choose(&f->choices, 1000)),
        .file_post = flag(f),
        .invite = flag(f),
        .logged = flag(f),
    };
}

static void link_user(struct fixture *f, uint32_t i, size_t n)
{
    struct xccos_user *user = &f->users[i];

    *user = (struct xccos_user){
        .next = i + 1 < n ? user + 1 : NULL,
        .id = XCCOS_NUMBER(i),
        .uri = SLICE_LITERAL(TOMAS),
        .name = text(f),
        .display_name = text(f),
        .type = XCCOS_NUMBER(5),
        .disabled = flag(f),
    };
    f->participants[i] = (struct xccos_participant){
        i, choose(&f->choices, XCCOS_ROLE_MANAGER + 1)};
}

static void link_message(struct fixture *f, size_t i, size_t n)
{
    struct xccos_message *message = &f->messages[i];

    *message = (struct xccos_message){
        .next = i + 1 < n ? message + 1 : NULL,
        .room_uri = SLICE_LITERAL(TIDE_URI),
        .author = SLICE_LITERAL(INGRID),
        .author_name = text(f),
        .alert = XCCOS_FLAG_FALSE + choose(&f->choices, 2),
        .message_id = XCCOS_NUMBER(1 + choose(&f->choices, UINT32_MAX)),
        .sent_at = XCCOS_MOMENT(choose(&f->choices, UINT32_MAX)),
        .text = compose_text(&f->choices, f->arena, 300),
    };
    if (choose(&f->choices, 2) == 0) {
        message->carried_attributes =
            SLICE_LITERAL(" story=\"1\" xmlns:c1=\"urn:x\" c1:chatId=\"\"");
        message->carried_children =
            SLICE_LITERAL("<rtf>{\\rtf1}</rtf><p:chat xmlns:p=\"urn:y\"/>");
    }
}

/* Fill all items; returns how many to use, at least one. */
static size_t fill(struct fixture *f)
{
    size_t n = 1 + choose(&f->choices, ITEMS_MAX);

    for (uint32_t i = 0; i < n; i++) {
        link_room(f, i, n);
        link_user(f, i, n);
        link_message(f, i, n);
    }
    return n;
}

static void assert_returns(struct fixture *f,
                           const struct xccos_envelope *envelope)
{
    struct buffer out = BUFFER_EMPTY;
    const char *different;

    assert_int_equal(xccos_write(&out, envelope), XCCOS_ERROR_NONE);
    different =
        wire_difference(wire_read(f->arena, buffer_slice(&out)), envelope);
    if (different != NULL) {
        fail_msg("%s differs in %.*s", different,
                 SLICE_PRINT(buffer_slice(&out)));
    }
    wire_emit("xccos", buffer_slice(&out));
    buffer_deinit(&out);
}

/* Run a test with fresh items for each seed. */
static void for_seeds(void (*run)(struct fixture *f, size_t n))
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture f = {.arena = arena_new(4096), .choices.state = seed};

        run(&f, fill(&f));
        arena_free(f.arena);
    }
}

static void check_join(struct fixture *f, size_t n)
{
    struct xccos_masks masks = XCCOS_MASKS_DEFAULT;
    struct xccos_primitive answer = {
        .data = {.rooms = f->rooms, .users = f->users}};
    struct xccos_envelope envelope;

    assert_int_equal(xccos_roster_make(f->arena, &masks, f->participants, n,
                                       &f->rooms[0].presences),
                     XCCOS_ERROR_NONE);
    envelope = wire_reply(9, XCCOS_VERB_BJOIN, 1, &answer);
    assert_returns(f, &envelope);
    f->rooms[0].next = NULL;
    envelope = wire_reply(9, XCCOS_VERB_JOIN, 1, &answer);
    assert_returns(f, &envelope);
}

/* Rosters and rooms joined. */
static void test_xccos_write__random_joins(void **state)
{
    (void)state;
    for_seeds(check_join);
}

static void check_lists(struct fixture *f, size_t n)
{
    struct xccos_primitive answer = {.data.rooms = f->rooms};
    struct xccos_envelope envelope =
        wire_reply(9, XCCOS_VERB_CHANSRCH, 1, &answer);

    (void)n;
    assert_returns(f, &envelope);
    envelope = wire_reply(9, XCCOS_VERB_GETASSOCIATIONS, 1, &answer);
    assert_returns(f, &envelope);
}

/* Rooms found. */
static void test_xccos_write__random_lists(void **state)
{
    (void)state;
    for_seeds(check_lists);
}

static void check_messages(struct fixture *f, size_t n)
{
    struct xccos_room room = {.uri = SLICE_LITERAL(TIDE_URI),
                              .over_limit = flag(f),
                              .messages = f->messages};
    struct xccos_primitive answer = {.data.rooms = &room};
    struct xccos_primitive told = {.kind = XCCOS_KIND_MESSAGE, .seqid = 1};
    struct xccos_envelope envelope =
        wire_reply(9, XCCOS_VERB_BCCONTEXT, 1, &answer);

    (void)n;
    assert_returns(f, &envelope);
    told.message = f->messages[0];
    envelope = (struct xccos_envelope){10, &told, 1};
    assert_returns(f, &envelope);
    told.message.message_id.set = false;
    told.message.author_name = SLICE_NONE;
    told.message.retry_id = SLICE_LITERAL("3f-1");
    assert_returns(f, &envelope);
}

/* Messages: in history, told live, and posted. */
static void test_xccos_write__random_messages(void **state)
{
    (void)state;
    for_seeds(check_messages);
}

/* Every verb may be refused with every code. */
static void test_xccos_reply_refuse__every_verb_and_code(void **state)
{
    struct fixture f = {.arena = arena_new(4096), .choices.state = 1};

    (void)state;
    for (int i = 1; i < XCCOS_VERB_COUNT + XCCOS_CODE_COUNT - 1; i++) {
        struct xccos_primitive answer = {0};
        struct xccos_envelope envelope =
            wire_reply(3, 1 + i % (XCCOS_VERB_COUNT - 1), 2, &answer);
        enum xccos_code code = 1 + i % (XCCOS_CODE_COUNT - 1);

        assert_int_equal(xccos_reply_refuse(&answer, f.arena, code,
                                            SLICE_LITERAL("it's <not> \"so\"")),
                         XCCOS_ERROR_NONE);
        assert_returns(&f, &envelope);
    }
    arena_free(f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_xccos_write__random_joins),
        RUN(test_xccos_write__random_lists),
        RUN(test_xccos_write__random_messages),
        RUN(test_xccos_reply_refuse__every_verb_and_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
