#include "tests/interop/driver/core.h"

#include <purple.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tests/interop/driver/report.h"

/* Debian builds the plugin for this folder and libpurple for another. */
#define PLUGIN_FOLDER "/usr/lib/purple-2"
#define PLUGIN_ID     "prpl-sipe"

enum {
    ANSWERS_MAX = 8, /* Buttons of one question. */
};

static FILE *debug_file;
static bool keeps_seed;

/* ---- The event loop ---- */

struct watch {
    PurpleInputFunction call;
    gpointer context;
};

static gboolean on_ready(GIOChannel *channel, GIOCondition ready,
                         gpointer context)
{
    const struct watch *watch = context;
    int condition = 0;

    if (ready & (G_IO_IN | G_IO_HUP | G_IO_ERR)) {
        condition |= PURPLE_INPUT_READ;
    }
    if (ready & (G_IO_OUT | G_IO_HUP | G_IO_ERR | G_IO_NVAL)) {
        condition |= PURPLE_INPUT_WRITE;
    }
    watch->call(watch->context, g_io_channel_unix_get_fd(channel),
                (PurpleInputCondition)condition);
    return TRUE;
}

static guint add_input(int fd, PurpleInputCondition condition,
                       PurpleInputFunction call, gpointer context)
{
    struct watch *watch = g_new0(struct watch, 1);
    GIOChannel *channel = g_io_channel_unix_new(fd);
    int wanted = 0;
    guint id;

    if (condition & PURPLE_INPUT_READ) {
        wanted |= G_IO_IN | G_IO_HUP | G_IO_ERR;
    }
    if (condition & PURPLE_INPUT_WRITE) {
        wanted |= G_IO_OUT | G_IO_HUP | G_IO_ERR | G_IO_NVAL;
    }
    watch->call = call;
    watch->context = context;
    id = g_io_add_watch_full(channel, G_PRIORITY_DEFAULT, (GIOCondition)wanted,
                             on_ready, watch, g_free);
    g_io_channel_unref(channel);
    return id;
}

static PurpleEventLoopUiOps event_loop = {
    .timeout_add = g_timeout_add,
    .timeout_remove = g_source_remove,
    .input_add = add_input,
    .input_remove = g_source_remove,
    .timeout_add_seconds = g_timeout_add_seconds,
};

/* ---- What it says ---- */

static void print_debug(PurpleDebugLevel level, const char *category,
                        const char *text)
{
    (void)level;
    fprintf(debug_file, "%s: %s", category != NULL ? category : "-", text);
}

static gboolean wants_debug(PurpleDebugLevel level, const char *category)
{
    (void)level;
    (void)category;
    return debug_file != NULL;
}

static PurpleDebugUiOps debug = {
    .print = print_debug,
    .is_enabled = wants_debug,
};

static void *on_notice(PurpleNotifyMsgType type, const char *title,
                       const char *primary, const char *secondary)
{
    report_take("notice",
                json_pack("{s:b, s:o, s:o, s:o}", "error",
                          type == PURPLE_NOTIFY_MSG_ERROR, "title",
                          report_text(title), "primary", report_text(primary),
                          "secondary", report_text(secondary)));
    return NULL;
}

static PurpleNotifyUiOps notify = {
    .notify_message = on_notice,
};

/* ---- What it asks ---- */

struct question {
    PurpleRequestActionCb answer;
    void *context;
    int index;
};

static gboolean answer_later(gpointer context)
{
    struct question *question = context;

    question->answer(question->context, question->index);
    g_free(question);
    return FALSE;
}

/* The answer that says no, or the last one. */
static void *on_question(const char *title, const char *primary,
                         const char *secondary, int default_action,
                         PurpleAccount *account, const char *who,
                         PurpleConversation *conversation, void *context,
                         size_t n, va_list answers)
{
    struct question *question = g_new0(struct question, 1);

    (void)default_action;
    (void)account;
    (void)who;
    (void)conversation;
    question->context = context;
    for (size_t i = 0; i < n && i < ANSWERS_MAX; i++) {
        const char *text = va_arg(answers, const char *);
        PurpleRequestActionCb answer = va_arg(answers, PurpleRequestActionCb);

        question->answer = answer;
        question->index = (int)i;
        if (strstr(text, "eject") != NULL || strstr(text, "ancel") != NULL) {
            break;
        }
    }
    report_take("asked",
                json_pack("{s:o, s:o, s:o}", "title", report_text(title),
                          "primary", report_text(primary), "secondary",
                          report_text(secondary)));
    if (question->answer == NULL) {
        g_free(question);
        return NULL;
    }
    g_idle_add(answer_later, question);
    return NULL;
}

static PurpleRequestUiOps request = {
    .request_action = on_question,
};

/* ---- Start and end ---- */

static void init_ui(void)
{
    purple_notify_set_ui_ops(&notify);
    purple_request_set_ui_ops(&request);
}

static PurpleCoreUiOps core = {
    .ui_init = init_ui,
};

/* libpurple also prints what it traces, where events belong. */
static void drop(const char *text)
{
    (void)text;
}

static bool open_debug(const char *name)
{
    if (name == NULL) {
        return true;
    }
    debug_file = fopen(name, "we");
    if (debug_file == NULL) {
        perror(name);
        return false;
    }
    setvbuf(debug_file, NULL, _IOLBF, 0);
    g_set_print_handler(drop);
    purple_debug_set_enabled(TRUE); /* Else nothing is traced at all. */
    purple_debug_set_unsafe(TRUE);  /* Else no SIP messages are. */
    return true;
}

bool core_start(const struct core_settings *settings)
{
    if (!open_debug(settings->debug_file)) {
        return false;
    }
    keeps_seed = settings->same_seed;
    purple_util_set_user_dir(settings->user_folder);
    purple_debug_set_ui_ops(&debug);
    purple_eventloop_set_ui_ops(&event_loop);
    purple_core_set_ui_ops(&core);
    purple_plugins_add_search_path(PLUGIN_FOLDER);
    if (settings->authorities != NULL) {
        purple_certificate_add_ca_search_path(settings->authorities);
    }
    if (!purple_core_init(CORE_UI)) {
        fprintf(stderr, "driver: libpurple does not start\n");
        return false;
    }
    if (purple_find_prpl(PLUGIN_ID) == NULL) {
        fprintf(stderr, "driver: no plugin " PLUGIN_ID " in " PLUGIN_FOLDER
                        "; it is in the package pidgin-sipe\n");
        return false;
    }
    purple_network_force_online();
    purple_set_blist(purple_blist_new());
    purple_prefs_load();
    purple_prefs_set_bool("/purple/logging/log_chats", FALSE);
    purple_prefs_set_bool("/purple/logging/log_system", FALSE);
    core_reseed();
    return true;
}

void core_stop(void)
{
    purple_core_quit();
    if (debug_file != NULL) {
        fclose(debug_file);
        debug_file = NULL;
    }
}

void core_reseed(void)
{
    unsigned seed;

    if (keeps_seed) {
        return;
    }
    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
        abort(); /* The kernel gives four bytes whole. */
    }
    srand(seed);
}
