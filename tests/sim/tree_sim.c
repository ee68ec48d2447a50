#include "tests/sim/tree_sim.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

struct node *node_new(bool is_directory)
{
    struct node *node = calloc(1, sizeof(*node));

    CHECK(node != NULL);
    node->is_directory = is_directory;
    TAILQ_INIT(&node->now);
    TAILQ_INIT(&node->synced);
    return node;
}

void name_remove(struct names *names, struct name *name)
{
    TAILQ_REMOVE(names, name, link);
    node_drop(name->node);
    free(name);
}

static void names_clear(struct names *names)
{
    while (!TAILQ_EMPTY(names)) {
        name_remove(names, TAILQ_FIRST(names));
    }
}

void node_drop(struct node *node)
{
    node->names -= 1;
    if (node->names > 0) {
        return;
    }
    names_clear(&node->now);
    names_clear(&node->synced);
    buffer_deinit(&node->bytes);
    buffer_deinit(&node->bytes_synced);
    if (node->object != NULL) {
        node->object->free(node->object);
    }
    free(node);
}

struct name *name_find(struct names *names, const char *text, size_t len)
{
    struct name *name;

    TAILQ_FOREACH (name, names, link) {
        if (strlen(name->text) == len && memcmp(name->text, text, len) == 0) {
            return name;
        }
    }
    return NULL;
}

void name_set(struct names *names, const char *text, struct node *node)
{
    size_t len = strlen(text);
    struct name *old = name_find(names, text, len);
    struct name *name = malloc(sizeof(*name) + len + 1);

    CHECK(name != NULL);
    node->names += 1;
    name->node = node;
    memcpy(name->text, text, len + 1);
    if (old != NULL) {
        name_remove(names, old);
    }
    TAILQ_INSERT_TAIL(names, name, link);
}

void bytes_extend(struct buffer *bytes, size_t len)
{
    if (bytes->len < len) {
        uint8_t *to = buffer_reserve(bytes, len - bytes->len);

        CHECK(to != NULL);
        memset(to, 0, len - bytes->len);
        bytes->len = len;
    }
}

void bytes_copy(struct buffer *to, const struct buffer *from)
{
    buffer_clear(to);
    buffer_append(to, from->data, from->len);
    CHECK(!buffer_failed(to));
}

void names_copy(struct names *to, const struct names *from)
{
    struct names fresh = TAILQ_HEAD_INITIALIZER(fresh);
    struct name *name;

    TAILQ_FOREACH (name, from, link) {
        name_set(&fresh, name->text, name->node);
    }
    names_clear(to);
    TAILQ_CONCAT(to, &fresh, link);
}

void node_clear(struct node *node)
{
    struct name *name;

    TAILQ_FOREACH (name, &node->now, link) {
        node_clear(name->node);
    }
    names_clear(&node->now);
}

/* splitmix64: small, and the same everywhere. */
static uint64_t toss(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15U);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* Leave of a file what is synced, what was written, or its beginning new and
 * its end old. */
static void bytes_crash(struct node *node, uint64_t *seed)
{
    uint64_t fate = *seed == 0 ? 0 : toss(seed) % 3;
    size_t cut;

    if (fate == 0) {
        bytes_copy(&node->bytes, &node->bytes_synced);
    } else if (fate == 1) {
        cut = (size_t)(toss(seed) % (node->bytes.len + 1));
        bytes_extend(&node->bytes_synced, cut);
        if (cut > 0) {
            memcpy(node->bytes_synced.data, node->bytes.data, cut);
        }
        bytes_copy(&node->bytes, &node->bytes_synced);
    }
    bytes_copy(&node->bytes_synced, &node->bytes);
}

/* Does the disk have a name as it is now, rather than as it was synced? A
 * rename over a name leaves one or the other, never none. */
static bool fate_is_new(uint64_t *seed)
{
    return *seed != 0 && toss(seed) % 2 == 0;
}

/* Leave of a directory's names the synced ones; with a seed, any mixture. */
static void names_crash(struct node *node, uint64_t *seed)
{
    struct names left = TAILQ_HEAD_INITIALIZER(left);
    struct name *name, *other;

    TAILQ_FOREACH (name, &node->synced, link) {
        other = name_find(&node->now, name->text, strlen(name->text));
        if (other != NULL && other->node != name->node && fate_is_new(seed)) {
            name_set(&left, name->text, other->node);
        } else if (other != NULL || !fate_is_new(seed)) {
            name_set(&left, name->text, name->node);
        }
    }
    TAILQ_FOREACH (name, &node->now, link) {
        other = name_find(&node->synced, name->text, strlen(name->text));
        if (other == NULL && fate_is_new(seed)) {
            name_set(&left, name->text, name->node);
        }
    }
    names_copy(&node->now, &left);
    names_copy(&node->synced, &left);
    names_clear(&left);
}

void node_crash(struct node *node, uint64_t *seed)
{
    struct name *name;

    if (!node->is_directory) {
        bytes_crash(node, seed);
        return;
    }
    names_crash(node, seed);
    if (node->object != NULL) {
        node->object->crash(node->object);
    }
    TAILQ_FOREACH (name, &node->now, link) {
        node_crash(name->node, seed);
    }
}
