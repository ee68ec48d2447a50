#include "ops/directory/mapping.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/test.h"

/* What OpenLDAP's schema is read by, and Active Directory's. */
static const struct mapping openldap = {
    .address = {1, {"mail"}},
    .name = {2, {"displayName", "cn"}},
    .login = "uid",
    .group_name = "cn",
    .group_display = {2, {"description", "cn"}},
    .member = {3, {"member", "uniqueMember", "memberUid"}},
};
static const struct mapping ad = {
    .address = {3, {"msRTCSIP-PrimaryUserAddress", "proxyAddresses", "mail"}},
    .name = {2, {"displayName", "cn"}},
    .login = "sAMAccountName",
    .group_name = "sAMAccountName",
    .group_display = {2, {"displayName", "cn"}},
    .member = {1, {"member"}},
};

struct scene {
    struct entries users, groups, units;
    struct roster roster;
    bool made;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    entries_init(&scene->users);
    entries_init(&scene->groups);
    entries_init(&scene->units);
    roster_init(&scene->roster);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    entries_deinit(&scene->users);
    entries_deinit(&scene->groups);
    entries_deinit(&scene->units);
    roster_deinit(&scene->roster);
    free(scene);
    return 0;
}

/* Add an entry: pairs of attribute and value, and NULL. */
static void add(struct entries *entries, const char *dn, ...)
{
    struct entry *entry = entries_add(entries, dn);
    const char *name;
    va_list pairs;

    va_start(pairs, dn);
    while ((name = va_arg(pairs, const char *)) != NULL) {
        struct attribute *attribute =
            entries_attribute(entries, entry, name, 1);

        attribute->values[attribute->n++] = va_arg(pairs, const char *);
    }
    va_end(pairs);
}

static const struct roster *make(struct scene *scene,
                                 const struct mapping *mapping)
{
    const struct mapping_source source = {&scene->users, &scene->groups,
                                          &scene->units};

    mapping_make(mapping, &source, &scene->roster);
    return &scene->roster;
}

/* All members of a group, in order, with a blank between. */
static const char *members(const struct roster *roster, const char *uri)
{
    static char all[1024];
    const struct roster_group *group = roster_group(roster, uri);
    size_t len = 0;

    assert_non_null(group);
    all[0] = '\0';
    for (size_t i = 0; i < group->n; i++) {
        len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
                                i == 0 ? "" : " ", group->members[i]);
    }
    return all;
}

/* The address that says SIP comes before one that does so among others, and
 * that before mail; of several the least; kinds that are not SIP are none. */
static void test_mapping_make__addresses_of_ad(void **state)
{
    struct scene *scene = *state;
    const struct roster *roster;

    add(&scene->users, "cn=a,dc=x", "mail", "a@mail", "proxyAddresses",
        "SIP:a@proxy", "msRTCSIP-PrimaryUserAddress", "sip:A.A@Corp", NULL);
    add(&scene->users, "cn=b,dc=x", "mail", "b@mail", "proxyAddresses",
        "smtp:b@smtp", "proxyAddresses", "SIP:b2@proxy", "proxyAddresses",
        "sip:b1@proxy", NULL);
    add(&scene->users, "cn=c,dc=x", "mail", "C@mail", "proxyAddresses",
        "x500:/o=c", NULL);
    add(&scene->users, "cn=d,dc=x", "mail", "no address", NULL);
    add(&scene->users, "cn=e,dc=x", "cn", "e", NULL);
    roster = make(scene, &ad);
    assert_int_equal(roster->n_users, 3);
    assert_non_null(roster_user(roster, "sip:a.a@corp"));
    assert_non_null(roster_user(roster, "sip:b1@proxy"));
    assert_non_null(roster_user(roster, "sip:c@mail"));
    assert_int_equal(roster->n_problems, 1);
    assert_string_equal(roster->problems[0],
                        "cn=d,dc=x: \"no address\" is no address of a user");
}

/* An account is off when an administrator has said so: by the bit of AD, a lock
 * for good, or nsAccountLock. A lock that ends by itself leaves people in. */
static void test_mapping_is_disabled(void **state)
{
    static const struct {
        const char *name, *value;
        bool is;
    } cases[] = {
        {"userAccountControl", "514", true},
        {"userAccountControl", "66050", true},
        {"userAccountControl", "512", false},
        {"userAccountControl", "nonsense", false},
        {"useraccountcontrol", "2", true},
        {"pwdAccountLockedTime", "000001010000Z", true},
        {"pwdAccountLockedTime", "20261120170000Z", false},
        {"nsAccountLock", "true", true},
        {"nsAccountLock", "FALSE", false},
        {"cn", "514", false},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        add(&scene->users, "cn=a", cases[i].name, cases[i].value, NULL);
        assert_int_equal(mapping_is_disabled(&scene->users.all[i]),
                         cases[i].is);
    }
}

/* Names of people are one line of at most 256 characters, never cut in the
 * middle of one; what is no text is none. */
static void test_mapping_make__names(void **state)
{
    struct scene *scene = *state;
    const struct roster *roster;
    char longest[800] = "";

    for (int i = 0; i < 300; i++) {
        strcat(longest, "\xc3\xa4");
    }
    add(&scene->users, "cn=a", "mail", "a@x", "displayName", longest, NULL);
    add(&scene->users, "cn=b", "mail", "b@x", "cn", "Bert\tB.\r\nX", NULL);
    add(&scene->users, "cn=c", "mail", "c@x", "displayName", "bad\xff", NULL);
    add(&scene->users, "cn=d", "mail", "d@x", "displayName", "", "cn", "D",
        NULL);
    roster = make(scene, &openldap);
    assert_int_equal(strlen(roster_user(roster, "sip:a@x")->name), 512);
    assert_string_equal(roster_user(roster, "sip:b@x")->name, "Bert B.  X");
    assert_string_equal(roster_user(roster, "sip:c@x")->name, "");
    assert_string_equal(roster_user(roster, "sip:d@x")->name, "D");
}

/* Members are people and groups that were read, however their names are
 * written; by login where the attribute says so; each once. */
static void test_mapping_make__members(void **state)
{
    struct scene *scene = *state;
    const struct roster *roster;

    add(&scene->users, "uid=a,ou=People,dc=x", "mail", "a@x", "uid", "a", NULL);
    add(&scene->users, "uid=b,ou=people,dc=x", "mail", "b@x", "uid", "B", NULL);
    add(&scene->groups, "cn=one,dc=x", "cn", "One", "description", "The first",
        "member", "UID=A, OU=people, DC=X", "member", "cn=two,dc=x", "member",
        "uid=gone,dc=x", "member", "no dn", "member", "uid=a,ou=people,dc=x",
        NULL);
    add(&scene->groups, "cn=two,dc=x", "cn", "two", "memberUid", "b",
        "memberUid", "nobody", "uniqueMember", "cn=one,dc=x", NULL);
    add(&scene->groups, "cn=none,dc=x", "description", "nameless", NULL);
    roster = make(scene, &openldap);
    assert_int_equal(roster->n_groups, 2);
    assert_string_equal(members(roster, "group:one"), "group:two sip:a@x");
    assert_string_equal(members(roster, "group:two"), "group:one sip:b@x");
    assert_string_equal(roster_group(roster, "group:one")->name, "The first");
}

/* A login that two have names neither: nobody gets what was meant for the
 * other. */
static void test_mapping_make__ambiguous_logins(void **state)
{
    struct scene *scene = *state;
    const struct roster *roster;

    add(&scene->users, "uid=a,ou=1,dc=x", "mail", "a1@x", "uid", "a", NULL);
    add(&scene->users, "uid=a,ou=2,dc=x", "mail", "a2@x", "uid", "a", NULL);
    add(&scene->users, "uid=b,ou=2,dc=x", "mail", "b@x", "uid", "b", NULL);
    add(&scene->groups, "cn=g,dc=x", "cn", "g", "memberUid", "a", "memberUid",
        "b", NULL);
    roster = make(scene, &openldap);
    assert_string_equal(members(roster, "group:g"), "sip:b@x");
}

/* A unit holds who lies in it, and the units that do; containers between count
 * to the nearest unit above. Its path is read from the outside. */
static void test_mapping_make__units(void **state)
{
    struct scene *scene = *state;
    const struct roster *roster;

    add(&scene->units, "ou=London,dc=corp,dc=x", "ou", "London", NULL);
    add(&scene->units, "ou=Desk\\, 4,ou=London,dc=corp,dc=x", "ou", "Desk, 4",
        NULL);
    add(&scene->users, "cn=a,ou=london,dc=corp,dc=x", "mail", "a@x", NULL);
    add(&scene->users, "cn=b,ou=desk\\2c 4,ou=london,dc=corp,dc=x", "mail",
        "b@x", NULL);
    add(&scene->users, "cn=c,cn=box,ou=london,dc=corp,dc=x", "mail", "c@x",
        NULL);
    add(&scene->users, "cn=d,dc=corp,dc=x", "mail", "d@x", NULL);
    roster = make(scene, &openldap);
    assert_int_equal(roster->n_groups, 2);
    assert_string_equal(members(roster, "unit:london"),
                        "sip:a@x sip:c@x unit:london/desk, 4");
    assert_string_equal(members(roster, "unit:london/desk, 4"), "sip:b@x");
}

/* Sites are values of the attribute that is set for them; else there are none.
 */
static void test_mapping_make__sites(void **state)
{
    struct scene *scene = *state;
    struct mapping mapping = openldap;
    const struct roster *roster;

    add(&scene->users, "cn=a", "mail", "a@x", "l", "Paris", NULL);
    add(&scene->users, "cn=b", "mail", "b@x", "l", "PARIS", NULL);
    add(&scene->users, "cn=c", "mail", "c@x", NULL);
    mapping.site = "l";
    roster = make(scene, &mapping);
    assert_int_equal(roster->n_groups, 1);
    assert_string_equal(members(roster, "site:paris"), "sip:a@x sip:b@x");
}

/* Two entries that come to one user or one group: nobody knows which counts, so
 * it is marked, and told. */
static void test_mapping_make__two_of_one_name(void **state)
{
    struct scene *scene = *state;
    const struct roster *roster;

    add(&scene->users, "cn=a", "mail", "a@x", NULL);
    add(&scene->users, "cn=b", "mail", "A@X", NULL);
    add(&scene->groups, "cn=g,ou=1", "cn", "G", NULL);
    add(&scene->groups, "cn=g,ou=2", "cn", "g", NULL);
    roster = make(scene, &openldap);
    assert_int_equal(roster->n_users, 1);
    assert_true(roster_user(roster, "sip:a@x")->unclear);
    assert_true(roster_group(roster, "group:g")->unclear);
    assert_int_equal(roster->n_problems, 2);
}

/* Both schemas ask for what they read, each once, and for locks. */
static void test_mapping_ask(void **state)
{
    const char *asked[MAPPING_ATTRIBUTES_MAX + 1];
    unsigned locks = 0, mails = 0, n = 0;

    (void)state;
    mapping_ask_users(&ad, asked);
    for (n = 0; asked[n] != NULL; n++) {
        locks += strcmp(asked[n], "pwdAccountLockedTime") == 0 ||
                 strcmp(asked[n], "userAccountControl") == 0;
        mails += strcmp(asked[n], "mail") == 0;
    }
    assert_int_equal(locks, 2);
    assert_int_equal(mails, 1);
    mapping_ask_groups(&openldap, asked);
    assert_string_equal(asked[0], "cn");
    assert_string_equal(asked[1], "description");
    assert_string_equal(asked[2], "member");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_mapping_make__addresses_of_ad),
        CASE(test_mapping_is_disabled),
        CASE(test_mapping_make__names),
        CASE(test_mapping_make__members),
        CASE(test_mapping_make__ambiguous_logins),
        CASE(test_mapping_make__units),
        CASE(test_mapping_make__sites),
        CASE(test_mapping_make__two_of_one_name),
        cmocka_unit_test(test_mapping_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
