// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdbool.h>
#include <linux/tls.h>

#include "bytes.h"
#include "post_handshake.h"

/* HandshakeType (RFC 5246, 7.4; RFC 8446, 4) */
enum {
	HELLO_REQUEST = 0,
	CLIENT_HELLO = 1,
	NEW_SESSION_TICKET = 4,
};

/*
 * TLS 1.2: both hellos ask for a renegotiation, which may be ignored (RFC 5246,
 * 7.4.1.1 and 7.4.1.2). TLS 1.3: nothing else was offered to the peer.
 */
static bool is_allowed(uint16_t version, const struct kdtls_post_handshake *post)
{
	uint8_t type = post->header[0];

	if (version != TLS_1_3_VERSION)
		return type == HELLO_REQUEST || type == CLIENT_HELLO;
	return type == NEW_SESSION_TICKET ||
	       (type == KDTLS_KEY_UPDATE && post->left == 1);
}

/* It's the last message under its key, hence of its record (RFC 8446, 5.1). */
static enum kdtls_post key_update(uint8_t request, size_t behind)
{
	if (behind || request > KDTLS_UPDATE_REQUESTED)
		return KDTLS_POST_BAD;
	return request ? KDTLS_POST_UPDATE_REQUESTED : KDTLS_POST_UPDATE;
}

enum kdtls_post kdtls_post_handshake(struct kdtls_post_handshake *post,
				     uint16_t version, const uint8_t *bytes,
				     size_t len)
{
	size_t n;

	for (; len; bytes += n, len -= n) {
		if (post->header_len < sizeof(post->header)) {
			n = 1;
			post->header[post->header_len++] = *bytes;
			if (post->header_len < sizeof(post->header))
				continue;
			post->left = kdtls_get_be(post->header + 1, 3);
			if (!is_allowed(version, post))
				return KDTLS_POST_BAD;
		} else {
			n = len < post->left ? len : post->left;
			post->left -= n;
		}
		if (post->left)
			continue;
		post->header_len = 0;
		if (post->header[0] == KDTLS_KEY_UPDATE)
			return key_update(*bytes, len - n);
	}
	return KDTLS_POST_NONE;
}
