/* nullmilter.c - a milter that does nothing, and asks to be told nothing.
 *
 * Usage: nullmilter SOCKET
 *
 * What it costs is what any milter costs; see the benchmark.
 */
#include <libmilter/mfapi.h>
#include <stdio.h>
#include <sys/stat.h>

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long offered, unsigned long steps,
			     unsigned long unused2, unsigned long unused3, unsigned long *actions_r,
			     unsigned long *steps_r, unsigned long *unused2_r,
			     unsigned long *unused3_r)
{
	const unsigned long all = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOMAIL | SMFIP_NORCPT |
				  SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NOHDRS | SMFIP_NOEOH |
				  SMFIP_NOBODY;

	(void)ctx;
	(void)offered;
	(void)unused2;
	(void)unused3;
	*actions_r = 0;
	*steps_r = steps & all;
	*unused2_r = *unused3_r = 0;
	return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
	struct smfiDesc description = {
		.xxfi_name = (char *)"null",
		.xxfi_version = SMFI_VERSION,
		.xxfi_negotiate = on_negotiate,
	};

	if (argc != 2) {
		fputs("usage: nullmilter SOCKET\n", stderr);
		return 64;
	}
	umask(0); /* Postfix is another user; the folder keeps strangers out */
	if (smfi_register(description) == MI_FAILURE || smfi_setconn(argv[1]) == MI_FAILURE ||
	    smfi_opensocket(1) == MI_FAILURE)
		return 1;
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
