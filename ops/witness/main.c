/* perch-witness: cosigns what a log has signed, if it grows from what it
 * cosigned before. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ops/witness/book_file.h"
#include "ops/witness/server.h"
#include "ops/witness/settings.h"
#include "proto/base/journal.h"
#include "proto/tlog/secret.h"
#include "proto/tlog/submission.h"

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_BROKEN = 3 };

enum task { SERVE, INIT, PRINT, VKEY, COSIGN };

struct order {
    enum task task;
    struct witness_settings settings;
};

static void help(void)
{
    puts("Usage: perch-witness [--config FILE] [SETTING ...]\n"
         "       perch-witness --init | --print | --vkey | --cosign [...]\n"
         "       perch-witness --help | --version\n\n"
         "Cosigns the checkpoints of logs (C2SP tlog-witness), so that none "
         "can\n"
         "be given a second history.\n\n"
         "  --config FILE       settings, one a line: WORD = VALUE\n"
         "  --name NAME         of the witness's key\n"
         "  --listen HOST:PORT  else 127.0.0.1:8380\n"
         "  --key FILE          private key, PEM; else\n"
         "                      /etc/perch/witness.key\n"
         "  --state FILE        what was cosigned; else\n"
         "                      /var/lib/perch-witness/book\n"
         "  --log VKEY          believe this key of a log; again for more\n"
         "  --connections N     at once; else 64\n\n"
         "  --init     make what is missing of key and state, and end\n"
         "  --vkey     print the witness's verifier key\n"
         "  --print    print the checkpoints that were cosigned last\n"
         "  --cosign   judge one add-checkpoint request from standard input\n"
         "             and print the answer: a witness without a network\n\n"
         "Exit: 0 done, 1 not cosigned, 2 usage, 3 key, state or address "
         "failed");
}

static int finish_output(void)
{
    return fflush(stdout) == 0 ? 0 : EXIT_BROKEN;
}

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "perch-witness: %s: %s\n", what, why);
    return EXIT_BROKEN;
}

/* Returns an exit code, or -1 to go on. */
static int set(struct order *order, const char *word, const char *value)
{
    char why[SETTINGS_WHY_BYTES];
    enum error error = strcmp(word, "config") == 0
                           ? settings_load(&order->settings, value, why)
                           : settings_set(&order->settings, word, value, why);

    if (error == ERROR_NONE) {
        return -1;
    }
    fprintf(stderr, "perch-witness: %s\n", why);
    return EXIT_USAGE;
}

static const struct option options[] = {
    {"config", required_argument, NULL, 's'},
    {"name", required_argument, NULL, 's'},
    {"listen", required_argument, NULL, 's'},
    {"key", required_argument, NULL, 's'},
    {"state", required_argument, NULL, 's'},
    {"log", required_argument, NULL, 's'},
    {"connections", required_argument, NULL, 's'},
    {"init", no_argument, NULL, INIT},
    {"print", no_argument, NULL, PRINT},
    {"vkey", no_argument, NULL, VKEY},
    {"cosign", no_argument, NULL, COSIGN},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'v'},
    {NULL, 0, NULL, 0},
};

/* Returns an exit code, or -1 to go on. */
static int read_order(struct order *order, int argc, char **argv)
{
    int option, at, code = -1;

    while (code < 0 &&
           (option = getopt_long(argc, argv, "hv", options, &at)) != -1) {
        switch (option) {
        case 's':
            code = set(order, options[at].name, optarg);
            break;
        case INIT:
        case PRINT:
        case VKEY:
        case COSIGN:
            order->task = (enum task)option;
            break;
        case 'h':
            help();
            return finish_output();
        case 'v':
            puts("perch-witness " PERCH_VERSION);
            return finish_output();
        default:
            return EXIT_USAGE;
        }
    }
    if (code < 0 && optind < argc) {
        fprintf(stderr, "perch-witness: \"%s\" is no option; see --help\n",
                argv[optind]);
        return EXIT_USAGE;
    }
    return code;
}

/* Never over what there is: a witness that forgets would sign twice. */
static int init(const struct witness_settings *settings)
{
    uint8_t key[NOTE_KEY_BYTES];
    enum error error = secret_make(settings->key, key);

    if (error == ERROR_NONE) {
        secret_wipe(key);
        printf("made %s\n", settings->key);
    } else if (error != ERROR_EXISTS) {
        return complain(settings->key, error_text(error));
    }
    error = book_make(settings->state);
    if (error == ERROR_NONE) {
        printf("made %s\n", settings->state);
    } else if (error != ERROR_EXISTS) {
        return complain(settings->state, error_text(error));
    }
    return finish_output();
}

/* The notes as they were cosigned, each after a line for people. */
static int print_book(const struct witness_settings *settings)
{
    const struct book_page *page;
    struct book *book;
    enum error error = book_look(settings->state, &book);

    if (error != ERROR_NONE) {
        return complain(settings->state, error_text(error));
    }
    for (size_t i = 0; (page = book_at(book, i)) != NULL; i++) {
        printf("%s%.*s", i == 0 ? "" : "\n", SLICE_PRINT(page->note));
    }
    book_close(book);
    return finish_output();
}

static int open_witness(const struct witness_settings *settings,
                        struct book *book, struct witness **witness_out)
{
    uint8_t key[NOTE_KEY_BYTES];
    enum error error;

    if (settings->name[0] == '\0') {
        fprintf(stderr, "perch-witness: --name is wanted\n");
        return EXIT_USAGE;
    }
    error = secret_read(settings->key, key);
    if (error == ERROR_REFUSED) {
        return complain(settings->key, "everybody may read or write it");
    }
    if (error != ERROR_NONE) {
        return complain(settings->key, error_text(error));
    }
    error = witness_new(slice_of_text(settings->name), key, book, witness_out);
    secret_wipe(key);
    for (size_t i = 0; error == ERROR_NONE && i < settings->n; i++) {
        error = witness_add_log(*witness_out, slice_of_text(settings->logs[i]));
    }
    return error == ERROR_NONE ? -1 : complain("start", error_text(error));
}

static int print_vkey(const struct witness *witness)
{
    struct buffer text = BUFFER_EMPTY;

    note_vkey_write(witness_verifier(witness), &text);
    printf("%.*s\n", SLICE_PRINT(buffer_slice(&text)));
    buffer_deinit(&text);
    return finish_output();
}

static int cosign(struct witness *witness)
{
    struct buffer body = BUFFER_EMPTY, reply = BUFFER_EMPTY;
    enum witness_verdict verdict;
    enum error error =
        book_file_read("/dev/stdin", SUBMISSION_BYTES_MAX, &body);
    int code;

    if (error != ERROR_NONE) {
        buffer_deinit(&body);
        return complain("standard input", error_text(error));
    }
    verdict = witness_judge(witness, buffer_slice(&body), (uint64_t)time(NULL),
                            &reply);
    fprintf(verdict == WITNESS_COSIGNED ? stdout : stderr, "%.*s",
            SLICE_PRINT(buffer_slice(&reply)));
    buffer_deinit(&body);
    buffer_deinit(&reply);
    code = finish_output();
    return code != 0 ? code : verdict == WITNESS_COSIGNED ? 0 : EXIT_REFUSED;
}

static int serve(struct witness *witness,
                 const struct witness_settings *settings,
                 const sigset_t *signals)
{
    struct server *server;
    uint16_t port;
    int number;

    if (server_open(witness, settings->host, settings->port,
                    settings->connections, &server, &port) != ERROR_NONE) {
        return EXIT_BROKEN;
    }
    journal_notice("witness_listens", "host=%s port=%u logs=%zu",
                   settings->host, port, settings->n);
    sigwait(signals, &number);
    server_close(server);
    journal_notice("witness_stops", "signal=%d", number);
    return 0;
}

/* The tasks that need key and book. */
static int act(const struct order *order, const sigset_t *signals)
{
    struct witness *witness = NULL;
    struct book *book = NULL;
    enum error error = order->task == VKEY
                           ? ERROR_NONE
                           : book_open(order->settings.state, &book);
    int code;

    if (error == ERROR_NOT_FOUND) {
        return complain(order->settings.state,
                        "not there; --init makes it, but a witness that has "
                        "lost it must get another key");
    }
    if (error != ERROR_NONE) {
        return complain(order->settings.state, error_text(error));
    }
    code = open_witness(&order->settings, book, &witness);
    if (code < 0) {
        code = order->task == VKEY ? print_vkey(witness)
               : order->task == COSIGN
                   ? cosign(witness)
                   : serve(witness, &order->settings, signals);
    }
    witness_free(witness);
    book_close(book);
    return code;
}

int main(int argc, char **argv)
{
    struct order *order = calloc(1, sizeof(*order));
    sigset_t signals;
    int code;

    if (order == NULL) {
        return complain("start", error_text(ERROR_NO_MEMORY));
    }
    (void)signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    settings_init(&order->settings);
    code = read_order(order, argc, argv);
    if (code < 0 && order->task == SERVE) {
        /* Before the server's thread is made, which keeps them blocked. */
        sigprocmask(SIG_BLOCK, &signals, NULL);
    }
    if (code < 0) {
        code = order->task == INIT    ? init(&order->settings)
               : order->task == PRINT ? print_book(&order->settings)
                                      : act(order, &signals);
    }
    free(order);
    return code;
}
