// SPDX-License-Identifier: GPL-2.0
/* OpenSSL's own record layer, DTLS 1.2, by SSL_write() and SSL_read(). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "bench.h"

struct ends {
	SSL_CTX *ctx;
	SSL *ssl[2];
};

static const struct {
	uint16_t type;
	const char *suite;
} suites[] = {
	{ TLS_CIPHER_AES_GCM_128, "PSK-AES128-GCM-SHA256" },
	{ TLS_CIPHER_AES_GCM_256, "PSK-AES256-GCM-SHA384" },
	{ TLS_CIPHER_CHACHA20_POLY1305, "PSK-CHACHA20-POLY1305" },
	{ TLS_CIPHER_AES_CCM_128, "PSK-AES128-CCM" },
};

static unsigned int client_key(SSL *ssl, const char *hint, char *identity,
			       unsigned int identity_len, unsigned char *key,
			       unsigned int key_len)
{
	strncpy(identity, "bench", identity_len);
	memset(key, 1, 16);
	return 16;
}

static unsigned int server_key(SSL *ssl, const char *identity,
			       unsigned char *key, unsigned int key_len)
{
	memset(key, 1, 16);
	return 16;
}

static SSL_CTX *make_context(const struct cipher *cipher)
{
	SSL_CTX *ctx = SSL_CTX_new(DTLS_method());

	SSL_CTX_set_psk_client_callback(ctx, client_key);
	SSL_CTX_set_psk_server_callback(ctx, server_key);
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
	for (size_t i = 0; i < ARRAY_SIZE(suites); i++)
		if (suites[i].type == cipher->type &&
		    SSL_CTX_set_cipher_list(ctx, suites[i].suite))
			return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

static SSL *make_end(SSL_CTX *ctx, int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	SSL *ssl = SSL_new(ctx);
	BIO *bio = BIO_new_dgram(fd, BIO_NOCLOSE);

	getpeername(fd, (struct sockaddr *)&peer, &len);
	BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &peer);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_mtu(ssl, 1400);
	return ssl;
}

static void set_blocking(int fd, int blocking)
{
	fcntl(fd, F_SETFL, blocking ? 0 : O_NONBLOCK);
}

/* Each end in turn: neither may wait for the other. */
static int shake_hands(struct run *run, struct ends *ends)
{
	int done = 0;

	SSL_set_connect_state(ends->ssl[0]);
	SSL_set_accept_state(ends->ssl[1]);
	for (int i = 0; i < 2; i++)
		set_blocking(run->fd[i], 0);
	for (int turn = 0; turn < 100 && done != 3; turn++)
		if (SSL_do_handshake(ends->ssl[turn % 2]) == 1)
			done |= 1 << turn % 2;
	for (int i = 0; i < 2; i++)
		set_blocking(run->fd[i], 1);
	if (done == 3)
		return 0;
	errno = EPROTO;
	return -1;
}

static int setup(struct run *run)
{
	struct ends *ends = calloc(1, sizeof(*ends));

	run->state = ends;
	ends->ctx = make_context(run->cipher);
	if (!ends->ctx) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (pair_open(run))
		return -1;
	for (int i = 0; i < 2; i++)
		ends->ssl[i] = make_end(ends->ctx, run->fd[i]);
	return shake_hands(run, ends);
}

static int all_came(int n, size_t len)
{
	if (n == (int)len)
		return 0;
	errno = EPROTO;
	return -1;
}

static int write_each(struct run *run)
{
	struct ends *ends = run->state;
	size_t size = run->size;

	for (unsigned int i = 0; i < run->batch; i++)
		if (all_came(SSL_write(ends->ssl[0], run->tx + i * size,
				       (int)size),
			     size))
			return -1;
	return 0;
}

static int read_each(struct run *run)
{
	struct ends *ends = run->state;
	size_t size = run->size;

	for (unsigned int i = 0; i < run->batch; i++)
		if (all_came(SSL_read(ends->ssl[1], run->rx + i * size,
				      (int)size),
			     size))
			return -1;
	return 0;
}

static void teardown(struct run *run)
{
	struct ends *ends = run->state;

	SSL_free(ends->ssl[0]);
	SSL_free(ends->ssl[1]);
	SSL_CTX_free(ends->ctx);
	free(ends);
	pair_close(run);
}

const struct mode openssl_modes[] = {
	{
		.name = "openssl",
		.has_state = 1,
		.setup = setup,
		.send = write_each,
		.recv = read_each,
		.teardown = teardown,
	},
	{},
};
