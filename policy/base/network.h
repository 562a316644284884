/* network.h - IP addresses and networks in CIDR notation (RFC 4632, RFC 4291).
 *
 * IPv4 is kept as IPv4-mapped IPv6 (RFC 4291 2.5.5.2), so that ::ffff:192.0.2.1
 * and 192.0.2.1 are one address.
 */
#ifndef POSTLATCH_NETWORK_H
#define POSTLATCH_NETWORK_H

#include <stddef.h>
#include <sys/socket.h>
#include "policy/base/error.h"

struct pl_ip {
	unsigned char byte[16];
	int known; /* 0: no address was given */
};

struct pl_network {
	struct pl_ip ip;
	unsigned int bits; /* 0 to 128, of the mapped form */
};

/* The longest text that pl_ip_format writes, with its NUL. */
#define PL_IP_TEXT 46
/* The same of pl_network_format. */
#define PL_NETWORK_TEXT (PL_IP_TEXT + 4)

/* An IPv4 or IPv6 address. 0, or -1 and the error. */
int pl_ip_parse(const char *text, struct pl_ip *ip_r, struct pl_error *err);
/* The same for an address as a proxy tells it, with or without a port, RFC 7239 section 6:
 * 192.0.2.1:40001, [2001:db8::1]:40001, [2001:db8::1]. */
int pl_ip_parse_node(const char *text, struct pl_ip *ip_r, struct pl_error *err);
/* From an in_addr (AF_INET) or in6_addr (AF_INET6); of another family: unknown. */
void pl_ip_from_bytes(int family, const void *bytes, struct pl_ip *ip_r);
/* Anything that is not AF_INET or AF_INET6 gives an unknown address. */
void pl_ip_from_sockaddr(const struct sockaddr *sa, struct pl_ip *ip_r);
/* Writes "" for an unknown address. Returns buf. */
char *pl_ip_format(const struct pl_ip *ip, char buf[PL_IP_TEXT]);

/* Whether it is known, and one of a host on the Internet: of no private or local network, and no
 * other special one but those for documentation (RFC 6890). */
int pl_ip_is_public(const struct pl_ip *ip);

/* What counts as one origin where somebody is counted: "192.0.2.1", or "2001:db8::/64", as one
 * household gets a /64 at least. Returns buf. */
#define PL_IP_ORIGIN (PL_IP_TEXT + 3)
char *pl_ip_format_origin(const struct pl_ip *ip, char buf[PL_IP_ORIGIN]);

/* Whether both are known, and the same or in what one network mostly has: a /24 of private
 * addresses, a /64 of IPv6. */
int pl_ip_is_near(const struct pl_ip *a, const struct pl_ip *b);

/* One network, "192.0.2.0/24", "2001:db8::/32" or a single address. A bit that is set after
 * the mask is an error: it is nearly always a typing mistake. */
int pl_network_parse(const char *text, struct pl_network *network_r, struct pl_error *err);
/* Writes "192.0.2.0/24". Returns buf. */
char *pl_network_format(const struct pl_network *network, char buf[PL_NETWORK_TEXT]);
/* The network that is likely one place with a known address: its /24 or, of IPv6, its /48. */
void pl_network_around(const struct pl_ip *ip, struct pl_network *network_r);
/* Returns 1 when ip is known and lies in the network. */
int pl_network_contains(const struct pl_network *network, const struct pl_ip *ip);
/* Reads the next network of a list, in which commas or spaces separate them, and goes on after it:
 * 1, 0 at the end, -1. */
int pl_network_list_next(const char **list, struct pl_network *network_r, struct pl_error *err);
/* Whether a text is a list of networks, which may be empty: 0, or -1 and the one that is none. */
int pl_network_list_check(const char *list, struct pl_error *err);
/* Returns 1 when ip is in one of the networks of a text, which are separated by commas or
 * spaces; 0 when it is not; -1 when the text is not a list of networks. */
int pl_network_list_contains(const char *list, const struct pl_ip *ip, struct pl_error *err);
/* Whether each network of a list lies in one of those of another list: 1, 0, or -1 when one of the
 * texts is not a list of networks. */
int pl_network_list_within(const char *list, const char *all, struct pl_error *err);

#endif
