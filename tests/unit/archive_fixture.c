#include "tests/unit/archive_fixture.h"

#include <string.h>

#include "tests/unit/row_store.h"
#include "tests/unit/test.h"

int archive_setup_bare(void **state)
{
    struct chat_fixture *f;

    if (fixture_setup(state) != 0) {
        return -1;
    }
    f = *state;
    fixture_raise(f);
    assert_outcome(fixture_start(f, 3), DONE);
    return 0;
}

int archive_setup(void **state)
{
    struct chat_fixture *f;

    if (archive_setup_bare(state) != 0) {
        return -1;
    }
    f = *state;
    assert_outcome(archive_key(f, 1, 0, 0xee), DONE);
    for (uint8_t node = 1; node <= ARCHIVE_FIXTURE_NODES; node++) {
        assert_outcome(archive_key(f, node, node, node), DONE);
    }
    assert_outcome(archive_mode(f, PERCH__ARCHIVE_MODE__ARCHIVE_ON, NULL),
                   DONE);
    assert_outcome(fixture_open(f, 1, ALICE, 1), DONE);
    assert_outcome(fixture_join(f, 1, ALICE, 1, &f->lobby), DONE);
    assert_outcome(fixture_open(f, 2, BOB, 2), DONE);
    assert_outcome(fixture_join(f, 2, BOB, 2, &f->lobby), DONE);
    return 0;
}

/* As many bytes as are asked for; the command is written before the next. */
static ProtobufCBinaryData bytes_of(uint8_t byte, size_t len)
{
    static uint8_t bytes[4][128];
    static unsigned turn;
    uint8_t *to = bytes[turn++ % 4];

    assert_true(len <= sizeof(bytes[0]));
    memset(to, byte, len);
    return (ProtobufCBinaryData){len, to};
}

enum outcome archive_key(struct chat_fixture *f, uint8_t by, uint32_t node,
                         uint8_t byte)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchiveKeyPut put = PERCH__ARCHIVE_KEY_PUT__INIT;

    CODEC_SET(&put, node, node);
    CODEC_SET(&put, public_key, bytes_of(byte, byte == 0 ? 0 : NOTE_KEY_BYTES));
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT;
    command.archive_key_put = &put;
    return by == 0 ? fixture_administer(f, &command)
                   : fixture_apply(f, by, &command);
}

enum outcome archive_mode(struct chat_fixture *f, Perch__ArchiveMode mode,
                          const char *origin)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchivePut put = PERCH__ARCHIVE_PUT__INIT;

    CODEC_SET(&put, mode, mode);
    if (origin != NULL) {
        CODEC_SET(&put, origin, fixture_text(origin));
    }
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_PUT;
    command.archive_put = &put;
    return fixture_administer(f, &command);
}

struct archive_view archive_seen(const struct chat_fixture *f)
{
    struct archive_view view;

    archive_view(f->machine, &view);
    return view;
}

enum outcome archive_marked(struct chat_fixture *f, uint8_t node,
                            uint64_t records, Perch__ArchiveMark__State state)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchiveMark mark = PERCH__ARCHIVE_MARK__INIT;

    CODEC_SET(&mark, records, records);
    CODEC_SET(&mark, state, state);
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_MARK;
    command.archive_mark = &mark;
    return fixture_apply(f, node, &command);
}

void archive_all_marked(struct chat_fixture *f)
{
    for (uint8_t node = 1; node <= ARCHIVE_FIXTURE_NODES; node++) {
        assert_outcome(archive_marked(f, node, archive_seen(f).records,
                                      PERCH__ARCHIVE_MARK__STATE__FINE),
                       DONE);
    }
}

enum outcome archive_begin(struct chat_fixture *f)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__CheckpointBegin begin = PERCH__CHECKPOINT_BEGIN__INIT;

    command.kind_case = PERCH__COMMAND__KIND_CHECKPOINT_BEGIN;
    command.checkpoint_begin = &begin;
    return fixture_apply(f, 1, &command);
}

enum outcome archive_cosign_as(struct chat_fixture *f, uint8_t node,
                               Perch__Cosign *cosign)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    command.kind_case = PERCH__COMMAND__KIND_COSIGN;
    command.cosign = cosign;
    return fixture_apply(f, node, &command);
}

enum outcome archive_cosign(struct chat_fixture *f, uint8_t node, uint64_t size,
                            uint8_t byte)
{
    struct archive_view view = archive_seen(f);
    const struct checkpoint_view *of =
        view.open.is && view.open.size == size ? &view.open : &view.published;
    Perch__Cosign cosign = PERCH__COSIGN__INIT;

    CODEC_SET(&cosign, size, size);
    CODEC_SET_BYTES(&cosign, root, slice_of(of->root.bytes, MERKLE_HASH_BYTES));
    CODEC_SET(&cosign, log_signature, bytes_of(0xee, NOTE_SIGNATURE_BYTES));
    CODEC_SET(&cosign, time_s, 1000u + byte);
    CODEC_SET(&cosign, cosignature, bytes_of(byte, NOTE_SIGNATURE_BYTES));
    return archive_cosign_as(f, node, &cosign);
}

uint64_t archive_publish(struct chat_fixture *f)
{
    uint64_t size = archive_seen(f).records;

    assert_outcome(archive_begin(f), DONE);
    for (uint8_t node = 1; node <= ARCHIVE_FIXTURE_NODES; node++) {
        assert_outcome(archive_cosign(f, node, size, node), DONE);
    }
    assert_int_equal(archive_seen(f).published.size, size);
    return size;
}

enum outcome archive_witness_put(struct chat_fixture *f, const char *name,
                                 const char *url, uint8_t byte)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__WitnessPut put = PERCH__WITNESS_PUT__INIT;

    CODEC_SET(&put, name, fixture_text(name));
    CODEC_SET(&put, url, fixture_text(url));
    CODEC_SET(&put, public_key, bytes_of(byte, byte == 0 ? 0 : NOTE_KEY_BYTES));
    command.kind_case = PERCH__COMMAND__KIND_WITNESS_PUT;
    command.witness_put = &put;
    return fixture_administer(f, &command);
}

enum outcome archive_witnessed(struct chat_fixture *f, const char *name,
                               uint64_t size, uint64_t time_s)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Witnessed witnessed = PERCH__WITNESSED__INIT;

    CODEC_SET(&witnessed, name, fixture_text(name));
    CODEC_SET(&witnessed, size, size);
    CODEC_SET(&witnessed, time_s, time_s);
    CODEC_SET(&witnessed, cosignature, bytes_of(0x77, NOTE_SIGNATURE_BYTES));
    command.kind_case = PERCH__COMMAND__KIND_WITNESSED;
    command.witnessed = &witnessed;
    return fixture_apply(f, 1, &command);
}

enum outcome archive_adapter_put(struct chat_fixture *f, Perch__AdapterPut *put,
                                 const char *name)
{
    Perch__Command command = PERCH__COMMAND__INIT;

    CODEC_SET(put, name, fixture_text(name));
    command.kind_case = PERCH__COMMAND__KIND_ADAPTER_PUT;
    command.adapter_put = put;
    return fixture_administer(f, &command);
}

enum outcome archive_adapter_add(struct chat_fixture *f, const char *name)
{
    Perch__AdapterPut put = PERCH__ADAPTER_PUT__INIT;

    CODEC_SET(&put, output, fixture_text("/srv/archive"));
    return archive_adapter_put(f, &put, name);
}

enum outcome archive_cut(struct chat_fixture *f, const char *name)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__Cut cut = PERCH__CUT__INIT;

    CODEC_SET(&cut, adapter, fixture_text(name));
    command.kind_case = PERCH__COMMAND__KIND_CUT;
    command.cut = &cut;
    return fixture_apply(f, 1, &command);
}

enum outcome archive_cut_done(struct chat_fixture *f, const char *name,
                              uint64_t last_csn)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__CutDone done = PERCH__CUT_DONE__INIT;

    CODEC_SET(&done, adapter, fixture_text(name));
    CODEC_SET(&done, last_csn, last_csn);
    CODEC_SET(&done, sheet, bytes_of((uint8_t)last_csn, RECORD_DIGEST_BYTES));
    command.kind_case = PERCH__COMMAND__KIND_CUT_DONE;
    command.cut_done = &done;
    return fixture_apply(f, 1, &command);
}

enum outcome archive_halted(struct chat_fixture *f, const char *witness,
                            uint64_t size, bool forked)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    Perch__ArchiveHalt halt = PERCH__ARCHIVE_HALT__INIT;

    CODEC_SET(&halt, witness, fixture_text(witness));
    CODEC_SET(&halt, size, size);
    if (forked) {
        CODEC_SET(&halt, forked, true);
    }
    command.kind_case = PERCH__COMMAND__KIND_ARCHIVE_HALT;
    command.archive_halt = &halt;
    return fixture_apply(f, 1, &command);
}

void archive_later(struct chat_fixture *f, uint64_t s)
{
    f->now_us += (int64_t)s * 1000000;
}

enum outcome archive_say(struct chat_fixture *f, const char *text)
{
    return fixture_post(f, 1, ALICE, 1, &f->lobby, text, NULL);
}

void assert_archive_reloads(const struct chat_fixture *f)
{
    struct row_store *store = row_store_new();
    struct machine *again;
    enum error error;

    machine_write_all(f->machine, row_store_take, store);
    again = row_store_machine(store, COMMAND_RULES_KNOWN, &error);
    assert_int_equal(error, ERROR_NONE);
    assert_true(machine_hash(again) == machine_hash(f->machine));
    machine_free(again);
    row_store_free(store);
}
