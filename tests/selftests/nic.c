// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <net/if.h>

#include "nic.h"

/* What's lost is an error, not a hang. */

static const char *const wires[] = { "near", "far" };

static int host_of(enum nic_end end)
{
	return end == NEAR ? LINK_NEAR : LINK_FAR;
}

/* Return: 0 if the command succeeded in that end's namespace. */
int nic_at(const struct nic *nic, enum nic_end end, const char *format, ...)
{
	char text[1024];
	va_list args;
	int err;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (link_enter(&nic->link, host_of(end)))
		return -1;
	err = link_command("%s", text);
	if (link_enter(&nic->link, LINK_NEAR))
		return -1;
	return err;
}

/*
 * A card on the wire's end, called "card" in the end. Its folder has the name
 * that it was made with, and one that a test before left may still be there.
 */
int nic_card_add(struct nic *nic, enum nic_end end)
{
	char name[16];

	if (access("/sys/module/dtls_sim", F_OK) &&
	    link_command("modprobe dtls_sim"))
		return -1;
	snprintf(name, sizeof(name), "%c%d", "nf"[end], getpid());
	if (link_enter(&nic->link, host_of(end)) ||
	    link_flags(wires[end], IFF_UP) || link_add_card(wires[end], name) ||
	    link_card_folder(&nic->link, host_of(end), name,
			     nic->ends[end].debugfs,
			     sizeof(nic->ends[end].debugfs)))
		return -1;
	nic->ends[end].has_card = 1;
	if (link_enter(&nic->link, host_of(end)) || link_rename(name, "card") ||
	    link_enter(&nic->link, LINK_NEAR))
		return -1;
	strcpy(nic->ends[end].device, "card");
	return 0;
}

/*
 * The end's device is up, and has its addresses and its neighbour. None is
 * asked for: a wire may lose questions and answers too.
 */
int nic_configure(struct nic *nic, enum nic_end end)
{
	const char *device = nic->ends[end].device;
	int err;

	if (link_enter(&nic->link, host_of(end)))
		return -1;
	err = link_configure(device, host_of(end)) ||
	      link_neighbour(device, host_of(!end));
	return link_enter(&nic->link, LINK_NEAR) || err ? -1 : 0;
}

/* A sniffer in that end's namespace; on a wire no plaintext may be seen. */
static int watch(const struct nic *nic, enum nic_end end, const char *device,
		 struct sniffer *sniffer)
{
	int err;

	if (link_enter(&nic->link, host_of(end)))
		return -1;
	err = sniffer_open_at(sniffer, device);
	return link_enter(&nic->link, LINK_NEAR) ?: err;
}

int nic_watch_wire(struct nic *nic, enum nic_end end, const char *device)
{
	if (nic->more_count == sizeof(nic->more) / sizeof(nic->more[0])) {
		errno = ENOSPC;
		return -1;
	}
	return watch(nic, end, device, &nic->more[nic->more_count++]);
}

static int open_plain(struct nic *nic)
{
	struct timeval limit = { .tv_sec = LINK_SECONDS };
	struct sockaddr_storage addr;
	socklen_t len;

	for (enum nic_end end = NEAR; end <= FAR; end++) {
		int fd;

		if (link_enter(&nic->link, host_of(end)))
			return -1;
		fd = bed_socket(BED_IPV4, SOCK_DGRAM, 0);
		len = link_address(BED_IPV4, host_of(end), BED_PLAIN_PORT,
				   &addr);
		if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len))
			return -1;
		len = link_address(BED_IPV4, host_of(!end), BED_PLAIN_PORT,
				   &addr);
		if (connect(fd, (struct sockaddr *)&addr, len) ||
		    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit,
			       sizeof(limit)))
			return -1;
		nic->ends[end].plain = fd;
	}
	return link_enter(&nic->link, LINK_NEAR);
}

/* Devices have their names: addresses, sniffers, and a wait till it carries. */
int nic_start(struct nic *nic)
{
	for (enum nic_end end = NEAR; end <= FAR; end++)
		if (nic_configure(nic, end))
			return -1;
	if (open_plain(nic) || nic_wait(nic))
		return -1;
	for (enum nic_end end = NEAR; end <= FAR; end++) {
		if (watch(nic, end, wires[end], &nic->ends[end].wire))
			return -1;
		if (nic->ends[end].has_card &&
		    watch(nic, end, "card", &nic->ends[end].card))
			return -1;
	}
	return 0;
}

/* Without addresses: a test may put something on top of the cards. */
int nic_make(struct nic *nic, unsigned int cards)
{
	memset(nic, 0, sizeof(*nic));
	if (bed_netns() || bed_pin_cpu() || link_make(&nic->link))
		return -1;
	for (enum nic_end end = NEAR; end <= FAR; end++) {
		if (link_enter(&nic->link, host_of(end)) ||
		    link_hardware_address(wires[end], host_of(end)) ||
		    link_enter(&nic->link, LINK_NEAR))
			return -1;
		strcpy(nic->ends[end].device, wires[end]);
		if (cards & 1U << end && nic_card_add(nic, end))
			return -1;
	}
	return 0;
}

/* @cards: NIC_NEAR, NIC_FAR */
int nic_open(struct nic *nic, unsigned int cards)
{
	if (nic_make(nic, cards))
		return -1;
	return nic_start(nic);
}

/*
 * Another wire, "near2" and "far2", that packets may take: its ends take what's
 * for the addresses, and the peer stands behind it too, if a route leads there.
 */
int nic_second_wire(struct nic *nic)
{
	if (nic_at(nic, FAR,
		   "ip link add far2 index 202 type veth peer name near2 "
		   "index 201 netns /proc/%d/fd/%d",
		   getpid(), nic->link.near))
		return -1;
	for (enum nic_end end = NEAR; end <= FAR; end++)
		if (nic_at(nic, end,
			   "ip link set %s2 address 02:00:00:00:00:%02d up",
			   wires[end], host_of(end)))
			return -1;
	return nic_watch_wire(nic, NEAR, "near2");
}

/* What the end sends to the other one takes this device. */
int nic_route(const struct nic *nic, enum nic_end end, const char *device)
{
	int to = host_of(!end), from = host_of(end);

	return nic_at(nic, end,
		      "printf '%%s\\n' "
		      "'neigh replace 192.0.2.%d lladdr 02:00:00:00:00:%02d dev %s' "
		      "'neigh replace 2001:db8::%d lladdr 02:00:00:00:00:%02d dev %s' "
		      "'route replace 192.0.2.%d/32 dev %s src 192.0.2.%d' "
		      "'route replace 2001:db8::%d/128 dev %s src 2001:db8::%d' "
		      "| ip -batch -",
		      to, to, device, to, to, device, to, device, from, to,
		      device, from);
}

/* To a file of the card's that configures it. */
int nic_knob(const struct nic *nic, enum nic_end end, const char *name,
	     unsigned int value)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", nic->ends[end].debugfs, name);
	file = fopen(path, "w");
	if (!file)
		return -1;
	fprintf(file, "%u\n", value);
	return fclose(file);
}

/* Return: what the card says under @name; -1 if nothing */
long long nic_state(const struct nic *nic, enum nic_end end, const char *name)
{
	long long value, found = -1;
	char path[128], line[64];
	FILE *file;

	snprintf(path, sizeof(path), "%sstate", nic->ends[end].debugfs);
	file = fopen(path, "r");
	if (!file)
		return -1;
	while (fscanf(file, "%63s %lld", line, &value) == 2)
		if (!strcmp(line, name))
			found = value;
	fclose(file);
	return found;
}

/*
 * Return: 0 once the card says this; a key is let go when packets that need it
 * have gone, which is looked for from time to time.
 */
int nic_wait_state(const struct nic *nic, enum nic_end end, const char *name,
		   long long value)
{
	time_t until = time(NULL) + LINK_SECONDS;

	while (nic_state(nic, end, name) != value) {
		if (time(NULL) > until) {
			errno = ETIMEDOUT;
			return -1;
		}
		sched_yield();
	}
	return 0;
}

/* Of the newest datagram between the plain sockets. */
static unsigned int number;

/* Return when all that was sent before has arrived, or never will. */
int nic_settle(const struct nic *nic)
{
	for (enum nic_end end = NEAR; end <= FAR; end++) {
		unsigned int seen = 0, sent = ++number;

		if (send(nic->ends[end].plain, &sent, sizeof(sent), 0) < 0)
			return -1;
		while (seen != sent)
			if (recv(nic->ends[!end].plain, &seen, sizeof(seen),
				 0) < 0)
				return -1;
	}
	return 0;
}

/* Return when both ends carry: what has plain sockets here, and IPv6. */
int nic_wait(const struct nic *nic)
{
	for (enum nic_end end = NEAR; end <= FAR; end++)
		if (link_carries(nic->ends[end].plain, nic->ends[!end].plain))
			return -1;
	return link_wait_family(&nic->link, BED_IPV6);
}

int nic_drain(struct nic *nic)
{
	for (enum nic_end end = NEAR; end <= FAR; end++)
		if (sniffer_drain(&nic->ends[end].wire) ||
		    (nic->ends[end].card.fd &&
		     sniffer_drain(&nic->ends[end].card)))
			return -1;
	for (unsigned int i = 0; i < nic->more_count; i++)
		if (sniffer_drain(&nic->more[i]))
			return -1;
	return 0;
}

static const char *wire_problem(const struct sniffer *sniffer, const char *where)
{
	static char text[256];

	if (sniffer->marked)
		snprintf(text, sizeof(text),
			 "%s: plaintext in %lu of %lu frames", where,
			 sniffer->marked, sniffer->frames);
	else if (sniffer->problem[0])
		snprintf(text, sizeof(text), "%s: %s", where, sniffer->problem);
	else
		return NULL;
	return text;
}

/* Return: NULL, or what was seen on a wire that must not be there */
const char *nic_problem(const struct nic *nic)
{
	const char *problem = NULL;

	for (enum nic_end end = NEAR; end <= FAR && !problem; end++)
		problem = wire_problem(&nic->ends[end].wire, wires[end]);
	for (unsigned int i = 0; i < nic->more_count && !problem; i++)
		problem = wire_problem(&nic->more[i], "a further wire");
	return problem;
}

/* The sniffers have looked at everything. */
int nic_close(struct nic *nic)
{
	int err = nic_drain(nic);

	for (enum nic_end end = NEAR; end <= FAR; end++) {
		close(nic->ends[end].wire.fd);
		close(nic->ends[end].plain);
		if (nic->ends[end].card.fd)
			close(nic->ends[end].card.fd);
	}
	for (unsigned int i = 0; i < nic->more_count; i++)
		close(nic->more[i].fd);
	return err;
}

static int watch_ports(struct nic *nic, int fd)
{
	for (enum nic_end end = NEAR; end <= FAR; end++)
		if (sniffer_watch(&nic->ends[end].wire, fd))
			return -1;
	for (unsigned int i = 0; i < nic->more_count; i++)
		if (sniffer_watch(&nic->more[i], fd))
			return -1;
	return 0;
}

/* Sockets that are attached; @nic: whose wires show records only from now on */
int path_open(struct path *path, struct nic *nic, enum bed_family family,
	      uint16_t cipher)
{
	struct timeval limit = { .tv_sec = LINK_SECONDS };

	memset(path, 0, sizeof(*path));
	path->family = family;
	if (link_pair(&nic->link, family, path->fd))
		return -1;
	for (enum nic_end end = NEAR; end <= FAR; end++) {
		secret_make(&path->secret[end], cipher_by_type(cipher), end + 1);
		if (dtls_attach(path->fd[end]) ||
		    dtls_allow(path->fd[end], cipher_by_type(cipher)) ||
		    setsockopt(path->fd[end], SOL_SOCKET, SO_RCVTIMEO, &limit,
			       sizeof(limit)) ||
		    watch_ports(nic, path->fd[end]))
			return -1;
	}
	return 0;
}

/* The lengths of what each end sends; before the first key. */
int path_cids(struct path *path, struct nic *nic, size_t near_len,
	      size_t far_len)
{
	secret_set_cid(&path->secret[NEAR], near_len);
	secret_set_cid(&path->secret[FAR], far_len);
	for (enum nic_end end = NEAR; end <= FAR; end++) {
		sniffer_set_cid(&nic->ends[end].wire, path->fd[NEAR], near_len);
		sniffer_set_cid(&nic->ends[end].wire, path->fd[FAR], far_len);
	}
	if (dtls_cid(path->fd[NEAR], &path->secret[NEAR], &path->secret[FAR]))
		return -1;
	return dtls_cid(path->fd[FAR], &path->secret[FAR], &path->secret[NEAR]);
}

/* All four of them; who receives has his first. */
int path_keys(struct path *path, uint16_t epoch)
{
	for (enum nic_end end = NEAR; end <= FAR; end++)
		if (dtls_key(path->fd[!end], TLS_RX, &path->secret[end], epoch,
			     0) ||
		    dtls_key(path->fd[end], TLS_TX, &path->secret[end], epoch,
			     0))
			return -1;
	return 0;
}

/* @directions: DTLS_OFFLOAD_*, that may be left to the end's card */
int path_offload(struct path *path, enum nic_end end, uint32_t directions)
{
	return setsockopt(path->fd[end], SOL_TLS, DTLS_OFFLOAD, &directions,
			  sizeof(directions));
}

int path_close(struct path *path)
{
	int err = dtls_close(path->fd[NEAR]);

	return dtls_close(path->fd[FAR]) ?: err;
}
