/* fuzz_s3.c - what a store of attachments, or whoever answers in its place, says in XML. */
#include "tests/fuzz/fuzz.h"

#include "policy/attachment/s3_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pl_s3_page page;
	char code[PL_S3_CODE];

	if (pl_s3_page_read((const char *)data, size, &page) == 0) {
		MUST(page.count <= PL_S3_PAGE);
		MUST(!page.is_truncated || page.count > 0);
		for (size_t i = 0; i < page.count; i++) {
			MUST(strlen(page.object[i].name) < PL_S3_NAME);
			MUST(page.object[i].size >= 0 && page.object[i].modified_at >= 0);
		}
		/* A page is not an error. */
		MUST(pl_s3_error_code((const char *)data, size, code)[0] == '\0');
	}
	pl_s3_error_code((const char *)data, size, code);
	MUST(code[strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")] ==
	     '\0');
	return 0;
}
