/* The private keys of a node's archive: in PEM files (proto/tlog/secret.h) or
 * in a PKCS#11 token, by what perch.conf says of each.
 *
 *   log_key = /etc/perch/archive.key
 *   log_key = pkcs11:token=perch;object=log
 *
 * A node key that is not configured is made at the first start, below the data
 * directory.
 *
 * Thread: main opens and closes; the signer as signer.h says.
 */
#ifndef NODE_COMPLIANCE_OS_KEYS_H
#define NODE_COMPLIANCE_OS_KEYS_H

#include "node/compliance/signer.h"

struct keys;

#define KEYS_NODE_NAME "archive-node.key"

struct keys_settings {
    const char *log_key;         /* File or pkcs11: URI; NULL: none here. */
    const char *node_key;        /* Likewise; NULL: DATA/archive-node.key. */
    const char *data;            /* The data directory; exists. */
    const char *pkcs11_module;   /* Its library; NULL: none. */
    const char *pkcs11_pin_file; /* Whose first line is the PIN; NULL: none. */
};

/**
 * Open the keys. Blocks.
 *
 * Returns INVALID (a URI without a module, or one that is none), NOT_FOUND,
 * REFUSED (everybody may read the file; the token refuses the PIN), MALFORMED,
 * or IO, with a journal line that names the key. Close with keys_close.
 */
enum error keys_open(const struct keys_settings *settings,
                     struct keys **keys_out);

/** Forget the keys. Accepts NULL. */
void keys_close(struct keys *keys);

/** Borrow what signs with them. */
const struct signer *keys_signer(const struct keys *keys);

#endif
