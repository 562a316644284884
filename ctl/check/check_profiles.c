/* check_profiles.c - whether the portal can sign the profiles of Apple's devices. */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/check/check.h"

#define SOON (14 * PL_DAY_SECONDS) /* seconds; who renews by hand needs some days */

static int no_passphrase(char *buf, int size, int writing, void *context)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

/* Opens a file that the portal must be able to read; NULL and a finding. */
static FILE *open_file(struct check *check, const char *setting, const char *path)
{
	FILE *in = fopen(path, "r");
	struct stat st;

	if (in == NULL)
		check_find(check, CHECK_FAULT, "%s = %s: %s", setting, path, strerror(errno));
	else if (fstat(fileno(in), &st) == 0 && !check_portal_reads(&st))
		check_find(check, CHECK_FAULT,
			   "the user postlatch-portal cannot read %s, so it cannot sign profiles; "
			   "chgrp postlatch-portal and chmod 640 it",
			   path);
	return in;
}

static void check_time(struct check *check, const char *path, const X509 *certificate)
{
	time_t soon = time(NULL) + SOON;

	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
		check_find(check, CHECK_FAULT,
			   "the certificate %s has expired, so devices call profiles not "
			   "verified; renew it",
			   path);
	else if (X509_cmp_time(X509_get0_notAfter(certificate), &soon) < 0)
		check_find(check, CHECK_WARNING,
			   "the certificate %s expires within 14 days; renew it", path);
}

static void check_pair(struct check *check, X509 *certificate, EVP_PKEY *key)
{
	const struct pl_policy *policy = check->policy;

	if (certificate == NULL)
		check_find(check, CHECK_FAULT, "%s has no certificate in PEM",
			   policy->profile_certificate);
	else if (key == NULL)
		check_find(check, CHECK_FAULT, "%s has no private key in PEM without a passphrase",
			   policy->profile_key);
	else if (X509_check_private_key(certificate, key) != 1)
		check_find(check, CHECK_FAULT, "%s is not the key of %s", policy->profile_key,
			   policy->profile_certificate);
	else
		check_find(check, CHECK_OK, "profiles are signed with %s",
			   policy->profile_certificate);
	if (certificate != NULL)
		check_time(check, policy->profile_certificate, certificate);
}

/* 1 when there is a file, and what it has, or NULL. */
static int read_certificate(struct check *check, X509 **certificate_r)
{
	FILE *in = open_file(check, "profile_certificate", check->policy->profile_certificate);

	if (in == NULL)
		return 0;
	*certificate_r = PEM_read_X509(in, NULL, no_passphrase, NULL);
	fclose(in);
	return 1;
}

static int read_key(struct check *check, EVP_PKEY **key_r)
{
	FILE *in = open_file(check, "profile_key", check->policy->profile_key);

	if (in == NULL)
		return 0;
	*key_r = PEM_read_PrivateKey(in, NULL, no_passphrase, NULL);
	fclose(in);
	return 1;
}

int check_profiles(struct check *check)
{
	X509 *certificate = NULL;
	EVP_PKEY *key = NULL;

	if (check->policy->portal_url[0] == '\0' || check->policy->profile_certificate[0] == '\0')
		return 0;
	if (read_certificate(check, &certificate) && read_key(check, &key))
		check_pair(check, certificate, key);
	EVP_PKEY_free(key);
	X509_free(certificate);
	return 1;
}
