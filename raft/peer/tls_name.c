#include "raft/peer/tls_name.h"

#include <string.h>

#include "proto/peer.h"

static const struct slice prefix = {(const uint8_t *)"node", 4};

enum { DIGITS_MAX = 3 };

uint8_t tls_name_node(struct slice text)
{
    struct slice digits = slice_after(text, prefix.len);
    unsigned node = 0;

    if (!slice_begins(text, prefix) || digits.len == 0 ||
        digits.len > DIGITS_MAX || digits.data[0] == '0') {
        return 0;
    }
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return 0;
        }
        node = node * 10 + (digits.data[i] - '0');
    }
    return node <= PEER_NODE_MAX ? (uint8_t)node : 0;
}

size_t tls_certificate_name(X509 *certificate, char *name_out, size_t room)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    unsigned char *text = NULL;
    size_t written = 0;
    int len;

    if (at < 0 ||
        X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
        return 0;
    }
    len = ASN1_STRING_to_UTF8(
        &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (len > 0 && (size_t)len <= room) {
        memcpy(name_out, text, (size_t)len);
        written = (size_t)len;
    }
    OPENSSL_free(text);
    return written;
}

uint8_t tls_certificate_node(X509 *certificate)
{
    char name[sizeof("node") + DIGITS_MAX];

    return tls_name_node(
        slice_of(name, tls_certificate_name(certificate, name, sizeof(name))));
}
