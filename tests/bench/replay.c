// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to refuse a record that was received before, and to accept one:
 * records made beforehand come from a plain UDP socket, all of a round by one
 * call, and receiving ends when nothing is left.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bench.h"

#define EPOCH 1

struct flood {
	struct secret secret;
	uint64_t next; /* number of the next fresh record */
	uint8_t wire[RECORD_ROOM];
};

static int setup(struct run *run)
{
	struct flood *flood = calloc(1, sizeof(*flood));

	run->state = flood;
	secret_make(&flood->secret, run->cipher, 1);
	if (pair_open(run) || dtls_attach(run->fd[1]))
		return -1;
	return dtls_key(run->fd[1], TLS_RX, &flood->secret, EPOCH, 0);
}

static int send_from(struct run *run, uint64_t first)
{
	struct flood *flood = run->state;

	for (unsigned int i = 0; i < run->batch; i++) {
		struct record record =
			record_make(RECORD_DATA, EPOCH, first + i);
		size_t len = record_seal(&flood->secret, &record,
					 run->tx + i * run->size, run->size,
					 flood->wire);

		if (send_each(run->fd[0], flood->wire, len, 1))
			return -1;
	}
	return 0;
}

static int send_fresh(struct run *run)
{
	struct flood *flood = run->state;

	flood->next += run->batch;
	return send_from(run, flood->next - run->batch);
}

/* The first time that they come they're accepted. */
static int setup_replay(struct run *run)
{
	if (setup(run) || send_fresh(run))
		return -1;
	return run_recv_each(run);
}

static int send_again(struct run *run)
{
	return send_from(run, 0);
}

static int recv_nothing(struct run *run)
{
	ssize_t n = recv(run->fd[1], run->rx, run->size, MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n >= 0)
		errno = EPROTO;
	return -1;
}

/* As the refused ones are measured: until there's nothing any more. */
static int recv_all(struct run *run)
{
	if (run_recv_each(run))
		return -1;
	return recv_nothing(run);
}

static void teardown(struct run *run)
{
	free(run->state);
	pair_close(run);
}

const struct mode replay_modes[] = {
	{
		.name = "replay-accepted",
		.setup = setup,
		.send = send_fresh,
		.recv = recv_all,
		.teardown = teardown,
	},
	{
		.name = "replay-refused",
		.gets_nothing = 1,
		.setup = setup_replay,
		.send = send_again,
		.recv = recv_nothing,
		.teardown = teardown,
	},
	{},
};
