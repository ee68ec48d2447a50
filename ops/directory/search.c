/* Asking a server: page by page, part by part, and all of it or nothing. */
#include <string.h>

#include "ops/directory/range.h"
#include "ops/directory/server_parts.h"
#include "ops/directory/watchdog.h"
#include "ops/perchctl/wire.h"
#include "proto/base/check.h"

/* The library's own time-out comes first. */
enum { WATCHDOG_SLACK_MS = 500 };

/* Values are texts here; one with a NUL in it is none. */
static void take_values(struct entries *entries, struct entry *entry,
                        const char *name, struct berval **values)
{
    size_t n = (size_t)ldap_count_values_len(values);
    struct attribute *attribute = entries_attribute(entries, entry, name, n);

    for (size_t i = 0; i < n; i++) {
        struct slice value = slice_of(values[i]->bv_val, values[i]->bv_len);

        if (memchr(value.data, '\0', value.len) == NULL) {
            const char *copy = arena_copy(entries->arena, value);

            CHECK(copy != NULL);
            attribute->values[attribute->n++] = copy;
        }
    }
}

static int search_once(struct server *server, const char *base, int scope,
                       const char *filter, const char *const *attributes,
                       LDAPControl **controls, LDAPMessage **result_out)
{
    int code;

    if (wire_now_ms() >= server->end_ms) {
        return LDAP_TIMEOUT;
    }
    watchdog_start(server->timeout_ms + WATCHDOG_SLACK_MS);
    code = ldap_search_ext_s(server->ldap, base, scope, filter,
                             (char **)(uintptr_t)attributes, 0, controls, NULL,
                             &server->timeout, LDAP_NO_LIMIT, result_out);
    watchdog_stop();
    return code;
}

/* Take one attribute; of one that comes in parts, *part says which part. */
static enum error take_attribute(struct server *server, LDAPMessage *message,
                                 const char *description,
                                 struct entries *entries, struct entry *entry,
                                 struct range *part)
{
    struct berval **values;

    if (!range_read(description, part)) {
        return server_say(server->why, ERROR_MALFORMED,
                          "%.60s: the server gives an attribute \"%.60s\"",
                          entry->dn, description);
    }
    if (entry->n == ENTRY_ATTRIBUTES_MAX &&
        entry_attribute(entry, part->name) == NULL) {
        return server_say(server->why, ERROR_MALFORMED,
                          "%.60s: the server gives more than it was asked for",
                          entry->dn);
    }
    values = ldap_get_values_len(server->ldap, message, description);
    if (values != NULL) {
        take_values(entries, entry, part->name, values);
        ldap_value_free_len(values);
    }
    return ERROR_NONE;
}

/* Fetch the part behind one; *part becomes that. */
static enum error fetch_part(struct server *server, struct entries *entries,
                             struct entry *entry, struct range *part)
{
    char wanted[RANGE_NAME_BYTES];
    const char *const attributes[] = {wanted, NULL};
    LDAPMessage *result = NULL, *message;
    BerElement *ber = NULL;
    char *description;
    unsigned long first = part->last + 1;
    enum error error = ERROR_TRUNCATED;
    int code;

    range_next(part, wanted);
    code = search_once(server, entry->dn, LDAP_SCOPE_BASE, "(objectClass=*)",
                       attributes, NULL, &result);
    message = result == NULL ? NULL : ldap_first_entry(server->ldap, result);
    description = message == NULL
                      ? NULL
                      : ldap_first_attribute(server->ldap, message, &ber);
    if (code != LDAP_SUCCESS) {
        error = server_fail(server->ldap, wanted, code, server->why);
    } else if (description == NULL) {
        server_say(server->why, error, "%.100s: %.60s did not come", entry->dn,
                   wanted);
    } else {
        error =
            take_attribute(server, message, description, entries, entry, part);
    }
    if (error == ERROR_NONE && (!part->ranged || part->first != first)) {
        error = server_say(server->why, ERROR_TRUNCATED,
                           "%.100s: asked for %.60s, "
                           "got another part",
                           entry->dn, wanted);
    }
    ldap_memfree(description);
    ber_free(ber, 0);
    ldap_msgfree(result);
    return error;
}

static enum error fetch_parts(struct server *server, struct entries *entries,
                              struct entry *entry, struct range *part)
{
    for (int i = 0; part->ranged && !part->is_last; i++) {
        if (i == SERVER_RANGES_MAX) {
            return server_say(server->why, ERROR_TOO_LARGE,
                              "%.100s: more than %d parts of one attribute",
                              entry->dn, SERVER_RANGES_MAX);
        }
        TRY(fetch_part(server, entries, entry, part));
    }
    return ERROR_NONE;
}

static enum error take_entry(struct server *server, LDAPMessage *message,
                             struct entries *entries)
{
    char *dn = ldap_get_dn(server->ldap, message), *description;
    struct entry *entry;
    BerElement *ber = NULL;
    enum error error = ERROR_NONE;

    CHECK(dn != NULL);
    entry = entries_add(entries, dn);
    ldap_memfree(dn);
    description = ldap_first_attribute(server->ldap, message, &ber);
    while (description != NULL && error == ERROR_NONE) {
        struct range part;

        error =
            take_attribute(server, message, description, entries, entry, &part);
        if (error == ERROR_NONE) {
            error = fetch_parts(server, entries, entry, &part);
        }
        ldap_memfree(description);
        description = ldap_next_attribute(server->ldap, message, ber);
    }
    ldap_memfree(description);
    ber_free(ber, 0);
    return error;
}

static enum error take_page(struct server *server, LDAPMessage *result,
                            struct entries *entries)
{
    LDAPMessage *message;

    if (ldap_count_references(server->ldap, result) > 0 &&
        !server->ignore_referrals) {
        return server_say(
            server->why, ERROR_TRUNCATED,
            "part of the answer is on another server (a referral); "
            "[ldap] ignore_referrals = yes does without it");
    }
    for (message = ldap_first_entry(server->ldap, result); message != NULL;
         message = ldap_next_entry(server->ldap, message)) {
        if (entries->n == SERVER_ENTRIES_MAX) {
            return server_say(server->why, ERROR_TOO_LARGE,
                              "more than %d entries", SERVER_ENTRIES_MAX);
        }
        TRY(take_entry(server, message, entries));
    }
    return ERROR_NONE;
}

/* The mark for the next page; of no bytes behind the last. An answer without
 * one is not known to be whole. */
static enum error read_mark(struct server *server, LDAPMessage *result,
                            struct berval *mark)
{
    LDAPControl **controls = NULL, *paged;
    int code = LDAP_SUCCESS, parsed;
    ber_int_t size;

    ber_memfree(mark->bv_val);
    *mark = (struct berval){0, NULL};
    parsed = ldap_parse_result(server->ldap, result, &code, NULL, NULL, NULL,
                               &controls, 0);
    paged = parsed != LDAP_SUCCESS
                ? NULL
                : ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (paged != NULL) {
        parsed =
            ldap_parse_pageresponse_control(server->ldap, paged, &size, mark);
    }
    ldap_controls_free(controls);
    if (parsed != LDAP_SUCCESS) {
        return server_fail(server->ldap, "reading the answer", parsed,
                           server->why);
    }
    return paged != NULL
               ? ERROR_NONE
               : server_say(server->why, ERROR_TRUNCATED,
                            "the server does not say whether its answer is "
                            "whole (paged results, RFC 2696)");
}

static enum error search_page(struct server *server,
                              const struct search *search,
                              struct entries *entries, struct berval *mark)
{
    LDAPControl *controls[2] = {NULL, NULL};
    LDAPMessage *result = NULL;
    enum error error = ERROR_NONE;
    int code = ldap_create_page_control(server->ldap, server->page_size, mark,
                                        'C', &controls[0]);

    if (code == LDAP_SUCCESS) {
        code =
            search_once(server, search->base, LDAP_SCOPE_SUBTREE,
                        search->filter, search->attributes, controls, &result);
    }
    if (code != LDAP_SUCCESS) {
        error = server_fail(server->ldap, search->base, code, server->why);
    } else {
        error = take_page(server, result, entries);
    }
    if (error == ERROR_NONE) {
        error = read_mark(server, result, mark);
    }
    ldap_control_free(controls[0]);
    ldap_msgfree(result);
    return error;
}

enum error server_search(struct server *server, const struct search *search,
                         struct entries *entries, char why[SERVER_WHY_BYTES])
{
    struct berval mark = {0, NULL};
    int empty = 0;
    enum error error;

    server->why = why;
    do {
        size_t before = entries->n;

        error = search_page(server, search, entries, &mark);
        empty = entries->n == before ? empty + 1 : 0;
        if (error == ERROR_NONE && empty > SERVER_EMPTY_PAGES_MAX) {
            error = server_say(why, ERROR_TRUNCATED,
                               "%.100s: page after page without "
                               "entries",
                               search->base);
        }
    } while (error == ERROR_NONE && mark.bv_len > 0);
    ber_memfree(mark.bv_val);
    return error;
}
