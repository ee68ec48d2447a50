#include "node/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <time.h>

enum error certificate_expiry(const char *path, int64_t *expires_s_out)
{
    FILE *file = fopen(path, "r");
    enum error error = ERROR_MALFORMED;
    X509 *certificate;
    struct tm end;

    if (file == NULL) {
        return ERROR_NOT_FOUND;
    }
    certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    if (certificate != NULL &&
        ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1) {
        *expires_s_out = timegm(&end);
        error = ERROR_NONE;
    }
    X509_free(certificate);
    return error;
}
