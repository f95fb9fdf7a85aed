// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "cookie.h"

/* Made anew with each start of the server. */
static unsigned char secret[32];

static uint64_t minute(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec / 60;
}

/*
 * Of the address: who has the cookie is there, and receives. And of the time, or
 * who was there once could have others sent to that address for ever.
 */
static int make_at(SSL *ssl, uint64_t when, unsigned char *cookie,
		   unsigned int *len)
{
	const struct endpoint *peer = SSL_get_app_data(ssl);
	unsigned char input[sizeof(when) + sizeof(peer->addr)];

	memcpy(input, &when, sizeof(when));
	memcpy(input + sizeof(when), &peer->addr, sizeof(peer->addr));
	return HMAC(EVP_sha256(), secret, sizeof(secret), input, sizeof(input),
		    cookie, len) != NULL;
}

static int make(SSL *ssl, unsigned char *cookie, unsigned int *len)
{
	return make_at(ssl, minute(), cookie, len);
}

/* Of this minute, or the last one. */
static int verify(SSL *ssl, const unsigned char *cookie, unsigned int len)
{
	unsigned char good[EVP_MAX_MD_SIZE];
	unsigned int good_len, age;

	for (age = 0; age < 2; age++)
		if (make_at(ssl, minute() - age, good, &good_len) &&
		    len == good_len && !CRYPTO_memcmp(cookie, good, len))
			return 1;
	return 0;
}

bool cookie_prepare(SSL_CTX *ctx)
{
	if (RAND_bytes(secret, sizeof(secret)) != 1)
		return false;
	SSL_CTX_set_cookie_generate_cb(ctx, make);
	SSL_CTX_set_cookie_verify_cb(ctx, verify);
	return true;
}

void cookie_set_peer(SSL *ssl, const struct endpoint *peer)
{
	SSL_set_app_data(ssl, (void *)peer);
}

bool cookie_check(SSL *listener, const struct port *port,
		  const struct endpoint *peer, const void *datagram, size_t len)
{
	BIO *in = BIO_new_mem_buf(datagram, len);
	BIO *out = BIO_new(BIO_s_mem());
	BIO_ADDR *unused = BIO_ADDR_new();
	bool good = false;
	char *reply;
	long reply_len;

	if (in && out && unused) {
		/* At its end it's a socket without a datagram, no end of file. */
		BIO_set_mem_eof_return(in, -1);
		cookie_set_peer(listener, peer);
		BIO_up_ref(in);
		BIO_up_ref(out);
		SSL_set_bio(listener, in, out);
		good = DTLSv1_listen(listener, unused) == 1;
		reply_len = BIO_get_mem_data(out, &reply);
		if (reply_len > 0)
			port_send(port, peer, reply, reply_len);
		SSL_set_bio(listener, NULL, NULL);
		cookie_set_peer(listener, NULL);
		ERR_clear_error();
	}
	BIO_ADDR_free(unused);
	BIO_free(out);
	BIO_free(in);
	return good;
}
