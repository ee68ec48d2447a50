#include "node/sip/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

struct address_count {
    RB_ENTRY(address_count) entry;
    uint8_t key[16];
    unsigned n;
};

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static int compare(struct address_count *a, struct address_count *b)
{
    return memcmp(a->key, b->key, sizeof(a->key));
}

/* libbsd's RB_GENERATE_STATIC wants a macro that glibc does not have. */
RB_GENERATE_INTERNAL(address_counts, address_count, entry, compare,
                     __attribute__((unused)) static)

struct address address_from(const struct sockaddr *from)
{
    struct address address = {{0}, 0};

    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, from, sizeof(in));
        memcpy(address.bytes, mapped, sizeof(mapped));
        memcpy(address.bytes + sizeof(mapped), &in.sin_addr, 4);
        address.port = ntohs(in.sin_port);
    } else if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, from, sizeof(in6));
        memcpy(address.bytes, &in6.sin6_addr, 16);
        address.port = ntohs(in6.sin6_port);
    }
    return address;
}

bool address_is_ipv4(const struct address *address)
{
    return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

void address_write_host(const struct address *address,
                        char text[ADDRESS_TEXT_BYTES])
{
    const char *written =
        address_is_ipv4(address)
            ? inet_ntop(AF_INET, address->bytes + sizeof(mapped), text,
                        ADDRESS_TEXT_BYTES)
            : inet_ntop(AF_INET6, address->bytes, text, ADDRESS_TEXT_BYTES);

    CHECK(written != NULL);
}

void address_write(const struct address *address, char text[ADDRESS_TEXT_BYTES])
{
    bool ipv4 = address_is_ipv4(address);
    char host[ADDRESS_TEXT_BYTES];

    address_write_host(address, host);
    snprintf(text, ADDRESS_TEXT_BYTES, "%s%.46s%s:%u", ipv4 ? "" : "[", host,
             ipv4 ? "" : "]", address->port);
}

bool address_is_loopback(const struct address *address)
{
    static const uint8_t ipv6[16] = {[15] = 1};

    return address_is_ipv4(address) ? address->bytes[sizeof(mapped)] == 127
                                    : memcmp(address->bytes, ipv6, 16) == 0;
}

static struct address_count key_of(const struct address *address)
{
    struct address_count key = {.n = 0};

    memcpy(key.key, address->bytes, address_is_ipv4(address) ? 16 : 8);
    return key;
}

bool address_enter(struct address_counts *counts, const struct address *address,
                   unsigned max)
{
    struct address_count key = key_of(address);
    struct address_count *count = RB_FIND(address_counts, counts, &key);

    if (count == NULL) {
        count = malloc(sizeof(*count));
        if (count == NULL) {
            return false;
        }
        *count = key;
        RB_INSERT(address_counts, counts, count);
    }
    if (count->n >= max) {
        return false;
    }
    count->n++;
    return true;
}

void address_leave(struct address_counts *counts, const struct address *address)
{
    struct address_count key = key_of(address);
    struct address_count *count = RB_FIND(address_counts, counts, &key);

    CHECK(count != NULL && count->n > 0);
    count->n--;
    if (count->n == 0) {
        RB_REMOVE(address_counts, counts, count);
        free(count);
    }
}
