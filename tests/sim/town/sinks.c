#include "tests/sim/town/sinks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/chat/archive.h"
#include "proto/base/check.h"
#include "tests/sim/adapter_sim.h"
#include "tests/sim/random.h"

enum {
    STREAM_SINKS = 400,
    SINKS_MAX = 4, /* Adapters of a town. */
    NAME_BYTES = 64,
    FAILURES_MAX = 3, /* In a row: a pause grows with each. */
    BROKEN_OFF_ONE_IN = 30,
    AT_ONCE = 2,
    DEADLINE_MS = 60000,
};

/* What an adapter does with a cut that it has read. */
enum deed {
    DEED_REFUSE, /* Nothing is in the sink. */
    DEED_HANG,
    DEED_LOSE,       /* It is, and the adapter dies before it says so. */
    DEED_HANG_AFTER, /* Likewise. */
    DEED_MUTTER,     /* It is, and what is said makes no sense. */
    DEED_CLAIM_MORE,
    DEED_CLAIM_LESS,
    DEED_NO_SHEET,
    DEEDS_BAD,
    DEED_TAKE = DEEDS_BAD, /* As the remaining chances. */
    DEEDS = 2 * DEEDS_BAD,
};

struct sink_cut {
    uint64_t first, last, sum, root;
};

struct sink {
    char name[NAME_BYTES];
    size_t n, capacity;
    struct sink_cut *cuts; /* In order. */
    unsigned failures;     /* In a row. */
};

struct sinks {
    struct adapter_sim_sink feed;
    struct ledger *ledger;
    struct auditor *auditor;
    struct random random;
    struct sinks_sums sums;
    bool calm;
    struct sink sinks[SINKS_MAX];
};

/* --- A cut --- */

/* The sink of that name, or an unused one. */
static struct sink *sink_of(struct sinks *sinks, const char *name)
{
    for (size_t i = 0; i < SINKS_MAX; i++) {
        struct sink *sink = &sinks->sinks[i];

        if (sink->name[0] == '\0') {
            snprintf(sink->name, sizeof(sink->name), "%s", name);
        }
        if (strcmp(sink->name, name) == 0) {
            return sink;
        }
    }
    CHECK_UNREACHABLE();
}

static uint64_t end_of(const struct sink *sink)
{
    return sink->n == 0 ? 0 : sink->cuts[sink->n - 1].last + 1;
}

/* The place of a cut that came before; else the number of all. */
static size_t place_of(const struct sink *sink, uint64_t first)
{
    size_t place = sink->n;

    for (size_t i = 0; i < sink->n; i++) {
        if (sink->cuts[i].first == first) {
            place = i;
        }
    }
    return place;
}

static void check_sheet(struct sinks *sinks, const struct sink *sink,
                        size_t place, const struct adapter_sim_cut *cut)
{
    char sheet[ADAPTER_SIM_SHEET_BYTES] = "";

    if (place > 0) {
        adapter_sim_sheet(sink->cuts[place - 1].sum, sheet);
    }
    if (strcmp(sheet, cut->previous) != 0) {
        ledger_break(sinks->ledger, "sink",
                     "%s: the cut from CSN %" PRIu64
                     " names another sheet before it",
                     cut->adapter, cut->first);
    }
}

static void check_again(struct sinks *sinks, const struct sink_cut *known,
                        const struct adapter_sim_cut *cut)
{
    sinks->sums.repeated++;
    if (known->last != cut->last || known->sum != cut->sum ||
        known->root != cut->root) {
        ledger_break(sinks->ledger, "sink",
                     "%s: the cut from CSN %" PRIu64
                     " came again and is another",
                     cut->adapter, cut->first);
    }
}

static void add(struct sinks *sinks, struct sink *sink,
                const struct adapter_sim_cut *cut)
{
    if (sink->n > 0 && cut->first != end_of(sink)) {
        ledger_break(sinks->ledger, "sink",
                     "%s: a cut from CSN %" PRIu64 " follows %" PRIu64,
                     cut->adapter, cut->first, end_of(sink));
    }
    if (sink->n == sink->capacity) {
        sink->capacity = 2 * sink->capacity + 16;
        sink->cuts = realloc(sink->cuts, sink->capacity * sizeof(*sink->cuts));
        CHECK(sink->cuts != NULL);
    }
    sink->cuts[sink->n++] =
        (struct sink_cut){cut->first, cut->last, cut->sum, cut->root};
    sinks->sums.cuts++;
    sinks->sums.records += cut->last - cut->first + 1;
}

static void store(struct sinks *sinks, struct sink *sink,
                  const struct adapter_sim_cut *cut)
{
    size_t place = place_of(sink, cut->first);

    check_sheet(sinks, sink, place, cut);
    if (place < sink->n) {
        check_again(sinks, &sink->cuts[place], cut);
    } else {
        add(sinks, sink, cut);
    }
}

static void say(struct adapter_result *result, uint64_t last, const char *sheet)
{
    snprintf(result->line, sizeof(result->line),
             "{\"ack\":%" PRIu64 ",\"sheet\":\"%s\"}", last, sheet);
}

/* What is said of a cut that is in the sink. */
static enum error answer(enum deed deed, const struct adapter_sim_cut *cut,
                         struct adapter_result *result)
{
    char sheet[ADAPTER_SIM_SHEET_BYTES];

    adapter_sim_sheet(cut->sum, sheet);
    say(result, cut->last, sheet);
    switch (deed) {
    case DEED_LOSE:
        return ERROR_REFUSED;
    case DEED_HANG_AFTER:
        return ERROR_TIMED_OUT;
    case DEED_MUTTER:
        snprintf(result->line, sizeof(result->line), "done, I think");
        break;
    case DEED_CLAIM_MORE:
        say(result, cut->last + 1, sheet);
        break;
    case DEED_CLAIM_LESS:
        say(result, cut->last - 1, sheet);
        break;
    case DEED_NO_SHEET:
        say(result, cut->last, "");
        break;
    default:
        break;
    }
    return ERROR_NONE;
}

static enum deed draw_deed(struct sinks *sinks, struct sink *sink)
{
    enum deed deed = (enum deed)random_below(&sinks->random, DEEDS);

    if (sinks->calm || sink->failures == FAILURES_MAX || deed >= DEED_TAKE) {
        sink->failures = 0;
        return DEED_TAKE;
    }
    sink->failures++;
    sinks->sums.failed++;
    return deed;
}

static enum error on_take(void *context, const struct adapter_sim_cut *cut,
                          struct adapter_result *result)
{
    struct sinks *sinks = context;
    struct sink *sink = sink_of(sinks, cut->adapter);
    enum deed deed = draw_deed(sinks, sink);

    if (deed == DEED_REFUSE) {
        return ERROR_REFUSED;
    }
    if (deed == DEED_HANG) {
        return ERROR_TIMED_OUT;
    }
    store(sinks, sink, cut);
    return answer(deed, cut, result);
}

static enum error on_reads(void *context)
{
    struct sinks *sinks = context;
    bool breaks_off =
        !sinks->calm && random_below(&sinks->random, BROKEN_OFF_ONE_IN) == 0;

    sinks->sums.failed += breaks_off;
    return breaks_off ? ERROR_REFUSED : ERROR_NONE;
}

static void on_record(void *context, uint64_t csn, struct slice leaf)
{
    struct sinks *sinks = context;

    if (!auditor_knows(sinks->auditor, csn, leaf)) {
        ledger_break(sinks->ledger, "sink",
                     "CSN %" PRIu64 " is exported as another record", csn);
    }
}

/* --- All of them --- */

struct sinks *sinks_new(uint64_t seed, struct ledger *ledger,
                        struct auditor *auditor)
{
    struct sinks *sinks = calloc(1, sizeof(*sinks));

    CHECK(sinks != NULL);
    sinks->ledger = ledger;
    sinks->auditor = auditor;
    sinks->random = random_stream(seed, STREAM_SINKS);
    sinks->feed = (struct adapter_sim_sink){.context = sinks,
                                            .reads = on_reads,
                                            .record = on_record,
                                            .take = on_take};
    adapter_sim_feed(&sinks->feed);
    return sinks;
}

void sinks_end(struct sinks *sinks)
{
    if (sinks == NULL) {
        return;
    }
    adapter_sim_feed(NULL);
    for (size_t i = 0; i < SINKS_MAX; i++) {
        free(sinks->sinks[i].cuts);
    }
    free(sinks);
}

void sinks_calm(struct sinks *sinks)
{
    if (sinks != NULL) {
        sinks->calm = true;
    }
}

const struct exporting_settings *sinks_settings(void)
{
    static const char *const outputs[] = {"/export"};
    static const struct exporting_settings settings = {
        .adapter_program = "/adapter",
        .n_outputs = 1,
        .outputs = outputs,
        .at_once = AT_ONCE,
        .deadline_ms = DEADLINE_MS};

    return &settings;
}

static uint64_t end_of_named(const struct sinks *sinks, struct slice name)
{
    for (size_t i = 0; i < SINKS_MAX; i++) {
        if (slice_equal_text(name, sinks->sinks[i].name)) {
            return end_of(&sinks->sinks[i]);
        }
    }
    return 0;
}

void sinks_check(struct sinks *sinks, unsigned node,
                 const struct machine *machine)
{
    struct adapter_view adapter;

    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        if (!archive_adapter(machine, slot, &adapter) ||
            adapter.acked_csn <= adapter.from_csn) {
            continue;
        }
        if (adapter.acked_csn > end_of_named(sinks, adapter.name)) {
            ledger_break(sinks->ledger, "cursor",
                         "host %u: %.*s is said to have all before CSN %" PRIu64
                         ", and has those before %" PRIu64,
                         node, SLICE_PRINT(adapter.name), adapter.acked_csn,
                         end_of_named(sinks, adapter.name));
        }
    }
}

bool sinks_are_level(const struct machine *machine)
{
    struct adapter_view adapter;
    bool level = true;

    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        level &=
            !archive_adapter(machine, slot, &adapter) || adapter.n_cuts == 0;
    }
    return level;
}

void sinks_close(struct sinks *sinks, unsigned node,
                 const struct machine *machine)
{
    struct adapter_view adapter;

    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        if (!archive_adapter(machine, slot, &adapter) ||
            adapter.acked_csn <= adapter.from_csn) {
            continue;
        }
        if (adapter.acked_csn != end_of_named(sinks, adapter.name) ||
            adapter.acked_csn != adapter.cut_csn) {
            ledger_break(sinks->ledger, "cursor",
                         "host %u: the cursor of %.*s ends at CSN %" PRIu64
                         ", its sink at %" PRIu64 ", its cuts at %" PRIu64,
                         node, SLICE_PRINT(adapter.name), adapter.acked_csn,
                         end_of_named(sinks, adapter.name), adapter.cut_csn);
        }
    }
}

const struct sinks_sums *sinks_sums(const struct sinks *sinks)
{
    return &sinks->sums;
}
