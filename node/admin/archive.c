/* How the archive is: whether it is kept, how far, by whom it is confirmed, and
 * what has taken it. */
#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/archive_show.h"
#include "node/chat/archive_lag.h"

enum { WARNINGS_MAX = 16 + ARCHIVE_NODES + 2 * ARCHIVE_ADAPTERS_MAX };

struct warnings {
    struct answer *answer;
    size_t n;
    ProtobufCBinaryData *texts;
};

#define WARN(warnings, ...)                                                    \
    warn(warnings, answer_printf((warnings)->answer, __VA_ARGS__))

static void warn(struct warnings *warnings, struct slice text)
{
    if (warnings->n < WARNINGS_MAX) {
        warnings->texts[warnings->n++] = codec_bytes(text);
    }
}

/* Records that nothing takes anywhere: what the product before this never
 * said. */
static void warn_no_adapter(struct warnings *warnings, size_t n_adapters,
                            size_t n_enabled)
{
    if (n_adapters == 0) {
        WARN(warnings, "NO COMPLIANCE ADAPTER IS CONFIGURED: records are kept "
                       "and exported nowhere; see perchctl archive adapters "
                       "add");
    } else if (n_enabled == 0) {
        WARN(warnings, "ALL COMPLIANCE ADAPTERS ARE DISABLED: records are kept "
                       "and exported nowhere; see perchctl archive adapters "
                       "change");
    }
}

static void warn_adapter(struct warnings *warnings,
                         const struct archive_view *view,
                         const struct adapter_view *adapter)
{
    struct answer *answer = warnings->answer;
    int64_t now_us = loop_wall_us(answer->loop);

    if (adapter->error.len > 0) {
        WARN(warnings, "adapter %.*s fails (%u in a row): %.*s",
             SLICE_PRINT(adapter->name), adapter->attempts,
             SLICE_PRINT(adapter->error));
    }
    if (archive_is_late(answer->machine, view, adapter, now_us)) {
        WARN(warnings, "adapter %.*s is late: %" PRIu64 " records since %u s",
             SLICE_PRINT(adapter->name), archive_lag(view, adapter),
             archive_lag_s(view, adapter, now_us));
    }
}

static void warn_adapters(struct warnings *warnings,
                          const struct archive_view *view)
{
    size_t n = 0, n_enabled = 0;

    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        struct adapter_view adapter;

        if (archive_adapter(warnings->answer->machine, slot, &adapter)) {
            n++;
            n_enabled += !adapter.disabled;
            warn_adapter(warnings, view, &adapter);
        }
    }
    if (view->mode != PERCH__ARCHIVE_MODE__ARCHIVE_OFF) {
        warn_no_adapter(warnings, n, n_enabled);
    }
}

static void warn_nodes(struct warnings *warnings)
{
    for (unsigned number = 1; number < ARCHIVE_NODES; number++) {
        struct archive_node_view node;

        if (!archive_node(warnings->answer->machine, (uint8_t)number, &node)) {
            continue;
        }
        if (node.diverged_size != 0) {
            WARN(warnings,
                 "node %u HAS ANOTHER ARCHIVE: its root of %" PRIu64
                 " records is not the pool's",
                 number, node.diverged_size);
        }
        if (node.state != PERCH__ARCHIVE_MARK__STATE__FINE) {
            WARN(warnings, "node %u cannot write its archive: %s", number,
                 node.state == PERCH__ARCHIVE_MARK__STATE__FULL
                     ? "its disk is full"
                     : "see its journal");
        }
    }
}

static void warn_pool(struct warnings *warnings, enum outcome gate,
                      const struct archive_view *view)
{
    uint8_t key[NOTE_KEY_BYTES];

    if (view->halted) {
        WARN(warnings,
             "WRITES ARE REFUSED: witness %.*s has seen %" PRIu64
             " records, the pool has %" PRIu64
             "; see perchctl help archive refill",
             SLICE_PRINT(view->halted_by), view->halted_size, view->records);
    } else if (!outcome_is_success(gate)) {
        WARN(warnings, "POSTS ARE REFUSED: %s", refusal_of_outcome(gate).text);
    }
    if (view->mode != PERCH__ARCHIVE_MODE__ARCHIVE_OFF &&
        !archive_log_key(warnings->answer->machine, key)) {
        WARN(warnings, "the log has no key: no checkpoint can be signed; see "
                       "perchctl help archive key put");
    }
}

static void fill_warnings(struct answer *answer, enum outcome gate,
                          const struct archive_view *view,
                          Perch__Admin__ArchiveStatusReply *body)
{
    struct warnings warnings = {
        .answer = answer,
        .texts = answer_alloc(answer, WARNINGS_MAX * sizeof(*warnings.texts)),
    };

    warn_pool(&warnings, gate, view);
    warn_adapters(&warnings, view);
    warn_nodes(&warnings);
    body->n_warnings = warnings.n;
    body->warnings = warnings.texts;
}

static void fill_pool(struct answer *answer, enum outcome gate,
                      const struct archive_view *view,
                      Perch__Admin__ArchiveStatusReply *body)
{
    uint8_t key[NOTE_KEY_BYTES];

    CODEC_SET(body, mode, (Perch__Admin__ArchiveMode)view->mode);
    CODEC_SET_BYTES(body, origin, view->origin);
    if (archive_log_key(answer->machine, key)) {
        CODEC_SET_BYTES(body, key,
                        archive_show_key(answer, view->origin, 0, key));
    }
    CODEC_SET(body, records, view->records);
    if (view->records > 0) {
        CODEC_SET(body, record_at_us, view->record_us);
    }
    CODEC_SET(body, halted, view->halted);
    if (view->halted) {
        ANSWER_TEXT(body, halted_by, view->halted_by);
        CODEC_SET(body, halted_size, view->halted_size);
    }
    if (!outcome_is_success(gate)) {
        ANSWER_TEXT(body, refusing,
                    answer_printf(answer, "%s", refusal_of_outcome(gate).text));
    }
}

void archive_show(struct answer *answer)
{
    Perch__Admin__ArchiveStatusReply *body =
        answer_new(answer, &perch__admin__archive_status_reply__descriptor);
    enum outcome gate =
        archive_gate(answer->machine, loop_wall_us(answer->loop));
    struct archive_view view;

    archive_view(answer->machine, &view);
    fill_warnings(answer, gate, &view, body);
    fill_pool(answer, gate, &view, body);
    body->open = archive_show_checkpoint(answer, &view.open);
    body->published = archive_show_checkpoint(answer, &view.published);
    body->nodes = archive_show_nodes(answer, &view, &body->n_nodes);
    body->witnesses = archive_show_witnesses(answer, &view, &body->n_witnesses);
    body->adapters =
        archive_show_adapter_states(answer, &view, &body->n_adapters);
    answer->body = &body->base;
}

const struct answer_row archive_rows[] = {
    {ADMIN_ARCHIVE_STATUS, archive_show, NULL},
    {.decide = NULL},
};
