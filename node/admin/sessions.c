#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/find.h"
#include "node/admin/page.h"
#include "node/admin/show.h"
#include "node/chat/page.h"

struct session_list {
    struct page page;
    const Perch__Admin__SessionsList *asked;
    const struct user *user; /* Those asked for, or NULL. */
    const struct room *room;
    struct session_id mark;
};

static bool is_wanted(const struct session_list *list,
                      const struct session *session,
                      const struct session_view *view)
{
    uint64_t index;

    return (list->user == NULL || list->user == view->user) &&
           (!list->asked->has_node || list->asked->node == view->id.node) &&
           (list->room == NULL || view_join_index(list->room, session, &index));
}

static bool take_session(void *context, const struct session *session)
{
    struct session_list *list = context;
    struct session_view view;

    if (!page_look(&list->page)) {
        return false;
    }
    view_session(session, &view);
    list->mark = view.id;
    if (is_wanted(list, session, &view)) {
        page_add(&list->page, &show_session(list->page.answer, session)->base);
    }
    return true;
}

/* What the list is narrowed to must exist, and the mark be one of its own. */
static bool read_list(struct session_list *list, struct answer *answer,
                      struct session_id *after)
{
    struct slice mark = codec_slice(answer->ask->request.head->after);

    if (list->asked->has_user) {
        list->user = find_user(answer, list->asked->user);
    }
    if (!answer_refused(answer) && list->asked->has_room) {
        list->room = find_room(answer, list->asked->room);
    }
    if (!answer_refused(answer) && mark.len > 0 &&
        !find_session_id(mark, after)) {
        answer_refuse_about(answer, REFUSAL_MARK_INVALID, mark);
    }
    return !answer_refused(answer);
}

static void decide_list(struct answer *answer)
{
    Perch__Admin__SessionsListReply *body =
        answer_new(answer, &perch__admin__sessions_list_reply__descriptor);
    struct session_list list = {.asked = answer->asked};
    struct session_id after = {0};

    if (!read_list(&list, answer, &after)) {
        return;
    }
    page_begin(&list.page, answer);
    page_sessions(answer->machine, &after, take_session, &list);
    page_end(&list.page, answer_printf(answer, "%u/%" PRIu64 "/%" PRIu64,
                                       (unsigned)list.mark.node,
                                       list.mark.epoch, list.mark.serial));
    body->n_sessions = list.page.n;
    body->sessions = (Perch__Admin__Session **)list.page.items;
    answer->body = &body->base;
}

static void decide_close(struct answer *answer)
{
    const Perch__Admin__SessionsClose *asked = answer->asked;
    struct slice name = codec_slice(asked->session);
    const struct session *session = NULL;
    Perch__Admin__SessionsCloseReply *body;
    Perch__SessionExpel *expel;
    struct session_id id;

    if (find_session_id(name, &id)) {
        session = query_session(answer->machine, &id);
    }
    if (session == NULL) {
        answer_refuse_outcome(answer, OUTCOME_SESSION_UNKNOWN, name);
        return;
    }
    /* When the reply is sent it will be gone. */
    body = answer_new(answer, &perch__admin__sessions_close_reply__descriptor);
    body->session = show_session(answer, session);
    answer->body = &body->base;
    answer_keep_body(answer);
    expel = answer_new(answer, &perch__session_expel__descriptor);
    CODEC_SET(expel, node, id.node);
    CODEC_SET(expel, epoch, id.epoch);
    CODEC_SET(expel, serial, id.serial);
    answer_tells(answer, "closed", "session %.*s of %.*s", SLICE_PRINT(name),
                 SLICE_PRINT(codec_slice(body->session->user)));
    answer_proposes(answer, PERCH__COMMAND__KIND_SESSION_EXPEL)->session_expel =
        expel;
}

const struct answer_row sessions_rows[] = {
    {ADMIN_SESSIONS_LIST, decide_list, NULL},
    {ADMIN_SESSIONS_CLOSE, decide_close, NULL},
    {.decide = NULL},
};
