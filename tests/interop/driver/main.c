/* A person at pidgin-sipe, for tests: the unmodified plugin in libpurple,
 * without a display. Reads one JSON object a line, what to do, and writes one
 * a line, what happened.
 *
 *   sipe_driver --folder DIR [--trust DIR] [--debug FILE] [--same-seed]
 *
 *   {"do":"sign_in","user":"ada@fjord.example","password":"-",
 *    "transport":"tcp","servers":["127.0.0.1:5060"],"reconnect_ms":500}
 *   {"do":"list"}
 *   {"do":"join","uri":"ma-chan://fjord.example/..."}
 *   {"do":"say","room":"Harbour","text":"2 < 3"}
 *   {"do":"say_markup","room":"Harbour","markup":"<b>2 &lt; 3</b>"}
 *   {"do":"roster","room":"Harbour"}
 *   {"do":"leave","room":"Harbour"}
 *   {"do":"sign_out"}
 *
 * Ends, signing out first, when its input ends. account.h and rooms.h list the
 * events; what cannot be done is "refused" with a reason.
 */
#include <getopt.h>
#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/interop/driver/account.h"
#include "tests/interop/driver/core.h"
#include "tests/interop/driver/report.h"
#include "tests/interop/driver/rooms.h"

/* ---- What is asked for ---- */

/* A request with one or two words: an address, or a room and a text. */
struct deed {
    const char *name;
    const char *first;  /* The member it wants, or NULL. */
    const char *second; /* The other one, or NULL. */
    void (*plain)(void);
    void (*with_one)(const char *first);
    void (*with_two)(const char *first, const char *second);
};

static const struct deed deeds[] = {
    {"list", NULL, NULL, .plain = rooms_list},
    {"sign_out", NULL, NULL, .plain = account_sign_out},
    {"join", "uri", NULL, .with_one = rooms_join},
    {"leave", "room", NULL, .with_one = rooms_leave},
    {"roster", "room", NULL, .with_one = rooms_roster},
    {"say", "room", "text", .with_two = rooms_say},
    {"say_markup", "room", "markup", .with_two = rooms_say_markup},
};

static void perform(const struct deed *deed, const json_t *wanted)
{
    const char *first = NULL, *second = NULL;

    if (deed->first != NULL) {
        first = json_string_value(json_object_get(wanted, deed->first));
    }
    if (deed->second != NULL) {
        second = json_string_value(json_object_get(wanted, deed->second));
    }
    if ((deed->first != NULL && first == NULL) ||
        (deed->second != NULL && second == NULL)) {
        report_refusal("%s wants %s %s", deed->name, deed->first,
                       deed->second != NULL ? deed->second : "");
    } else if (deed->plain != NULL) {
        deed->plain();
    } else if (deed->with_one != NULL) {
        deed->with_one(first);
    } else {
        deed->with_two(first, second);
    }
}

static void obey(json_t *wanted)
{
    const char *name = json_string_value(json_object_get(wanted, "do"));

    if (name != NULL && strcmp(name, "sign_in") == 0) {
        account_sign_in(wanted);
        return;
    }
    for (size_t i = 0; name != NULL && i < G_N_ELEMENTS(deeds); i++) {
        if (strcmp(name, deeds[i].name) == 0) {
            perform(&deeds[i], wanted);
            return;
        }
    }
    report_refusal("nobody can do %s", name != NULL ? name : "nothing");
}

/* ---- Input ---- */

static GMainLoop *loop;

static gboolean on_input(GIOChannel *input, GIOCondition ready, gpointer unused)
{
    char *line = NULL;
    GIOStatus status;

    (void)ready;
    (void)unused;
    status = g_io_channel_read_line(input, &line, NULL, NULL, NULL);
    if (status == G_IO_STATUS_NORMAL) {
        json_error_t error;
        json_t *wanted = json_loads(line, 0, &error);

        if (wanted != NULL) {
            obey(wanted);
        } else {
            report_refusal("no JSON: %s", error.text);
        }
        json_decref(wanted);
        g_free(line);
    }
    if (status == G_IO_STATUS_EOF || status == G_IO_STATUS_ERROR) {
        g_main_loop_quit(loop);
        return FALSE;
    }
    return TRUE;
}

static void listen_to_input(void)
{
    GIOChannel *input = g_io_channel_unix_new(STDIN_FILENO);

    /* Lines may be split anywhere; GLib keeps what is not whole yet. */
    g_io_channel_set_flags(input, G_IO_FLAG_NONBLOCK, NULL);
    g_io_add_watch(input, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, NULL);
    g_io_channel_unref(input);
}

static bool parse(int argc, char **argv, struct core_settings *settings)
{
    static const struct option options[] = {
        {"folder", required_argument, NULL, 'f'},
        {"trust", required_argument, NULL, 't'},
        {"debug", required_argument, NULL, 'd'},
        {"same-seed", no_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'f':
            settings->user_folder = optarg;
            break;
        case 't':
            settings->authorities = optarg;
            break;
        case 'd':
            settings->debug_file = optarg;
            break;
        case 's':
            settings->same_seed = true;
            break;
        default:
            return false;
        }
    }
    return settings->user_folder != NULL && optind == argc;
}

int main(int argc, char **argv)
{
    struct core_settings settings = {.user_folder = NULL};

    if (!parse(argc, argv, &settings)) {
        fprintf(stderr, "usage: sipe_driver --folder DIR [--trust DIR] "
                        "[--debug FILE] [--same-seed]\n");
        return 2;
    }
    if (!core_start(&settings)) {
        return 1;
    }
    account_init();
    rooms_init();
    report_take("ready", NULL);
    loop = g_main_loop_new(NULL, FALSE);
    listen_to_input();
    g_main_loop_run(loop);
    g_main_loop_unref(loop);
    core_stop();
    return 0;
}
