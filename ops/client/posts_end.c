#include "ops/client/errand.h"
#include "ops/client/posts_parts.h"

/* Finish what was accepted: the copy will come as part of the past. */
static void settle_all(struct client *client)
{
    struct errand *errand;

    while ((errand = TAILQ_FIRST(&client->settling)) != NULL) {
        TAILQ_REMOVE(&client->settling, errand, link);
        posts_finish_done(client, errand);
    }
}

/* Take out of a list what a test says. Nothing is told meanwhile, for the
 * owner may change the lists when he is told. */
static void move_some(struct errand_list *from, struct errand_list *to,
                      bool (*is_wanted)(const struct errand *errand,
                                        const void *by),
                      const void *by)
{
    struct errand *errand, *next;

    for (errand = TAILQ_FIRST(from); errand != NULL; errand = next) {
        next = TAILQ_NEXT(errand, link);
        if (is_wanted(errand, by)) {
            TAILQ_REMOVE(from, errand, link);
            TAILQ_INSERT_TAIL(to, errand, link);
        }
    }
}

/* The post that is sent, if there is one, is sent no more: its answer will
 * not come, or will not be waited for. */
static struct errand *take_posting(struct seat *seat)
{
    struct errand *errand = seat->posting;

    seat->posting = NULL;
    if (errand != NULL) {
        errand->is_in_doubt = true;
        errand->state = ERRAND_WAITING;
        errand->not_before_us = 0;
    }
    return errand;
}

/* Finish what was given up, each as it deserves. */
static void give_up_all(struct client *client, struct errand_list *list)
{
    struct errand *errand;

    while ((errand = TAILQ_FIRST(list)) != NULL) {
        struct errand_end end = errand_give_up(errand);

        TAILQ_REMOVE(list, errand, link);
        errand_finish(client, errand, &end);
    }
}

static void refuse_all(struct client *client, struct errand_list *list,
                       unsigned code, struct slice reason)
{
    struct errand *errand;

    while ((errand = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, errand, link);
        errand_refuse(client, errand, code, reason);
    }
}

void posts_lose_all(struct client *client)
{
    struct errand_list lost = TAILQ_HEAD_INITIALIZER(lost);
    struct seat *seat;

    TAILQ_FOREACH (seat, &client->seats, link) {
        struct errand *errand = take_posting(seat);

        if (errand != NULL && errand->is_once) {
            TAILQ_INSERT_TAIL(&lost, errand, link);
        } else if (errand != NULL) {
            TAILQ_INSERT_HEAD(&seat->posts, errand, link);
        }
    }
    settle_all(client);
    give_up_all(client, &lost);
}

static bool is_of_seat(const struct errand *errand, const void *by)
{
    return errand->seat == by;
}

/* Take all posts of a room that are not accepted yet. */
static void take_all(struct seat *seat, struct errand_list *list)
{
    struct errand *errand = take_posting(seat);

    if (errand != NULL) {
        TAILQ_INSERT_TAIL(list, errand, link);
    }
    TAILQ_CONCAT(list, &seat->posts, link);
}

void posts_end_seat(struct client *client, struct seat *seat, unsigned code,
                    struct slice reason)
{
    struct errand_list settled = TAILQ_HEAD_INITIALIZER(settled);
    struct errand_list all = TAILQ_HEAD_INITIALIZER(all);
    struct errand *errand;

    move_some(&client->settling, &settled, is_of_seat, seat);
    take_all(seat, &all);
    while ((errand = TAILQ_FIRST(&settled)) != NULL) {
        TAILQ_REMOVE(&settled, errand, link);
        posts_finish_done(client, errand);
    }
    refuse_all(client, &all, code, reason);
}

void posts_end_all(struct client *client, unsigned code, const char *reason)
{
    struct errand_list all = TAILQ_HEAD_INITIALIZER(all);
    struct seat *seat;

    TAILQ_FOREACH (seat, &client->seats, link) {
        take_all(seat, &all);
    }
    settle_all(client);
    if (code == 0) {
        give_up_all(client, &all);
    } else {
        refuse_all(client, &all, code, slice_of_text(reason));
    }
}

static bool is_past_deadline(const struct errand *errand, const void *by)
{
    const uint64_t *now_us = by;

    return *now_us >= errand->deadline_us;
}

struct patience {
    uint64_t now_us, copy_us;
};

/* While the room's past is being fetched, the copy may be in it. */
static bool has_waited_for_copy(const struct errand *errand, const void *by)
{
    const struct patience *patience = by;

    return patience->now_us >= errand->deadline_us ||
           (patience->now_us >= errand->sent_us + patience->copy_us &&
            timeline_is_current(&errand->seat->timeline));
}

void posts_tick(struct client *client, uint64_t now_us)
{
    struct patience patience = {
        .now_us = now_us, .copy_us = (uint64_t)client->limits.copy_ms * 1000};
    struct errand_list over = TAILQ_HEAD_INITIALIZER(over);
    struct errand_list done = TAILQ_HEAD_INITIALIZER(done);
    struct errand *errand;
    struct seat *seat;

    move_some(&client->settling, &done, has_waited_for_copy, &patience);
    TAILQ_FOREACH (seat, &client->seats, link) {
        if (seat->posting != NULL && is_past_deadline(seat->posting, &now_us)) {
            errand = take_posting(seat);
            TAILQ_INSERT_TAIL(&over, errand, link);
        }
        move_some(&seat->posts, &over, is_past_deadline, &now_us);
    }
    while ((errand = TAILQ_FIRST(&done)) != NULL) {
        TAILQ_REMOVE(&done, errand, link);
        posts_finish_done(client, errand);
    }
    give_up_all(client, &over);
}
