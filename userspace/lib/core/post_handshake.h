/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Handshake messages after the handshake. They're a stream of their own, of
 * which a record may hold a part or several.
 */
#ifndef KDTLS_CORE_POST_HANDSHAKE_H
#define KDTLS_CORE_POST_HANDSHAKE_H

#include <stddef.h>
#include <stdint.h>

/* KeyUpdateRequest (RFC 8446, 4.6.3) */
enum {
	KDTLS_UPDATE_NOT_REQUESTED = 0,
	KDTLS_UPDATE_REQUESTED = 1,
};

/* type, length, KeyUpdateRequest */
#define KDTLS_KEY_UPDATE     24
#define KDTLS_KEY_UPDATE_LEN 5

/**
 * struct kdtls_post_handshake - zeroed it's at its beginning
 * @header: of the message that is arriving
 * @header_len: bytes of it that have arrived
 * @left: bytes of the message to come
 */
struct kdtls_post_handshake {
	uint8_t header[4];
	size_t header_len;
	size_t left;
};

/* What was found in a part of that stream. */
enum kdtls_post {
	/* nothing that's of use: tickets, hellos */
	KDTLS_POST_NONE,
	/* the peer's next record has a new key */
	KDTLS_POST_UPDATE,
	/* and so is ours to have */
	KDTLS_POST_UPDATE_REQUESTED,
	/* nothing that's allowed here */
	KDTLS_POST_BAD,
};

enum kdtls_post kdtls_post_handshake(struct kdtls_post_handshake *post,
				     uint16_t version, const uint8_t *bytes,
				     size_t len);

#endif
