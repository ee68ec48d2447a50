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

/** Checksum len bytes. */
uint32_t checksum_of(const void *data, size_t len);

/** Continue the checksum of what came before with len more bytes. */
uint32_t checksum_extend(uint32_t before, const void *data, size_t len);

#endif
