#include "node/exports.h"

/* One counter of several that share a name. */
static enum error add_kind(struct metrics *metrics, const char *name,
                           const char *help, const char *kind,
                           const struct meter_counter *counter)
{
    const struct metric row = {.name = name,
                               .help = help,
                               .type = METRIC_COUNTER,
                               .kind = kind,
                               .counter = counter};

    return metrics_add(metrics, &row, 1);
}

static enum error add_looks(struct metrics *metrics,
                            const struct screening_meters *meters)
{
#define LOOK_TEXT(name, text) text,
    static const char *const kinds[SCREENING_LOOKS] = {
        SCREENING_LOOK_LIST(LOOK_TEXT)};
#undef LOOK_TEXT

    for (size_t i = 0; i < SCREENING_LOOKS; i++) {
        TRY(add_kind(metrics, "perch_filter_posts_total",
                     "Posts looked through for filters, by what was found.",
                     kinds[i], &meters->looks[i]));
    }
    return ERROR_NONE;
}

static enum error add_answers(struct metrics *metrics,
                              const struct screening_meters *meters)
{
    for (unsigned i = 0; i < QUESTION_ANSWERS; i++) {
        TRY(add_kind(metrics, "perch_hook_answers_total",
                     "Posts the external program was asked about, by answer.",
                     question_answer_name((enum question_answer)i),
                     &meters->answers[i]));
    }
    return ERROR_NONE;
}

enum error exports_add_screening(struct metrics *metrics,
                                 const struct screening_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_filter_expressions_bad",
         .help = "Expressions of filters that this node cannot compile.",
         .type = METRIC_GAUGE,
         .gauge = &meters->bad},
        {.name = "perch_filter_seconds",
         .help = "Time until a post was looked through, the wait included.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->look_us},
        {.name = "perch_hook_waiting",
         .help = "Posts that wait for the external program.",
         .type = METRIC_GAUGE,
         .gauge = &meters->asking},
        {.name = "perch_hook_seconds",
         .help = "Time from a question to its answer.",
         .type = METRIC_HISTOGRAM,
         .histogram = &meters->ask_us},
    };

    TRY(metrics_add(metrics, rows, METRIC_ROWS(rows)));
    TRY(add_looks(metrics, meters));
    return add_answers(metrics, meters);
}

enum error exports_add_program(struct metrics *metrics,
                               const struct program_meters *meters)
{
    const struct metric rows[] = {
        {.name = "perch_hook_connected",
         .help = "Whether the external program is connected to: 1 or 0.",
         .type = METRIC_GAUGE,
         .gauge = &meters->connected},
        {.name = "perch_hook_connects_total",
         .help = "Connections made to the external program.",
         .type = METRIC_COUNTER,
         .counter = &meters->connects},
        {.name = "perch_hook_failures_total",
         .help = "Connections to it that failed or broke.",
         .type = METRIC_COUNTER,
         .counter = &meters->failures},
        {.name = "perch_hook_questions_total",
         .help = "Questions put to it.",
         .type = METRIC_COUNTER,
         .counter = &meters->questions},
        {.name = "perch_hook_late_total",
         .help = "Answers that came after their deadline.",
         .type = METRIC_COUNTER,
         .counter = &meters->late},
    };

    return metrics_add(metrics, rows, METRIC_ROWS(rows));
}
