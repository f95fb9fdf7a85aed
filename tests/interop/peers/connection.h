/* SPDX-License-Identifier: GPL-2.0 */
/* A DTLS 1.2 connection of mbedTLS, on a connected UDP socket. */
#ifndef INTEROP_CONNECTION_H
#define INTEROP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/ssl_ticket.h>

struct kernel;

#define MASTER_LEN 48
#define RANDOM_LEN 32
#define BUFFER_LEN 16384

/* One line on stderr, and out with status 1. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format,
							 ...);

/* The same with what mbedTLS says of @err. */
__attribute__((noreturn)) void die_mbedtls(const char *what, int err);

/**
 * struct options - of the command line
 * @server: which role
 * @host: address to listen on or to connect to
 * @port: likewise
 * @ca: certificates that the server's must lead to
 * @certs: the server's certificates, each in a file with its key
 * @cert_count: how many
 * @psk: hexadecimal digits, or NULL
 * @suite: the one to take; NULL: all of them
 * @session: file of the session to resume and to keep
 * @cid: our connection ID in hexadecimal digits, "" for none though the peer
 *	may have one; NULL: no connection IDs
 * @kernel: the kernel makes the records
 */
struct options {
	bool server;
	const char *host;
	const char *port;
	const char *ca;
	const char *certs[2];
	int cert_count;
	const char *psk;
	const char *suite;
	const char *session;
	const char *cid;
	bool kernel;
};

/**
 * struct context - what all connections of a program share
 * @opt: options
 * @entropy: seeds @random
 * @random: source of random numbers
 * @config: of each connection
 * @ca: certificates to trust
 * @certs: our own
 * @keys: of @certs
 * @cache: sessions, server
 * @ticket: session tickets, server
 * @cookie: HelloVerifyRequests, server
 * @suites: zero-terminated list of one
 * @master: of the session to resume, or of the last connection
 */
struct context {
	const struct options *opt;
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	mbedtls_ssl_config config;
	mbedtls_x509_crt ca;
	mbedtls_x509_crt certs[2];
	mbedtls_pk_context keys[2];
	mbedtls_ssl_cache_context cache;
	mbedtls_ssl_ticket_context ticket;
	mbedtls_ssl_cookie_ctx cookie;
	int suites[2];
	unsigned char master[MASTER_LEN];
};

/**
 * struct secrets - what the keys of a connection are made of
 * @master: secret
 * @randoms: the server's, then the client's
 * @prf: how
 */
struct secrets {
	unsigned char master[MASTER_LEN];
	unsigned char randoms[2 * RANDOM_LEN];
	mbedtls_tls_prf_types prf;
};

/**
 * struct connection - one of them
 * @ctx: what it shares
 * @ssl: mbedTLS's part
 * @fd: its socket
 * @secrets: of its handshake
 * @intermediate: when mbedTLS's first timer ends, ms
 * @final: when its second one does; 0: none runs
 * @tx_next: number after the highest that was sent in epoch 1
 * @rx_next: number after the highest that came in epoch 1
 * @rx_seen: bit i: @rx_next - 1 - i came
 * @kernel: it has the keys now, and mbedTLS is told nothing any more; or NULL
 */
struct connection {
	struct context *ctx;
	mbedtls_ssl_context ssl;
	int fd;
	struct secrets secrets;
	long long intermediate;
	long long final;
	uint64_t tx_next;
	uint64_t rx_next;
	uint64_t rx_seen;
	struct kernel *kernel;
};

/* Bytes that the digits stand for; at most @size, or out. */
size_t hex_decode(const char *hex, unsigned char *buf, size_t size);

void context_init(struct context *ctx, const struct options *opt);

/* A socket that's connected to, or bound at, what the options say. */
int socket_open(const struct options *opt);

/* Puts a connection on @fd, with the session to resume if there is one. */
void connection_init(struct connection *c, struct context *ctx, int fd);

/* The socket stays. */
void connection_free(struct connection *c);

/* False: the client has to come again, with a cookie. */
bool connection_shake(struct connection *c, const void *client_id, size_t len);

/* Says which suite it is, and whether the session was resumed. */
void connection_report(struct connection *c);

/*
 * Waits for the socket, for @input too if it isn't negative, or for a timer:
 * whether @input is what there's to read.
 */
bool connection_wait(struct connection *c, int input);

/* Length, 0: the peer closed it, -EAGAIN. */
int connection_receive(struct connection *c, void *buf, size_t size);
void connection_send(struct connection *c, const void *buf, size_t len);
void connection_close(struct connection *c);

#endif
