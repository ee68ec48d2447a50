#include "node/session/screening.h"

#include <inttypes.h>
#include <stdlib.h>

#include "node/chat/access.h"
#include "node/chat/view.h"
#include "node/session/annotation.h"
#include "node/session/hub.h"
#include "node/session/straining.h"
#include "proto/base/check.h"
#include "proto/base/journal.h"

#define SCREEN_OF(job_)                                                        \
    ((struct screen *)((char *)(job_)-offsetof(struct screen, job)))

static void journal_blocked(struct sessions *hub, const struct screen *screen,
                            const char *by, struct slice name)
{
    struct screening *screening = &hub->screening;
    uint64_t second = loop_now_us(hub->settings.loop) / 1000000;

    if (second != screening->told_second) {
        screening->told_second = second;
        screening->told = 0;
    }
    if (screening->told >= SCREEN_BLOCKED_TOLD_MAX) {
        screening->untold += 1;
        return;
    }
    screening->told += 1;
    journal_notice("post_blocked",
                   "dialog=%016" PRIx64 " room=%.*s user=%.*s by=%s "
                   "name=\"%.*s\" untold=%" PRIu64,
                   screen->caller->dialog, SLICE_PRINT(screen->room_uri),
                   SLICE_PRINT(screen->author), by, SLICE_PRINT(name),
                   screening->untold);
    screening->untold = 0;
}

/* Hand back all that are decided and have none undecided before them. */
static void flush(struct caller *caller)
{
    struct screen *screen;

    caller_hold(caller);
    while ((screen = TAILQ_FIRST(&caller->screens)) != NULL &&
           screen->state == SCREEN_DECIDED) {
        TAILQ_REMOVE(&caller->screens, screen, link);
        caller->hub->screening.n -= 1;
        screen->decided(screen);
    }
    caller_release(caller);
}

static void finish(struct screen *screen)
{
    straining_drop(
        screen->strainer); /* What was found in it is written down. */
    screen->strainer = NULL;
    screen->state = SCREEN_DECIDED;
    flush(screen->caller);
}

/* @note  Of the program. */
static void let_through(struct screen *screen, struct slice note)
{
    /* What older rules do not know they would refuse with the post. */
    if (machine_rules_version(screen->caller->hub->machine) >= RULES_TALK) {
        screen->annotation =
            annotation_write(screen->arena, &screen->verdict, note);
    }
    finish(screen);
}

static void refuse(struct screen *screen, const char *by, struct slice name,
                   struct slice reason)
{
    screen->is_refused = true;
    screen->reason = reason;
    journal_blocked(screen->caller->hub, screen, by, name);
    finish(screen);
}

static bool is_answer(enum question_answer answer)
{
    return answer == QUESTION_ALLOW || answer == QUESTION_REFUSE ||
           answer == QUESTION_ANNOTATE;
}

static void take_answer(struct screen *screen, enum question_answer answer,
                        struct slice says)
{
    struct sessions *hub = screen->caller->hub;

    meter_add(&hub->meters.screening.answers[answer], 1);
    if (answer == QUESTION_REFUSE) {
        refuse(screen, "program", SLICE_NONE,
               says.len > 0 ? arena_copy_slice(screen->arena, says)
                            : SLICE_LITERAL("Refused by the message hook"));
    } else if (!is_answer(answer) && hub->screening.absent_refuses) {
        refuse(screen, "program_absent",
               slice_of_text(question_answer_name(answer)),
               SLICE_LITERAL("The message hook does not answer"));
    } else {
        let_through(screen, says);
    }
}

static void ask(struct screen *screen)
{
    struct sessions *hub = screen->caller->hub;
    const struct question like = {
        .asker = screen,
        .asked_us = loop_now_us(hub->settings.loop),
        .wall_us = loop_wall_us(hub->settings.loop),
        .room = screen->room_uri,
        .room_name = screen->room_name,
        .category = screen->category_name,
        .author = screen->author,
        .text = screen->text,
        .is_alert = screen->is_alert,
    };
    struct question *question;
    enum error error;

    if (hub->screening.program == NULL) {
        let_through(screen, SLICE_NONE);
        return;
    }
    question = question_new(&like);
    screen->state = SCREEN_ASKING;
    error = question == NULL
                ? ERROR_NO_MEMORY
                : letters_send(hub->screening.program, &question->letter);
    if (error != ERROR_NONE) {
        question_free(question);
        take_answer(screen,
                    error == ERROR_CLOSED ? QUESTION_ABSENT : QUESTION_FULL,
                    SLICE_NONE);
        return;
    }
    meter_move(&hub->meters.screening.asking, 1);
}

static void take_letter(struct sessions *hub, struct question *question)
{
    struct screen *screen = question->asker;

    CHECK(screen->state == SCREEN_ASKING);
    meter_move(&hub->meters.screening.asking, -1);
    meter_observe(&hub->meters.screening.ask_us,
                  loop_now_us(hub->settings.loop) - question->asked_us);
    take_answer(screen, question->answer,
                slice_of(question->says, question->says_len));
}

static void on_answers(void *context, struct letter_list *list)
{
    struct sessions *hub = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        if (!hub->stopped) {
            take_letter(hub, (struct question *)letter);
        }
        question_free((struct question *)letter);
    }
}

static void look(struct job *job)
{
    struct screen *screen = SCREEN_OF(job);

    strainer_look(screen->strainer->strainer,
                  screen->has_category ? &screen->category : NULL, screen->text,
                  &screen->verdict);
}

static enum screening_look look_of(const struct strainer_verdict *verdict)
{
    enum screening_look look = SCREENING_PASSED;

    if (verdict->blocked) {
        return SCREENING_BLOCKED;
    }
    for (size_t i = 0; i < verdict->n; i++) {
        if (verdict->hits[i].unchecked) {
            return SCREENING_UNCHECKED;
        }
        look = SCREENING_WARNED;
    }
    return look;
}

static void looked(struct job *job)
{
    struct screen *screen = SCREEN_OF(job);
    struct sessions *hub = screen->caller->hub;
    const struct strainer_hit *first = &screen->verdict.hits[0];

    if (hub->stopped) {
        return;
    }
    meter_add(&hub->meters.screening.looks[look_of(&screen->verdict)], 1);
    meter_observe(&hub->meters.screening.look_us,
                  loop_now_us(hub->settings.loop) - screen->begun_us);
    if (screen->verdict.blocked) {
        refuse(screen, "filter", first->filter,
               annotation_refusal(screen->arena, first));
    } else {
        ask(screen);
    }
}

void screening_init(struct sessions *hub)
{
    hub->screening.is_stale = true;
    hub->screening.answers =
        letters_new(hub->settings.loop, SCREENS_MAX, on_answers, hub);
    CHECK(hub->screening.answers != NULL);
    meter_histogram_init(&hub->meters.screening.look_us, &meter_seconds);
    meter_histogram_init(&hub->meters.screening.ask_us, &meter_seconds);
}

/* Those that will never be decided. */
static void drop_screens(struct sessions *hub)
{
    struct caller *caller = NULL;
    struct screen *screen;

    while ((caller = callers_next(&hub->callers, caller)) != NULL) {
        TAILQ_FOREACH (screen, &caller->screens, link) {
            straining_drop(screen->strainer);
        }
    }
}

void screening_deinit(struct sessions *hub)
{
    struct letter_list left;
    struct letter *letter;

    hub->stopped = true;
    worker_free(hub->screening.worker);
    letters_close(hub->screening.answers, &left);
    while ((letter = STAILQ_FIRST(&left)) != NULL) {
        STAILQ_REMOVE_HEAD(&left, link);
        question_free((struct question *)letter);
    }
    letters_free(hub->screening.answers);
    drop_screens(hub);
    straining_drop(hub->screening.strainer);
}

void screening_touch(struct sessions *hub)
{
    hub->screening.is_stale = true;
}

/* A room that does not exist for the caller is as one that does not exist:
 * which filters are for it must not show. */
static const struct room *visible(const struct caller *caller,
                                  const struct room *room)
{
    const struct user *user =
        query_user(caller->hub->machine, caller->user_uri);

    return room != NULL && user != NULL &&
                   access_find(user, room) == OUTCOME_DONE
               ? room
               : NULL;
}

static const struct guid *category_of(const struct caller *caller,
                                      const struct room *room,
                                      struct category_view *view_out)
{
    struct room_view room_view;

    room = visible(caller, room);
    if (room == NULL) {
        return NULL;
    }
    view_room(room, &room_view);
    view_category(room_view.category, view_out);
    return &view_out->place.guid;
}

bool screening_is_needed(struct caller *caller, const struct room *room)
{
    struct screening *screening = &caller->hub->screening;
    struct category_view category;

    if (screening->is_stale) {
        straining_refresh(caller->hub);
    }
    return screening->program != NULL || !TAILQ_EMPTY(&caller->screens) ||
           (screening->strainer != NULL &&
            strainer_concerns(screening->strainer->strainer,
                              category_of(caller, room, &category)));
}

static void name_room(struct screen *screen)
{
    struct category_view category;
    struct room_view room;

    screen->room = visible(screen->caller, screen->room);
    if (screen->room == NULL) {
        return;
    }
    view_room(screen->room, &room);
    view_category(room.category, &category);
    screen->has_category = true;
    screen->category = category.place.guid;
    if (screen->caller->hub->screening.program != NULL) {
        screen->room_name = arena_copy_slice(screen->arena, room.place.name);
        screen->category_name =
            arena_copy_slice(screen->arena, category.place.name);
    }
}

static bool add(struct screen *screen)
{
    struct screening *screening = &screen->caller->hub->screening;

    if (screening->n >= SCREENS_MAX) {
        return false;
    }
    screening->n += 1;
    TAILQ_INSERT_TAIL(&screen->caller->screens, screen, link);
    return true;
}

bool screening_follow(struct screen *screen)
{
    if (!add(screen)) {
        return false;
    }
    screen->state = SCREEN_DECIDED;
    flush(screen->caller);
    return true;
}

bool screening_begin(struct screen *screen)
{
    struct sessions *hub = screen->caller->hub;
    struct screening *screening = &hub->screening;

    if (!add(screen)) {
        return false;
    }
    name_room(screen);
    screen->begun_us = loop_now_us(hub->settings.loop);
    screen->state = SCREEN_LOOKING;
    if (screening->strainer == NULL ||
        !strainer_concerns(screening->strainer->strainer,
                           screen->has_category ? &screen->category : NULL)) {
        ask(screen);
        return true;
    }
    screen->strainer = screening->strainer;
    screen->strainer->holds += 1;
    screen->job.run = look;
    screen->job.done = looked;
    worker_submit(screening->worker, &screen->job);
    return true;
}
