/* nullmilter.c - a milter that does nothing, and asks to be told nothing, or the header and the body.
 *
 * Usage: nullmilter SOCKET [reads]
 *
 * What it costs is what any milter costs, or any that reads what is sent; see the benchmark.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int reads;

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long offered, unsigned long steps,
			     unsigned long unused2, unsigned long unused3, unsigned long *actions_r,
			     unsigned long *steps_r, unsigned long *unused2_r,
			     unsigned long *unused3_r)
{
	const unsigned long most = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOMAIL | SMFIP_NORCPT |
				   SMFIP_NODATA | SMFIP_NOUNKNOWN;
	const unsigned long message = SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NOBODY;
	/* What it is told needs no answer. */
	const unsigned long told = SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY;

	(void)ctx;
	(void)offered;
	(void)unused2;
	(void)unused3;
	*actions_r = 0;
	*steps_r = steps & (most | (reads ? told : message));
	*unused2_r = *unused3_r = 0;
	return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return SMFIS_NOREPLY;
}

static sfsistat on_eoh(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t len)
{
	(void)ctx;
	(void)bytes;
	(void)len;
	return SMFIS_NOREPLY;
}

int main(int argc, char **argv)
{
	struct smfiDesc description = {
		.xxfi_name = (char *)"null",
		.xxfi_version = SMFI_VERSION,
		.xxfi_negotiate = on_negotiate,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
	};

	if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "reads") != 0)) {
		fputs("usage: nullmilter SOCKET [reads]\n", stderr);
		return 64;
	}
	reads = argc == 3;
	umask(0); /* Postfix is another user; the folder keeps strangers out */
	if (smfi_register(description) == MI_FAILURE || smfi_setconn(argv[1]) == MI_FAILURE ||
	    smfi_opensocket(1) == MI_FAILURE)
		return 1;
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
