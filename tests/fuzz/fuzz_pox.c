/* fuzz_pox.c - what Outlook, or anybody, sends to be set up: XML. */
#include "tests/fuzz/fuzz.h"

#include "portal/setup/pox_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pox_request request;

	if (pox_request_read((const char *)data, size, &request) < 0)
		return 0;
	MUST(strlen(request.address) < sizeof(request.address));
	MUST(strlen(request.schema) < sizeof(request.schema));
	/* Nothing that a document defines itself can be in what comes out. */
	MUST(memmem(data, size, "<!DOCTYPE", 9) == NULL ||
	     memmem(data, size, "<![CDATA[", 9) != NULL || memmem(data, size, "<!--", 4) != NULL ||
	     memmem(data, size, "<?", 2) != NULL);
	return 0;
}
