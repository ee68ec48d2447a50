#include "node/chat/setting.h"

#include "proto/base/check.h"

static const struct setting_fact facts[SETTINGS] = {
#define SETTING_ROW(name, standard, least, most, text)                         \
    [SETTING_##name] = {#name, text, standard, least, most},
    SETTING_LIST(SETTING_ROW)
#undef SETTING_ROW
};

const struct setting_fact *setting_fact(enum setting setting)
{
    CHECK((unsigned)setting < SETTINGS);
    return &facts[setting];
}

bool setting_find(struct slice name, enum setting *setting_out)
{
    for (int i = 0; i < SETTINGS; i++) {
        if (slice_equal_nocase(name, slice_of_text(facts[i].name))) {
            *setting_out = (enum setting)i;
            return true;
        }
    }
    return false;
}

bool setting_allows(enum setting setting, uint32_t value)
{
    const struct setting_fact *fact = setting_fact(setting);

    return value >= fact->least && value <= fact->most;
}
