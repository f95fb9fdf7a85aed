/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Telling the kernel of a stream's keys, step by step; with texts. */
#ifndef KDTLS_CORE_STREAM_INSTALL_H
#define KDTLS_CORE_STREAM_INSTALL_H

#include <stdbool.h>

#include "suite.h"

/**
 * struct kdtls_stream_install - what the kernel is to be told, or knows
 * @fd: the application's
 * @family: of @fd
 * @version: TLS_1_2_VERSION or TLS_1_3_VERSION
 * @keys: of the connection
 * @tx_next: number of the next record to be sent
 * @rx_next: number of the next one to be received
 */
struct kdtls_stream_install {
	int fd;
	int family;
	uint16_t version;
	struct kdtls_keys keys;
	uint64_t tx_next;
	uint64_t rx_next;
};

/* -EBADF, -ENOTSOCK, -EPROTOTYPE, -ENOTCONN: no connected TCP socket. */
int kdtls_stream_check_socket(struct kdtls_stream_install *in);

/*
 * The socket becomes the kernel's TLS, or is that already. Without keys it works
 * as before.
 */
int kdtls_stream_attach(const struct kdtls_stream_install *in);

/* One direction, TLS_TX or TLS_RX. Nobody else may seal a record afterwards. */
int kdtls_stream_install_key(const struct kdtls_stream_install *in,
			     int direction);

/* The number that the kernel will give to, or expects of, the next record. */
int kdtls_stream_number(int fd, int direction, const struct kdtls_suite *suite,
			uint64_t *seq);

/* Would the kernel take another key for TLS_TX? 6.14 and newer do, in TLS 1.3. */
bool kdtls_stream_takes_next_key(int fd, const struct kdtls_suite *suite);

/* A later key. 0 or -errno, without a text. */
int kdtls_stream_next_key(int fd, int direction,
			  const struct kdtls_suite *suite,
			  const struct kdtls_key *key);

#endif
