/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The functions that stand behind those of this library. */
#ifndef KDTLS_PRELOAD_REAL_H
#define KDTLS_PRELOAD_REAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <openssl/ssl.h>

#define REAL_FUNCTIONS(X)                                                     \
	X(int, SSL_accept, (SSL * ssl))                                       \
	X(int, SSL_clear, (SSL * ssl))                                        \
	X(int, SSL_connect, (SSL * ssl))                                      \
	X(int, SSL_do_handshake, (SSL * ssl))                                 \
	X(int, SSL_get_error, (const SSL *ssl, int ret))                      \
	X(int, SSL_get_quiet_shutdown, (const SSL *ssl))                      \
	X(int, SSL_get_shutdown, (const SSL *ssl))                            \
	X(BIO *, SSL_get_rbio, (const SSL *ssl))                              \
	X(BIO *, SSL_get_wbio, (const SSL *ssl))                              \
	X(int, SSL_has_pending, (const SSL *ssl))                             \
	X(int, SSL_peek, (SSL * ssl, void *buf, int num))                     \
	X(int, SSL_peek_ex, (SSL * ssl, void *buf, size_t num, size_t *done)) \
	X(int, SSL_pending, (const SSL *ssl))                                 \
	X(int, SSL_read, (SSL * ssl, void *buf, int num))                     \
	X(int, SSL_read_ex, (SSL * ssl, void *buf, size_t num, size_t *done)) \
	X(void, SSL_set0_rbio, (SSL * ssl, BIO * rbio))                       \
	X(void, SSL_set0_wbio, (SSL * ssl, BIO * wbio))                       \
	X(void, SSL_set_bio, (SSL * ssl, BIO * rbio, BIO * wbio))             \
	X(void, SSL_set_quiet_shutdown, (SSL * ssl, int mode))                \
	X(void, SSL_set_shutdown, (SSL * ssl, int mode))                      \
	X(int, SSL_shutdown, (SSL * ssl))                                     \
	X(int, SSL_want, (const SSL *ssl))                                    \
	X(int, SSL_write, (SSL * ssl, const void *buf, int num))              \
	X(int, SSL_write_ex,                                                  \
	  (SSL * ssl, const void *buf, size_t num, size_t *done))             \
	X(int, DTLSv1_listen, (SSL * ssl, BIO_ADDR * client))                 \
	X(long, BIO_ctrl, (BIO * bio, int cmd, long num, void *ptr))          \
	X(ssize_t, recv, (int fd, void *buf, size_t len, int flags))          \
	X(ssize_t, recvfrom,                                                  \
	  (int fd, void *buf, size_t len, int flags, struct sockaddr *addr,   \
	   socklen_t *addr_len))                                              \
	X(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags))          \
	X(ssize_t, __recv_chk,                                                \
	  (int fd, void *buf, size_t len, size_t room, int flags))            \
	X(ssize_t, __recvfrom_chk,                                            \
	  (int fd, void *buf, size_t len, size_t room, int flags,             \
	   struct sockaddr *addr, socklen_t *addr_len))

#define REAL_MEMBER(type, name, args) type(*name) args;

/** struct real - each by its name */
struct real {
	REAL_FUNCTIONS(REAL_MEMBER)
};

/* They're looked up at the first call, which may come before any constructor. */
const struct real *real(void);

/* Is that address code of libcrypto? */
bool real_is_libcrypto(const void *code);

/* Is it code of libssl, or of this library (libkdtls included)? */
bool real_is_inner(const void *code);

/*
 * Is the libssl behind these functions the one that this library uses? If not,
 * an SSL is nothing that it could ask anything about.
 */
bool real_is_own_libssl(void);

#endif
