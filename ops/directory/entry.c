#include "ops/directory/entry.h"

#include <ldap.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/chat/text.h"
#include "ops/directory/roster.h"
#include "proto/base/check.h"

enum { ARENA_BYTES = 64 * 1024 };

void entries_init(struct entries *entries)
{
    memset(entries, 0, sizeof(*entries));
    entries->arena = arena_new(ARENA_BYTES);
    CHECK(entries->arena != NULL);
}

void entries_deinit(struct entries *entries)
{
    free(entries->all);
    arena_free(entries->arena);
    memset(entries, 0, sizeof(*entries));
}

static void *take(struct arena *arena, size_t bytes)
{
    void *memory = arena_alloc(arena, bytes);

    CHECK(memory != NULL);
    return memory;
}

struct entry *entries_add(struct entries *entries, const char *dn)
{
    struct entry *entry;

    entries->all = roster_grow(entries->all, entries->n, &entries->room,
                               sizeof(*entries->all));
    entry = &entries->all[entries->n++];
    *entry = (struct entry){
        .dn = arena_copy(entries->arena, slice_of_text(dn)),
        .attributes = take(entries->arena,
                           ENTRY_ATTRIBUTES_MAX * sizeof(*entry->attributes)),
    };
    CHECK(entry->dn != NULL);
    return entry;
}

struct attribute *entries_attribute(struct entries *entries,
                                    struct entry *entry, const char *name,
                                    size_t more)
{
    struct attribute *attribute =
        (struct attribute *)(uintptr_t)entry_attribute(entry, name);
    const char **values;

    if (attribute == NULL) {
        CHECK(entry->n < ENTRY_ATTRIBUTES_MAX);
        attribute = &entry->attributes[entry->n++];
        attribute->name = arena_copy(entries->arena, slice_of_text(name));
        CHECK(attribute->name != NULL);
    }
    values = take(entries->arena, (attribute->n + more + 1) * sizeof(*values));
    if (attribute->n > 0) {
        memcpy(values, attribute->values, attribute->n * sizeof(*values));
    }
    attribute->values = values;
    return attribute;
}

const struct attribute *entry_attribute(const struct entry *entry,
                                        const char *name)
{
    for (size_t i = 0; i < entry->n; i++) {
        if (strcasecmp(entry->attributes[i].name, name) == 0) {
            return &entry->attributes[i];
        }
    }
    return NULL;
}

const char *entry_value(const struct entry *entry, const char *name)
{
    const struct attribute *attribute = entry_attribute(entry, name);
    const char *least = NULL;

    for (size_t i = 0; attribute != NULL && i < attribute->n; i++) {
        if (least == NULL || strcmp(attribute->values[i], least) < 0) {
            least = attribute->values[i];
        }
    }
    return least;
}

static const char *fold(struct arena *arena, const char *text)
{
    char *folded = arena_copy(arena, slice_of_text(text));

    CHECK(folded != NULL);
    text_fold((uint8_t *)folded, slice_of_text(text));
    return folded;
}

const char *entry_fold_dn(struct arena *arena, const char *dn)
{
    char *normal = NULL;
    const char *folded = NULL;

    if (ldap_dn_normalize(dn, LDAP_DN_FORMAT_LDAP, &normal,
                          LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS &&
        normal != NULL && normal[0] != '\0') {
        folded = fold(arena, normal);
    }
    ldap_memfree(normal);
    return folded;
}

const char *entry_parent(const char *folded)
{
    for (const char *at = folded; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        } else if (*at == ',') {
            return at + 1;
        }
    }
    return NULL;
}

/* The first value of a name that is no domain component. */
static const struct berval *value_of(LDAPRDN rdn)
{
    const LDAPAVA *first = rdn[0];

    if (first == NULL || (first->la_attr.bv_len == 2 &&
                          strncasecmp(first->la_attr.bv_val, "dc", 2) == 0)) {
        return NULL;
    }
    return &first->la_value;
}

static char *write_path(struct arena *arena, LDAPDN parts, size_t bytes)
{
    char *path = take(arena, bytes + 1);
    size_t n = 0, len = 0;

    while (parts[n] != NULL) {
        n++;
    }
    while (n-- > 0) {
        const struct berval *value = value_of(parts[n]);

        if (value != NULL &&
            memchr(value->bv_val, '\0', value->bv_len) == NULL) {
            if (len > 0) {
                path[len++] = '/';
            }
            memcpy(path + len, value->bv_val, value->bv_len);
            len += value->bv_len;
        }
    }
    path[len] = '\0';
    return len == 0 ? NULL : path;
}

const char *entry_path(struct arena *arena, const char *dn)
{
    LDAPDN parts = NULL;
    const char *path = NULL;

    if (ldap_str2dn(dn, &parts, LDAP_DN_FORMAT_LDAP) == LDAP_SUCCESS &&
        parts != NULL) {
        /* Values are never longer than they are written, and each has "x=". */
        path = write_path(arena, parts, strlen(dn));
    }
    ldap_dnfree(parts);
    return path == NULL ? NULL : fold(arena, path);
}
