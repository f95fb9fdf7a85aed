// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <openssl/bio.h>

#include "endpoint.h"

void endpoint_name(struct endpoint *ep)
{
	char host[64], port[8];
	int err = getnameinfo((struct sockaddr *)&ep->addr, ep->len, host,
			      sizeof(host), port, sizeof(port),
			      NI_NUMERICHOST | NI_NUMERICSERV);

	if (err)
		snprintf(ep->text, sizeof(ep->text), "?");
	else
		snprintf(ep->text, sizeof(ep->text), "%s port %s", host, port);
}

/* Larger numbers would be taken modulo 65536. */
static const char *wrong_number(const char *port, bool may_be_any)
{
	char *end;
	unsigned long number = strtoul(port, &end, 10);

	/* A service's name. */
	if (*end)
		return NULL;
	if (isdigit((unsigned char)*port) && number <= 65535 &&
	    (number || may_be_any))
		return NULL;
	return may_be_any ? "write a number from 0 to 65535" :
			    "write a number from 1 to 65535";
}

const char *endpoint_find(struct endpoint *ep, const char *host,
			  const char *port, int flags)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = flags,
	};
	const char *wrong = wrong_number(port, flags & AI_PASSIVE);
	struct addrinfo *found;
	int err;

	if (wrong)
		return wrong;
	err = getaddrinfo(host, port, &hints, &found);
	if (err)
		return gai_strerror(err);
	memset(ep, 0, sizeof(*ep));
	memcpy(&ep->addr, found->ai_addr, found->ai_addrlen);
	ep->len = found->ai_addrlen;
	freeaddrinfo(found);
	endpoint_name(ep);
	return NULL;
}

unsigned int endpoint_port(const struct endpoint *ep)
{
	const struct sockaddr_in *in = (const void *)&ep->addr;
	const struct sockaddr_in6 *in6 = (const void *)&ep->addr;

	if (ep->addr.ss_family == AF_INET)
		return ntohs(in->sin_port);
	return ntohs(in6->sin6_port);
}

bool endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
	return a->len == b->len && !memcmp(&a->addr, &b->addr, a->len);
}

bool endpoint_same_host(const struct endpoint *a, const struct endpoint *b)
{
	const struct sockaddr_in *a4 = (const void *)&a->addr;
	const struct sockaddr_in *b4 = (const void *)&b->addr;
	const struct sockaddr_in6 *a6 = (const void *)&a->addr;
	const struct sockaddr_in6 *b6 = (const void *)&b->addr;

	if (a->addr.ss_family != b->addr.ss_family)
		return false;
	if (a->addr.ss_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return IN6_ARE_ADDR_EQUAL(&a6->sin6_addr, &b6->sin6_addr);
}

int endpoint_talk(const struct endpoint *ep, SSL *ssl, int fd)
{
	BIO *bio = BIO_new_dgram(fd, BIO_NOCLOSE);

	if (!bio)
		return -ENOMEM;
	BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, (void *)&ep->addr);
	SSL_set_bio(ssl, bio, bio);
	return 0;
}
