/* Any bytes from an administrator's connection are refused, or are requests
 * that the desk answers: each once, by a reply that a tool can read, and with
 * the state as it was unless a change was asked for and made.
 *
 * The input is a stream of frames as node/admin's server reads it. The rules
 * are the real ones, with the small pool of the unit tests; what is proposed is
 * applied at once.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "node/admin/desk.h"
#include "node/admin/letter.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "tests/unit/chat_fixture.h"
#include "tests/unit/fake_loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    /* Of one request: what a message may cost, a page of a list, and the
     * arena's own share. */
    ARENA_BYTES_MAX = ADMIN_DECODE_BYTES_MAX * 2 + 4 * 1024 * 1024,
    REQUESTS_MAX = 64, /* Of one input. */
};

struct world {
    struct loop *loop;
    struct chat_fixture *f;
    struct desk *desk;
    struct letters *replies;
    struct replica_status replica;
    unsigned kind;     /* Of the request that waits. */
    unsigned answered; /* How often it was. */
    bool proposed;
    struct arena *arena;
};

static const struct machine *give_machine(void *context)
{
    struct world *world = context;

    return world->f->machine;
}

static uint64_t give_applied(void *context)
{
    struct world *world = context;

    return world->f->index;
}

static const struct replica_status *give_replica(void *context)
{
    struct world *world = context;

    return &world->replica;
}

static void give_node(void *context, struct admin_node *node_out)
{
    (void)context;
    node_out->software = "perchd";
}

static enum error answer_read(void *context, uint64_t token)
{
    struct world *world = context;

    desk_read_ready(world->desk, token, ERROR_NONE);
    return ERROR_NONE;
}

/* Through its bytes, as through the log. */
static enum error apply(void *context, uint64_t token, Perch__Command *command,
                        unsigned patience_ms)
{
    struct world *world = context;

    CHECK(patience_ms > 0);
    world->proposed = true;
    CHECK(fixture_apply(world->f, 1, command) == OUTCOME_DONE);
    desk_told(world->desk, token, ADMIN_APPLIED, &world->f->applied);
    return ERROR_NONE;
}

static void transfer(void *context, uint64_t token, uint8_t node)
{
    struct world *world = context;

    (void)node;
    desk_transferred(world->desk, token, ERROR_NONE);
}

static void check_reply(struct world *world, const struct buffer *bytes)
{
    struct frame_reader reader;
    struct admin_reply reply;
    struct frame frame;

    frame_reader_init(&reader, admin_reply_limits());
    CHECK(frame_reader_feed(&reader, buffer_slice(bytes)) == ERROR_NONE);
    CHECK(frame_reader_next(&reader, &frame) == ERROR_NONE);
    CHECK(frame_reader_waiting(&reader) == 0);
    CHECK(frame.kind == (world->kind | ADMIN_REPLY));
    CHECK(admin_read_reply(world->kind, frame.payload, world->arena, &reply) ==
          ERROR_NONE);
    CHECK(reply.head->has_result && reply.head->outcome.len > 0);
    CHECK(reply.head->result == PERCH__ADMIN__RESULT__DONE ||
          reply.head->text.len > 0);
    frame_reader_deinit(&reader);
}

static void on_replies(void *context, struct letter_list *list)
{
    struct world *world = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        struct admin_told *told = (struct admin_told *)letter;

        STAILQ_REMOVE_HEAD(list, link);
        world->answered++;
        check_reply(world, &told->frame);
        admin_told_free(told);
    }
}

/* Nothing of it was said. */
static void search(void *context, uint64_t token, struct admin_search *wanted)
{
    static const struct lookup none = {.error = ERROR_NONE};
    struct world *world = context;

    admin_search_free(wanted);
    desk_found(world->desk, token, &none, "");
}

static void world_init(struct world *world)
{
    const struct admin_state state = {
        world, give_machine, give_applied, give_replica, give_node, answer_read,
        apply, transfer,     search,       NULL,         NULL};
    void *fixture;

    CHECK(fixture_setup(&fixture) == 0);
    world->f = fixture;
    world->loop = fake_loop_new(1);
    world->arena = arena_new(4096);
    world->replica = (struct replica_status){
        .role = REPLICA_LEADER, .raft_id = 1, .leader = 1, .n = 2};
    world->replica.members[0] =
        (struct replica_member){1, 1, REPLICA_VOTER, false, 0};
    world->replica.members[1] =
        (struct replica_member){2, 2, REPLICA_VOTER, false, 0};
    world->replies = letters_new(world->loop, 1, on_replies, world);
    CHECK(desk_open(world->loop, &state, &world->desk) == ERROR_NONE);
}

static void world_deinit(struct world *world)
{
    void *fixture = world->f;
    struct letter_list left;

    CHECK(desk_waiting(world->desk) == 0);
    desk_close(world->desk);
    letters_close(world->replies, &left);
    letters_free(world->replies);
    fake_loop_free(world->loop);
    arena_free(world->arena);
    fixture_teardown(&fixture);
}

static void ask_desk(struct world *world, struct admin_ask *ask)
{
    bool dry_run = ask->request.head->dry_run;
    struct arena *arena = ask->arena;
    uint64_t hash = machine_hash(world->f->machine);

    ask->reply_to = world->replies;
    strcpy(ask->actor.name, "root");
    strcpy(ask->actor.source, "fuzz");
    world->kind = ask->request.kind;
    world->answered = 0;
    world->proposed = false;
    CHECK(arena_bytes(arena) <= ARENA_BYTES_MAX);
    CHECK(letters_send(desk_inbox(world->desk), &ask->letter) == ERROR_NONE);
    fake_loop_settle(world->loop);
    CHECK(world->answered == 1);
    CHECK(!(dry_run && world->proposed));
    CHECK(world->proposed || machine_hash(world->f->machine) == hash);
}

static void take(struct world *world, const struct frame *frame)
{
    struct admin_ask *ask = admin_ask_new();

    CHECK(ask != NULL);
    if (admin_read_request(frame->kind, frame->payload, ask->arena,
                           &ask->request) == ERROR_NONE &&
        admin_fact(frame->kind)->access != ADMIN_EDGE) {
        ask_desk(world, ask);
    } else {
        admin_ask_free(ask);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world = {0};
    struct frame_reader reader;
    struct frame frame;

    journal_configure(JOURNAL_ERROR, false, false);
    world_init(&world);
    frame_reader_init(&reader, admin_request_limits());
    CHECK(frame_reader_feed(&reader, slice_of(data, size)) == ERROR_NONE);
    for (unsigned i = 0;
         i < REQUESTS_MAX && frame_reader_next(&reader, &frame) == ERROR_NONE;
         i++) {
        take(&world, &frame);
    }
    frame_reader_deinit(&reader);
    world_deinit(&world);
    return 0;
}
