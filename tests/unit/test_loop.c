#include "tests/unit/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base/letters.h"
#include "proto/base/os/loop_thread.h"
#include "proto/base/os/loop_uv.h"
#include "proto/base/worker.h"

enum { LETTERS = 20000, CAPACITY = 100, JOBS = 500, BALLS = 20000 };

struct scene {
    struct loop *loop;
    struct letters *letters;
    struct worker *worker;
    int next;    /* The letter or job expected next. */
    int refused; /* Letters that met a full queue. */
    int turns;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->loop = loop_new();
    *state = scene;
    return scene->loop == NULL;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    loop_free(scene->loop);
    free(scene);
    return 0;
}

static void receive(void *context, struct letter_list *list)
{
    struct scene *scene = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        assert_int_equal(letter->kind, scene->next);
        scene->next++;
        free(letter);
    }
    if (scene->next == LETTERS) {
        loop_stop(scene->loop);
    }
}

static void *send_all(void *context)
{
    struct scene *scene = context;

    for (int i = 0; i < LETTERS; i++) {
        struct letter *letter = malloc(sizeof(*letter));

        letter->kind = i;
        while (letters_send(scene->letters, letter) == ERROR_BUSY) {
            scene->refused++;
            sched_yield();
        }
    }
    return NULL;
}

/* Letters of another thread arrive once, in order, and a full queue refuses
 * rather than grows. */
static void test_letters_send__keeps_order_and_bound(void **state)
{
    struct scene *scene = *state;
    struct letter_list left;
    struct letter late = {.kind = -1};
    pthread_t thread;

    scene->letters = letters_new(scene->loop, CAPACITY, receive, scene);
    pthread_create(&thread, NULL, send_all, scene);
    loop_run(scene->loop);
    pthread_join(thread, NULL);
    assert_int_equal(scene->next, LETTERS);
    letters_close(scene->letters, &left);
    assert_true(STAILQ_EMPTY(&left));
    assert_int_equal(letters_send(scene->letters, &late), ERROR_CLOSED);
    letters_free(scene->letters);
}

/* The bound is exact, and a reply passes it. */
static void test_letters_send__refuses_when_full(void **state)
{
    struct scene *scene = *state;
    struct letter letters[4];
    struct letter_list left;

    scene->letters = letters_new(scene->loop, 2, receive, scene);
    assert_int_equal(letters_send(scene->letters, &letters[0]), ERROR_NONE);
    assert_int_equal(letters_send(scene->letters, &letters[1]), ERROR_NONE);
    assert_int_equal(letters_send(scene->letters, &letters[2]), ERROR_BUSY);
    assert_int_equal(letters_send_reply(scene->letters, &letters[3]),
                     ERROR_NONE);
    assert_int_equal(letters_waiting(scene->letters), 3);
    letters_close(scene->letters, &left);
    assert_ptr_equal(STAILQ_FIRST(&left), &letters[0]);
    letters_free(scene->letters);
}

static void take_one(void *context, struct letter_list *list)
{
    struct scene *scene = context;
    struct letter *letter;

    STAILQ_FOREACH (letter, list, link) {
        assert_int_equal(letter->kind, scene->next);
        scene->next++;
    }
}

/* What is left wakes nobody, and comes before what is sent after it. */
static void test_letters_leave__waits_for_a_wake(void **state)
{
    struct scene *scene = *state;
    struct letter letters[3] = {{.kind = 0}, {.kind = 1}, {.kind = 2}};
    struct letter_list left;

    scene->letters = letters_new(scene->loop, CAPACITY, take_one, scene);
    assert_int_equal(letters_leave(scene->letters, &letters[0]), ERROR_NONE);
    uv_run(loop_uv(scene->loop), UV_RUN_NOWAIT);
    assert_int_equal(scene->next, 0);
    assert_int_equal(letters_send(scene->letters, &letters[1]), ERROR_NONE);
    uv_run(loop_uv(scene->loop), UV_RUN_NOWAIT);
    assert_int_equal(scene->next, 2);
    assert_int_equal(letters_leave(scene->letters, &letters[2]), ERROR_NONE);
    letters_take(scene->letters);
    assert_int_equal(scene->next, 3);
    letters_close(scene->letters, &left);
    assert_int_equal(letters_leave(scene->letters, &letters[0]), ERROR_CLOSED);
    letters_free(scene->letters);
}

struct numbered_job {
    struct job job;
    struct scene *scene;
    int number;
    int ran;
};

static void run_job(struct job *job)
{
    ((struct numbered_job *)job)->ran = 1;
}

static void finish_job(struct job *job)
{
    struct numbered_job *mine = (struct numbered_job *)job;

    assert_int_equal(mine->ran, 1);
    assert_int_equal(mine->number, mine->scene->next);
    mine->scene->next++;
    if (mine->scene->next == JOBS) {
        loop_stop(mine->scene->loop);
    }
    free(mine);
}

/* Jobs run one after the other and finish on the loop, in order. */
static void test_worker_submit__keeps_order(void **state)
{
    struct scene *scene = *state;

    scene->worker = worker_new(scene->loop, "test");
    for (int i = 0; i < JOBS; i++) {
        struct numbered_job *mine = calloc(1, sizeof(*mine));

        mine->job.run = run_job;
        mine->job.done = finish_job;
        mine->scene = scene;
        mine->number = i;
        worker_submit(scene->worker, &mine->job);
    }
    assert_int_equal(worker_pending(scene->worker), JOBS);
    loop_run(scene->loop);
    assert_int_equal(worker_pending(scene->worker), 0);
    worker_free(scene->worker);
}

static void on_fire(void *context)
{
    struct scene *scene = context;

    scene->next++;
    if (scene->next == 3) {
        loop_stop(scene->loop);
    }
}

static void on_turn(void *context)
{
    ((struct scene *)context)->turns++;
}

/* A repeating timer repeats, and each turn of the loop ends with its hook. */
static void test_timer_start__repeats(void **state)
{
    struct scene *scene = *state;
    struct timer *timer = timer_new(scene->loop, on_fire, scene);
    uint64_t begin_us = loop_now_us(scene->loop);

    loop_on_turn(scene->loop, on_turn, scene);
    timer_start(timer, 1, 2);
    loop_run(scene->loop);
    assert_int_equal(scene->next, 3);
    assert_true(loop_now_us(scene->loop) - begin_us >= 3000);
    assert_true(scene->turns >= 3);
    timer_free(timer);
}

struct beside {
    atomic_int turns;
    sigset_t blocked;
};

static void on_beat(void *context)
{
    struct beside *beside = context;

    pthread_sigmask(SIG_SETMASK, NULL, &beside->blocked);
    atomic_fetch_add(&beside->turns, 1);
}

/* A loop turns on its thread until it is stopped, leaves signals to main, and
 * may then run on another. */
static void test_loop_thread__runs_until_stopped(void **state)
{
    struct scene *scene = *state;
    struct beside beside = {.turns = 0};
    struct timer *timer = timer_new(scene->loop, on_beat, &beside);

    timer_start(timer, 0, 1);
    for (int round = 1; round <= 2; round++) {
        struct loop_thread *thread = loop_thread_start(scene->loop, "beside");
        int seen;

        assert_non_null(thread);
        while (atomic_load(&beside.turns) < 3 * round) {
            usleep(1000);
        }
        loop_thread_stop(thread);
        seen = atomic_load(&beside.turns);
        usleep(20 * 1000);
        assert_int_equal(atomic_load(&beside.turns), seen);
        assert_true(sigismember(&beside.blocked, SIGTERM));
    }
    timer_free(timer);
}

/* A loop that answers each wake with one of another loop's. */
struct player {
    struct loop *loop;
    struct waker *mine, *other;
    int left;
};

static void on_ball(void *context)
{
    struct player *player = context;

    player->left--;
    if (player->left >= 0) {
        waker_wake(player->other);
    }
    if (player->left <= 0) {
        loop_stop(player->loop);
    }
}

static void *play(void *context)
{
    loop_run(((struct player *)context)->loop);
    return NULL;
}

/* Each wake may come just as the loop goes to sleep: none is lost. */
static void test_waker_wake__is_never_lost(void **state)
{
    struct scene *scene = *state;
    struct player here = {.loop = scene->loop, .left = BALLS};
    struct player there = {.loop = loop_new(), .left = BALLS};
    pthread_t thread;

    here.mine = there.other = waker_new(here.loop, on_ball, &here);
    there.mine = here.other = waker_new(there.loop, on_ball, &there);
    waker_wake(here.mine);
    pthread_create(&thread, NULL, play, &there);
    loop_run(here.loop);
    pthread_join(thread, NULL);
    assert_int_equal(here.left, 0);
    assert_int_equal(there.left, 0);
    waker_free(here.mine);
    waker_free(there.mine);
    loop_free(there.loop);
}

struct leaver {
    struct waker *self, *next;
    int woken;
};

static void on_leave(void *context)
{
    struct leaver *leaver = context;

    leaver->woken++;
    waker_free(leaver->next);
    waker_free(leaver->self);
}

/* Who is woken may free itself and those that come after; a loop that nobody
 * can wake any more ends. */
static void test_waker_free__while_woken(void **state)
{
    struct scene *scene = *state;
    struct leaver leaver = {.woken = 0}, never = {.woken = 0};

    leaver.self = waker_new(scene->loop, on_leave, &leaver);
    leaver.next = waker_new(scene->loop, on_leave, &never);
    waker_wake(leaver.next);
    waker_wake(leaver.self);
    waker_wake(leaver.self);
    loop_run(scene->loop);
    assert_int_equal(leaver.woken, 1);
    assert_int_equal(never.woken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_letters_send__keeps_order_and_bound, set_up, tear_down),
        RUN_IN(test_letters_send__refuses_when_full, set_up, tear_down),
        RUN_IN(test_letters_leave__waits_for_a_wake, set_up, tear_down),
        RUN_IN(test_worker_submit__keeps_order, set_up, tear_down),
        RUN_IN(test_timer_start__repeats, set_up, tear_down),
        RUN_IN(test_loop_thread__runs_until_stopped, set_up, tear_down),
        RUN_IN(test_waker_wake__is_never_lost, set_up, tear_down),
        RUN_IN(test_waker_free__while_woken, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
