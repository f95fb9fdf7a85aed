/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The keys of a handshake, as GnuTLS tells them. */
#ifndef KDTLS_GNUTLS_KEYS_H
#define KDTLS_GNUTLS_KEYS_H

#include <gnutls/gnutls.h>

#include "core/suite.h"

enum kdtls_direction {
	KDTLS_WRITING = 0,
	KDTLS_READING = 1
};

/**
 * kdtls_gnutls_key() - one direction's key
 * @session: in or after the handshake
 * @direction: which
 * @key: filled in, to be wiped; nothing to wipe on failure
 * @rec_seq: epoch(16) || number(48): writing, of the next record
 *
 * Return: the AEAD's suite, or NULL with *@err and a text: -EAGAIN: that
 * direction isn't protected yet; -EOPNOTSUPP: no suite of ours.
 */
const struct kdtls_suite *kdtls_gnutls_key(gnutls_session_t session,
					   enum kdtls_direction direction,
					   struct kdtls_key *key,
					   uint64_t *rec_seq, int *err);

#endif
