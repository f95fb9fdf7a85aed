// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "ending.h"
#include "../context.h"
#include "../psk.h"
#include "tls.h"

__attribute__((noreturn)) static void refuse_file(const char *option,
						  const char *path)
{
	int error = errno;

	end_with(ENDING_CONFIG, "%s: %s: %s", path, option,
		 context_reason(error));
}

static void load_crl(SSL_CTX *ctx, const char *path)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

	if (!lookup || X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) < 1)
		refuse_file("crl", path);
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
}

static void load_certificates(SSL_CTX *ctx, const struct config *config)
{
	errno = 0;
	if (SSL_CTX_use_certificate_chain_file(ctx, config->cert) != 1)
		refuse_file("cert", config->cert);
	if (SSL_CTX_use_PrivateKey_file(ctx, config->key, SSL_FILETYPE_PEM) != 1)
		refuse_file("key", config->key);
	if (SSL_CTX_load_verify_file(ctx, config->ca) != 1)
		refuse_file("ca", config->ca);
	if (config->crl)
		load_crl(ctx, config->crl);
}

SSL_CTX *tls_context(const struct config *config)
{
	const char *ciphers = context_ciphers(config->psk);
	SSL_CTX *ctx = SSL_CTX_new(DTLS_method());
	const char *error, *other;

	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) ||
	    !SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION))
		end_with(ENDING_SYSTEM, "DTLS 1.2: %s", context_reason(errno));
	if (config->ciphers)
		ciphers = config->ciphers;
	if (!SSL_CTX_set_cipher_list(ctx, ciphers))
		end_with(ENDING_CONFIG,
			 "ciphers: %s: OpenSSL knows none of these (openssl ciphers -v)",
			 ciphers);
	/* Besides, they make records of other lengths. */
	other = context_other_than_aead(ctx);
	if (other)
		end_with(ENDING_CONFIG,
			 "ciphers: %s is no AEAD: leave it out (e.g. ECDHE+AESGCM)",
			 other);
	/*
	 * Each handshake is a whole one: keys that are worn are to be replaced
	 * by fresh ones, and a certificate revoked since is to be noticed.
	 */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_dh_auto(ctx, 1);
	/* Strangers may have us keep a few messages of that size. */
	SSL_CTX_set_max_cert_list(ctx, 32768);
	if (SSL_CTX_get_security_level(ctx) < 2)
		SSL_CTX_set_security_level(ctx, 2);
	/* With a key too: else ciphers might let a server in that has none. */
	SSL_CTX_set_verify(ctx,
			   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	if (!config->psk)
		load_certificates(ctx, config);
	else if ((error = psk_load(ctx, config->psk, config->is_server)))
		end_with(ENDING_CONFIG, "%s", error);
	return ctx;
}

bool tls_expect(SSL *ssl, const struct config *config)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	struct in6_addr unused;

	if (config->psk)
		return true;
	if (inet_pton(AF_INET, config->server_name, &unused) == 1 ||
	    inet_pton(AF_INET6, config->server_name, &unused) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, config->server_name);
	X509_VERIFY_PARAM_set_hostflags(param,
					X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, config->server_name, 0) &&
	       SSL_set_tlsext_host_name(ssl, config->server_name);
}

/* It goes into log lines, and is compared. */
static bool copy_name(char name[TLS_NAME_MAX + 1], const char *from, size_t len)
{
	size_t i;

	if (!len || len > TLS_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (from[i] <= ' ' || from[i] > '~')
			return false;
	memcpy(name, from, len);
	name[len] = '\0';
	return true;
}

static bool copy_string(char name[TLS_NAME_MAX + 1], const ASN1_STRING *string)
{
	return string &&
	       copy_name(name, (const char *)ASN1_STRING_get0_data(string),
			 ASN1_STRING_length(string));
}

static bool dns_name(X509 *cert, char name[TLS_NAME_MAX + 1])
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const GENERAL_NAME *at;
	bool found = false;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		at = sk_GENERAL_NAME_value(names, i);
		found = at->type == GEN_DNS && copy_string(name, at->d.dNSName);
	}
	GENERAL_NAMES_free(names);
	return found;
}

static bool common_name(X509 *cert, char name[TLS_NAME_MAX + 1])
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	return at >= 0 &&
	       copy_string(name, X509_NAME_ENTRY_get_data(
					 X509_NAME_get_entry(subject, at)));
}

bool tls_name(SSL *ssl, char name[TLS_NAME_MAX + 1])
{
	const char *identity = SSL_get_psk_identity(ssl);
	X509 *cert = SSL_get0_peer_certificate(ssl);

	if (cert)
		return dns_name(cert, name) || common_name(cert, name);
	return identity && copy_name(name, identity, strlen(identity));
}

const char *tls_failure(SSL *ssl, int error)
{
	static char text[200];
	long verified = SSL_get_verify_result(ssl);
	const char *reason = context_reason(error);

	if (verified == X509_V_ERR_HOSTNAME_MISMATCH ||
	    verified == X509_V_ERR_IP_ADDRESS_MISMATCH)
		return "its certificate has another name: write the one it has as server-name, if that's it";
	if (verified != X509_V_OK)
		snprintf(text, sizeof(text), "its certificate: %s",
			 X509_verify_cert_error_string(verified));
	else if (ERR_GET_REASON(ERR_peek_error()) >= SSL_AD_REASON_OFFSET)
		snprintf(text, sizeof(text), "it refuses us: %s", reason);
	else
		snprintf(text, sizeof(text), "%s", reason);
	return text;
}
