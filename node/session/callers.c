#include "node/session/callers.h"

#include <stdlib.h>

#include "node/session/hub.h"
#include "proto/base/check.h"

static int compare_dialogs(const struct caller *a, const struct caller *b)
{
    return (a->dialog > b->dialog) - (a->dialog < b->dialog);
}

static int compare_serials(const struct caller *a, const struct caller *b)
{
    return (a->serial > b->serial) - (a->serial < b->serial);
}

static int compare_users(const struct caller *a, const struct caller *b)
{
    int order = slice_compare(a->user_uri, b->user_uri);

    return order != 0 ? order : compare_dialogs(a, b);
}

TREE_GENERATE(caller_dialogs, caller, by_dialog, compare_dialogs)
TREE_GENERATE(caller_users, caller, by_user, compare_users)
TREE_GENERATE(caller_serials, caller, by_serial, compare_serials)

void callers_init(struct callers *callers)
{
    RB_INIT(&callers->by_dialog);
    RB_INIT(&callers->by_user);
    RB_INIT(&callers->by_serial);
    TAILQ_INIT(&callers->leaving);
    TAILQ_INIT(&callers->gone);
    callers->serial_last = 0;
}

struct caller *callers_find(struct callers *callers, edge_ref dialog)
{
    struct caller key;

    key.dialog = dialog;
    return RB_FIND(caller_dialogs, &callers->by_dialog, &key);
}

struct caller *callers_find_session(struct callers *callers,
                                    const struct session_id *id)
{
    struct caller key, *found;

    key.serial = id->serial;
    found = RB_FIND(caller_serials, &callers->by_serial, &key);
    if (found == NULL || found->epoch != id->epoch ||
        found->hub->settings.node != id->node) {
        return NULL;
    }
    return found;
}

struct caller *callers_next(struct callers *callers, const struct caller *after)
{
    if (after == NULL) {
        return RB_MIN(caller_dialogs, &callers->by_dialog);
    }
    return RB_NEXT(caller_dialogs, &callers->by_dialog,
                   (struct caller *)(uintptr_t)after);
}

struct caller *callers_next_of(struct callers *callers, struct slice user_uri,
                               const struct caller *after)
{
    struct caller key, *found;

    if (after != NULL) {
        found = RB_NEXT(caller_users, &callers->by_user,
                        (struct caller *)(uintptr_t)after);
    } else {
        key.user_uri = user_uri;
        key.dialog = 0;
        found = RB_NFIND(caller_users, &callers->by_user, &key);
    }
    return found != NULL && slice_equal(found->user_uri, user_uri) ? found
                                                                   : NULL;
}

void callers_add(struct callers *callers, struct caller *caller)
{
    CHECK(RB_INSERT(caller_dialogs, &callers->by_dialog, caller) == NULL);
    CHECK(RB_INSERT(caller_users, &callers->by_user, caller) == NULL);
}

void callers_set_serial(struct callers *callers, struct caller *caller,
                        uint64_t serial)
{
    if (caller->serial != 0) {
        RB_REMOVE(caller_serials, &callers->by_serial, caller);
    }
    caller->serial = serial;
    if (serial != 0) {
        CHECK(RB_INSERT(caller_serials, &callers->by_serial, caller) == NULL);
    }
}

void callers_drop_dialog(struct callers *callers, struct caller *caller)
{
    if (caller->dialog != 0) {
        RB_REMOVE(caller_dialogs, &callers->by_dialog, caller);
        RB_REMOVE(caller_users, &callers->by_user, caller);
        caller->dialog = 0;
    }
}

void callers_remove(struct callers *callers, struct caller *caller)
{
    callers_drop_dialog(callers, caller);
    callers_set_serial(callers, caller, 0);
    if (caller->is_leaving) {
        TAILQ_REMOVE(&callers->leaving, caller, leaving_link);
        caller->is_leaving = false;
    }
}

void callers_keep_gone(struct callers *callers, struct caller *caller)
{
    TAILQ_INSERT_TAIL(&callers->gone, caller, leaving_link);
}

void callers_free(struct callers *callers, struct caller *caller)
{
    TAILQ_REMOVE(&callers->gone, caller, leaving_link);
    free(caller);
}

void callers_deinit(struct callers *callers)
{
    struct caller *caller;

    while ((caller = RB_MIN(caller_dialogs, &callers->by_dialog)) != NULL ||
           (caller = RB_MIN(caller_serials, &callers->by_serial)) != NULL) {
        while (!TAILQ_EMPTY(&caller->seats)) {
            seat_leave(&caller->hub->audiences, TAILQ_FIRST(&caller->seats));
        }
        callers_remove(callers, caller);
        free(caller);
    }
    while ((caller = TAILQ_FIRST(&callers->gone)) != NULL) {
        callers_free(callers, caller);
    }
}
