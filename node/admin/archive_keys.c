/* Whose signatures are believed: the log's key and the nodes'. */
#include "node/admin/answers.h"
#include "node/admin/archive_show.h"

static const char node_prefix[] = "/node";

static void add_key(struct answer *answer, Perch__Admin__ArchiveKeysReply *body,
                    const struct archive_view *view, uint8_t node,
                    const uint8_t key[NOTE_KEY_BYTES])
{
    Perch__Admin__ArchiveKey *shown =
        answer_new(answer, &perch__admin__archive_key__descriptor);

    ANSWER_TEXT(shown, of,
                node == 0 ? SLICE_LITERAL("log")
                          : answer_printf(answer, "node%u", (unsigned)node));
    CODEC_SET_BYTES(shown, key,
                    archive_show_key(answer, view->origin, node, key));
    body->keys[body->n_keys++] = shown;
}

static void show_keys(struct answer *answer)
{
    Perch__Admin__ArchiveKeysReply *body =
        answer_new(answer, &perch__admin__archive_keys_reply__descriptor);
    uint8_t key[NOTE_KEY_BYTES];
    struct archive_view view;

    archive_view(answer->machine, &view);
    CODEC_SET_BYTES(body, origin, view.origin);
    body->keys = answer_alloc(answer, ARCHIVE_NODES * sizeof(*body->keys));
    if (archive_log_key(answer->machine, key)) {
        add_key(answer, body, &view, 0, key);
    }
    for (unsigned number = 1; number < ARCHIVE_NODES; number++) {
        struct archive_node_view node;

        if (archive_node(answer->machine, (uint8_t)number, &node) &&
            node.has_key) {
            add_key(answer, body, &view, (uint8_t)number, node.public_key);
        }
    }
    answer->body = &body->base;
}

/* Whose key bears the name; returns false for a name of no node's. */
static bool node_of_name(struct slice name, struct slice origin,
                         uint32_t *node_out)
{
    const size_t prefix_len = sizeof(node_prefix) - 1;
    uint32_t node = 0;
    size_t at = origin.len + prefix_len;

    *node_out = 0;
    if (slice_equal(name, origin)) {
        return true;
    }
    if (name.len <= at || name.len > at + 3 || name.data[at] == '0' ||
        memcmp(name.data, origin.data, origin.len) != 0 ||
        memcmp(name.data + origin.len, node_prefix, prefix_len) != 0) {
        return false;
    }
    for (; at < name.len; at++) {
        if (name.data[at] < '0' || name.data[at] > '9') {
            return false;
        }
        node = 10 * node + (uint32_t)(name.data[at] - '0');
    }
    *node_out = node;
    return node < ARCHIVE_NODES;
}

/* Whose key it is to be: as was asked, else as its name says. */
static bool find_node(struct answer *answer,
                      const Perch__Admin__ArchiveKeyPut *asked,
                      const struct note_verifier *verifier, uint32_t *node_out)
{
    struct archive_view view;

    archive_view(answer->machine, &view);
    *node_out = asked->node;
    if (asked->has_node && asked->node >= ARCHIVE_NODES) {
        answer_refuse(answer, REFUSAL_NODE_INVALID);
        return false;
    }
    if (asked->has_node) {
        return true;
    }
    if (view.origin.len == 0) {
        answer_refuse(answer, REFUSAL_ORIGIN_NONE);
        return false;
    }
    if (!node_of_name(slice_of_text(verifier->name), view.origin, node_out)) {
        answer_refuse_about(answer, REFUSAL_KEY_STRANGER,
                            answer_printf(answer, "%s", verifier->name));
        return false;
    }
    return true;
}

/* Whether the state has that key there; an empty one for none. */
static bool has_key(const struct machine *machine, uint32_t node,
                    struct slice key)
{
    struct archive_node_view keeper;
    uint8_t log_key[NOTE_KEY_BYTES];
    struct slice has = SLICE_NONE;

    if (node == 0 && archive_log_key(machine, log_key)) {
        has = slice_of(log_key, NOTE_KEY_BYTES);
    } else if (node != 0 && archive_node(machine, (uint8_t)node, &keeper) &&
               keeper.has_key) {
        has = slice_of(keeper.public_key, NOTE_KEY_BYTES);
    }
    return slice_equal(has, key);
}

static void propose_key(struct answer *answer, uint32_t node, struct slice key)
{
    Perch__ArchiveKeyPut *put =
        answer_new(answer, &perch__archive_key_put__descriptor);
    const char *deed = key.len == 0 ? "removed" : "put";

    CODEC_SET(put, node, node);
    CODEC_SET(put, public_key,
              codec_bytes(arena_copy_slice(answer->arena, key)));
    if (node == 0) {
        answer_tells(answer, deed, "the log's key");
    } else {
        answer_tells(answer, deed, "the key of node %u", node);
    }
    if (has_key(answer->machine, node, key)) {
        answer->does = ANSWER_ALREADY;
        return;
    }
    answer_proposes(answer, PERCH__COMMAND__KIND_ARCHIVE_KEY_PUT)
        ->archive_key_put = put;
}

static void decide_put(struct answer *answer)
{
    const Perch__Admin__ArchiveKeyPut *asked = answer->asked;
    struct note_verifier verifier;
    uint32_t node;

    if (note_vkey_read(codec_slice(asked->key), &verifier) != ERROR_NONE) {
        answer_refuse(answer, REFUSAL_KEY_INVALID);
        return;
    }
    if (find_node(answer, asked, &verifier, &node)) {
        propose_key(answer, node, slice_of(verifier.key, NOTE_KEY_BYTES));
    }
}

static void decide_remove(struct answer *answer)
{
    const Perch__Admin__ArchiveKeyRemove *asked = answer->asked;

    if (!asked->has_node || asked->node >= ARCHIVE_NODES) {
        answer_refuse(answer, REFUSAL_NODE_INVALID);
        return;
    }
    propose_key(answer, asked->node, SLICE_NONE);
}

const struct answer_row archive_keys_rows[] = {
    {ADMIN_ARCHIVE_KEYS, show_keys, NULL},
    {ADMIN_ARCHIVE_KEY_PUT, decide_put, show_keys},
    {ADMIN_ARCHIVE_KEY_REMOVE, decide_remove, show_keys},
    {.decide = NULL},
};
