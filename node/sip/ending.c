#include "node/sip/ending.h"

#include "proto/base/check.h"

#define ENDING_INFO(name, text, level) {text, JOURNAL_##level},
static const struct {
    const char *name;
    enum journal_level level;
} endings[ENDING_COUNT] = {ENDING_LIST(ENDING_INFO)};
#undef ENDING_INFO

const char *ending_name(enum ending ending)
{
    CHECK((unsigned)ending < ENDING_COUNT);
    return endings[ending].name;
}

enum journal_level ending_level(enum ending ending)
{
    CHECK((unsigned)ending < ENDING_COUNT);
    return endings[ending].level;
}
