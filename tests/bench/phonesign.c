/* phonesign.c - what phones send to the portal when they look for a sign-in that waits.
 *
 * Usage: phonesign ORIGIN COUNT
 *
 * Prints a line for each of COUNT phones: its public key in hexadecimal digits, and the body of its
 * request, signed (portal/approve/guards.h). A body is good for two minutes.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/load.h"

#define POINT_BYTES 65
#define HALF 32
#define PATH "/api/approve/request"
#define ENCODED(bytes) (((bytes) + 2) / 3 * 4 + 1)

/* base64url without padding. */
static void encode(const unsigned char *bytes, int len, char *text)
{
	EVP_EncodeBlock((unsigned char *)text, bytes, len);
	for (char *at = text; *at != '\0'; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	text[strcspn(text, "=")] = '\0';
}

static void sign(EVP_PKEY *key, const char *text, unsigned char pair_r[2 * HALF])
{
	unsigned char der[128];
	const unsigned char *at = der;
	size_t len = sizeof(der);
	EVP_MD_CTX *context = need(EVP_MD_CTX_new());
	ECDSA_SIG *signature;

	if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(context, der, &len, (const unsigned char *)text, strlen(text)) != 1)
		die("a text cannot be signed");
	signature = need(d2i_ECDSA_SIG(NULL, &at, (long)len));
	if (BN_bn2binpad(ECDSA_SIG_get0_r(signature), pair_r, HALF) != HALF ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(signature), pair_r + HALF, HALF) != HALF)
		die("a signature has another length");
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(context);
}

static void print_phone(const char *origin, long long at)
{
	unsigned char point[POINT_BYTES], pair[2 * HALF];
	char key_text[ENCODED(POINT_BYTES)], signature_text[ENCODED(2 * HALF)], text[1024];
	EVP_PKEY *key = need(EVP_EC_gen("P-256"));
	size_t len = 0;

	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					    &len) != 1 ||
	    len != sizeof(point))
		die("a key has another length");
	encode(point, sizeof(point), key_text);
	snprintf(text, sizeof(text), "postlatch-approval-1\n%s\n" PATH "\nkey=%s\ntime=%lld\n",
		 origin, key_text, at);
	sign(key, text, pair);
	encode(pair, sizeof(pair), signature_text);
	for (size_t i = 0; i < sizeof(point); i++)
		printf("%02x", point[i]);
	printf(" {\"key\": \"%s\", \"time\": %lld, \"signature\": \"%s\"}\n", key_text, at,
	       signature_text);
	EVP_PKEY_free(key);
}

int main(int argc, char **argv)
{
	const long long at = (long long)time(NULL);

	if (argc != 3)
		die("usage: phonesign ORIGIN COUNT");
	for (long i = strtol(argv[2], NULL, 10); i > 0; i--)
		print_phone(argv[1], at);
	return 0;
}
