/* Memory that runs out, at every allocation in turn: each call says so,
 * leaves what it should leave, and gives back what it took. */
#include "tests/wire/wire.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/xccos/provisioning.h"
#include "proto/xccos/read.h"
#include "proto/xccos/reply.h"
#include "proto/xccos/request.h"
#include "proto/xccos/write.h"

/* How many more allocations succeed before one fails; negative: all do. */
static int left = -1;
static bool has_failed;
static bool is_expats; /* And it was expat that asked. */

static bool fails_now(void)
{
    if (left < 0 || left-- > 0) {
        return false;
    }
    has_failed = true;
    return true;
}

/* The linker puts these between the code under test and the C library. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);
XML_Parser __wrap_XML_ParserCreateNS(const XML_Char *encoding,
                                     XML_Char separator);

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails_now() ? NULL : __real_realloc(memory, size);
}

static void *allocate_for_expat(size_t size)
{
    is_expats = is_expats || left == 0;
    return __wrap_malloc(size);
}

static void *reallocate_for_expat(void *memory, size_t size)
{
    is_expats = is_expats || left == 0;
    return __wrap_realloc(memory, size);
}

/* The same for what expat allocates. */
XML_Parser __wrap_XML_ParserCreateNS(const XML_Char *encoding,
                                     XML_Char separator)
{
    static const XML_Memory_Handling_Suite suite = {allocate_for_expat,
                                                    reallocate_for_expat, free};
    const XML_Char separators[] = {separator, '\0'};

    return XML_ParserCreate_MM(encoding, &suite, separators);
}

/* expat 2.5 takes one of its own failures for an unbound prefix, also in the
 * second reading of a message with unknown parts. */
static bool is_right(enum xccos_error error)
{
    if (!has_failed) {
        return error == XCCOS_ERROR_NONE;
    }
    return error == XCCOS_ERROR_NO_MEMORY ||
           (is_expats && (error == XCCOS_ERROR_NOT_WELL_FORMED ||
                          error == XCCOS_ERROR_CARRIED));
}

/* Let each allocation fail in turn until a run needs no more of them.
 * Returns how many runs failed. */
static int fail_each(enum xccos_error (*run)(void))
{
    int failed = 0;

    do {
        enum xccos_error error;

        left = failed;
        has_failed = is_expats = false;
        error = run();
        left = -1;
        if (!is_right(error)) {
            fail_msg("%s when allocation %d failed", xccos_error_name(error),
                     failed);
        }
        failed += has_failed;
    } while (has_failed);
    return failed;
}

/* Everything a reader allocates for: texts longer than a block of the arena,
 * lists, namespaces, carried parts, associations. */
#define BODY                                                                   \
    "<xccos xmlns='urn:parlano:xml:ns:xccos' xmlns:p='urn:p' envid='7'>"       \
    "<cmd id='cmd:bjoin'><data><chanid domain='fjord.example' "                \
    "value='" TIDE_GUID                                                        \
    "'/><chanib name='x'><info id='urn:parlano:ma:info:ucnt'>3"                \
    "</info></chanib></data></cmd>"                                            \
    "<cmd id='cmd:getassociations'><data><a domain='d' t='MANAGER'/></data>"   \
    "</cmd><grpchat chanUri='" TIDE_URI "' p:a='1' xml:lang='nn'>"             \
    "<chat>%0700d</chat><p:rtf>%0700d</p:rtf></grpchat></xccos>"

static char body[2048];

static enum xccos_error read_body(void)
{
    struct arena *arena = arena_new(256);
    struct xccos_envelope *envelope = NULL;
    enum xccos_error error = XCCOS_ERROR_NO_MEMORY;

    if (arena != NULL) {
        error = xccos_read(slice_of_text(body), arena, &envelope);
    }
    assert_int_equal(envelope != NULL, error == XCCOS_ERROR_NONE);
    arena_free(arena);
    return error;
}

/* Reading. */
static void test_xccos_read__out_of_memory(void **state)
{
    (void)state;
    snprintf(body, sizeof(body), BODY, 1, 2);
    assert_in_range(fail_each(read_body), 30, 1000);
}

static const struct xccos_envelope *written;

static enum xccos_error write_envelope(void)
{
    struct buffer out = BUFFER_EMPTY;
    enum xccos_error error = xccos_write(&out, written);

    assert_int_equal(out.len > 0, error == XCCOS_ERROR_NONE);
    buffer_deinit(&out);
    return error;
}

/* Writing: nothing of the body is left in the buffer. */
static void test_xccos_write__out_of_memory(void **state)
{
    struct arena *arena = arena_new(4096);

    (void)state;
    snprintf(body, sizeof(body), BODY, 1, 2);
    written = wire_read(arena, slice_of_text(body));
    assert_in_range(fail_each(write_envelope), 4, 100);
    arena_free(arena);
}

static enum xccos_error answer_requests(void)
{
    static const struct xccos_participant participants[] = {
        {1, XCCOS_ROLE_MANAGER}, {2, XCCOS_ROLE_MEMBER}};
    struct arena *arena = arena_new(256);
    struct xccos_masks masks = XCCOS_MASKS_DEFAULT;
    enum xccos_error error = XCCOS_ERROR_NO_MEMORY;
    struct xccos_presence *roster;
    struct xccos_request request;
    struct xccos_primitive reply;
    struct slice why;

    /* All but the first 256 bytes need another block. */
    if (arena != NULL && arena_alloc(arena, 200) != NULL &&
        xccos_request_read(written->primitives, arena, &request, &why) ==
            XCCOS_CODE_OK) {
        xccos_reply_init(&reply, written, written->primitives);
        error = xccos_reply_refuse(&reply, arena, XCCOS_CODE_BUSY,
                                   slice_of_text(body));
    }
    if (error == XCCOS_ERROR_NONE) {
        error = xccos_roster_make(arena, &masks, participants, 2, &roster);
    }
    arena_free(arena);
    return error;
}

/* Laying out requests and composing replies. */
static void test_xccos_reply_refuse__out_of_memory(void **state)
{
    struct arena *arena = arena_new(4096);

    (void)state;
    snprintf(body, sizeof(body), BODY, 1, 2);
    written = wire_read(arena, slice_of_text(body));
    assert_in_range(fail_each(answer_requests), 4, 100);
    arena_free(arena);
}

static enum xccos_error write_document(void)
{
    struct provisioning_answer answer = {.has_chat = true,
                                         .pool_uri = SLICE_LITERAL("sip:a@b")};
    struct buffer out = BUFFER_EMPTY;
    enum xccos_error error = provisioning_write(&out, &answer);

    assert_int_equal(out.len > 0, error == XCCOS_ERROR_NONE);
    buffer_deinit(&out);
    return error;
}

/* The provisioning document. */
static void test_provisioning_write__out_of_memory(void **state)
{
    (void)state;
    assert_in_range(fail_each(write_document), 2, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_xccos_read__out_of_memory),
        RUN(test_xccos_write__out_of_memory),
        RUN(test_xccos_reply_refuse__out_of_memory),
        RUN(test_provisioning_write__out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
