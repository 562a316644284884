/* stream.c - see stream.h. */
#include "portal/http/stream.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static void free_page(struct response_stream *stream)
{
	if (stream->page != NULL)
		OPENSSL_cleanse(stream->page, stream->len);
	free(stream->page);
	stream->page = NULL;
	stream->len = stream->used = 0;
}

static int fill(struct request *request, struct response_stream *stream, struct pl_error *err)
{
	FILE *out;
	int ret;

	free_page(stream);
	out = open_memstream(&stream->page, &stream->len);
	if (out == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "there is no memory for a page");
	ret = stream->fill(request, stream->context, out, err);
	if (fclose(out) != 0 && ret >= 0)
		ret = pl_error_set(err, PL_ERR_RETRY, "there is no memory for a page");
	if (ret < 0)
		free_page(stream);
	return ret;
}

int stream_next(struct request *request, struct response_stream *stream, struct pl_error *err)
{
	int ret;

	do {
		ret = fill(request, stream, err);
		stream->is_last = ret == 0;
	} while (ret == 1 && stream->len == 0);
	return ret < 0 ? -1 : 0;
}

size_t stream_take(struct response_stream *stream, char *to, size_t most)
{
	const size_t left = stream->len - stream->used, part = left < most ? left : most;

	if (part > 0)
		memcpy(to, stream->page + stream->used, part);
	stream->used += part;
	return part;
}

void stream_free(struct response_stream *stream)
{
	free_page(stream);
	if (stream->free != NULL)
		stream->free(stream->context);
	memset(stream, 0, sizeof(*stream));
}
