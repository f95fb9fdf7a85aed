/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Who is at the other end, and an SSL that talks to it. */
#ifndef KDTLS_EXAMPLES_ENDPOINT_H
#define KDTLS_EXAMPLES_ENDPOINT_H

#include <stdbool.h>
#include <sys/socket.h>
#include <openssl/ssl.h>

/* An address, with "address port" in words. */
struct endpoint {
	struct sockaddr_storage addr;
	socklen_t len;
	char text[80];
};

/*
 * @port: a number or a service's name. @flags: of getaddrinfo(); with AI_PASSIVE
 * the port may be 0, any one. NULL, or why there's none.
 */
const char *endpoint_find(struct endpoint *ep, const char *host,
			  const char *port, int flags);
void endpoint_name(struct endpoint *ep);
unsigned int endpoint_port(const struct endpoint *ep);

/* What's unused in @addr must be zeros. */
bool endpoint_same(const struct endpoint *a, const struct endpoint *b);

/* Equal but for the port. */
bool endpoint_same_host(const struct endpoint *a, const struct endpoint *b);

/*
 * Makes the connected @fd the SSL's: a datagram BIO, since that of SSL_set_fd()
 * knows no MTU. 0 or -ENOMEM.
 */
int endpoint_talk(const struct endpoint *ep, SSL *ssl, int fd);

#endif
