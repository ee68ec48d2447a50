#include "proto/admin.h"

#include <string.h>

#include "proto/base/check.h"

enum { KINDS_MAX = 256 };

static const struct admin_fact facts[ADMIN_KINDS] = {
#define FACT(name, number, request, reply, request_max, reply_max, access)     \
    [number] = {#name,                                                         \
                &perch__admin__##request##__descriptor,                        \
                &perch__admin__##reply##__descriptor,                          \
                ADMIN_##request_max##_BYTES_MAX,                               \
                ADMIN_##reply_max##_BYTES_MAX,                                 \
                ADMIN_##access},
    ADMIN_KIND_LIST(FACT)
#undef FACT
};

const struct admin_fact *admin_fact(unsigned kind)
{
    return kind < ADMIN_KINDS && facts[kind].name != NULL ? &facts[kind] : NULL;
}

const struct frame_limits *admin_request_limits(void)
{
    static const struct frame_limit kinds[ADMIN_KINDS] = {
#define LIMIT(name, number, request, reply, request_max, ...)                  \
    [number] = {true, ADMIN_##request_max##_BYTES_MAX},
        ADMIN_KIND_LIST(LIMIT)
#undef LIMIT
    };
    static const struct frame_limits limits = {kinds, ADMIN_KINDS};

    return &limits;
}

/* A node that is newer, or older, says so in a reply to a kind that one of the
 * two does not know. */
const struct frame_limits *admin_reply_limits(void)
{
    static const struct frame_limit kinds[KINDS_MAX] = {
        [ADMIN_REPLY... KINDS_MAX - 1] = {true, ADMIN_PAGE_BYTES_MAX},
    };
    static const struct frame_limits limits = {kinds, KINDS_MAX};

    return &limits;
}

/* Append head and body, one in the other, as a frame. */
static enum error write_frame(uint8_t kind, const struct frame_limits *limits,
                              const ProtobufCMessage *head, struct buffer *to)
{
    size_t at = frame_begin(to, kind);

    codec_write(head, to);
    return frame_end(to, at, limits);
}

static enum error write_body(const ProtobufCMessage *body, struct buffer *bytes)
{
    if (body != NULL) {
        codec_write(body, bytes);
    }
    return buffer_failed(bytes) ? ERROR_NO_MEMORY : ERROR_NONE;
}

enum error admin_write_request(enum admin_kind kind,
                               Perch__Admin__Request *head,
                               const ProtobufCMessage *body, struct buffer *to)
{
    const struct admin_fact *fact = admin_fact(kind);
    struct buffer bytes = BUFFER_EMPTY;
    enum error error;

    CHECK(fact != NULL && body->descriptor == fact->request);
    error = write_body(body, &bytes);
    if (error == ERROR_NONE) {
        CODEC_SET(head, body, codec_bytes(buffer_slice(&bytes)));
        error =
            write_frame((uint8_t)kind, admin_request_limits(), &head->base, to);
    }
    if (bytes.len > 0) {
        explicit_bzero(bytes.data, bytes.len); /* There may be a password. */
    }
    buffer_deinit(&bytes);
    return error;
}

enum error admin_read_request(unsigned kind, struct slice payload,
                              struct arena *arena,
                              struct admin_request *request_out)
{
    const struct admin_fact *fact = admin_fact(kind);
    struct admin_request request = {.kind = (enum admin_kind)kind};

    if (fact == NULL) {
        return ERROR_UNSUPPORTED;
    }
    TRY(codec_read_within(arena, &perch__admin__request__descriptor, payload,
                          ADMIN_DECODE_BYTES_MAX, &request.head));
    TRY(codec_read_within(arena, fact->request, codec_slice(request.head->body),
                          ADMIN_DECODE_BYTES_MAX, &request.body));
    *request_out = request;
    return ERROR_NONE;
}

enum error admin_write_reply(unsigned kind, Perch__Admin__Reply *head,
                             const ProtobufCMessage *body, struct buffer *to)
{
    const struct admin_fact *fact = admin_fact(kind);
    struct buffer bytes = BUFFER_EMPTY;
    enum error error;

    CHECK(kind < ADMIN_REPLY);
    CHECK(body == NULL || (fact != NULL && body->descriptor == fact->reply));
    error = write_body(body, &bytes);
    if (error == ERROR_NONE && fact != NULL &&
        bytes.len > fact->reply_bytes_max) {
        error = ERROR_TOO_LARGE;
    }
    if (error == ERROR_NONE) {
        head->has_body = body != NULL;
        head->body = codec_bytes(buffer_slice(&bytes));
        error = write_frame((uint8_t)(kind | ADMIN_REPLY), admin_reply_limits(),
                            &head->base, to);
    }
    buffer_deinit(&bytes);
    return error;
}

enum error admin_read_reply(enum admin_kind kind, struct slice payload,
                            struct arena *arena, struct admin_reply *reply_out)
{
    const struct admin_fact *fact = admin_fact(kind);
    struct admin_reply reply = {NULL, NULL};

    CHECK(fact != NULL);
    TRY(codec_read_within(arena, &perch__admin__reply__descriptor, payload,
                          ADMIN_DECODE_REPLY_BYTES_MAX, &reply.head));
    if (reply.head->has_body) {
        TRY(codec_read_within(arena, fact->reply, codec_slice(reply.head->body),
                              ADMIN_DECODE_REPLY_BYTES_MAX, &reply.body));
    }
    *reply_out = reply;
    return ERROR_NONE;
}
