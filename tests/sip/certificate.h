/* Self-signed certificates for tests. */
#ifndef TESTS_SIP_CERTIFICATE_H
#define TESTS_SIP_CERTIFICATE_H

/** Write a new EC P-256 key and a certificate of it for a name, as PEM. */
void certificate_write(const char *name, int days, const char *certificate_file,
                       const char *key_file);

#endif
