// SPDX-License-Identifier: GPL-2.0
/*
 * Through a simulated network card at each end: one whose cryptography costs
 * the host nothing, as that of a real one wouldn't.
 */
#include <errno.h>

#include "bench.h"

#define NETWORK "203.0.113."
#define EPOCH   1

/* The end @here of the link gets a card on top, with an address of its own. */
static int make_card(const struct run *run, int here, const char *below)
{
	char folder[64];
	int err;

	if (link_enter(run->link, here))
		return -1;
	err = link_command("ip link add link %s name card mtu %d type dtls_sim "
			   "&& ip address add " NETWORK "%d/24 dev card && "
			   "ip link set card up",
			   below, mtu_for(run->size), here);
	if (link_enter(run->link, LINK_NEAR) || err ||
	    link_card_folder(run->link, here, "card", folder, sizeof(folder)))
		return -1;
	return link_command("echo 1 >%sfree", folder);
}

static int setup_udp(struct run *run)
{
	if (link_command("modprobe -q dtls_sim")) {
		errno = EOPNOTSUPP;
		return -1;
	}
	errno = EIO;
	if (make_card(run, LINK_NEAR, "near") || make_card(run, LINK_FAR, "far"))
		return -1;
	if (pair_open_at(run, NETWORK))
		return -1;
	return link_carries(run->fd[0], run->fd[1]);
}

static int install_keys(struct run *run, uint32_t offload)
{
	struct secret secret;

	secret_make(&secret, run->cipher, 1);
	for (int i = 0; i < 2; i++)
		if (dtls_attach(run->fd[i]) ||
		    setsockopt(run->fd[i], SOL_TLS, DTLS_OFFLOAD, &offload,
			       sizeof(offload)))
			return -1;
	if (dtls_key(run->fd[0], TLS_TX, &secret, EPOCH, 0))
		return -1;
	return dtls_key(run->fd[1], TLS_RX, &secret, EPOCH, 0);
}

static int setup_software(struct run *run)
{
	return setup_udp(run) ? -1 : install_keys(run, 0);
}

/* What isn't in the card would be measured as if it were. */
static int check_conf(const struct run *run)
{
	struct dtls_info tx, rx;

	if (dtls_info(run->fd[0], &tx) || dtls_info(run->fd[1], &rx))
		return -1;
	errno = EPROTO;
	return tx.tx_conf == TLS_CONF_HW && rx.rx_conf == TLS_CONF_HW ? 0 : -1;
}

static int setup_card(struct run *run)
{
	if (setup_udp(run) ||
	    install_keys(run, DTLS_OFFLOAD_TX | DTLS_OFFLOAD_RX))
		return -1;
	return check_conf(run);
}

static int send_any(struct run *run)
{
	return run->batch > 1 ? run_send_gso(run) : run_send_each(run);
}

static void teardown(struct run *run)
{
	pair_close(run);
	device_delete(run, "card");
}

/* Such a card joins nothing: what is sent as a batch is received one by one. */
const struct mode card_modes[] = {
	{
		.name = "card-udp",
		.cipher = "-",
		.setup = setup_udp,
		.send = send_any,
		.recv = run_recv_each,
		.teardown = teardown,
	},
	{
		.name = "card-software",
		.cipher = "AES-128-GCM",
		.setup = setup_software,
		.send = send_any,
		.recv = run_recv_each,
		.teardown = teardown,
	},
	{
		.name = "card",
		.cipher = "AES-128-GCM",
		.setup = setup_card,
		.send = send_any,
		.recv = run_recv_each,
		.teardown = teardown,
	},
	{},
};
