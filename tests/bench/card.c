// SPDX-License-Identifier: GPL-2.0
/*
 * Through a simulated network card at each end: one whose cryptography costs
 * the host nothing, as that of a real one wouldn't.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define NETWORK "203.0.113."
#define EPOCH   1

/* The end @here of the link gets a card on top, with an address of its own. */
static int make_card(const struct run *run, int here, const char *below)
{
	int err;

	if (link_enter(run->link, here))
		return -1;
	err = link_command("ip link add link %s name card mtu %d type dtls_sim "
			   "&& ip address add " NETWORK "%d/24 dev card && "
			   "ip link set card up",
			   below, mtu_for(run->size), here);
	/* sysfs would say the number of the first namespace's card. */
	if (!err)
		err = link_command("echo 1 >/sys/kernel/debug/dtls_sim/%u-card/"
				   "free",
				   if_nametoindex("card"));
	if (link_enter(run->link, LINK_NEAR))
		return -1;
	return err;
}

static int open_end(const struct run *run, int host)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	char text[32] = NETWORK "1";
	int fd;

	text[strlen(NETWORK)] = (char)('0' + host);
	inet_pton(AF_INET, text, &addr.sin_addr);
	if (link_enter(run->link, host))
		return -1;
	fd = bed_socket(BED_IPV4, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    link_enter(run->link, LINK_NEAR))
		return -1;
	return fd;
}

/*
 * Devices that have just come up may lose what's sent first: until the newest of
 * these datagrams has come through, so that none is under way.
 */
static int wait_for_link(const struct run *run)
{
	time_t until = time(NULL) + 20;
	unsigned int sent = 0, seen = 0;

	do {
		if (time(NULL) > until) {
			errno = ETIMEDOUT;
			return -1;
		}
		sent++;
		send(run->fd[0], &sent, sizeof(sent), 0);
		sched_yield();
		while (recv(run->fd[1], &seen, sizeof(seen), MSG_DONTWAIT) > 0)
			;
	} while (seen != sent);
	return 0;
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
	run->fd[0] = open_end(run, LINK_NEAR);
	run->fd[1] = open_end(run, LINK_FAR);
	if (run->fd[0] < 0 || run->fd[1] < 0 || pair_connect(run) ||
	    wait_for_link(run))
		return -1;
	return run->batch > 1 ? enable_gro(run->fd[1]) : 0;
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
	link_command("ip link del card 2>/dev/null");
	if (!link_enter(run->link, LINK_FAR))
		link_command("ip link del card 2>/dev/null");
	link_enter(run->link, LINK_NEAR);
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
