// SPDX-License-Identifier: GPL-2.0
/* Plain UDP: what all the others stand on. */
#include "bench.h"

static int setup_gro(struct run *run)
{
	if (pair_open(run))
		return -1;
	return enable_gro(run->fd[1]);
}

const struct mode udp_modes[] = {
	{
		.name = "udp",
		.cipher = "-",
		.setup = pair_open,
		.send = run_send_each,
		.recv = run_recv_each,
		.teardown = pair_close,
	},
	{
		.name = "udp-mmsg",
		.cipher = "-",
		.setup = pair_open,
		.send = run_send_mmsg,
		.recv = run_recv_mmsg,
		.teardown = pair_close,
	},
	{
		.name = "udp-gso",
		.cipher = "-",
		.is_batch = 1,
		.setup = setup_gro,
		.send = run_send_gso,
		.recv = run_recv_gso,
		.teardown = pair_close,
	},
	{},
};
