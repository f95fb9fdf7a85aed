/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The attached sockets of the namespace, as far as one may see them. */
#ifndef KDTLS_TOOL_SOCKETS_H
#define KDTLS_TOOL_SOCKETS_H

#include "message.h"
#include "tool.h"

/**
 * struct wanted_sockets - which ones
 * @cookie: text of the option: decimal, 0x..., or sk:... as ss -e writes it;
 *	NULL: any
 * @port: local port; 0: any
 */
struct wanted_sockets {
	const char *cookie;
	unsigned int port;
};

#define SOCKET_OPTIONS(wanted)                                   \
	{ "cookie",    'c',                                      \
	  "COOKIE",    "the socket of this cookie (kdtls ss)",   \
	  OPTION_TEXT, &(wanted).cookie,                         \
	  0,           0 },                                      \
	{                                                        \
		"port", 0, "PORT", "sockets on this local port", \
			OPTION_NUMBER, &(wanted).port, 1, 65535  \
	}

/* All that are wanted, in an array to be freed, or the program ends. */
struct diag_socket *sockets_get(const struct wanted_sockets *wanted,
				size_t *count);

/* "192.0.2.1:4433", "[2001:db8::1]:4433" */
#define SOCKET_ADDRESS_MAX 56
void sockets_address(char text[SOCKET_ADDRESS_MAX], unsigned int family,
		     const struct socket_address *address);

#endif
