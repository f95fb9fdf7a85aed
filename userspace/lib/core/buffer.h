/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Bytes that grow at the end. */
#ifndef KDTLS_CORE_BUFFER_H
#define KDTLS_CORE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct kdtls_buffer - zeroed it's empty
 * @bytes: what's in it
 * @len: how many
 * @size: how many there's room for
 */
struct kdtls_buffer {
	uint8_t *bytes;
	size_t len;
	size_t size;
};

/* False: they'd be more than @max, or there's no memory; nothing changed. */
bool kdtls_buffer_append(struct kdtls_buffer *buf, const void *bytes,
			 size_t len, size_t max);

/* Wipes the bytes and keeps the room. */
void kdtls_buffer_clear(struct kdtls_buffer *buf);

/* Wipes the bytes and frees the room. */
void kdtls_buffer_free(struct kdtls_buffer *buf);

#endif
