#include "tests/unit/test.h"

#include <string.h>

#include "ops/bench/etcd.pb-c.h"
#include "ops/bench/grpc.h"

/* A message is prefixed by "not compressed" and its length, big-endian. */
static void test_grpc_write_prefixed__bytes(void **state)
{
    static const uint8_t wanted[] = {0, 0, 0, 0, 3, 'a', 'b', 'c'};
    struct buffer out = BUFFER_EMPTY;

    (void)state;
    grpc_write_prefixed(SLICE_LITERAL("abc"), &out);
    assert_int_equal(out.len, sizeof(wanted));
    assert_memory_equal(out.data, wanted, sizeof(wanted));
    buffer_deinit(&out);
}

static void test_grpc_read_prefixed__back(void **state)
{
    struct buffer out = BUFFER_EMPTY;
    struct slice message;

    (void)state;
    grpc_write_prefixed(SLICE_LITERAL("hello"), &out);
    buffer_append_text(&out, "next");
    assert_int_equal(grpc_read_prefixed(buffer_slice(&out), &message),
                     ERROR_NONE);
    assert_slice_text(message, "hello");
    for (size_t n = 0; n < GRPC_PREFIX_BYTES + 5; n++) {
        assert_int_equal(grpc_read_prefixed(slice_of(out.data, n), &message),
                         ERROR_TRUNCATED);
    }
    buffer_deinit(&out);
}

static void test_grpc_read_prefixed__refuses(void **state)
{
    static const uint8_t compressed[] = {1, 0, 0, 0, 1, 'x'};
    static const uint8_t huge[] = {0, 0xff, 0xff, 0xff, 0xff, 'x'};
    struct slice message;

    (void)state;
    assert_int_equal(
        grpc_read_prefixed(slice_of(compressed, sizeof(compressed)), &message),
        ERROR_UNSUPPORTED);
    assert_int_equal(grpc_read_prefixed(slice_of(huge, sizeof(huge)), &message),
                     ERROR_TOO_LARGE);
}

/* The bytes of a put as etcd's interface has them: field 1 the key, field 2
 * the value, both length-delimited. */
static void test_put_request__bytes(void **state)
{
    static const uint8_t wanted[] = {0x0a, 1, 'k', 0x12, 2, 'v', 'w'};
    Etcdserverpb__PutRequest request = ETCDSERVERPB__PUT_REQUEST__INIT;
    uint8_t bytes[16];

    (void)state;
    request.key = (ProtobufCBinaryData){1, (uint8_t *)(uintptr_t) "k"};
    request.value = (ProtobufCBinaryData){2, (uint8_t *)(uintptr_t) "vw"};
    assert_int_equal(etcdserverpb__put_request__get_packed_size(&request),
                     sizeof(wanted));
    etcdserverpb__put_request__pack(&request, bytes);
    assert_memory_equal(bytes, wanted, sizeof(wanted));
}

/* A response with fields that are not known here is read. */
static void test_put_response__skips_unknown(void **state)
{
    static const uint8_t bytes[] = {0x0a, 6, 0x08, 5, 0x18, 9,
                                    0x20, 2, 0x12, 2, 'x',  'y'};
    Etcdserverpb__PutResponse *response =
        etcdserverpb__put_response__unpack(NULL, sizeof(bytes), bytes);

    (void)state;
    assert_non_null(response);
    assert_non_null(response->header);
    assert_int_equal(response->header->revision, 9);
    etcdserverpb__put_response__free_unpacked(response, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(test_grpc_write_prefixed__bytes),
        RUN(test_grpc_read_prefixed__back),
        RUN(test_grpc_read_prefixed__refuses),
        RUN(test_put_request__bytes),
        RUN(test_put_response__skips_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
