// SPDX-License-Identifier: GPL-2.0
/* Kernel DTLS. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/udp.h>

#include "bench.h"

#define EPOCH 1

static int attach(struct run *run)
{
	struct secret secret;

	if (pair_open(run))
		return -1;
	secret_make(&secret, run->cipher, 1);
	for (int i = 0; i < 2; i++)
		if (dtls_attach(run->fd[i]))
			return -1;
	return 0;
}

static int install_keys(struct run *run)
{
	struct secret secret;

	secret_make(&secret, run->cipher, 1);
	if (dtls_key(run->fd[0], TLS_TX, &secret, EPOCH, 0))
		return -1;
	return dtls_key(run->fd[1], TLS_RX, &secret, EPOCH, 0);
}

static int setup(struct run *run)
{
	if (attach(run))
		return -1;
	return install_keys(run);
}

static int setup_gro(struct run *run)
{
	if (setup(run))
		return -1;
	return enable_gro(run->fd[1]);
}

/* A record is as long as the parameter lets it be. */
static int limit_records(struct run *run)
{
	struct dtls_params params;
	socklen_t len = sizeof(params);

	if (getsockopt(run->fd[0], SOL_TLS, DTLS_PARAMS, &params, &len))
		return -1;
	params.tx_payload_max = (uint32_t)run->size;
	return setsockopt(run->fd[0], SOL_TLS, DTLS_PARAMS, &params, len);
}

/* What's sent is a file in memory. */
static int make_file(struct run *run)
{
	size_t len = run->size * run->batch;
	int *file = malloc(sizeof(*file));

	run->state = file;
	*file = memfd_create("bench", MFD_CLOEXEC);
	return *file < 0 || pwrite(*file, run->tx, len, 0) != (ssize_t)len ?
		       -1 :
		       0;
}

static int setup_file(struct run *run)
{
	if (make_file(run) || attach(run) || limit_records(run))
		return -1;
	return install_keys(run);
}

/* A datagram has as much as a record there. */
static int setup_file_gso(struct run *run)
{
	int segment = (int)run->size;

	if (make_file(run) || setup_gro(run))
		return -1;
	return setsockopt(run->fd[0], SOL_UDP, UDP_SEGMENT, &segment,
			  sizeof(segment));
}

static int send_file(struct run *run)
{
	int *file = run->state;
	size_t len = run->size * run->batch;
	off_t offset = 0;
	ssize_t n = sendfile(run->fd[0], *file, &offset, len);

	if (n >= 0 && (size_t)n != len)
		errno = EPROTO;
	return n == (ssize_t)len ? 0 : -1;
}

static void teardown_file(struct run *run)
{
	int *file = run->state;

	close(*file);
	free(file);
	pair_close(run);
}

const struct mode dtls_modes[] = {
	{
		.name = "dtls",
		.setup = setup,
		.send = run_send_each,
		.recv = run_recv_each,
		.teardown = pair_close,
	},
	{
		.name = "dtls-mmsg",
		.setup = setup,
		.send = run_send_mmsg,
		.recv = run_recv_mmsg,
		.teardown = pair_close,
	},
	{
		.name = "dtls-gso",
		.is_batch = 1,
		.setup = setup_gro,
		.send = run_send_gso,
		.recv = run_recv_gso,
		.teardown = pair_close,
	},
	{
		.name = "dtls-sendfile",
		.setup = setup_file,
		.send = send_file,
		.recv = run_recv_each,
		.teardown = teardown_file,
	},
	{
		.name = "dtls-sendfile-gso",
		.is_batch = 1,
		.setup = setup_file_gso,
		.send = send_file,
		.recv = run_recv_gso,
		.teardown = teardown_file,
	},
	{},
};
