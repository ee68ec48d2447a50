/* Fuzzes the readers and writers of XCCOS and provisioning.
 *
 * The first byte chooses:
 *   C      the rest are choices: an envelope is composed, must be written and
 *          be read back as it was, member by member;
 *   P      the rest is a provisioning request;
 *   other  the whole is a body: whatever is read must be written, read back
 *          the same, and written again as the same bytes. So what a client
 *          gets past the reader every other client can read.
 */
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/arena.h"
#include "proto/base/check.h"
#include "proto/xccos/provisioning.h"
#include "proto/xccos/read.h"
#include "proto/xccos/request.h"
#include "proto/xccos/write.h"
#include "tests/wire/compose.h"
#include "tests/wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tell whether an envelope holds only what a server sends on: a message alone
 * is shown by the reader to be readable again (read.c); unknown parts of
 * messages in history, which only clients read, may outgrow a limit. */
static bool is_sent_on(const struct xccos_envelope *envelope)
{
    for (const struct xccos_primitive *primitive = envelope->primitives;
         primitive != NULL; primitive = primitive->next) {
        if (primitive->kind != XCCOS_KIND_MESSAGE &&
            primitive->data.rooms != NULL) {
            return false;
        }
    }
    return true;
}

/* Written, an envelope reads back as it was. */
static void assert_returns(const struct xccos_envelope *envelope,
                           struct arena *arena)
{
    struct buffer out = BUFFER_EMPTY, again = BUFFER_EMPTY;
    struct xccos_envelope *back = NULL;
    const char *different;
    enum xccos_error error;

    CHECK(xccos_write(&out, envelope) == XCCOS_ERROR_NONE);
    error = xccos_read(buffer_slice(&out), arena, &back);
    if (xccos_error_is_limit(error) && !is_sent_on(envelope)) {
        buffer_deinit(&out);
        return;
    }
    different = error == XCCOS_ERROR_NONE ? wire_difference(envelope, back)
                                          : xccos_error_name(error);
    if (different != NULL) {
        fprintf(stderr, "%s in %.*s\n", different,
                SLICE_PRINT(buffer_slice(&out)));
        abort();
    }
    CHECK(xccos_write(&again, back) == XCCOS_ERROR_NONE);
    CHECK(slice_equal(buffer_slice(&out), buffer_slice(&again)));
    buffer_deinit(&out);
    buffer_deinit(&again);
}

/* Lay out what each primitive asks, and take every byte of it in hand. */
static void lay_out(const struct xccos_primitive *primitive,
                    struct arena *arena)
{
    struct xccos_request request;
    struct xccos_post post;
    struct slice why;
    enum xccos_code code = XCCOS_CODE_OK;

    if (primitive->kind == XCCOS_KIND_COMMAND) {
        code = xccos_request_read(primitive, arena, &request, &why);
    } else if (primitive->kind == XCCOS_KIND_MESSAGE) {
        code = xccos_post_read(primitive, arena, &post, &why);
    }
    if (code != XCCOS_CODE_OK) {
        CHECK(why.len > 0);
        CHECK(arena_copy(arena, why) != NULL);
    }
}

/* What was at fault is not all kept, so it need not come back. */
static bool has_fault(const struct xccos_envelope *envelope)
{
    for (const struct xccos_primitive *primitive = envelope->primitives;
         primitive != NULL; primitive = primitive->next) {
        if (primitive->fault.element != NULL) {
            return true;
        }
    }
    return false;
}

static void fuzz_read(struct slice body, struct arena *arena)
{
    struct xccos_envelope *envelope = NULL;

    if (xccos_read(body, arena, &envelope) != XCCOS_ERROR_NONE) {
        return;
    }
    for (const struct xccos_primitive *primitive = envelope->primitives;
         primitive != NULL; primitive = primitive->next) {
        lay_out(primitive, arena);
    }
    if (!has_fault(envelope)) {
        assert_returns(envelope, arena);
    }
}

static void fuzz_provisioning(struct slice body)
{
    struct provisioning_request request = {false, 0};

    if (provisioning_read(body, &request) == XCCOS_ERROR_NONE) {
        CHECK(request.groups > 0 || !request.wants_chat || body.len == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);

    CHECK(arena != NULL);
    if (size > 0 && data[0] == 'C') {
        struct choices choices = {.bytes = slice_of(data + 1, size - 1)};

        assert_returns(compose_envelope(&choices, arena), arena);
    } else if (size > 0 && data[0] == 'P') {
        fuzz_provisioning(slice_of(data + 1, size - 1));
    } else {
        fuzz_read(slice_of(data, size), arena);
    }
    arena_free(arena);
    return 0;
}
