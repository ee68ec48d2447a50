/* CRC32C (Castagnoli), the checksum of everything perch keeps on disk.
 *
 * Spec: RFC 3720 appendix B.4. The work is done by ISA-L, which picks the
 * processor's own instruction where there is one.
 *
 * Thread: any.
 */
#ifndef PROTO_BASE_CHECKSUM_H
#define PROTO_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of whole files between nodes is another, CRC-64/XZ: a file that
 * ends with a CRC32C of its own has the same CRC32C whatever it says, and a
 * file of yesterday would pass for today's. */

/**
 * Continue the CRC-64 of what came before with len more bytes.
 *
 * @before  0 for the first.
 *
 * Spec: ECMA-182's polynomial, reflected, as in the .xz file format 1.2, 6.
 */
uint64_t checksum64_extend(uint64_t before, const void *data, size_t len);

/** Checksum len bytes. */
uint32_t checksum_of(const void *data, size_t len);

/** Continue the checksum of what came before with len more bytes. */
uint32_t checksum_extend(uint32_t before, const void *data, size_t len);

/**
 * Change a checksum that is to stand behind what it is of, in a file that may
 * be checksummed as a whole: with a plain one there, that would be the same
 * whatever the file says.
 *
 * Spec: RocksDB, util/crc32c.h, whose logs hold such checksums.
 */
uint32_t checksum_masked(uint32_t checksum);

#endif
