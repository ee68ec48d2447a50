/* The manual's list of settings, made of their table. */
#include <inttypes.h>
#include <stdio.h>

#include "node/config_table.h"

#define MiB (1024ull * 1024)
#define GiB (1024 * MiB)

/* In the largest unit that shows the number whole. */
static void write_amount(const struct setting *setting, uint64_t number,
                         char *to, size_t bytes)
{
    static const struct {
        enum setting_kind kind;
        uint64_t size;
        const char *name;
    } units[] = {{SETTING_SIZE, GiB, "GiB"},  {SETTING_SIZE, MiB, "MiB"},
                 {SETTING_SIZE, 1, "B"},      {SETTING_DURATION, 1000, "s"},
                 {SETTING_DURATION, 1, "ms"}, {SETTING_NUMBER, 1, ""}};
    size_t i = 0;

    while (units[i].kind != setting->kind || number % units[i].size != 0) {
        i++; /* Each kind ends with a unit of 1. */
    }
    snprintf(to, bytes, "%" PRIu64 "%s", number / units[i].size,
             number == 0 ? "" : units[i].name);
}

static void write_range(const struct setting *setting, char *to, size_t bytes)
{
    char least[32], most[32];

    snprintf(to, bytes, "%s",
             setting->kind == SETTING_BOOLEAN ? "yes, no" : "-");
    if (setting->most > 0) {
        write_amount(setting, setting->least, least, sizeof(least));
        write_amount(setting, setting->most, most, sizeof(most));
        snprintf(to, bytes, "%s to %s", least, most);
    }
}

void config_table_describe(const struct setting_table *table, FILE *to)
{
    fprintf(to, "%-8s %-28s %-24s %-18s %s\n", "section", "key", "default",
            "range", "meaning");
    for (size_t i = 0; i < table->n; i++) {
        char range[80];

        write_range(&table->settings[i], range, sizeof(range));
        fprintf(to, "%-8s %-28s %-24s %-18s %s\n", table->settings[i].section,
                table->settings[i].key,
                table->settings[i].initial == NULL ? "-"
                                                   : table->settings[i].initial,
                range, table->settings[i].meaning);
    }
}
