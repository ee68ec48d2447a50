/* What a person types, or a program says, becomes an order or a complaint;
 * never another order. */
#include "ops/perch/order.h"

#include <stdlib.h>

#include "tests/unit/test.h"

static struct order typed(const char *line)
{
    struct order order;
    const char *wrong = order_read_line(&order, slice_of_text(line));

    assert_null(wrong);
    return order;
}

/* What begins with a slash is a command, all else a text. */
static void test_order_read_line__kinds(void **state)
{
    static const struct {
        const char *line;
        enum order_kind kind;
        const char *text, *room;
    } lines[] = {
        {"hello", ORDER_POST, "hello", ""},
        {" /join x", ORDER_POST, " /join x", ""},
        {"//join x", ORDER_POST, "/join x", ""},
        {"/alert  fire ", ORDER_POST, "fire", ""},
        {"/join  Tide Desk ", ORDER_JOIN, "", "Tide Desk"},
        {"/part", ORDER_PART, "", ""},
        {"/history", ORDER_HISTORY, "", ""},
        {"/history 500", ORDER_HISTORY, "", ""},
        {"/rooms", ORDER_ROOMS, "", ""},
        {"/rooms a b", ORDER_ROOMS, "a b", ""},
        {"/who", ORDER_WHO, "", ""},
        {"/help ", ORDER_HELP, "", ""},
        {"/quit", ORDER_QUIT, "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct order order = typed(lines[i].line);

        assert_int_equal(order.kind, lines[i].kind);
        assert_true(slice_equal_text(order.text, lines[i].text));
        assert_true(slice_equal_text(order.room, lines[i].room));
        assert_int_equal(order.is_alert, lines[i].line[1] == 'a');
    }
    assert_int_equal(typed("/history 7").most, 7);
    assert_int_equal(typed("/history").most, 20);
}

/* A slip of the finger is not posted. */
static void test_order_read_line__wrong(void **state)
{
    static const char *const lines[] = {
        "",           "/",           "/jion x",      "/join",
        "/join ",     "/history 0",  "/history 501", "/history 99999999999",
        "/history x", "/history -1", "/part x",      "/quit now",
        "/alert",     "/who x",      "/POST x",
    };
    struct order order;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_non_null(order_read_line(&order, slice_of_text(lines[i])));
    }
}

static const char *read_json(struct order *order, const char *text,
                             json_t **object_out)
{
    *object_out = json_loads(text, 0, NULL);
    return order_read_json(order, *object_out);
}

/* Each member where it belongs; what is not given has its usual value. */
static void test_order_read_json__members(void **state)
{
    struct order order;
    json_t *object;

    (void)state;
    assert_null(read_json(&order,
                          "{\"op\":\"post\",\"room\":\"r\",\"text\":\"t\","
                          "\"alert\":true,\"retry_id\":\"i\",\"tag\":[1]}",
                          &object));
    assert_int_equal(order.kind, ORDER_POST);
    assert_true(slice_equal_text(order.room, "r"));
    assert_true(slice_equal_text(order.text, "t"));
    assert_true(slice_equal_text(order.retry_id, "i"));
    assert_true(order.is_alert);
    assert_true(json_is_array(order.tag));
    json_decref(object);
    assert_null(read_json(&order, "{\"op\":\"join\",\"room\":\"r\"}", &object));
    assert_int_equal(order.most, 0);
    json_decref(object);
    assert_null(read_json(
        &order, "{\"op\":\"history\",\"room\":\"r\",\"after\":0,\"most\":3}",
        &object));
    assert_true(order.has_after);
    assert_int_equal(order.after_id, 0);
    assert_int_equal(order.most, 3);
    json_decref(object);
    assert_null(
        read_json(&order, "{\"op\":\"history\",\"room\":\"r\"}", &object));
    assert_false(order.has_after);
    assert_int_equal(order.most, 20);
    json_decref(object);
}

/* What is not an order is not guessed at. */
static void test_order_read_json__wrong(void **state)
{
    static const char *const texts[] = {
        "x",
        "[]",
        "\"post\"",
        "{}",
        "{\"op\":\"help\"}",
        "{\"op\":\"POST\",\"room\":\"r\",\"text\":\"t\"}",
        "{\"op\":\"post\",\"room\":\"r\"}",
        "{\"op\":\"post\",\"text\":\"t\"}",
        "{\"op\":\"post\",\"room\":\"\",\"text\":\"t\"}",
        "{\"op\":\"post\",\"room\":\"r\",\"text\":[\"t\"]}",
        "{\"op\":\"post\",\"room\":\"r\",\"text\":\"t\",\"retry_id\":1}",
        "{\"op\":\"join\",\"room\":\"r\",\"last\":\"1\"}",
        "{\"op\":\"join\",\"room\":\"r\",\"last\":501}",
        "{\"op\":\"history\",\"room\":\"r\",\"most\":0}",
        "{\"op\":\"history\",\"room\":\"r\",\"after\":1.5}",
        "{\"op\":\"history\",\"room\":\"r\",\"after\":-1}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct order order;
        json_t *object;

        assert_non_null(read_json(&order, texts[i], &object));
        json_decref(object);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_read_line__kinds),
        cmocka_unit_test(test_order_read_line__wrong),
        cmocka_unit_test(test_order_read_json__members),
        cmocka_unit_test(test_order_read_json__wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
