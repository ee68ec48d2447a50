/* Compliance adapters: which there are, and what they are to be. */
#include <inttypes.h>

#include "node/admin/answers.h"
#include "node/admin/archive_show.h"
#include "node/admin/page.h"
#include "node/chat/text.h"

static bool find(const struct machine *machine, struct slice name,
                 struct adapter_view *adapter_out)
{
    for (uint32_t slot = 0; slot < ARCHIVE_ADAPTERS_MAX; slot++) {
        if (archive_adapter(machine, slot, adapter_out) &&
            slice_equal_nocase(adapter_out->name, name)) {
            return true;
        }
    }
    return false;
}

/* Find what must be there. False, and the answer refused. */
static bool find_asked(struct answer *answer, ProtobufCBinaryData name,
                       struct adapter_view *adapter_out)
{
    if (name.len == 0) {
        answer_refuse(answer, REFUSAL_NAME_MISSING);
        return false;
    }
    if (!find(answer->machine, codec_slice(name), adapter_out)) {
        answer_refuse_outcome(answer, OUTCOME_ADAPTER_UNKNOWN,
                              codec_slice(name));
        return false;
    }
    return true;
}

static void decide_list(struct answer *answer)
{
    const Perch__Admin__ArchiveAdaptersList *asked = answer->asked;
    Perch__Admin__ArchiveAdaptersListReply *body = answer_new(
        answer, &perch__admin__archive_adapters_list_reply__descriptor);
    struct archive_view view;
    struct page page;
    uint32_t slot = 0;

    if (!page_number(answer, &slot)) {
        return;
    }
    archive_view(answer->machine, &view);
    page_begin(&page, answer);
    while (slot < ARCHIVE_ADAPTERS_MAX && page_look(&page)) {
        struct adapter_view adapter;

        if (archive_adapter(answer->machine, slot, &adapter) &&
            text_contains_nocase(adapter.name, codec_slice(asked->match))) {
            page_add(
                &page,
                &archive_show_adapter(answer, &view, &adapter, false)->base);
        }
        slot += 1; /* Marks are one more than the slot: 0 is the beginning. */
    }
    page_end(&page, answer_printf(answer, "%" PRIu32, slot));
    body->n_adapters = page.n;
    body->adapters = (Perch__Admin__ArchiveAdapter **)page.items;
    answer->body = &body->base;
}

static void put_adapter(struct answer *answer,
                        const struct adapter_view *adapter)
{
    Perch__Admin__ArchiveAdaptersShowReply *body = answer_new(
        answer, &perch__admin__archive_adapters_show_reply__descriptor);
    struct archive_view view;

    archive_view(answer->machine, &view);
    body->adapter = archive_show_adapter(answer, &view, adapter, true);
    answer->body = &body->base;
}

static void decide_show(struct answer *answer)
{
    const Perch__Admin__ArchiveAdaptersShow *asked = answer->asked;
    struct adapter_view adapter;

    if (find_asked(answer, asked->adapter, &adapter)) {
        put_adapter(answer, &adapter);
    }
}

/* As it then is. */
static void show_changed(struct answer *answer)
{
    struct adapter_view adapter;

    if (find(answer->machine, answer->uri, &adapter)) {
        put_adapter(answer, &adapter);
    }
}

static bool texts_are(const struct adapter_view *adapter,
                      const Perch__AdapterPut *put)
{
    return (!put->has_output ||
            slice_equal(adapter->output, codec_slice(put->output))) &&
           (!put->has_transform ||
            slice_equal(adapter->transform, codec_slice(put->transform))) &&
           (!put->has_program ||
            slice_equal(adapter->program, codec_slice(put->program)));
}

static bool is_so(const struct adapter_view *adapter,
                  const Perch__AdapterPut *put)
{
    return (!put->has_type || put->type == adapter->type) &&
           (!put->has_run_interval_s ||
            put->run_interval_s == adapter->run_interval_s) &&
           (!put->has_one_room_per_file ||
            put->one_room_per_file == adapter->one_room_per_file) &&
           (!put->has_room_details ||
            put->room_details == adapter->room_details) &&
           (!put->has_user_details ||
            put->user_details == adapter->user_details) &&
           (!put->has_attachments_manifest ||
            put->attachments_manifest == adapter->attachments_manifest) &&
           (!put->has_disabled || put->disabled == adapter->disabled) &&
           texts_are(adapter, put);
}

#define COPY(to, from, field)                                                  \
    ((to)->has_##field = (from)->has_##field, (to)->field = (from)->field)

static Perch__AdapterPut *plan(struct answer *answer,
                               const Perch__Admin__ArchiveAdaptersPut *asked)
{
    Perch__AdapterPut *put =
        answer_new(answer, &perch__adapter_put__descriptor);

    CODEC_SET(put, name, asked->adapter);
    COPY(put, asked, if_version);
    COPY(put, asked, type);
    COPY(put, asked, output);
    COPY(put, asked, run_interval_s);
    COPY(put, asked, one_room_per_file);
    COPY(put, asked, room_details);
    COPY(put, asked, user_details);
    COPY(put, asked, attachments_manifest);
    COPY(put, asked, transform);
    COPY(put, asked, program);
    COPY(put, asked, disabled);
    return put;
}

static bool asks_something(const Perch__Admin__ArchiveAdaptersPut *asked)
{
    return asked->has_type || asked->has_output || asked->has_run_interval_s ||
           asked->has_one_room_per_file || asked->has_room_details ||
           asked->has_user_details || asked->has_attachments_manifest ||
           asked->has_transform || asked->has_program || asked->has_disabled;
}

static void propose(struct answer *answer, const char *deed,
                    Perch__AdapterPut *put)
{
    answer->uri = codec_slice(put->name); /* What the reply shows. */
    answer_tells(answer, deed, "adapter \"%.*s\"", SLICE_PRINT(answer->uri));
    answer_proposes(answer, PERCH__COMMAND__KIND_ADAPTER_PUT)->adapter_put =
        put;
}

static void decide_add(struct answer *answer)
{
    const Perch__Admin__ArchiveAdaptersPut *asked = answer->asked;
    Perch__AdapterPut *put = plan(answer, asked);
    struct adapter_view adapter;
    bool is_there =
        find(answer->machine, codec_slice(asked->adapter), &adapter);

    if (asked->adapter.len == 0) {
        answer_refuse(answer, REFUSAL_NAME_MISSING);
        return;
    }
    if (is_there && !is_so(&adapter, put)) {
        answer_refuse_outcome(answer, OUTCOME_ADAPTER_EXISTS,
                              codec_slice(asked->adapter));
        return;
    }
    CODEC_SET(put, if_version, 0);
    propose(answer, "added", put);
    if (is_there) {
        answer->does = ANSWER_ALREADY;
    }
}

static void decide_change(struct answer *answer)
{
    const Perch__Admin__ArchiveAdaptersPut *asked = answer->asked;
    Perch__AdapterPut *put = plan(answer, asked);
    struct adapter_view adapter;

    if (!find_asked(answer, asked->adapter, &adapter)) {
        return;
    }
    if (!asks_something(asked)) {
        answer_refuse(answer, REFUSAL_NOTHING_ASKED);
        return;
    }
    propose(answer, "changed", put);
    if (is_so(&adapter, put) &&
        (!put->has_if_version || put->if_version == adapter.version)) {
        answer->does = ANSWER_ALREADY;
    }
}

static void decide_remove(struct answer *answer)
{
    const Perch__Admin__ArchiveAdaptersRemove *asked = answer->asked;
    Perch__AdapterRemove *removal =
        answer_new(answer, &perch__adapter_remove__descriptor);
    struct adapter_view adapter;

    if (asked->adapter.len == 0) {
        answer_refuse(answer, REFUSAL_NAME_MISSING);
        return;
    }
    if (!find(answer->machine, codec_slice(asked->adapter), &adapter)) {
        deletions_tell_gone(answer, "adapter", asked->adapter);
        return;
    }
    answer_tells(answer, "removed", "adapter \"%.*s\"",
                 SLICE_PRINT(codec_slice(asked->adapter)));
    CODEC_SET(removal, name, asked->adapter);
    COPY(removal, asked, if_version);
    answer_proposes(answer, PERCH__COMMAND__KIND_ADAPTER_REMOVE)
        ->adapter_remove = removal;
}

/* A batch is cut off before its time; the leader then runs it. */
static void decide_run(struct answer *answer)
{
    const Perch__Admin__ArchiveAdaptersShow *asked = answer->asked;
    Perch__Cut *cut = answer_new(answer, &perch__cut__descriptor);
    struct adapter_view adapter;
    struct archive_view view;

    if (!find_asked(answer, asked->adapter, &adapter)) {
        return;
    }
    archive_view(answer->machine, &view);
    answer->uri = codec_slice(asked->adapter); /* What the reply shows. */
    answer_tells(answer, "given a cut", "adapter \"%.*s\"",
                 SLICE_PRINT(answer->uri));
    CODEC_SET(cut, adapter, asked->adapter);
    answer_proposes(answer, PERCH__COMMAND__KIND_CUT)->cut = cut;
    if (view.records_talk <= adapter.cut_csn) {
        answer->does = ANSWER_ALREADY;
    }
}

/* There is nothing to show then. */
static void show_removed(struct answer *answer)
{
    answer->body = answer_new(
        answer, &perch__admin__archive_adapters_show_reply__descriptor);
}

const struct answer_row archive_adapters_rows[] = {
    {ADMIN_ARCHIVE_ADAPTERS_LIST, decide_list, NULL},
    {ADMIN_ARCHIVE_ADAPTERS_SHOW, decide_show, NULL},
    {ADMIN_ARCHIVE_ADAPTERS_ADD, decide_add, show_changed},
    {ADMIN_ARCHIVE_ADAPTERS_CHANGE, decide_change, show_changed},
    {ADMIN_ARCHIVE_ADAPTERS_REMOVE, decide_remove, show_removed},
    {ADMIN_ARCHIVE_ADAPTERS_RUN, decide_run, show_changed},
    {.decide = NULL},
};
