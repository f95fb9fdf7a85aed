// SPDX-License-Identifier: GPL-2.0
/* The kernel's TLS over TCP, the other socket with a record layer. */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "bench.h"

static int install_key(int fd, int direction, const struct cipher *cipher)
{
	union crypto_info ci;
	struct secret secret;
	size_t len;

	secret_make(&secret, cipher, 1);
	len = dtls_crypto_info(&ci, &secret, 0, 0);
	ci.info.version = TLS_1_2_VERSION;
	if (setsockopt(fd, SOL_TCP, TCP_ULP, "tls", sizeof("tls")))
		return -1;
	return setsockopt(fd, SOL_TLS, direction, &ci, (socklen_t)len);
}

static int setup(struct run *run)
{
	struct sockaddr_storage addr;
	socklen_t len = link_address(BED_IPV4, LINK_FAR, 0, &addr);

	if (stream_pair(run, &addr, len) ||
	    install_key(run->fd[0], TLS_TX, run->cipher))
		return -1;
	return install_key(run->fd[1], TLS_RX, run->cipher);
}

const struct mode ktls_modes[] = {
	{
		.name = "ktls",
		.setup = setup,
		.send = run_send_each,
		.recv = run_recv_each,
		.teardown = pair_close,
	},
	{
		.name = "ktls-large",
		.is_batch = 1,
		.setup = setup,
		.send = run_send_stream,
		.recv = run_recv_stream,
		.teardown = pair_close,
	},
	{},
};
