// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdlib.h>
#include <string.h>

#include "buffer.h"

#define SIZE_MIN 2048

static bool grow(struct kdtls_buffer *buf, size_t need)
{
	size_t size = buf->size ? buf->size : SIZE_MIN;
	uint8_t *bytes;

	while (size < need)
		size *= 2;
	if (size == buf->size)
		return true;
	bytes = malloc(size);
	if (!bytes)
		return false;
	if (buf->bytes) {
		memcpy(bytes, buf->bytes, buf->len);
		explicit_bzero(buf->bytes, buf->len);
		free(buf->bytes);
	}
	buf->bytes = bytes;
	buf->size = size;
	return true;
}

bool kdtls_buffer_append(struct kdtls_buffer *buf, const void *bytes,
			 size_t len, size_t max)
{
	if (len > max - buf->len || !grow(buf, buf->len + len))
		return false;
	if (len)
		memcpy(buf->bytes + buf->len, bytes, len);
	buf->len += len;
	return true;
}

void kdtls_buffer_clear(struct kdtls_buffer *buf)
{
	if (buf->len)
		explicit_bzero(buf->bytes, buf->len);
	buf->len = 0;
}

void kdtls_buffer_free(struct kdtls_buffer *buf)
{
	kdtls_buffer_clear(buf);
	free(buf->bytes);
	*buf = (struct kdtls_buffer) { 0 };
}
