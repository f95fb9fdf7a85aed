// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "context.h"
#include "credentials.h"
#include "psk.h"

#define DAY 86400L

__attribute__((noreturn)) static void refuse_file(const char *option,
						  const char *path)
{
	int error = errno;

	fail(ENDING_USAGE, "--%s %s: %s", option, path, context_reason(error));
}

static void load_certificate(SSL_CTX *ctx, const struct credentials *c)
{
	const char *key = c->key ? c->key : c->cert;

	errno = 0;
	if (SSL_CTX_use_certificate_chain_file(ctx, c->cert) != 1)
		refuse_file("cert", c->cert);
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		refuse_file("key", key);
}

static bool fill_in(X509 *cert, EVP_PKEY *key)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_set_version(cert, X509_VERSION_3) &&
	       ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), 30 * DAY) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)"kdtls echo",
					  -1, -1, 0) &&
	       X509_set_issuer_name(cert, name) && X509_set_pubkey(cert, key) &&
	       X509_sign(cert, key, EVP_sha256());
}

/* Proves nothing to anybody, but lets a handshake begin. */
static void make_up_certificate(SSL_CTX *ctx)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	if (!key || !cert || !fill_in(cert, key) ||
	    !SSL_CTX_use_certificate(ctx, cert) ||
	    !SSL_CTX_use_PrivateKey(ctx, key))
		fail(ENDING_SYSTEM, "no certificate can be made up: %s",
		     context_reason(errno));
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void set_ciphers(SSL_CTX *ctx, const struct credentials *c)
{
	const char *list = context_ciphers(c->psk);
	const char *other;

	if (c->cipher)
		list = c->cipher;
	if (!SSL_CTX_set_cipher_list(ctx, list))
		fail(ENDING_USAGE,
		     "--cipher %s: OpenSSL knows none of these (openssl ciphers -v)",
		     list);
	other = context_other_than_aead(ctx);
	if (other)
		fail(ENDING_USAGE,
		     "--cipher: %s is no AEAD: leave it out (e.g. ECDHE+AESGCM)",
		     other);
	SSL_CTX_set_dh_auto(ctx, 1);
}

/* A suite with a shared key has no certificate, and nothing to be verified. */
static void set_verification(SSL_CTX *ctx, const struct credentials *c,
			     bool is_server)
{
	errno = 0;
	if (c->ca && SSL_CTX_load_verify_file(ctx, c->ca) != 1)
		refuse_file("ca", c->ca);
	if (!c->ca)
		SSL_CTX_set_default_verify_paths(ctx);
	if (is_server ? c->ca != NULL : !c->insecure)
		SSL_CTX_set_verify(ctx,
				   SSL_VERIFY_PEER |
					   SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   NULL);
}

/* None is the kernel's default. */
static bool is_power_of_two(unsigned int n)
{
	return !(n & (n - 1));
}

SSL_CTX *credentials_context(const struct credentials *c, bool is_server)
{
	SSL_CTX *ctx = SSL_CTX_new(DTLS_method());
	const char *wrong;

	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) ||
	    !SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION))
		fail(ENDING_SYSTEM, "OpenSSL has no DTLS 1.2: %s",
		     context_reason(errno));
	if (!is_power_of_two(c->window))
		fail(ENDING_USAGE,
		     "--window %u: write a power of two, from %u to %u",
		     c->window, DTLS_WINDOW_MIN, DTLS_WINDOW_MAX);
	if (c->key && !c->cert)
		fail(ENDING_USAGE, "--key goes with --cert");
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	set_ciphers(ctx, c);
	set_verification(ctx, c, is_server);
	if (c->cert)
		load_certificate(ctx, c);
	else if (is_server && !c->psk)
		make_up_certificate(ctx);
	wrong = c->psk ? psk_load(ctx, c->psk, is_server) : NULL;
	if (wrong)
		fail(ENDING_USAGE, "%s", wrong);
	return ctx;
}

struct kdtls_options credentials_attach(const struct credentials *c)
{
	return (struct kdtls_options) {
		.size = sizeof(struct kdtls_options),
		.window_bits = c->window,
		.flags = c->allow_ccm8 ? KDTLS_ALLOW_CCM_8 : 0,
	};
}

enum ending credentials_ending(int err)
{
	switch (-err) {
	case ENOPROTOOPT:
	case ENOENT:
	case EOPNOTSUPP:
		return ENDING_NO_DTLS;
	case EPERM: /* a cipher suite that's to be allowed first */
	case EINVAL:
		return ENDING_USAGE;
	}
	return ENDING_SYSTEM;
}
