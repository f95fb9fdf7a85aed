// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>

#include "core/bytes.h"
#include "core/error.h"
#include "cipher.h"
#include "keys.h"

const struct kdtls_suite *kdtls_gnutls_key(gnutls_session_t session,
					   enum kdtls_direction direction,
					   struct kdtls_key *key,
					   uint64_t *rec_seq, int *err)
{
	gnutls_cipher_algorithm_t cipher = gnutls_cipher_get(session);
	const struct kdtls_suite *suite = kdtls_gnutls_suite_of(cipher);
	gnutls_datum_t mac, iv, secret;
	unsigned char seq[8];

	if (gnutls_record_get_state(session, direction, &mac, &iv, &secret,
				    seq) < 0 ||
	    !kdtls_get_be(seq, 2)) {
		*err = kdtls_error(EAGAIN, "the handshake has no keys yet");
		return NULL;
	}
	if (!suite || secret.size != suite->key_len ||
	    iv.size != suite->iv_len) {
		*err = kdtls_error(EOPNOTSUPP,
				   "%s: the kernel takes AES-GCM, AES-CCM and ChaCha20-Poly1305 only",
				   gnutls_cipher_get_name(cipher));
		return NULL;
	}
	memset(key, 0, sizeof(*key));
	memcpy(key->key, secret.data, secret.size);
	memcpy(key->iv, iv.data, iv.size);
	*rec_seq = kdtls_get_be(seq, sizeof(seq));
	*err = 0;
	return suite;
}
