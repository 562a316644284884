/* network.c - see network.h. */
#include "policy/base/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static int is_mapped(const struct pl_ip *ip)
{
	return memcmp(ip->byte, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

void pl_ip_from_bytes(int family, const void *bytes, struct pl_ip *ip_r)
{
	memset(ip_r, 0, sizeof(*ip_r));
	ip_r->known = family == AF_INET || family == AF_INET6;
	if (family == AF_INET) {
		memcpy(ip_r->byte, mapped_prefix, sizeof(mapped_prefix));
		memcpy(ip_r->byte + 12, bytes, 4);
	} else if (family == AF_INET6) {
		memcpy(ip_r->byte, bytes, 16);
	}
}

int pl_ip_parse(const char *text, struct pl_ip *ip_r, struct pl_error *err)
{
	struct in_addr in4;
	struct in6_addr in6;

	memset(ip_r, 0, sizeof(*ip_r));
	if (inet_pton(AF_INET, text, &in4) == 1)
		pl_ip_from_bytes(AF_INET, &in4, ip_r);
	else if (inet_pton(AF_INET6, text, &in6) == 1)
		pl_ip_from_bytes(AF_INET6, &in6, ip_r);
	return ip_r->known ? 0
			   : pl_error_set(err, PL_ERR_INVALID,
					  "this is not an IP address; write it as 192.0.2.1 or "
					  "2001:db8::1");
}

/* Whether it is a colon and the digits of a port. */
static int is_port(const char *text)
{
	return text[0] == ':' && text[1] != '\0' &&
	       strspn(text + 1, "0123456789") == strlen(text + 1);
}

int pl_ip_parse_node(const char *text, struct pl_ip *ip_r, struct pl_error *err)
{
	const int in_brackets = text[0] == '[';
	const char *end = strchr(text, in_brackets ? ']' : ':');
	char address[PL_IP_TEXT];
	const char *port;

	/* An IPv6 address without brackets has no port. */
	if (end == NULL || (!in_brackets && strchr(end + 1, ':') != NULL))
		return pl_ip_parse(text, ip_r, err);
	port = end + in_brackets;
	if ((size_t)(end - text) >= sizeof(address))
		return pl_ip_parse(text, ip_r, err);
	snprintf(address, sizeof(address), "%.*s", (int)(end - text - in_brackets),
		 text + in_brackets);
	return pl_ip_parse(port[0] == '\0' || is_port(port) ? address : text, ip_r, err);
}

void pl_ip_from_sockaddr(const struct sockaddr *sa, struct pl_ip *ip_r)
{
	const int family = sa == NULL ? AF_UNSPEC : sa->sa_family;
	const void *bytes = NULL;

	if (family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
	else if (family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
	pl_ip_from_bytes(family, bytes, ip_r);
}

char *pl_ip_format(const struct pl_ip *ip, char buf[PL_IP_TEXT])
{
	buf[0] = '\0';
	if (ip->known && memcmp(ip->byte, mapped_prefix, sizeof(mapped_prefix)) == 0)
		inet_ntop(AF_INET, ip->byte + 12, buf, PL_IP_TEXT);
	else if (ip->known)
		inet_ntop(AF_INET6, ip->byte, buf, PL_IP_TEXT);
	return buf;
}

/* The byte at this index of a mask with this many bits. */
static unsigned char mask_byte(unsigned int bits, unsigned int index)
{
	if (bits >= (index + 1) * 8)
		return 0xff;
	if (bits <= index * 8)
		return 0;
	return (unsigned char)(0xff << (8 - bits % 8));
}

static int parse_bits(const char *text, unsigned int max, unsigned int *bits_r)
{
	char *end;
	unsigned long bits;

	if (*text < '0' || *text > '9')
		return -1;
	bits = strtoul(text, &end, 10);
	if (*end != '\0' || bits > max)
		return -1;
	*bits_r = (unsigned int)bits;
	return 0;
}

char *pl_ip_format_origin(const struct pl_ip *ip, char buf[PL_IP_ORIGIN])
{
	struct pl_ip net = *ip;
	size_t len;

	if (!ip->known || is_mapped(ip))
		return pl_ip_format(ip, buf);
	memset(net.byte + 8, 0, 8);
	len = strlen(pl_ip_format(&net, buf));
	snprintf(buf + len, PL_IP_ORIGIN - len, "/64");
	return buf;
}

static void clear_host_bits(struct pl_network *network)
{
	for (unsigned int i = 0; i < sizeof(network->ip.byte); i++)
		network->ip.byte[i] &= mask_byte(network->bits, i);
}

/* The error names the network that is probably meant. */
static int refuse_host_bits(const char *text, const struct pl_network *network,
			    struct pl_error *err)
{
	struct pl_network meant = *network;
	char name[PL_NETWORK_TEXT];

	clear_host_bits(&meant);
	if (memcmp(&meant.ip, &network->ip, sizeof(meant.ip)) == 0)
		return 0;
	return pl_error_set(err, PL_ERR_INVALID,
			    "network \"%s\": the address has bits outside of the mask; the network "
			    "is %s",
			    text, pl_network_format(&meant, name));
}

int pl_network_parse(const char *text, struct pl_network *network_r, struct pl_error *err)
{
	char ip_text[PL_NETWORK_TEXT];
	char *slash;
	unsigned int offset;

	memset(network_r, 0, sizeof(*network_r));
	if (strlen(text) >= sizeof(ip_text))
		return pl_error_set(err, PL_ERR_INVALID,
				    "this is not a network; write it as 192.0.2.0/24");
	snprintf(ip_text, sizeof(ip_text), "%s", text);
	slash = strchr(ip_text, '/');
	if (slash != NULL)
		*slash++ = '\0';
	if (pl_ip_parse(ip_text, &network_r->ip, err) < 0)
		return pl_error_prefix(err, "network \"%s\"", text);
	/* Bits are counted in the mapped form; in an IPv4 text they are counted from its own 32. */
	offset = strchr(ip_text, ':') == NULL ? 96 : 0;
	network_r->bits = 128;
	if (slash != NULL) {
		if (parse_bits(slash, 128 - offset, &network_r->bits) < 0)
			return pl_error_set(err, PL_ERR_INVALID,
					    "network \"%s\": the number after '/' must be 0 to %u",
					    text, 128 - offset);
		network_r->bits += offset;
	}
	return refuse_host_bits(text, network_r, err);
}

char *pl_network_format(const struct pl_network *network, char buf[PL_NETWORK_TEXT])
{
	const unsigned int offset = is_mapped(&network->ip) && network->bits >= 96 ? 96 : 0;
	char ip[PL_IP_TEXT];

	snprintf(buf, PL_NETWORK_TEXT, "%s/%u", pl_ip_format(&network->ip, ip),
		 network->bits - offset);
	return buf;
}

void pl_network_around(const struct pl_ip *ip, struct pl_network *network_r)
{
	network_r->ip = *ip;
	network_r->bits = is_mapped(ip) ? 96 + 24 : 48;
	clear_host_bits(network_r);
}

/* 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 (RFC 1918), in the mapped form. */
static int is_private4(const struct pl_ip *ip)
{
	const unsigned char *b = ip->byte + sizeof(mapped_prefix);

	return is_mapped(ip) &&
	       (b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168));
}

int pl_ip_is_near(const struct pl_ip *a, const struct pl_ip *b)
{
	size_t bytes = 16;

	if (!a->known || !b->known)
		return 0;
	if (is_private4(a) && is_private4(b))
		bytes = 15;
	else if (!is_mapped(a) && !is_mapped(b))
		bytes = 8;
	return memcmp(a->byte, b->byte, bytes) == 0;
}

int pl_network_contains(const struct pl_network *network, const struct pl_ip *ip)
{
	if (!ip->known)
		return 0;
	for (unsigned int i = 0; i < 16; i++) {
		if (((ip->byte[i] ^ network->ip.byte[i]) & mask_byte(network->bits, i)) != 0)
			return 0;
	}
	return 1;
}

int pl_network_list_next(const char **list, struct pl_network *network_r, struct pl_error *err)
{
	const char *at = *list + strspn(*list, ", \t");
	const size_t len = strcspn(at, ", \t");
	char text[PL_NETWORK_TEXT];

	if (len == 0)
		return 0;
	if (len >= sizeof(text))
		return pl_error_set(err, PL_ERR_INVALID,
				    "this is not a network; write it as 192.0.2.0/24");
	memcpy(text, at, len);
	text[len] = '\0';
	*list = at + len;
	return pl_network_parse(text, network_r, err) < 0 ? -1 : 1;
}

int pl_network_list_check(const char *list, struct pl_error *err)
{
	struct pl_network network;
	int ret;

	while ((ret = pl_network_list_next(&list, &network, err)) == 1)
		;
	return ret;
}

int pl_network_list_contains(const char *list, const struct pl_ip *ip, struct pl_error *err)
{
	struct pl_network network;
	int found = 0, ret;

	while ((ret = pl_network_list_next(&list, &network, err)) == 1)
		found |= pl_network_contains(&network, ip);
	return ret < 0 ? -1 : found;
}

/* 1, 0 or -1. */
static int is_within_one(const struct pl_network *network, const char *list, struct pl_error *err)
{
	struct pl_network other;
	int found = 0, ret;

	while ((ret = pl_network_list_next(&list, &other, err)) == 1)
		found |= network->bits >= other.bits && pl_network_contains(&other, &network->ip);
	return ret < 0 ? -1 : found;
}

int pl_network_list_within(const char *list, const char *all, struct pl_error *err)
{
	struct pl_network network;
	int within = 1, ret;

	while ((ret = pl_network_list_next(&list, &network, err)) == 1) {
		const int one = is_within_one(&network, all, err);

		if (one < 0)
			return -1;
		within &= one;
	}
	return ret < 0 ? -1 : within;
}

int pl_ip_is_public(const struct pl_ip *ip)
{
	static const char special[] =
		"0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 "
		"192.0.0.0/24 192.168.0.0/16 198.18.0.0/15 224.0.0.0/3 "
		"::/127 64:ff9b:1::/48 100::/64 fc00::/7 fe80::/10 ff00::/8";

	return ip->known && pl_network_list_contains(special, ip, NULL) == 0;
}
