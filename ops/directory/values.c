#include "ops/directory/values.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "node/chat/limits.h"
#include "node/chat/text.h"

char *value_fold(struct roster *roster, const char *text)
{
    char *folded = roster_text(roster, text);

    text_fold((uint8_t *)folded, slice_of_text(text));
    return folded;
}

/* An address as a SIP URI: "sip:..." as it is, "name@domain" of an attribute
 * that has no other kinds. NULL when it is none. */
static const char *address_of(struct roster *roster, const char *attribute,
                              const char *value)
{
    char uri[URI_BYTES_MAX + 8];
    bool has_kinds = strcasecmp(attribute, "proxyAddresses") == 0;

    if (strncasecmp(value, "sip:", 4) == 0) {
        snprintf(uri, sizeof(uri), "sip:%s", value + 4);
    } else if (has_kinds || strchr(value, ':') != NULL) {
        return NULL;
    } else {
        snprintf(uri, sizeof(uri), "sip:%s", value);
    }
    return text_is_sip_uri(slice_of_text(uri)) ? value_fold(roster, uri) : NULL;
}

/* The least of an attribute's addresses; *odd gets a value that is none. */
static const char *find_address(struct roster *roster,
                                const struct entry *entry, const char *name,
                                const char **odd)
{
    const struct attribute *attribute = entry_attribute(entry, name);
    const char *found = NULL;

    for (size_t i = 0; attribute != NULL && i < attribute->n; i++) {
        const char *uri = address_of(roster, name, attribute->values[i]);

        if (uri == NULL) {
            *odd = attribute->values[i];
        } else if (found == NULL || strcmp(uri, found) < 0) {
            found = uri;
        }
    }
    return found;
}

const char *value_address(struct roster *roster,
                          const struct mapping_names *names,
                          const struct entry *entry)
{
    const char *uri = NULL, *odd = NULL;

    for (size_t i = 0; uri == NULL && i < names->n; i++) {
        uri = find_address(roster, entry, names->all[i], &odd);
    }
    if (uri == NULL && odd != NULL) {
        roster_complain(roster, "%.400s: \"%.300s\" is no address of a user",
                        entry->dn, odd);
    }
    return uri;
}

/* One line of as many characters as a name may have; what is no text has no
 * name. */
const char *value_name(struct roster *roster, const char *value)
{
    struct slice text = slice_of_text(value);
    uint64_t characters;
    char *clean;

    if (text_check(text, &characters) == TEXT_NOT_UTF8) {
        return "";
    }
    clean = roster_text(roster, value);
    characters = 0;
    for (char *at = clean; *at != '\0'; at++) {
        characters += ((unsigned char)*at & 0xc0) != 0x80;
        if (characters > NAME_CHARACTERS_MAX) {
            *at = '\0';
            break;
        }
        if ((unsigned char)*at < ' ') {
            *at = ' ';
        }
    }
    return text_check_line(slice_of_text(clean), NAME_CHARACTERS_MAX,
                           OUTCOME_NAME_TOO_LONG) == OUTCOME_DONE
               ? clean
               : "";
}

const char *value_first_name(struct roster *roster, const struct entry *entry,
                             const struct mapping_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        const char *value = entry_value(entry, names->all[i]);

        if (value != NULL && value[0] != '\0') {
            return value_name(roster, value);
        }
    }
    return "";
}
