/* Passwords in adapters' outputs. */
#include "tests/unit/test.h"

#include "node/chat/adapter_output.h"

static void assert_shown(const char *output, const char *wanted)
{
    struct buffer shown = BUFFER_EMPTY;

    adapter_output_show(slice_of_text(output), &shown);
    buffer_append(&shown, "", 1);
    assert_string_equal((const char *)shown.data, wanted);
    assert_int_equal(adapter_output_hides(slice_of_text(output)),
                     strcmp(output, wanted) != 0);
    buffer_deinit(&shown);
}

static void test_output__has_none(void **state)
{
    (void)state;
    assert_shown("", "");
    assert_shown("vault/of pwd", "vault/of pwd");
    assert_shown("/srv/passwords", "/srv/passwords");
    assert_shown("host=db dbname=archive passfile=/etc/pg",
                 "host=db dbname=archive passfile=/etc/pg");
    assert_shown("postgresql://archive@db:5432/archive",
                 "postgresql://archive@db:5432/archive");
    assert_shown("smtp://mail:25?from=a@example.com&to=b@example.com",
                 "smtp://mail:25?from=a@example.com&to=b@example.com");
    assert_shown("host=db password=", "host=db password=");
}

static void test_output__in_a_url(void **state)
{
    (void)state;
    assert_shown("postgresql://archive:s3:c/r@t@db:5432/archive",
                 "postgresql://archive:***@db:5432/archive");
    assert_shown("postgresql://a:b@db/archive?password=c&x=d",
                 "postgresql://a:***@db/archive?password=***");
    assert_shown("postgresql://a:password=b@db/archive",
                 "postgresql://a:***@db/archive");
}

static void test_output__named(void **state)
{
    (void)state;
    assert_shown("host=db PassWord = 'a b' user=c", "host=db PassWord = ***");
    assert_shown("password password=a", "password password=***");
    assert_shown("Server=db;Pwd=a", "Server=db;Pwd=***");
    assert_shown("pwd=a password=b", "pwd=***");
    assert_shown("sslpassword=a", "sslpassword=***");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output__has_none),
        cmocka_unit_test(test_output__in_a_url),
        cmocka_unit_test(test_output__named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
