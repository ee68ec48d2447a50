#include "tests/unit/http_scene.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/raw_http.h"

enum { SLOW_CLIENTS = 300 };

/* A route's page comes with its type, is never cached, and HEAD is the same
 * without the body. */
static void test_http__serves_get_and_head(void **state)
{
    struct scene *scene = *state;

    assert_serves(scene);
    assert_holds(scene, "\r\nContent-Type: text/plain; charset=utf-8\r\n");
    assert_holds(scene, "\r\nCache-Control: no-store\r\n");
    assert_holds(scene, "\r\nContent-Length: 6\r\n");
    ask(scene, "HEAD /hello");
    assert_status(scene, 200);
    assert_holds(scene, "\r\nContent-Length: 6\r\n");
    assert_null(strstr(text_of(scene), "hello\n"));
    ask(scene, "GET /hello?x=1&loud");
    assert_holds(scene, "\r\n\r\nHELLO\n");
    ask(scene, "GET /hello?loud=no");
    assert_holds(scene, "\r\n\r\nHELLO\n");
    ask(scene, "GET /hello?louder");
    assert_holds(scene, "\r\n\r\nhello\n");
    ask(scene, "GET /h%65llo");
    assert_status(scene, 200);
}

/* What is not in the table is 404; what is there, but not so, is 405 and says
 * how. A page that could not be made whole is 503, not half a page. */
static void test_http__says_what_is_not_there(void **state)
{
    struct scene *scene = *state;

    ask(scene, "GET /");
    assert_status(scene, 404);
    ask(scene, "POST /nowhere");
    assert_status(scene, 404);
    ask(scene, "GET /hello/");
    assert_status(scene, 404);
    ask(scene, "DELETE /hello");
    assert_status(scene, 405);
    assert_holds(scene, "\r\nAllow: GET, HEAD, POST\r\n");
    ask(scene, "POST /big");
    assert_status(scene, 405);
    assert_holds(scene, "\r\nAllow: GET, HEAD\r\n");
    ask(scene, "get /hello");
    assert_status(scene, 405);
    ask(scene, "GET /poor");
    assert_status(scene, 503);
    assert_null(strstr(text_of(scene), "half"));
}

/* Requests sent without waiting are answered one after the other, in order, and
 * the connection stays. */
static void test_http__answers_pipelined_requests_in_order(void **state)
{
    struct scene *scene = *state;
    int connection = raw_connect(scene->port);

    raw_send_text(connection, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
                              "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
                              "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n"
                              "GET /hello?loud HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(raw_read_reply(connection, false, &scene->reply));
    assert_holds(scene, "\r\n\r\nhello\n");
    assert_true(raw_read_reply(connection, false, &scene->reply));
    assert_status(scene, 404);
    assert_true(raw_read_reply(connection, true, &scene->reply));
    assert_status(scene, 200);
    assert_true(raw_read_reply(connection, false, &scene->reply));
    assert_holds(scene, "\r\n\r\nHELLO\n");
    raw_send_text(connection, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(raw_read_reply(connection, false, &scene->reply));
    assert_holds(scene, "\r\n\r\nhello\n");
    close(connection);
}

/* A request may come byte by byte. */
static void test_http__takes_a_request_in_pieces(void **state)
{
    static const char request[] =
        "GET /hello?loud HTTP/1.1\r\nHost:x\r\nAccept: \r\nX-Y: \ta b \r\n\r\n";
    struct scene *scene = *state;
    int connection = raw_connect(scene->port);

    for (size_t i = 0; i < sizeof(request) - 1; i++) {
        assert_true(raw_send(connection, request + i, 1));
        if (i % 16 == 0) {
            usleep(1000);
        }
    }
    assert_true(raw_read_reply(connection, false, &scene->reply));
    assert_status(scene, 200);
    assert_holds(scene, "HELLO");
    close(connection);
}

/* A client that sends a byte now and then, one that sends nothing, and one that
 * does not read are each cut off in time, nobody else notices, and waiting for
 * them costs no processor time. */
static void test_http__cuts_off_who_lets_it_wait(void **state)
{
    struct scene *scene = *state;
    const struct http_meters *meters = http_meters(scene->http);
    int drip = raw_connect(scene->port), mute = raw_connect(scene->port);
    int deaf = raw_connect(scene->port);
    uint64_t begin_ms = now_ms();
    clock_t begin_cpu = clock();
    bool open = true;

    raw_send_text(drip, "GET /hello HTTP/1.1\r\nX: ");
    raw_send_text(deaf, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    while (open && now_ms() - begin_ms < RAW_WAIT_MS) {
        uint64_t asked_ms = now_ms();

        assert_serves(scene);
        assert_true(now_ms() - asked_ms < WAIT_MS);
        usleep(20000);
        open = raw_send_text(drip, "a");
    }
    assert_false(open);
    assert_true(now_ms() - begin_ms >= WAIT_MS);
    assert_true((clock() - begin_cpu) / (CLOCKS_PER_SEC / 1000) < WAIT_MS / 2);
    assert_true(raw_read_end(mute, &scene->reply));
    assert_int_equal(scene->reply.len, 0);
    assert_true(raw_read_end(deaf, &scene->reply));
    assert_true(scene->reply.len < BIG_BYTES);
    assert_int_equal(meter_count(&meters->clients.timed_out), 3);
    assert_int_equal(meter_count(&meters->refused[HTTP_FAULT_UNREAD]), 1);
    close(drip);
    close(mute);
    close(deaf);
}

/* A big page reaches a client that reads. */
static void test_http__sends_big_pages_whole(void **state)
{
    struct scene *scene = *state;

    ask(scene, "GET /big");
    assert_status(scene, 200);
    assert_true(scene->reply.len > BIG_BYTES);
}

/* However many connections are held open half-way, the next client is served at
 * once: newcomers displace who has waited longest. */
static void test_http__serves_through_a_crowd(void **state)
{
    struct scene *scene = *state;
    const struct http_meters *meters = http_meters(scene->http);
    int crowd[SLOW_CLIENTS];

    for (int i = 0; i < SLOW_CLIENTS; i++) {
        crowd[i] = raw_connect(scene->port);
        assert_true(crowd[i] >= 0);
        raw_send_text(crowd[i], "GET /hello HTTP/1.1\r\n");
        if (i % 10 == 9) {
            assert_serves(scene);
        }
    }
    assert_true(meter_level(&meters->clients.connected) <= HTTP_CLIENTS_MAX);
    assert_true(meter_count(&meters->clients.displaced) > 0);
    assert_true(meter_count(&meters->clients.displaced) +
                    meter_count(&meters->clients.timed_out) >=
                SLOW_CLIENTS - HTTP_CLIENTS_MAX);
    for (int i = 0; i < SLOW_CLIENTS; i++) {
        close(crowd[i]);
    }
    for (int i = 0; i < 100 && meter_level(&meters->clients.connected) > 0;
         i++) {
        usleep(10000);
    }
    assert_int_equal(meter_level(&meters->clients.connected), 0);
}

/* An address that cannot be listened at is an error that names it, not a
 * server nobody reaches. */
static void test_http_open__refuses_an_address_in_use(void **state)
{
    struct scene *scene = *state;
    struct http_options options = {.host = "127.0.0.1", .port = scene->port};
    struct loop *loop = loop_new();
    struct http *http = NULL;

    assert_int_equal(http_open(&http, loop, &options, NULL, 0), ERROR_IO);
    assert_null(http);
    options.host = "no such host";
    assert_int_equal(http_open(&http, loop, &options, NULL, 0),
                     ERROR_NOT_FOUND);
    assert_null(http);
    loop_free(loop);
    assert_serves(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_http__serves_get_and_head, http_set_up, http_tear_down),
        RUN_IN(test_http__says_what_is_not_there, http_set_up, http_tear_down),
        RUN_IN(test_http__answers_pipelined_requests_in_order, http_set_up,
               http_tear_down),
        RUN_IN(test_http__takes_a_request_in_pieces, http_set_up,
               http_tear_down),
        RUN_IN(test_http__cuts_off_who_lets_it_wait, http_set_up_hasty,
               http_tear_down),
        RUN_IN(test_http__sends_big_pages_whole, http_set_up, http_tear_down),
        RUN_IN(test_http__serves_through_a_crowd, http_set_up, http_tear_down),
        RUN_IN(test_http_open__refuses_an_address_in_use, http_set_up,
               http_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
