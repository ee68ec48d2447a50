/* Every command of perchctl, over a real socket, by the real rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/admin/replies.h"
#include "tests/admin/scene.h"
#include "tests/unit/test.h"

/* By md5sum, of dave@example.com:example.com:s3cret and of the same without
 * "@example.com". */
#define HA1_DAVE      "79b4fcab257ee1bbbc666dc41ac7f3fc"
#define HA1_USER_DAVE "b71b7a96208fd74d43764391b96db502"

/* More rooms than fit into a reply when all their texts are as long as may be.
 */
enum { LONG_ROOMS = 90 };

/* The pool is shown as one node sees it, what it cannot know as null. */
static void test_status__tells_the_pool(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene, "status", 0);

    assert_text(reply, "result", "done");
    assert_text(reply, "role", "leader");
    assert_text(reply, "software", "perchd 1.2.3");
    assert_text(reply, "domain", "example.com");
    assert_number(reply, "term", 7);
    assert_number(reply, "leader", 1);
    assert_number(reply, "trails_by", 0);
    assert_number(reply, "counts.users", 3);
    assert_number(reply, "counts.rooms", 2);
    assert_number(reply, "quorum.voters", 3);
    assert_number(reply, "quorum.connected", 2);
    assert_number(reply, "quorum.needed", 2);
    assert_number(reply, "quorum.spare", 0);
    assert_true(json_is_false(at(reply, "health.ready")));
    assert_text(reply, "health.faults.0", "the node is behind the pool");
    assert_text(reply, "oldest_certificate.name", "sip");
    assert_number(reply, "members.1.match_index", 5);
    assert_true(json_is_null(at(reply, "members.2.epoch")));
    json_decref(reply);
    assert_int_equal(scene_run(scene, "status", NULL), 0);
    HAS(scene->out, "role: leader\n");
    HAS(scene->out, "2031-10-");
}

static void test_ping__names_the_node(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene, "ping", 0);

    assert_number(reply, "node", 1);
    assert_text(reply, "software", "perchd 1.2.3");
    json_decref(reply);
}

/* The page comes out byte for byte. */
static void test_metrics__prints_the_page(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(scene_run(scene, "metrics", NULL), 0);
    assert_string_equal(scene->out, "# TYPE perch_up gauge\nperch_up 1\n");
}

static void test_nodes_list__has_all(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene, "nodes list", 0);

    assert_int_equal(json_array_size(at(reply, "members")), 3);
    assert_true(json_is_true(at(reply, "members.0.leader")));
    assert_true(json_is_true(at(reply, "members.0.connected")));
    assert_true(json_is_false(at(reply, "members.2.connected")));
    assert_text(reply, "members.1.role", "voter");
    json_decref(reply);
    assert_int_equal(scene_run(scene, "node list", NULL), 0);
    HAS(scene->out, "NODE");
}

/* Leadership goes to a voter that can be reached, by the leader alone. */
static void test_nodes_transfer__goes_to_who_can_lead(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    assert_int_equal(scene_run(scene, "nodes transfer --to 9", NULL), 1);
    HAS(scene->err, "[NODE_NO_MEMBER]");
    assert_int_equal(scene_run(scene, "nodes transfer --to 3", NULL), 1);
    HAS(scene->err, "[NODE_UNREACHABLE]");
    assert_int_equal(scene_run(scene, "-n nodes transfer --to 2", NULL), 0);
    HAS(scene->out, "would be handed over");
    reply = run_json(scene, "nodes transfer --to 1", 0);
    assert_true(json_is_true(at(reply, "already")));
    json_decref(reply);
    reply = run_json(scene, "nodes transfer --to 2", 0);
    assert_number(reply, "from", 1);
    assert_number(reply, "to", 2);
    json_decref(reply);
    scene->weather = WEATHER_REFUSES;
    assert_int_equal(scene_run(scene, "nodes transfer", NULL), 1);
    HAS(scene->err, "[TRANSFER_FAILED]");
}

/* Who is connected and votes is not given up by mistake. */
static void test_nodes_replace__spares_who_votes(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    assert_int_equal(scene_run(scene, "nodes replace 2", NULL), 5);
    HAS(scene->err, "[NODE_VOTES]");
    assert_int_equal(scene->proposals, 0);
    assert_int_equal(scene_run(scene, "nodes replace 2 --force", NULL), 0);
    assert_int_equal(scene->proposals, 1);
    reply = run_json(scene, "nodes replace 2 --force", 0);
    assert_true(json_is_true(at(reply, "already")));
    assert_number(reply, "raft_id", 2);
    json_decref(reply);
    assert_int_equal(scene->proposals, 1);
    assert_int_equal(scene_run(scene, "nodes replace 3", NULL), 1);
    HAS(scene->err, "[NODE_UNKNOWN]");
}

static void test_nodes_policy__is_set_and_shown(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(scene_run(scene, "nodes policy", NULL), 0);
    assert_string_equal(scene->out, "policy: automatic\n");
    assert_int_equal(scene_run(scene, "nodes policy manual", NULL), 0);
    assert_int_equal(scene_run(scene, "nodes policy", NULL), 0);
    assert_string_equal(scene->out, "policy: manual\n");
    assert_int_equal(scene_run(scene, "nodes policy lenient", NULL), 2);
    HAS(scene->err, "automatic or manual");
}

static void test_pool__is_set_all_or_nothing(void **state)
{
    struct scene *scene = *state;
    uint64_t hash = scene_hash(scene);
    json_t *reply;

    assert_int_equal(
        scene_run(scene, "pool set users_max=1000 rooms_max=0", NULL), 1);
    HAS(scene->err, "[SETTING_OUT_OF_RANGE]");
    HAS(scene->err, "ROOMS_MAX");
    assert_int_equal(scene_run(scene, "pool set frobs_max 3", NULL), 1);
    HAS(scene->err, "frobs_max");
    assert_int_equal(scene_run(scene, "pool set users_max many", NULL), 2);
    HAS(scene->err, "[SETTING_NOT_NUMBER]");
    assert_int_equal(scene_run(scene, "pool set users_max", NULL), 2);
    HAS(scene->err, "[SETTING_MALFORMED]");
    assert_true(scene_hash(scene) == hash);
    assert_int_equal(
        scene_run(scene, "pool set users_max=1000 rooms_max=99", NULL), 0);
    reply = run_json(scene, "pool show --match s_max", 0);
    for (size_t i = 0; i < json_array_size(at(reply, "settings")); i++) {
        const json_t *one = json_array_get(at(reply, "settings"), i);

        if (strcmp(json_string_value(at(one, "name")), "users_max") == 0) {
            assert_text(one, "value", "1000");
            assert_text(one, "standard", "500000");
            hash = 0;
        }
    }
    assert_int_equal(hash, 0);
    json_decref(reply);
    reply = run_json(scene, "pool show --match domain", 0);
    assert_text(reply, "settings.0.value", "example.com");
    json_decref(reply);
}

/* A room has what it was created with, and the reply shows it. */
static void test_rooms_create__makes_the_room(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(
        scene,
        "rooms create 'Cash & futures' --category trade --visibility open "
        "--description 'What is said' --member alice --member bob@example.com "
        "--manager sip:carol@example.com --id "
        "01234567-89ab-cdef-0123-456789abcdef",
        0);

    assert_text(reply, "text", "room \"Cash & futures\" is created");
    assert_text(reply, "room.name", "Cash & futures");
    assert_text(reply, "room.category", "Trade");
    assert_text(reply, "room.visibility", "open");
    assert_text(reply, "room.id", "01234567-89ab-cdef-0123-456789abcdef");
    assert_text(reply, "room.uri",
                "ma-chan://example.com/01234567-89ab-cdef-0123-456789abcdef");
    assert_number(reply, "room.users_with_role", 3);
    assert_number(reply, "room.version", 1);
    json_decref(reply);
    reply = run_json(scene, "rooms roles 'cash & FUTURES' --role manager", 0);
    assert_int_equal(json_array_size(at(reply, "users")), 1);
    assert_text(reply, "users.0.uri", "sip:carol@example.com");
    json_decref(reply);
}

/* The rule that refuses is named, and the user that is meant. */
static void test_rooms_create__names_the_rule(void **state)
{
    struct scene *scene = *state;
    uint64_t hash = scene_hash(scene);

    assert_int_equal(
        scene_run(scene, "rooms create lobby --category Trade", NULL), 1);
    HAS(scene->err, "[NAME_TAKEN]");
    HAS(scene->err, "lobby");
    assert_int_equal(scene_run(scene, "users create a@b@c", NULL), 1);
    HAS(scene->err, "[USER_URI_INVALID]");
    HAS(scene->err, "sip:a@b@c");
    assert_int_equal(scene_run(scene, "rooms create x --category Nix", NULL),
                     1);
    HAS(scene->err, "[CATEGORY_UNKNOWN]");
    HAS(scene->err, "Nix");
    assert_int_equal(scene_run(scene,
                               "rooms create x --category Trade --member alice "
                               "--member mallory",
                               NULL),
                     1);
    HAS(scene->err, "[USER_UNKNOWN]");
    HAS(scene->err, "sip:mallory@example.com");
    assert_int_equal(
        scene_run(scene, "rooms create x --category Trade --id zzz", NULL), 1);
    HAS(scene->err, "[GUID_");
    assert_true(scene_hash(scene) == hash);
    assert_int_equal(scene->proposals, 0);
}

static void test_rooms_change__changes_what_is_named(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(
        scene,
        "rooms change desk --name Desk2 --description d --add-member carol "
        "--remove-member bob --add-manager bob --remove-manager alice",
        0);

    assert_text(reply, "room.name", "Desk2");
    assert_text(reply, "room.visibility", "closed");
    json_decref(reply);
    reply = run_json(scene, "rooms roles Desk2 --role member", 0);
    assert_int_equal(json_array_size(at(reply, "users")), 1);
    assert_text(reply, "users.0.uri", "sip:carol@example.com");
    json_decref(reply);
    assert_int_equal(scene_run(scene, "rooms change Desk2", NULL), 2);
    HAS(scene->err, "[NOTHING_ASKED]");
    assert_int_equal(scene_run(scene, "rooms change nix --name x", NULL), 1);
    HAS(scene->err, "[ROOM_UNKNOWN]");
}

/* Whoever looked at an older version does not overwrite a newer one. */
static void test_rooms_change__refuses_stale_version(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene, "rooms show desk", 0);
    json_int_t version = json_integer_value(at(reply, "room.version"));
    char words[128];

    json_decref(reply);
    snprintf(words, sizeof(words), "rooms change desk --name a --if-version %d",
             (int)version);
    assert_int_equal(scene_run(scene, words, NULL), 0);
    snprintf(words, sizeof(words), "rooms change a --name b --if-version %d",
             (int)version);
    assert_int_equal(scene_run(scene, words, NULL), 1);
    HAS(scene->err, "[VERSION_STALE]");
    assert_int_equal(scene_run(scene, "rooms show a", NULL), 0);
}

static void test_rooms_disable__and_enable(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(scene_run(scene, "rooms disable desk", NULL), 0);
    assert_string_equal(scene->out, "room \"desk\" is disabled\n");
    assert_int_equal(scene_run(scene, "rooms list --enabled", NULL), 0);
    HAS(scene->out, "lobby");
    HAS_NOT(scene->out, "desk");
    assert_int_equal(scene_run(scene, "rooms list --disabled", NULL), 0);
    HAS(scene->out, "desk");
    assert_int_equal(scene_run(scene, "room enable desk", NULL), 0);
    assert_string_equal(scene->out, "room \"desk\" is enabled\n");
}

static void test_rooms_list__is_narrowed(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene, "rooms list --member bob", 0);

    assert_int_equal(json_array_size(at(reply, "rooms")), 1);
    assert_text(reply, "rooms.0.name", "desk");
    json_decref(reply);
    reply = run_json(scene, "rooms list --match OBB --category trade", 0);
    assert_int_equal(json_array_size(at(reply, "rooms")), 1);
    assert_text(reply, "rooms.0.name", "lobby");
    json_decref(reply);
    reply = run_json(scene, "rooms list --manager alice --visibility open", 0);
    assert_int_equal(json_array_size(at(reply, "rooms")), 0);
    json_decref(reply);
    assert_int_equal(scene_run(scene, "rooms list --member nix", NULL), 1);
    HAS(scene->err, "[USER_UNKNOWN]");
}

/* A list longer than a page is whole, each item once and in order; --limit
 * ends it, with the mark to go on from. */
static void test_users_list__comes_in_pages(void **state)
{
    struct scene *scene = *state;
    char words[256], uri[64];
    json_t *reply;

    for (int i = 0; i < 7; i++) {
        snprintf(words, sizeof(words), "users create page%d", i);
        assert_int_equal(scene_run(scene, words, NULL), 0);
    }
    reply = run_json(scene, "users list --match page --limit 3", 0);
    assert_int_equal(json_array_size(at(reply, "users")), 3);
    snprintf(words, sizeof(words), "users list --match page --after '%s'",
             json_string_value(at(reply, "next")));
    json_decref(reply);
    reply = run_json(scene, words, 0);
    assert_int_equal(json_array_size(at(reply, "users")), 4);
    for (int i = 0; i < 4; i++) {
        snprintf(words, sizeof(words), "users.%d.uri", i);
        snprintf(uri, sizeof(uri), "sip:page%d@example.com", i + 3);
        assert_text(reply, words, uri);
    }
    assert_true(json_is_null(at(reply, "next")));
    json_decref(reply);
}

/* Names and descriptions as long as the rules allow, each character of four
 * bytes, in more rooms than one reply can hold: the list is whole. */
static void test_rooms_list__holds_the_longest_names(void **state)
{
    struct scene *scene = *state;
    char longest[256 * 4 + 1] = "", words[4096];

    for (int i = 0; i < 253; i++) {
        strcat(longest, "\xf0\x9f\x90\x9f");
    }
    snprintf(words, sizeof(words), "categories create '%s'", longest);
    assert_int_equal(scene_run(scene, words, NULL), 0);
    for (int i = 0; i < LONG_ROOMS; i++) {
        snprintf(words, sizeof(words),
                 "rooms create '%s%03d' --category '%s' --description '%s'",
                 longest, i, longest, longest);
        assert_int_equal(scene_run(scene, words, NULL), 0);
    }
    snprintf(words, sizeof(words),
             "--json rooms list --category '%s' | "
             "grep -c '\"description\"'",
             longest);
    assert_int_equal(scene_run(scene, words, NULL), 0);
    assert_int_equal(atoi(scene->out), LONG_ROOMS);
}

static void test_categories__whole_life(void **state)
{
    struct scene *scene = *state;
    json_t *reply =
        run_json(scene, "categories create Legal --description 'No jokes'", 0);

    assert_text(reply, "category.name", "Legal");
    json_decref(reply);
    reply = run_json(scene, "category show legal", 0);
    assert_text(reply, "category.description", "No jokes");
    json_decref(reply);
    assert_int_equal(
        scene_run(scene, "categories change Legal --name Law --if-version 7",
                  NULL),
        1);
    HAS(scene->err, "[VERSION_STALE]");
    assert_int_equal(
        scene_run(scene, "categories change Legal --name Law", NULL), 0);
    reply = run_json(scene, "categories list --match a", 0);
    assert_int_equal(json_array_size(at(reply, "categories")), 2);
    assert_text(reply, "categories.0.name", "Law");
    assert_text(reply, "categories.1.name", "Trade");
    json_decref(reply);
    assert_int_equal(scene_run(scene, "categories change Law", NULL), 2);
    HAS(scene->err, "[NOTHING_ASKED]");
    assert_int_equal(scene_run(scene, "categories show Nix", NULL), 1);
    HAS(scene->err, "[CATEGORY_UNKNOWN]");
}

/* A password is kept as Digest's hash of the name as clients give it, in both
 * forms, and is shown nowhere. */
static void test_users_create__keeps_hashes_of_the_password(void **state)
{
    struct scene *scene = *state;
    struct user_view view;
    const struct user *user;
    json_t *reply;

    assert_int_equal(scene_run(scene,
                               "users create Dave --display-name 'D. ave' "
                               "--password",
                               "s3cret\n"),
                     0);
    HAS_NOT(scene->out, "s3cret");
    reply = run_json(scene, "users show dave", 0);
    assert_text(reply, "user.uri", "sip:dave@example.com");
    assert_text(reply, "user.display_name", "D. ave");
    assert_true(json_is_true(at(reply, "user.has_password")));
    assert_null(json_object_get(at(reply, "user"), "ha1"));
    json_decref(reply);
    (void)scene_hash(scene); /* The state loop has seen all of it. */
    user = query_user(scene->f->machine, SLICE_LITERAL("sip:dave@example.com"));
    assert_non_null(user);
    view_user(user, &view);
    assert_string_equal(view.ha1, HA1_DAVE);
    assert_string_equal(view.ha1_user, HA1_USER_DAVE);
}

/* A script that asked for JSON gets it for a line that makes no sense, too. */
static void test_json__tells_of_wrong_usage(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene, "rooms frob", 2);

    assert_string_equal(json_string_value(json_object_get(reply, "result")),
                        "usage");
    HAS(json_string_value(json_object_get(reply, "text")), "rooms frob");
    json_decref(reply);
    reply = run_json(scene, "help frob", 2);
    HAS(json_string_value(json_object_get(reply, "text")), "frob");
    json_decref(reply);
}

static void test_users_create__refuses_bad_passwords(void **state)
{
    struct scene *scene = *state;
    char longer[300];

    assert_int_equal(scene_run(scene, "users create dave --password", ""), 2);
    HAS(scene->err, "no password was given");
    assert_int_equal(scene_run(scene, "users create dave --password", "\n"), 2);
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(scene_run(scene, "users create dave --password", longer),
                     2);
    HAS(scene->err, "at most 256");
    assert_int_equal(scene_run(scene, "users create dave --password", "a\tb\n"),
                     1);
    HAS(scene->err, "[PASSWORD_INVALID]");
    assert_int_equal(scene_run(scene, "users create dave --password=x", "x\n"),
                     2);
    HAS(scene->err, "--password takes no value");
    assert_int_equal(scene->proposals, 0);
}

static void test_users_change__sets_and_takes_away(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    assert_int_equal(scene_run(scene, "users change alice --password", "a\n"),
                     0);
    assert_int_equal(
        scene_run(scene, "users change alice --display-name Al", NULL), 0);
    reply = run_json(scene, "users show alice", 0);
    assert_true(json_is_true(at(reply, "user.has_password")));
    assert_text(reply, "user.display_name", "Al");
    json_decref(reply);
    assert_int_equal(scene_run(scene, "users change alice --no-password", NULL),
                     0);
    reply = run_json(scene, "users show alice", 0);
    assert_true(json_is_false(at(reply, "user.has_password")));
    json_decref(reply);
    assert_int_equal(
        scene_run(scene, "users change alice --no-password --password", "a\n"),
        2);
    assert_int_equal(scene_run(scene, "users change nix --no-password", NULL),
                     1);
    HAS(scene->err, "[USER_UNKNOWN]");
}

static void test_users_disable__and_enable(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    assert_int_equal(scene_run(scene, "users disable bob", NULL), 0);
    reply = run_json(scene, "users list --disabled", 0);
    assert_int_equal(json_array_size(at(reply, "users")), 1);
    assert_text(reply, "users.0.uri", "sip:bob@example.com");
    json_decref(reply);
    assert_int_equal(scene_run(scene, "users enable bob", NULL), 0);
    reply = run_json(scene, "users list --disabled", 0);
    assert_int_equal(json_array_size(at(reply, "users")), 0);
    json_decref(reply);
}

/* A session is found by user, room and node, and ended on whichever node. */
static void test_sessions__are_listed_and_expelled(void **state)
{
    struct scene *scene = *state;
    json_t *reply = run_json(scene, "sessions list --user alice", 0);
    char words[128];

    assert_int_equal(json_array_size(at(reply, "sessions")), 1);
    assert_number(reply, "sessions.0.node", 2);
    assert_number(reply, "sessions.0.rooms", 1);
    snprintf(words, sizeof(words), "sessions expel %s",
             json_string_value(at(reply, "sessions.0.id")));
    json_decref(reply);
    reply = run_json(scene, "sessions list --room lobby --node 1", 0);
    assert_int_equal(json_array_size(at(reply, "sessions")), 0);
    json_decref(reply);
    assert_int_equal(scene_run(scene, words, NULL), 0);
    HAS(scene->out, "sip:alice@example.com is closed");
    assert_int_equal(scene_run(scene, words, NULL), 1);
    HAS(scene->err, "[SESSION_UNKNOWN]");
    assert_int_equal(scene_run(scene, "sessions expel 1/x/2", NULL), 1);
    assert_int_equal(scene_run(scene, "sessions list --after 1/x", NULL), 2);
    HAS(scene->err, "[MARK_INVALID]");
}

/* From nothing to a room with people in it, by the commands of the README. What
 * comes too early says what must come first. */
static void test_pool__is_set_up_from_nothing(void **state)
{
    struct scene *scene = *state;
    json_t *reply;

    assert_int_equal(scene_run(scene, "users create alice --password", "a\n"),
                     1);
    HAS(scene->err, "[POOL_NOT_SET]");
    HAS(scene->err, "perchctl pool set domain DOMAIN");
    assert_int_equal(scene_run(scene, "users show alice", NULL), 1);
    HAS(scene->err, "[POOL_NOT_SET]");
    assert_int_equal(scene_run(scene, "pool set domain example.org", NULL), 0);
    assert_int_equal(scene_run(scene, "users create alice --password", "a\n"),
                     0);
    assert_int_equal(scene_run(scene, "categories create Trade", NULL), 0);
    assert_int_equal(
        scene_run(scene,
                  "rooms create Lobby --category Trade --visibility open "
                  "--manager alice",
                  NULL),
        0);
    reply = run_json(scene, "status", 0);
    assert_text(reply, "domain", "example.org");
    assert_number(reply, "counts.users", 1);
    assert_number(reply, "counts.rooms", 1);
    json_decref(reply);
}

int main(void)
{
#define TEST(name) RUN_IN(name, scene_setup, scene_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_status__tells_the_pool),
        TEST(test_ping__names_the_node),
        TEST(test_metrics__prints_the_page),
        TEST(test_nodes_list__has_all),
        TEST(test_nodes_transfer__goes_to_who_can_lead),
        TEST(test_nodes_replace__spares_who_votes),
        TEST(test_nodes_policy__is_set_and_shown),
        TEST(test_pool__is_set_all_or_nothing),
        TEST(test_rooms_create__makes_the_room),
        TEST(test_rooms_create__names_the_rule),
        TEST(test_rooms_change__changes_what_is_named),
        TEST(test_rooms_change__refuses_stale_version),
        TEST(test_rooms_disable__and_enable),
        TEST(test_rooms_list__is_narrowed),
        TEST(test_users_list__comes_in_pages),
        TEST(test_rooms_list__holds_the_longest_names),
        TEST(test_categories__whole_life),
        TEST(test_users_create__keeps_hashes_of_the_password),
        TEST(test_json__tells_of_wrong_usage),
        TEST(test_users_create__refuses_bad_passwords),
        TEST(test_users_change__sets_and_takes_away),
        TEST(test_users_disable__and_enable),
        TEST(test_sessions__are_listed_and_expelled),
        RUN_IN(test_pool__is_set_up_from_nothing, scene_setup_empty,
               scene_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
