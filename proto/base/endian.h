/* Fixed-width numbers in bytes: big-endian in keys, so that order in bytes is
 * order in numbers; little-endian in records.
 *
 * Thread: any.
 */
#ifndef PROTO_BASE_ENDIAN_H
#define PROTO_BASE_ENDIAN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/** Write 16 bits, most significant byte first. */
static inline void put_be16(uint8_t *to, uint16_t value)
{
    value = htobe16(value);
    memcpy(to, &value, sizeof(value));
}

/** Write 32 bits, most significant byte first. */
static inline void put_be32(uint8_t *to, uint32_t value)
{
    value = htobe32(value);
    memcpy(to, &value, sizeof(value));
}

/** Write 64 bits, most significant byte first. */
static inline void put_be64(uint8_t *to, uint64_t value)
{
    value = htobe64(value);
    memcpy(to, &value, sizeof(value));
}

/** Write 16 bits, least significant byte first. */
static inline void put_le16(uint8_t *to, uint16_t value)
{
    value = htole16(value);
    memcpy(to, &value, sizeof(value));
}

/** Write 32 bits, least significant byte first. */
static inline void put_le32(uint8_t *to, uint32_t value)
{
    value = htole32(value);
    memcpy(to, &value, sizeof(value));
}

/** Write 64 bits, least significant byte first. */
static inline void put_le64(uint8_t *to, uint64_t value)
{
    value = htole64(value);
    memcpy(to, &value, sizeof(value));
}

/** Read 16 bits, most significant byte first. */
static inline uint16_t get_be16(const uint8_t *from)
{
    uint16_t value;
    memcpy(&value, from, sizeof(value));
    return be16toh(value);
}

/** Read 32 bits, most significant byte first. */
static inline uint32_t get_be32(const uint8_t *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof(value));
    return be32toh(value);
}

/** Read 64 bits, most significant byte first. */
static inline uint64_t get_be64(const uint8_t *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof(value));
    return be64toh(value);
}

/** Read 16 bits, least significant byte first. */
static inline uint16_t get_le16(const uint8_t *from)
{
    uint16_t value;
    memcpy(&value, from, sizeof(value));
    return le16toh(value);
}

/** Read 32 bits, least significant byte first. */
static inline uint32_t get_le32(const uint8_t *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof(value));
    return le32toh(value);
}

/** Read 64 bits, least significant byte first. */
static inline uint64_t get_le64(const uint8_t *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof(value));
    return le64toh(value);
}

#endif
