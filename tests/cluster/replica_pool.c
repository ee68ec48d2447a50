#include "tests/cluster/replica_pool.h"

#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/check.h"
#include "proto/base/os/loop_uv.h"
#include "tests/unit/temp_directory.h"
#include "tests/unit/test.h"

enum {
    WORDS_MAX = 4 * 1024 * 1024,
    PATIENCE_MS = 20000,
    STEP_MS = 5,
    PATH_BYTES = 512,
};

/* What became of a word. */
struct word_fate {
    uint64_t index; /* Where it is in the log; 0: nowhere yet. */
    bool acknowledged, lost;
};

struct truth {
    pthread_mutex_t lock;
    uint64_t n_words; /* Words are 1 to this. */
    struct word_fate *fates;
    uint64_t *at; /* By log index: the word, or 0. */
    struct replica_pool_sums sums;
    uint64_t acknowledged_index;
    char broken[256];
};

/* A thread that runs a loop until it is told to stop. */
struct runner {
    struct loop *loop;
    struct waker *stop;
    pthread_t thread;
};

struct node {
    struct replica_pool *pool;
    unsigned number;
    char path[PATH_BYTES];
    bool alive;
    struct runner owner_runner, raft_runner;
    struct owner *owner;
    struct replica *replica;
    struct waker *doer;
    pthread_mutex_t doing; /* One at a time. */
    pthread_mutex_t order; /* Of the next two. */
    void (*run)(struct owner *owner, void *context);
    void *run_context;
    sem_t done;
    enum error read_error;
    sem_t read_done;
    atomic_uint restores;
};

struct replica_pool {
    struct replica_pool_settings settings;
    char directory[TEMP_DIRECTORY_BYTES];
    struct guid id;
    struct transport_node addresses[POOL_NODES_MAX];
    struct node nodes[POOL_NODES_MAX];
    struct truth truth;
};

/* --- Truth --- */

static void truth_break(struct truth *truth, const char *what, uint64_t word,
                        uint64_t index)
{
    if (truth->broken[0] == '\0') {
        snprintf(truth->broken, sizeof(truth->broken),
                 "%s: word %llu, log index %llu", what,
                 (unsigned long long)word, (unsigned long long)index);
    }
}

static void on_applied(void *context, struct owner *owner, uint64_t index,
                       const struct tally_result *result)
{
    struct truth *truth = &((struct node *)context)->pool->truth;
    struct word_fate *fate;

    (void)owner;
    if (result->kind != TALLY_COMMAND || result->outcome != TALLY_ACCEPTED) {
        return;
    }
    pthread_mutex_lock(&truth->lock);
    fate = &truth->fates[result->word];
    if (fate->index == 0) {
        fate->index = index;
        truth->sums.commands++;
        if (truth->at[index] != 0) {
            truth_break(truth, "two words in one place", result->word, index);
        }
        truth->at[index] = result->word;
    } else if (fate->index != index) {
        truth_break(truth, "a word in two places", result->word, index);
    }
    if (result->sent_at_us == 0) {
        truth_break(truth, "no time stamped", result->word, index);
    }
    pthread_mutex_unlock(&truth->lock);
}

static void on_acknowledged(void *context, struct owner *owner, uint64_t word,
                            uint64_t index)
{
    struct truth *truth = &((struct node *)context)->pool->truth;

    (void)owner;
    pthread_mutex_lock(&truth->lock);
    if (truth->fates[word].acknowledged || truth->fates[word].lost) {
        truth_break(truth, "answered twice", word, index);
    }
    truth->fates[word].acknowledged = true;
    truth->sums.acknowledged++;
    if (index > truth->acknowledged_index) {
        truth->acknowledged_index = index;
    }
    pthread_mutex_unlock(&truth->lock);
}

static void on_lost(void *context, struct owner *owner, uint64_t word,
                    bool unknown)
{
    struct truth *truth = &((struct node *)context)->pool->truth;

    (void)owner;
    pthread_mutex_lock(&truth->lock);
    if (!unknown && truth->fates[word].index != 0) {
        truth_break(truth, "taken back, and in the log", word,
                    truth->fates[word].index);
    }
    truth->fates[word].lost = true;
    truth->sums.lost++;
    pthread_mutex_unlock(&truth->lock);
}

static void on_read(void *context, struct owner *owner, uint64_t token,
                    enum error error)
{
    struct node *node = context;
    struct truth *truth = &node->pool->truth;

    /* The token is what was acknowledged when the read was asked for. */
    pthread_mutex_lock(&truth->lock);
    if (error == ERROR_NONE && owner_tally(owner)->index < token) {
        truth_break(truth, "a stale read", 0, owner_tally(owner)->index);
    }
    pthread_mutex_unlock(&truth->lock);
    node->read_error = error;
    sem_post(&node->read_done);
}

static void on_restored(void *context, struct owner *owner)
{
    struct node *node = context;

    (void)owner;
    node->restores++;
}

static void on_fatal(void *context, struct owner *owner, enum error error,
                     const char *reason)
{
    struct node *node = context;

    (void)owner;
    pthread_mutex_lock(&node->pool->truth.lock);
    fprintf(stderr, "node %u: %s: %s\n", node->number, error_name(error),
            reason);
    truth_break(&node->pool->truth, "a node must stop", 0, 0);
    pthread_mutex_unlock(&node->pool->truth.lock);
}

/* --- Threads --- */

static void on_stop(void *context)
{
    loop_stop(context);
}

static void *run_loop(void *context)
{
    loop_run(context);
    return NULL;
}

static void runner_make(struct runner *runner)
{
    runner->loop = loop_new();
    CHECK(runner->loop != NULL);
    runner->stop = waker_new(runner->loop, on_stop, runner->loop);
    CHECK(runner->stop != NULL);
}

static void runner_start(struct runner *runner)
{
    CHECK(pthread_create(&runner->thread, NULL, run_loop, runner->loop) == 0);
}

static void runner_end(struct runner *runner)
{
    waker_wake(runner->stop);
    pthread_join(runner->thread, NULL);
}

static void runner_free(struct runner *runner)
{
    waker_free(runner->stop);
    loop_free(runner->loop);
}

/* --- Nodes --- */

static void on_do(void *context)
{
    struct node *node = context;
    void (*run)(struct owner * owner, void *run_context);
    void *run_context;

    pthread_mutex_lock(&node->order);
    run = node->run;
    run_context = node->run_context;
    node->run = NULL;
    pthread_mutex_unlock(&node->order);
    if (run != NULL) {
        run(node->owner, run_context);
        sem_post(&node->done);
    }
}

void replica_pool_do(struct replica_pool *pool, unsigned number,
                     void (*run)(struct owner *owner, void *context),
                     void *context)
{
    struct node *node = &pool->nodes[number - 1];

    pthread_mutex_lock(&node->doing);
    pthread_mutex_lock(&node->order);
    node->run_context = context;
    node->run = run;
    pthread_mutex_unlock(&node->order);
    waker_wake(node->doer);
    sem_wait(&node->done);
    pthread_mutex_unlock(&node->doing);
}

static struct replica_settings settings_of(struct node *node, bool founding)
{
    struct replica_pool *pool = node->pool;

    return (struct replica_settings){
        .directory = node->path,
        .pool = pool->id,
        .node = (uint8_t)node->number,
        .founding = founding,
        .nodes = pool->addresses,
        .n_nodes = pool->settings.n_nodes,
        .listen_host = "127.0.0.1",
        .listen_port = pool->addresses[node->number - 1].port,
        .plain = true,
        .software = "test",
        .state = "state",
        .snapshot_entries = pool->settings.snapshot_entries,
        .trailing_entries = pool->settings.trailing_entries,
        .floor_bytes = 4096,
        .owner_loop = node->owner_runner.loop,
        .raft_loop = node->raft_runner.loop,
        .events = owner_events(node->owner)};
}

static void node_start(struct node *node, bool founding)
{
    struct replica_pool *pool = node->pool;
    struct owner_settings owned = {.directory = node->path,
                                   .node = (uint8_t)node->number,
                                   .command_bytes =
                                       pool->settings.command_bytes,
                                   .watch = {.context = node,
                                             .applied = on_applied,
                                             .acknowledged = on_acknowledged,
                                             .lost = on_lost,
                                             .read = on_read,
                                             .restored = on_restored,
                                             .fatal = on_fatal}};
    struct replica_settings settings;
    uint8_t noop[TALLY_COMMAND_BYTES_MIN];

    if (pool->settings.acknowledged != NULL) {
        owned.watch = (struct owner_watch){
            .context = pool->settings.context,
            .acknowledged = pool->settings.acknowledged,
            .read = pool->settings.read,
        };
    }
    runner_make(&node->owner_runner);
    runner_make(&node->raft_runner);
    owned.loop = node->owner_runner.loop;
    node->owner = owner_new(&owned);
    settings = settings_of(node, founding);
    tally_command(TALLY_NOOP, 0, noop, sizeof(noop));
    settings.noop = slice_of(noop, sizeof(noop));
    assert_int_equal(replica_open(&settings, &node->replica), ERROR_NONE);
    assert_int_equal(owner_open(node->owner), ERROR_NONE);
    node->doer = waker_new(node->owner_runner.loop, on_do, node);
    CHECK(node->doer != NULL);
    owner_start(node->owner, node->replica);
    assert_int_equal(
        replica_start(node->replica, owner_tally(node->owner)->index),
        ERROR_NONE);
    runner_start(&node->owner_runner);
    runner_start(&node->raft_runner);
    node->alive = true;
}

void replica_pool_kill(struct replica_pool *pool, unsigned number)
{
    struct node *node = &pool->nodes[number - 1];

    runner_end(&node->owner_runner);
    runner_end(&node->raft_runner);
    replica_close(node->replica);
    owner_free(node->owner);
    waker_free(node->doer);
    runner_free(&node->owner_runner);
    runner_free(&node->raft_runner);
    node->alive = false;
}

void replica_pool_revive(struct replica_pool *pool, unsigned number)
{
    node_start(&pool->nodes[number - 1], false);
}

void replica_pool_empty(struct replica_pool *pool, unsigned number)
{
    temp_directory_remove(pool->nodes[number - 1].path);
}

const char *replica_pool_path(const struct replica_pool *pool, unsigned number)
{
    return pool->nodes[number - 1].path;
}

/* A port that is free now; whoever takes it in between fails the test. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void truth_init(struct truth *truth)
{
    pthread_mutex_init(&truth->lock, NULL);
    truth->fates = calloc(WORDS_MAX, sizeof(*truth->fates));
    truth->at = calloc(WORDS_MAX * 2, sizeof(*truth->at));
    CHECK(truth->fates != NULL && truth->at != NULL);
}

struct replica_pool *replica_pool_new(
    const struct replica_pool_settings *settings)
{
    struct replica_pool *pool = calloc(1, sizeof(*pool));

    CHECK(pool != NULL && settings->n_nodes <= POOL_NODES_MAX);
    pool->settings = *settings;
    pool->id.bytes[0] = 1;
    truth_init(&pool->truth);
    temp_directory_make(pool->directory);
    for (unsigned i = 0; i < settings->n_nodes; i++) {
        struct node *node = &pool->nodes[i];

        node->pool = pool;
        node->number = i + 1;
        snprintf(node->path, sizeof(node->path), "%s/%u", pool->directory,
                 i + 1);
        sem_init(&node->done, 0, 0);
        sem_init(&node->read_done, 0, 0);
        pthread_mutex_init(&node->doing, NULL);
        pthread_mutex_init(&node->order, NULL);
        pool->addresses[i] = (struct transport_node){
            .node = (uint8_t)(i + 1), .host = "127.0.0.1", .port = free_port()};
    }
    for (unsigned i = 0; i < settings->n_nodes; i++) {
        node_start(&pool->nodes[i], true);
    }
    return pool;
}

void replica_pool_free(struct replica_pool *pool)
{
    for (unsigned i = 0; i < pool->settings.n_nodes; i++) {
        if (pool->nodes[i].alive) {
            replica_pool_kill(pool, i + 1);
        }
    }
    temp_directory_remove(pool->directory);
    free(pool->truth.fates);
    free(pool->truth.at);
    free(pool);
}

/* --- What a test asks --- */

static void pass(void)
{
    struct timespec step = {.tv_nsec = STEP_MS * 1000000};

    nanosleep(&step, NULL);
}

static bool wait_for(struct replica_pool *pool,
                     bool (*is_so)(struct replica_pool *pool))
{
    for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
        if (is_so(pool)) {
            return true;
        }
        pass();
    }
    return false;
}

static void get_status(struct owner *owner, void *context)
{
    const struct replica_status *status = replica_status(owner_replica(owner));

    *(struct replica_status *)context = *status;
}

unsigned replica_pool_leader(struct replica_pool *pool)
{
    for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
        unsigned leader = 0;
        bool agreed = true;

        for (unsigned i = 0; i < pool->settings.n_nodes; i++) {
            struct replica_status status;

            if (pool->nodes[i].alive) {
                replica_pool_do(pool, i + 1, get_status, &status);
                leader = leader == 0 ? status.leader : leader;
                agreed &= status.leader != 0 && status.leader == leader &&
                          pool->nodes[status.leader - 1].alive;
            }
        }
        if (agreed) {
            return leader;
        }
        pass();
    }
    return 0;
}

struct words {
    struct replica_pool *pool;
    size_t n;
};

static void propose_words(struct owner *owner, void *context)
{
    struct words *words = context;
    struct truth *truth = &words->pool->truth;

    for (size_t i = 0; i < words->n; i++) {
        uint64_t word;

        pthread_mutex_lock(&truth->lock);
        word = ++truth->n_words;
        truth->sums.proposed++;
        CHECK(word < WORDS_MAX);
        pthread_mutex_unlock(&truth->lock);
        CHECK(owner_propose(owner, word));
    }
}

void replica_pool_propose(struct replica_pool *pool, unsigned node, size_t n)
{
    struct words words = {pool, n};

    replica_pool_do(pool, node, propose_words, &words);
}

static bool is_settled(struct replica_pool *pool)
{
    struct replica_pool_sums sums = replica_pool_sums(pool);

    return sums.acknowledged + sums.lost == sums.proposed;
}

bool replica_pool_settle(struct replica_pool *pool)
{
    return wait_for(pool, is_settled);
}

static bool is_new_voter(const struct replica_status *status)
{
    for (size_t i = 0; i < status->n; i++) {
        if (status->members[i].raft_id == status->raft_id) {
            return status->raft_id > 255 &&
                   status->members[i].role == REPLICA_VOTER;
        }
    }
    return false;
}

bool replica_pool_becomes_voter(struct replica_pool *pool, unsigned node)
{
    for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
        struct replica_status status;

        replica_pool_do(pool, node, get_status, &status);
        if (is_new_voter(&status) && status.n == pool->settings.n_nodes) {
            return true;
        }
        pass();
    }
    return false;
}

unsigned replica_pool_restores(struct replica_pool *pool, unsigned node)
{
    return pool->nodes[node - 1].restores;
}

static void get_tally(struct owner *owner, void *context)
{
    *(struct tally *)context = *owner_tally(owner);
}

static bool is_agreed(struct replica_pool *pool)
{
    struct tally first, other;
    bool any = false;

    for (unsigned i = 0; i < pool->settings.n_nodes; i++) {
        if (!pool->nodes[i].alive) {
            continue;
        }
        replica_pool_do(pool, i + 1, get_tally, any ? &other : &first);
        if (any && memcmp(&first, &other, sizeof(first)) != 0) {
            return false;
        }
        any = true;
    }
    return any;
}

bool replica_pool_agree(struct replica_pool *pool)
{
    return wait_for(pool, is_agreed);
}

static void read_now(struct owner *owner, void *context)
{
    struct truth *truth = context;
    uint64_t token;

    pthread_mutex_lock(&truth->lock);
    token = truth->acknowledged_index;
    pthread_mutex_unlock(&truth->lock);
    CHECK(owner_read(owner, token, PATIENCE_MS / 2) == ERROR_NONE);
}

enum error replica_pool_read(struct replica_pool *pool, unsigned number)
{
    struct node *node = &pool->nodes[number - 1];

    replica_pool_do(pool, number, read_now, &pool->truth);
    sem_wait(&node->read_done);
    return node->read_error;
}

struct replica_pool_sums replica_pool_sums(struct replica_pool *pool)
{
    struct replica_pool_sums sums;
    char broken[sizeof(pool->truth.broken)];

    pthread_mutex_lock(&pool->truth.lock);
    sums = pool->truth.sums;
    memcpy(broken, pool->truth.broken, sizeof(broken));
    pthread_mutex_unlock(&pool->truth.lock);
    assert_string_equal(broken, "");
    return sums;
}
