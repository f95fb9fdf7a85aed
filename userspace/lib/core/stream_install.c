// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "error.h"
#include "kernel.h"
#include "socket.h"
#include "stream_install.h"

#define ULP "tls"

int kdtls_stream_check_socket(struct kdtls_stream_install *in)
{
	return kdtls_socket_check(in->fd, IPPROTO_TCP,
				  "isn't a TCP socket, which this connection is for",
				  &in->family);
}

/* Keys are refused further on, if it has some. */
static bool has_our_ulp(int fd)
{
	char name[16] = "";
	size_t len = sizeof(name);

	return !kdtls_kernel_get_level(fd, SOL_TCP, TCP_ULP, name, &len) &&
	       !strncmp(name, ULP, sizeof(name));
}

int kdtls_stream_attach(const struct kdtls_stream_install *in)
{
	int err = kdtls_kernel_set_level(in->fd, SOL_TCP, TCP_ULP, ULP,
					 sizeof(ULP));

	if (!err || (err == -EEXIST && has_our_ulp(in->fd)))
		return 0;
	if (err == -ENOENT)
		return kdtls_error(ENOENT,
				   "the kernel has no TLS: load the module (modprobe tls)");
	if (err == -EEXIST)
		return kdtls_error(EEXIST,
				   "the socket has another upper layer protocol (TCP_ULP)");
	if (err == -ENOTCONN)
		return kdtls_error(ENOTCONN, "fd %d isn't connected any more",
				   in->fd);
	return kdtls_error(-err, "attaching the socket: %s", strerror(-err));
}

static int set_key(int fd, int direction, uint16_t version,
		   const struct kdtls_suite *suite, const struct kdtls_key *key,
		   uint64_t seq)
{
	union kdtls_crypto_info ci;
	int err;

	kdtls_suite_stream_info(suite, version, key, seq, &ci);
	err = kdtls_kernel_set(fd, direction, &ci, suite->info_len);
	explicit_bzero(&ci, sizeof(ci));
	return err;
}

int kdtls_stream_install_key(const struct kdtls_stream_install *in,
			     int direction)
{
	bool tx = direction == TLS_TX;
	const struct kdtls_suite *suite = in->keys.suite;
	int err = set_key(in->fd, direction, in->version, suite,
			  tx ? &in->keys.tx : &in->keys.rx,
			  tx ? in->tx_next : in->rx_next);

	if (err == -ENOENT || err == -EINVAL)
		return kdtls_error(-err, "the kernel lacks %s for TLS",
				   suite->name);
	if (err == -EBUSY)
		return kdtls_error(EBUSY, "the socket has keys already");
	if (err)
		return kdtls_error(-err, "setting the %s key: %s",
				   tx ? "sending" : "receiving",
				   strerror(-err));
	return 0;
}

int kdtls_stream_number(int fd, int direction, const struct kdtls_suite *suite,
			uint64_t *seq)
{
	union kdtls_crypto_info ci;
	int err = kdtls_kernel_get(fd, direction, &ci, suite->info_len);

	if (!err)
		*seq = kdtls_suite_stream_seq(suite, &ci);
	explicit_bzero(&ci, sizeof(ci));
	return err;
}

/*
 * A key that's too short to be one: whoever takes no second key says EBUSY
 * before looking at it. Who would take one counts this as an error
 * (TlsTxRekeyError), and nothing else happens.
 */
bool kdtls_stream_takes_next_key(int fd, const struct kdtls_suite *suite)
{
	struct tls_crypto_info info = {
		.version = TLS_1_3_VERSION,
		.cipher_type = suite->cipher_type,
	};

	return kdtls_kernel_set(fd, TLS_TX, &info, sizeof(info)) == -EINVAL;
}

int kdtls_stream_next_key(int fd, int direction,
			  const struct kdtls_suite *suite,
			  const struct kdtls_key *key)
{
	return set_key(fd, direction, TLS_1_3_VERSION, suite, key, 0);
}
