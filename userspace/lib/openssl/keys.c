// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "core/error.h"
#include "keys.h"
#include "reason.h"

#define LABEL "key expansion"

struct secrets {
	uint8_t master[SSL_MAX_MASTER_KEY_LENGTH];
	/* label, server_random, client_random: the PRF's seed */
	uint8_t seed[sizeof(LABEL) - 1 + 2 * SSL3_RANDOM_SIZE];
	uint8_t block[2 * (KDTLS_KEY_MAX + KDTLS_IV_LEN)];
};

/* OpenSSL's number of an AEAD, and the tag that goes with it here. */
static const struct {
	int nid;
	size_t tag_len;
	uint16_t cipher_type;
} ciphers[] = {
	{ NID_aes_128_gcm, KDTLS_TAG_LEN, TLS_CIPHER_AES_GCM_128 },
	{ NID_aes_256_gcm, KDTLS_TAG_LEN, TLS_CIPHER_AES_GCM_256 },
	{ NID_chacha20_poly1305, KDTLS_TAG_LEN, TLS_CIPHER_CHACHA20_POLY1305 },
	{ NID_aes_128_ccm, KDTLS_TAG_LEN, TLS_CIPHER_AES_CCM_128 },
	{ NID_aes_256_ccm, KDTLS_TAG_LEN, DTLS_CIPHER_AES_CCM_256 },
	{ NID_aes_128_ccm, KDTLS_TAG_LEN_SHORT, DTLS_CIPHER_AES_CCM_8_128 },
	{ NID_aes_256_ccm, KDTLS_TAG_LEN_SHORT, DTLS_CIPHER_AES_CCM_8_256 },
};

/* OpenSSL has one number for CCM whatever the tag: the suite decides. */
static size_t tag_len_of(const SSL_CIPHER *cipher)
{
	switch (SSL_CIPHER_get_protocol_id(cipher)) {
	case 0xC0A0 ... 0xC0A3: /* RSA, DHE-RSA (RFC 6655, 3) */
	case 0xC0A8 ... 0xC0AB: /* PSK, DHE-PSK (RFC 6655, 4) */
	case 0xC0AE ... 0xC0AF: /* ECDHE-ECDSA (RFC 7251, 2) */
	case 0x1305:            /* of TLS 1.3 (RFC 8446, B.4) */
		return KDTLS_TAG_LEN_SHORT;
	}
	return KDTLS_TAG_LEN;
}

const struct kdtls_suite *kdtls_suite_of(const SSL_CIPHER *cipher)
{
	int nid = SSL_CIPHER_get_cipher_nid(cipher);
	size_t tag_len = tag_len_of(cipher);
	size_t i;

	for (i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		if (ciphers[i].nid == nid && ciphers[i].tag_len == tag_len)
			return kdtls_suite_find(ciphers[i].cipher_type);
	return NULL;
}

/*
 * A session that is offered for resumption has a master secret from the start,
 * but only the ServerHello says whether it is used: so ask for both.
 */
static bool secrets_collect(SSL *ssl, struct secrets *s)
{
	static const uint8_t none[SSL3_RANDOM_SIZE];
	uint8_t *server = s->seed + sizeof(LABEL) - 1;
	const SSL_SESSION *session = SSL_get_session(ssl);

	memcpy(s->seed, LABEL, sizeof(LABEL) - 1);
	SSL_get_server_random(ssl, server, SSL3_RANDOM_SIZE);
	SSL_get_client_random(ssl, server + SSL3_RANDOM_SIZE, SSL3_RANDOM_SIZE);
	return session && memcmp(server, none, sizeof(none)) &&
	       SSL_SESSION_get_master_key(session, s->master,
					  sizeof(s->master)) ==
		       sizeof(s->master);
}

static bool prf(const EVP_MD *md, struct secrets *s, size_t block_len)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST,
				       (char *)EVP_MD_get0_name(md), 0),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SECRET, s->master,
					sizeof(s->master)),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SEED, s->seed,
					sizeof(s->seed)),
		OSSL_PARAM_END,
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool ok = ctx && EVP_KDF_derive(ctx, s->block, block_len, params) > 0;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}

/* client_key, server_key, client_iv, server_iv: an AEAD has no MAC keys. */
static void block_split(const uint8_t *block, bool server,
			struct kdtls_keys *keys)
{
	struct kdtls_key *ends[] = { server ? &keys->rx : &keys->tx,
				     server ? &keys->tx : &keys->rx };
	const struct kdtls_suite *suite = keys->suite;
	size_t i;

	for (i = 0; i < 2; i++) {
		memcpy(ends[i]->key, block + i * suite->key_len, suite->key_len);
		memcpy(ends[i]->iv,
		       block + 2 * suite->key_len + i * suite->iv_len,
		       suite->iv_len);
	}
}

int kdtls_keys_derive(SSL *ssl, struct kdtls_keys *keys)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
	const EVP_MD *md = cipher ? SSL_CIPHER_get_handshake_digest(cipher) :
				    NULL;
	struct secrets s;
	int err = 0;

	memset(keys, 0, sizeof(*keys));
	if (!cipher || !secrets_collect(ssl, &s)) {
		err = kdtls_error(EAGAIN, "the handshake has no keys yet");
		goto wipe;
	}
	if (SSL_version(ssl) != DTLS1_2_VERSION &&
	    SSL_version(ssl) != TLS1_2_VERSION) {
		err = kdtls_error(EPROTONOSUPPORT,
				  "%s: it has no keys of version 1.2",
				  SSL_get_version(ssl));
		goto wipe;
	}
	keys->suite = kdtls_suite_of(cipher);
	if (!keys->suite) {
		err = kdtls_error(EOPNOTSUPP,
				  "cipher suite %s: the kernel takes AES-GCM, AES-CCM and ChaCha20-Poly1305 only",
				  SSL_CIPHER_get_name(cipher));
		goto wipe;
	}
	if (md && prf(md, &s, 2 * (keys->suite->key_len + keys->suite->iv_len)))
		block_split(s.block, SSL_is_server(ssl), keys);
	else
		err = kdtls_error_openssl(EIO, "deriving the keys");
wipe:
	OPENSSL_cleanse(&s, sizeof(s));
	return err;
}
