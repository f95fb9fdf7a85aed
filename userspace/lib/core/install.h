/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Telling the kernel of an association, step by step; with texts. */
#ifndef KDTLS_CORE_INSTALL_H
#define KDTLS_CORE_INSTALL_H

#include "kdtls-core.h"
#include "suite.h"
#include "window.h"

/**
 * struct kdtls_install - what the kernel is to be told
 * @fd: the application's
 * @family: of @fd
 * @window_bits: wanted
 * @flags: KDTLS_ALLOW_*, given
 * @payload_max: content that the peer takes in a record, bytes
 * @rx_payload_max: content that the peer was told to send at most
 * @keys: of the connection
 * @tx_next: first number that the kernel may use
 */
struct kdtls_install {
	int fd;
	int family;
	unsigned int window_bits;
	unsigned int flags;
	size_t payload_max;
	size_t rx_payload_max;
	struct kdtls_keys keys;
	uint64_t tx_next;
};

/* -EINVAL: the options, which NULL leaves at their defaults. */
int kdtls_install_options(struct kdtls_install *in,
			  const struct kdtls_options *opts);

/* -EBADF, -ENOTSOCK, -EPROTOTYPE, -ENOTCONN: no connected UDP socket. */
int kdtls_install_check_socket(struct kdtls_install *in);

/* -EPERM: @cipher_suite has a short tag, which wasn't allowed. */
int kdtls_install_check_suite(const struct kdtls_install *in,
			      const char *cipher_suite);

/* Attaches the socket, which may have been attached before. */
int kdtls_install_attach(const struct kdtls_install *in);

/* Attaches the socket and sets its parameters. */
int kdtls_install_socket(const struct kdtls_install *in);

int kdtls_install_window(const struct kdtls_install *in,
			 const struct kdtls_window *win);

/* The sending key, after which nobody else may seal a record. */
int kdtls_install_tx(const struct kdtls_install *in);

/* The receiving key: @next as of the window. */
int kdtls_install_rx(const struct kdtls_install *in, uint64_t next);

#endif
