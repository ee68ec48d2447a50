#include "tests/unit/config_text.h"

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void config_of_text(const char *text, struct config *config)
{
    char path[] = "/tmp/perch-config-XXXXXX", error[CONFIG_ERROR_BYTES] = "";
    int fd = mkstemp(path);
    enum error result;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    result = config_load(path, config, error);
    unlink(path);
    assert_string_equal(error, "");
    assert_int_equal(result, ERROR_NONE);
}
