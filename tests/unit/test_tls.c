#include "tests/unit/transport_scene.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "raft/peer/tls.h"
#include "raft/peer/tls_name.h"

static const char pool[] = CERTIFICATES_DIR "/pool";

static enum error load(const char *dir, const char *name, const char *key,
                       const char *authority, uint8_t node,
                       struct tls_identity **identity_out)
{
    char files[3][1024];

    snprintf(files[0], sizeof(files[0]), "%s/%s.pem", dir, name);
    snprintf(files[1], sizeof(files[1]), "%s/%s.key", dir, key);
    snprintf(files[2], sizeof(files[2]), "%s/ca.pem", authority);
    return tls_identity_load(
        &(struct transport_tls){files[0], files[1], files[2]}, node,
        identity_out);
}

static void refused(struct scene *scene, const char *dir, const char *name,
                    const char *key, const char *authority, const char *line)
{
    struct tls_identity *identity = NULL;

    assert_int_equal(load(dir, name, key, authority, 2, &identity), ERROR_TLS);
    assert_null(identity);
    assert_int_equal(scene_lines(scene, "error peer tls_refused", line), 1);
}

/* A node does not begin with files its peers would refuse, and says which and
 * why. */
static void test_tls_identity_load__refuses(void **state)
{
    struct scene *scene = *state;
    char dir[512];

    refused(scene, pool, "nowhere", "node2", pool, "no certificate can be");
    refused(scene, pool, "node2", "nowhere", pool, "nowhere.key text=\"no key");
    refused(scene, pool, "node2", "node1", pool, "node1.key text=\"no key of");
    refused(scene, pool, "node2", "node2", "/nowhere", "no authority can be");
    refused(scene, pool, "node1", "node1", pool, "name is not node2");
    snprintf(dir, sizeof(dir), "%s",
             scene_certificates("foreign", "--nodes 2"));
    refused(scene, pool, "node2", "node2", dir, "unable to get local issuer");
    snprintf(dir, sizeof(dir), "%s",
             scene_certificates("expired", "--authority " CERTIFICATES_DIR
                                           "/pool --nodes 2 --days -1"));
    refused(scene, dir, "node2", "node2", pool, "certificate has expired");
}

/* The end of the certificate is told as the file says it. */
static void test_tls_identity_expires_s__as_in_file(void **state)
{
    struct tls_identity *identity = NULL;
    int64_t left_s;

    (void)state;
    assert_int_equal(load(pool, "node2", "node2", pool, 2, &identity),
                     ERROR_NONE);
    left_s = tls_identity_expires_s(identity) - time(NULL);
    assert_true(left_s > 3600 && left_s <= 365 * 86400);
    tls_identity_free(identity);
    tls_identity_free(NULL);
}

/* Only "node" and a decimal id is a node's name. */
static void test_tls_name_node__exact_form(void **state)
{
    static const char *const wrong[] = {
        "",         "node",         "node0",  "node01", "node256",
        "node1000", "node-1",       "node1 ", " node1", "Node1",
        "NODE1",    "node1x",       "xnode1", "node+1", "node1.example",
        "1",        "node\xc2\xb2",
    };
    char name[16];

    (void)state;
    for (unsigned node = 1; node <= 255; node++) {
        snprintf(name, sizeof(name), "node%u", node);
        assert_int_equal(tls_name_node(slice_of_text(name)), node);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (tls_name_node(slice_of_text(wrong[i])) != 0) {
            fail_msg("taken: %s", wrong[i]);
        }
    }
    assert_int_equal(tls_name_node(slice_of("node1\0", 6)), 0);
}

struct pair {
    struct tls_identity *identities[2];
    struct tls *ends[2];
};

static void pair_init(struct pair *pair)
{
    assert_int_equal(
        load(pool, "node2", "node2", pool, 2, &pair->identities[0]),
        ERROR_NONE);
    assert_int_equal(
        load(pool, "node3", "node3", pool, 3, &pair->identities[1]),
        ERROR_NONE);
    pair->ends[0] = tls_new(pair->identities[0], true);
    pair->ends[1] = tls_new(pair->identities[1], false);
}

static void pair_deinit(struct pair *pair)
{
    for (int i = 0; i < 2; i++) {
        tls_free(pair->ends[i]);
        tls_identity_free(pair->identities[i]);
    }
}

/* Carry what one end has to say to the other, that many bytes at a time. */
static size_t carry(struct pair *pair, int from, size_t step)
{
    struct buffer bytes = BUFFER_EMPTY;
    size_t carried;

    tls_take(pair->ends[from], &bytes);
    carried = bytes.len;
    for (size_t at = 0; at < bytes.len; at += step) {
        size_t len = bytes.len - at < step ? bytes.len - at : step;

        assert_int_equal(
            tls_receive(pair->ends[!from], slice_of(bytes.data + at, len)),
            ERROR_NONE);
        tls_handshake(pair->ends[!from]);
    }
    buffer_deinit(&bytes);
    return carried;
}

static void shake_hands(struct pair *pair, size_t step)
{
    assert_int_equal(tls_handshake(pair->ends[0]), ERROR_BUSY);
    while (carry(pair, 0, step) + carry(pair, 1, step) > 0) {
        continue;
    }
    assert_int_equal(tls_handshake(pair->ends[0]), ERROR_NONE);
    assert_int_equal(tls_handshake(pair->ends[1]), ERROR_NONE);
}

/* However the bytes are cut both ends agree, and each knows the other. */
static void test_tls_handshake__any_cut(void **state)
{
    static const size_t steps[] = {1, 7, 100000};
    struct pair pair;
    uint8_t heard[32];
    size_t got;

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        pair_init(&pair);
        shake_hands(&pair, steps[i]);
        assert_int_equal(tls_peer_node(pair.ends[0]), 3);
        assert_int_equal(tls_peer_node(pair.ends[1]), 2);
        assert_int_equal(tls_write(pair.ends[0], SLICE_LITERAL("hello")),
                         ERROR_NONE);
        assert_int_equal(tls_read(pair.ends[1], heard, sizeof(heard), &got),
                         ERROR_NONE);
        assert_int_equal(got, 0);
        carry(&pair, 0, steps[i]);
        assert_int_equal(tls_read(pair.ends[1], heard, sizeof(heard), &got),
                         ERROR_NONE);
        assert_int_equal(got, 5);
        assert_memory_equal(heard, "hello", 5);
        pair_deinit(&pair);
    }
}

/* A changed byte is noticed, and said. */
static void test_tls_read__changed_byte(void **state)
{
    struct buffer bytes = BUFFER_EMPTY;
    struct pair pair;
    uint8_t heard[32];
    size_t got;

    (void)state;
    pair_init(&pair);
    shake_hands(&pair, 4096);
    assert_int_equal(tls_write(pair.ends[1], SLICE_LITERAL("hello")),
                     ERROR_NONE);
    tls_take(pair.ends[1], &bytes);
    bytes.data[bytes.len - 1] ^= 1;
    tls_receive(pair.ends[0], buffer_slice(&bytes));
    assert_int_equal(tls_read(pair.ends[0], heard, sizeof(heard), &got),
                     ERROR_TLS);
    assert_non_null(strstr(tls_failure(pair.ends[0]), "bad record mac"));
    buffer_deinit(&bytes);
    pair_deinit(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_tls_identity_load__refuses, scene_set_up_tls,
               scene_tear_down),
        RUN(test_tls_identity_expires_s__as_in_file),
        RUN(test_tls_name_node__exact_form),
        RUN(test_tls_handshake__any_cut),
        RUN(test_tls_read__changed_byte),
    };

    return cmocka_run_group_tests(tests, scene_make_certificates, NULL);
}
