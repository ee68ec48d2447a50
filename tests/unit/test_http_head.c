#include "tests/unit/http_scene.h"

#include <stdbool.h>
#include <string.h>

#include "tests/unit/raw_http.h"

enum { MUTATIONS = 2000 };

#define SMUGGLED "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
#define LINE     "GET /hello HTTP/1.1\r\n"
#define HOST     "Host: x\r\n"
#define BYTES(text)                                                            \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

struct hostile {
    struct {
        const char *bytes;
        size_t len;
    } request;
    unsigned status; /* 0: closed without a reply. */
    enum http_fault fault;
};

/* Every one is followed by bytes that would be a request of their own if the
 * end of this one were taken to be elsewhere. */
static const struct hostile hostile[] = {
    {BYTES(LINE HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "0\r\n\r\n" SMUGGLED),
     400, HTTP_FAULT_LENGTHS},
    {BYTES(LINE HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
                     "0\r\n\r\n" SMUGGLED),
     400, HTTP_FAULT_LENGTHS},
    {BYTES(LINE HOST
           "Content-Length: 0\r\nContent-Length: 35\r\n\r\n" SMUGGLED),
     400, HTTP_FAULT_LENGTHS},
    {BYTES(LINE HOST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" SMUGGLED),
     400, HTTP_FAULT_LENGTHS},
    {BYTES(LINE HOST "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n"
                     "\r\n0\r\n\r\n" SMUGGLED),
     400, HTTP_FAULT_LENGTHS},
    {BYTES(LINE HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED),
     413, HTTP_FAULT_BODY},
    {BYTES(LINE HOST "Content-Length: 35\r\n\r\n" SMUGGLED), 413,
     HTTP_FAULT_BODY},
    {BYTES(LINE HOST "Content-Length: 00\r\n\r\n" SMUGGLED), 413,
     HTTP_FAULT_BODY},
    {BYTES(LINE HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" SMUGGLED),
     400, HTTP_FAULT_FIELD},
    {BYTES(LINE HOST "Content-Length\t: 35\r\n\r\n" SMUGGLED), 400,
     HTTP_FAULT_FIELD},
    {BYTES(LINE HOST "X: a\r\n b\r\n\r\n" SMUGGLED), 400, HTTP_FAULT_FIELD},
    {BYTES(LINE HOST "X: a\r\n\tTransfer-Encoding: chunked\r\n\r\n" SMUGGLED),
     400, HTTP_FAULT_FIELD},
    {BYTES(LINE " " HOST "\r\n" SMUGGLED), 400, HTTP_FAULT_FIELD},
    {BYTES(LINE HOST "X: a\rb\r\n\r\n" SMUGGLED), 400, HTTP_FAULT_FIELD},
    {BYTES(LINE HOST "X: a\0b\r\n\r\n" SMUGGLED), 400, HTTP_FAULT_LINE_END},
    {BYTES(LINE HOST "X: a\0\0Y: b\r\n\r\n" SMUGGLED), 400,
     HTTP_FAULT_LINE_END},
    {BYTES(LINE HOST "X:\0\0Content-Length: 35\r\nZ: b\r\n\r\n" SMUGGLED), 400,
     HTTP_FAULT_FIELD},
    {BYTES(LINE HOST "X\0: a\r\n\r\n" SMUGGLED), 400, HTTP_FAULT_UNREAD},
    {BYTES(LINE HOST "X: \x01\r\n\r\n" SMUGGLED), 400, HTTP_FAULT_FIELD},
    {BYTES(LINE HOST "X(: a\r\n\r\n" SMUGGLED), 400, HTTP_FAULT_FIELD},
    {BYTES(LINE HOST ": a\r\n\r\n" SMUGGLED), 400, HTTP_FAULT_LINE_END},
    {BYTES(LINE HOST ":\r\n\r\n" SMUGGLED), 400, HTTP_FAULT_LINE_END},
    {BYTES(LINE ":\r\n" HOST "\r\n" SMUGGLED), 400, HTTP_FAULT_FIELD},
    {BYTES(LINE HOST "nothing\r\n\r\n" SMUGGLED), 400, HTTP_FAULT_UNREAD},
    {BYTES("GET /hello HTTP/1.1\n" HOST "\r\n" SMUGGLED), 400,
     HTTP_FAULT_LINE_END},
    {BYTES(LINE "Host: x\n\r\n" SMUGGLED), 400, HTTP_FAULT_LINE_END},
    {BYTES(LINE "Host: x\nX: a\r\n\r\n" SMUGGLED), 400, HTTP_FAULT_LINE_END},
    {BYTES(LINE "Host: x\n\n" SMUGGLED), 400, HTTP_FAULT_LINE_END},
    {BYTES(LINE HOST "\n" SMUGGLED), 400, HTTP_FAULT_LINE_END},
    {BYTES("GET /hello HTTP/1.0\n\n" SMUGGLED), 400, HTTP_FAULT_LINE_END},
    {BYTES(LINE "\r\n" SMUGGLED), 400, HTTP_FAULT_HOST},
    {BYTES(LINE HOST "host: y\r\n\r\n" SMUGGLED), 400, HTTP_FAULT_HOST},
    {BYTES("GET http://x/hello HTTP/1.1\r\n" HOST "\r\n" SMUGGLED), 400,
     HTTP_FAULT_TARGET},
    {BYTES("OPTIONS * HTTP/1.1\r\n" HOST "\r\n" SMUGGLED), 400,
     HTTP_FAULT_TARGET},
    {BYTES("GET /hello%00 HTTP/1.1\r\n" HOST "\r\n" SMUGGLED), 400,
     HTTP_FAULT_TARGET},
    {BYTES("GET /hello?\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n" SMUGGLED), 400,
     HTTP_FAULT_TARGET},
    {BYTES("GET  /hello HTTP/1.1\r\n" HOST "\r\n" SMUGGLED), 400,
     HTTP_FAULT_LINE},
    {BYTES("GET /hello  HTTP/1.1\r\n" HOST "\r\n" SMUGGLED), 400,
     HTTP_FAULT_TARGET},
    {BYTES("GET\r\n" HOST "\r\n" SMUGGLED), 0, HTTP_FAULT_NONE},
    {BYTES("G(T /hello HTTP/1.1\r\n" HOST "\r\n" SMUGGLED), 400,
     HTTP_FAULT_LINE},
    {BYTES("GET /hello HTTP/1.2\r\n" HOST "\r\n" SMUGGLED), 505,
     HTTP_FAULT_VERSION},
    {BYTES(LINE HOST "Content-Length: -1\r\n\r\n" SMUGGLED), 400,
     HTTP_FAULT_UNREAD},
    {BYTES(LINE HOST "Content-Length: 99999999999999999999\r\n\r\n" SMUGGLED),
     413, HTTP_FAULT_UNREAD},
};

/* How many replies of ours a row may get. The library's own replies to a wrong
 * Content-Length have their head twice (0.9.75), so they are not counted. */
static int expected_replies(const struct hostile *row)
{
    return row->status != 0 && row->fault != HTTP_FAULT_UNREAD;
}

/* A request whose end two readers could see differently is refused, counted by
 * what was wrong with it, and nothing that follows it is read. */
static void test_http__refuses_what_is_not_to_the_letter(void **state)
{
    struct scene *scene = *state;
    const struct http_meters *meters = http_meters(scene->http);

    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        const struct hostile *row = &hostile[i];
        uint64_t before = meter_count(&meters->refused[row->fault]);

        if (!raw_exchange(scene->port, row->request.bytes, row->request.len,
                          &scene->reply)) {
            fail_msg("row %zu: still open: %.100s", i, text_of(scene));
        }
        if (raw_count(&scene->reply, OURS) != expected_replies(row)) {
            fail_msg("row %zu: %.400s", i, text_of(scene));
        }
        if (row->status != 0) {
            assert_status(scene, row->status);
            if (meter_count(&meters->refused[row->fault]) != before + 1) {
                fail_msg("row %zu: another fault: %.200s", i, text_of(scene));
            }
        }
    }
    assert_serves(scene);
}

/* Heads that are too large in any way are refused, in bounded memory. */
static void test_http__bounds_the_head(void **state)
{
    struct scene *scene = *state;
    struct buffer request = BUFFER_EMPTY;

    buffer_append_text(&request, LINE HOST "X: ");
    for (int i = 0; i < HTTP_MEMORY_BYTES_MAX; i++) {
        buffer_append_text(&request, "a");
    }
    raw_exchange(scene->port, request.data, request.len, &scene->reply);
    assert_status(scene, 431);

    buffer_clear(&request);
    buffer_append_text(&request, "GET /");
    for (int i = 0; i < HTTP_MEMORY_BYTES_MAX; i++) {
        buffer_append_text(&request, "a");
    }
    raw_exchange(scene->port, request.data, request.len, &scene->reply);
    assert_status(scene, 414);

    buffer_clear(&request);
    buffer_append_text(&request, LINE HOST);
    for (int i = 1; i < HTTP_FIELDS_MAX; i++) {
        buffer_append_text(&request, "X: a\r\n");
    }
    buffer_append_text(&request, "Connection: close\r\n\r\n");
    raw_exchange(scene->port, request.data, request.len, &scene->reply);
    assert_status(scene, 431);
    buffer_deinit(&request);
    assert_serves(scene);
}

static uint64_t draw(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

/* Change a few bytes of a request: overwrite, cut out or double. */
static void mutate(struct buffer *request, uint64_t *random)
{
    static const uint8_t favourites[] = "\r\n\0 :\t/%?HTTP";

    for (uint64_t n = 1 + draw(random) % 4; n > 0; n--) {
        size_t at = draw(random) % request->len;
        uint8_t *byte = request->data + at;

        switch (draw(random) % 4) {
        case 0:
            *byte = (uint8_t)draw(random);
            break;
        case 1:
            *byte = favourites[draw(random) % sizeof(favourites)];
            break;
        case 2:
            memmove(byte, byte + 1, request->len - at - 1);
            request->len--;
            break;
        default:
            buffer_append(request, " ", 1);
            byte = request->data + at;
            memmove(byte + 1, byte, request->len - at - 1);
            break;
        }
    }
}

/* Send a request with a sound one behind it, and read all replies. Judge them:
 * two when the first was taken, none of ours after a refusal. */
static void exchange_mutated(struct scene *scene, struct buffer *request)
{
    bool refused;

    buffer_append_text(request, "GET /hello HTTP/1.1\r\nHost: x\r\n"
                                "Connection: close\r\n\r\n");
    if (!raw_exchange(scene->port, request->data, request->len,
                      &scene->reply)) {
        fail_msg("still open: %.*s", SLICE_PRINT(buffer_slice(request)));
    }
    refused = strncmp(text_of(scene), "HTTP/1.1 200", 12) != 0 &&
              strncmp(text_of(scene), "HTTP/1.1 404", 12) != 0 &&
              strncmp(text_of(scene), "HTTP/1.1 405", 12) != 0;
    if (raw_count(&scene->reply, OURS) > (refused ? 1 : 2)) {
        fail_msg("%.*s: %.600s", SLICE_PRINT(buffer_slice(request)),
                 text_of(scene));
    }
}

/* No request, however spoilt, stops the server or lets what follows a refusal
 * be read as a request. */
static void test_http__survives_mutated_requests(void **state)
{
    static const char sound[] = "GET /hello?loud HTTP/1.1\r\nHost: x\r\n"
                                "Accept: */*\r\nContent-Length: 0\r\n\r\n";
    struct scene *scene = *state;
    struct buffer request = BUFFER_EMPTY;
    uint64_t random = 0x2545f4914f6cdd1d;

    for (int i = 0; i < MUTATIONS; i++) {
        buffer_clear(&request);
        buffer_append(&request, sound, sizeof(sound) - 1);
        mutate(&request, &random);
        exchange_mutated(scene, &request);
    }
    buffer_deinit(&request);
    assert_serves(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_http__refuses_what_is_not_to_the_letter, http_set_up,
               http_tear_down),
        RUN_IN(test_http__bounds_the_head, http_set_up, http_tear_down),
        RUN_IN(test_http__survives_mutated_requests, http_set_up,
               http_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
