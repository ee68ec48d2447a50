/* perch-adapter: takes one cut of a pool's compliance archive to its sink. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "ops/adapter/batch.h"
#include "ops/adapter/sinks.h"

static void help(void)
{
    puts("Usage: perch-adapter < CUT\n"
         "       perch-adapter --help | --version\n\n"
         "Takes one cut of a pool's compliance archive to its sink: files of\n"
         "Persistent Chat's XML, FileDump, CSV, mail, RSMF, or a PostgreSQL\n"
         "database. perchd starts it; standard input says what to do:\n"
         "ops/adapter/interface.md. When the sink has all of it, durably,\n"
         "prints {\"ack\":LAST,\"sheet\":SHA-256}.\n\n"
         "Exit: 0 acknowledged, 1 failed: input, settings, transform or disk,\n"
         "2 usage, 3 the sink was not reached, 5 the sink has something else\n"
         "under that name or number (nothing was changed).");
}

static enum fault (*const sinks[CUT_TYPES])(const struct batch *batch,
                                            char sheet_out[]) = {
    [CUT_XML] = xml_sink,   [CUT_FILEDUMP] = filedump_sink,
    [CUT_CSV] = csv_sink,   [CUT_EML] = eml_sink,
    [CUT_RSMF] = rsmf_sink, [CUT_POSTGRESQL] = postgresql_sink,
};

static enum fault run(void)
{
    char sheet[FOLDER_SHA256_TEXT_BYTES + 1];
    struct batch batch;
    enum fault fault = batch_read(stdin, &batch);

    if (fault == FAULT_NONE) {
        fault = sinks[batch.cut.type](&batch, sheet);
    }
    if (fault == FAULT_NONE) {
        printf("{\"ack\":%" PRIu64 ",\"sheet\":\"%s\"}\n", batch.cut.last,
               sheet);
        if (fflush(stdout) != 0) {
            fault = fault_say(FAULT_FAILED, "standard output: closed");
        }
    }
    batch_deinit(&batch);
    return fault;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };

    signal(SIGPIPE, SIG_IGN);
    switch (getopt_long(argc, argv, "hv", options, NULL)) {
    case -1:
        break;
    case 'h':
        help();
        return fflush(stdout) == 0 ? FAULT_NONE : FAULT_FAILED;
    case 'v':
        puts("perch-adapter " PERCH_VERSION);
        return fflush(stdout) == 0 ? FAULT_NONE : FAULT_FAILED;
    default:
        return FAULT_USAGE;
    }
    if (optind < argc) {
        return fault_say(FAULT_USAGE, "\"%s\" is no option; see --help",
                         argv[optind]);
    }
    return run();
}
