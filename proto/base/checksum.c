#include "proto/base/checksum.h"

#include <isa-l/crc.h>
#include <isa-l/crc64.h>
#include <limits.h>

/* ISA-L takes an int length and leaves both inversions to the caller. */
uint32_t checksum_extend(uint32_t before, const void *data, size_t len)
{
    /* ISA-L's prototype lacks the const it honours. */
    unsigned char *bytes = (unsigned char *)(uintptr_t)data;
    uint32_t crc = ~before;

    while (len > 0) {
        int part = len > INT_MAX ? INT_MAX : (int)len;

        crc = crc32_iscsi(bytes, part, crc);
        bytes += part;
        len -= (size_t)part;
    }
    return ~crc;
}

uint32_t checksum_of(const void *data, size_t len)
{
    return checksum_extend(0, data, len);
}

uint64_t checksum64_extend(uint64_t before, const void *data, size_t len)
{
    return len == 0 ? before : crc64_ecma_refl(before, data, len);
}

uint32_t checksum_masked(uint32_t checksum)
{
    return ((checksum >> 15) | (checksum << 17)) + 0xa282ead8U;
}
