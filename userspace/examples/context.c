// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <string.h>
#include <openssl/err.h>

#include "context.h"

const char *context_reason(int error)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	if (reason)
		return reason;
	return error ? strerror(error) : "no reason given";
}

/*
 * A key that both ends know is no reason to do without forward secrecy: who learns
 * it later could read all that was ever sent.
 */
const char *context_ciphers(bool is_psk)
{
	return is_psk ? "kDHEPSK+AESGCM:kECDHEPSK+CHACHA20:kDHEPSK+CHACHA20" :
			"ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM:-AESCCM8";
}

const char *context_other_than_aead(SSL_CTX *ctx)
{
	const STACK_OF(SSL_CIPHER) *list = SSL_CTX_get_ciphers(ctx);
	const SSL_CIPHER *cipher;
	int i;

	for (i = 0; i < sk_SSL_CIPHER_num(list); i++) {
		cipher = sk_SSL_CIPHER_value(list, i);
		if (!SSL_CIPHER_is_aead(cipher))
			return SSL_CIPHER_get_name(cipher);
	}
	return NULL;
}
