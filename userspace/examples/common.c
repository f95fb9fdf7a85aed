// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "common.h"
#include "context.h"

/* The AEADs that the kernel takes, with forward secrecy. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM:-AESCCM8"

/* What s_client of openssl calls itself as well. */
#define PSK_IDENTITY "Client_identity"

void die(enum status status, const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

void die_openssl(enum status status, const char *what)
{
	die(status, "%s: %s", what, context_reason(errno));
}

unsigned int parse_number(const char *name, const char *text, unsigned int max)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || n > max)
		die(STATUS_USAGE, "%s %s: a number up to %u is wanted", name,
		    text, max);
	return n;
}

void endpoint_resolve(struct endpoint *ep, const char *host, const char *port,
		      int flags)
{
	const char *reason = endpoint_find(ep, host, port, flags);

	if (reason)
		die(STATUS_USAGE, "%s port %s: %s", host, port, reason);
}

/* 0: the handshake fails. The key stays in the context's application data. */
static unsigned int psk_of(SSL *ssl, unsigned char *key, unsigned int size)
{
	const char *hex = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	size_t len = 0;

	if (!OPENSSL_hexstr2buf_ex(key, size, &len, hex, '\0'))
		return 0;
	return len;
}

static unsigned int psk_as_client(SSL *ssl, const char *hint, char *identity,
				  unsigned int identity_size,
				  unsigned char *key, unsigned int size)
{
	(void)hint;
	snprintf(identity, identity_size, "%s", PSK_IDENTITY);
	return psk_of(ssl, key, size);
}

/* One key for whoever it is. */
static unsigned int psk_as_server(SSL *ssl, const char *identity,
				  unsigned char *key, unsigned int size)
{
	(void)identity;
	return psk_of(ssl, key, size);
}

static void psk_prepare(SSL_CTX *ctx, const char *psk)
{
	SSL_CTX_set_app_data(ctx, (char *)psk);
	SSL_CTX_set_psk_client_callback(ctx, psk_as_client);
	SSL_CTX_set_psk_server_callback(ctx, psk_as_server);
}

SSL_CTX *context_new(const char *ciphers, const char *psk)
{
	SSL_CTX *ctx = SSL_CTX_new(DTLS_method());

	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) ||
	    !SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION))
		die_openssl(STATUS_USAGE, "DTLS 1.2");
	if (!SSL_CTX_set_cipher_list(ctx, ciphers ? ciphers : CIPHERS))
		die_openssl(STATUS_USAGE, ciphers ? ciphers : CIPHERS);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	/* For a list that has suites with plain Diffie-Hellman. */
	SSL_CTX_set_dh_auto(ctx, 1);
	if (psk)
		psk_prepare(ctx, psk);
	return ctx;
}

void print_handover(const struct kdtls *k, const char *who)
{
	struct dtls_info info;

	if (kdtls_info(k, &info, sizeof(info)))
		memset(&info, 0, sizeof(info));
	printf("%s: %s, keys are in the kernel: epoch %u, next number %llu\n",
	       who, kdtls_cipher(k), info.tx_epoch,
	       (unsigned long long)info.tx_next);
	fflush(stdout);
}

void print_stats(const struct kdtls *k)
{
#define ROW(name)                                        \
	{                                                \
#name, offsetof(struct dtls_stats, name) \
	}
	static const struct {
		const char *name;
		size_t at;
	} rows[] = {
		ROW(rx_delivered), ROW(rx_replayed),    ROW(rx_too_old),
		ROW(rx_bad_tag),   ROW(rx_wrong_epoch), ROW(rx_malformed),
		ROW(rx_no_key),    ROW(rx_error),       ROW(tx_records),
		ROW(tx_error),
	};
	struct dtls_stats stats;
	size_t i;
	int err = kdtls_stats(k, &stats, sizeof(stats));

	if (err) {
		printf("no counters: %s\n", strerror(-err));
		return;
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("%s %llu\n", rows[i].name,
		       (unsigned long long)*(__u64 *)((char *)&stats +
						      rows[i].at));
}
