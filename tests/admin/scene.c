#include "tests/admin/scene.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/chat/rows.h"
#include "proto/base/check.h"
#include "proto/base/os/loop_uv.h"
#include "tests/unit/test.h"

enum { TURN_MS = 1, HASTE_MS = 500 };

/* The pool of one. */

static const struct machine *give_machine(void *context)
{
    struct scene *scene = context;

    return scene->weather == WEATHER_NOT_LOADED ? NULL : scene->f->machine;
}

static uint64_t give_applied(void *context)
{
    struct scene *scene = context;

    return scene->f->index;
}

static const struct replica_status *give_replica(void *context)
{
    struct scene *scene = context;

    scene->replica.commit_index = scene->f->index;
    scene->replica.last_index = scene->f->index;
    return &scene->replica;
}

static void give_node(void *context, struct admin_node *node_out)
{
    (void)context;
    node_out->node = 1;
    node_out->software = "perchd 1.2.3";
    node_out->rules_known = COMMAND_RULES_KNOWN;
    node_out->alive = true;
    node_out->n_faults = 1;
    node_out->faults[0] = "the node is behind the pool";
    node_out->n_certificates = 2;
    node_out->certificates[0] = (struct admin_certificate){"peer", 2000000000};
    node_out->certificates[1] = (struct admin_certificate){"sip", 1950000000};
}

static enum error read_pool(void *context, uint64_t token)
{
    struct scene *scene = context;

    if (scene->weather != WEATHER_STANDSTILL) {
        scene->reading[scene->n_reading++] = token;
        timer_start(scene->turn, TURN_MS, 0);
    }
    return ERROR_NONE;
}

static enum error propose_to_pool(void *context, uint64_t token,
                                  Perch__Command *command, unsigned patience_ms)
{
    struct scene *scene = context;

    CHECK(patience_ms > 0);
    if (scene->weather == WEATHER_REFUSES) {
        return ERROR_BUSY;
    }
    scene->proposals++;
    buffer_clear(&scene->commands[scene->n_proposed]);
    command_write(command, &scene->commands[scene->n_proposed]);
    scene->proposed[scene->n_proposed++] = token;
    timer_start(scene->turn, TURN_MS, 0);
    return ERROR_NONE;
}

static void transfer_pool(void *context, uint64_t token, uint8_t node)
{
    struct scene *scene = context;

    if (scene->weather == WEATHER_FAIR) {
        scene->replica.leader = node == 0 ? 2 : node;
    }
    desk_transferred(admin_desk(scene->admin), token,
                     scene->weather == WEATHER_FAIR ? ERROR_NONE
                                                    : ERROR_TIMED_OUT);
}

/* One message, by whoever was asked for, in the first of the rooms. */
static void search_pool(void *context, uint64_t token,
                        struct admin_search *search)
{
    struct scene *scene = context;
    bool fair = scene->weather == WEATHER_FAIR;
    struct lookup_found found = {
        .room = search->n_rooms > 0 ? search->rooms[0].number : 0,
        .said = {.message_id = 7,
                 .sent_at_us = search->from_us > 0 ? search->from_us : 1,
                 .author_uri =
                     search->n_authors > 0 ? search->authors[0] : SLICE_NONE,
                 .text = search->text},
    };
    const struct lookup lookup = {
        .found = &found,
        .n_found = 1,
        .cut = search->most == 1,
        .error = fair ? ERROR_NONE : ERROR_FORGOTTEN,
    };

    desk_found(admin_desk(scene->admin), token, &lookup, "it is made anew");
    admin_search_free(search);
}

static void apply(struct scene *scene, struct slice bytes)
{
    struct arena *arena = arena_new(4096);
    Perch__Command *command;

    CHECK(command_read(arena, bytes, &command) == ERROR_NONE);
    fixture_apply(scene->f, 1, command);
    arena_free(arena);
}

static void tell_proposal(struct scene *scene, uint64_t token,
                          struct slice bytes)
{
    struct desk *desk = admin_desk(scene->admin);

    if (scene->weather == WEATHER_WITHDRAWS) {
        desk_told(desk, token, ADMIN_WITHDRAWN, NULL);
        return;
    }
    if (scene->weather == WEATHER_ANOTHER) {
        apply(scene, bytes);
    }
    apply(scene, bytes);
    if (scene->weather == WEATHER_FORGETS) {
        desk_told(desk, token, ADMIN_LOST, NULL);
    } else if (scene->weather != WEATHER_MUTE) {
        desk_told(desk, token, ADMIN_APPLIED, &scene->f->applied);
    }
}

static void on_turn(void *context)
{
    struct scene *scene = context;
    struct desk *desk = admin_desk(scene->admin);

    while (scene->n_reading > 0) {
        desk_read_ready(desk, scene->reading[--scene->n_reading],
                        scene->weather == WEATHER_NO_LEADER ? ERROR_NO_LEADER
                                                            : ERROR_NONE);
    }
    while (scene->n_proposed > 0) {
        size_t i = --scene->n_proposed;

        tell_proposal(scene, scene->proposed[i],
                      buffer_slice(&scene->commands[i]));
    }
}

static void on_look(void *context)
{
    struct scene *scene = context;
    sem_t *looked = scene->looked;

    scene->hash = machine_hash(scene->f->machine);
    sem_post(looked);
}

static void write_page(void *context, struct buffer *to)
{
    (void)context;
    buffer_append_text(to, "# TYPE perch_up gauge\nperch_up 1\n");
}

/* The threads. */

static void on_end(void *context)
{
    loop_stop(context);
}

static void *run_loop(void *context)
{
    loop_run(context);
    return NULL;
}

static void make_replica(struct replica_status *replica)
{
    *replica = (struct replica_status){.role = REPLICA_LEADER,
                                       .raft_id = 1,
                                       .term = 7,
                                       .leader = 1,
                                       .first_index = 1,
                                       .n = 3};
    replica->members[0] =
        (struct replica_member){1, 1, REPLICA_VOTER, false, 0};
    replica->members[1] = (struct replica_member){2, 2, REPLICA_VOTER, true, 5};
    replica->members[2] =
        (struct replica_member){3, 3, REPLICA_VOTER, false, 2};
}

static struct admin_options options_of(struct scene *scene)
{
    return (struct admin_options){
        .state_loop = scene->state_loop,
        .state = {scene, give_machine, give_applied, give_replica, give_node,
                  read_pool, propose_to_pool, transfer_pool, search_pool, NULL,
                  NULL},
        .web_loop = scene->web_loop,
        .server = {.node = 1,
                   .software = "perchd 1.2.3",
                   .path = scene->path,
                   .page = write_page},
    };
}

static void start(struct scene *scene, const struct admin_options *options)
{
    scene->turn = timer_new(scene->state_loop, on_turn, scene);
    scene->state_end = waker_new(scene->state_loop, on_end, scene->state_loop);
    scene->look = waker_new(scene->state_loop, on_look, scene);
    scene->web_end = waker_new(scene->web_loop, on_end, scene->web_loop);
    assert_int_equal(admin_open(options, &scene->admin), ERROR_NONE);
    assert_int_equal(
        pthread_create(&scene->state_thread, NULL, run_loop, scene->state_loop),
        0);
    assert_int_equal(
        pthread_create(&scene->web_thread, NULL, run_loop, scene->web_loop), 0);
}

static struct scene *make(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    void *fixture;

    signal(SIGPIPE, SIG_IGN); /* As every program with libuv must. */
    assert_int_equal(fixture_setup(&fixture), 0);
    scene->f = fixture;
    assert_int_equal(fixture_open(scene->f, 2, ALICE, 1), OUTCOME_DONE);
    assert_int_equal(fixture_join(scene->f, 2, ALICE, 1, &scene->f->lobby),
                     OUTCOME_DONE);
    scene->state_loop = loop_new();
    scene->web_loop = loop_new();
    make_replica(&scene->replica);
    temp_directory_make(scene->directory);
    snprintf(scene->path, sizeof(scene->path), "%s/admin.sock",
             scene->directory);
    *state = scene;
    return scene;
}

int scene_setup(void **state)
{
    struct scene *scene = make(state);
    struct admin_options options = options_of(scene);

    start(scene, &options);
    return 0;
}

static struct scene *make_empty(void **state)
{
    struct scene *scene = make(state);

    machine_free(scene->f->machine);
    scene->f->machine = machine_new(COMMAND_RULES_KNOWN);
    assert_int_equal(fixture_start(scene->f, 1), OUTCOME_DONE);
    return scene;
}

int scene_setup_empty(void **state)
{
    struct scene *scene = make_empty(state);
    struct admin_options options = options_of(scene);

    start(scene, &options);
    return 0;
}

int scene_setup_mixed(void **state)
{
    struct scene *scene = make_empty(state);
    struct admin_options options = options_of(scene);
    Perch__NodeStarted started = PERCH__NODE_STARTED__INIT;
    Perch__Command command = PERCH__COMMAND__INIT;
    uint8_t id[16] = {9};

    CODEC_SET(&started, start_id, codec_bytes(slice_of(id, sizeof(id))));
    CODEC_SET(&started, rules_known, 2);
    command.kind_case = PERCH__COMMAND__KIND_NODE_STARTED;
    command.node_started = &started;
    assert_int_equal(fixture_apply_entry(
                         scene->f, (struct applied_entry){.node = 2}, &command),
                     OUTCOME_DONE);
    start(scene, &options);
    return 0;
}

int scene_setup_hasty(void **state)
{
    struct scene *scene = make(state);
    struct admin_options options = options_of(scene);

    options.server.wait_ms = HASTE_MS;
    start(scene, &options);
    return 0;
}

const char *scene_certificates(void)
{
    return CERTIFICATES_DIR "/admin";
}

static void make_certificates(void)
{
    assert_int_equal(
        system("'" MAKE_CERTS "' --dir '" CERTIFICATES_DIR
               "/admin' --nodes 2 --admin alice --sip localhost && '" MAKE_CERTS
               "' --dir '" CERTIFICATES_DIR
               "/other' --nodes 1 --admin mallory"),
        0);
}

int scene_setup_tls(void **state)
{
    struct scene *scene = make(state);
    struct admin_options options = options_of(scene);

    make_certificates();
    options.server.tls = (struct server_tls){
        .host = "127.0.0.1",
        .node = 1,
        .certificate = CERTIFICATES_DIR "/admin/node1.pem",
        .key = CERTIFICATES_DIR "/admin/node1.key",
        .authority = CERTIFICATES_DIR "/admin/ca.pem",
    };
    start(scene, &options);
    return 0;
}

int scene_setup_renewal(void **state)
{
    struct scene *scene = make(state);
    struct admin_options options = options_of(scene);
    struct server_tls *tls = &options.server.tls;
    char command[4 * TEMP_DIRECTORY_BYTES];
    size_t n = 0;

    make_certificates();
    snprintf(command, sizeof(command),
             "cd '" CERTIFICATES_DIR "/admin' && cp node1.pem node1.key ca.pem "
             "'%s' && cp ../other/ca.pem '%s/admins.pem'",
             scene->directory, scene->directory);
    assert_int_equal(system(command), 0);
    *tls = (struct server_tls){.host = "127.0.0.1", .node = 1};
#define USE(member, file)                                                      \
    snprintf(scene->files[n], sizeof(scene->files[n]), "%s/" file,             \
             scene->directory);                                                \
    tls->member = scene->files[n++];
    SCENE_FILES(USE)
#undef USE
    start(scene, &options);
    return 0;
}

int scene_teardown(void **state)
{
    struct scene *scene = *state;
    void *fixture = scene->f;

    waker_wake(scene->web_end);
    waker_wake(scene->state_end);
    assert_int_equal(pthread_join(scene->web_thread, NULL), 0);
    assert_int_equal(pthread_join(scene->state_thread, NULL), 0);
    admin_close(scene->admin);
    assert_int_not_equal(access(scene->path, F_OK), 0);
    timer_free(scene->turn);
    waker_free(scene->look);
    waker_free(scene->state_end);
    waker_free(scene->web_end);
    loop_free(scene->state_loop);
    loop_free(scene->web_loop);
    for (size_t i = 0; i < SERVER_CLIENTS_MAX; i++) {
        buffer_deinit(&scene->commands[i]);
    }
    fixture_teardown(&fixture);
    temp_directory_remove(scene->directory);
    free(scene);
    return 0;
}

static void read_file(const char *directory, const char *name, char *to,
                      size_t room)
{
    char path[TEMP_DIRECTORY_BYTES + 16];
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "r");
    assert_non_null(file);
    len = fread(to, 1, room - 1, file);
    to[len] = '\0';
    fclose(file);
}

int scene_run(struct scene *scene, const char *words, const char *input)
{
    char line[4096];
    FILE *shell;
    int status;

    snprintf(line, sizeof(line),
             "PERCH_SOCKET='%s' timeout 60 '%s' %s >'%s/out' 2>'%s/err'",
             scene->path, PERCHCTL, words, scene->directory, scene->directory);
    shell = popen(line, "w");
    assert_non_null(shell);
    fputs(input == NULL ? "" : input, shell);
    status = pclose(shell);
    read_file(scene->directory, "out", scene->out, sizeof(scene->out));
    read_file(scene->directory, "err", scene->err, sizeof(scene->err));
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

uint64_t scene_hash(struct scene *scene)
{
    sem_t looked;

    assert_int_equal(sem_init(&looked, 0, 0), 0);
    scene->looked = &looked;
    waker_wake(scene->look);
    assert_int_equal(sem_wait(&looked), 0);
    sem_destroy(&looked);
    return scene->hash;
}

int scene_connect(const struct scene *scene)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_true(strlen(scene->path) < sizeof(address.sun_path));
    strcpy(address.sun_path, scene->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    return fd;
}
