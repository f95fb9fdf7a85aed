/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The application's socket, before anything is done with it. */
#ifndef KDTLS_CORE_SOCKET_H
#define KDTLS_CORE_SOCKET_H

/*
 * Is it connected, of IPv4 or IPv6, and of @protocol (IPPROTO_*)? @other: what to
 * say of one that's of another. 0; or with a text -EPROTOTYPE, -EBADF, -ENOTSOCK,
 * -ENOTCONN.
 */
int kdtls_socket_check(int fd, int protocol, const char *other, int *family);

#endif
