/* cms.c - see cms.h. */
#include "portal/setup/cms.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct pl_error *err, const char *what, const char *path)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	pl_error_set(err, PL_ERR_CONFIG, "%s %s: %s", what, path,
		     reason == NULL ? "it cannot be used" : reason);
	ERR_clear_error();
	return -1;
}

/* A key with a passphrase is refused: nobody is there to be asked. */
static int no_passphrase(char *buf, int size, int writing, void *context)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static EVP_PKEY *read_key(const char *path, struct pl_error *err)
{
	BIO *in = BIO_new_file(path, "r");
	EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);

	if (key == NULL)
		fail(err, "profile_key", path);
	BIO_free(in);
	return key;
}

/* The first is the signer's. */
static STACK_OF(X509) * read_certificates(const char *path, struct pl_error *err)
{
	BIO *in = BIO_new_file(path, "r");
	STACK_OF(X509) *list = sk_X509_new_null();
	X509 *certificate;

	while (in != NULL && list != NULL &&
	       (certificate = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL) {
		if (sk_X509_push(list, certificate) <= 0)
			X509_free(certificate);
	}
	BIO_free(in);
	if (list == NULL || sk_X509_num(list) < 1) {
		fail(err, "profile_certificate", path);
		sk_X509_free(list);
		return NULL;
	}
	ERR_clear_error(); /* of the end of the file */
	return list;
}

static int write_der(CMS_ContentInfo *cms, char **signed_r, size_t *signed_len_r)
{
	unsigned char *der = NULL;
	int len = i2d_CMS_ContentInfo(cms, &der);

	*signed_r = len > 0 ? malloc((size_t)len) : NULL;
	if (*signed_r != NULL) {
		memcpy(*signed_r, der, (size_t)len);
		*signed_len_r = (size_t)len;
	}
	OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0);
	return *signed_r == NULL ? -1 : 0;
}

int cms_sign(const char *certificate_path, const char *key_path, const char *data, size_t len,
	     char **signed_r, size_t *signed_len_r, struct pl_error *err)
{
	STACK_OF(X509) *certificates = read_certificates(certificate_path, err);
	EVP_PKEY *key = certificates == NULL ? NULL : read_key(key_path, err);
	BIO *in = BIO_new_mem_buf(data, (int)len);
	CMS_ContentInfo *cms = NULL;
	int ret = -1;

	if (key != NULL && in != NULL) {
		X509 *signer = sk_X509_shift(certificates);

		cms = CMS_sign(signer, key, certificates, in, CMS_BINARY | CMS_NOSMIMECAP);
		ret = cms != NULL && write_der(cms, signed_r, signed_len_r) == 0
			      ? 0
			      : fail(err, "profile_certificate", certificate_path);
		X509_free(signer);
	}
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	EVP_PKEY_free(key);
	sk_X509_pop_free(certificates, X509_free);
	return ret;
}
