/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A connection to a server: connect and bench have one. */
#ifndef KDTLS_TOOL_PEER_H
#define KDTLS_TOOL_PEER_H

#include "credentials.h"
#include "endpoint.h"

/**
 * struct peer_options - to whom, and how
 * @credentials: see there
 * @servername: in the server's certificate; NULL: the host's name
 * @timeout: for the handshake, seconds
 */
struct peer_options {
	struct credentials credentials;
	const char *servername;
	unsigned int timeout;
};

#define PEER_OPTIONS(p)                                                                   \
	CREDENTIAL_OPTIONS((p).credentials,                                               \
			   "certificates that the server's must lead to (the system's)"), \
		{ "insecure", 0,                                                          \
		  NULL,       "take any server, whoever it is",                           \
		  OPTION_ON,  &(p).credentials.insecure,                                  \
		  0,          0 },                                                        \
		{ "servername",                                                           \
		  0,                                                                      \
		  "NAME",                                                                 \
		  "its name or address in its certificate (HOST)",                        \
		  OPTION_TEXT,                                                            \
		  &(p).servername,                                                        \
		  0,                                                                      \
		  0 },                                                                    \
	{                                                                                 \
		"timeout", 0, "SECONDS",                                                  \
			"how long to wait for an answer (10)", OPTION_NUMBER,             \
			&(p).timeout, 1, 3600                                             \
	}

#define PEER_DEFAULTS         \
	{                     \
		.timeout = 10 \
	}

/**
 * struct peer - the connection
 * @server: its address
 * @suite: cipher suite, as OpenSSL calls it
 * @fd: its socket, which doesn't block
 * @ssl: OpenSSL's; NULL after peer_attach()
 * @k: the kernel's, from then on
 */
struct peer {
	struct endpoint server;
	const char *suite;
	int fd;
	SSL *ssl;
	struct kdtls *k;
};

/* All of the handshake, or the program ends. */
void peer_connect(struct peer *peer, const struct peer_options *opt,
		  SSL_CTX *ctx, const char *host, const char *port);

/* Into the kernel with it, or the program ends. */
void peer_attach(struct peer *peer, const struct peer_options *opt);

void peer_close(struct peer *peer);

/* Of a connection that was there: ENDING_NO_ANSWER, or the system's fault. */
enum ending peer_ending(int error);

#endif
