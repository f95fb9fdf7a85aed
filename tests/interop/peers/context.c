// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <mbedtls/error.h>

#include "connection.h"

/* What s_client of openssl calls itself as well. */
#define PSK_IDENTITY "Client_identity"
#define TICKET_LIFE  86400

void die(const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("mbedtls: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void die_mbedtls(const char *what, int err)
{
	char text[128];

	mbedtls_strerror(err, text, sizeof(text));
	die("%s: %s", what, text);
}

static void check(const char *what, int err)
{
	if (err)
		die_mbedtls(what, err);
}

size_t hex_decode(const char *hex, unsigned char *buf, size_t size)
{
	size_t len = strlen(hex) / 2, i;

	if (len > size)
		die("%s: %zu bytes at most", hex, size);
	for (i = 0; i < len; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &buf[i]) != 1)
			die("%s: no hexadecimal digits", hex);
	return len;
}

static void own_certificates(struct context *ctx)
{
	const struct options *opt = ctx->opt;
	int i;

	for (i = 0; i < opt->cert_count; i++) {
		mbedtls_x509_crt_init(&ctx->certs[i]);
		mbedtls_pk_init(&ctx->keys[i]);
		check(opt->certs[i], mbedtls_x509_crt_parse_file(&ctx->certs[i],
								 opt->certs[i]));
		check(opt->certs[i],
		      mbedtls_pk_parse_keyfile(&ctx->keys[i], opt->certs[i],
					       NULL, mbedtls_ctr_drbg_random,
					       &ctx->random));
		check(opt->certs[i],
		      mbedtls_ssl_conf_own_cert(&ctx->config, &ctx->certs[i],
						&ctx->keys[i]));
	}
}

static void as_server(struct context *ctx)
{
	mbedtls_ssl_cache_init(&ctx->cache);
	mbedtls_ssl_conf_session_cache(&ctx->config, &ctx->cache,
				       mbedtls_ssl_cache_get,
				       mbedtls_ssl_cache_set);
	mbedtls_ssl_ticket_init(&ctx->ticket);
	check("tickets",
	      mbedtls_ssl_ticket_setup(&ctx->ticket, mbedtls_ctr_drbg_random,
				       &ctx->random, MBEDTLS_CIPHER_AES_256_GCM,
				       TICKET_LIFE));
	mbedtls_ssl_conf_session_tickets_cb(&ctx->config,
					    mbedtls_ssl_ticket_write,
					    mbedtls_ssl_ticket_parse,
					    &ctx->ticket);
	mbedtls_ssl_cookie_init(&ctx->cookie);
	check("cookies",
	      mbedtls_ssl_cookie_setup(&ctx->cookie, mbedtls_ctr_drbg_random,
				       &ctx->random));
	mbedtls_ssl_conf_dtls_cookies(&ctx->config, mbedtls_ssl_cookie_write,
				      mbedtls_ssl_cookie_check, &ctx->cookie);
	own_certificates(ctx);
}

static void as_client(struct context *ctx)
{
	mbedtls_x509_crt_init(&ctx->ca);
	if (!ctx->opt->ca)
		return;
	check(ctx->opt->ca, mbedtls_x509_crt_parse_file(&ctx->ca, ctx->opt->ca));
	mbedtls_ssl_conf_ca_chain(&ctx->config, &ctx->ca, NULL);
}

static void pre_shared_key(struct context *ctx)
{
	unsigned char key[64];
	size_t len = hex_decode(ctx->opt->psk, key, sizeof(key));

	check("--psk", mbedtls_ssl_conf_psk(&ctx->config, key, len,
					    (unsigned char *)PSK_IDENTITY,
					    strlen(PSK_IDENTITY)));
}

static void one_suite(struct context *ctx)
{
	ctx->suites[0] = mbedtls_ssl_get_ciphersuite_id(ctx->opt->suite);
	if (!ctx->suites[0])
		die("%s: no cipher suite", ctx->opt->suite);
	mbedtls_ssl_conf_ciphersuites(&ctx->config, ctx->suites);
}

/* The length that records to us carry belongs to the configuration. */
static void connection_ids(struct context *ctx)
{
	unsigned char cid[MBEDTLS_SSL_CID_IN_LEN_MAX];

	check("--cid",
	      mbedtls_ssl_conf_cid(&ctx->config,
				   hex_decode(ctx->opt->cid, cid, sizeof(cid)),
				   MBEDTLS_SSL_UNEXPECTED_CID_IGNORE));
}

void context_init(struct context *ctx, const struct options *opt)
{
	mbedtls_ssl_config *config = &ctx->config;

	memset(ctx, 0, sizeof(*ctx));
	ctx->opt = opt;
	mbedtls_entropy_init(&ctx->entropy);
	mbedtls_ctr_drbg_init(&ctx->random);
	check("random numbers",
	      mbedtls_ctr_drbg_seed(&ctx->random, mbedtls_entropy_func,
				    &ctx->entropy, NULL, 0));
	mbedtls_ssl_config_init(config);
	check("configuration",
	      mbedtls_ssl_config_defaults(config,
					  opt->server ? MBEDTLS_SSL_IS_SERVER :
							MBEDTLS_SSL_IS_CLIENT,
					  MBEDTLS_SSL_TRANSPORT_DATAGRAM,
					  MBEDTLS_SSL_PRESET_DEFAULT));
	mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &ctx->random);
	mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
	if (opt->server)
		as_server(ctx);
	else
		as_client(ctx);
	if (opt->psk)
		pre_shared_key(ctx);
	if (opt->suite)
		one_suite(ctx);
	if (opt->cid)
		connection_ids(ctx);
}

int socket_open(const struct options *opt)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_NUMERICHOST,
	};
	struct addrinfo *found;
	int fd, one = 1;

	if (getaddrinfo(opt->host, opt->port, &hints, &found))
		die("%s port %s: no such place", opt->host, opt->port);
	fd = socket(found->ai_family, SOCK_DGRAM, 0);
	if (opt->server)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 ||
	    (opt->server ? bind(fd, found->ai_addr, found->ai_addrlen) :
			   connect(fd, found->ai_addr, found->ai_addrlen)))
		die("%s port %s: %s", opt->host, opt->port, strerror(errno));
	freeaddrinfo(found);
	return fd;
}
