#include <stdio.h>

#include "ops/bench/crowd.h"
#include "ops/bench/modes.h"
#include "ops/bench/pump.h"

enum { INFO_SESSIONS = 100 };

#define QUESTION "<cmd id=\"cmd:requri\" seqid=\"1\"><data/></cmd>"

struct info {
    const struct bench *bench;
    struct crowd *crowd;
    struct pump pump;
    struct figures figures;
    size_t next;
};

static enum error begin(void *context, uint64_t due_ns)
{
    struct info *info = context;
    size_t n = crowd_size(info->crowd);

    for (size_t i = 0; i < n; i++) {
        struct client *client = crowd_client(info->crowd, info->next % n);

        info->next++;
        if (client_question(client, due_ns) == ERROR_NONE) {
            return ERROR_NONE;
        }
    }
    return ERROR_BUSY;
}

static void on_replied(void *context, struct client *client,
                       const struct client_info *what, int status,
                       struct slice body)
{
    struct info *info = context;

    (void)client, (void)body;
    pump_finish(&info->pump, what->due_ns, status);
}

static void on_lost(void *context, struct client *client)
{
    struct info *info = context;

    (void)client;
    info->figures.failed++;
}

static enum error measure(struct info *info, unsigned outstanding)
{
    const struct bench *bench = info->bench;
    char label[64];

    info->pump = (struct pump){.begin = begin,
                               .context = info,
                               .window = outstanding,
                               .figures = &info->figures};
    TRY(pumps_measure(&info->pump, 1, info->crowd, bench->options,
                      &bench->pool));
    snprintf(label, sizeof(label), "%s %zu x %u",
             bench->options->tls ? "tls" : "tcp", crowd_size(info->crowd),
             outstanding);
    report_row(bench->report, "info", label);
    figures_report(&info->figures, bench->report);
    report_end_row(bench->report);
    return ERROR_NONE;
}

static enum error run(struct info *info)
{
    const struct options *options = info->bench->options;
    unsigned sessions = chosen(options->sessions, INFO_SESSIONS);
    struct crowd_settings settings = {.options = options,
                                      .pool = &info->bench->pool,
                                      .handler = handler_ignoring(info),
                                      .n = sessions,
                                      .question = SLICE_LITERAL(QUESTION)};

    settings.handler.replied = on_replied;
    settings.handler.lost = on_lost;
    TRY(crowd_new(&info->crowd, &settings));
    TRY(crowd_open(info->crowd, sessions));
    for (size_t i = 0; i < options->outstanding_n; i++) {
        TRY(measure(info, options->outstanding[i]));
    }
    return ERROR_NONE;
}

enum error mode_info(const struct bench *bench)
{
    struct info info = {.bench = bench};
    enum error error = run(&info);

    crowd_free(info.crowd);
    return error;
}
