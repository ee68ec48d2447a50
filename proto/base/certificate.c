#include "proto/base/certificate.h"

#include <openssl/x509.h>
#include <time.h>

bool certificate_end(const X509 *certificate, int64_t *expires_s_out)
{
    struct tm end;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
        return false;
    }
    *expires_s_out = (int64_t)timegm(&end);
    return true;
}
