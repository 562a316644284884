/* upload_bytes.c - the bytes of an upload, which are on the disk as they come.
 *
 * When the connection breaks, or the portal is stopped, what has come until then stays: the browser
 * asks how far it got, and goes on from there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "portal/upload/handlers.h"

struct sink {
	struct pl_blobs *blobs;
	struct pl_blob *blob; /* NULL: it is suspended */
	int64_t offset;       /* behind what has come */
};

static int take_bytes(void *context, const void *bytes, size_t len, struct pl_error *err)
{
	struct sink *sink = context;

	if (pl_blob_write(sink->blob, bytes, len, err) < 0)
		return -1;
	sink->offset += (int64_t)len;
	return 0;
}

/* 0 when the bytes are on the disk. */
static int suspend(struct sink *sink, struct pl_error *err)
{
	return sink->blob == NULL ? 0 : pl_blob_suspend(&sink->blob, err);
}

static void free_sink(void *context)
{
	struct sink *sink = context;
	struct pl_error err;

	if (suspend(sink, &err) < 0)
		daemon_log_failure(NULL, &err);
	pl_blobs_close(&sink->blobs);
	free(sink);
}

/* The number in the header Upload-Offset; -1: it is none. */
static int64_t offset_of(const char *text)
{
	char *end;
	long long value;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	value = strtoll(text, &end, 10);
	return errno != 0 || *end != '\0' ? -1 : value;
}

/* 1 when the bytes may come; 0 response says why not. */
static int fits(const struct request *request, struct response *response, int64_t wanted,
		int64_t offset)
{
	if (wanted != offset) {
		respond_error(response, 409, "wrong-offset");
		return respond_offset(request, response, 409, offset);
	}
	return (int64_t)request->body_len <= request->upload.size - offset
		       ? 1
		       : respond_error(response, 413, "too-large");
}

/* Opens the upload: 1; 0 response says why not; -1. */
static int open_sink(const struct request *request, struct response *response, struct sink *sink,
		     struct pl_error *err)
{
	const int64_t wanted = offset_of(request->upload_offset);

	if (wanted < 0)
		return respond_error(response, 400, "bad-request");
	if (request->upload.link_id != 0)
		return fits(request, response, wanted, request->upload.size);
	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the HMAC key cannot be read");
	if (pl_blobs_open(request->policy, request->verify, &sink->blobs, err) < 0)
		return -1;
	if (pl_blob_resume(sink->blobs, request->upload.store_name, &sink->blob, &sink->offset,
			   err) < 0)
		return err->code == PL_ERR_CONFLICT ? respond_wait(response, 423, "locked", 1) : -1;
	return fits(request, response, wanted, sink->offset);
}

int receive_upload(struct request *request, struct response *response, struct pl_error *err)
{
	struct sink *sink = calloc(1, sizeof(*sink));
	int ret;

	if (sink == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	sink->offset = request->upload.size;
	ret = open_sink(request, response, sink, err);
	if (ret != 1) {
		free_sink(sink);
		return ret;
	}
	request->sink =
		(struct request_sink){ .take = take_bytes, .free = free_sink, .context = sink };
	return 1;
}

int patch_upload(struct request *request, struct response *response, struct pl_error *err)
{
	struct sink *sink = request->sink.context;

	if (request->sink.failed) {
		*err = request->sink.error;
		return -1;
	}
	if (suspend(sink, err) < 0 || pl_store_begin_write(request->work.store, err) < 0 ||
	    pl_upload_touch(&request->work, &request->upload) < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	return respond_offset(request, response, 204, sink->offset);
}
