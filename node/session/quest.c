#include "node/session/quest.h"

#include <stdlib.h>

#include "node/session/quest_parts.h"
#include "proto/base/check.h"
#include "proto/xccos/limits.h"

enum { QUEST_ARENA_BYTES = 16 * 1024 };

static void begin(struct quest *quest);

/* Ends. */

static void free_lookup(struct quest *quest)
{
    arena_free(quest->lookup.arena);
    quest->lookup.arena = NULL;
}

static void end_reading(struct quest *quest)
{
    free_lookup(quest);
    quest->errand.visit->caller->history_reading -= XCCOS_BODY_BYTES_MAX;
}

static void refuse(struct quest *quest, enum xccos_code code, const char *why)
{
    struct sessions *hub = quest->errand.visit->hub;

    end_reading(quest);
    errand_refuse(&quest->errand, code, why);
    history_go_on(hub);
}

static void refuse_outcome(struct quest *quest, enum outcome outcome)
{
    struct sessions *hub = quest->errand.visit->hub;

    end_reading(quest);
    errand_refuse_outcome(&quest->errand, outcome);
    history_go_on(hub);
}

static void give(struct quest *quest)
{
    struct sessions *hub = quest->errand.visit->hub;
    struct caller *caller = quest->errand.visit->caller;

    end_reading(quest);
    if (quest->body != NULL) {
        caller->history_given += quest->body->len;
        caller->history_reply = caller->replies_given + 1;
    }
    errand_reply_body(&quest->errand, quest->body, 0);
    history_go_on(hub);
}

/* The lookup's told. */
static void told(struct lookup *lookup)
{
    struct quest *quest = quest_of(lookup);
    const struct user *user = quest_user(quest);

    if (lookup->error != ERROR_NONE) {
        refuse(quest, XCCOS_CODE_BUSY, cataloging_why(lookup->error));
    } else if (user == NULL) {
        body_release(quest->body);
        refuse_outcome(quest, OUTCOME_USER_UNKNOWN);
    } else if (quest_holds(quest, user)) {
        give(quest);
    } else {
        body_release(quest->body);
        quest->body = NULL;
        begin(quest);
    }
}

/* Look in the rooms that the user may read now. */
static void begin(struct quest *quest)
{
    struct sessions *hub = quest->errand.visit->hub;
    enum outcome outcome = OUTCOME_DONE;
    enum error error = ERROR_NO_MEMORY;

    free_lookup(quest);
    quest->lookup.arena = arena_new(QUEST_ARENA_BYTES);
    if (quest->lookup.arena != NULL) {
        error = quest_choose(quest, &outcome);
    }
    quest->tries += 1;
    if (error != ERROR_NONE || quest->tries > QUEST_TRIES_MAX) {
        refuse(quest, XCCOS_CODE_BUSY, "the pool is busy, try again");
    } else if (outcome != OUTCOME_DONE) {
        refuse_outcome(quest, outcome);
    } else {
        cataloging_ask(hub->cataloging, &quest->lookup, hub->applied_index);
    }
}

static void may_look(struct recorded *recorded, enum error error)
{
    struct quest *quest =
        (struct quest *)((char *)recorded - offsetof(struct quest, recorded));

    if (error != ERROR_NONE) {
        refuse(quest, XCCOS_CODE_BUSY, "the pool has no leader now, try again");
    } else if (recorded->outcome != OUTCOME_DONE) {
        refuse_outcome(quest, recorded->outcome);
    } else {
        begin(quest);
    }
}

/* What the worker needs of the state and of the command. */
static bool prepare(struct quest *quest)
{
    struct sessions *hub = quest->errand.visit->hub;
    struct caller *caller = quest->errand.visit->caller;
    struct pool_view pool;

    query_pool(hub->machine, &pool);
    quest->domain =
        arena_copy_slice(quest->errand.visit->intake->arena, pool.domain);
    errand_reply_init(&quest->errand, &quest->reply);
    quest->envid = ++hub->envid;
    quest->lookup.weigh = quest_weigh;
    quest->lookup.finish = quest_compose;
    quest->lookup.told = told;
    quest->recorded = (struct recorded){
        .tell = may_look, .caller = caller, .is_search = true};
    return quest->domain.len > 0 && quest_describe(quest, &quest->recorded);
}

/* A client that does not answer what it was given gets no more of it. */
static bool is_slow(const struct caller *caller)
{
    size_t bytes = caller->history_reading + caller->history_given;

    return bytes > 0 &&
           bytes + XCCOS_BODY_BYTES_MAX > HISTORY_UNANSWERED_BYTES_MAX;
}

static void ask(struct quest *quest)
{
    struct caller *caller = quest->errand.visit->caller;

    if (is_slow(caller)) {
        errand_refuse(&quest->errand, XCCOS_CODE_BUSY,
                      "answers to earlier questions are not taken yet");
        return;
    }
    caller->history_reading += XCCOS_BODY_BYTES_MAX;
    if (!prepare(quest) || recording_ask(&quest->recorded) != ERROR_NONE) {
        refuse(quest, XCCOS_CODE_BUSY, "the pool is busy, try again");
    }
}

void quest_serve(struct visit *visit, const struct xccos_primitive *command,
                 const struct xccos_request *request)
{
    struct quest *quest = errand_begin(visit, sizeof(*quest), command);
    const char *why;

    if (quest == NULL) {
        return;
    }
    quest->query = &request->history.query;
    why = quest_read(quest);
    if (visit->hub->cataloging == NULL) {
        errand_refuse(&quest->errand, XCCOS_CODE_NOT_SUPPORTED,
                      "this server does not search what was said");
    } else if (why != NULL) {
        errand_refuse(&quest->errand, XCCOS_CODE_INVALID_ARGUMENT, why);
    } else {
        ask(quest);
    }
}
