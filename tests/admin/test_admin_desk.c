/* The desk in time: what is late, never comes, or comes when nobody waits for
 * it any more. Time and the pool are the test's. */
#include <stdlib.h>
#include <string.h>

#include "node/admin/desk.h"
#include "node/admin/letter.h"
#include "tests/unit/chat_fixture.h"
#include "tests/unit/fake_loop.h"
#include "tests/unit/test.h"

enum { WAIT_MS = 2000, MS = 1000 };

struct desk_scene {
    struct loop *loop;
    struct chat_fixture *f;
    struct desk *desk;
    struct letters *replies;
    struct replica_status replica;
    uint64_t read, proposed, transferred; /* Tokens; 0: not asked. */
    uint64_t searched;                    /* Likewise, */
    size_t searched_rooms;                /* and where. */
    unsigned patience_ms;
    enum error refuses; /* Reads and proposals. */
    unsigned answers;   /* Replies so far, */
    char outcome[64];   /* and the last of them. */
    Perch__Admin__Result result;
};

static const struct machine *give_machine(void *context)
{
    struct desk_scene *scene = context;

    return scene->f->machine;
}

static uint64_t give_applied(void *context)
{
    struct desk_scene *scene = context;

    return scene->f->index;
}

static const struct replica_status *give_replica(void *context)
{
    struct desk_scene *scene = context;

    return &scene->replica;
}

static void give_node(void *context, struct admin_node *node_out)
{
    (void)context;
    node_out->software = "perchd";
}

static enum error remember_read(void *context, uint64_t token)
{
    struct desk_scene *scene = context;

    scene->read = token;
    return scene->refuses;
}

static enum error remember_proposal(void *context, uint64_t token,
                                    Perch__Command *command,
                                    unsigned patience_ms)
{
    struct desk_scene *scene = context;

    assert_slice_text(codec_slice(command->administrator), "root");
    assert_slice_text(codec_slice(command->source), "test");
    scene->proposed = token;
    scene->patience_ms = patience_ms;
    return scene->refuses;
}

static void remember_transfer(void *context, uint64_t token, uint8_t node)
{
    struct desk_scene *scene = context;

    assert_int_equal(node, 2);
    scene->transferred = token;
}

static void take_reply(struct desk_scene *scene, struct admin_told *told)
{
    struct arena *arena = arena_new(4096);
    struct frame_reader reader;
    struct admin_reply reply;
    struct frame frame;

    frame_reader_init(&reader, admin_reply_limits());
    assert_int_equal(frame_reader_feed(&reader, buffer_slice(&told->frame)),
                     ERROR_NONE);
    assert_int_equal(frame_reader_next(&reader, &frame), ERROR_NONE);
    assert_int_equal(admin_read_reply(frame.kind & (ADMIN_REPLY - 1u),
                                      frame.payload, arena, &reply),
                     ERROR_NONE);
    scene->answers++;
    scene->result = reply.head->result;
    memset(scene->outcome, 0, sizeof(scene->outcome));
    memcpy(scene->outcome, reply.head->outcome.data, reply.head->outcome.len);
    frame_reader_deinit(&reader);
    arena_free(arena);
}

static void on_replies(void *context, struct letter_list *list)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        take_reply(context, (struct admin_told *)letter);
        admin_told_free((struct admin_told *)letter);
    }
}

static void note_search(void *context, uint64_t token,
                        struct admin_search *search)
{
    struct desk_scene *scene = context;

    scene->searched = token;
    scene->searched_rooms = search->n_rooms;
    admin_search_free(search);
}

static int set_up(void **state)
{
    struct desk_scene *scene = calloc(1, sizeof(*scene));
    const struct admin_state given = {scene,
                                      give_machine,
                                      give_applied,
                                      give_replica,
                                      give_node,
                                      remember_read,
                                      remember_proposal,
                                      remember_transfer,
                                      note_search,
                                      NULL,
                                      NULL};
    void *fixture;

    assert_int_equal(fixture_setup(&fixture), 0);
    scene->f = fixture;
    scene->loop = fake_loop_new(1);
    scene->replica = (struct replica_status){
        .role = REPLICA_LEADER, .raft_id = 1, .leader = 1, .n = 1};
    scene->replica.members[0] =
        (struct replica_member){2, 2, REPLICA_VOTER, true, 0};
    scene->replies = letters_new(scene->loop, 1, on_replies, scene);
    assert_int_equal(desk_open(scene->loop, &given, &scene->desk), ERROR_NONE);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct desk_scene *scene = *state;
    void *fixture = scene->f;
    struct letter_list left;

    desk_close(scene->desk);
    letters_close(scene->replies, &left);
    letters_free(scene->replies);
    fake_loop_free(scene->loop);
    fixture_teardown(&fixture);
    free(scene);
    return 0;
}

static struct admin_ask *new_ask(struct desk_scene *scene, enum admin_kind kind,
                                 const ProtobufCMessage *body)
{
    struct admin_ask *ask = admin_ask_new();
    Perch__Admin__Request head = PERCH__ADMIN__REQUEST__INIT;
    struct buffer bytes = BUFFER_EMPTY;

    CODEC_SET(&head, wait_ms, WAIT_MS);
    assert_int_equal(admin_write_request(kind, &head, body, &bytes),
                     ERROR_NONE);
    assert_int_equal(admin_read_request(
                         kind,
                         slice_after(buffer_slice(&bytes), FRAME_HEADER_BYTES),
                         ask->arena, &ask->request),
                     ERROR_NONE);
    buffer_deinit(&bytes);
    ask->reply_to = scene->replies;
    strcpy(ask->actor.name, "root");
    strcpy(ask->actor.source, "test");
    return ask;
}

static void ask_for(struct desk_scene *scene, enum admin_kind kind,
                    const ProtobufCMessage *body)
{
    struct admin_ask *ask = new_ask(scene, kind, body);

    assert_int_equal(letters_send(desk_inbox(scene->desk), &ask->letter),
                     ERROR_NONE);
    fake_loop_settle(scene->loop);
}

static void create_dave(struct desk_scene *scene)
{
    Perch__Admin__UsersCreate create = PERCH__ADMIN__USERS_CREATE__INIT;

    CODEC_SET(&create, user, codec_bytes(SLICE_LITERAL("dave")));
    ask_for(scene, ADMIN_USERS_CREATE, &create.base);
}

static void look_at_rooms(struct desk_scene *scene)
{
    Perch__Admin__RoomsList list = PERCH__ADMIN__ROOMS_LIST__INIT;

    ask_for(scene, ADMIN_ROOMS_LIST, &list.base);
}

static void pass(struct desk_scene *scene, uint64_t ms)
{
    fake_loop_pass(scene->loop, ms * MS);
    fake_loop_settle(scene->loop);
}

static void assert_answered(const struct desk_scene *scene, unsigned times,
                            const char *outcome)
{
    assert_int_equal(scene->answers, times);
    assert_string_equal(scene->outcome, outcome);
}

/* A look that gets no index is given up when its time is over, not before, and
 * an index that comes later is for nobody. */
static void test_read__is_given_up_in_time(void **state)
{
    struct desk_scene *scene = *state;

    look_at_rooms(scene);
    pass(scene, WAIT_MS - DESK_TICK_MS);
    assert_int_equal(scene->answers, 0);
    pass(scene, 2 * DESK_TICK_MS);
    assert_answered(scene, 1, "NO_LEADER");
    assert_int_equal(desk_waiting(scene->desk), 0);
    desk_read_ready(scene->desk, scene->read, ERROR_NONE);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->answers, 1);
}

static void test_read__that_is_refused_is_busy(void **state)
{
    struct desk_scene *scene = *state;

    scene->refuses = ERROR_BUSY;
    look_at_rooms(scene);
    assert_answered(scene, 1, "BUSY");
}

/* A change has what is left of its time to leave the node; then its taking
 * back is waited for, and only then is its fate open. */
static void test_change__is_waited_for(void **state)
{
    struct desk_scene *scene = *state;

    create_dave(scene);
    pass(scene, WAIT_MS / 2);
    desk_read_ready(scene->desk, scene->read, ERROR_NONE);
    assert_true(scene->proposed != 0);
    assert_true(scene->patience_ms <= WAIT_MS / 2);
    assert_true(scene->patience_ms >= WAIT_MS / 2 - DESK_TICK_MS);
    pass(scene, WAIT_MS / 2 + DESK_WITHDRAW_MS - DESK_TICK_MS);
    assert_int_equal(scene->answers, 0);
    pass(scene, 2 * DESK_TICK_MS);
    assert_answered(scene, 1, "OUTCOME_UNKNOWN");
    assert_int_equal(scene->result, PERCH__ADMIN__RESULT__UNKNOWN);
    desk_told(scene->desk, scene->proposed, ADMIN_WITHDRAWN, NULL);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->answers, 1);
}

/* What was taken back in that last moment is known not to be made. */
static void test_change__taken_back_late_is_told(void **state)
{
    struct desk_scene *scene = *state;

    create_dave(scene);
    desk_read_ready(scene->desk, scene->read, ERROR_NONE);
    pass(scene, WAIT_MS + DESK_WITHDRAW_MS / 2);
    assert_int_equal(scene->answers, 0);
    desk_told(scene->desk, scene->proposed, ADMIN_WITHDRAWN, NULL);
    fake_loop_settle(scene->loop);
    assert_answered(scene, 1, "WITHDRAWN");
    assert_int_equal(scene->result, PERCH__ADMIN__RESULT__NO_LEADER);
}

/* Each reason not to take a proposal is told as what it is. */
static void test_change__not_taken_says_why(void **state)
{
    static const struct {
        enum error error;
        const char *outcome;
    } cases[] = {{ERROR_BUSY, "BUSY"},
                 {ERROR_NO_LEADER, "NO_LEADER"},
                 {ERROR_TOO_LARGE, "REQUEST_TOO_LARGE"},
                 {ERROR_NO_MEMORY, "NO_MEMORY"}};
    struct desk_scene *scene = *state;

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        scene->refuses = ERROR_NONE;
        create_dave(scene);
        scene->refuses = cases[i].error;
        desk_read_ready(scene->desk, scene->read, ERROR_NONE);
        fake_loop_settle(scene->loop);
        assert_answered(scene, i + 1, cases[i].outcome);
    }
}

/* The rules may refuse at the log what they allowed before: the rule is named,
 * as the state has changed in between. */
static void test_change__refused_at_the_log_names_the_rule(void **state)
{
    const struct applied refused = {OUTCOME_USERS_FULL, 0};
    struct desk_scene *scene = *state;

    create_dave(scene);
    desk_read_ready(scene->desk, scene->read, ERROR_NONE);
    desk_told(scene->desk, scene->proposed, ADMIN_APPLIED, &refused);
    fake_loop_settle(scene->loop);
    assert_answered(scene, 1, "USERS_FULL");
    assert_int_equal(scene->result, PERCH__ADMIN__RESULT__REFUSED);
}

/* Leadership that is not handed over in time may still be. */
static void test_transfer__has_its_time(void **state)
{
    struct desk_scene *scene = *state;
    Perch__Admin__NodesTransfer transfer = PERCH__ADMIN__NODES_TRANSFER__INIT;

    CODEC_SET(&transfer, to, 2);
    ask_for(scene, ADMIN_NODES_TRANSFER, &transfer.base);
    desk_read_ready(scene->desk, scene->read, ERROR_NONE);
    assert_true(scene->transferred != 0);
    pass(scene, WAIT_MS + DESK_WITHDRAW_MS + 2 * DESK_TICK_MS);
    assert_answered(scene, 1, "OUTCOME_UNKNOWN");
    desk_transferred(scene->desk, scene->transferred, ERROR_NONE);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->answers, 1);
}

/* A search that takes too long is given up, and harms nobody when it ends. */
static void test_search__has_its_time(void **state)
{
    const struct lookup none = {.error = ERROR_NONE};
    struct desk_scene *scene = *state;
    Perch__Admin__MessagesSearch search = PERCH__ADMIN__MESSAGES_SEARCH__INIT;

    CODEC_SET(&search, text, codec_bytes(SLICE_LITERAL("crane")));
    ask_for(scene, ADMIN_MESSAGES_SEARCH, &search.base);
    desk_read_ready(scene->desk, scene->read, ERROR_NONE);
    assert_true(scene->searched != 0);
    pass(scene, WAIT_MS + 2 * DESK_TICK_MS);
    assert_answered(scene, 1, "SEARCH_NOT_READY");
    desk_found(scene->desk, scene->searched, &none, "");
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->answers, 1);
}

/* Answers to tokens that were never given harm nobody. */
static void test_told__of_unknown_tokens_is_nothing(void **state)
{
    const struct applied applied = {OUTCOME_DONE, 0};
    struct desk_scene *scene = *state;

    create_dave(scene);
    desk_read_ready(scene->desk, scene->read + 7, ERROR_NONE);
    desk_told(scene->desk, scene->read, ADMIN_APPLIED, &applied);
    desk_transferred(scene->desk, scene->read, ERROR_NONE);
    fake_loop_settle(scene->loop);
    assert_int_equal(scene->answers, 0);
    assert_int_equal(desk_waiting(scene->desk), 1);
}

/* A desk that closes drops what waits, letters too, and tells nobody. */
static void test_close__drops_what_waits(void **state)
{
    struct desk_scene *scene = *state;
    Perch__Admin__UsersCreate create = PERCH__ADMIN__USERS_CREATE__INIT;
    struct admin_ask *ask;

    create_dave(scene);
    look_at_rooms(scene);
    desk_read_ready(scene->desk, 1, ERROR_NONE);
    CODEC_SET(&create, password, codec_bytes(SLICE_LITERAL("secret")));
    ask = new_ask(scene, ADMIN_USERS_CREATE, &create.base);
    assert_int_equal(letters_send(desk_inbox(scene->desk), &ask->letter),
                     ERROR_NONE);
    assert_int_equal(desk_waiting(scene->desk), 2);
    assert_int_equal(scene->answers, 0);
}

int main(void)
{
#define TEST(name) RUN_IN(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_read__is_given_up_in_time),
        TEST(test_read__that_is_refused_is_busy),
        TEST(test_change__is_waited_for),
        TEST(test_change__taken_back_late_is_told),
        TEST(test_change__not_taken_says_why),
        TEST(test_change__refused_at_the_log_names_the_rule),
        TEST(test_transfer__has_its_time),
        TEST(test_search__has_its_time),
        TEST(test_told__of_unknown_tokens_is_nothing),
        TEST(test_close__drops_what_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
