#include "node/session/requests.h"

#include <inttypes.h>

#include "node/chat/view.h"
#include "node/session/describe.h"
#include "node/session/finding.h"
#include "node/session/hub.h"
#include "node/session/inviting.h"
#include "node/session/joining.h"
#include "node/session/managing.h"
#include "node/session/marking.h"
#include "node/session/news.h"
#include "node/session/peopling.h"
#include "node/session/posting.h"
#include "node/session/quest.h"
#include "node/session/revising.h"
#include "node/session/searching.h"
#include "proto/base/journal.h"
#include "proto/xccos/request.h"

/* Of one dialog in the journal: enough to learn what a new client wants. */
enum { VERBS_TOLD_MAX = 8 };

static void serve_requri(struct visit *visit,
                         const struct xccos_primitive *command,
                         const struct xccos_request *request)
{
    struct errand *errand = errand_begin(visit, sizeof(*errand), command);
    struct xccos_user server = {.next = NULL};
    struct xccos_primitive reply;
    struct pool_view pool;

    (void)request;
    if (errand == NULL) {
        return;
    }
    query_pool(visit->hub->machine, &pool);
    server.uri =
        pool.pool_uri.len > 0 ? pool.pool_uri : visit->caller->pool_uri;
    errand_reply_init(errand, &reply);
    reply.data.users = &server;
    errand_reply(errand, &reply, 0);
}

/* Stands for the form of a pool's data: another one, and clients drop what they
 * have kept of it. */
static const struct guid db_version = {{0x6f, 0x1d, 0x3a, 0x52, 0x8e, 0x47,
                                        0x4b, 0x09, 0x9c, 0x60, 0x27, 0xd5,
                                        0xe1, 0xb4, 0x70, 0x01}};

static void fill_server_info(const struct visit *visit,
                             const struct xccos_request *request,
                             struct xccos_server_info *info_out)
{
    const struct sessions *hub = visit->hub;
    uint32_t characters =
        machine_setting(hub->machine, SETTING_MESSAGE_CHARACTERS_MAX);
    struct xccos_name root = {.domain = SLICE_NONE};
    uint32_t story_characters = characters;
    struct pool_view pool;

    if (machine_rules_version(hub->machine) >= RULES_TALK) {
        story_characters =
            machine_setting(hub->machine, SETTING_STORY_CHARACTERS_MAX);
    }
    query_pool(hub->machine, &pool);
    root.domain = pool.domain;
    *info_out = (struct xccos_server_info){
        .info_type = XCCOS_NUMBER(request->info_type),
        .server_time = XCCOS_MOMENT(loop_wall_us(hub->settings.loop)),
        .search_limit = XCCOS_NUMBER(SEARCH_ROOMS_MAX),
        .message_size_limit = XCCOS_NUMBER(characters),
        .story_size_limit = XCCOS_NUMBER(story_characters),
        .db_version = db_version,
        .display_name = slice_of_text(hub->settings.pool_name),
        .room_management_url = pool.web_url,
    };
    if (pool.rules_version >= RULES_TALK) {
        info_out->file_size_limit =
            XCCOS_NUMBER(machine_setting(hub->machine, SETTING_FILE_KIB_MAX));
    }
    if (pool.domain.len > 0) {
        info_out->root_uri = xccos_category_uri(visit->intake->arena, &root);
    }
}

static void serve_getserverinfo(struct visit *visit,
                                const struct xccos_primitive *command,
                                const struct xccos_request *request)
{
    struct errand *errand = errand_begin(visit, sizeof(*errand), command);
    struct xccos_server_info info;
    struct xccos_primitive reply;

    if (errand == NULL) {
        return;
    }
    fill_server_info(visit, request, &info);
    errand_reply_init(errand, &reply);
    reply.data.server_info = &info;
    errand_reply(errand, &reply, 0);
}

/* Verbs that are not in the table are not served: 501. */
static void (*const servers[XCCOS_VERB_COUNT])(
    struct visit *visit, const struct xccos_primitive *command,
    const struct xccos_request *request) = {
    [XCCOS_VERB_REQURI] = serve_requri,
    [XCCOS_VERB_GETSERVERINFO] = serve_getserverinfo,
    [XCCOS_VERB_GETASSOCIATIONS] = searching_serve,
    [XCCOS_VERB_CHANSRCH] = searching_serve,
    [XCCOS_VERB_GETINV] = inviting_serve,
    [XCCOS_VERB_NODESPERMCREATECHILD] = managing_serve_categories,
    [XCCOS_VERB_JOIN] = joining_serve,
    [XCCOS_VERB_BJOIN] = joining_serve,
    [XCCOS_VERB_PART] = parting_serve,
    [XCCOS_VERB_BCCONTEXT] = history_serve,
    [XCCOS_VERB_BCSEARCH] = quest_serve,
    [XCCOS_VERB_GETUSERS] = peopling_serve,
    [XCCOS_VERB_USERSRCH] = finding_serve,
    [XCCOS_VERB_CHANCREATE] = managing_serve,
    [XCCOS_VERB_CHANMODIFY] = managing_serve,
    [XCCOS_VERB_CHANDELETE] = managing_refuse,
    [XCCOS_VERB_PERMADD] = managing_serve,
    [XCCOS_VERB_PERMDEL] = managing_serve,
    [XCCOS_VERB_PURGE] = managing_refuse,
    [XCCOS_VERB_MODMSG] = revising_serve,
    [XCCOS_VERB_DELMSG] = revising_serve,
    [XCCOS_VERB_GETNEWS] = news_serve,
    [XCCOS_VERB_MARKREAD] = marking_serve,
    [XCCOS_VERB_GETFEEDS] = marking_serve_feeds,
    [XCCOS_VERB_SETFEEDS] = marking_serve,
};

static void refuse(struct visit *visit, const struct xccos_primitive *command,
                   enum xccos_code code, struct slice why)
{
    struct errand *errand = errand_begin(visit, sizeof(*errand), command);
    char *text = arena_copy(visit->intake->arena, why);

    if (errand != NULL) {
        errand_refuse(errand, code, text);
    }
}

static void refuse_verb(struct visit *visit,
                        const struct xccos_primitive *command)
{
    if (visit->caller->verbs_unknown++ < VERBS_TOLD_MAX) {
        journal_info("verb_not_served", "dialog=%016" PRIx64 " verb=%.*s",
                     visit->caller->dialog, (int)command->verb_text.len,
                     (const char *)command->verb_text.data);
    }
    refuse(visit, command, XCCOS_CODE_NOT_SUPPORTED,
           SLICE_LITERAL("this server does not do that"));
}

static void serve_command(struct visit *visit,
                          const struct xccos_primitive *command)
{
    struct xccos_request *request =
        arena_alloc(visit->intake->arena, sizeof(*request));
    struct slice why = SLICE_NONE;
    enum xccos_code code = XCCOS_CODE_BUSY;

    if (servers[command->verb] == NULL) {
        refuse_verb(visit, command);
        return;
    }
    if (request != NULL) {
        code = xccos_request_read(command, visit->intake->arena, request, &why);
    }
    if (code != XCCOS_CODE_OK) {
        refuse(visit, command, code, why);
        return;
    }
    servers[command->verb](visit, command, request);
}

/* What else a body holds -- replies, notices -- is not for a server. */
static void serve_commands(struct visit *visit)
{
    const struct xccos_primitive *primitive =
        visit->intake->request.envelope->primitives;

    for (; primitive != NULL; primitive = primitive->next) {
        if (primitive->kind == XCCOS_KIND_COMMAND) {
            serve_command(visit, primitive);
        }
    }
}

/* One status answers one message: others beside it would go unanswered. */
static void serve_message(struct visit *visit)
{
    const struct xccos_envelope *envelope = visit->intake->request.envelope;

    if (envelope->n == 1 && envelope->primitives->kind == XCCOS_KIND_MESSAGE) {
        posting_serve(visit, envelope->primitives);
    } else {
        posting_refuse(visit, 400, SLICE_LITERAL("One message per INFO"));
    }
}

void request_serve(struct caller *caller, struct intake *intake)
{
    struct visit *visit = visit_begin(caller, intake);

    if (visit == NULL) {
        caller_cut(caller, "no_memory");
        intake_free(intake);
        return;
    }
    if (intake->request.token != 0) {
        serve_message(visit);
    } else {
        serve_commands(visit);
    }
    visit_read(visit);
}
