/* Where peers come from: as text, and how many connections each address has.
 *
 * Thread: the edge's.
 */
#ifndef NODE_SIP_ADDRESS_H
#define NODE_SIP_ADDRESS_H

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_BYTES = 56 }; /* "[IPv6]:port" and a NUL. */

struct address {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d. */
    uint16_t port;
};

/* By address. */
RB_HEAD(address_counts, address_count);

/** Read an IPv4 or IPv6 socket address; any other gives all zeroes. */
struct address address_from(const struct sockaddr *from);

/** Write "192.0.2.1:5060" or "[2001:db8::1]:5060". */
void address_write(const struct address *address,
                   char text[ADDRESS_TEXT_BYTES]);

/** Write the address alone, as SDP and Via want it. */
void address_write_host(const struct address *address,
                        char text[ADDRESS_TEXT_BYTES]);

/** Tell whether it is IPv4 or IPv4 mapped. */
bool address_is_ipv4(const struct address *address);

/** Tell whether only this machine can reach it. */
bool address_is_loopback(const struct address *address);

/**
 * Count one more connection of an address; IPv6 is counted by /64, because
 * one host has all of that.
 *
 * Returns false, and counts nothing, when there are max already or memory is
 * out.
 */
bool address_enter(struct address_counts *counts, const struct address *address,
                   unsigned max);

/** Count one less of what address_enter counted. */
void address_leave(struct address_counts *counts,
                   const struct address *address);

#endif
