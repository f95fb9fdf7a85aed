// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "error.h"
#include "socket.h"

int kdtls_socket_check(int fd, int protocol, const char *other, int *family)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(int);
	int is;

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &is, &len))
		return kdtls_error(errno, "fd %d: %s", fd, strerror(errno));
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, family, &len);
	if (is != protocol || (*family != AF_INET && *family != AF_INET6))
		return kdtls_error(EPROTOTYPE, "fd %d %s", fd, other);
	len = sizeof(peer);
	if (getpeername(fd, (struct sockaddr *)&peer, &len))
		return kdtls_error(errno, "fd %d isn't connected", fd);
	return 0;
}
